"""Prepaid cards: what is changed about one card of a wallet, and what is told of its payment."""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.prepaid import FOLLOWING, Payment, adds_up
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import ConflictingReplay, DuplicateKey, InvalidInput, KeyNotFound
from mockserver.engine.money import money_from_api
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject
from mockserver.handlers.currencies import credit_worth
from mockserver.handlers.prepaid_conditions import FIELD as CONDITIONS
from mockserver.handlers.prepaid_conditions import warn_of_conditions
from mockserver.handlers.prepaid_draws import (
    CARD_TYPE,
    CHANGES,
    COMMITMENT,
    END,
    PAYMENT,
    SPLIT_AT,
    START,
    WORTH,
    Card,
    card_of,
    find_card,
)
from mockserver.handlers.prepaid_orders import checked_order, find_order, keep_order
from mockserver.handlers.prepaid_wallet import (
    NOUN,
    Balance,
    Draws,
    balance_of_card,
    card_to_api,
    draws_of,
)
from mockserver.handlers.product_items import DEFAULT_PRODUCT

INHERITED = ("label", CONDITIONS, "customPriority", "prepaidPriority")
"""Fields that the orders of a split have from the split one where they say nothing."""


class CardSettled(ConflictingReplay):
    """The card was paid already: its payment cannot be told in another way."""


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
    return _changed(call, card, **{END: end_ms})


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
    return _changed(call, card, **{START: start_ms})


def change_condition(call: Call) -> Reply:
    """Replaces the conditions of a card; without new ones it has none.

    Raises:
        KeyNotFound: the customer has no such card, or it failed to be paid.
        CardClosed: it has expired.
    """
    card = _changeable(call)
    warn_of_conditions(call, call.body.get(CONDITIONS))
    return _changed(call, card, **{CONDITIONS: call.body.get(CONDITIONS)})


def split_card(call: Call) -> Reply:
    """Splits what is left on a card into the cards of several orders, which have its times and its payment.

    The card keeps what was drawn of it and is worth no more than that; an unused one is gone.

    Raises:
        KeyNotFound: the customer has no such card, or it failed to be paid.
        CardClosed: it has expired.
        InvalidInput: the orders are not worth exactly what is left on the card, or one is worth nothing.
        DuplicateKey: the id of an order is taken.
    """
    card = _changeable(call)
    balance = balance_of_card(card, _draws_of(call, card))
    parts = [_part_of(card, each) for each in call.body["customerPrepaidOrders"]]
    _require_equal_worth(balance, parts)
    _require_free_ids(call, parts)
    own = {name: card.order[name] for name in ("originalCurrency", COMMITMENT, CARD_TYPE) if name in card.order}
    own |= {"senderPrepaidUri": card.uri, START: card.time.start_ms, END: card.time.end_ms}
    checked = [checked_order(call, part, **own) for part in parts]
    change_card(call, card, **{WORTH: balance.used, SPLIT_AT: call.now_ms})
    orders = [keep_order(call, order, None) for order in checked]
    cards = [_with_payment_of(call, card, card_of(call, order, 1)) for order in orders]
    draws, credit = _draws_of(call, card), credit_worth(call)
    return Reply([card_to_api(each, draws, credit) for each in cards])


def tell_payment(call: Call) -> Reply:
    """Takes down how the payment of a card stands; a settlement that is told once more is answered as it was taken.

    Raises:
        KeyNotFound: there is no such card.
        CardSettled: it was paid already, and what is told now is something else.
        InvalidInput: its payment has failed, or is no business of the caller's.
    """
    told = {**call.body, "paymentStatus": call.body["paymentStatus"].lower()}
    card = find_card(call, told["prepaidUri"])
    if card is None:
        raise _unknown(told["prepaidUri"])
    if card.payment is Payment.SETTLED:
        _require_same_settlement(card, told)
    elif Payment(told["paymentStatus"]) not in FOLLOWING[card.payment]:
        message = f"Invalid paymentStatus transition from {card.payment.value} to {told['paymentStatus']}"
        raise InvalidInput(message, field="paymentStatus", rule="illegal-transition")
    if card.payment is Payment.SETTLED and PAYMENT in card.changes:
        return Reply(card.changes[PAYMENT])
    change_card(call, card, **{PAYMENT: told})
    return Reply(told)


def change_card(call: Call, card: Card, **changes: Any) -> tuple[Card, JsonObject]:
    """Keeps what became of one card; gives it as it is now, and as it is answered."""
    call.store.collection(CHANGES).put(card.uri, {**card.changes, **changes})
    changed = card_of(call, card.order, card.cycle)
    document = card_to_api(changed, _draws_of(call, card), credit_worth(call))
    record(call, NOUN, card.uri, "updated" if changed.exists else "deleted", document)
    return changed, document


def _changed(call: Call, card: Card, **changes: Any) -> Reply:
    _, document = change_card(call, card, **changes)
    return Reply(document)


def _draws_of(call: Call, card: Card) -> Draws:
    return draws_of(call, card.order["customerId"], card.order["productId"])


def _require_same_settlement(card: Card, told: JsonObject) -> None:
    """Refuses what contradicts a settlement; one by the mock's own provider has no id to contradict."""
    before = {"paymentStatus": card.payment.value, **card.changes.get(PAYMENT, {})}
    for name in ("paymentStatus", "paymentId", "systemName"):
        if name in before and before[name] != told[name]:
            message = f"the card was paid already, with another {name}: a settled card is not settled again"
            raise CardSettled(message, field=name, rule="second-settlement")


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


def _require_equal_worth(balance: Balance, parts: list[JsonObject]) -> None:
    worths = [_worth(part) for part in parts]
    for index, worth in enumerate(worths):
        if worth <= 0:
            message = "Invalid request: each part of a card must be worth more than 0"
            field = f"customerPrepaidOrders[{index}].prepaidPrice"
            raise InvalidInput(message, field=field, rule="unequal-split")
    if not adds_up(worths, balance.left):
        message = f"Invalid request: the parts must add up to what is left on the card, {printable(str(balance.left))}"
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
    return card if told is None else change_card(call, card, **{PAYMENT: told})[0]


BINDINGS: Mapping[str, Binding] = {
    "extendPrepaidCard": Binding(extend_card),
    "modifyPrepaidCardStartTime": Binding(move_start),
    "modifyPrepaidCardCondition": Binding(change_condition),
    "splitPrepaidCard": Binding(split_card),
    "updateExternalPrepaidPaymentStatus": Binding(tell_payment),
}
