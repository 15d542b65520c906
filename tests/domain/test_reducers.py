"""Reducers: usage of stretches of time boiled down to one number each, kind by kind."""

from collections.abc import Callable, Iterable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import added, exact_arithmetic
from mockserver.domain.reducers import QUOTIENT, REDUCERS, Granularity, Reading, Reducer, reduced
from mockserver.domain.windows import DAY_S, HOUR_S

START = 1_717_200_000
"""2024-06-01T00:00Z, a Saturday: the first ISO week of June begins on the third day."""
JUNE_H = 30 * 24
END = START + JUNE_H * HOUR_S
PERIOD, HOUR, DAY, WEEK, MONTH = Granularity

Usage = dict[tuple[int, str], str]
"""(hour from the start, resource) -> units"""


def written(usage: str) -> Usage:
    """Usage from `hour=units` or `hour/resource=units`, hours from the start of June."""
    pairs = (text.split("=") for text in usage.split())
    return {(int(at.partition("/")[0]), at.partition("/")[2]): units for at, units in pairs}


def readings(usage: Usage, start_s: int = START) -> list[Reading]:
    """The readings of some usage, in order of time."""
    return [
        Reading(start_s + hour * HOUR_S, (resource,), Decimal(units))
        for (hour, resource), units in sorted(usage.items())
    ]


def number(kind: str, granularity: Granularity, usage: str) -> Decimal:
    """What the usage of June comes to."""
    return total([Reducer(kind, granularity)], readings(written(usage)))


def total(reducers: list[Reducer], usage: Iterable[Reading], start_s: int = START, end_s: int = END) -> Decimal:
    """What usage comes to, in arithmetic wide enough for exact sums."""
    with exact_arithmetic():
        return added(units for _, units in reduced(reducers, usage, start_s, end_s))


