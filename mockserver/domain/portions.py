"""The parts of an invoice that something may be taken off: each variant of a line, each fee, in whole cents.

Promotions and prepaid cards work on these parts alone. Each takes whole cents off some of them and never more than is
left, so that an invoice adds up to the cent whatever was taken off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from mockserver.domain.decimals import CENT, added, floored, multiplied

NOTHING: Final = Decimal(0)
_CENTS: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Portion:
    """One part of an invoice.

    Attributes:
        price: in whole cents, before anything is taken off.
        item_id: the product item whose line it belongs to; None for a fee of the plan.
        dimensions: of the usage that it prices.
        units: of that usage.
        discountable, prepayable: whether promotions reduce it, and whether prepaid credit pays it.
        discounted, prepaid: what was taken off by promotions, and by cards.
    """

    price: Decimal
    item_id: str | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    units: Decimal = NOTHING
    discountable: bool = True
    prepayable: bool = True
    discounted: Decimal = NOTHING
    prepaid: Decimal = NOTHING

    @property
    def left(self) -> Decimal:
        """What is still to be paid of it."""
        if not self.discounted and not self.prepaid:
            return self.price
        return added((self.price, self.discounted.copy_negate(), self.prepaid.copy_negate()))

    @property
    def left_to_prepay(self) -> Decimal:
        """The most that a card can still pay."""
        return max(self.left, NOTHING) if self.prepayable else NOTHING


def discounted(portions: Sequence[Portion], amounts: Iterable[Decimal]) -> list[Portion]:
    """The portions with an amount more taken off each by a promotion."""
    return [
        _with(portion, added([portion.discounted, amount]), portion.prepaid) if amount else portion
        for portion, amount in zip(portions, amounts, strict=True)
    ]


def prepaid(portions: Sequence[Portion], amounts: Iterable[Decimal]) -> list[Portion]:
    """The portions with an amount more of each paid by a card."""
    return [
        _with(portion, portion.discounted, added([portion.prepaid, amount])) if amount else portion
        for portion, amount in zip(portions, amounts, strict=True)
    ]


def _with(portion: Portion, taken: Decimal, paid: Decimal) -> Portion:
    # Spelled out, since `dataclasses.replace` takes several times as long and there are many portions.
    return Portion(
        portion.price,
        portion.item_id,
        portion.dimensions,
        portion.units,
        portion.discountable,
        portion.prepayable,
        taken,
        paid,
    )


def spread(amount: Decimal, limits: Sequence[Decimal]) -> list[Decimal]:
    """An amount shared out in proportion to limits, each share in whole cents and within its limit.

    Args:
        amount: whole cents, from 0 on; what exceeds the sum of the limits is left out.
        limits: whole cents, each from 0 on.

    Returns:
        A share for each limit, together the amount or the sum of the limits, whichever is less. The cents that the
        proportion leaves over go to the first limits that have room.
    """
    whole = added(limits)
    if amount >= whole:
        return list(limits)
    cents, *weights = (int(multiplied(money, _CENTS)) for money in (amount, *limits))
    total = sum(weights)
    shares = [cents * weight // total for weight in weights]
    over = cents - sum(shares)
    for place, weight in enumerate(weights):
        if over and shares[place] < weight:
            shares[place] += 1
            over -= 1
    return [multiplied(Decimal(share), CENT) for share in shares]


def in_cents(exact: Sequence[Decimal], whole: Decimal) -> list[Decimal]:
    """Exact amounts as whole cents that add up to their rounded sum.

    Args:
        exact: the amounts.
        whole: their sum, rounded half up to cents.

    Returns:
        Each amount rounded down, and a cent more for those that lost the most by it.
    """
    if len(exact) == 1:
        return [whole]
    hundredths = [multiplied(amount, _CENTS) for amount in exact]
    floors = [floored(amount) for amount in hundredths]
    missing = int(multiplied(whole, _CENTS)) - sum(floors)
    lost = sorted(range(len(exact)), key=lambda place: floors[place] - hundredths[place])
    for place in lost[:missing]:
        floors[place] += 1
    return [multiplied(Decimal(cents), CENT) for cents in floors]
