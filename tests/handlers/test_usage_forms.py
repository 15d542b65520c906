"""Usage in bulk: batches, reports without gaps, all meters at once, and the present rate of a customer."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import HOUR_MS, MIDNIGHT_S, NOON_MS, Account, Json, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run
from tests.support.serving import Server

NOON_S = NOON_MS // 1000
DAY = {"startTimeInSeconds": MIDNIGHT_S, "endTimeInSeconds": MIDNIGHT_S + 86_400}
QUERY = {"meterApiName": "calls", "timeRange": DAY, "timeGroupingInterval": "DAY"}
HOURS = {**QUERY, "timeGroupingInterval": "HOUR", "groupBy": ["customerId"]}
ROW = {"secondsSinceEpochUtc": MIDNIGHT_S, "value": 5, "percentageFromPrevious": 0}
GROUP = {"group": {"groupInfo": {}}, "groupValue": 5, "values": [ROW]}
REPORT = {"metadata": QUERY, "secondsSinceEpochIntervals": [MIDNIGHT_S], "clientMeters": [GROUP]}
SPARSE = {"metadata": QUERY, "secondsSinceEpochIntervals": ABSENT, "clientMeters": [GROUP]}
NOTHING = {**QUERY, "meterApiName": "nobody"}
SENT = [event(meterValue=2, uniqueId="a"), event(meterValue=3, uniqueId="b")]
RATE = {"meterApiName": "calls", "customerId": "ann"}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "every reader of usage": [
        Step("createMeterDefinition", clock={"frozen": True, "now": NOON_MS},
             body={"meterApiName": "calls", "displayName": "Calls", "type": "SUM_OF_ALL_USAGE"}),
        Step("ingestMeterEvents", body=SENT, expect="2 records were ingested"),
        Step("queryUsage", body=QUERY, expect=REPORT),
        Step("queryUsageBatch", query={"minimizeFresh": "true"}, body=[QUERY, NOTHING],
             expect=[REPORT, {"metadata": NOTHING, "clientMeters": [{"groupValue": 0}]}]),
        Step("queryUsageSparse", body=QUERY, expect=SPARSE),
        Step("queryUsageSparseBatch", body=[NOTHING, QUERY], expect=[{"clientMeters": [{"values": []}]}, SPARSE]),
        Step("queryAllUsage", query={**DAY, "timeGroupingInterval": "DAY"}, expect=[REPORT]),
        Step("getCurrentUsageRate", query=RATE, expect={"rate": 5, "request": RATE}),
        Step("ingestMeterEvents", body=[event(meterValue=1, uniqueId="c")]),
        Step("queryUsageBatch", body=[QUERY], expect=[{"clientMeters": [{"groupValue": 6}]}]),
        Step("queryUsageSparse", body=QUERY, expect={"clientMeters": [{"groupValue": 6}]}),
        Step("queryUsageSparseBatch", body=[QUERY], expect=[{"clientMeters": [{"groupValue": 6}]}]),
        Step("queryAllUsage", query=DAY, expect=[{"clientMeters": [{"groupValue": 6}]}]),
        Step("getCurrentUsageRate", query={**RATE, "groupByEventId": "true"}, expect={"rate": 6}),
        Step("deleteMeterDefinition", {"meterApiName": "calls"}),
        Step("queryAllUsage", query=DAY, expect=[{"metadata": {"meterApiName": "calls"}}]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Every reader sees the same events, at once."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def busy(account: Account) -> Account:
    """An account with a day of two customers, one of them with gaps, and three meters."""
    hours = {"ann": (0, 1, 2, 5, 23), "bob": (7,)}
    account.ingest(
        *(
            event(customerId=customer, meterValue=hour - 3, meterTimeInMillis=MIDNIGHT_S * 1000 + hour * HOUR_MS)
            for customer, used in hours.items()
            for hour in used
        ),
        event(meterApiName="wild", meterValue=7),
    )
    account.define("idle")
    return account


def asked(account: Account, path: str, body: Any) -> Any:
    """What a question is answered."""
    return account.take(account.mock.post(f"/usage{path}", json=body))


QUERIES: list[Json] = [
    HOURS,
    {**HOURS, "groupBy": [], "aggregation": "COUNT"},
    {**HOURS, "take": {"limit": 1}, "aggregation": "max"},
    {**HOURS, "take": {"limit": 1, "isAscending": True}, "rescaleFunction": {"function": "multiply", "coefficient": 2}},
    {**HOURS, "filter": {"customerId": ["bob"]}, "valuesTimeGroupingInterval": "Day"},
    {**HOURS, "meterApiName": "idle"},
    {**HOURS, "meterApiName": "nobody", "groupBy": None},
]


@pytest.mark.parametrize("query", QUERIES, ids=["groups", "whole", "top", "rescaled", "filter", "idle", "unknown"])
def test_a_sparse_report_is_the_report_without_its_unused_buckets(busy: Account, query: Json) -> None:
    """Groups, totals and the rows that are left are those of the report with gaps filled."""
    full, sparse = asked(busy, "", query), asked(busy, "/sparse", query)
    plain = {name: value for name, value in query.items() if name not in ("take", "rescaleFunction")}
    counts = asked(busy, "", {**plain, "aggregation": "COUNT"})
    used = {
        str(group["group"]): {row["secondsSinceEpochUtc"] for row in group["values"] if row["value"]}
        for group in counts["clientMeters"]
    }
    assert sparse["metadata"] == full["metadata"] == query
    assert sparse["clientMeters"] == [
        {
            **group,
            "values": [row for row in group["values"] if row["secondsSinceEpochUtc"] in used[str(group["group"])]],
        }
        for group in full["clientMeters"]
    ]


@pytest.mark.parametrize(("path", "one"), [("/batch", ""), ("/sparse/batch", "/sparse")])
def test_a_batch_is_its_queries_in_order(busy: Account, path: str, one: str) -> None:
    """Each report of a batch is what its query is answered alone; no query, no report."""
    assert asked(busy, path, QUERIES) == [asked(busy, one, query) for query in QUERIES]
    assert asked(busy, path, []) == []


def test_a_batch_knows_no_published_form(busy: Account) -> None:
    """A top-level start beside the range of a batch's query means nothing."""
    mixed = {**HOURS, "startTimeInSeconds": 0, "endTimeInSeconds": 1, "take": {"limit": 1}}
    [report] = asked(busy, "/batch", [mixed])
    assert report["clientMeters"] == asked(busy, "", {**HOURS, "take": {"limit": 1}})["clientMeters"]