CASES = [
    # The largest hour of each stretch, added up.
    ("max_reducer", PERIOD, "", "0"),
    ("max_reducer", PERIOD, "0=0", "0"),
    ("max_reducer", PERIOD, "0=7", "7"),
    ("max_reducer", PERIOD, "0=3 1=5 2=4 30=7 31=6", "7"),
    ("max_reducer", PERIOD, "0=0.5 719=0.25", "0.5"),
    ("max_reducer", PERIOD, "5=-3", "0"),
    ("max_reducer", PERIOD, "5=-3 6=2 7=-9", "2"),
    ("max_reducer", HOUR, "0=3 1=5 30=7", "15"),
    ("max_reducer", DAY, "0=3 23=5 24=4 47=2", "9"),
    ("max_reducer", WEEK, "0=3 47=5 48=4 215=8 216=1", "14"),
    ("max_reducer", MONTH, "0=3 719=5", "5"),
    # The sum of each stretch over its hours, also those without usage.
    ("average_reducer", PERIOD, "", "0"),
    ("average_reducer", PERIOD, "0=720", "1"),
    ("average_reducer", PERIOD, "0=360 100=360", "1"),
    ("average_reducer", PERIOD, "0=1", "0.001388888888888888888888888889"),
    ("average_reducer", PERIOD, "0=1 1=-1", "0"),
    ("average_reducer", HOUR, "0=3 1=5 30=7", "15"),
    ("average_reducer", DAY, "0=24", "1"),
    ("average_reducer", DAY, "0=12 23=12 24=6", "1.25"),
    ("average_reducer", DAY, "0=1", "0.04166666666666666666666666667"),
    ("average_reducer", WEEK, "0=48 48=168", "2"),
    ("average_reducer", MONTH, "3=7.2", "0.01"),
    # Resources, each once a stretch, whatever their usage.
    ("distinct_resource_reducer", PERIOD, "", "0"),
    ("distinct_resource_reducer", PERIOD, "0/ann=1", "1"),
    ("distinct_resource_reducer", PERIOD, "0/ann=1 5/ann=9", "1"),
    ("distinct_resource_reducer", PERIOD, "0/ann=1 0/bob=1", "2"),
    ("distinct_resource_reducer", PERIOD, "0/ann=0 700/bob=-1", "2"),
    ("distinct_resource_reducer", HOUR, "0/ann=1 1/ann=1", "2"),
    ("distinct_resource_reducer", DAY, "0/ann=1 23/ann=1 24/ann=1", "2"),
    ("distinct_resource_reducer", DAY, "0/ann=1 23/bob=1 24/ann=1 24/bob=1", "4"),
    ("distinct_resource_reducer", WEEK, "0/ann=1 47/ann=1 48/ann=1", "2"),
    ("distinct_resource_reducer", MONTH, "0/ann=1 719/bob=1", "2"),
    # Only resources with usage above 0.
    ("volume_distinct_resource_reducer", PERIOD, "", "0"),
    ("volume_distinct_resource_reducer", PERIOD, "0/ann=1", "1"),
    ("volume_distinct_resource_reducer", PERIOD, "0/ann=0", "0"),
    ("volume_distinct_resource_reducer", PERIOD, "0/ann=-1", "0"),
    ("volume_distinct_resource_reducer", PERIOD, "0/ann=1 9/ann=-1", "0"),
    ("volume_distinct_resource_reducer", PERIOD, "0/ann=2 9/ann=-1", "1"),
    ("volume_distinct_resource_reducer", PERIOD, "0/ann=-1 9/ann=2", "1"),
    ("volume_distinct_resource_reducer", PERIOD, "0/ann=0.001 0/bob=0 9/cid=5", "2"),
    ("volume_distinct_resource_reducer", DAY, "0/ann=1 23/ann=1 24/ann=0 25/bob=1", "2"),
    ("volume_distinct_resource_reducer", HOUR, "0/ann=1 1/ann=1 2/ann=-1", "2"),
    # The largest hour of each resource, added up.
    ("resource_groups_reducer", PERIOD, "", "0"),
    ("resource_groups_reducer", PERIOD, "0/ann=3", "3"),
    ("resource_groups_reducer", PERIOD, "0/ann=3 1/ann=5 2/ann=4", "5"),
    ("resource_groups_reducer", PERIOD, "0/ann=3 1/bob=5", "8"),
    ("resource_groups_reducer", PERIOD, "0/ann=3 0/bob=5 9/ann=4 9/bob=1", "9"),
    ("resource_groups_reducer", PERIOD, "0/ann=-3 0/bob=5", "5"),
    ("resource_groups_reducer", PERIOD, "0/ann=0.5 1/ann=0.25 0/bob=0.125", "0.625"),
    ("resource_groups_reducer", DAY, "0/ann=3 23/ann=4 24/ann=1", "5"),
    ("resource_groups_reducer", HOUR, "0/ann=3 0/bob=1 1/ann=2", "6"),
    ("resource_groups_reducer", WEEK, "47/ann=3 48/ann=3 48/bob=1", "7"),
    # As distinct resources.
    ("DimensionCounterWindowFunctionNode", PERIOD, "", "0"),
    ("DimensionCounterWindowFunctionNode", PERIOD, "0/a=1", "1"),
    ("DimensionCounterWindowFunctionNode", PERIOD, "0/a=1 5/a=9", "1"),
    ("DimensionCounterWindowFunctionNode", PERIOD, "0/a=1 0/b=1 0/c=1", "3"),
    ("DimensionCounterWindowFunctionNode", PERIOD, "0/a=0 700/b=-1", "2"),
    ("DimensionCounterWindowFunctionNode", HOUR, "0/a=1 1/a=1", "2"),
    ("DimensionCounterWindowFunctionNode", DAY, "0/a=1 23/a=1 24/a=1", "2"),
    ("DimensionCounterWindowFunctionNode", DAY, "0/a=1 23/b=1 24/a=1", "3"),
    ("DimensionCounterWindowFunctionNode", WEEK, "0/a=1 47/a=1 48/a=1", "2"),
    ("DimensionCounterWindowFunctionNode", MONTH, "0/a=1 719/b=1", "2"),
]


@pytest.mark.parametrize(("kind", "granularity", "usage", "expected"), CASES)
def test_what_usage_comes_to(kind: str, granularity: Granularity, usage: str, expected: str) -> None:
    """Every row of the table holds: each stretch has its number, and those of a window are added up."""
    assert number(kind, granularity, usage) == Decimal(expected)


def test_every_kind_has_ten_rows() -> None:
    """No kind of reducer is without a table, and no table is short."""
    counts = {kind: sum(case[0] == kind for case in CASES) for kind in REDUCERS}
    assert min(counts.values()) >= 10


@pytest.mark.parametrize(
    ("kind", "granularity", "usage", "expected"),
    [
        ("max_reducer", PERIOD, "0=3 1=5 2=4 3=7", "0=3 1=2 2=0 3=2"),
        ("max_reducer", DAY, "0=3 1=5 24=4 25=7", "0=3 1=2 24=4 25=3"),
        ("average_reducer", DAY, "0=24 1=12 24=6", "0=1 1=0.5 24=0.25"),
        ("distinct_resource_reducer", DAY, "0/a=1 1/a=1 1/b=1 24/a=1", "0=1 1=1 24=1"),
        ("volume_distinct_resource_reducer", PERIOD, "0/a=1 1/a=-1 2/b=1", "0=1 1=-1 2=1"),
        ("resource_groups_reducer", PERIOD, "0/a=3 0/b=1 1/a=4 2/b=1", "0=4 1=1 2=0"),
    ],
)
def test_each_hour_has_what_it_added(kind: str, granularity: Granularity, usage: str, expected: str) -> None:
    """The series tells how much the number grew by each hour's usage, resources of one hour together."""
    series = reduced([Reducer(kind, granularity)], readings(written(usage)), START, END)
    assert series == [(start, units) for start, _, units in readings(written(expected))]


