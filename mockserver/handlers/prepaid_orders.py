"""Prepaid orders: credit that a customer bought. Amounts are kept exactly."""

from collections.abc import Mapping
from decimal import Decimal

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import is_known, warn_unknown_customer

COLLECTION = "prepaid-orders"
DEFAULT_CURRENCY = "USD"


def money_from_api(amount: float) -> Decimal | int:
    """An exact amount: a whole number as it is, a double as the shortest decimal that reads back as the same double."""
    return amount if isinstance(amount, int) else Decimal(repr(amount))


def order_from_api(call: Call, body: JsonObject) -> JsonObject:
    """The document to keep: what was ordered, an id and the time. Currency defaults to USD, the documents' example."""
    order = {
        "orderId": minted("order-", call.store.next_number("prepaid-order"), length=12),
        "customerId": body["customerId"],
        "amount": money_from_api(body["amount"]),
        "currency": body.get("currency", DEFAULT_CURRENCY),
        "createTime": call.now_ms,
    }
    return {**order, "expirationTime": body["expirationTime"]} if "expirationTime" in body else order


def create_prepaid_order(call: Call) -> Reply:
    """Stores an order. Any number is taken as its amount; one that buys nothing leaves a warning."""
    if not is_known(call, call.body["customerId"]):
        warn_unknown_customer(call, call.body["customerId"])
    if call.body["amount"] <= 0:
        call.warn("amount", "non-positive-amount", "the amount is not above 0: the order buys nothing")
    order = order_from_api(call, call.body)
    call.store.collection(COLLECTION).put(order["orderId"], order)
    return Reply(order)


BINDINGS: Mapping[str, Binding] = {"createPrepaidOrder": Binding(create_prepaid_order, Tier.RESOURCE)}
