"""Buckets of time, against datetime where it reaches and by their own laws beyond."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.windows import (
    HOUR_S,
    Buckets,
    Interval,
    Windows,
    bucket_of,
    bucket_of_hours,
    bucket_of_second,
    bucket_start,
    hours_of,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_S = int((datetime(1, 1, 8, tzinfo=UTC) - EPOCH).total_seconds())
LAST_S = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - EPOCH).total_seconds())
INT64 = np.iinfo(np.int64)
seconds_of_datetime = st.integers(FIRST_S, LAST_S)
intervals = st.sampled_from(Interval)
edges_of_windows = st.lists(
    st.integers(-5 * HOUR_S, 5 * HOUR_S) | st.integers(-(10**30), 10**30), min_size=2, max_size=6
).map(lambda edges: tuple(sorted(edges)))
windows = st.builds(Windows, edges_of_windows, st.booleans())


def start_by_datetime(second: int, interval: Interval) -> int:
    """The start of the bucket that holds a second, by the calendar of the standard library."""
    instant = EPOCH + timedelta(seconds=second)
    start = instant.replace(minute=0, second=0)
    if interval is not Interval.HOUR:
        start = start.replace(hour=0)
    if interval is Interval.WEEK:
        start -= timedelta(days=start.weekday())
    if interval is Interval.MONTH:
        start = start.replace(day=1)
    return int((start - EPOCH).total_seconds())


@given(seconds_of_datetime, intervals)
def test_a_bucket_starts_where_the_calendar_says(second: int, interval: Interval) -> None:
    """For the years 1 to 9999 a bucket starts at the UTC hour, day, Monday or month that holds the instant."""
    assert bucket_start(bucket_of_second(second, interval), interval) == start_by_datetime(second, interval)


@pytest.mark.parametrize("year", [1, 4, 100, 1600, 1900, 1970, 1999, 2000, 2023, 2024, 2100, 2400, 9999])
def test_every_month_edge_of_notable_years(year: int) -> None:
    """Months begin on their first second and end on their last, in leap years and secular years too."""
    for month in range(1, 13):
        edge = int((datetime(year, month, 1, tzinfo=UTC) - EPOCH).total_seconds())
        ordinal = (year - 1970) * 12 + month - 1
        assert [bucket_of_second(edge + step, Interval.MONTH) for step in (-1, 0)] == [ordinal - 1, ordinal]
        assert bucket_start(ordinal, Interval.MONTH) == edge


@given(st.lists(st.integers(int(INT64.min), int(INT64.max)), min_size=1, max_size=30), intervals)
def test_arrays_and_single_numbers_agree(times_ms: list[int], interval: Interval) -> None:
    """The vectorised rule is the scalar one for every int64 millisecond, however far the times are apart."""
    expected = [bucket_of_second(time_ms // 1000, interval) for time_ms in times_ms]
    assert bucket_of(np.array(times_ms, np.int64), interval).tolist() == expected
    hours = np.array([time_ms // 3_600_000 for time_ms in times_ms], np.int64)
    assert bucket_of_hours(hours, interval).tolist() == expected


@given(st.integers(-(10**30), 10**30), intervals)
def test_buckets_tile_time_without_bound(second: int, interval: Interval) -> None:
    """Every second of any size lies in its bucket, and the next bucket starts where it ends."""
    ordinal = bucket_of_second(second, interval)
    start, end = bucket_start(ordinal, interval), bucket_start(ordinal + 1, interval)
    assert start <= second < end
    assert [bucket_of_second(edge, interval) for edge in (start, end - 1, end)] == [ordinal, ordinal, ordinal + 1]


@pytest.mark.parametrize("interval", Interval)
def test_no_times_have_no_buckets(interval: Interval) -> None:
    """An empty array of times gives an empty array of buckets."""
    assert bucket_of(np.empty(0, np.int64), interval).tolist() == []


@given(windows, st.integers(-6 * HOUR_S, 6 * HOUR_S) | st.integers(-(10**30), 10**30))
def test_windows_lie_between_their_edges(cut: Windows, second: int) -> None:
    """A second lies in the window that its edges enclose and, where windows are cut by hour, in the same hour."""
    if not cut.edges[0] <= second < cut.edges[-1]:
        return
    start = bucket_start(bucket_of_second(second, cut), cut)
    (own,) = [(first, end) for first, end in pairwise(cut.edges) if first <= second < end]
    assert start == (max(own[0], second // HOUR_S * HOUR_S) if cut.by_hour else own[0])


@given(windows, st.lists(st.integers(-6 * HOUR_S, 6 * HOUR_S) | st.integers(INT64.min // 1000, INT64.max // 1000)))
def test_instants_in_windows_agree_with_single_seconds(cut: Windows, seconds: list[int]) -> None:
    """The vectorised rule of windows is the scalar one, and from a piece of an hour its window is found again."""
    inside = [second for second in seconds if cut.edges[0] <= second < cut.edges[-1]]
    times_ms = np.array([second * 1000 + 999 for second in inside if second * 1000 + 999 <= INT64.max], np.int64)
    inside = inside[: len(times_ms)] if len(times_ms) == len(inside) else (times_ms // 1000).tolist()
    assert bucket_of(times_ms, cut).tolist() == [bucket_of_second(second, cut) for second in inside]
    pieces = bucket_of(times_ms, hours_of(cut))
    assert bucket_of_hours(pieces, cut).tolist() == bucket_of(times_ms, cut).tolist()


@given(windows | intervals, st.lists(st.integers(-6 * HOUR_S, 6 * HOUR_S), min_size=2))
def test_buckets_are_numbered_in_order_of_time(cut: Buckets, seconds: list[int]) -> None:
    """A later instant never lies in a bucket of a smaller number."""
    ordinals = [bucket_of_second(second, cut) for second in sorted(seconds)]
    assert ordinals == sorted(ordinals)
