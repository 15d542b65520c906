"""What prepaid cards pay of one invoice, and in which order.

A card pays what has accrued by its end, of the running invoice too. So an invoice is walked from one moment at which
a card starts or ends to the next, and between two of them the cards that can be spent there pay what is unpaid by then.
The order of the cards and the walk are our reading; that credit is drawn from the running invoice, after discounts, is
the vendor's word.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from itertools import pairwise
from typing import Final

from mockserver.domain.decimals import CENT, added, multiplied
from mockserver.domain.portions import NOTHING, Portion, prepaid, spread

_CENTS: Final = Decimal(100)


class Priority(IntEnum):
    """Which cards pay before others, the lowest number first."""

    HIGHEST = 0
    USUAL = 1
    LOWEST = 2


@dataclass(frozen=True, slots=True)
class Condition:
    """What a card is good for.

    Attributes:
        items: the product items whose lines it pays; None for all, and for the plan's fees.
        dimensions: values that the usage must have, one of those named for each dimension; empty for any.
    """

    items: frozenset[str] | None = None
    dimensions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def admits(self, portion: Portion) -> bool:
        """Whether the card may pay this part of an invoice."""
        if self.items is not None and portion.item_id not in self.items:
            return False
        return all(portion.dimensions.get(name) in values for name, values in self.dimensions.items())


Conditions = tuple[Condition, ...]
"""Any one of them admits a portion; without any, everything is admitted."""


@dataclass(frozen=True, slots=True)
class PayingCard:
    """A card as it pays.

    Attributes:
        uri: the card's id.
        start_s, end_s: it can be spent over `[start_s, end_s)`, Unix seconds.
        worth: the credit on the new card.
        used_before: what earlier invoices drew of it.
        priority, custom_priority: which cards pay first; of equal priority the lower custom one, none last.
        order: decides between cards that are equal in all else, the lower first.
        conditions: what it is good for.
    """

    uri: str
    start_s: int
    end_s: int
    worth: Decimal
    used_before: Decimal = NOTHING
    priority: Priority = Priority.USUAL
    custom_priority: Decimal | None = None
    order: int = 0
    conditions: Conditions = ()

    @property
    def available(self) -> Decimal:
        """What it can pay, in whole cents, from 0 on."""
        left = max(added([self.worth, self.used_before.copy_negate()]), NOTHING)
        return multiplied(Decimal(int(multiplied(left, _CENTS))), CENT)

    def is_spendable(self, moment_s: int) -> bool:
        """Whether it can pay at a moment (Unix seconds)."""
        return self.start_s <= moment_s < self.end_s


@dataclass(frozen=True, slots=True)
class Draw:
    """What one card pays of one invoice, in whole cents."""

    uri: str
    amount: Decimal


def draw_down(
    portions_until: Callable[[int], Sequence[Portion]],
    cards: Iterable[PayingCard],
    start_s: int,
    end_s: int,
    now_s: int,
) -> tuple[list[Portion], list[Draw]]:
    """Pays an invoice from cards.

    Args:
        portions_until: the invoice's portions, after discounts, of the usage before a moment. It is asked for the end
            of the window once, and once more for each card that starts or ends within the window, where another pays.
        cards: the customer's cards, in any order, with what is left of each before this invoice.
        start_s: when the invoice's window starts (Unix seconds).
        end_s: when it ends; half-open.
        now_s: the present. What starts or ends after it has no effect yet.

    Returns:
        The whole window's portions with what was paid of each, and what each card paid, in the order of the cards;
        cards that pay nothing are left out. If the price has fallen below what was paid, the last draws are given back.
    """
    held = sorted((card for card in cards if _pays_within(card, start_s, end_s, now_s)), key=_rank)
    till = _Till(held)
    moments = sorted({moment for card in held for moment in (card.start_s, card.end_s) if start_s < moment < end_s})
    begins = [start_s, *(moment for moment in moments if moment <= now_s)]
    for begin_s, until_s in pairwise(begins):
        if spendable := till.spendable(begin_s):
            till.pay(till.limits(portions_until(until_s)), spendable)
    whole = portions_until(end_s)
    limits = till.limits(whole)
    till.pay(limits, till.spendable(begins[-1]))
    return till.receipt(whole, limits), till.draws()


def _pays_within(card: PayingCard, start_s: int, end_s: int, now_s: int) -> bool:
    """Whether a card that holds something has been spendable in the window."""
    begin_s = max(card.start_s, start_s)
    return begin_s < min(card.end_s, end_s) and begin_s <= now_s and card.available > 0


def _rank(card: PayingCard) -> tuple[object, ...]:
    """The order of draws: priority, custom priority, conditional before general, earliest expiry, earliest start."""
    unnamed = card.custom_priority is None
    custom = card.custom_priority or NOTHING
    general = not card.conditions
    return card.priority, unnamed, custom, general, card.end_s, card.start_s, card.order, card.uri


_Group = frozenset[int]
"""Portions that the same cards may pay, by the numbers of the conditions that admit them."""

_Limits = dict[_Group, dict[int, Decimal]]
"""For each group, the most that can be paid of its portions, by their place in the invoice."""


class _Till:
    """What was paid so far of an invoice whose price still changes, by group of portions."""

    def __init__(self, cards: Sequence[PayingCard]) -> None:
        self._cards = cards
        self._conditions: list[Conditions] = []
        for card in cards:
            if card.conditions not in self._conditions:
                self._conditions.append(card.conditions)
        self._left = {card.uri: card.available for card in cards}
        self._paid: dict[_Group, list[Draw]] = {}

    def spendable(self, moment_s: int) -> list[PayingCard]:
        """The cards that can be spent at a moment (Unix seconds), in their order; some may have nothing left."""
        return [card for card in self._cards if card.is_spendable(moment_s)]

    def limits(self, portions: Sequence[Portion]) -> _Limits:
        """What cards can pay of portions."""
        groups: _Limits = {}
        for place, portion in enumerate(portions):
            if limit := portion.left_to_prepay:
                groups.setdefault(self._group_of(portion), {})[place] = limit
        return groups

    def pay(self, limits: _Limits, cards: Iterable[PayingCard]) -> None:
        """Pays what is unpaid from cards, after giving back what was paid in excess of the limits."""
        unpaid = {group: self._settle(group, added(limits.get(group, {}).values())) for group in limits | self._paid}
        for card in cards:
            admitted = [group for group in unpaid if self._conditions.index(card.conditions) in group]
            shares = spread(self._left[card.uri], [unpaid[group] for group in admitted])
            for group, share in zip(admitted, shares, strict=True):
                unpaid[group] = added([unpaid[group], share.copy_negate()])
                self._take(group, card.uri, share)

    def receipt(self, portions: Sequence[Portion], limits: _Limits) -> list[Portion]:
        """The portions that were paid last, with what was paid of each: a group's money is shared out by price."""
        paid = [NOTHING] * len(portions)
        for group, most in limits.items():
            amount = added(draw.amount for draw in self._paid.get(group, ()))
            for place, share in zip(most, spread(amount, list(most.values())), strict=True):
                paid[place] = share
        return prepaid(portions, paid)

    def draws(self) -> list[Draw]:
        """What each card paid."""
        amounts = {card.uri: added([card.available, self._left[card.uri].copy_negate()]) for card in self._cards}
        return [Draw(uri, amount) for uri, amount in amounts.items() if amount]

    def _group_of(self, portion: Portion) -> _Group:
        return frozenset(place for place, each in enumerate(self._conditions) if _admitted(each, portion))

    def _settle(self, group: _Group, due: Decimal) -> Decimal:
        """What is unpaid of a group; of what was paid in excess, the last draw goes back first."""
        draws = self._paid.setdefault(group, [])
        unpaid = added([due, *(draw.amount.copy_negate() for draw in draws)])
        while unpaid < 0:
            last = draws.pop()
            self._left[last.uri] = added([self._left[last.uri], last.amount])
            unpaid = added([unpaid, last.amount])
            self._take(group, last.uri, kept := max(unpaid, NOTHING))
            unpaid = added([unpaid, kept.copy_negate()])
        return unpaid

    def _take(self, group: _Group, uri: str, amount: Decimal) -> None:
        if amount:
            self._left[uri] = added([self._left[uri], amount.copy_negate()])
            self._paid[group].append(Draw(uri, amount))


def _admitted(conditions: Conditions, portion: Portion) -> bool:
    return not conditions or any(each.admits(portion) for each in conditions)