LONG = {**QUERY, "timeRange": {"startTimeInSeconds": 0}, "timeGroupingInterval": "HOUR"}
REVERSED = {**QUERY, "timeRange": {"startTimeInSeconds": 10, "endTimeInSeconds": 5}}
HUGE = {**QUERY, "rescaleFunction": {"function": "multiply", "coefficient": 10**400}}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (REVERSED, "timeRange.endTimeInSeconds: reversed-range"),
        (LONG, "timeRange: too-many-rows"),
        (HUGE, "rescaleFunction.coefficient: number-range"),
        ({**QUERY, "timeRange": {}}, "timeRange.startTimeInSeconds: required"),
        ({**QUERY, "aggregation": "median"}, "aggregation: enum"),
        ({**QUERY, "take": {"limit": 0}}, "take.limit: minimum"),
    ],
    ids=["reversed", "long", "huge", "no-start", "aggregation", "take"],
)
@pytest.mark.parametrize("path", ["/batch", "/sparse", "/sparse/batch"])
def test_a_faulty_query_is_named(busy: Account, path: str, body: Json, details: str) -> None:
    """What the single query is refused for is refused everywhere, in a batch with the index of the query."""
    is_batch = path.endswith("batch")
    response = busy.mock.post(f"/usage{path}", json=[QUERY, body] if is_batch else body)
    if path.startswith("/sparse") and body is LONG:
        assert response.status_code == 200, "few buckets of the long range are used"
    else:
        assert refused(response) == ("[1]." if is_batch else "") + details


def test_a_long_sparse_answer_is_refused(server: Server) -> None:
    """What counts of a sparse answer are the rows that it has."""
    account = Account(MockClient(server.url))
    chunk = 20_000
    for start in range(0, 100_001, chunk):
        hours = range(start, min(start + chunk, 100_001))
        account.ingest(*({**event(), "meterTimeInMillis": hour * HOUR_MS} for hour in hours))
    bounds = {"startTimeInSeconds": 0, "endTimeInSeconds": 100_000 * 3600}
    body = {**HOURS, "timeRange": bounds}
    assert account.unjudged("POST", "/usage/sparse", json=body).status_code == 200
    body["timeRange"] = {**bounds, "endTimeInSeconds": 100_001 * 3600}
    assert refused(account.unjudged("POST", "/usage/sparse", json=body)) == "timeRange: too-many-rows"
    account.mock.close()