@pytest.mark.parametrize(
    ("kinds", "usage", "expected"),
    [
        ([("max_reducer", DAY), ("average_reducer", PERIOD)], "0=3 1=30 24=60", "3"),
        ([("max_reducer", DAY), ("max_reducer", PERIOD)], "0=3 1=30 24=60", "60"),
        ([("max_reducer", HOUR), ("average_reducer", PERIOD)], "0=720", "1"),
        ([("distinct_resource_reducer", DAY), ("max_reducer", PERIOD)], "0/a=1 1/b=1 24/a=1", "2"),
        ([("distinct_resource_reducer", DAY), ("average_reducer", MONTH)], "0/a=1 1/b=1 24/a=1", "0.1"),
        ([("average_reducer", DAY), ("max_reducer", WEEK)], "0=24 24=48 48=24", "3"),
        ([("max_reducer", PERIOD), ("average_reducer", DAY)], "0=3 40=7", "7"),
        ([("max_reducer", WEEK), ("average_reducer", PERIOD)], "0=10 48=10", "4"),
    ],
)
def test_reducers_follow_one_another(kinds: list[tuple[str, Granularity]], usage: str, expected: str) -> None:
    """A second reducer takes the number of each stretch of the first; an average counts the stretches that begin."""
    reducers = [Reducer(kind, granularity) for kind, granularity in kinds]
    assert total(reducers, readings(written(usage))) == Decimal(expected)


def test_stretches_are_cut_at_the_window() -> None:
    """A billing window that begins or ends inside a day has the rest of the day, and hours are counted in parts."""
    half_past = START + HOUR_S // 2
    usage = [Reading(START, (), Decimal(9)), Reading(START + 23 * HOUR_S, (), Decimal("2.75"))]
    assert total([Reducer("max_reducer", DAY)], usage, half_past, END) == 9
    # 23.5 hours of the first day are in the window, and 1.5 of the second.
    end = START + DAY_S + 3 * HOUR_S // 2
    last = Reading(START + DAY_S, (), Decimal(3))
    assert total([Reducer("average_reducer", DAY)], [*usage, last], half_past, end) == Decimal("2.5")
    weekly = [Reducer("max_reducer", WEEK), Reducer("average_reducer", PERIOD)]
    assert total(weekly, usage, half_past, half_past + DAY_S) == 9


HOURS = st.dictionaries(
    st.tuples(st.integers(0, JUNE_H - 1), st.sampled_from(["a", "b", "c"])),
    st.decimals(-5, 100, places=2).map(str),
    max_size=12,
)


@given(HOURS, st.sampled_from(sorted(Granularity)))
def test_the_numbers_by_their_definitions(usage: Usage, granularity: Granularity) -> None:
    """Each reducer agrees with a plain reckoning over the stretches of the window."""
    stretches: dict[int, list[Reading]] = {}
    for reading in readings(usage):
        stretches.setdefault(naive_stretch((reading.start_s - START) // HOUR_S, granularity), []).append(reading)
    parts = list(stretches.values())
    for kind, of in NAIVE.items():
        told = total([Reducer(kind, granularity)], readings(usage))
        assert told == sum(map(of, parts), Decimal(0)), kind


def naive_stretch(hour: int, granularity: Granularity) -> int:
    """Which stretch of June holds an hour: its first two days end a week, and the whole is one month."""
    return {PERIOD: 0, HOUR: hour, DAY: hour // 24, WEEK: (hour // 24 + 5) // 7, MONTH: 0}[granularity]


def by_resource(part: list[Reading]) -> dict[tuple[str, ...], list[Decimal]]:
    """The units of each resource in a stretch."""
    return {resource: [each.units for each in part if each.resource == resource] for _, resource, _ in part}


def used(units: list[Decimal]) -> bool:
    """Whether units come to more than nothing."""
    return sum(units, Decimal(0)) > 0


NAIVE: dict[str, Callable[[list[Reading]], Decimal]] = {
    "distinct_resource_reducer": lambda part: Decimal(len(by_resource(part))),
    "volume_distinct_resource_reducer": lambda part: Decimal(sum(used(each) for each in by_resource(part).values())),
    "resource_groups_reducer": lambda part: added(max(Decimal(0), *each) for each in by_resource(part).values()),
    "max_reducer": lambda part: max(Decimal(0), *(each.units for each in part)),
}


@given(HOURS)
def test_the_average_of_a_period_is_its_sum_over_its_hours(usage: Usage) -> None:
    """An average is rounded once, to 28 digits, however many hours it is made of."""
    told = total([Reducer("average_reducer")], readings(usage))
    exact = sum(map(Decimal, usage.values()), Decimal(0))
    assert told == QUOTIENT.divide(exact, Decimal(JUNE_H))
