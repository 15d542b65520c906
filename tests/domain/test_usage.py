"""The shapes in which usage is told."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.aggregation import Aggregation
from mockserver.domain.exact import LARGEST
from mockserver.domain.usage import (
    Take,
    UsageGroup,
    UsageQuery,
    UsageResult,
    arrange,
    bucket_count,
    bucket_starts,
    gap_filled,
    percentage_from_previous,
    percentages_from_previous,
    percentages_in_time,
    rescaled,
)
from mockserver.domain.windows import DAY_S, HOUR_S, Interval, bucket_start

A, B, C = (UsageGroup({"customer": name}, total, []) for name, total in (("a", 3.0), ("b", 5.0), ("c", 3.0)))


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        (None, [A, B, C]),
        (Take(2), [B, A]),
        (Take(2, ascending=True), [A, C]),
        (Take(9), [B, A, C]),
        (Take(0), []),
        (Take(-1), []),
    ],
)
def test_groups_are_in_a_certain_order(take: Take | None, expected: list[UsageGroup]) -> None:
    """Groups are sorted by their keys; `take` sorts them by total, equal totals by their keys, and cuts."""
    assert arrange([C, B, A], take) == expected


@pytest.mark.parametrize("edges", [(0,), (9,), (0, 8), (1, 9), (0, 5, 4, 9), (0, 10, 9), (9, 0)])
def test_edges_must_ascend_over_the_range(edges: tuple[int, ...]) -> None:
    """Windows that are out of order, or not those of the range, are refused."""
    with pytest.raises(ValueError, match="the edges of windows must ascend from start_s to end_s"):
        UsageQuery("calls", 0, 9, Aggregation.SUM, Interval.DAY, edges=edges)


def test_a_question_is_known_by_its_windows() -> None:
    """Questions that differ in their edges, or in whether these are cut by hour, have different keys."""
    plain = UsageQuery("calls", 0, 9, Aggregation.SUM, Interval.DAY)
    several = [plain, *(replace(plain, edges=cut) for cut in ((0, 9), (0, 3, 9), (0, 0, 9), (0, 3, 3, 9)))]
    keys = {query.key() for query in (*several, *(replace(query, by_hour=True) for query in several))}
    assert len(keys) == 2 * len(several)
    assert plain.key() == replace(plain).key()


@pytest.mark.parametrize(
    ("start", "end", "interval", "expected"),
    [
        (0, 0, Interval.DAY, []),
        (5, 4, Interval.MONTH, []),
        (5, 6, Interval.DAY, [0]),
        (HOUR_S - 1, 2 * HOUR_S, Interval.HOUR, [0, HOUR_S]),
        (HOUR_S - 1, 2 * HOUR_S + 1, Interval.HOUR, [0, HOUR_S, 2 * HOUR_S]),
        (0, 5 * DAY_S, Interval.WEEK, [-3 * DAY_S, 4 * DAY_S]),
        (0, 32 * DAY_S, Interval.MONTH, [0, 31 * DAY_S]),
    ],
)
def test_bucket_starts_cover_a_half_open_range(start: int, end: int, interval: Interval, expected: list[int]) -> None:
    """Every bucket that the range touches is there, its end excluded; an empty or reversed range touches none."""
    assert bucket_starts(start, end, interval) == expected
    assert bucket_count(start, end, interval) == len(expected)


def test_counting_buckets_builds_none() -> None:
    """The number of buckets of an absurd range is known at once."""
    assert bucket_count(-(10**30), 10**30, Interval.HOUR) == -(-(10**30) // HOUR_S) - (-(10**30) // HOUR_S)


def test_gaps_are_filled_with_zero() -> None:
    """A bucket without events is 0, also where the group has none at all."""
    group = UsageGroup({}, 9.0, [(HOUR_S, 9.0)])
    assert gap_filled(group, 10, 3 * HOUR_S, Interval.HOUR) == [(0, 0.0), (HOUR_S, 9.0), (2 * HOUR_S, 0.0)]
    assert gap_filled(UsageGroup({}, 0.0, []), 0, 1, Interval.DAY) == [(0, 0.0)]


def test_percentages_tell_the_change_from_the_value_before() -> None:
    """The first value and one after 0 change by 0 percent."""
    assert percentages_from_previous([100.0, 110.0, 0.0, 5.0, 2.5]) == [0.0, 10.0, -100.0, 0.0, -50.0]
    assert percentages_from_previous([]) == []


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_percentages_are_always_numbers(previous: float, value: float) -> None:
    """No two doubles give a percentage that JSON could not carry."""
    assert math.isfinite(percentage_from_previous(previous, value))


def test_percentages_beyond_the_doubles_are_cut() -> None:
    """A change too large for a double is the largest one; a difference too large for one is no obstacle."""
    assert percentage_from_previous(1e-300, 1e300) == LARGEST
    assert percentage_from_previous(1e308, -1e308) == -200.0


@given(
    st.dictionaries(st.integers(-40, 40), st.integers(-3, 9).map(float), max_size=20),
    st.sampled_from([Interval.HOUR, Interval.DAY, Interval.WEEK, Interval.MONTH]),
)
def test_a_list_without_gaps_tells_the_same_changes(used: dict[int, float], interval: Interval) -> None:
    """What is said of a bucket does not depend on whether its empty neighbours are listed."""
    buckets = [(bucket_start(ordinal, interval), used[ordinal]) for ordinal in sorted(used)]
    filled = gap_filled(UsageGroup({}, 0.0, buckets), bucket_start(-41, interval), bucket_start(41, interval), interval)
    changes = percentages_from_previous([value for _, value in filled])
    of_used = {start: change for (start, _), change in zip(filled, changes, strict=True)}
    assert percentages_in_time(buckets, interval) == [of_used[start] for start, _ in buckets]


@pytest.mark.parametrize(
    ("value", "coefficient", "expected", "overflowed"),
    [(2.0, 1.5, 3.0, False), (2.0, -1, -2.0, False), (LARGEST, 2, LARGEST, True), (LARGEST, -2, -LARGEST, True)],
)
def test_rescaling_reaches_every_value(value: float, coefficient: float, expected: float, *, overflowed: bool) -> None:
    """Total and buckets are multiplied alike, and cut to the range of the doubles."""
    result = rescaled(UsageResult([UsageGroup({"a": "b"}, value, [(0, value)])]), coefficient)
    assert result == UsageResult([UsageGroup({"a": "b"}, expected, [(0, expected)])], overflowed)
