"""Alerts on usage: whether a period's usage crosses a threshold, when that can be told, and the text of the news."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from mockserver.domain.exact import LARGEST
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start

MOST_PERIODS: Final = 31
"""So many periods that ended unseen are judged, the latest ones: a clock may be moved on by years."""

_VARIABLE: Final = re.compile(r"\{\{\s*([a-z-]+)\s*\}\}")


class Condition(StrEnum):
    """How the usage of a period is compared with the threshold.

    LESS_THAN_PERCENT is a percentage of the usage of the period before. PERCENT_CHANGE looks at rises and falls alike.
    Both are our reading; the names are the vendor's.
    """

    LESS_THAN = "less-than"
    LESS_THAN_PERCENT = "less-than-percent"
    GREATER_THAN = "greater-than"
    PERCENT_CHANGE = "percent-change"


NEEDS_PREVIOUS: Final = frozenset({Condition.LESS_THAN_PERCENT, Condition.PERCENT_CHANGE})
"""Conditions that look at the period before."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition and its number, which is a quantity or a percentage."""

    condition: Condition
    value: float

    def is_crossed(self, usage: float, previous: float) -> bool:
        """Whether a period with this usage, after one with `previous`, meets the condition.

        Nothing is a percentage of a period without usage, and a share of less than nothing is none either.
        """
        if self.condition is Condition.GREATER_THAN:
            return usage > self.value
        if self.condition is Condition.LESS_THAN:
            return usage < self.value
        # Exact: as doubles, a rise from 100 to 155 would be more than 55 percent.
        now, before, percent = Fraction(usage), Fraction(previous), Fraction(self.value) / 100
        if self.condition is Condition.LESS_THAN_PERCENT:
            return before > 0 and now < percent * before
        return before != 0 and abs(now - before) > percent * abs(before)

    def is_crossed_already(self, usage: float, previous: float) -> bool:
        """Whether that can be said while the period still runs: more usage can undo a shortfall, but no excess."""
        rose = self.condition is Condition.GREATER_THAN or (
            self.condition is Condition.PERCENT_CHANGE and usage > previous
        )
        return rose and self.is_crossed(usage, previous)

    def is_crossed_at_last(self, usage: float, previous: float) -> bool:
        """Whether only the end of the period shows it."""
        return self.is_crossed(usage, previous) and not self.is_crossed_already(usage, previous)


def threshold_from(condition: str, value: float) -> Threshold:
    """A threshold of any number, cut to the range of the doubles."""
    cut = max(-LARGEST, min(LARGEST, value))
    return Threshold(Condition(condition), float(cut))


def running_period(now_s: int, interval: Interval) -> tuple[int, int]:
    """Start and end, in Unix seconds, of the period that holds `now_s`."""
    ordinal = bucket_of_second(now_s, interval)
    return bucket_start(ordinal, interval), bucket_start(ordinal + 1, interval)


def previous_start(start_s: int, interval: Interval) -> int:
    """The start of the period before the one that starts at `start_s`."""
    return bucket_start(bucket_of_second(start_s, interval) - 1, interval)


def ended_periods(judged_until_s: int, now_s: int, interval: Interval) -> list[tuple[int, int]]:
    """The periods, oldest first, that began at `judged_until_s` or later and are over: the latest `MOST_PERIODS`.

    Args:
        judged_until_s: the start of the first period that was not judged.
        now_s: the present, in Unix seconds.
        interval: the length of a period.
    """
    end = bucket_of_second(now_s, interval)
    first = max(bucket_of_second(judged_until_s, interval), end - MOST_PERIODS)
    return [(bucket_start(each, interval), bucket_start(each + 1, interval)) for each in range(first, end)]


def rendered(template: str, variables: Mapping[str, str | float]) -> str:
    """A template with each `{{variable}}` replaced by its value; one that is unknown stays as it is."""
    return _VARIABLE.sub(lambda found: str(variables.get(found[1], found[0])), template)


def rendered_headers(template: str, variables: Mapping[str, str | float]) -> dict[str, str]:
    """The headers of a template: an object of texts in JSON once it is rendered; any other text makes none."""
    try:
        headers = json.loads(rendered(template, variables))
    except (ValueError, RecursionError):
        return {}
    return {name: str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
