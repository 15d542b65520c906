"""Statistics that are joined from smaller aggregates, held against a plain count of the same events."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.counting import Counting, Statistic, averaged, coarsened, count_usage, distinct
from mockserver.domain.usage import Take, UsageGroup, UsageQuery, UsageResult, arrange
from mockserver.domain.windows import DAY_S, HOUR_S, Buckets, Interval, bucket_of_second, bucket_start


class Fact(NamedTuple):
    """An event as these tests need it: when, how much, and its dimensions."""

    second: int
    value: float
    dimensions: dict[str, str]


WORDS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(["a", "b", "c"]) for name in ("user", "device", "region")}
)
FACTS = st.lists(st.builds(Fact, st.integers(0, 3 * DAY_S), st.integers(-4, 9).map(float), WORDS), max_size=25)
QUERIES = st.builds(
    UsageQuery,
    meter=st.just("m"),
    start_s=st.integers(-HOUR_S, DAY_S),
    end_s=st.integers(DAY_S, 4 * DAY_S),
    aggregation=st.sampled_from(Aggregation),
    interval=st.sampled_from([Interval.HOUR, Interval.DAY, Interval.WEEK]),
    group_by=st.sampled_from([(), ("region",), ("user",), ("region", "user")]),
    take=st.none() | st.builds(Take, st.integers(0, 3), st.booleans()),
)
REDUCTIONS: dict[Aggregation, Callable[[Sequence[float]], float]] = {
    Aggregation.SUM: sum,
    Aggregation.COUNT: len,
    Aggregation.MAX: max,
    Aggregation.MIN: min,
}
WINDOWS = st.builds(
    lambda query, edges: replace(query, start_s=edges[0], end_s=edges[-1], edges=edges, take=None),
    QUERIES,
    st.lists(st.integers(-HOUR_S, 4 * DAY_S), min_size=2, max_size=6).map(lambda edges: tuple(sorted(edges))),
)
Cells = dict[tuple[str, ...], list[Fact]]


def grouped(facts: Sequence[Fact], query: UsageQuery, needed: Sequence[str] = ()) -> Cells:
    """The events of the range by group; those without a grouped or a needed dimension are left out."""
    cells: Cells = defaultdict(list)
    for fact in facts:
        if query.start_s <= fact.second < query.end_s and fact.dimensions.keys() >= {*query.group_by, *needed}:
            cells[tuple(fact.dimensions[name] for name in query.group_by)].append(fact)
    return cells


def by_bucket(facts: Sequence[Fact], cut: Buckets) -> dict[int, list[Fact]]:
    """Events by the start of their bucket, in order of time."""
    cells: dict[int, list[Fact]] = defaultdict(list)
    for fact in sorted(facts, key=lambda each: each.second):
        cells[bucket_start(bucket_of_second(fact.second, cut), cut)].append(fact)
    return cells


def answer(cells: Cells, query: UsageQuery, value: Callable[[Sequence[Fact]], float]) -> UsageResult:
    """What a plain computation answers, given the value of some events."""
    groups = [
        UsageGroup(
            dict(zip(query.group_by, key, strict=True)),
            value(facts),
            [(start, value(held)) for start, held in by_bucket(facts, query.buckets).items()],
        )
        for key, facts in cells.items()
    ]
    return UsageResult(arrange(groups, query.take))


def store_of(facts: Sequence[Fact]) -> Callable[[UsageQuery, MeterKind], UsageResult]:
    """A store of these events that can sum, count and find extremes."""

    def ask(query: UsageQuery, kind: MeterKind) -> UsageResult:
        assert kind is not MeterKind.UNIQUE, "dimensions are counted here"
        reduce = REDUCTIONS[query.aggregation]
        return answer(grouped(facts, query), query, lambda held: float(reduce([fact.value for fact in held])))

    return ask


def hourly(facts: Sequence[Fact], value: Callable[[Sequence[Fact]], float]) -> list[float]:
    """A value of each hour that has events."""
    return [value(held) for held in by_bucket(facts, Interval.HOUR).values()]


def users(facts: Sequence[Fact]) -> float:
    """How many pairs of user and device there are."""
    return float(len({(fact.dimensions["user"], fact.dimensions["device"]) for fact in facts}))


DISTINCT = Counting(MeterKind.UNIQUE, ("user", "device"))


@given(FACTS, QUERIES, st.sampled_from(Statistic))
def test_distinct_values_are_counted(facts: list[Fact], query: UsageQuery, statistic: Statistic) -> None:
    """A meter of dimensions answers distinct combinations of them, its extremes those of the hours."""
    values: dict[Statistic, Callable[[Sequence[Fact]], float]] = {
        Statistic.MAX: lambda held: max(hourly(held, users)),
        Statistic.MAX_COUNT: lambda held: max(hourly(held, users)),
        Statistic.MIN: lambda held: min(hourly(held, users)),
    }
    expected = answer(grouped(facts, query, ("user", "device")), query, values.get(statistic, users))
    assert count_usage(store_of(facts), query, DISTINCT, statistic) == expected


@given(FACTS, QUERIES, st.sampled_from(Statistic), st.sampled_from([MeterKind.SUM, MeterKind.MAX]))
def test_values_are_joined(facts: list[Fact], query: UsageQuery, statistic: Statistic, kind: MeterKind) -> None:
    """Averages are of the events, the largest count is that of an hour, seats are a sum; the rest is the store's."""
    numbers: dict[Statistic, Callable[[Sequence[float]], float]] = {
        Statistic.SUM: sum,
        Statistic.SEATS: sum,
        Statistic.COUNT: len,
        Statistic.MAX: max,
        Statistic.MIN: min,
        Statistic.AVG: lambda held: sum(held) / len(held),
    }

    def value(held: Sequence[Fact]) -> float:
        if statistic is Statistic.MAX_COUNT:
            return max(hourly(held, lambda each: float(len(each))))
        return float(numbers[statistic]([fact.value for fact in held]))

    expected = answer(grouped(facts, query), query, value)
    assert count_usage(store_of(facts), query, Counting(kind), statistic) == expected


