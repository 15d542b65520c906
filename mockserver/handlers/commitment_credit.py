"""The credit that comes with a commitment: prepaid orders of its own, in the customer's wallet as any other."""

from collections.abc import Iterable

from mockserver.engine.call import Call
from mockserver.engine.store import JsonObject
from mockserver.handlers.contracts import credits_of
from mockserver.handlers.prepaid_draws import CARD_TYPE, COMMITMENT, END, ORDERS, START
from mockserver.handlers.prepaid_orders import find_order, keep_order, place_order


def grant_credit(call: Call, document: JsonObject, earlier: Iterable[JsonObject]) -> list[JsonObject]:
    """Orders the credit of a commitment; what it grants no more ends now.

    Args:
        call: the request, in an account that is not strict.
        document: the commitment as it is kept.
        earlier: the orders of the commitment that it replaces.

    Returns:
        The prepaid orders as they are kept. They cost nothing: what is paid for them is an obligation of the contract.
    """
    key, customer, contract = document["id"], document["customerId"], document["contract"]
    granted = {f"{key}-{credit.name}": credit for credit in credits_of(document)}
    for order in earlier:
        if order["id"] not in granted:
            _withdraw(call, customer, order["id"])
    return [
        place_order(
            call,
            {
                "id": order_id,
                "customerId": customer,
                "label": contract["label"],
                "startTimeInSeconds": credit.start_s,
                "prepaidPrice": 0,
                "originalWorth": credit.worth,
            },
            **{COMMITMENT: key, CARD_TYPE: credit.card_type, END: contract["endTimeInSeconds"] * 1000},
        )
        for order_id, credit in granted.items()
    ]


def _withdraw(call: Call, customer: str, order_id: str) -> None:
    """Ends the credit of an order: one that has not begun goes, one that has begun expires."""
    order = find_order(call, customer, order_id)
    if order is None:
        return
    if order[START] > call.now_ms:
        call.store.collection(ORDERS).delete(order["relationId"])
    else:
        keep_order(call, {**order, END: min(order[END], call.now_ms)}, order)
