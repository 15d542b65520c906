"""UTC buckets of time as whole numbers: which bucket holds an instant, and when a bucket starts.

A bucket is named by its ordinal, counted from the one that holds 1970-01-01T00:00Z. All arithmetic is on integers, in
the proleptic Gregorian calendar, so that every int64 millisecond has its bucket: `datetime` ends at the years 1 and
9999. Arrays are int64, single numbers are Python's own and know no bounds.

Buckets are those of the calendar (`Interval`), or lie between given edges (`Windows`): then they are counted from the
first edge.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Days = TypeVar("Days", int, NDArray[np.int64])

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
MONDAY_OFFSET_DAYS: Final = 3
"""1970-01-01 was a Thursday: its ISO week began three days before."""

_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1

_MONTH_TABLE_DAYS: Final = 65_536
"""Up to this span of days (180 years) months are looked up in a table; beyond it each distinct day is computed."""


class Interval(StrEnum):
    """The length of a usage bucket. Weeks are ISO weeks, from Monday (our reading)."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Windows:
    """Buckets between ascending edges (Unix seconds, any size): the one with ordinal i is `[edges[i], edges[i + 1])`.

    With `by_hour` every window is cut at the full hours too. Its pieces are numbered by hour plus window: both only
    grow with time, so two pieces never share a number. Instants outside the edges have no bucket.
    """

    edges: tuple[int, ...]
    by_hour: bool = False

    def of(self, times_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ordinals of the buckets that hold some instants (Unix milliseconds)."""
        if len(self.edges) > 2:  # noqa: PLR2004  # more than one window
            windows = _last_at_or_before((edge * 1000 for edge in self.edges), times_ms)
        else:
            windows = np.zeros(len(times_ms), np.int64)
        return windows + times_ms // (HOUR_S * 1000) if self.by_hour else windows

    def of_pieces(self, pieces: NDArray[np.int64]) -> NDArray[np.int64]:
        """The ordinals of the windows that hold some pieces of theirs."""
        return _last_at_or_before(self._first_pieces(), pieces)

    def of_second(self, second: int) -> int:
        """The ordinal of the bucket that holds a second."""
        window = bisect_right(self.edges, second) - 1
        return window + second // HOUR_S if self.by_hour else window

    def start(self, ordinal: int) -> int:
        """The first second of a bucket."""
        if not self.by_hour:
            return self.edges[ordinal]
        window = bisect_right(self._first_pieces(), ordinal) - 1
        return max((ordinal - window) * HOUR_S, self.edges[window])

    def _first_pieces(self) -> list[int]:
        return [edge // HOUR_S + window for window, edge in enumerate(self.edges)]


Buckets = Interval | Windows
"""How time is cut."""


def hours_of(buckets: Buckets) -> Buckets:
    """The hours of some buckets; one that lies in two windows is cut in two."""
    return Windows(buckets.edges, by_hour=True) if isinstance(buckets, Windows) else Interval.HOUR


def bucket_of(times_ms: NDArray[np.int64], buckets: Buckets) -> NDArray[np.int64]:
    """Return the ordinals of the buckets that hold `times_ms` (Unix milliseconds, any int64)."""
    if isinstance(buckets, Windows):
        return buckets.of(times_ms)
    if buckets is Interval.HOUR:
        return times_ms // (HOUR_S * 1000)
    return _bucket_of_days(times_ms // (DAY_S * 1000), buckets)


def bucket_of_hours(hours: NDArray[np.int64], buckets: Buckets) -> NDArray[np.int64]:
    """Return the ordinals of the buckets that hold those with the ordinals `hours` among `hours_of(buckets)`."""
    if isinstance(buckets, Windows):
        return hours if buckets.by_hour else buckets.of_pieces(hours)
    return hours if buckets is Interval.HOUR else _bucket_of_days(hours // 24, buckets)


def bucket_of_second(second: int, buckets: Buckets) -> int:
    """Return the ordinal of the bucket that holds `second` (Unix seconds, any size)."""
    if isinstance(buckets, Windows):
        return buckets.of_second(second)
    if buckets is Interval.HOUR:
        return second // HOUR_S
    day = second // DAY_S
    if buckets is Interval.DAY:
        return day
    return (day + MONDAY_OFFSET_DAYS) // 7 if buckets is Interval.WEEK else _month_of_day(day)


def bucket_start(ordinal: int, buckets: Buckets) -> int:
    """Return the first second (Unix seconds) of the bucket with this ordinal."""
    if isinstance(buckets, Windows):
        return buckets.start(ordinal)
    if buckets is Interval.HOUR:
        return ordinal * HOUR_S
    if buckets is Interval.DAY:
        return ordinal * DAY_S
    if buckets is Interval.WEEK:
        return ordinal * WEEK_S - MONDAY_OFFSET_DAYS * DAY_S
    return _first_day_of_month(ordinal) * DAY_S


def _last_at_or_before(ascending: Iterable[int], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each number, which of some ascending numbers of any size is the last that does not exceed it."""
    known = list(ascending)
    below, beyond = bisect_right(known, _INT64_MIN), bisect_right(known, _INT64_MAX)
    found = np.searchsorted(np.array(known[below:beyond], np.int64), numbers, side="right")
    return found + (below - 1)


def _bucket_of_days(days: NDArray[np.int64], interval: Interval) -> NDArray[np.int64]:
    if interval is Interval.DAY:
        return days
    if interval is Interval.WEEK:
        return (days + MONDAY_OFFSET_DAYS) // 7
    return _months_of_days(days)


def _months_of_days(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Months by table: the calendar arithmetic is twenty operations, a look-up is one."""
    if not days.size:
        return days
    first, last = int(days.min()), int(days.max())
    if last - first < _MONTH_TABLE_DAYS:
        table: NDArray[np.int64] = _month_of_day(np.arange(first, last + 1, dtype=np.int64))
        return table[days - first]
    distinct, positions = np.unique(days, return_inverse=True)
    months: NDArray[np.int64] = _month_of_day(distinct)[positions]
    return months


# The civil calendar, counted in years that begin in March (so that the leap day is the last of its year) and in
# eras of 400 years, which all have 146,097 days. 719,468 days lie between 0000-03-01 and 1970-01-01.
_ERA_DAYS: Final = 146_097
_EPOCH_DAYS: Final = 719_468
_EPOCH_MONTHS: Final = 1970 * 12 - 2


def _month_of_day(day: Days) -> Days:
    """Months since January 1970 of a day (days since 1970-01-01)."""
    shifted = day + _EPOCH_DAYS
    era = shifted // _ERA_DAYS
    day_of_era = shifted - era * _ERA_DAYS
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month: Days = (era * 400 + year_of_era) * 12 + (5 * day_of_year + 2) // 153 - _EPOCH_MONTHS
    return month


def _first_day_of_month(month: int) -> int:
    """Days since 1970-01-01 of the first day of a month (months since January 1970)."""
    year, month_of_year = divmod(month + _EPOCH_MONTHS, 12)
    era, year_of_era = divmod(year, 400)
    days = 365 * year_of_era + year_of_era // 4 - year_of_era // 100 + (153 * month_of_year + 2) // 5
    return era * _ERA_DAYS + days - _EPOCH_DAYS
