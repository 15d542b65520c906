"""The prepaid wallet: a customer's cards, computed at each reading from the orders and from what became of each card.

An order is kept under its relation id, an ended one that was paid in a collection of its own. A card is the order, a
cycle of it, and the changes that were made to that card alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from mockserver.domain.decimals import added
from mockserver.domain.prepaid import (
    PAID,
    CardTime,
    Payment,
    Recurrence,
    cycle_time,
    cycles_begun,
    first_payment,
    is_spendable,
)
from mockserver.domain.terms import CycleInterval
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.clock import LATEST_MS
from mockserver.engine.paging import Selection
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing_account import UNIT, settings_of
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.invoices import currency_to_api
from mockserver.handlers.product_items import DEFAULT_PRODUCT

ORDERS = "prepaid-orders"
ENDED = "ended-prepaid-orders"
CHANGES = "prepaid-cards"
NOUN = "prepaid card"

START, END, ENDED_AT = "startTimeInMillis", "expirationTimeInMillis", "endedTimeInMillis"
"""Where a stored order keeps its times; they are not answered."""

NO_END_MS = LATEST_MS
"""When a card expires whose order names no end."""

MOST_CARDS = 1000
"""Cards of one order in a wallet, the latest ones."""

REPLACED, PAYMENT, CONDITIONS = "replaced", "payment", "prepaidConditions"
"""What a card's changes may hold, besides its times."""

_URI_END = re.compile(r"/relation_id=([\w-]+)/cycle=([1-9][0-9]{0,14})", re.ASCII)
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it is at some moment.

    Attributes:
        order: the stored order that made it.
        cycle: which of the order's cycles it is for, from 1 on.
        time: from when until when it counts.
        payment: how far its payment is.
        changes: what was done to this card alone: times, conditions, `payment` with the payment's fields, `replaced`.
        account_id: whose account it is.
    """

    order: JsonObject
    cycle: int
    time: CardTime
    payment: Payment
    changes: JsonObject
    account_id: str

    @property
    def uri(self) -> str:
        """The card's id."""
        return f"{order_uri(self.account_id, self.order)}/cycle={self.cycle}"

    @property
    def worth(self) -> Decimal | int:
        """The credit on the new card."""
        worth: Decimal | int = self.order["originalWorth"]
        return worth

    @property
    def left(self) -> Decimal | int:
        """The credit that is left: all of it, as long as invoices draw nothing."""
        return self.worth

    @property
    def exists(self) -> bool:
        """Whether the card is in the wallet: it is worth something, was not replaced, and its order bought it."""
        bought = ENDED_AT not in self.order or self.payment in PAID
        return self.worth > 0 and bought and not self.changes.get(REPLACED)


def get_wallet(call: Call) -> Reply:
    """The wallet of the query's customer and product."""
    customer, product = call.query["customerId"], call.query.get("productId", DEFAULT_PRODUCT)
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)
    wallet = {
        "key": {"accountId": call.account_id, "customerId": customer, "productId": product},
        UNIT: settings_of(call)[UNIT],
        "prepaidCards": [card_to_api(card) for card in cards_of(call, customer, product)],
    }
    return Reply(wallet)


def cards_of(call: Call, customer: str, product: str) -> list[Card]:
    """A customer's cards by their start; of equal starts the one of the earlier order first."""
    wanted = {"customerId": frozenset({customer}), "productId": frozenset({product})}
    orders = [order for name in (ENDED, ORDERS) for order in _selected(call, name, wanted)]
    cards = [card for order in orders for card in _cards_of_order(call, order) if card.exists]
    return sorted(cards, key=lambda card: card.time.start_ms)


def balance_of(call: Call, customer: str, product: str) -> Decimal:
    """What a customer can spend at the present."""
    cards = cards_of(call, customer, product)
    return added(Decimal(card.left) for card in cards if is_spendable(card.time, card.payment, call.now_ms))


def card_of(call: Call, order: JsonObject, cycle: int) -> Card:
    """The card of a cycle, begun or not, whatever became of it."""
    changes = call.store.collection(CHANGES).get(f"{order_uri(call.account_id, order)}/cycle={cycle}") or {}
    time = _time_of(order, cycle)
    time = CardTime(changes.get(START, time.start_ms), changes.get(END, time.end_ms))
    return Card(order, cycle, time, _payment_of(call, order, time, changes), changes, call.account_id)


