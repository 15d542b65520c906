"""Raw events over HTTP: the table, its filters, its pages."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import HOUR_MS, NOON_MS, Account, event, refused, stop_clock
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

FIXED = ["customerId", "meterApiName", "measure_name", "measure_value::double", "sourceTimeInMillis"]
NOON_S = NOON_MS // 1000

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "raw events": [
        Step("listUsageEvents", expect={"columns": FIXED, "rows": [], "nextPageToken": None}),
        Step("ingestMeterEvents", body=[event(dimensions={"region": "eu"}), event(meterValue=2, uniqueId="u1")]),
        Step(
            "listUsageEvents",
            query={"meterApiName": "calls", "pageSize": 1},
            expect={
                "query": {"meterApiName": "calls", "isAscending": "true", "pageSize": "1"},
                "columns": [*FIXED, "region"],
                "rows": [["ann", "calls", "calls", "1.0", str(NOON_MS), "eu"]],
            },
            save={"token": "nextPageToken"},
        ),
        Step(
            "listUsageEvents",
            query={"meterApiName": "calls", "pageSize": 1, "nextPageToken": "$token"},
            expect={
                "query": {"nextPageToken": "$token"},
                "columns": FIXED,
                "rows": [["ann", "calls", "calls", "2.0", str(NOON_MS)]],
                "nextPageToken": None,
            },
        ),
    ]
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is ingested is read back event by event, page by page."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def events(account: Account) -> MockClient:
    """A client of an account with five events: their values tell them apart."""
    account.ingest(
        event(meterValue=1, dimensions={"region": "eu", "tier": "a"}),
        event(meterValue=2, customerId="bob", dimensions={"region": "us"}),
        event(meterValue=3, meterApiName="bytes", meterTimeInMillis=NOON_MS + HOUR_MS),
        event(meterValue=4, meterTimeInMillis=NOON_MS - 1, dimensions={"aflo.note": "x"}),
    )
    account.ingest(event(meterValue=5, customerId=None, meterTimeInMillis=-1))
    return account.mock


def values(answer: Any) -> list[int]:
    """The values of a page, which tell the events apart."""
    assert all(len(row) == len(answer["columns"]) for row in answer["rows"])
    return [int(float(row[3])) for row in answer["rows"]]


def asked(mock: MockClient, **query: Any) -> Any:
    """The answer to a question that must succeed."""
    response = mock.get("/usage/events", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def all_pages(mock: MockClient, **query: Any) -> list[int]:
    """The values of all pages, one page after the other."""
    answer = asked(mock, **query)
    found = values(answer)
    while answer["nextPageToken"] is not None:
        answer = asked(mock, **query, nextPageToken=answer["nextPageToken"])
        found += values(answer)
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 4, 3, 5]),
        ({"isAscending": "false"}, [5, 3, 4, 2, 1]),
        ({"isAscending": "True"}, [1, 2, 4, 3, 5]),
        ({"meterApiName": "bytes"}, [3]),
        ({"METERAPINAME": "bytes"}, [3]),
        ({"meterApiName": "nothing"}, []),
        ({"customerId": "ann"}, [1, 4, 3]),
        ({"customerId": ""}, []),
        ({"customerId": "bob", "meterApiName": "bytes"}, []),
        ({"startTimeInSeconds": NOON_S}, [1, 2, 3]),
        ({"endTimeInSeconds": NOON_S}, [4, 5]),
        ({"startTimeInSeconds": NOON_S - 1, "endTimeInSeconds": NOON_S + 1}, [1, 2, 4]),
        ({"startTimeInSeconds": NOON_S, "endTimeInSeconds": NOON_S}, []),
        ({"startTimeInSeconds": -(2**63), "endTimeInSeconds": 2**63 - 1}, [1, 2, 4, 3, 5]),
        ({"dimensions": '{"region":"eu"}'}, [1]),
        ({"dimensions": '{"region":"eu","tier":"b"}'}, []),
        ({"dimensions": '{"aflo.note":"x"}'}, [4]),
        ({"dimensions": "{}"}, [1, 2, 4, 3, 5]),
        ({"dimensions": ""}, [1, 2, 4, 3, 5]),
        ({"dimensions": '{"region":"us"}', "customerId": "bob"}, [2]),
        ({"limit": 2}, [1, 2]),
        ({"limit": 10**9}, [1, 2, 4, 3, 5]),
        ({"nextPageToken": ""}, [1, 2, 4, 3, 5]),
    ],
)
def test_filters(events: MockClient, query: dict[str, Any], expected: list[int]) -> None:
    """Meter, customer, time and dimensions select together; the order is that of arrival, in a batch by meter."""
    answer = asked(events, **query)
    assert (values(answer), answer["nextPageToken"]) == (expected, None)


@pytest.mark.parametrize("ascending", ["true", "false"])
@pytest.mark.parametrize("size", [1, 2, 4, 5, 10_000])
@pytest.mark.parametrize(("limit", "expected"), [(None, 5), (1, 1), (4, 4), (9, 5)])
def test_pages_add_up(events: MockClient, ascending: str, size: int, limit: int | None, expected: int) -> None:
    """Whatever the size of a page, all pages together are the events, at most as many as the limit."""
    query: dict[str, Any] = {"isAscending": ascending, "pageSize": size}
    if limit is not None:
        query["limit"] = limit
    order = [1, 2, 4, 3, 5] if ascending == "true" else [5, 3, 4, 2, 1]
    assert all_pages(events, **query) == order[:expected]


def test_pages_while_events_arrive_and_are_cancelled(events: MockClient) -> None:
    """New events are read behind the others and lost to no page; a cancelled one is read no more."""
    answer = asked(events, pageSize=2)
    found = values(answer)
    for number in (6, 7, 8):
        Account(events).ingest(event(meterValue=number, meterTimeInMillis=0))
        answer = asked(events, pageSize=2, nextPageToken=answer["nextPageToken"])
        found += values(answer)
    assert found == [1, 2, 4, 3, 5, 6, 7, 8]
    assert answer["nextPageToken"] is None


def test_the_limit_may_change_between_pages(events: MockClient) -> None:
    """A limit below what was told already leaves an empty last page."""
    token = asked(events, pageSize=3, limit=4)["nextPageToken"]
    answer = asked(events, pageSize=3, limit=2, nextPageToken=token)
    assert (answer["rows"], answer["nextPageToken"]) == ([], None)


def test_the_query_is_told_back(events: MockClient) -> None:
    """The answer says how the question was understood, numbers as text."""
    query = {"customerId": "bob", "startTimeInSeconds": 0, "dimensions": '{"region": "us"}', "limit": 7}
    assert asked(events, **query)["query"] == {
        "customerId": "bob",
        "timeRange": {"startTimeInSeconds": 0},
        "dimensions": {"region": "us"},
        "limit": "7",
        "isAscending": "true",
        "pageSize": "1000",
    }


def test_cells_are_strings_or_null(events: MockClient) -> None:
    """Times and values are text; an event without the customer or the dimension of a column has null there."""
    answer = asked(events)
    assert answer["columns"] == [*FIXED, "aflo.note", "region", "tier"]
    assert answer["rows"][0] == ["ann", "calls", "calls", "1.0", str(NOON_MS), None, "eu", "a"]
    assert answer["rows"][-1] == [None, "calls", "calls", "5.0", "-1", None, None, None]


def test_events_without_a_common_dimension_make_shorter_pages(account: Account) -> None:
    """A page ends before its table has a million cells, and the next one goes on there."""
    account.ingest(*(event(meterValue=at, dimensions={f"name-{at}": "x"}) for at in range(1_010)))
    # A table of that size takes the judge of the other tests several seconds.
    first = account.unjudged("GET", "/usage/events", params={"pageSize": 10_000}).json()
    assert len(first["rows"]) * len(first["columns"]) <= 1_000_000
    following = asked(account.mock, pageSize=10_000, nextPageToken=first["nextPageToken"])
    assert values(first) + values(following) == list(range(1_010))
    assert (len(following["rows"]) > 0, following["nextPageToken"]) == (True, None)


@pytest.mark.parametrize(
    ("query", "field", "rule"),
    [
        ({"startTimeInSeconds": 2, "endTimeInSeconds": 1}, "endTimeInSeconds", "reversed-range"),
        ({"dimensions": "region=eu"}, "dimensions", "malformed-dimensions"),
        ({"dimensions": '["eu"]'}, "dimensions", "malformed-dimensions"),
        ({"dimensions": '{"region":1}'}, "dimensions", "malformed-dimensions"),
        ({"dimensions": "[" * 5_000}, "dimensions", "malformed-dimensions"),
        ({"nextPageToken": "nonsense"}, "nextPageToken", "unknown-page-token"),
        ({"nextPageToken": "ü"}, "nextPageToken", "unknown-page-token"),
        ({"nextPageToken": "LTEuMC4w"}, "nextPageToken", "unknown-page-token"),
    ],
)
def test_refusals(events: MockClient, query: dict[str, Any], field: str, rule: str) -> None:
    """What cannot be read, or was never answered, is refused by name."""
    assert refused(events.get("/usage/events", params=query)) == f"{field}: {rule}"


@pytest.mark.parametrize("name", ["pageSize", "limit"])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", "1000000000000"])
def test_bad_sizes_are_refused_by_name(events: MockClient, name: str, number: str) -> None:
    """A page or a limit must be a positive number."""
    assert name in refused(events.get("/usage/events", params={name: number}))


def test_a_page_has_an_upper_bound(events: MockClient) -> None:
    """Ten thousand events are the largest page."""
    assert "pageSize" in refused(events.get("/usage/events", params={"pageSize": 10_001}))


@pytest.mark.parametrize(
    "other", [{"customerId": "ann"}, {"isAscending": "false"}, {"endTimeInSeconds": 9}, {"dimensions": '{"a":"b"}'}]
)
def test_a_token_belongs_to_its_question(events: MockClient, other: dict[str, Any]) -> None:
    """A token sent with another question would skip events, so it is refused; another page size does no harm."""
    token = asked(events, pageSize=2)["nextPageToken"]
    response = events.get("/usage/events", params={**other, "nextPageToken": token})
    assert refused(response) == "nextPageToken: unknown-page-token"
    assert values(asked(events, pageSize=3, nextPageToken=token)) == [4, 3, 5]


@pytest.mark.parametrize(
    ("query", "rule"), [({"meterApiName": "nothing"}, "unknown-meter"), ({"customerId": "nobody"}, "unknown-customer")]
)
def test_strangers_are_warned_of(account: Account, query: dict[str, str], rule: str) -> None:
    """A meter or a customer that is not defined has no events, which a strict account takes for a mistake."""
    assert asked(account.mock, **query)["rows"] == []
    assert account.mock.rules() == [rule]
    account.mock.reset(strict=True)
    name = next(iter(query))
    assert refused(account.mock.get("/usage/events", params=query)) == f"{name}: {rule}"


def test_duplicates_are_told_once(mock: MockClient) -> None:
    """A repeated event is not listed again."""
    stop_clock(mock, NOON_MS)
    for _ in range(2):
        Account(mock).ingest(event(uniqueId="u1"), event(uniqueId="u1"))
    assert values(asked(mock)) == [1]
