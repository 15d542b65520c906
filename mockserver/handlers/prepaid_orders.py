"""Prepaid orders: credit that a customer bought, once or again and again. Amounts are kept exactly.

Both dialects write the same documents, in the live form. What the published form alone knows is in them too: the times
in milliseconds, and the moment at which the credit expires.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.domain.decimals import within_doubles
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.clock import EARLIEST_MS, LATEST_MS
from mockserver.engine.errors import KeyNotFound
from mockserver.engine.fields import lower_case, with_changed
from mockserver.engine.identifiers import minted
from mockserver.engine.money import money_from_api
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.list_prices import list_price
from mockserver.handlers.billing_account import settings_of
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.meters import COLLECTION as METERS
from mockserver.handlers.prepaid_conditions import FIELD as CONDITIONS
from mockserver.handlers.prepaid_conditions import warn_of_conditions
from mockserver.handlers.prepaid_draws import (
    CARD_TYPE,
    COMMITMENT,
    END,
    ENDED,
    ENDED_AT,
    NO_END_MS,
    ORDERS,
    OWNERS,
    PAYMENT,
    START,
    WORTH,
    card_of,
    int64,
    orders_of,
    recurrence_of,
)
from mockserver.handlers.product_items import DEFAULT_PRODUCT, ITEMS

NOUN = "prepaid order"
BY_PRICE, BY_USAGE = "by_price", "by_usage"
"""Values of an order's `type` (our reading)."""

OWNED = frozenset({
    START, END, ENDED_AT, "endTimeInSeconds", "firstCardEndTimeSeconds", "originalCurrency", "realTimePricing",
    "preferredPurchasingPrepaidCurrency", "installments", "internalStatus", "prepaidPaymentTimeInSeconds", "paymentId",
    "paymentStatus", "firstInvoiceUri", "relationId", "createdTimeInSeconds", "modifiedTimeInSeconds",
    COMMITMENT, CARD_TYPE, "orderId", "orderItemId", "senderPrepaidUri", "type", "purchaseType",
    "actualPrepaidChargePrice",
})  # fmt: skip
"""Fields that only the server writes."""

DEFAULTS: Mapping[str, Any] = {
    "productId": DEFAULT_PRODUCT,
    "prepaidOfferVersion": -1,
    "recurrenceFrequency": None,
    "externalPayment": False,
    "startAtMidCycle": False,
}
INNER = (START, END, ENDED_AT, CARD_TYPE)
"""What is kept of an order and not answered."""


def create_published_order(call: Call) -> Reply:
    """Stores an order of the published form. Any number is taken as its amount; one that buys nothing is warned of."""
    body = call.body
    amount = money_from_api(body["amount"])
    currency = settings_of(call)["baseCurrency"]
    _warn_of_customer(call, body["customerId"])
    _warn_of_nothing(call, "amount", amount)
    if body.get("currency", currency) != currency:
        call.warn("currency", "foreign-currency", "credit in another currency than the account's pays no invoice")
    if body.get("expirationTime", NO_END_MS) <= call.now_ms:
        call.warn("expirationTime", "reversed-range", "the credit expires before it starts: it pays nothing")
    number = call.store.next_number("prepaid-order")
    kept = {END: body["expirationTime"]} if "expirationTime" in body else {}
    order = {
        **DEFAULTS,
        **kept,
        "id": minted("order-", number, length=12),
        "customerId": body["customerId"],
        "prepaidPrice": amount,
        "originalWorth": amount,
        "originalCurrency": body.get("currency", currency),
        "type": BY_PRICE,
        START: call.now_ms,
        "startTimeInSeconds": call.now_ms // 1000,
    }
    return Reply(order_to_published(keep_order(call, order, None), call.now_ms))


def create_order(call: Call) -> Reply:
    """Stores an order by price; one of the same customer and id is replaced."""
    return Reply(order_to_api(call, place_order(call, call.body)))


