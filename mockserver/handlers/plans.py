"""Product plans: which prices a customer pays, which fees, how often; and which plan is the default."""

from collections.abc import Iterator, Mapping

from mockserver.domain.amounts import with_exact_amounts
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import KeyNotFound
from mockserver.engine.locking import CLOSE_TO_CHANGES, FIELD
from mockserver.engine.printing import printable
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.prices import PRICES
from mockserver.handlers.product_items import DEFAULT_PRODUCT, ITEMS, SERVER_TIME, definition_to_api

AMOUNTS = frozenset({"cost", "planLevelFreeTier", "planMinimumPayment"})
"""Fields of a plan that hold money, at any depth."""

PRICE_OF = "productItemPriceIdsMap"
"""The field that has a price's id for each product item's."""

ACTIVE = CLOSE_TO_CHANGES
"""The status of a plan that is in use and no longer edited, by analogy with meters (our reading)."""


def plan_completed(call: Call, plan: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """The plan, a warning of each price that it cannot bill, and the default moved where it belongs."""
    for item_id, price_id in plan.get(PRICE_OF, {}).items():
        _warn_of_strange_price(call, item_id, price_id)
    others = [each for each in PLANS.documents(call).documents() if _rivals(each, plan)]
    if plan.get("isDefault"):
        _take_default_from(call, others)
    elif plan[FIELD] == ACTIVE and not any(each.get("isDefault") or each[FIELD] == ACTIVE for each in others):
        return {**plan, "isDefault": True}
    return plan


def _warn_of_strange_price(call: Call, item_id: str, price_id: str) -> None:
    field = f"{PRICE_OF}.{printable(item_id, 60)}"
    for strange, rule, message in _strangeness(call, item_id, price_id):
        if strange:
            call.warn(field, rule, message)
            return


def _strangeness(call: Call, item_id: str, price_id: str) -> Iterator[tuple[bool, str, str]]:
    """What may be wrong with one entry of a plan's prices: whether it is, the rule, and the message."""
    price = PRICES.documents(call).get(price_id)
    unknown_item = f"no product item exists with this id: {printable(item_id)}"
    yield item_id not in ITEMS.documents(call), "unknown-product-item", unknown_item
    unknown_price = f"no product item price exists with this id: {printable(price_id)}"
    yield price is None, "unknown-product-item-price", unknown_price
    other_item = f"the price {printable(price_id)} is of another product item"
    yield (price or {}).get("productItemId") != item_id, "mismatched-price", other_item


def _rivals(other: JsonObject, plan: JsonObject) -> bool:
    return bool(other["id"] != plan["id"] and other["productId"] == plan["productId"])


def _take_default_from(call: Call, others: list[JsonObject]) -> None:
    for other in others:
        if other.get("isDefault"):
            changed = {**other, "isDefault": False, "updateTime": call.now_ms}
            PLANS.documents(call).put(other["id"], changed)
            record(call, PLANS.noun, other["id"], "updated", changed)


PLANS = Resource(
    "product-plans",
    noun="product plan",
    prepare=plan_completed,
    to_api=definition_to_api,
    parameter="productPlanId",
    locking=True,
    references=[Reference("successorPlanId", "product-plans", "product plan")],
    lower=["billingPeriod.interval"],
    owned=[SERVER_TIME],
    defaults={"productId": DEFAULT_PRODUCT},
    stamped=True,
)


def keep_plan(call: Call, body: JsonObject) -> Reply:
    """Stores a plan under its id, its amounts exact, and answers it. Whether it is the default stays when not said."""
    previous = PLANS.documents(call).get(body["id"]) or {}
    kept = {"isDefault": previous["isDefault"]} if "isDefault" in previous else {}
    return Reply(definition_to_api(PLANS.store(call, body["id"], {**kept, **with_exact_amounts(body, AMOUNTS)})))


def upsert_plan(call: Call) -> Reply:
    """Stores the plan that the body is."""
    return keep_plan(call, call.body)


def extend_plan(call: Call) -> Reply:
    """Puts a price into a plan, under the product item that it prices.

    Raises:
        KeyNotFound: there is no such plan.
    """
    plan_id, price_id = call.body["productPlanId"], call.body["itemPriceId"]
    plan, price = PLANS.documents(call).get(plan_id), PRICES.documents(call).get(price_id)
    if plan is None:
        message = f"no product plan with 'id': {printable(plan_id)}"
        raise KeyNotFound(message, field="productPlanId", rule="unknown-key")
    if price is None:
        message = f"no product item price exists with this id: {printable(price_id)}"
        call.warn("itemPriceId", "unknown-product-item-price", message)
        return Reply(definition_to_api(plan))
    return keep_plan(call, {**plan, PRICE_OF: {**plan.get(PRICE_OF, {}), price["productItemId"]: price_id}})


BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateProductPlan": Binding(upsert_plan, Tier.RESOURCE),
    "getProductPlan": PLANS.get(),
    "listProductPlans": PLANS.list(),
    "extendProductPlan": Binding(extend_plan),
}
