"""Usage queries in both forms, held against a plain computation, and the edges of each form."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from tests.handlers import naive_usage
from tests.handlers.naive_usage import Asked
from tests.handlers.steps import (
    DAY_MS,
    HOUR_MS,
    MIDNIGHT_S,
    NOON_MS,
    Account,
    Json,
    event,
    question,
    refused,
    stop_clock,
    values_of,
)
from tests.support.client import MockClient

KINDS = ("SUM_OF_ALL_USAGE", "MAX_IN_PERIOD", "UNIQUE_CUSTOMERS_COUNT")
INTERVALS = ("HOUR", "DAY", "WEEK", "MONTH")
GROUPINGS: tuple[list[str], ...] = ([], ["customerId"], ["region"], ["region", "customerId"])
FILTERS: tuple[dict[str, list[str]], ...] = (
    {},
    {"region": ["eu"]},
    {"region": ["eu", "us"], "customerId": ["a", "b"]},
    {"region": [], "tier": ["gold"]},
    {"region": ["mars"]},
)
CUSTOMERS: tuple[list[str], ...] = ([], ["a", "c"])
LONG = (NOON_MS // 1000 - 20 * 86_400 + 7_261, NOON_MS // 1000 + 20 * 86_400 + 123)
SHORT = (NOON_MS // 1000 - 8 * 3600 - 17, NOON_MS // 1000 + 9 * 3600 + 1)


def scattered(seed: int, count: int) -> list[Json]:
    """Events around noon, some hours and some weeks off, some without customer or dimensions."""
    chance = random.Random(seed)
    events = []
    for number in range(count):
        dimensions = {"region": chance.choice(["eu", "us", "asia"]), "tier": chance.choice(["gold", "free"])}
        if chance.random() < 0.2:
            del dimensions["region"]
        spread = chance.choice([12 * HOUR_MS, 25 * DAY_MS])
        sent = event(
            customerId=chance.choice(["a", "b", "c", None]),
            meterValue=chance.randint(-4, 12) / 2,
            meterTimeInMillis=NOON_MS + chance.randint(-spread, spread),
            dimensions=dimensions,
            uniqueId=str(number),
        )
        events.append(sent)
    return events


EVENTS = scattered(seed=7, count=150)


@pytest.fixture(scope="module", params=["server", "copying_server"], ids=["memory", "copying"])
def measured(request: pytest.FixtureRequest) -> Iterator[Account]:
    """An account with the same events on a meter of each kind; tests only read it."""
    account = Account(MockClient(request.getfixturevalue(request.param).url))
    stop_clock(account.mock, NOON_MS)
    for kind in KINDS:
        account.define(kind, kind)
        account.ingest(*({**each, "meterApiName": kind} for each in EVENTS))
    yield account
    account.mock.close()


def selections(kind: str, aggregation: str, interval: str) -> Iterator[Asked]:
    """One question for every way of grouping and filtering; hours over a shorter range."""
    start, end = SHORT if interval == "HOUR" else LONG
    for group_by, filters, customers in product(GROUPINGS, FILTERS, CUSTOMERS):
        yield Asked(kind, aggregation, interval, start, end, group_by, filters, customers)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("aggregation", ["SUM", "MAX", "COUNT"])
@pytest.mark.parametrize("interval", INTERVALS)
def test_the_published_form_is_the_plain_computation(
    measured: Account, kind: str, aggregation: str, interval: str
) -> None:
    """Every aggregation, interval, grouping and filter answers the buckets with usage, and no others."""
    for asked in selections(kind, aggregation, interval):
        groups = measured.usage(
            meterApiName=kind,
            startTimeInSeconds=asked.start,
            endTimeInSeconds=asked.end,
            aggregation=aggregation,
            timeGroupingInterval=interval,
            groupBy=list(asked.group_by),
            filter=dict(asked.filters),
            customerFilter=list(asked.customers),
        )
        answered = {frozenset(group["groupInfo"].items()): joined(group["records"]) for group in groups}
        assert answered == naive_usage.published(asked, EVENTS), asked
        assert len(answered) == len(groups)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("aggregation", ["SUM", "MAX", "COUNT", "MIN"])
@pytest.mark.parametrize("interval", INTERVALS)
def test_the_live_form_is_the_plain_computation(measured: Account, kind: str, aggregation: str, interval: str) -> None:
    """Every aggregation, interval, grouping and filter answers all buckets of the range, gaps filled with 0."""
    for asked in selections(kind, aggregation, interval):
        report = measured.live_usage(
            meterApiName=kind,
            timeRange={"startTimeInSeconds": asked.start, "endTimeInSeconds": asked.end},
            aggregation=aggregation,
            timeGroupingInterval=interval,
            groupBy=list(asked.group_by),
            filter=dict(asked.filters),
            customerFilter=list(asked.customers),
        )
        expected = naive_usage.live(asked, EVENTS)
        answered = {frozenset(group["group"]["groupInfo"].items()): group for group in report["clientMeters"]}
        assert report["secondsSinceEpochIntervals"] == list(naive_usage.bucket_starts(asked))
        assert answered.keys() == expected.keys(), asked
        for info, (total, rows) in expected.items():
            assert answered[info]["groupValue"] == total, asked
            assert [row["secondsSinceEpochUtc"] for row in answered[info]["values"]] == [row[0] for row in rows]
            assert [row["value"] for row in answered[info]["values"]] == [row[1] for row in rows]
            changes = [row["percentageFromPrevious"] for row in answered[info]["values"]]
            assert changes == pytest.approx([row[2] for row in rows])


def joined(records: list[dict[str, float]]) -> dict[str, float]:
    """The records of a group as one map; each of them has one bucket of its own."""
    assert all(len(record) == 1 for record in records)
    whole = {label: value for record in records for label, value in record.items()}
    assert len(whole) == len(records)
    return whole


def live(start: int = MIDNIGHT_S, end: int | None = MIDNIGHT_S + 86_400, **fields: Any) -> Json:
    """A live query of `calls` over the day of the clock."""
    time_range = {"startTimeInSeconds": start, **({} if end is None else {"endTimeInSeconds": end})}
    return {"meterApiName": "calls", "timeRange": time_range, **fields}


def totals(report: Json) -> list[tuple[str, float]]:
    """Customer and total of each group of a live report, in its order."""
    return [(group["group"]["groupInfo"]["customerId"], group["groupValue"]) for group in report["clientMeters"]]


# --- the published form ------------------------------------------------------------------------------------------


def test_both_forms_at_once_are_the_published_one(account: Account) -> None:
    """A top-level start decides, also when a time range is there too; that range then means nothing."""
    account.ingest(event())
    both = {**question(), "timeRange": {"startTimeInSeconds": 0, "endTimeInSeconds": 1}, "take": {"limit": 1}}
    body = account.take(account.mock.post("/usage", json=both))
    assert [list(values_of(group)) for group in body["clientMeters"]["calls"]] == [[1]]


@pytest.mark.parametrize(
    ("top", "details"),
    [
        ({"startTimeInSeconds": 0}, "endTimeInSeconds: required"),
        ({"startTimeInSeconds": 0, "endTimeInSeconds": "x"}, "endTimeInSeconds: type"),
        ({"startTimeInSeconds": None, "endTimeInSeconds": 1}, "startTimeInSeconds: required"),
        ({"startTimeInSeconds": 0, "endTimeInSeconds": 1, "customerFilter": "ann"}, "customerFilter: type"),
        ({"startTimeInSeconds": 0, "endTimeInSeconds": 1, "customerFilter": [["ann"]]}, "customerFilter: type"),
    ],
)
def test_half_a_published_query_beside_a_live_one_is_refused(account: Account, top: Json, details: str) -> None:
    """What is published form must be it whole, even where the live form's part is valid."""
    assert refused(account.mock.post("/usage", json={**live(), **top})) == details


