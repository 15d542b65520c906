"""Usage asked of the event store, against the rule written out, and at the edges of time."""

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.identity import Dedup, Event
from mockserver.domain.usage import CUSTOMER, Take, UsageQuery, UsageResult
from mockserver.domain.windows import DAY_S, HOUR_S, Interval
from mockserver.engine.events import EventBatch, EventStore
from tests.engine.naive_events import NaiveStore, batch_of

LARGEST = 1.7976931348623157e308
DAY_MS = DAY_S * 1000

words = st.sampled_from(["", "a", "b"])
times = st.integers(-40 * DAY_MS, 40 * DAY_MS) | st.sampled_from([-(2**63), 2**63 - 1, 0, -1, DAY_MS, DAY_MS - 1])
events = st.builds(
    Event,
    meter=st.sampled_from(["calls", "calls", "bytes"]),
    customer=st.none() | words,
    time_ms=times,
    value=st.integers(-100, 100).map(float),
    dimensions=st.dictionaries(st.sampled_from(["region", "tier"]), words),
    unique_id=st.none() | st.sampled_from(["u1", "u2"]),
)
names = st.sampled_from([CUSTOMER, "region", "tier", "unknown"])
edges = st.integers(-41 * DAY_S, 41 * DAY_S) | st.sampled_from([-(10**30), 10**30, 2**63 // 1000, 0, DAY_S])
queries = st.builds(
    UsageQuery,
    meter=st.just("calls"),
    start_s=edges,
    end_s=edges | st.just(10**30),
    aggregation=st.sampled_from(Aggregation),
    interval=st.sampled_from(Interval),
    group_by=st.lists(names, max_size=3, unique=True).map(tuple),
    filters=st.dictionaries(names, st.frozensets(words | st.just("other"), max_size=2), max_size=2),
    take=st.none() | st.builds(Take, st.integers(0, 3), st.booleans()),
)


EDGES = st.lists(edges, min_size=2, max_size=6).map(sorted).map(tuple)
QUERIES_OF_WINDOWS = st.builds(
    lambda query, cut: replace(query, start_s=cut[0], end_s=cut[-1], edges=cut, take=None), queries, EDGES
)


def filled(events: list[Event]) -> EventStore:
    """A store with these events."""
    store = EventStore()
    store.append(batch_of(events), Dedup.EVENT)
    return store


@pytest.mark.parametrize("kind", MeterKind)
@given(some=st.lists(events, max_size=30), asked=st.lists(queries, min_size=3, max_size=3))
def test_usage_is_what_the_rule_says(kind: MeterKind, some: list[Event], asked: list[UsageQuery]) -> None:
    """Every aggregation, interval, grouping, filter and cut gives the answer of a plain calculation, in its order."""
    store, naive = filled(some), NaiveStore(Dedup.EVENT)
    naive.append(some)
    for query in asked:
        assert store.aggregate(query, kind) == UsageResult(naive.aggregate(query, kind))


@pytest.mark.parametrize("kind", MeterKind)
@given(some=st.lists(events, max_size=30), asked=st.lists(QUERIES_OF_WINDOWS, min_size=3, max_size=3))
def test_a_window_is_a_range_of_its_own(kind: MeterKind, some: list[Event], asked: list[UsageQuery]) -> None:
    """Windows asked for at once are answered as one by one, each under its start; the total is that of the range.

    The busiest and quietest hours of distinct customers are those of the windows: an edge may cut an hour in two.
    """
    store = filled(some)
    for query in asked:
        answer = store.aggregate(query, kind)
        one_by_one: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(list)
        for start, end in pairwise(query.edges):
            alone = replace(query, start_s=start, end_s=end, edges=())
            for group in store.aggregate(alone, kind).groups:
                one_by_one[tuple(group.info.values())].append((start, group.total))
        assert {tuple(group.info.values()): group.buckets for group in answer.groups} == one_by_one
        if kind is MeterKind.UNIQUE and query.aggregation in {Aggregation.MAX, Aggregation.MIN}:
            extreme = max if query.aggregation is Aggregation.MAX else min
            totals = [extreme(value for _, value in group.buckets) for group in answer.groups]
        else:
            totals = [group.total for group in store.aggregate(replace(query, edges=()), kind).groups]
        assert [group.total for group in answer.groups] == totals


@given(some=st.lists(events, max_size=30), query=QUERIES_OF_WINDOWS)
def test_windows_may_be_cut_by_hour(some: list[Event], query: UsageQuery) -> None:
    """An hour that lies in two windows is two buckets; the pieces of a window add up to it."""
    store, naive = filled(some), NaiveStore(Dedup.EVENT)
    naive.append(some)
    for how in (Aggregation.COUNT, Aggregation.MAX):
        by_hour = replace(query, aggregation=how, by_hour=True)
        assert store.aggregate(by_hour, MeterKind.SUM) == UsageResult(naive.aggregate(by_hour, MeterKind.SUM))
    windows = store.aggregate(replace(query, aggregation=Aggregation.COUNT), MeterKind.SUM)
    pieces = store.aggregate(replace(query, aggregation=Aggregation.COUNT, by_hour=True), MeterKind.SUM)
    for whole, cut in zip(windows.groups, pieces.groups, strict=True):
        counts: dict[int, float] = defaultdict(float)
        for start, count in cut.buckets:
            counts[query.edges[bisect_right(query.edges, start) - 1]] += count
        assert dict(whole.buckets) == counts


def test_kept_answers_tell_windows_apart() -> None:
    """The same range in other windows is another question, and so are its hours."""
    store = filled([Event("calls", "acme", second * 1000, 1.0) for second in range(10)])
    asked = UsageQuery("calls", 0, 10, Aggregation.COUNT, Interval.DAY)
    told = [
        store.aggregate(replace(asked, edges=cut, by_hour=by_hour), MeterKind.SUM).groups[0].buckets
        for cut in ((), (0, 10), (0, 4, 10), (0, 5, 5, 10))
        for by_hour in (False, True)
    ]
    whole, fours, fives = [(0, 10.0)], [(0, 4.0), (4, 6.0)], [(0, 5.0), (5, 5.0)]
    assert told == [whole, whole, whole, whole, fours, fours, fives, fives]


@pytest.mark.parametrize("interval", Interval)
def test_ranges_are_half_open_second_by_second(interval: Interval) -> None:
    """An event counts from its own second on and up to it excluded, wherever the range cuts its bucket."""
    edge = 4 * DAY_S  # a Monday, and an edge of hours and days
    store = filled([Event("calls", "acme", (edge + second) * 1000 + 999, 1.0) for second in range(-5, 6)])
    for start in range(edge - 7, edge + 8):
        for end in range(start - 1, edge + 8):
            answer = store.aggregate(UsageQuery("calls", start, end, Aggregation.COUNT, interval), MeterKind.SUM)
            inside = range(max(start, edge - 5), min(end, edge + 6))
            assert sum(group.total for group in answer.groups) == len(inside)
            assert sum(value for group in answer.groups for _, value in group.buckets) == len(inside)


@given(some=st.lists(events, max_size=40), how=st.sampled_from([Aggregation.SUM, Aggregation.COUNT]))
def test_fine_buckets_add_up_to_coarse_ones(some: list[Event], how: Aggregation) -> None:
    """The hours of a day sum to the day, and days, weeks and months to the total."""
    store = filled(some)
    by_interval = {
        interval: store.aggregate(UsageQuery("calls", -(10**20), 10**20, how, interval), MeterKind.SUM).groups
        for interval in Interval
    }
    days: dict[int, float] = {}
    for group in by_interval[Interval.HOUR]:
        for start, value in group.buckets:
            days[start // DAY_S * DAY_S] = days.get(start // DAY_S * DAY_S, 0.0) + value
    assert days == dict(bucket for group in by_interval[Interval.DAY] for bucket in group.buckets)
    for groups in by_interval.values():
        assert [sum(value for _, value in group.buckets) for group in groups] == [group.total for group in groups]


def test_distinct_customers_over_a_range_are_not_the_sum_of_its_buckets() -> None:
    """A customer seen on two days is one customer of the range; hours without events have no minimum."""
    seen = [("a", 0), ("b", 0), ("a", DAY_MS), ("a", DAY_MS + HOUR_S * 1000), ("b", DAY_MS + HOUR_S * 1000)]
    store = filled([Event("calls", customer, time, 1.0) for customer, time in seen])
    expected = {
        Aggregation.COUNT: (2.0, [(0, 2.0), (DAY_S, 2.0)]),
        Aggregation.SUM: (2.0, [(0, 2.0), (DAY_S, 2.0)]),
        Aggregation.MAX: (2.0, [(0, 2.0), (DAY_S, 2.0)]),
        Aggregation.MIN: (1.0, [(0, 2.0), (DAY_S, 1.0)]),
    }
    for how, answer in expected.items():
        (group,) = store.aggregate(UsageQuery("calls", 0, 10**9, how, Interval.DAY), MeterKind.UNIQUE).groups
        assert (group.total, group.buckets) == answer


def test_absent_customers_are_nobody() -> None:
    """Events without a customer are in no group by customer and are not counted as one."""
    store = filled([Event("calls", None, 0, 1.0), Event("calls", "", 1, 2.0)])
    by_customer = UsageQuery("calls", 0, 9, Aggregation.SUM, Interval.DAY, (CUSTOMER,))
    assert [group.info for group in store.aggregate(by_customer, MeterKind.SUM).groups] == [{CUSTOMER: ""}]
    everyone = UsageQuery("calls", 0, 9, Aggregation.COUNT, Interval.DAY)
    assert store.aggregate(everyone, MeterKind.UNIQUE).groups[0].total == 1
    only_absent = filled([Event("calls", None, 0, 1.0)])
    assert only_absent.aggregate(everyone, MeterKind.UNIQUE) == UsageResult([])


def test_a_name_asked_for_twice_is_one_key() -> None:
    """Grouping by a dimension twice is grouping by it once."""
    store = filled([Event("calls", "a", 0, 1.0, {"region": "eu"})])
    query = UsageQuery("calls", 0, 9, Aggregation.SUM, Interval.DAY, ("region", "region"))
    assert [group.info for group in store.aggregate(query, MeterKind.SUM).groups] == [{"region": "eu"}]


def test_overflow_is_told() -> None:
    """A sum beyond the doubles is answered as the largest one, and the result says so."""
    store = filled([Event("calls", "a", time, 1e308) for time in (0, 1)])
    result = store.aggregate(UsageQuery("calls", 0, 9, Aggregation.SUM, Interval.DAY), MeterKind.SUM)
    assert result.overflowed
    assert result.groups[0].buckets == [(0, LARGEST)]
    assert math.isfinite(result.groups[0].total)


def test_the_ends_of_int64_have_buckets() -> None:
    """The first and the last int64 millisecond are stored, found and labelled by the start of their bucket."""
    store = filled([Event("calls", "a", time, 1.0) for time in (-(2**63), 2**63 - 1)])
    (group,) = store.aggregate(
        UsageQuery("calls", -(10**30), 10**30, Aggregation.SUM, Interval.HOUR), MeterKind.SUM
    ).groups
    assert group.buckets == [
        (-(2**63) // 1000 // HOUR_S * HOUR_S, 1.0),
        ((2**63 - 1) // 1000 // HOUR_S * HOUR_S, 1.0),
    ]
    for kind in MeterKind:
        for how in Aggregation:
            for interval in Interval:
                query = UsageQuery("calls", -(10**30), 10**30, how, interval, (CUSTOMER,))
                assert len(store.aggregate(query, kind).groups[0].buckets) == 2


def test_an_answer_belongs_to_the_caller() -> None:
    """Changing an answer, or the lists a batch was made of, changes nothing in the store."""
    dimensions, customers = {"region": "eu"}, ["a"]
    store = EventStore()
    store.append(EventBatch("calls", customers, [0], [1.0], [dimensions], [None]), Dedup.EVENT)
    dimensions["region"], customers[0] = "us", "b"
    query = UsageQuery("calls", 0, 9, Aggregation.SUM, Interval.DAY, (CUSTOMER, "region"))
    answer = store.aggregate(query, MeterKind.SUM)
    answer.groups[0].info.clear()
    answer.groups.clear()
    store.meters().clear()
    assert store.aggregate(query, MeterKind.SUM).groups[0].info == {CUSTOMER: "a", "region": "eu"}
    assert store.meters() == ["calls"]


def test_a_kept_answer_is_never_stale_and_never_shared() -> None:
    """The same question again gives the same answer, a changed answer harms nobody, and a write is seen at once."""
    store = EventStore()
    query = UsageQuery("calls", 0, 86_400, Aggregation.SUM, Interval.DAY)

    def put(unique_id: str, value: float, dedup: Dedup) -> None:
        store.append(EventBatch("calls", ["ann"], [1000], [value], [None], [unique_id]), dedup)

    def asked() -> float:
        (group,) = store.aggregate(query, MeterKind.SUM).groups
        total = group.total
        group.buckets.clear()
        group.info["spoilt"] = "yes"
        return total

    put("a", 1, Dedup.LATEST)
    assert [asked(), asked()] == [1, 1]
    put("a", 5, Dedup.LATEST)
    assert asked() == 5
    put("b", 2, Dedup.LATEST)
    assert asked() == 7
    store.append(EventBatch("calls", ["ann"] * 2, [2000] * 2, [1, 1], [None] * 2, ["c", "d"]), Dedup.LATEST)
    assert asked() == 9
    (group,) = store.aggregate(query, MeterKind.SUM).groups
    assert (group.info, group.buckets) == ({}, [(0, 9.0)])


def test_answers_are_kept_for_a_bounded_number_of_questions() -> None:
    """Old answers are forgotten, not piled up."""
    store = EventStore()
    store.append(EventBatch("calls", ["ann"], [1000], [1], [None], [None]), Dedup.EVENT)
    for start in range(300):
        query = UsageQuery("calls", -start, 86_400, Aggregation.SUM, Interval.DAY)
        assert store.aggregate(query, MeterKind.SUM).groups[0].total == 1
    assert len(store._logs["calls"].answers) == 256
