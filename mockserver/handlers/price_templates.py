"""Templates of prices: each is turned into the tree of nodes that one would write by hand, and stored as such.

The trees are our reading of what the vendor's guides say of each template. The platform's own are not printed anywhere;
what it certainly keeps is the template, as `priceGenerator`.
"""

from collections.abc import Callable, Mapping
from functools import partial

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.store import JsonObject
from mockserver.handlers.prices import keep_price

ENTIRE_PERIOD = "ENTIRE_INVOICE_PERIOD"
"""The one granularity that the vendor's pages show."""

CARRIED = (
    "id",
    "productItemId",
    "productItemPriceName",
    "productItemInvoiceLabel",
    "lockingStatus",
    "scalar",
    "dimensionalScalars",
)
"""What a price has from its template unchanged."""

Build = Callable[[JsonObject], JsonObject]
"""template -> price node"""


def _leaf(template: JsonObject) -> JsonObject:
    """The tiers of a template, and its flat rate when it has one."""
    flat = {"flatRate": template["flatRate"]} if "flatRate" in template else {}
    return {"type": template["leafNodeType"], **flat, "tiers": template["priceTiers"]}


def _flat_rate(template: JsonObject) -> JsonObject:
    return {"type": "LeafNode", "flatRate": template["flatRate"], "tiers": []}


def _usage(template: JsonObject) -> JsonObject:
    """A leaf on the sum of the period, or on its average."""
    if not template.get("useAverageReducer"):
        return _leaf(template)
    return {"type": "average_reducer", "granularity": ENTIRE_PERIOD, "nextNode": _leaf(template)}


def _seats(template: JsonObject) -> JsonObject:
    counted = {"granularity": template["usageGranularity"], "distinctDimensions": template["distinctDimensions"]}
    return {"type": "distinct_resource_reducer", **counted, "nextNode": _leaf(template)}


def _matrix(template: JsonObject) -> JsonObject:
    rows = [
        {"dimensionValues": row["dimensionValues"], "leafNode": {"type": row["leafNodeType"], "tiers": row["tiers"]}}
        for row in template["priceTiers"]
    ]
    return {"type": "DimensionMatrixNode", "dimensionKeys": template["dimensionKeys"], "dimensionsPrices": rows}


def _most(build: Build) -> Build:
    """What `build` makes, of the most usage of each stretch of time."""
    return lambda template: {
        "type": "max_reducer",
        "granularity": template["usageGranularity"],
        "nextNode": build(template),
    }


def _volume(template: JsonObject) -> JsonObject:
    return {"type": "volume_based_leaf_node", "volumeToUnitPriceMap": template["volumeToUnitPriceMap"]}


TEMPLATES: Mapping[str, tuple[str, Build]] = {
    "flat_rate": ("createOrUpdateFlatRatePrice", _flat_rate),
    "flat_rate_with_overages": ("createOrUpdateFlatRateWithOveragesPrice", _usage),
    "tiered_seat_based": ("createOrUpdateSeatBasedPrice", _seats),
    "usage_based_dimension": ("createOrUpdateUsageBasedPriceWithDimensions", _matrix),
    "usage_based_dimension_with_max": ("createOrUpdateMaxUsageBasedPriceWithDimensions", _most(_matrix)),
    "usage_based_no_dimension": ("createOrUpdateUsageBasedPrice", _usage),
    "usage_based_no_dimension_with_max": ("createOrUpdateMaxUsageBasedPrice", _most(_leaf)),
    "usage_based_volume": ("createOrUpdateVolumeBasedPrice", _volume),
}
"""Each template's operation, and what it builds."""

WRITTEN_AS = {"dimensionsPrices": "priceTiers", "tiers": "priceTiers", "granularity": "usageGranularity"}
"""Fields of nodes that templates call otherwise."""


def price_from_template(kind: str, template: JsonObject) -> JsonObject:
    """The price that a template stands for, as one would write it by hand.

    Args:
        kind: the template's name. One without a builder gives a price that has no node.
        template: the body as it was sent; its type may be left out.

    Returns:
        The price, with the template as its `priceGenerator`. The locking status is the price's alone: a price that is
        closed is not changed by it.
    """
    written = {name: value for name, value in template.items() if name != "lockingStatus"}
    price = {name: template[name] for name in CARRIED if name in template}
    price["priceGenerator"] = {**written, "type": kind}
    if kind in TEMPLATES:
        groups = {"groupDimensions": template["groupDimensions"]} if template.get("groupDimensions") else {}
        price["price"] = {**TEMPLATES[kind][1](template), **groups}
    return price


def field_of_template(path: str) -> str:
    """The template's field that a price's field at a dotted path was made from."""
    place = path.removeprefix("price.").removeprefix("nextNode.").replace(".leafNode.", ".")
    for made, written in WRITTEN_AS.items():
        if place.startswith(made):
            return written + place.removeprefix(made)
    return place


def keep_price_of(kind: str, call: Call) -> Reply:
    """Stores the price of the template that the path names; the document holds the body's type to it."""
    return keep_price(call, price_from_template(kind, call.body), field_of_template)


def keep_price_of_any(call: Call) -> Reply:
    """Stores the price of the template that the body's type names."""
    kind = call.body["type"].lower()
    if kind not in TEMPLATES:
        call.warn("type", "unpriced-template", f"what {kind} makes is not known: the price is kept without a node")
    return keep_price_of(kind, call)


BINDINGS: Mapping[str, Binding] = {
    "createProductItemPriceFromTemplate": Binding(keep_price_of_any),
    **{operation_id: Binding(partial(keep_price_of, kind)) for kind, (operation_id, _) in TEMPLATES.items()},
}