def test_an_unknown_meter_has_an_empty_list(account: Account) -> None:
    """The published answer names the meter, whether or not there is one."""
    assert account.take(account.mock.post("/usage", json=question(meterApiName="nobody"))) == {
        "clientMeters": {"nobody": []}
    }


def test_events_of_an_undefined_meter_are_summed(account: Account) -> None:
    """What was ingested for an undefined meter can be read, as a sum."""
    account.ingest(event(meterApiName="wild", meterValue=2), event(meterApiName="wild", meterValue=3))
    assert account.total(meterApiName="wild") == 5


@pytest.mark.parametrize(
    ("start", "end"), [(10, 5), (MIDNIGHT_S + 86_400, MIDNIGHT_S), (10**40, -(10**40)), (MIDNIGHT_S, MIDNIGHT_S)]
)
def test_a_range_that_holds_nothing_is_empty(account: Account, start: int, end: int) -> None:
    """A reversed or empty range answers no groups."""
    account.ingest(event())
    assert account.usage(startTimeInSeconds=start, endTimeInSeconds=end) == []


@pytest.mark.parametrize("bound", [2**54, 2**63, 10**40, int(8e33)])
def test_bounds_of_any_size_are_taken(account: Account, bound: int) -> None:
    """A published range may reach beyond all integers of 64 bits."""
    account.ingest(event(), event(meterTimeInMillis=-(2**63)), event(meterTimeInMillis=2**63 - 1))
    assert account.total(startTimeInSeconds=-bound, endTimeInSeconds=bound) == 3


