"""Billing periods: into which windows of time the assignment of a plan is cut, and when the price of each is locked."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mockserver.domain.terms import CycleInterval, term_end
from mockserver.domain.windows import DAY_S, HOUR_S, Interval, bucket_of_second, bucket_start

MOST_PERIODS: Final = 1200
"""Periods that are looked back on when a plan is assigned: a hundred years of months, three years of days."""

MOST_AT_ONCE: Final = 12_000
"""Periods that may pass at once: a thousand years of months, thirty years of days."""

_SETTING_UP_S: Final = DAY_S


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """How long a plan's periods are: `length` units of `interval`."""

    interval: CycleInterval = CycleInterval.CALENDAR_MONTH
    length: int = 1


@dataclass(frozen=True, slots=True)
class Assignment:
    """A plan held by a customer over `[start_ms, end_ms)` (Unix milliseconds; without an end when that is None).

    Attributes:
        made_ms: when it was made, which may be long after its start.
        period: the plan's.
    """

    plan_id: str
    start_ms: int
    end_ms: int | None = None
    made_ms: int = 0
    period: BillingPeriod = BillingPeriod()


@dataclass(frozen=True, slots=True)
class BillingWindow:
    """A stretch `[start_s, end_s)` (Unix seconds) that is invoiced under one plan.

    Attributes:
        number: which period of the assignment it is, from 0 on.
        period_start_s, period_end_s: of the whole period, of which the window is a part when the plan began or ended
            inside it.
        made_ms: when the plan was assigned.
        opens: whether it is the first one billed of an assignment that reaches back into time that was billed before.
    """

    plan_id: str
    start_s: int
    end_s: int
    number: int = 0
    period_start_s: int = 0
    period_end_s: int = 0
    made_ms: int = 0
    opens: bool = False

    @property
    def is_first(self) -> bool:
        """Whether it is the first invoice of its assignment."""
        return self.number == 0 or self.opens

    def lock_ms(self, grace_hours: int) -> int:
        """When its price is locked (Unix milliseconds): after its end and the grace period.

        A window that had ended when the plan was assigned is locked no sooner than a day after that, so that the usage
        of a past that is being set up still counts (our reading).
        """
        made_s = -(-self.made_ms // 1000)
        closing_s = self.end_s if made_s < self.end_s else made_s + _SETTING_UP_S
        return (closing_s + grace_hours * HOUR_S) * 1000


def billing_windows(assignment: Assignment, now_ms: int, billed_until_s: int | None = None) -> Iterator[BillingWindow]:
    """The windows of an assignment that have begun, oldest first.

    At most `MOST_PERIODS` of them lie before the one in which it was made, and there are no more than `MOST_AT_ONCE`.

    Args:
        assignment: whose end is the effective one. An assignment that starts inside a second counts from the next.
        now_ms: the present (Unix milliseconds).
        billed_until_s: the end of the customer's last locked invoice, None without one. What lies before is left out,
            and a window that reaches back before it is cut there: no time is billed twice.
    """
    start_s = next_second(assignment.start_ms)
    end_s = None if assignment.end_ms is None else next_second(assignment.end_ms)
    if assignment.start_ms > now_ms or (end_s is not None and end_s <= start_s):
        return
    since_s = start_s if billed_until_s is None else max(start_s, billed_until_s)
    if end_s is not None and end_s <= since_s:
        return
    interval, length = assignment.period.interval, max(assignment.period.length, 1)
    now_s = max(now_ms // 1000, start_s)
    last = _period_of(now_s if end_s is None else min(now_s, end_s - 1), start_s, interval, length)
    made = min(last, _period_of(max(assignment.made_ms // 1000, start_s), start_s, interval, length))
    first = max(_period_of(since_s, start_s, interval, length), made - MOST_PERIODS + 1, last - MOST_AT_ONCE + 1)
    for number in range(first, last + 1):
        opening = start_s if number == 0 else term_end(start_s, number, interval, length)
        closing = term_end(start_s, number + 1, interval, length)
        yield BillingWindow(
            plan_id=assignment.plan_id,
            start_s=max(opening, since_s),
            end_s=closing if end_s is None else min(closing, end_s),
            number=number,
            period_start_s=_period_start(opening, interval),
            period_end_s=closing,
            made_ms=assignment.made_ms,
        )


def next_second(time_ms: int) -> int:
    """The first whole second that is not before a moment (Unix milliseconds)."""
    return -(-time_ms // 1000)


def _period_of(second: int, start_s: int, interval: CycleInterval, length: int) -> int:
    """Which period holds a second, from 0 on; found by halving, never counted out."""

    def end_of(number: int) -> int:
        return term_end(start_s, number + 1, interval, length)

    beyond = 1
    while end_of(beyond) <= second:
        beyond *= 2
    return bisect_right(range(beyond + 1), second, key=end_of)


def _period_start(opening: int, interval: CycleInterval) -> int:
    """Where the whole period starts: a calendar month on its first day."""
    if interval is CycleInterval.CALENDAR_MONTH:
        return bucket_start(bucket_of_second(opening, Interval.MONTH), Interval.MONTH)
    return opening
