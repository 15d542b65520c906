"""Price nodes, as the API writes them, turned into the machine that rates usage."""

from collections.abc import Mapping
from decimal import Decimal

from mockserver.domain.decimals import exactly
from mockserver.domain.price_machine import LEAF_KINDS, Leaf, PriceMachine
from mockserver.domain.price_tiers import Tier
from mockserver.domain.reducers import REDUCERS, Granularity, Reducer
from mockserver.engine.store import JsonObject

MATRIX = "DimensionMatrixNode"
VOLUMES = "volumeToUnitPriceMap"

GRANULARITIES: Mapping[str, Granularity] = {each.value: each for each in Granularity}
"""By their spelling in lower case; callers may write either case. All but the entire period are our reading."""


def machine_of(price: JsonObject) -> PriceMachine | None:
    """The machine of a stored price; None for one that has no node, because nobody knows what its template makes."""
    if "price" not in price:
        return None
    node, reducers = price["price"], []
    groups = tuple(node.get("groupDimensions", ()))
    while node["type"] in REDUCERS:
        reducers.append(_reducer(node))
        node = node["nextNode"]
    keys: tuple[str, ...] = ()
    leaves = {}
    if node["type"] == MATRIX:
        keys = tuple(node.get("dimensionKeys", ()))
        rows = node.get("dimensionsPrices", ())
        leaves = {tuple(row["dimensionValues"]): leaf_from_api(row["leafNode"]) for row in rows}
    else:
        leaves[()] = leaf_from_api(node)
    scalar = price.get("scalar")
    return PriceMachine(leaves, keys, tuple(reducers), groups, exactly(1 if scalar is None else scalar))


def leaf_from_api(node: JsonObject) -> Leaf:
    """A leaf with everything that its node has, whatever its kind makes of it."""
    volumes = ((Decimal(units), exactly(price)) for units, price in node.get(VOLUMES, {}).items())
    return Leaf(
        node["type"], tiers_from_api(node), tuple(sorted(volumes)), exactly(node.get("flatRate", 0)),
        node.get("allowPartialBatch"),
    )  # fmt: skip


def tiers_from_api(node: JsonObject) -> tuple[Tier, ...]:
    """The tiers of a leaf, in the order in which they are written."""
    members = ("startAfterUnit", "batchSize", "pricePerBatch")
    return tuple(Tier(*(exactly(tier[name]) for name in members)) for tier in node.get("tiers", ()))


def is_leaf(node: JsonObject) -> bool:
    """Whether a node is one that prices units itself."""
    return node["type"] in LEAF_KINDS


def _reducer(node: JsonObject) -> Reducer:
    granularity = GRANULARITIES[node.get("granularity", Granularity.ENTIRE_INVOICE_PERIOD).lower()]
    return Reducer(node["type"], granularity, tuple(node.get("distinctDimensions", ())))