def find_card(call: Call, uri: str) -> Card | None:
    """The card of this id, when it is in a wallet."""
    match = _URI_END.search(uri)
    if match is None:
        return None
    relation_id, cycle = match[1], int(match[2])
    stored = (call.store.collection(name).get(relation_id) for name in (ORDERS, ENDED))
    order = next((each for each in stored if each is not None), None)
    if order is None or cycle > _cycles_of(call, order):
        return None
    card = card_of(call, order, cycle)
    return card if card.exists and card.uri == uri else None


def change_card(call: Call, card: Card, **changes: Any) -> Card:
    """Keeps what became of one card and answers it as it is now."""
    call.store.collection(CHANGES).put(card.uri, {**card.changes, **changes})
    changed = card_of(call, card.order, card.cycle)
    record(call, NOUN, card.uri, "deleted" if changed.changes.get(REPLACED) else "updated", card_to_api(changed))
    return changed


def card_to_api(card: Card) -> JsonObject:
    """The answered card; amounts in credit units are not counted."""
    order, payment = card.order, card.changes.get(PAYMENT, {})
    kind = "one_time" if order.get("recurrenceFrequency") is None else "recurrence"
    external = bool(order["externalPayment"])
    return {
        "prepaidUri": card.uri,
        "sourceUri": order_uri(card.account_id, order),
        "cardType": f"external_{kind}" if external else kind,
        "label": order.get("label"),
        "price": order["prepaidPrice"],
        "priceInBaseCurrency": order["prepaidPrice"],
        "worth": card.worth,
        "amountLeft": card.left,
        "usedAmount": 0,
        **dict.fromkeys(("priceInCredits", "worthInCredits", "amountLeftInCredits", "usedAmountInCredits")),
        "startTimeInMillis": int64(card.time.start_ms),
        "expirationTimeInMillis": int64(card.time.end_ms),
        "paymentStatus": card.payment.value,
        "paymentId": payment.get("paymentId"),
        "paymentSystemName": payment.get("systemName"),
        "externalPaymentMethod": external,
        "paymentCurrencyInfo": currency_to_api(order["originalCurrency"]),
        CONDITIONS: card.changes.get(CONDITIONS, order.get(CONDITIONS)),
        "productInvoices": [],
    }


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


def _selected(call: Call, collection: str, wanted: Mapping[str, frozenset[str]]) -> list[JsonObject]:
    return call.store.collection(collection).page(Selection(among=wanted)).documents


def _cards_of_order(call: Call, order: JsonObject) -> Iterator[Card]:
    """The first card of an order, and those of the later cycles that have begun; at most the latest thousand."""
    last = _cycles_of(call, order)
    for cycle in range(max(1, last - MOST_CARDS + 1), last + 1):
        yield card_of(call, order, cycle)


def _cycles_of(call: Call, order: JsonObject) -> int:
    """How many cards an order has made."""
    recurrence = recurrence_of(order)
    if recurrence is None:
        return 1
    return max(1, cycles_begun(order[START] // 1000, recurrence, _as_of(call, order)))


def _time_of(order: JsonObject, cycle: int) -> CardTime:
    recurrence = recurrence_of(order)
    if recurrence is None:
        return CardTime(order[START], order.get(END, NO_END_MS))
    return cycle_time(order[START] // 1000, recurrence, cycle)


def _payment_of(call: Call, order: JsonObject, time: CardTime, changes: JsonObject) -> Payment:
    """What was told of the payment, else what follows from the order."""
    told = changes.get(PAYMENT)
    if told is not None:
        return Payment(told["paymentStatus"])
    begun = time.start_ms <= _as_of(call, order)
    return first_payment(order["prepaidPrice"], external=bool(order["externalPayment"]), begun=begun)


def recurrence_of(order: JsonObject) -> Recurrence | None:
    """How often an order buys again, or None when it buys once."""
    frequency = order.get("recurrenceFrequency")
    if frequency is None:
        return None
    return Recurrence(CycleInterval(frequency["interval"]), frequency["intervalsCount"])


def _as_of(call: Call, order: JsonObject) -> int:
    """The present, or the moment at which the order was ended."""
    ended_ms: int = order.get(ENDED_AT, call.now_ms)
    return min(call.now_ms, ended_ms)


BINDINGS: Mapping[str, Binding] = {"getPrepaidWallet": Binding(get_wallet)}
