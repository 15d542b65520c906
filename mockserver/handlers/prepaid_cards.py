"""Prepaid cards: what is changed about one card of a wallet, and what is told of its payment."""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.prepaid import FOLLOWING, Payment, adds_up
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import ConflictingReplay, DuplicateKey, InvalidInput, KeyNotFound
from mockserver.engine.money import money_from_api
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject
from mockserver.handlers.prepaid_orders import checked_order, find_order, keep_order
from mockserver.handlers.prepaid_wallet import (
    CONDITIONS,
    END,
    NOUN,
    PAYMENT,
    REPLACED,
    START,
    Card,
    card_of,
    card_to_api,
    change_card,
    find_card,
)
from mockserver.handlers.product_items import DEFAULT_PRODUCT

INHERITED = ("label", CONDITIONS, "customPriority", "prepaidPriority")
"""Fields that the orders of a split have from the split one where they say nothing."""


class CardClosed(ConflictingReplay):
    """The card has expired: nothing about it can be changed any more."""


def extend_card(call: Call) -> Reply:
    """Moves the end of a card.

    Raises:
        KeyNotFound: the customer has no such card, or it failed to be paid.
        CardClosed: it has expired.
        InvalidInput: the end lies in the past, or before the card's start.
    """
    card = _changeable(call)
    end_ms = call.body["newEndTimeInSeconds"] * 1000
    if end_ms <= call.now_ms or end_ms <= card.time.start_ms:
        message = "Invalid request: newEndTimeInSeconds must lie in the future, and after the card's start"
        raise InvalidInput(message, field="newEndTimeInSeconds", rule="unsupported-date")
    if end_ms < card.time.end_ms:
        call.warn("newEndTimeInSeconds", "shortened-card", "the new end lies before the present one")
    return Reply(card_to_api(change_card(call, card, **{END: end_ms})))


def move_start(call: Call) -> Reply:
    """Moves the start of a card.

    Raises:
        KeyNotFound: the customer has no such card, or it failed to be paid.
        CardClosed: it has expired.
        InvalidInput: the start does not lie before the card's end.
    """
    card = _changeable(call)
    start_ms = call.body["newStartTimeInSeconds"] * 1000
    if start_ms >= card.time.end_ms:
        message = "Invalid request: newStartTimeInSeconds must lie before the card's end"
        raise InvalidInput(message, field="newStartTimeInSeconds", rule="reversed-range")
    return Reply(card_to_api(change_card(call, card, **{START: start_ms})))


def change_condition(call: Call) -> Reply:
    """Replaces the conditions of a card; without new ones it has none.

    Raises:
        KeyNotFound: the customer has no such card, or it failed to be paid.
        CardClosed: it has expired.
    """
    card = _changeable(call)
    return Reply(card_to_api(change_card(call, card, **{CONDITIONS: call.body.get(CONDITIONS)})))


def split_card(call: Call) -> Reply:
    """Replaces a card by the cards of several orders, which have its times and its payment.

    Raises:
        KeyNotFound: the customer has no such card, or it failed to be paid.
        CardClosed: it has expired.
        InvalidInput: the orders are not worth exactly what is left on the card, or one is worth nothing.
        DuplicateKey: the id of an order is taken.
    """
    card = _changeable(call)
    parts = [_part_of(card, each) for each in call.body["customerPrepaidOrders"]]
    _require_equal_worth(card, parts)
    _require_free_ids(call, parts)
    own = {"originalCurrency": card.order["originalCurrency"], "senderPrepaidUri": card.uri}
    own |= {START: card.time.start_ms, END: card.time.end_ms}
    checked = [checked_order(call, part, **own) for part in parts]
    change_card(call, card, **{REPLACED: True})
    orders = [keep_order(call, order, None) for order in checked]
    return Reply([card_to_api(_with_payment_of(call, card, card_of(call, order, 1))) for order in orders])


