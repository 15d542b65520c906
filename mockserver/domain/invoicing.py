"""The simplest honest invoice: monthly usage of a customer at one unit price, under the plan assigned at the time.

In three steps, because usage inside a month but before an assignment must not count: `billing_windows` says which
stretches of time are invoiced, the caller asks for the usage of each, `build_invoice` prices it. `price_lines` alone
knows what usage costs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from mockserver.domain.decimals import added, multiplied, to_cents
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start

_HOUR_MS: Final = 3_600_000


class InvoiceStatus(StrEnum):
    """DRAFT while the period runs, PENDING once it has ended."""

    DRAFT = "draft"
    PENDING = "pending"


class PriceStatus(StrEnum):
    """OPEN while the period runs, GRACE_PERIOD while late events still count, then PRICE_LOCKED."""

    OPEN = "open"
    GRACE_PERIOD = "grace_period"
    PRICE_LOCKED = "price_locked"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A plan given to a customer over `[start_ms, end_ms)` (Unix milliseconds; without an end when that is None)."""

    plan_id: str
    start_ms: int
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BillingWindow:
    """A stretch `[start_s, end_s)` (Unix seconds) inside one UTC month that is invoiced under one plan."""

    plan_id: str
    start_s: int
    end_s: int
    status: InvoiceStatus


@dataclass(frozen=True, slots=True)
class MeteredUnits:
    """Units of one meter, of the events that have these dimensions; of all its events without any."""

    meter: str
    units: Decimal
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """What the usage of one combination of dimensions costs; `price` is rounded once, half up, to cents."""

    dimensions: Mapping[str, str]
    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """What the usage of one meter costs: the sum of its variants."""

    meter: str
    variants: tuple[Variant, ...]

    @property
    def units(self) -> Decimal:
        """Units of all variants."""
        return added(variant.units for variant in self.variants)

    @property
    def price(self) -> Decimal:
        """Price of all variants."""
        return added(variant.price for variant in self.variants)


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a customer owes for one billing window; `total` is the sum of its lines."""

    window: BillingWindow
    lines: tuple[InvoiceLine, ...]

    @property
    def total(self) -> Decimal:
        """Price of all lines."""
        return added(line.price for line in self.lines)


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


def build_invoice(window: BillingWindow, usage: Iterable[MeteredUnits], unit_price: Decimal) -> Invoice:
    """Price the usage of a window."""
    return Invoice(window, tuple(price_lines(usage, unit_price)))


def price_lines(usage: Iterable[MeteredUnits], unit_price: Decimal) -> list[InvoiceLine]:
    """Price usage, a line a meter in order of their first occurrence, usage of equal dimensions taken together."""
    meters: dict[str, dict[tuple[tuple[str, str], ...], list[Decimal]]] = {}
    for used in usage:
        meters.setdefault(used.meter, {}).setdefault(used.dimensions, []).append(used.units)
    return [
        InvoiceLine(meter, tuple(_variant(key, added(units), unit_price) for key, units in variants.items()))
        for meter, variants in meters.items()
    ]


def price_status(window: BillingWindow, now_ms: int, grace_hours: int) -> PriceStatus:
    """How far the price of a window is settled at `now_ms` (Unix milliseconds)."""
    if now_ms < window.end_s * 1000:
        return PriceStatus.OPEN
    if now_ms < window.end_s * 1000 + grace_hours * _HOUR_MS:
        return PriceStatus.GRACE_PERIOD
    return PriceStatus.PRICE_LOCKED


def _variant(dimensions: tuple[tuple[str, str], ...], units: Decimal, unit_price: Decimal) -> Variant:
    return Variant(dict(dimensions), units, to_cents(multiplied(units, unit_price)))


def _terms(assignments: Sequence[Assignment], now_ms: int) -> list[tuple[str, int, int | None]]:
    """Plan, start and end (exclusive, None when open) in seconds of every assignment that has begun."""
    terms: list[tuple[str, int, int | None]] = []
    next_start_s: int | None = None
    for assignment in reversed(assignments):
        start_s = _next_second(assignment.start_ms)
        if assignment.start_ms <= now_ms:
            own_end_s = None if assignment.end_ms is None else _next_second(assignment.end_ms)
            terms.append((assignment.plan_id, start_s, _earlier(own_end_s, next_start_s)))
        next_start_s = _earlier(start_s, next_start_s)
    return terms


def _next_second(time_ms: int) -> int:
    """The first whole second that is not before a moment."""
    return -(-time_ms // 1000)


def _earlier(one: int | None, other: int | None) -> int | None:
    """The earlier of two moments, of which None is never."""
    return min((each for each in (one, other) if each is not None), default=None)
