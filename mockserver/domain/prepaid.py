"""Prepaid credit: which cards an order makes, how far their payment is, and what can be spent of them."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final

from mockserver.domain.terms import CycleInterval, term_end


class Payment(StrEnum):
    """How far the payment of a card is."""

    PRE_PAYMENT = "pre_payment"
    """It falls due when the card starts."""
    REQUIRES_ACTION = "requires_action"
    """It is made elsewhere, and nothing was heard of it."""
    PENDING = "pending"
    FAILED = "failed"
    SETTLED = "settled"
    NOT_NEEDED = "not_needed"


PAID: Final = frozenset({Payment.SETTLED, Payment.NOT_NEEDED})
"""The states in which a card can be spent."""

_ANY: Final = frozenset({Payment.PENDING, Payment.SETTLED, Payment.FAILED})

FOLLOWING: Final[Mapping[Payment, frozenset[Payment]]] = {
    Payment.PRE_PAYMENT: frozenset(),
    Payment.REQUIRES_ACTION: _ANY,
    Payment.PENDING: _ANY,
    Payment.FAILED: frozenset({Payment.FAILED}),
    Payment.SETTLED: frozenset({Payment.SETTLED}),
    Payment.NOT_NEEDED: frozenset(),
}
"""What may be told of a payment by its present state. That failed and settled are final is our reading."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """An order buys a card again every `length` units of `interval`."""

    interval: CycleInterval
    length: int


@dataclass(frozen=True, slots=True)
class CardTime:
    """When a card counts: `[start_ms, end_ms)` in Unix milliseconds."""

    start_ms: int
    end_ms: int

    def is_over(self, now_ms: int) -> bool:
        """Whether the card has expired."""
        return self.end_ms <= now_ms


def cycle_times(start_s: int, recurrence: Recurrence, first: int, last: int) -> Iterator[CardTime]:
    """When the cards of some cycles of an order count, in order of time.

    Args:
        start_s: when the first cycle of all starts (Unix seconds).
        recurrence: how long a cycle is.
        first: the first cycle that is asked for, from 1 on.
        last: the last one.
    """
    edges = (term_end(start_s, each, recurrence.interval, recurrence.length) for each in range(first - 1, last + 1))
    for begin_s, end_s in pairwise(edges):
        yield CardTime(begin_s * 1000, end_s * 1000)


def cycles_begun(start_s: int, recurrence: Recurrence, now_ms: int) -> int:
    """How many cycles of an order have begun at `now_ms` (Unix milliseconds); found by halving, never counted out."""

    def start_of(cycle: int) -> int:
        return term_end(start_s, cycle, recurrence.interval, recurrence.length)

    now_s, beyond = now_ms // 1000, 1
    while start_of(beyond) <= now_s:
        beyond *= 2
    return bisect_right(range(beyond), now_s, key=start_of)


def first_payment(price: Decimal | int, *, external: bool, begun: bool) -> Payment:
    """How far the payment of a card is before anything was told of it; the mock's own provider always pays."""
    if price <= 0:
        return Payment.NOT_NEEDED
    if external:
        return Payment.REQUIRES_ACTION
    return Payment.SETTLED if begun else Payment.PRE_PAYMENT


def is_spendable(time: CardTime, payment: Payment, now_ms: int) -> bool:
    """Whether a card can pay at `now_ms`."""
    return payment in PAID and time.start_ms <= now_ms and not time.is_over(now_ms)


def adds_up(parts: Iterable[Decimal | int], whole: Decimal | int) -> bool:
    """Whether parts are together exactly the whole, whatever their number of digits."""
    return sum(map(Fraction, parts), Fraction(0)) == Fraction(whole)