@pytest.mark.parametrize("interval", INTERVALS)
def test_ranges_are_half_open_to_the_second(account: Account, interval: str) -> None:
    """The start belongs to the range and the end does not, inside a bucket too."""
    account.ingest(*(event(meterTimeInMillis=NOON_MS + offset) for offset in (-1, 0, 999, 1000)))
    second = NOON_MS // 1000
    total = account.total(startTimeInSeconds=second, endTimeInSeconds=second + 1, timeGroupingInterval=interval)
    assert total == 2


def test_an_empty_list_restricts_nothing(account: Account) -> None:
    """Empty filters, customer filters and groupings are as good as none."""
    account.ingest(event(), event(customerId=None))
    empty = {"groupBy": [], "filter": {"region": [], "customerId": []}, "customerFilter": []}
    assert account.usage(**empty) == account.usage() != []


def test_a_repeated_grouping_changes_nothing(account: Account) -> None:
    """A key that is named twice groups once."""
    account.ingest(event(dimensions={"a": "x"}))
    assert account.usage(groupBy=["a", "customerId", "a"]) == account.usage(groupBy=["a", "customerId"])


@pytest.mark.parametrize(("one", "other", "expected"), [(["ann"], ["ann", "bob"], 1), (["ann"], ["bob"], 0)])
@pytest.mark.parametrize("form", ["published", "live"])
def test_two_filters_on_customers_must_both_admit(
    account: Account, one: list[str], other: list[str], expected: int, form: str
) -> None:
    """`customerFilter` and a filter on `customerId` are joined by AND, in both forms."""
    account.ingest(event(), event(customerId="bob", meterValue=10))
    fields: Json = {"filter": {"customerId": one}, "customerFilter": other}
    if form == "published":
        assert account.total(**fields) == expected
    else:
        assert account.live_usage(**live(**fields))["clientMeters"][0]["groupValue"] == expected


def test_groups_come_in_the_order_of_their_keys(account: Account) -> None:
    """The same query always lists its groups in one order, whatever order they were ingested in."""
    account.ingest(*(event(customerId=name) for name in ("c", "a", "b")))
    assert [group["groupInfo"]["customerId"] for group in account.usage(groupBy=["customerId"])] == ["a", "b", "c"]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_beyond_the_doubles_is_cut(account: Account, sign: int) -> None:
    """An overflowing sum is the largest double of its sign, with a warning; no JSON null, no error."""
    account.ingest(*(event(uniqueId=str(number), meterValue=sign * 1.7e308) for number in range(2)))
    assert account.total() == sign * 1.7976931348623157e308
    assert account.mock.rules() == ["overflow"]


