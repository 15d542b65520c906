"""Cron schedules: at which minutes something is due, in UTC.

Five fields: minute, hour, day of the month, month, day of the week. Each is a list of numbers, names, ranges and steps,
as in the standard cron of Unix; where both days are restricted, either one suffices. Days are counted by `date`, so a
schedule runs from the year 1 to the year 9999.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

DAY_S: Final = 86_400
EPOCH: Final = date(1970, 1, 1).toordinal()
FIRST_DAY, LAST_DAY = date.min.toordinal() - EPOCH, date.max.toordinal() - EPOCH
"""The first and the last day of the calendar, counted from 1970-01-01."""

LONGEST_GAP_DAYS: Final = 9 * 366
"""A day that exists comes again within this time: from one leap day over a year without one to the next."""

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

FIELDS: Final[tuple[tuple[str, int, int, dict[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(WEEKDAYS)}),
)
"""The fields in order: what each is, its least and greatest number, and names that stand for numbers."""

_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,4}))?", re.ASCII)


class CronError(ValueError):
    """A schedule that cannot be read; the message names the field."""


@dataclass(frozen=True, slots=True)
class Cron:
    """When something is due.

    Attributes:
        minutes: the minutes of a day, ascending.
        days: days of the month; months: 1 to 12; weekdays: 0 is Sunday.
        either: whether the day of the month or the day of the week suffices.
    """

    minutes: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def next_after(self, second: int) -> int | None:
        """The first moment behind `second` (Unix seconds) that is due; None when the calendar has none."""
        today = max(second // DAY_S, FIRST_DAY)
        for day in range(today, min(today + LONGEST_GAP_DAYS, LAST_DAY) + 1):
            for moment in self._moments(day):
                if moment > second:
                    return moment
        return None

    def latest(self, after: int, until: int, count: int) -> list[int]:
        """The last `count` moments of `(after, until]` that are due, ascending."""
        found: list[int] = []
        for day in range(until // DAY_S, max(after // DAY_S, FIRST_DAY) - 1, -1):
            for moment in reversed(list(self._moments(day))):
                if moment <= after or len(found) == count:
                    return found[::-1]
                if moment <= until:
                    found.append(moment)
        return found[::-1]

    def _moments(self, day: int) -> Iterator[int]:
        """The due moments of a day, counted from 1970-01-01."""
        if self._has(date.fromordinal(EPOCH + day)):
            for minute in self.minutes:
                yield day * DAY_S + minute * 60

    def _has(self, day: date) -> bool:
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_month or by_week if self.either else by_month and by_week)


def parse(text: str) -> Cron:
    """Read a schedule.

    Raises:
        CronError: there are not five fields, or one of them cannot be read.
    """
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise CronError(f"a schedule has {len(FIELDS)} fields, not {len(fields)}")
    minutes, hours, days, months, weekdays = (
        _numbers(field, *known) for field, known in zip(fields, FIELDS, strict=True)
    )
    return Cron(
        minutes=tuple(hour * 60 + minute for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        months=months,
        weekdays=frozenset(number % 7 for number in weekdays),
        either=not (fields[2].startswith("*") or fields[4].startswith("*")),
    )


def _numbers(field: str, noun: str, least: int, greatest: int, names: dict[str, int]) -> frozenset[int]:
    """What a field lists."""
    listed: set[int] = set()
    for part in field.split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise CronError(f"the {noun} cannot be read")
        first, last, step = found.groups()
        start = least if first is None else _number(first, names)
        end = greatest if first is None or (step and last is None) else _number(last or first, names)
        if not (least <= start <= end <= greatest and int(step or 1)):
            raise CronError(f"the {noun} runs from {least} to {greatest}, in steps of at least one")
        listed.update(range(start, end + 1, int(step or 1)))
    return frozenset(listed)


def _number(word: str, names: dict[str, int]) -> int:
    """What a word stands for; a number out of every field's range for a word that stands for none."""
    if word.isdecimal():
        return int(word[:5])
    return names.get(word.lower(), -1)
