"""Prices as the API writes them, turned into machines: every kind of node and every template."""

from decimal import Decimal
from typing import Any

import pytest

from mockserver.domain.amounts import with_exact_amounts
from mockserver.domain.price_machine import LEAF_KINDS, Leaf, PriceMachine
from mockserver.domain.price_tiers import Tier
from mockserver.domain.rating import MeteredUsage, rate
from mockserver.domain.reducers import REDUCERS, Granularity, Reducer
from mockserver.domain.windows import DAY_S, HOUR_S
from mockserver.handlers.price_machines import MATRIX, machine_of
from mockserver.handlers.price_templates import TEMPLATES, price_from_template
from mockserver.handlers.prices import AMOUNTS
from specs import catalog

TIERS = [
    {"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 0.12},
    {"startAfterUnit": 100.5, "batchSize": 10, "pricePerBatch": 1},
]
EXACT = (Tier(Decimal(0), Decimal(1), Decimal("0.12")), Tier(Decimal("100.5"), Decimal(10), Decimal(1)))
UNIT = "PricePerUnitLeafNode"
LEAF = {"type": UNIT, "tiers": TIERS}
START = 1_717_200_000
"""2024-06-01T00:00Z"""


def machine(price: dict[str, Any]) -> PriceMachine | None:
    """The machine of a price that is stored as the API stores it."""
    return machine_of(with_exact_amounts(price, AMOUNTS))


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({}, None),
        ({"price": {"type": "LeafNode"}}, PriceMachine({(): Leaf("LeafNode")})),
        ({"price": LEAF, "scalar": None}, PriceMachine({(): Leaf(UNIT, EXACT)})),
        ({"price": LEAF, "scalar": 0.001}, PriceMachine({(): Leaf(UNIT, EXACT)}, scalar=Decimal("0.001"))),
        ({"price": LEAF, "scalar": 0}, PriceMachine({(): Leaf(UNIT, EXACT)}, scalar=Decimal(0))),
        ({"price": {**LEAF, "flatRate": 9.99, "allowPartialBatch": False}},
         PriceMachine({(): Leaf(UNIT, EXACT, (), Decimal("9.99"), partial=False)})),
        ({"price": {"type": "volume_based_leaf_node", "volumeToUnitPriceMap": {"1000": 0.8, "0": 1, "20.5": 0.9}}},
         PriceMachine({(): Leaf("volume_based_leaf_node", (), (
             (Decimal(0), Decimal(1)), (Decimal("20.5"), Decimal("0.9")), (Decimal(1000), Decimal("0.8"))))})),
        ({"price": {"type": "max_reducer", "granularity": "ENTIRE_INVOICE_PERIOD", "nextNode": LEAF}},
         PriceMachine({(): Leaf(UNIT, EXACT)}, (), (Reducer("max_reducer"),))),
        ({"price": {"type": "average_reducer", "nextNode": LEAF, "groupDimensions": ["team"]}},
         PriceMachine({(): Leaf(UNIT, EXACT)}, (), (Reducer("average_reducer"),), ("team",))),
        ({"price": {"type": "distinct_resource_reducer", "granularity": "Day", "distinctDimensions": ["user", "app"],
                    "nextNode": {"type": "max_reducer", "granularity": "month", "nextNode": LEAF}}},
         PriceMachine({(): Leaf(UNIT, EXACT)}, (), (
             Reducer("distinct_resource_reducer", Granularity.DAY, ("user", "app")),
             Reducer("max_reducer", Granularity.MONTH)))),
        ({"price": {"type": MATRIX, "dimensionKeys": ["region", "tier"], "dimensionsPrices": [
            {"dimensionValues": ["eu", "gold"], "leafNode": LEAF},
            {"dimensionValues": ["us", "gold"], "leafNode": {"type": "LeafNode", "flatRate": 3}}]}},
         PriceMachine({("eu", "gold"): Leaf(UNIT, EXACT), ("us", "gold"): Leaf("LeafNode", flat_rate=Decimal(3))},
                      ("region", "tier"))),
        ({"price": {"type": MATRIX}}, PriceMachine({})),
    ],
)  # fmt: skip
def test_the_machine_of_a_price(price: dict[str, Any], expected: PriceMachine | None) -> None:
    """Each member of each node has its place in the machine, its numbers exact; a price without a node has none."""
    assert machine(price) == expected