def tell_payment(call: Call) -> Reply:
    """Takes down how the payment of a card stands.

    Raises:
        KeyNotFound: there is no such card.
        InvalidInput: its payment is over, or is no business of the caller's.
    """
    told = {**call.body, "paymentStatus": call.body["paymentStatus"].lower()}
    card = find_card(call, told["prepaidUri"])
    if card is None:
        raise _unknown(told["prepaidUri"])
    if Payment(told["paymentStatus"]) not in FOLLOWING[card.payment]:
        message = f"Invalid paymentStatus transition from {card.payment.value} to {told['paymentStatus']}"
        raise InvalidInput(message, field="paymentStatus", rule="illegal-transition")
    change_card(call, card, **{PAYMENT: told})
    return Reply(told)


def _changeable(call: Call) -> Card:
    """The card that the body names.

    Raises:
        KeyNotFound: the customer has no such card, or it failed to be paid.
        CardClosed: it has expired.
    """
    uri = call.body["prepaidUri"]
    owner = {"customerId": call.body["customerId"], "productId": call.body.get("productId", DEFAULT_PRODUCT)}
    card = find_card(call, uri)
    if card is None or card.payment is Payment.FAILED or not owner.items() <= card.order.items():
        raise _unknown(uri)
    if card.time.is_over(call.now_ms):
        raise CardClosed("the card has expired: nothing about it can be changed", field="prepaidUri", rule="expired")
    return card


def _unknown(uri: str) -> KeyNotFound:
    return KeyNotFound(f"no {NOUN} with 'prepaidUri': {printable(uri, 200)}", field="prepaidUri", rule="unknown-key")


def _part_of(card: Card, written: JsonObject) -> JsonObject:
    """The order of a part, with what it has from the one that is split."""
    inherited = {name: card.order[name] for name in INHERITED if name in card.order}
    if CONDITIONS in card.changes:
        inherited[CONDITIONS] = card.changes[CONDITIONS]
    fixed = {
        **{name: card.order[name] for name in ("customerId", "productId", "externalPayment")},
        "recurrenceFrequency": None,
        "startTimeInSeconds": card.time.start_ms // 1000,
    }
    return {**inherited, **written, **fixed}


def _require_equal_worth(card: Card, parts: list[JsonObject]) -> None:
    worths = [_worth(part) for part in parts]
    for index, worth in enumerate(worths):
        if worth <= 0:
            message = "Invalid request: each part of a card must be worth more than 0"
            field = f"customerPrepaidOrders[{index}].prepaidPrice"
            raise InvalidInput(message, field=field, rule="unequal-split")
    if not adds_up(worths, card.left):
        message = f"Invalid request: the parts must add up to what is left on the card, {printable(str(card.left))}"
        raise InvalidInput(message, field="customerPrepaidOrders", rule="unequal-split")


def _worth(part: JsonObject) -> Any:
    worth = part["originalWorth"] if "originalWorth" in part else part["prepaidPrice"]
    return money_from_api(worth)


def _require_free_ids(call: Call, parts: list[JsonObject]) -> None:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if part["id"] in seen or find_order(call, part["customerId"], part["id"]):
            message = f"Invalid request: prepaid order already exists with 'id': {printable(part['id'])}"
            raise DuplicateKey(message, field=f"customerPrepaidOrders[{index}].id", rule="duplicate-key")
        seen.add(part["id"])


def _with_payment_of(call: Call, source: Card, card: Card) -> Card:
    """The card of a part with what was told of the source's payment, or that none was needed."""
    told = source.changes.get(PAYMENT)
    if told is None and source.payment is Payment.NOT_NEEDED:
        told = {"paymentStatus": source.payment.value}
    return card if told is None else change_card(call, card, **{PAYMENT: told})


BINDINGS: Mapping[str, Binding] = {
    "extendPrepaidCard": Binding(extend_card),
    "modifyPrepaidCardStartTime": Binding(move_start),
    "modifyPrepaidCardCondition": Binding(change_condition),
    "splitPrepaidCard": Binding(split_card),
    "updateExternalPrepaidPaymentStatus": Binding(tell_payment),
}
