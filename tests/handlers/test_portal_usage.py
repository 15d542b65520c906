"""What a customer used: its portal shows its own part of usage and events, and no other."""

from typing import Any

import pytest

from tests.handlers.portals import opened
from tests.handlers.steps import DAY_MS, HOUR_MS, MIDNIGHT_S, NOON_MS, Account, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

AS_ANN = {"X-API-KEY": "Session $ann"}
DAY_S = DAY_MS // 1000
NOON_S = NOON_MS // 1000
QUERY = {
    "meterApiName": "calls",
    "timeGroupingInterval": "day",
    "timeRange": {"startTimeInSeconds": MIDNIGHT_S, "endTimeInSeconds": MIDNIGHT_S + DAY_S},
}
REVERSED = {"startTimeInSeconds": 2, "endTimeInSeconds": 1}
BY_CUSTOMER = {**QUERY, "groupBy": ["customerId"]}
OF_ANN = {"customerId": ["ann"]}
OWN = {
    "metadata": {"filter": OF_ANN},
    "secondsSinceEpochIntervals": [MIDNIGHT_S],
    "clientMeters": [{"group": {"groupInfo": {"customerId": "ann"}}, "groupValue": 3.0, "values": [{"value": 3.0}]}],
}
METER = {"meterApiName": "calls", "label": "Calls", "meterType": "sum_of_all_usage", "dimensions": ["region"]}
EVENTS = [
    event(meterValue=1, dimensions={"region": "eu"}, uniqueId="a"),
    event(meterValue=2, meterTimeInMillis=NOON_MS + 1),
    event(meterValue=100, customerId="bob"),
]

ROUND_TRIPS = {
    "usage": [
        Step("createCustomer", body={"customerId": "ann", "customerName": "Ann"}),
        Step("createCustomer", body={"customerId": "bob", "customerName": "Bob"}),
        Step("createSession", body={"customerId": "ann"}, save={"ann": "sessionToken"}),
        Step("portalListMeters", headers=AS_ANN, expect=[]),
        Step("createMeter", body=METER, save={"id": "id"}),
        Step("portalListMeters", headers=AS_ANN, expect=[{**METER, "id": "$id"}]),
        Step("portalQueryUsage", body=QUERY, headers=AS_ANN, expect={"clientMeters": [{"groupValue": 0.0}]}),
        Step("portalListUsageEvents", headers=AS_ANN, expect=[]),
        Step("ingestMeterEvents", body=EVENTS),
        Step("portalQueryUsage", body=BY_CUSTOMER, headers=AS_ANN, expect=OWN),
        Step("portalQueryUsage", body={**BY_CUSTOMER, "filter": OF_ANN}, headers=AS_ANN, expect=OWN),
        Step("portalQueryUsageBatch", body=[BY_CUSTOMER, QUERY], headers=AS_ANN, expect=[OWN, {"metadata": ...}]),
        Step(
            "portalListUsageEvents",
            headers=AS_ANN,
            expect=[
                {
                    "customerId": "ann",
                    "meterApiName": "calls",
                    "meterValue": 1.0,
                    "meterTimeInMillis": NOON_MS,
                    "dimensions": {"region": "eu"},
                    "uniqueId": ABSENT,
                },
                {"meterValue": 2.0, "meterTimeInMillis": NOON_MS + 1, "dimensions": {}},
            ],
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Every reader of usage in the portal sees what was ingested for its customer."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("usage", {**QUERY, "filter": {"customerId": ["bob"]}}, "filter.customerId"),
        ("usage", {**QUERY, "filter": {"customerId": ["ann", "bob"]}}, "filter.customerId"),
        ("usage", {**QUERY, "filter": {"customerId": ["ann"], "\0customer": ["bob"]}}, "filter.customerId"),
        ("usage-batch", [QUERY, {**QUERY, "filter": {"customerId": ["bob"]}}], "[1].filter.customerId"),
    ],
)
def test_another_customers_usage_is_refused(ann: MockClient, path: str, body: Any, field: str) -> None:
    """A filter that names somebody else is 403, beside the own customer too."""
    assert refused(ann.post(f"/customer-portal/{path}", json=body), 403) == f"{field}: other-customer"


@pytest.mark.parametrize(
    "more",
    [
        {"filter": {"customerId": []}},
        {"filter": {}},
        {"filter": {"customerId": ["ann"], "\0customer": ["ann"]}},
        {"customerFilter": ["ann", "bob"]},
        {"startTimeInSeconds": 0, "endTimeInSeconds": NOON_S * 2, "aggregation": "SUM"},
    ],
    ids=["empty values", "empty", "twice", "published filter", "published form"],
)
def test_no_form_of_a_query_shows_more(account: Account, ann: MockClient, more: dict[str, Any]) -> None:
    """A filter without a customer is filled in; what the published form has beside the live one changes nothing."""
    account.ingest(event(), event(customerId="bob", meterValue=100))
    answer = Account.take(ann.post("/customer-portal/usage", json={**QUERY, **more}))
    assert [group["groupValue"] for group in answer["clientMeters"]] == [1.0]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("usage", {**QUERY, "timeRange": REVERSED}, "timeRange.endTimeInSeconds: reversed-range"),
        ("usage", {"meterApiName": "calls"}, "timeRange: required"),
        ("usage-batch", [QUERY, {"meterApiName": "calls"}], "[1].timeRange: required"),
        ("usage-batch", QUERY, "type"),
    ],
)
def test_broken_queries_are_refused(ann: MockClient, path: str, body: Any, expected: str) -> None:
    """What the account's own queries refuse, the portal's refuse alike."""
    assert refused(ann.post(f"/customer-portal/{path}", json=body)).endswith(expected)