def test_every_node_of_the_document_is_rated() -> None:
    """The kinds that the domain rates, and the matrix, are exactly the types that the document lists."""
    (body,) = (each for each in catalog.documents() if "PriceNode" in each.spec["components"]["schemas"])
    listed = body.spec["components"]["schemas"]["PriceNode"]["properties"]["type"]["enum"]
    assert {*LEAF_KINDS, *REDUCERS, MATRIX} == set(listed)


def used(units: int, hour: int = 0, **dimensions: str) -> MeteredUsage:
    """Usage of an hour of June."""
    return MeteredUsage(tuple(sorted(dimensions.items())), ((START + hour * HOUR_S, Decimal(units)),))


ONE_TIER = [{"startAfterUnit": 2, "batchSize": 1, "pricePerBatch": 0.5}]
TIERED = {"leafNodeType": UNIT, "priceTiers": ONE_TIER}
ROWS = [{"dimensionValues": [region], "leafNodeType": UNIT, "tiers": ONE_TIER} for region in ("eu", "us")]
REGIONS = {"dimensionKeys": ["region"], "priceTiers": ROWS}
DAILY = {"usageGranularity": "DAY"}

TEMPLATE_CASES: dict[str, list[tuple[dict[str, Any], list[MeteredUsage], dict[str, str]]]] = {
    "flat_rate": [
        ({"flatRate": 9.99}, [], {"": "9.99"}),
        ({"flatRate": 9.99}, [used(5)], {"": "9.99"}),
    ],
    "flat_rate_with_overages": [
        ({"flatRate": 9.99, **TIERED}, [], {"": "9.99"}),
        ({"flatRate": 9.99, **TIERED}, [used(5)], {"": "11.49"}),
        ({"flatRate": 9.99, **TIERED, "useAverageReducer": True}, [used(2880)], {"": "10.99"}),
    ],
    "tiered_seat_based": [
        ({"distinctDimensions": ["user"], **DAILY, **TIERED},
         [used(9, user="ann"), used(9, 5, user="ann"), used(1, user="bob"), used(1, 24, user="bob")], {"": "0.5"}),
    ],
    "usage_based_dimension": [
        (REGIONS, [used(5, region="eu"), used(4, region="us"), used(9, region="cn")], {"eu": "1.5", "us": "1"}),
    ],
    "usage_based_dimension_with_max": [
        ({**REGIONS, **DAILY}, [used(5, region="eu"), used(4, 1, region="eu"), used(3, 24, region="eu")],
         {"eu": "3"}),
    ],
    "usage_based_no_dimension": [
        (TIERED, [used(5), used(4, 1)], {"": "3.5"}),
        ({**TIERED, "useAverageReducer": True}, [used(2880)], {"": "1"}),
        ({**TIERED, "groupDimensions": ["team"]}, [used(5, team="a"), used(3, team="b")], {"a": "1.5", "b": "0.5"}),
    ],
    "usage_based_no_dimension_with_max": [
        ({**TIERED, **DAILY}, [used(5), used(4, 1), used(3, 24)], {"": "3"}),
    ],
    "usage_based_volume": [
        ({"volumeToUnitPriceMap": {"0": 1, "1000": 0.8}}, [used(999)], {"": "999"}),
        ({"volumeToUnitPriceMap": {"0": 1, "1000": 0.8}}, [used(500), used(500, 9)], {"": "800"}),
    ],
}  # fmt: skip
"""Each template: what it says, the usage of June, and the price of each variant, worked by hand."""


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_template_is_rated(kind: str) -> None:
    """What each template makes is a machine that bills as the template reads."""
    for template, usage, expected in TEMPLATE_CASES[kind]:
        made = machine(price_from_template(kind, {"id": "price", "productItemId": "item", **template}))
        assert made is not None
        variants = rate(made, usage, START, START + 30 * DAY_S)
        told = {"/".join(value for _, value in each.dimensions): each.price for each in variants}
        assert told == {values: Decimal(price) for values, price in expected.items()}
