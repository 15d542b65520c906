"""The simplest honest invoice: monthly usage of a customer at one unit price, under the plan assigned at the time.

In three steps, because usage inside a month but before an assignment must not count: `billing_windows` says which
stretches of time are invoiced, the caller asks for the usage of each, `build_invoice` prices it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from typing import Final

from mockserver.domain.windows import Interval, bucket_of_second, bucket_start

_CENT: Final = Decimal("0.01")
_EXACT_DIGITS: Final = 2_500
"""Enough for the exact product of two numbers that were doubles: each has at most 1,075 digits."""


class InvoiceStatus(StrEnum):
    """DRAFT while the period runs, PENDING once it has ended."""

    DRAFT = "draft"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A plan given to a customer from `start_ms` (Unix milliseconds) on."""

    plan_id: str
    start_ms: int


@dataclass(frozen=True, slots=True)
class BillingWindow:
    """A stretch `[start_s, end_s)` (Unix seconds) inside one UTC month that is invoiced under one plan."""

    plan_id: str
    start_s: int
    end_s: int
    status: InvoiceStatus


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a customer owes for one billing window; `total` is rounded once, half up, to cents."""

    plan_id: str
    start_s: int
    end_s: int
    units: Decimal
    total: Decimal
    status: InvoiceStatus


def billing_windows(assignments: Sequence[Assignment], now_ms: int, used_months: Iterable[int]) -> list[BillingWindow]:
    """Return the windows to invoice, in order of time.

    Args:
        assignments: The customer's, in order of creation. One given later ends an earlier one at its own start.
        now_ms: The present (Unix milliseconds). Nothing that begins after it is invoiced.
        used_months: Ordinals of the months with usage (`Interval.MONTH`); the running month is added. No other month
            is looked at, so that the work is bounded whatever the first assignment's start.

    Windows are whole seconds, as usage queries are: an assignment that starts inside a second counts from the next.
    """
    now_month = bucket_of_second(now_ms // 1000, Interval.MONTH)
    months = sorted({month for month in used_months if month < now_month} | {now_month})
    windows: list[BillingWindow] = []
    for plan_id, start_s, end_s in _terms(assignments, now_ms):
        for month in months:
            first = max(start_s, bucket_start(month, Interval.MONTH))
            month_end = bucket_start(month + 1, Interval.MONTH)
            last = month_end if end_s is None else min(end_s, month_end)
            if first < last:
                status = InvoiceStatus.DRAFT if last * 1000 > now_ms else InvoiceStatus.PENDING
                windows.append(BillingWindow(plan_id, first, last, status))
    return sorted(windows, key=lambda window: window.start_s)


def build_invoice(window: BillingWindow, units: Decimal, unit_price: Decimal) -> Invoice:
    """Price the usage of a window: exact multiplication, then one rounding to cents."""
    with localcontext(prec=_EXACT_DIGITS):
        total = (units * unit_price).quantize(_CENT, rounding=ROUND_HALF_UP)
    return Invoice(window.plan_id, window.start_s, window.end_s, units, total, window.status)


def _terms(assignments: Sequence[Assignment], now_ms: int) -> list[tuple[str, int, int | None]]:
    """Plan, start and end (exclusive, None when open) in seconds of every assignment that has begun."""
    terms: list[tuple[str, int, int | None]] = []
    end_s: int | None = None
    for assignment in reversed(assignments):
        start_s = -(-assignment.start_ms // 1000)
        if assignment.start_ms <= now_ms:
            terms.append((assignment.plan_id, start_s, end_s))
        end_s = start_s if end_s is None else min(end_s, start_s)
    return terms