def create_order_by_usage(call: Call) -> Reply:
    """Stores an order of units, worth what they cost without a discount; paid too, unless a price is given."""
    body = call.body
    _warn_of_units(call, body["prepaidUsage"])
    product = body.get("productId", DEFAULT_PRODUCT)
    listed = within_doubles(list_price(call, body["customerId"], product, body["prepaidUsage"]))
    full = money_from_api(body["prepaidFullPrice"]) if "prepaidFullPrice" in body else listed
    priced = {"prepaidPrice": full, "originalWorth": full, **body}
    return Reply(order_to_api(call, place_order(call, priced, type=BY_USAGE)))


def place_order(call: Call, body: JsonObject, **own: Any) -> JsonObject:
    """Stores the order that a live body asks for; one of the same customer and id is replaced.

    Args:
        call: the request, whatever its operation.
        body: the live form; what only the server writes is dropped from it.
        own: what the server writes into this order.

    Returns:
        The order as it is kept.

    Raises:
        StrictRefusal: the account is strict, and there was something to warn of.
    """
    previous = find_order(call, body["customerId"], body["id"])
    return keep_order(call, checked_order(call, body, **own), previous)


def checked_order(call: Call, body: JsonObject, **own: Any) -> JsonObject:
    """The document of a live body, with what the server writes into it; nothing is stored.

    Raises:
        StrictRefusal: the account is strict, and there was something to warn of.
    """
    order = {**order_from_api(call, body), **own}
    _warn_of_customer(call, order["customerId"])
    if COMMITMENT not in order:
        _warn_of_nothing(call, "prepaidPrice", order["prepaidPrice"])
        if order["prepaidPrice"] > 0:
            _warn_of_nothing(call, "originalWorth", order["originalWorth"])
    if not EARLIEST_MS <= order[START] <= LATEST_MS:
        call.warn("startTimeInSeconds", "unlikely-time", "startTimeInSeconds lies outside the years 1 to 9999")
    warn_of_conditions(call, order.get(CONDITIONS))
    return order


def order_from_api(call: Call, body: JsonObject) -> JsonObject:
    """The document of a live body, without what `keep_order` adds."""
    written = {name: value for name, value in body.items() if name not in OWNED}
    order = with_changed({**DEFAULTS, **written}, "recurrenceFrequency.interval", lower_case)
    if order.get("prepaidPriority"):
        order["prepaidPriority"] = order["prepaidPriority"].upper()
    start_s = call.now_ms // 1000 if "startTimeInSeconds" not in order else order["startTimeInSeconds"]
    price = _amount(order["prepaidPrice"])
    return {
        **order,
        "prepaidPrice": price,
        "originalWorth": _amount(order.get("originalWorth", price)),
        "originalCurrency": settings_of(call)["baseCurrency"],
        "type": BY_PRICE,
        "startTimeInSeconds": start_s,
        START: start_s * 1000,
    }


def keep_order(call: Call, order: JsonObject, previous: JsonObject | None) -> JsonObject:
    """Stores an order under the relation id that it has, or gets, and tells the event log."""
    now_s = call.now_ms // 1000
    numbered = previous or {
        "relationId": minted("prepaid-", call.store.next_number("prepaid-relation"), length=12),
        "createdTimeInSeconds": now_s,
    }
    own = {name: numbered[name] for name in ("relationId", "createdTimeInSeconds")}
    stored = {**order, **own, "modifiedTimeInSeconds": now_s}
    call.store.collection(ORDERS).put(stored["relationId"], stored)
    if previous is None:
        OWNERS.add(call, stored["customerId"], stored["relationId"])
    record(call, NOUN, stored["id"], "updated" if previous else "created", order_to_api(call, stored))
    return stored


def order_to_published(order: JsonObject, created_ms: int) -> JsonObject:
    """The published form of a stored order."""
    answer = {
        "orderId": order["id"],
        "customerId": order["customerId"],
        "amount": order["prepaidPrice"],
        "currency": order["originalCurrency"],
        "createTime": created_ms,
    }
    return {**answer, "expirationTime": order[END]} if END in order else answer