@pytest.mark.parametrize(
    ("query", "times"),
    [
        ("", [0, 1, 2, 3]),
        ("meterApiName=calls", [0, 1, 2]),
        ("meterApiName=none", []),
        ("isAscending=false", [3, 2, 1, 0]),
        ("limit=2", [0, 1]),
        ("limit=2&isAscending=false", [3, 2]),
        (f"startTimeInSeconds={NOON_S + 3600}&endTimeInSeconds={NOON_S + 3 * 3600}", [1, 2]),
        ('dimensions={"region":"eu"}', [1]),
        ("customerId=bob", [0, 1, 2, 3]),
    ],
)
def test_events_are_selected(account: Account, ann: MockClient, query: str, times: list[int]) -> None:
    """Meter, range, dimensions, order and limit select among the customer's own events; a customerId does nothing."""
    account.define("others")
    account.ingest(
        event(),
        event(meterTimeInMillis=NOON_MS + HOUR_MS, dimensions={"region": "eu"}),
        event(customerId="bob", dimensions={"region": "eu"}),
        event(meterTimeInMillis=NOON_MS + 2 * HOUR_MS),
        event(meterApiName="others", meterTimeInMillis=NOON_MS + 3 * HOUR_MS),
    )
    events = Account.take(ann.get(f"/customer-portal/usage-events?{query}"))
    assert [(each["meterTimeInMillis"] - NOON_MS) // HOUR_MS for each in events] == times
    assert {each["customerId"] for each in events} <= {"ann"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("startTimeInSeconds=2&endTimeInSeconds=1", "endTimeInSeconds: reversed-range"),
        ("dimensions=region", "dimensions: malformed-dimensions"),
        ("limit=0", "limit: minimum"),
        ("limit=10001", "limit: maximum"),
    ],
)
def test_broken_selections_of_events_are_refused(ann: MockClient, query: str, expected: str) -> None:
    """A range, dimensions or limit that mean nothing are 400, by name."""
    assert refused(ann.get(f"/customer-portal/usage-events?{query}")) == expected


def test_events_beyond_one_page_are_all_listed(account: Account, ann: MockClient) -> None:
    """Events without a common dimension make short pages of the table beneath; the list is whole all the same."""
    account.ingest(
        *(event(meterTimeInMillis=NOON_MS + number, dimensions={f"d{number}": "x"}) for number in range(1200))
    )
    events = Account.take(ann.get("/customer-portal/usage-events?limit=1200"))
    assert [each["meterTimeInMillis"] - NOON_MS for each in events] == list(range(1200))
    assert len(Account.take(ann.get("/customer-portal/usage-events"))) == 1000


@pytest.mark.parametrize("strict", [False, True])
def test_an_unknown_meter_is_warned_of(account: Account, ann: MockClient, *, strict: bool) -> None:
    """A query on a meter that nobody defined is answered with nothing, and refused when the account is strict."""
    account.mock.reset(strict=strict)
    account.register("ann")
    ann.session.headers["X-API-KEY"] = f"Session {opened(account.mock)}"
    answer = ann.post("/customer-portal/usage", json={**QUERY, "meterApiName": "none"})
    if strict:
        assert refused(answer) == "meterApiName: unknown-meter"
    else:
        assert (answer.status_code, account.mock.rules()) == (200, ["unknown-meter"])
