"""How promotions reduce one invoice: each in its turn takes whole cents off the portions that it is for.

The order of turns is stated once, in `_turn`: what is for one product item before what is for the whole invoice, then
by priority (the lowest number first, none last), by the time from which the promotion holds, by id; the free tier of
the plan comes last. Each sees what those before it have left. Order and composition are our reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final

from mockserver.domain.decimals import CENT, EXACT_DIGITS, added, floored, multiplied, to_cents
from mockserver.domain.portions import NOTHING, Portion, discounted, spread
from mockserver.domain.reductions import (
    Absolute,
    AfterItemPrice,
    Basis,
    Model,
    Relative,
    TieredAbsolute,
    TieredRelative,
)

__all__ = [
    "Absolute",
    "AfterItemPrice",
    "Discount",
    "Given",
    "Offer",
    "PromotionType",
    "Relative",
    "TieredAbsolute",
    "TieredRelative",
    "apply_offers",
    "carried",
]

_CENTS: Final = Decimal(100)


class PromotionType(StrEnum):
    """How an invoice calls a reduction."""

    PLAN_FREE_TIER = "plan_free_tier"
    AUTOMATIC = "automatic_promotion"
    DISCOUNT = "discount"
    COUPON = "coupon"


@dataclass(frozen=True, slots=True)
class Offer:
    """A promotion in the form in which it reduces one invoice of one customer.

    Attributes:
        id: the applied promotion's, or the definition's where it applies by itself.
        promotion_id, name: of the definition.
        type: how the invoice calls it.
        model: how large the reduction is; less than nothing takes nothing off.
        item_id: the product item whose line it reduces; None for the whole invoice.
        item_ids: further items, where `item_id` stands for several.
        dimensions: only usage with these values is reduced.
        cycle_max, total_max: the most that it takes off one invoice, and a customer's invoices together.
        priority: its place among others of its level, the lowest first.
        applied_s: from when it holds (Unix seconds).
        condition: when it reduces at all; None for always.
    """

    id: str
    promotion_id: str
    name: str
    type: PromotionType
    model: Model
    item_id: str | None = None
    item_ids: frozenset[str] = frozenset()
    dimensions: Mapping[str, str] = field(default_factory=dict)
    cycle_max: Decimal | None = None
    total_max: Decimal | None = None
    priority: float | None = None
    applied_s: int = 0
    condition: AfterItemPrice | None = None

    def is_for(self, portion: Portion) -> bool:
        """Whether it reduces a portion, if promotions may."""
        if self.item_id is not None and portion.item_id != self.item_id and portion.item_id not in self.item_ids:
            return False
        return self.dimensions.items() <= portion.dimensions.items()


@dataclass(frozen=True, slots=True)
class Given:
    """What an offer did on earlier invoices: what it took off, and what its tiers were measured on."""

    used: Decimal = NOTHING
    measured: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Discount:
    """What an offer does to one invoice.

    Attributes:
        amount: what it takes off, in whole cents from 0 on.
        most: what it could take off, were the invoice large enough.
        measured: what the invoice adds to what its tiers are measured on.
    """

    offer: Offer
    amount: Decimal
    most: Decimal
    measured: Decimal = NOTHING


def apply_offers(
    portions: Sequence[Portion], offers: Iterable[Offer], given: Mapping[str, Given]
) -> tuple[list[Portion], list[Discount]]:
    """Lets offers reduce an invoice, each in its turn.

    Args:
        portions: the invoice, before any reduction or after some.
        offers: in any order, each id once.
        given: by the offers' ids what they did on earlier invoices; what is missing did nothing.

    Returns:
        The portions after it, and what each offer did in the order of turns, those that took nothing off too.
    """
    with localcontext(prec=EXACT_DIGITS):
        bill = _Bill(portions)
        discounts = [bill.reduced_by(offer, given.get(offer.id, _NEVER)) for offer in sorted(offers, key=_turn)]
        return bill.portions(), discounts


def carried(given: Mapping[str, Given], discounts: Iterable[Discount]) -> dict[str, Given]:
    """What offers did on earlier invoices, with one invoice more."""
    sums = dict(given)
    for each in discounts:
        before = sums.get(each.offer.id, _NEVER)
        used, measured = added([before.used, each.amount]), added([before.measured, each.measured])
        sums[each.offer.id] = Given(used, measured)
    return sums


_NEVER: Final = Given()


def _turn(offer: Offer) -> tuple[bool, bool, bool, float, int, str]:
    """The place of an offer in the order."""
    free_tier = offer.type is PromotionType.PLAN_FREE_TIER
    rank = (offer.priority is None, offer.priority or 0)
    return (free_tier, offer.item_id is None, *rank, offer.applied_s, offer.id)


class _Bill:
    """The portions of an invoice while offers reduce it. Its methods are called in a context of enough digits."""

    def __init__(self, portions: Sequence[Portion]) -> None:
        self._portions = portions
        self._taken = [NOTHING] * len(portions)
        self._lefts = [each.left if each.discountable else NOTHING for each in portions]

    def portions(self) -> list[Portion]:
        """The portions as they were reduced."""
        return discounted(self._portions, self._taken)

    def reduced_by(self, offer: Offer, given: Given) -> Discount:
        """One turn. Lines below zero count against the others, so that no reduction makes an invoice negative."""
        own = [place for place, portion in enumerate(self._portions) if offer.is_for(portion)]
        left = sum((self._lefts[place] for place in own), NOTHING)
        basis = Basis(
            max(NOTHING, min(left, sum(self._lefts, NOTHING))),
            sum((self._portions[place].units for place in own), NOTHING),
            given.measured,
        )
        measured = offer.model.measured(basis)
        if offer.condition is not None and not offer.condition.holds(self._usage_price(own)):
            return Discount(offer, NOTHING, NOTHING, measured)
        most = max(NOTHING, _capped(offer, given.used, to_cents(offer.model.reduction(basis))))
        amount = min(most, basis.spend)
        self._take(amount, own)
        return Discount(offer, amount, most, measured)

    def _take(self, amount: Decimal, places: Sequence[int]) -> None:
        """Takes an amount off some portions."""
        if not amount:
            return
        shares = spread(amount, [max(self._lefts[place], NOTHING) for place in places])
        for place, share in zip(places, shares, strict=True):
            self._lefts[place] -= share
            self._taken[place] += share

    def _usage_price(self, places: Iterable[int]) -> Decimal:
        """What the usage among some portions costs before any reduction."""
        chosen = (self._portions[place] for place in places)
        return sum((each.price for each in chosen if each.item_id is not None), NOTHING)


def _capped(offer: Offer, used: Decimal, amount: Decimal) -> Decimal:
    """An amount of whole cents within the caps; the cents that a cap would cut are not taken off."""
    total_left = None if offer.total_max is None else added([offer.total_max, used.copy_negate()])
    caps = [_down_to_cents(cap) for cap in (offer.cycle_max, total_left) if cap is not None]
    return min([amount, *caps])


def _down_to_cents(amount: Decimal) -> Decimal:
    return multiplied(Decimal(floored(multiplied(amount, _CENTS))), CENT)
