"""The event log: every change in it, newest first, filtered, and by the page."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

ANN = {"customerId": "ann", "customerName": "Ann Ltd"}
METER = {"meterApiName": "calls", "displayName": "Calls", "type": "SUM_OF_ALL_USAGE"}
HOOK = {"topic": "ready-product-invoices", "destinationUrl": "https://hooks.example.com", "authHeader": ["X", "y"]}
NOON_S = NOON_MS // 1000

CREATED = {"level": "INFO", "domain": "change", "type": "customer created"}
DELETED = {"level": "INFO", "domain": "change", "type": "customer deleted"}
SENT = {"level": "INFO", "domain": "webhook", "type": "ready-product-invoices"}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "log": [
        Step("listAccountEvents", expect=[]),
        Step("listAccountEventFilters", expect=[]),
        Step("createCustomer", body=ANN, clock={"now": NOON_MS, "frozen": True}),
        Step(
            "listAccountEvents",
            expect=[{**CREATED, "id": ..., "eventTime": NOON_MS, "customerId": "ann", "payload": ANN}],
            save={"id": "0.id"},
        ),
        Step("getAccountEventById", {"id": "$id"}, expect={**CREATED, "id": "$id", "payload": ANN}),
        Step("sendTestWebhook", body=HOOK),
        Step("deleteCustomer", {"customerId": "ann"}, clock={"advance": {"hours": 1}}),
        Step(
            "listAccountEvents",
            expect=[
                {**DELETED, "eventTime": NOON_MS + 3_600_000, "payload": {"deleteTime": NOON_MS + 3_600_000}},
                {**SENT, "customerId": None, "payload": {"destinationUrl": "https://hooks.example.com"}},
                {**CREATED, "id": "$id"},
            ],
        ),
        Step("listAccountEventFilters", expect=[CREATED, DELETED, SENT]),
        Step("getAccountEventById", {"id": "nothing"}, status=404),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A change is in the log at once, with the thing as it was then, and stays there."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def log(mock: MockClient) -> MockClient:
    """A client with six events, an hour apart from noon on: three customers, a meter, a delivery, a deletion."""
    for hour, (method, path, body) in enumerate(
        [
            ("POST", "/customers", {**ANN, "customerId": "ann"}),
            ("POST", "/customers", {**ANN, "customerId": "bob"}),
            ("POST", "/meter-definition", METER),
            ("POST", "/webhook/test", HOOK),
            ("POST", "/customers", {**ANN, "customerId": "cy"}),
            ("DELETE", "/customers/ann", None),
        ]
    ):
        stop_clock(mock, NOON_MS + hour * 3_600_000)
        Account.take(mock.request(method, path, json=body))
    return mock


def events(mock: MockClient, **query: Any) -> list[dict[str, Any]]:
    """The answered events."""
    found: list[dict[str, Any]] = Account.take(mock.get("/account-event", params=query))
    return found


def hours(mock: MockClient, **query: Any) -> str:
    """The hours after noon of the answered events, in a row."""
    return "".join(str((event["eventTime"] - NOON_MS) // 3_600_000) for event in events(mock, **query))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "543210"),
        ({"limit": 2}, "54"),
        ({"domain": "change"}, "54210"),
        ({"domain": "WEBHOOK"}, "3"),
        ({"domain": "job"}, ""),
        ({"type": "customer created"}, "410"),
        ({"type": "meter created", "domain": "change"}, "2"),
        ({"type": "meter created", "domain": "webhook"}, ""),
        ({"level": "info"}, "543210"),
        ({"level": "ERROR"}, ""),
        ({"customerId": "ann"}, "50"),
        ({"customerId": "ann", "type": "customer deleted"}, "5"),
        ({"customerId": "nobody"}, ""),
        ({"startTimeInSeconds": NOON_S + 7200}, "5432"),
        ({"endTimeInSeconds": NOON_S + 7200}, "10"),
        ({"startTimeInSeconds": NOON_S + 3600, "endTimeInSeconds": NOON_S + 3601}, "1"),
        ({"startTimeInSeconds": NOON_S, "endTimeInSeconds": NOON_S}, ""),
        ({"startTimeInSeconds": -(2**63), "endTimeInSeconds": 2**63 - 1}, "543210"),
        ({"startTimeInSeconds": NOON_S + 3600, "domain": "change", "limit": 3}, "542"),
    ],
)
def test_filters(log: MockClient, query: dict[str, Any], expected: str) -> None:
    """Filters are joined, ranges are half-open, and the newest event comes first."""
    assert hours(log, **query) == expected


@pytest.mark.parametrize(
    "query", [{}, {"domain": "change"}, {"customerId": "ann"}, {"endTimeInSeconds": NOON_S + 9000}]
)
def test_pages_neither_lose_nor_repeat(log: MockClient, query: dict[str, Any]) -> None:
    """Behind the last event's id the older ones follow, whatever happens in between."""
    expected = [event["id"] for event in events(log, **query)]
    met: list[str] = []
    for number in range(len(expected)):
        page = events(log, **query, limit=1, **({"nextPageToken": met[-1]} if met else {}))
        met += [event["id"] for event in page]
        Account.take(log.post("/customers", json={**ANN, "customerId": f"new-{number}"}))
    assert met == expected
    assert events(log, **query, nextPageToken=met[-1]) == []


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"startTimeInSeconds": 2, "endTimeInSeconds": 1}, "endTimeInSeconds: reversed-range"),
        ({"nextPageToken": "event-unknown"}, "nextPageToken: unknown-page-token"),
        ({"nextPageToken": ""}, "nextPageToken: "),
        ({"limit": 0}, "limit: "),
        ({"limit": -1}, "limit: "),
        ({"limit": 10**9}, "limit: "),
        ({"level": "LOUD"}, "level: "),
        ({"startTimeInSeconds": "noon"}, "startTimeInSeconds: "),
        ({"endTimeInSeconds": 2**63}, "endTimeInSeconds: "),
    ],
)
def test_questions_that_make_no_sense_are_refused(log: MockClient, query: dict[str, Any], detail: str) -> None:
    """A reversed range, a token of nothing and values out of bounds are 400 and name the parameter."""
    assert refused(log.get("/account-event", params=query)).startswith(detail)


def test_a_refused_request_leaves_no_event(log: MockClient) -> None:
    """Only what happened is in the log."""
    assert log.post("/customers", json={**ANN, "customerId": "bob"}).status_code == 400
    assert hours(log) == "543210"


def test_other_accounts_have_their_own_log(log: MockClient) -> None:
    """Neither the list nor an event of another account can be seen."""
    event = events(log)[0]
    stranger = MockClient(log.url)
    assert events(stranger) == []
    assert refused(stranger.get(f"/account-event/{event['id']}"), 404) == "id: unknown-key"
    stranger.close()


def test_a_report_that_became_due_is_in_the_log(mock: MockClient) -> None:
    """The log catches up with the clock: a job's run stands in it before anybody reads the job."""
    stop_clock(mock, NOON_MS)
    job = {"jobName": "Weekly", "s3Url": "bucket/reports", "format": "json", "range": "ago(7d)"}
    at = {"aggregationBucket": "hour", "scheduledTimeInSeconds": NOON_S + 3600}
    assert mock.post("/jobs", json={**job, **at}).status_code == 200
    assert mock.get("/account-event", params={"domain": "job"}).json() == []
    mock.clock(advance={"hours": 2})
    (event,) = mock.get("/account-event", params={"domain": "job"}).json()
    assert event["eventTime"] == NOON_MS + 3_600_000
