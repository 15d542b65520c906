"""How long an agreement lasts: steps of days, months and years on whole seconds, for any size of number."""

from bisect import bisect_right
from enum import StrEnum
from typing import Final

from mockserver.domain.windows import DAY_S, Interval, bucket_of_second, bucket_start

_YEAR_MONTHS: Final = 12


class CycleInterval(StrEnum):
    """The unit of a billing period. Months count from the start, calendar months from the first day (our reading)."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    CALENDAR_MONTH = "calendar_month"


def months_later(start_s: int, months: int) -> int:
    """The same day and time `months` later; the month's last day where it has no such day.

    Args:
        start_s: Unix seconds.
        months: how many, which may be none or less.
    """
    month = bucket_of_second(start_s, Interval.MONTH)
    days, time_of_day = divmod(start_s - bucket_start(month, Interval.MONTH), DAY_S)
    first = bucket_start(month + months, Interval.MONTH)
    last_day = (bucket_start(month + months + 1, Interval.MONTH) - first) // DAY_S - 1
    return first + min(days, last_day) * DAY_S + time_of_day


def term_end(start_s: int, cycles: int, interval: CycleInterval, length: int = 1) -> int:
    """When the last of `cycles` billing periods ends, that moment excluded (Unix seconds).

    Args:
        start_s: when the first one starts (Unix seconds). A calendar month that has begun counts as the first one.
        cycles: how many.
        interval: their unit.
        length: how many units a billing period has.
    """
    units = cycles * length
    if interval is CycleInterval.DAY:
        return start_s + units * DAY_S
    if interval is CycleInterval.CALENDAR_MONTH:
        return bucket_start(bucket_of_second(start_s, Interval.MONTH) + units, Interval.MONTH)
    return months_later(start_s, units * _YEAR_MONTHS if interval is CycleInterval.YEAR else units)


def cycle_at(moment_s: int, start_s: int, cycles: int, interval: CycleInterval, length: int = 1) -> int:
    """Which billing period, counted from 1, holds a moment: 0 before the first, `cycles` + 1 after the last.

    Args:
        moment_s: Unix seconds.
        start_s: when the first period starts (Unix seconds).
        cycles: how many there are, from 0 on.
        interval: their unit.
        length: how many units a period has, from 1 on.
    """
    if moment_s < start_s or cycles < 1:
        return 0
    ends = range(1, cycles + 1)
    return bisect_right(ends, moment_s, key=lambda cycle: term_end(start_s, cycle, interval, length)) + 1