def test_a_sum_that_only_passes_beyond_the_doubles_is_exact(account: Account) -> None:
    """Huge values that cancel out leave their true sum."""
    account.ingest(
        *(event(uniqueId=str(value), meterValue=value) for value in (1.7e308, 1.6e308, -1.6e308, -1.7e308, 3))
    )
    assert account.total() == 3


# --- the live form -----------------------------------------------------------------------------------------------


def test_the_live_form_has_this_shape(account: Account) -> None:
    """A report echoes its query, lists the buckets, and has start, value and change for each of them."""
    account.ingest(
        *(event(meterValue=value, meterTimeInMillis=NOON_MS + hour * HOUR_MS) for hour, value in ((0, 4), (2, 1)))
    )
    asked = live(MIDNIGHT_S + 11 * 3600, MIDNIGHT_S + 15 * 3600, timeGroupingInterval="Hour", groupBy=["customerId"])
    starts = [MIDNIGHT_S + hour * 3600 for hour in (11, 12, 13, 14)]
    rows = zip(starts, (0, 4, 0, 1), (0, 0, -100, 0), strict=True)
    assert account.live_usage(**asked) == {
        "metadata": asked,
        "secondsSinceEpochIntervals": starts,
        "clientMeters": [
            {
                "group": {"groupInfo": {"customerId": "ann"}},
                "groupValue": 5,
                "values": [
                    {"secondsSinceEpochUtc": start, "value": value, "percentageFromPrevious": change}
                    for start, value, change in rows
                ],
            }
        ],
    }


@pytest.mark.parametrize(("group_by", "groups"), [([], [({}, 0)]), (["customerId"], [])])
def test_nothing_found_is_zeros_or_no_groups(account: Account, group_by: list[str], groups: list[Any]) -> None:
    """Without events the ungrouped report has one group of zeros, a grouped one has none; the buckets are there."""
    report = account.live_usage(**live(timeGroupingInterval="hour", groupBy=group_by))
    assert [(each["group"]["groupInfo"], each["groupValue"]) for each in report["clientMeters"]] == groups
    assert all(row["value"] == 0 for each in report["clientMeters"] for row in each["values"])
    assert len(report["secondsSinceEpochIntervals"]) == 24


@pytest.mark.parametrize(
    ("fields", "buckets"),
    [
        ({}, 1),
        ({"timeGroupingInterval": "HOUR"}, 24),
        ({"valuesTimeGroupingInterval": "hour"}, 24),
        ({"timeGroupingInterval": "DAY", "valuesTimeGroupingInterval": "HOUR"}, 24),
        ({"timeGroupingInterval": "hour", "valuesTimeGroupingInterval": "Day"}, 1),
        ({"timeGroupingInterval": "Week"}, 1),
    ],
)
def test_the_interval_is_the_values_own_or_a_day(account: Account, fields: Json, buckets: int) -> None:
    """The interval of the values decides where it is given; without any the buckets are days."""
    assert len(account.live_usage(**live(**fields))["secondsSinceEpochIntervals"]) == buckets


@pytest.mark.parametrize("name", ["sum", "SUM", "count", "COUNT", "min", "MIN", "max", "MAX"])
def test_live_aggregations_take_either_case(account: Account, name: str) -> None:
    """Upper and lower case mean the same aggregation."""
    account.ingest(event(meterValue=2, uniqueId="a"), event(meterValue=3, uniqueId="b"))
    expected = {"sum": 5, "count": 2, "min": 2, "max": 3}[name.lower()]
    [group] = account.live_usage(**live(aggregation=name))["clientMeters"]
    assert group["groupValue"] == expected


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ({"limit": 1}, [("c", 9)]),
        ({"limit": 2, "isAscending": False}, [("c", 9), ("a", 5)]),
        ({"limit": 2, "isAscending": True}, [("b", -1), ("a", 5)]),
        ({"limit": 2**31 - 1}, [("c", 9), ("a", 5), ("d", 5), ("b", -1)]),
        (None, [("a", 5), ("b", -1), ("c", 9), ("d", 5)]),
    ],
    ids=["top", "top-two", "bottom-two", "all", "none"],
)
def test_take_keeps_the_first_groups_by_total(account: Account, take: Json | None, expected: list[Any]) -> None:
    """`take` orders by total, largest first unless ascending, equal totals by key, and cuts."""
    account.ingest(
        *(event(customerId=name, meterValue=value) for name, value in (("b", -1), ("d", 5), ("c", 9), ("a", 5)))
    )
    fields: Json = {"take": take} if take else {}
    assert totals(account.live_usage(**live(groupBy=["customerId"], **fields))) == expected


