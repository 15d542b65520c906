"""Product items: meters made billable, each as a line that prices and plans name."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject

DEFAULT_PRODUCT = "1"
"""The vendor's clients send it; an account has this one product in practice."""

SERVER_TIME = "lastUpdateTimeInMillis"
"""The only time that a definition is answered with, in Unix milliseconds."""


def definition_to_api(document: JsonObject) -> JsonObject:
    """A stored definition of billing as it is answered: with the time of its last change alone."""
    answered = {name: value for name, value in document.items() if name not in ("createTime", "updateTime")}
    return {**answered, SERVER_TIME: document["updateTime"]}


ITEMS = Resource(
    "product-items",
    noun="product item",
    to_api=definition_to_api,
    locking=True,
    references=[Reference("meterApiName", "meters", "meter")],
    owned=[SERVER_TIME],
    stamped=True,
)


def keep_product_item(call: Call, meter: str) -> None:
    """Makes the product item of a meter that is flagged for billing, when no item has the meter yet.

    That the item takes the meter's name as its id is our reading.
    """
    items = ITEMS.documents(call)
    if meter in items or any(item["meterApiName"] == meter for item in items.documents()):
        return
    named = {"id": meter, "meterApiName": meter, "productId": DEFAULT_PRODUCT, "productItemName": meter}
    ITEMS.store(call, meter, named)


BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateProductItem": ITEMS.upsert(),
    "listProductItems": ITEMS.list(),
}
