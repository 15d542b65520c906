"""An invoice of one customer for one window of time: the one place where the order of its steps is written.

1. The usage of each product item is rated; the line is rounded once, half up, to cents.
2. The plan's fees are added.
3. What is missing to the plan's minimum is added.
4. Promotions take off: of items, then of the whole, the plan's free tier last.
5. Prepaid cards pay of what is left.
6. What a commitment makes due is added; nothing is taken off that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.decimals import added, exact_arithmetic, to_cents
from mockserver.domain.discounts import Discount, Given, Offer, apply_offers
from mockserver.domain.drawdown import Draw, PayingCard, draw_down
from mockserver.domain.fees import ChargedFee, Fee, charged_fees
from mockserver.domain.obligations import Obligation
from mockserver.domain.portions import NOTHING, Portion, in_cents
from mockserver.domain.price_machine import PriceMachine
from mockserver.domain.rating import MeteredUsage, RatedVariant, rate


class PriceStatus(StrEnum):
    """OPEN while the window runs, GRACE_PERIOD while late events still count, then PRICE_LOCKED."""

    OPEN = "open"
    GRACE_PERIOD = "grace_period"
    PRICE_LOCKED = "price_locked"


@dataclass(frozen=True, slots=True)
class BilledItem:
    """A product item that a plan bills: the usage of its meter, and how that is priced."""

    item_id: str
    meter: str
    machine: PriceMachine


UsageOf = Callable[[BilledItem, int], Sequence[MeteredUsage]]
"""item, until (Unix seconds) -> its usage from the start of the window until then"""


@dataclass(frozen=True, slots=True)
class Line:
    """What the usage of one product item costs; `price` is in whole cents."""

    item_id: str
    meter: str
    variants: tuple[RatedVariant, ...]
    price: Decimal

    @property
    def units(self) -> Decimal:
        """Rated units of all variants."""
        return added(variant.units for variant in self.variants)


@dataclass(frozen=True, slots=True)
class Charges:
    """What a plan charges.

    Attributes:
        free_tier: the promotion that its free tier is, or None.
        minimum: the least that usage and fees come to.
    """

    items: Sequence[BilledItem]
    fees: Sequence[Fee] = ()
    free_tier: Offer | None = None
    minimum: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Reductions:
    """What is taken off an invoice, with how much of it earlier invoices had.

    Attributes:
        given: by the id of an offer.
        cards: what each has left is its worth without what earlier invoices drew.
    """

    offers: Sequence[Offer] = ()
    given: Mapping[str, Given] = field(default_factory=dict)
    cards: Sequence[PayingCard] = ()


@dataclass(frozen=True)
class Invoice:
    """What a customer owes for one window. All amounts are in whole cents, and each total is the sum of its parts."""

    window: BillingWindow
    lines: tuple[Line, ...]
    fees: tuple[ChargedFee, ...] = ()
    minimum_fee: Decimal = NOTHING
    discounts: tuple[Discount, ...] = ()
    draws: tuple[Draw, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    prepayable: Decimal = NOTHING
    """What cards could pay of it, had they enough."""
    discountable: Decimal = NOTHING
    """What promotions could take off of its usage and fees."""

    @cached_property
    def item_price(self) -> Decimal:
        """The lines of usage."""
        return added(line.price for line in self.lines)

    @cached_property
    def fix_price(self) -> Decimal:
        """The plan's fees."""
        return added(charged.cost for charged in self.fees)

    @cached_property
    def total_discount(self) -> Decimal:
        """What promotions took off."""
        return added(discount.amount for discount in self.discounts)

    @cached_property
    def prepaid(self) -> Decimal:
        """What cards paid."""
        return added(draw.amount for draw in self.draws)

    @cached_property
    def commitments_fees(self) -> Decimal:
        """What commitments made due."""
        return added(obligation.amount for obligation in self.obligations)

    @cached_property
    def before_discount(self) -> Decimal:
        """Usage and fees."""
        return added([self.item_price, self.fix_price, self.minimum_fee])

    @cached_property
    def before_prepaid(self) -> Decimal:
        """Usage and fees without what promotions took off; what counts towards a commitment."""
        return added([self.before_discount, self.total_discount.copy_negate()])

    @cached_property
    def total(self) -> Decimal:
        """What is due."""
        return added([self.before_prepaid, self.prepaid.copy_negate(), self.commitments_fees])