@pytest.mark.parametrize(
    ("coefficient", "total"),
    [(0.5, 3.5), (-2, -14), (0, 0), (1e308, 1.7976931348623157e308), (-(10**308), -1.7976931348623157e308)],
)
def test_rescaling_multiplies_every_value(account: Account, coefficient: float, total: float) -> None:
    """Totals and buckets are multiplied alike; beyond the doubles they are cut."""
    account.ingest(event(meterValue=7))
    rescale = {"function": "multiply", "coefficient": coefficient}
    [group] = account.live_usage(**live(rescaleFunction=rescale))["clientMeters"]
    assert (group["groupValue"], [row["value"] for row in group["values"]]) == (total, [total])


def test_a_coefficient_beyond_the_doubles_is_refused(account: Account) -> None:
    """A factor that no double can hold is named."""
    rescale = {"function": "multiply", "coefficient": 10**400}
    response = account.mock.post("/usage", json=live(rescaleFunction=rescale))
    assert refused(response) == "rescaleFunction.coefficient: number-range"


@pytest.mark.parametrize("minimize", ["true", "False", "1", None])
def test_settled_data_is_all_data(account: Account, minimize: str | None) -> None:
    """`minimizeFresh` is taken in every spelling and changes nothing: the mock has no unsettled data."""
    account.ingest(event())
    parameters = {} if minimize is None else {"minimizeFresh": minimize}
    report = account.take(account.mock.post("/usage", json=live(), params=parameters))
    assert report["clientMeters"][0]["groupValue"] == 1


def moments(report: Json) -> list[str]:
    """The buckets of a report as ISO texts."""
    return [datetime.fromtimestamp(start, UTC).isoformat()[:16] for start in report["secondsSinceEpochIntervals"]]


@pytest.mark.parametrize(
    ("latest_ms", "interval", "last"),
    [
        (None, "HOUR", "2024-06-12T12:00"),
        (None, "DAY", "2024-06-12T00:00"),
        (NOON_MS - DAY_MS, "DAY", "2024-06-12T00:00"),
        (NOON_MS + DAY_MS, "DAY", "2024-06-13T00:00"),
        (NOON_MS + 5 * HOUR_MS - 1, "HOUR", "2024-06-12T16:00"),
        (NOON_MS + 5 * HOUR_MS, "HOUR", "2024-06-12T17:00"),
        (NOON_MS + 20 * DAY_MS, "MONTH", "2024-07-01T00:00"),
        (None, "WEEK", "2024-06-10T00:00"),
    ],
)
@pytest.mark.parametrize("end", [{}, {"endTimeInSeconds": None}], ids=["absent", "null"])
def test_an_open_range_ends_with_the_present_or_the_latest_event(
    account: Account, latest_ms: int | None, interval: str, last: str, end: Json
) -> None:
    """Without an end the last bucket is the one that holds the clock's time or the meter's latest event."""
    account.ingest(event(meterApiName="other", meterTimeInMillis=NOON_MS + 300 * DAY_MS))
    if latest_ms is not None:
        account.ingest(event(meterTimeInMillis=latest_ms))
    time_range = {"startTimeInSeconds": MIDNIGHT_S - 86_400, **end}
    report = account.live_usage(timeRange=time_range, timeGroupingInterval=interval)
    assert moments(report)[-1] == last
    assert report["clientMeters"][0]["groupValue"] == (latest_ms is not None)


