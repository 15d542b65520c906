"""Prices of product items: trees of nodes that usage is rated by, kept as they are written."""

from collections.abc import Callable, Mapping

from mockserver.domain.amounts import with_exact_amounts
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.price_faults import ODDITIES, SENTENCES, faults_of, oddities_of
from mockserver.handlers.product_items import SERVER_TIME, definition_to_api

AMOUNTS = frozenset({"pricePerBatch", "flatRate", "volumeToUnitPriceMap"})
"""Fields of a price that hold money, at any depth."""

Naming = Callable[[str], str]
"""The path of a field in a price -> its path in the body that the price was made from"""

PRICES = Resource(
    "product-item-prices",
    noun="product item price",
    to_api=definition_to_api,
    locking=True,
    references=[Reference("productItemId", "product-items", "product item")],
    owned=[SERVER_TIME],
    stamped=True,
)


def _as_written(path: str) -> str:
    return path


def keep_price(call: Call, body: JsonObject, naming: Naming = _as_written) -> Reply:
    """Stores a price under its id, its amounts exact, and answers it.

    Args:
        call: the request.
        body: the price.
        naming: where its fields come from, if the caller did not write them so.

    Raises:
        InvalidInput: it could not be rated as it was meant.
    """
    for field, rule in faults_of(body):
        raise InvalidInput(f"Invalid request: {SENTENCES[rule]}", field=naming(field), rule=rule)
    for field, rule in oddities_of(body):
        call.warn(naming(field), rule, ODDITIES[rule])
    return Reply(definition_to_api(PRICES.store(call, body["id"], with_exact_amounts(body, AMOUNTS))))


def upsert_price(call: Call) -> Reply:
    """Stores a price that is written as it is rated."""
    return keep_price(call, call.body)


BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateProductItemPrice": Binding(upsert_price, Tier.RESOURCE),
    "getProductItemPrice": PRICES.get(),
    "listProductItemPrices": PRICES.list("productItemId"),
}
