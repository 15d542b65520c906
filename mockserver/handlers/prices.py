"""Prices of product items: trees of nodes that usage is rated by, kept as they are written."""

from collections.abc import Iterator, Mapping

from mockserver.domain.amounts import with_exact_amounts
from mockserver.domain.price_tiers import Tier as PriceTier
from mockserver.domain.price_tiers import TierFault, tier_faults
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.product_items import SERVER_TIME, definition_to_api

AMOUNTS = frozenset({"pricePerBatch", "flatRate", "volumeToUnitPriceMap"})
"""Fields of a price that hold money, at any depth."""

SENTENCES: Mapping[TierFault, str] = {
    TierFault.UNORDERED: "a tier does not begin beyond the one before",
    TierFault.EMPTY_BATCH: "a batch has no units",
}


def nodes_of(price: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Every node of a price with its dotted path, the outermost first."""
    waiting = [("price", price["price"])] if "price" in price else []
    while waiting:
        path, node = waiting.pop()
        yield path, node
        if "nextNode" in node:
            waiting.append((f"{path}.nextNode", node["nextNode"]))
        rows = enumerate(node.get("dimensionsPrices", ()))
        waiting.extend((f"{path}.dimensionsPrices[{number}].leafNode", row["leafNode"]) for number, row in rows)


def price_checked(call: Call, price: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """The price as it is, with a warning of each node that could not be rated as it was meant."""
    for path, node in nodes_of(price):
        tiers = [PriceTier(tier["startAfterUnit"], tier["batchSize"]) for tier in node.get("tiers", ())]
        for fault in tier_faults(tiers):
            call.warn(f"{path}.tiers", fault.value, SENTENCES[fault])
        for number, row in enumerate(node.get("dimensionsPrices", ())):
            if len(row["dimensionValues"]) != len(node.get("dimensionKeys", ())):
                field = f"{path}.dimensionsPrices[{number}].dimensionValues"
                call.warn(field, "mismatched-dimensions", "there is not one value for each of dimensionKeys")
    return price


PRICES = Resource(
    "product-item-prices",
    noun="product item price",
    prepare=price_checked,
    to_api=definition_to_api,
    locking=True,
    references=[Reference("productItemId", "product-items", "product item")],
    owned=[SERVER_TIME],
    stamped=True,
)


def keep_price(call: Call, body: JsonObject) -> Reply:
    """Stores a price under its id, its amounts exact, and answers it."""
    return Reply(definition_to_api(PRICES.store(call, body["id"], with_exact_amounts(body, AMOUNTS))))


def upsert_price(call: Call) -> Reply:
    """Stores a price that is written as it is rated."""
    return keep_price(call, call.body)


BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateProductItemPrice": Binding(upsert_price, Tier.RESOURCE),
    "getProductItemPrice": PRICES.get(),
    "listProductItemPrices": PRICES.list("productItemId"),
}