def build_invoice(
    window: BillingWindow, charges: Charges, reductions: Reductions, usage_of: UsageOf, now_s: int
) -> Invoice:
    """An invoice without what commitments make due, which depends on what it comes to.

    Args:
        window: what is invoiced.
        charges: of its plan.
        reductions: what is taken off.
        usage_of: the usage of an item until a moment.
        now_s: the present (Unix seconds): what a card may pay depends on it.
    """
    with exact_arithmetic():
        pricing = _Pricing(window, charges, reductions, usage_of)
        portions, discounts = pricing.reduced(window.end_s)
        draws: list[Draw] = []
        if reductions.cards:
            _, draws = draw_down(
                lambda until_s: portions if until_s >= window.end_s else pricing.reduced(until_s)[0],
                reductions.cards,
                window.start_s,
                window.end_s,
                now_s,
            )
        discountable = (each.cost for each in pricing.fees if each.fee.discountable)
        return Invoice(
            window=window,
            lines=tuple(pricing.lines),
            fees=tuple(pricing.fees),
            minimum_fee=max(NOTHING, to_cents(added([charges.minimum, pricing.charged.copy_negate()]))),
            discounts=tuple(discounts),
            draws=tuple(draws),
            prepayable=added(portion.left_to_prepay for portion in portions),
            discountable=added([*(line.price for line in pricing.lines), *discountable]),
        )


class _Pricing:
    """The first steps of an invoice, which cards may ask for at several moments."""

    def __init__(self, window: BillingWindow, charges: Charges, reductions: Reductions, usage_of: UsageOf) -> None:
        self._window, self._items, self._given, self._usage_of = window, charges.items, reductions.given, usage_of
        self._offers = [*reductions.offers, *([charges.free_tier] if charges.free_tier else ())]
        self.fees = charged_fees(charges.fees, window)
        self.lines = self._lines_until(window.end_s)

    @property
    def charged(self) -> Decimal:
        """Usage and fees."""
        return added([*(line.price for line in self.lines), *(each.cost for each in self.fees)])

    def reduced(self, until_s: int) -> tuple[list[Portion], list[Discount]]:
        """What is left of the usage until a moment and of the fees after promotions, and what those took off."""
        lines = self.lines if until_s >= self._window.end_s else self._lines_until(until_s)
        portions = [*_portions_of(lines), *map(_portion_of_fee, self.fees)]
        return apply_offers(portions, self._offers, self._given) if self._offers else (portions, [])

    def _lines_until(self, until_s: int) -> list[Line]:
        return rated_lines(self._items, self._window, lambda item: self._usage_of(item, until_s))


def rated_lines(
    items: Sequence[BilledItem], window: BillingWindow, usage_of: Callable[[BilledItem], Sequence[MeteredUsage]]
) -> list[Line]:
    """The lines of the items that have usage, or cost something without any."""
    lines = []
    for item in items:
        variants = tuple(rate(item.machine, usage_of(item), window.start_s, window.end_s))
        if variants:
            price = to_cents(added(variant.price for variant in variants))
            lines.append(Line(item.item_id, item.meter, variants, price))
    return lines


def price_status(window: BillingWindow, now_ms: int, *, locked: bool) -> PriceStatus:
    """How far the price of a window is settled at `now_ms` (Unix milliseconds)."""
    if locked:
        return PriceStatus.PRICE_LOCKED
    return PriceStatus.OPEN if now_ms < window.end_s * 1000 else PriceStatus.GRACE_PERIOD


def _portions_of(lines: Sequence[Line]) -> list[Portion]:
    """The variants of lines in whole cents, which add up to their lines."""
    return [
        Portion(cents, line.item_id, dict(variant.dimensions), variant.units)
        for line in lines
        for variant, cents in zip(
            line.variants, in_cents([variant.price for variant in line.variants], line.price), strict=True
        )
    ]


def _portion_of_fee(charged: ChargedFee) -> Portion:
    return Portion(charged.cost, discountable=charged.fee.discountable, prepayable=charged.fee.prepayable)
