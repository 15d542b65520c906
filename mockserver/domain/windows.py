"""UTC buckets of time as whole numbers: which bucket holds an instant, and when a bucket starts.

A bucket is named by its ordinal, counted from the one that holds 1970-01-01T00:00Z. All arithmetic is on integers, in
the proleptic Gregorian calendar, so that every int64 millisecond has its bucket: `datetime` ends at the years 1 and
9999. Arrays are int64, single numbers are Python's own and know no bounds.
"""

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

_MONTH_TABLE_DAYS: Final = 65_536
"""Up to this span of days (180 years) months are looked up in a table; beyond it each distinct day is computed."""


class Interval(StrEnum):
    """The length of a usage bucket. Weeks are ISO weeks, from Monday (our reading)."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def bucket_of(times_ms: NDArray[np.int64], interval: Interval) -> NDArray[np.int64]:
    """Return the ordinals of the buckets that hold `times_ms` (Unix milliseconds, any int64)."""
    if interval is Interval.HOUR:
        return times_ms // (HOUR_S * 1000)
    return _bucket_of_days(times_ms // (DAY_S * 1000), interval)


def bucket_of_hours(hours: NDArray[np.int64], interval: Interval) -> NDArray[np.int64]:
    """Return the ordinals of the buckets that hold the hours with the ordinals `hours`."""
    return hours if interval is Interval.HOUR else _bucket_of_days(hours // 24, interval)


def bucket_of_second(second: int, interval: Interval) -> int:
    """Return the ordinal of the bucket that holds `second` (Unix seconds, any size)."""
    if interval is Interval.HOUR:
        return second // HOUR_S
    day = second // DAY_S
    if interval is Interval.DAY:
        return day
    return (day + MONDAY_OFFSET_DAYS) // 7 if interval is Interval.WEEK else _month_of_day(day)


def bucket_start(ordinal: int, interval: Interval) -> int:
    """Return the first second (Unix seconds) of the bucket with this ordinal."""
    if interval is Interval.HOUR:
        return ordinal * HOUR_S
    if interval is Interval.DAY:
        return ordinal * DAY_S
    if interval is Interval.WEEK:
        return ordinal * WEEK_S - MONDAY_OFFSET_DAYS * DAY_S
    return _first_day_of_month(ordinal) * DAY_S


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
