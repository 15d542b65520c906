"""Prepaid cards as they are at some moment, and as they pay; what invoices drew of them is told by the wallet.

An order is kept under its relation id, an ended one that was paid in a collection of its own. A card is the order, a
cycle of it, and the changes that were made to that card alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from mockserver.domain.billing_periods import MOST_AT_ONCE
from mockserver.domain.decimals import exactly
from mockserver.domain.drawdown import PayingCard, Priority
from mockserver.domain.prepaid import (
    PAID,
    CardTime,
    Payment,
    Recurrence,
    cycle_times,
    cycles_begun,
    first_payment,
)
from mockserver.domain.terms import CycleInterval
from mockserver.engine.call import Call
from mockserver.engine.clock import LATEST_MS
from mockserver.engine.holdings import Holdings
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing_account import settings_of
from mockserver.handlers.prepaid_conditions import FIELD as CONDITIONS
from mockserver.handlers.prepaid_conditions import conditions_from_api

ORDERS = "prepaid-orders"
ENDED = "ended-prepaid-orders"
CHANGES = "prepaid-cards"
OWNERS = Holdings("prepaid-owners")
"""For each customer the relation ids of the orders, oldest first, so that no reading goes through everybody's."""

START, END, ENDED_AT = "startTimeInMillis", "expirationTimeInMillis", "endedTimeInMillis"
"""Where a stored order keeps its times; they are not answered."""

CARD_TYPE, COMMITMENT = "cardType", "commitmentId"
"""What an order has that a commitment made: such cards need no payment."""

NO_END_MS = LATEST_MS
"""When a card expires whose order names no end."""

MOST_CARDS = 1000
"""Cards of one order in a wallet, the latest ones."""

WORTH, SPLIT_AT, PAYMENT = "worth", "splitTimeInMillis", "payment"
"""What a card's changes may hold, besides its times and its conditions."""

_PRIORITIES: Final = {"HIGHEST_PRIORITY": Priority.HIGHEST, "LOWEST_PRIORITY": Priority.LOWEST}
_INT64 = 2**63

Amount = Decimal | int
"""Money as it is kept; a whole number of any size stays one."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it is at some moment, but for what invoices drew of it.

    Attributes:
        order: the stored order that made it.
        cycle: which of the order's cycles it is for, from 1 on.
        uri: its id.
        time: from when until when it counts.
        payment: how far its payment is.
        changes: what was done to this card alone: times, conditions, `payment` with the payment's fields, and by a
            split `worth`, what is left to the card itself.
    """

    order: JsonObject
    cycle: int
    uri: str
    time: CardTime
    payment: Payment
    changes: JsonObject

    @property
    def source_uri(self) -> str:
        """The order's id as the cards tell it."""
        return self.uri.rpartition("/")[0]

    @property
    def worth(self) -> Amount:
        """The credit on the new card; of a split one, what was drawn of it by then."""
        worth: Amount = self.changes[WORTH] if WORTH in self.changes else self.order["originalWorth"]
        return worth

    @property
    def currency(self) -> str:
        """The code of the currency of its credit."""
        code: str = self.order["originalCurrency"]
        return code

    @property
    def conditions(self) -> Any:
        """What it may pay for, as it was written."""
        return self.changes.get(CONDITIONS, self.order.get(CONDITIONS))

    @property
    def exists(self) -> bool:
        """Whether the card is in the wallet: it is worth something, and its order bought it."""
        return self.worth > 0 and (ENDED_AT not in self.order or self.payment in PAID)

    def as_paying(self, place: int) -> PayingCard:
        """The card in the words of the draw-down.

        Args:
            place: of its order among the customer's, which decides between cards that are equal in all else.
        """
        custom = self.order.get("customPriority")
        return PayingCard(
            uri=self.uri,
            start_s=self.time.start_ms // 1000,
            end_s=self.time.end_ms // 1000,
            worth=Decimal(self.worth),
            priority=_PRIORITIES.get(self.order.get("prepaidPriority") or "", Priority.USUAL),
            custom_priority=None if custom is None else exactly(custom),
            order=place,
            conditions=conditions_from_api(self.conditions),
        )


def paying_cards(call: Call, customer: str, product: str, since_s: int | None = None) -> list[PayingCard]:
    """The cards that can pay a customer's invoices, at one time or another.

    A card in another currency than the account's pays nothing (our reading).

    Args:
        call: the request.
        customer: whose cards.
        product: of which product.
        since_s: cards of recurring orders that ended by then may be left out (Unix seconds); None to have them all.
    """
    currency = settings_of(call)["baseCurrency"]
    since_ms = None if since_s is None else since_s * 1000
    return [
        card.as_paying(place)
        for place, card in _placed_cards(call, customer, product, since_ms)
        if card.payment in PAID and card.currency == currency
    ]


def cards_of(call: Call, customer: str, product: str) -> list[Card]:
    """A customer's cards by their start; of equal starts the one of the earlier order first."""
    cards = (card for _, card in _placed_cards(call, customer, product))
    return sorted(cards, key=lambda card: card.time.start_ms)


def card_of(call: Call, order: JsonObject, cycle: int) -> Card:
    """The card of a cycle, begun or not, whatever became of it."""
    return _Series(call, order).card(cycle)