def test_an_open_range_follows_the_clock(account: Account) -> None:
    """A day later the same query has a day more."""
    lengths = [len(account.live_usage(**live(end=None))["secondsSinceEpochIntervals"])]
    account.mock.clock(advance={"days": 1})
    lengths.append(len(account.live_usage(**live(end=None))["secondsSinceEpochIntervals"]))
    assert lengths == [1, 2]


@pytest.mark.parametrize(
    ("start", "end"), [(10, 5), (2**63 - 1, -(2**63)), (MIDNIGHT_S + 10 * 86_400, None)], ids=["end", "far", "open"]
)
def test_a_reversed_live_range_is_refused(account: Account, start: int, end: int | None) -> None:
    """The live form has no answer to a range that ends before it starts, an open one in the future included."""
    assert refused(account.mock.post("/usage", json=live(start, end))) == "timeRange.endTimeInSeconds: reversed-range"


def test_an_empty_live_range_has_no_buckets(account: Account) -> None:
    """A range of no length answers a group without values."""
    report = account.live_usage(**live(MIDNIGHT_S, MIDNIGHT_S))
    assert (report["secondsSinceEpochIntervals"], report["clientMeters"][0]["values"]) == ([], [])


@pytest.mark.parametrize("start", [-(2**63), 2**63 - 2])
@pytest.mark.parametrize("interval", INTERVALS)
def test_ranges_at_the_ends_of_int64_are_answered(account: Account, start: int, interval: str) -> None:
    """The first and the last second that the document allows are in a bucket, whose label is an int64 too."""
    report = account.live_usage(**live(start, start + 1, timeGroupingInterval=interval))
    [label] = report["secondsSinceEpochIntervals"]
    assert -(2**63) <= label <= start
    assert [row["secondsSinceEpochUtc"] for row in report["clientMeters"][0]["values"]] == [label]


@pytest.mark.parametrize(
    ("hours", "customers", "taken"),
    [(100_000, 1, True), (100_001, 1, False), (50_000, 2, True), (50_001, 2, False), (2**50, 1, False)],
)
def test_long_answers_are_refused_before_they_are_made(
    account: Account, hours: int, customers: int, *, taken: bool
) -> None:
    """More than 100,000 rows, buckets times groups, are a 400 that says how many it would have been."""
    account.ingest(*(event(customerId=f"c{number}") for number in range(customers)))
    asked = live(MIDNIGHT_S, MIDNIGHT_S + hours * 3600, timeGroupingInterval="HOUR", groupBy=["customerId"])
    response = account.unjudged("POST", "/usage", json=asked)
    assert response.status_code == (200 if taken else 400)
    if not taken:
        assert refused(response) == "timeRange: too-many-rows"
        assert str(hours) in response.json()["message"]


def test_taking_few_groups_makes_a_long_answer_short(account: Account) -> None:
    """Only the rows that are answered count towards the limit."""
    account.ingest(*(event(customerId=f"c{number:03}") for number in range(200)))
    asked = live(MIDNIGHT_S, MIDNIGHT_S + 1000 * 3600, timeGroupingInterval="HOUR", groupBy=["customerId"])
    assert refused(account.mock.post("/usage", json=asked)) == "timeRange: too-many-rows"
    assert totals(account.live_usage(**asked, take={"limit": 1})) == [("c000", 1)]


def test_growth_is_told_from_bucket_to_bucket(account: Account) -> None:
    """The change is in percent of the bucket before; after 0, and at the start, it is 0."""
    values = {0: 2, 1: 3, 2: -3, 4: 1}
    account.ingest(
        *(event(meterValue=value, meterTimeInMillis=NOON_MS + hour * HOUR_MS) for hour, value in values.items())
    )
    report = account.live_usage(**live(NOON_MS // 1000, NOON_MS // 1000 + 5 * 3600, timeGroupingInterval="HOUR"))
    rows = report["clientMeters"][0]["values"]
    assert [row["value"] for row in rows] == [2, 3, -3, 0, 1]
    assert [row["percentageFromPrevious"] for row in rows] == [0, 50, -200, -100, 0]