@pytest.mark.parametrize("path", ["/batch", "/sparse", "/sparse/batch"])
def test_an_unknown_meter_is_warned_of_where_it_stands(account: Account, path: str) -> None:
    """A lenient account answers it empty, a strict one refuses it; both name the query of a batch."""
    field, body = ("[1].meterApiName", [QUERY, NOTHING]) if path.endswith("batch") else ("meterApiName", NOTHING)
    asked(account, path, body)
    [caution] = account.mock.journal()[-1]["warnings"]
    assert (caution["field"], caution["rule"]) == (field, "unknown-meter")
    account.mock.reset(strict=True)
    account.define("calls")
    assert refused(account.mock.post(f"/usage{path}", json=body)) == f"{field}: unknown-meter"


# --- aggregations that the store does not know ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sum_of_all_usage", {"avg": (4, 3, 5), "max_count": (2, 2, 2), "seats": (16, 6, 10)}),
        ("max_in_period", {"AVG": (4, 3, 5), "MAX_COUNT": (2, 2, 2), "SEATS": (16, 6, 10)}),
        ("unique_count", {"avg": (2, 1, 2), "max_count": (2, 1, 2), "seats": (2, 1, 2)}),
        ("active_users", {"avg": (3, 2, 1), "max_count": (2, 2, 1), "seats": (3, 2, 1), "sum": (3, 2, 1)}),
        ("active_users", {"max": (2, 2, 1), "MIN": (1, 2, 1), "count": (3, 2, 1)}),
    ],
)
def test_statistics_of_a_meter(mock: MockClient, kind: str, expected: dict[str, tuple[float, ...]]) -> None:
    """Averages, largest counts, seats and distinct dimension values: of the range, and of the two days in it."""
    mock.clock(now=NOON_MS)
    mock.post("/meters", json={"label": "M", "meterApiName": "m", "meterType": kind, "aggregationDimensions": ["user"]})
    facts = [(0, "ann", 1, "u"), (0, "ann", 5, "v"), (24, "ann", 4, "w"), (24, "bob", 6, "w")]
    sent = [
        event(meterApiName="m", customerId=customer, meterValue=value, dimensions={"user": user},
              meterTimeInMillis=MIDNIGHT_S * 1000 + hour * HOUR_MS)
        for hour, customer, value, user in facts
    ]  # fmt: skip
    mock.post("/ingest", json=sent)
    for aggregation, (total, first, second) in expected.items():
        bounds = {"startTimeInSeconds": MIDNIGHT_S, "endTimeInSeconds": MIDNIGHT_S + 2 * 86_400}
        body = {"meterApiName": "m", "timeRange": bounds, "aggregation": aggregation, "timeGroupingInterval": "day"}
        [group] = mock.post("/usage", json=body).json()["clientMeters"]
        answered = (group["groupValue"], *(row["value"] for row in group["values"]))
        assert answered == pytest.approx((total, first, second)), aggregation


# --- all meters --------------------------------------------------------------------------------------------------


def test_all_meters_are_reported_in_order(busy: Account) -> None:
    """Defined meters come first, oldest first, then those that events name; each as its own query would be."""
    query = {**DAY, "timeGroupingInterval": "Hour", "groupBy": "customerId", "customerId": "ann"}
    reports = busy.take(busy.mock.get("/usage/all", params=query))
    assert [report["metadata"]["meterApiName"] for report in reports] == ["calls", "idle", "wild"]
    assert busy.mock.journal()[-1]["warnings"] == []
    for report in reports:
        assert report == asked(busy, "", report["metadata"])
        assert all(group["group"]["groupInfo"] == {"customerId": "ann"} for group in report["clientMeters"])


def test_without_meters_there_are_no_reports(mock: MockClient) -> None:
    """An account that has nothing answers an empty list."""
    assert mock.get("/usage/all", params=DAY).json() == []


