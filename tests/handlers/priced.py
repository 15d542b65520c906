"""Plans with every kind of price, and customers that use what they price."""

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.handlers.steps import DAY_MS, Account, Json, event

PRICING = "/payments/pricing/amberflo/account-pricing"
ASSIGN = "/payments-pricing-amberflo-customer-pricing"
JUNE_S = 1_717_200_000
"""2024-06-01."""
CALENDAR_MONTH = {"interval": "calendar_month", "intervalsCount": 1}


def leaf(*starts_and_prices: tuple[float, float], kind: str = "LeafNode", batch: float = 1, **more: Any) -> Json:
    """A leaf with tiers of so many units."""
    tiers = [
        {"startAfterUnit": start, "batchSize": batch, "pricePerBatch": price} for start, price in starts_and_prices
    ]
    return {"type": kind, "tiers": tiers, **more}


TIERED = leaf((0, 0.11), (40, 0.07), (90, 0.05))
BY_REGION = {
    "type": "DimensionMatrixNode",
    "dimensionKeys": ["region"],
    "dimensionsPrices": [
        {"dimensionValues": ["eu"], "leafNode": leaf((5, 0.31))},
        {"dimensionValues": ["us"], "leafNode": leaf((0, 0.07), (20, 0.013), flatRate=3)},
    ],
}
KINDS: Mapping[str, Json] = {
    "per unit": leaf((3, 0.033)),
    "per block": leaf((10, 1.25), kind="PricePerBlockLeafNode", batch=7),
    "part of blocks": leaf((10, 1.25), kind="PricePerBlockLeafNode", batch=7, allowPartialBatch=True),
    "tiers": TIERED,
    "volume": {"type": "volume_based_leaf_node", "volumeToUnitPriceMap": {"0": 0.9, "60": 0.5}},
    "flat rate": {"type": "LeafNode", "flatRate": 49.99},
    "flat rate with overages": leaf((50, 0.2), flatRate=10),
    "matrix": BY_REGION,
    "seats": {"type": "distinct_resource_reducer", "distinctDimensions": ["user"], "nextNode": leaf((1, 4))},
    "largest of each day": {"type": "max_reducer", "granularity": "DAY", "nextNode": TIERED},
    "average": {"type": "average_reducer", "nextNode": leaf((0, 700))},
    "largest by region": {"type": "max_reducer", "nextNode": BY_REGION},
}


def take(account: Account, path: str, body: Any) -> Any:
    """The answer to a body that must be accepted."""
    return account.take(account.mock.post(path, json=body))


def plan(account: Account, nodes: Mapping[str, Json], customers: tuple[str, ...] = ("ann",), free: float = 0) -> None:
    """A plan with a price for each product item, all of `calls` but for `bytes`; customers have it from June on."""
    for item, node in nodes.items():
        meter = "bytes" if item == "bytes" else "calls"
        named = {"id": item, "meterApiName": meter, "productId": "1", "productItemName": f"The {item}"}
        take(account, f"{PRICING}/product-items", named)
        take(account, f"{PRICING}/product-item-price", {"id": f"r-{item}", "productItemId": item, "price": node})
    prices = {item: f"r-{item}" for item in nodes}
    body = {"id": "pro", "productPlanName": "Pro", "billingPeriod": CALENDAR_MONTH, "productItemPriceIdsMap": prices}
    take(account, f"{PRICING}/product-plans", {**body, "planLevelFreeTier": free})
    for customer in customers:
        take(account, ASSIGN, {"customerId": customer, "productId": "pro", "startTime": JUNE_S * 1000})


def use(account: Account, *, customer: str = "ann", count: int = 60, seed: int = 7, part: int = 10) -> None:
    """Usage of `calls` at moments of June, in two regions, by five users, of tenths of units or of another part."""
    drawn = Random(seed)
    account.ingest(
        *(
            event(
                customerId=customer,
                meterTimeInMillis=JUNE_S * 1000 + drawn.randrange(30 * DAY_MS),
                meterValue=drawn.randrange(1, 50) / part,
                dimensions={"region": drawn.choice(["eu", "us"]), "user": f"u{drawn.randrange(5)}"},
                uniqueId=f"{customer}-{number}",
            )
            for number in range(count)
        )
    )