@given(FACTS, WINDOWS, st.sampled_from(Statistic), st.sampled_from([Counting(MeterKind.SUM), DISTINCT]))
def test_a_window_counts_as_a_range_of_its_own(
    facts: list[Fact], query: UsageQuery, statistic: Statistic, counting: Counting
) -> None:
    """Every statistic of a window is that of a question about the window alone, also where an edge cuts an hour."""
    asked = count_usage(store_of(facts), query, counting, statistic)
    told = {(*group.info.values(), start): value for group in asked.groups for start, value in group.buckets}
    alone = {
        (*group.info.values(), start): group.total
        for start, end in pairwise(query.edges)
        for group in count_usage(
            store_of(facts), replace(query, start_s=start, end_s=end, edges=()), counting, statistic
        ).groups
    }
    assert told == alone


@pytest.mark.parametrize(
    ("statistic", "asked"),
    [
        (Statistic.SUM, Aggregation.COUNT),
        (Statistic.COUNT, Aggregation.COUNT),
        (Statistic.AVG, Aggregation.COUNT),
        (Statistic.SEATS, Aggregation.COUNT),
        (Statistic.MAX, Aggregation.MAX),
        (Statistic.MAX_COUNT, Aggregation.MAX),
        (Statistic.MIN, Aggregation.MIN),
    ],
)
def test_customers_are_counted_by_the_store(statistic: Statistic, asked: Aggregation) -> None:
    """A meter of customers is one question to the store, which knows them."""
    questions = []

    def ask(query: UsageQuery, kind: MeterKind) -> UsageResult:
        questions.append((query, kind))
        return UsageResult([])

    query = UsageQuery("m", 0, DAY_S, Aggregation.SUM, Interval.DAY, take=Take(1))
    count_usage(ask, query, Counting(MeterKind.UNIQUE), statistic)
    assert questions == [(replace(query, aggregation=asked), MeterKind.UNIQUE)]


def test_what_was_cut_stays_marked() -> None:
    """A sum that left the doubles is told of, whatever it was joined to."""
    cut = UsageResult([UsageGroup({"a": "x"}, 1.0, [(0, 1.0)])], overflowed=True)
    joined = (distinct(cut, ()), coarsened(cut, Interval.DAY, max), averaged(cut, cut))
    assert [result.overflowed for result in joined] == [True, True, True]