def find_card(call: Call, uri: str) -> Card | None:
    """The card of this id, when it is in a wallet."""
    source, _, cycle = uri.rpartition("/cycle=")
    relation_id = source.rpartition("/relation_id=")[2]
    order = order_of(call, relation_id)
    # Only the plain form of a number that may be a cycle names one.
    if order is None or not cycle.isascii() or not cycle.isdecimal() or cycle.startswith("0") or len(cycle) > _DIGITS:
        return None
    series = _Series(call, order)
    if int(cycle) > series.cycles:
        return None
    card = series.card(int(cycle))
    return card if card.exists and card.uri == uri else None


_DIGITS = 15
"""Of the largest number of a cycle that is looked for."""


def order_of(call: Call, relation_id: str) -> JsonObject | None:
    """The order under a relation id, ended or not, or None."""
    return call.store.collection(ORDERS).get(relation_id) or call.store.collection(ENDED).get(relation_id)


def orders_of(call: Call, customer: str) -> list[JsonObject]:
    """A customer's orders for all products, ended ones too, oldest first."""
    found = (order_of(call, relation_id) for relation_id in OWNERS.of(call, customer))
    return [order for order in found if order is not None]


def recurrence_of(order: JsonObject) -> Recurrence | None:
    """How often an order buys again, or None when it buys once."""
    frequency = order.get("recurrenceFrequency")
    if frequency is None:
        return None
    return Recurrence(CycleInterval(frequency["interval"]), frequency["intervalsCount"])


def order_uri(account_id: str, order: JsonObject) -> str:
    """What a card names as its source. The form is our reading, after the URI of an invoice."""
    parts = {
        "account_id": account_id,
        "customer_id": order["customerId"],
        "product_id": order["productId"],
        "prepaid_id": order["id"],
        "relation_id": order["relationId"],
    }
    texts = (f"{name}={quote(part, safe='', errors='surrogatepass')}" for name, part in parts.items())
    return "payments/prepaid/" + "/".join(texts)


def int64(number: int) -> int:
    """The number, or the nearest one that the documents' int64 holds."""
    return max(-_INT64, min(_INT64 - 1, number))


def _placed_cards(call: Call, customer: str, product: str, since_ms: int | None = None) -> Iterator[tuple[int, Card]]:
    """The cards of a customer, each with the place of its order among the customer's."""
    for place, order in enumerate(orders_of(call, customer)):
        if order["productId"] == product:
            yield from ((place, card) for card in _Series(call, order).cards(since_ms) if card.exists)


class _Series:
    """The cards of one order: one, or one a cycle."""

    def __init__(self, call: Call, order: JsonObject) -> None:
        self._order = order
        self._uri = order_uri(call.account_id, order)
        self._changes = call.store.collection(CHANGES)
        self._recurrence = recurrence_of(order)
        # The present, or the moment at which the order was ended.
        self._as_of_ms: int = min(call.now_ms, order.get(ENDED_AT, call.now_ms))

    @property
    def cycles(self) -> int:
        """How many cards the order has made."""
        return max(1, self._cycles_begun(self._as_of_ms))

    def cards(self, since_ms: int | None = None) -> Iterator[Card]:
        """The first card, and those of the later cycles that have begun; at most the latest thousand.

        Those that ended by `since_ms` (Unix milliseconds) are left out as far as that saves looking at them, and of
        the others none as long as there are no more than periods that may pass at once.
        """
        last = self.cycles
        first = max(1, last - (MOST_CARDS if since_ms is None else MOST_AT_ONCE) + 1)
        running = first if since_ms is None else max(first, min(last, self._cycles_begun(since_ms)))
        for cycle in range(first, running):
            # A card that was changed may last longer than its cycle.
            if self._uri_of(cycle) in self._changes:
                yield self.card(cycle)
        for cycle, time in enumerate(self._times(running, last), running):
            yield self._card(cycle, time)

    def card(self, cycle: int) -> Card:
        """The card of a cycle, begun or not."""
        return self._card(cycle, next(self._times(cycle, cycle)))

    def _card(self, cycle: int, time: CardTime) -> Card:
        uri = self._uri_of(cycle)
        changes = self._changes.get(uri) or {}
        if changes:
            time = CardTime(changes.get(START, time.start_ms), changes.get(END, time.end_ms))
        return Card(self._order, cycle, uri, time, self._payment(time, changes), changes)

    def _uri_of(self, cycle: int) -> str:
        return f"{self._uri}/cycle={cycle}"

    def _cycles_begun(self, moment_ms: int) -> int:
        """How many cycles had begun at a moment; of an order that buys once, that one."""
        if self._recurrence is None:
            return 1
        return cycles_begun(self._order[START] // 1000, self._recurrence, moment_ms)

    def _times(self, first: int, last: int) -> Iterator[CardTime]:
        """When the cards of some cycles count, if nothing was changed about them."""
        if self._recurrence is None:
            return iter([CardTime(self._order[START], self._order.get(END, NO_END_MS))])
        return cycle_times(self._order[START] // 1000, self._recurrence, first, last)

    def _payment(self, time: CardTime, changes: JsonObject) -> Payment:
        """What was told of the payment, else what follows from the order."""
        told = changes.get(PAYMENT)
        if told is not None:
            return Payment(told["paymentStatus"])
        if COMMITMENT in self._order:
            return Payment.NOT_NEEDED
        begun = time.start_ms <= self._as_of_ms
        return first_payment(self._order["prepaidPrice"], external=bool(self._order["externalPayment"]), begun=begun)