def order_to_api(call: Call, order: JsonObject) -> JsonObject:
    """The live form of a stored order, with how its first card is."""
    first = card_of(call, order, 1)
    payment = first.changes.get(PAYMENT, {})
    end_s = int64(first.time.end_ms // 1000)
    endless = recurrence_of(order) is not None or first.time.end_ms == NO_END_MS
    return {
        **{name: value for name, value in order.items() if name not in INNER},
        "endTimeInSeconds": None if endless else end_s,
        "firstCardEndTimeSeconds": end_s,
        "realTimePricing": False,
        "paymentStatus": first.payment.value,
        "paymentId": payment.get("paymentId"),
        "prepaidPaymentTimeInSeconds": payment.get("paymentTimeInSeconds"),
        "firstInvoiceUri": first.uri if first.exists else None,
        "actualPrepaidChargePrice": order["prepaidPrice"],
    }


def find_order(call: Call, customer: str, order_id: str) -> JsonObject | None:
    """A customer's order of this id, or None."""
    return next((order for order in _unended(call, customer) if order["id"] == order_id), None)


def get_order(call: Call) -> Reply:
    """The order that the query names.

    Raises:
        KeyNotFound: the customer has none of this id.
    """
    return Reply(order_to_api(call, _named(call)))


def delete_order(call: Call) -> Reply:
    """Ends the order that the query names and answers it as it went; cards that were paid stay in the wallet.

    Raises:
        KeyNotFound: the customer has none of this id.
    """
    order = _named(call)
    answer = order_to_api(call, order)
    call.store.collection(ORDERS).delete(order["relationId"])
    call.store.collection(ENDED).put(order["relationId"], {**order, ENDED_AT: call.now_ms})
    record(call, NOUN, order["id"], "deleted", answer)
    return Reply(answer)


def list_open_orders(call: Call) -> Reply:
    """A customer's orders that have not expired."""
    customer, product = call.query["CustomerId"], call.query.get("ProductId", DEFAULT_PRODUCT)
    if not is_known(call, customer):
        warn_unknown_customer(call, customer, "CustomerId")
    orders = (order for order in _unended(call, customer) if order["productId"] == product)
    return Reply([order_to_api(call, order) for order in orders if _is_open(call, order)])


def _is_open(call: Call, order: JsonObject) -> bool:
    """Whether an order buys again, or its one card has not expired and was not split into those of other orders."""
    card = card_of(call, order, 1)
    return recurrence_of(order) is not None or not (card.time.is_over(call.now_ms) or WORTH in card.changes)


def _named(call: Call) -> JsonObject:
    order = find_order(call, call.query["CustomerId"], call.query["Id"])
    if order is None:
        message = f"no {NOUN} of this customer with 'id': {printable(call.query['Id'])}"
        raise KeyNotFound(message, field="Id", rule="unknown-key")
    return order


def _unended(call: Call, customer: str) -> list[JsonObject]:
    return [order for order in orders_of(call, customer) if ENDED_AT not in order]


def _amount(amount: Any) -> Any:
    return money_from_api(amount) if isinstance(amount, float) else amount


def _warn_of_customer(call: Call, customer: str) -> None:
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)


def _warn_of_nothing(call: Call, field: str, amount: Any) -> None:
    if amount <= 0:
        call.warn(field, "non-positive-amount", "the amount is not above 0: the order buys nothing")


def _warn_of_units(call: Call, units: JsonObject) -> None:
    """Warns of units of something that is neither a product item nor a meter."""
    for name in units:
        if name not in ITEMS.documents(call) and name not in call.store.collection(METERS):
            message = f"no product item and no meter exists with this name: {printable(name)}"
            call.warn(f"prepaidUsage.{printable(name, 60)}", "unknown-product-item", message)


BINDINGS: Mapping[str, Binding] = {
    "createPrepaidOrder": Binding(create_published_order, Tier.RESOURCE),
    "createCustomerPrepaidOrder": Binding(create_order),
    "createPrepaidOrderByUsage": Binding(create_order_by_usage),
    "getPrepaidOrder": Binding(get_order, Tier.RESOURCE),
    "listOpenPrepaidOrders": Binding(list_open_orders),
    "deletePrepaidOrder": Binding(delete_order),
}