def test_an_open_range_of_all_meters_ends_with_each(busy: Account) -> None:
    """Without an end each meter's report reaches to the present, or to its latest event."""
    busy.ingest(event(meterApiName="wild", meterTimeInMillis=NOON_MS + 48 * HOUR_MS))
    reports = busy.take(busy.mock.get("/usage/all", params={"startTimeInSeconds": MIDNIGHT_S}))
    assert [len(report["secondsSinceEpochIntervals"]) for report in reports] == [1, 1, 3]


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ({}, "startTimeInSeconds: required"),
        ({"startTimeInSeconds": "x"}, "startTimeInSeconds: type"),
        ({"startTimeInSeconds": 2**63}, "startTimeInSeconds: maximum"),
        ({**DAY, "groupBy": "region"}, "groupBy: enum"),
        ({**DAY, "timeGroupingInterval": "YEAR"}, "timeGroupingInterval: enum"),
        ({"startTimeInSeconds": 5, "endTimeInSeconds": 4}, "timeRange.endTimeInSeconds: reversed-range"),
        ({"startTimeInSeconds": 0, "timeGroupingInterval": "hour"}, "timeRange: too-many-rows"),
        ({"startTimeInSeconds": NOON_S - 40_000 * 3600, "endTimeInSeconds": NOON_S, "timeGroupingInterval": "hour"},
         "startTimeInSeconds: too-many-rows"),
        ({"startTimeInSeconds": NOON_S - 40_000 * 3600, "endTimeInSeconds": NOON_S, "timeGroupingInterval": "hour",
          "groupBy": "customerId", "customerId": "nobody"}, "startTimeInSeconds: too-many-rows"),
    ],
    ids=["no-start", "start", "int64", "group", "interval", "reversed", "one-long", "together-long", "no-groups-long"],
)  # fmt: skip
def test_a_faulty_question_of_all_meters_is_named(busy: Account, query: Json, details: str) -> None:
    """Parameters are held to the document, and all reports together to the limit of rows."""
    assert refused(busy.mock.get("/usage/all", params=query)) == details


# --- the present rate --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rate"), [("sum_of_all_usage", 6), ("event_duration", 6), ("unique_count", 1), ("max_in_period", 4)]
)
def test_the_rate_is_the_last_hour_or_the_level(account: Account, kind: str, rate: float) -> None:
    """Momentary meters tell the hour that ends now, a MAX meter the latest hour with events, of one customer."""
    account.mock.post("/meters", json={"label": "M", "meterApiName": "m", "meterType": kind})
    sent = [(-3_600_000, 9), (-3_599_000, 2), (0, 4), (1_000, 50)]
    events = [event(meterApiName="m", meterValue=value, meterTimeInMillis=NOON_MS + ms) for ms, value in sent]
    account.ingest(*events, event(meterApiName="m", customerId="bob", meterValue=70))
    query = {"meterApiName": "m", "customerId": "ann"}
    assert account.take(account.mock.get("/usage/current-usage-rate", params=query)) == {"rate": rate, "request": query}


def test_a_level_stays_until_it_changes(account: Account) -> None:
    """Days later a MAX meter still answers its last level, a meter of momentary events nothing."""
    account.define("level", "MAX_IN_PERIOD")
    account.ingest(event(), event(meterApiName="level", meterValue=8))
    account.mock.clock(advance={"days": 3})
    rates = [
        account.take(account.mock.get("/usage/current-usage-rate", params={"meterApiName": each, "customerId": "ann"}))
        for each in ("calls", "level")
    ]
    assert [each["rate"] for each in rates] == [0, 8]


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ({"meterApiName": "calls"}, "customerId: required"),
        ({"customerId": "ann"}, "meterApiName: required"),
        ({**RATE, "groupByEventId": "maybe"}, "groupByEventId: type"),
    ],
)
def test_a_faulty_question_of_the_rate_is_named(account: Account, query: Json, details: str) -> None:
    """Meter and customer must be given."""
    assert refused(account.mock.get("/usage/current-usage-rate", params=query)) == details


def test_strangers_have_no_rate(account: Account) -> None:
    """An unknown meter or customer answers 0 with a warning; a strict account refuses it."""
    strangers = [("nobody", "ann", "meterApiName: unknown-meter"), ("calls", "bob", "customerId: unknown-customer")]
    for strict in (False, True):
        account.mock.reset(strict=strict)
        account.define("calls")
        account.register("ann")
        for meter, customer, details in strangers:
            query = {"meterApiName": meter, "customerId": customer}
            response = account.mock.get("/usage/current-usage-rate", params=query)
            if strict:
                assert refused(response) == details
            else:
                assert response.json() == {"rate": 0, "request": query}
                [caution] = account.mock.journal()[-1]["warnings"]
                assert f"{caution['field']}: {caution['rule']}" == details
