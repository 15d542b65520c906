"""Product plans: which prices a customer pays, which fees, how often; and which plan is the default."""

from collections.abc import Iterable, Iterator, Mapping

from mockserver.domain.amounts import with_exact_amounts
from mockserver.domain.plan_terms import Candidate, default_among
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import InvalidInput, KeyNotFound
from mockserver.engine.locking import CLOSE_TO_CHANGES, DEPRECATED, FIELD
from mockserver.engine.printing import printable
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.due import touch_all
from mockserver.handlers.default_plans import note_default
from mockserver.handlers.prices import PRICES
from mockserver.handlers.product_items import DEFAULT_PRODUCT, ITEMS, SERVER_TIME, definition_to_api

AMOUNTS = frozenset({"cost", "planLevelFreeTier", "planMinimumPayment"})
"""Fields of a plan that hold money, at any depth."""

PRICE_OF = "productItemPriceIdsMap"
"""The field that has a price's id for each product item's."""

ACTIVE = CLOSE_TO_CHANGES
"""The status of a plan that is in use and no longer edited, by analogy with meters (our reading)."""


def plan_completed(call: Call, plan: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """The plan, a warning of each price that it cannot bill, and whether it is the default of its product."""
    for item_id, price_id in plan.get(PRICE_OF, {}).items():
        _warn_of_strange_price(call, item_id, price_id)
    default = _default_of([*(each for each in _plans_of(call, plan) if each["id"] != plan["id"]), plan], plan["id"])
    return _flagged(plan, default) or plan


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


def _plans_of(call: Call, plan: JsonObject) -> list[JsonObject]:
    """The stored plans of a plan's product, oldest first."""
    return [each for each in PLANS.documents(call).documents() if each["productId"] == plan["productId"]]


def _default_of(plans: Iterable[JsonObject], latest: str) -> str | None:
    candidates = [
        Candidate(each["id"], bool(each.get("isDefault")), each[FIELD] == ACTIVE, each[FIELD] == DEPRECATED)
        for each in plans
    ]
    return default_among(candidates, latest)


def _flagged(plan: JsonObject, default: str | None) -> JsonObject | None:
    """The plan with another `isDefault`, where that follows from which plan is the default; None where it is right."""
    is_default = plan["id"] == default
    wrong = default is not None and bool(plan.get("isDefault")) is not is_default
    return {**plan, "isDefault": is_default} if wrong else None


def _settle_default(call: Call, latest: JsonObject) -> None:
    """Gives the default of a product to one plan, and takes it from the others, after one of them was written."""
    plans = _plans_of(call, latest)
    default = _default_of(plans, latest["id"])
    for plan in plans:
        changed = _flagged(plan, default)
        if changed is not None:
            changed["updateTime"] = call.now_ms
            PLANS.documents(call).put(plan["id"], changed)
            record(call, PLANS.noun, plan["id"], "updated", changed)
    note_default(call, latest["productId"], default)


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
    steering=["isDefault", "successorPlanId", "transitionStrategy"],
    defaults={"productId": DEFAULT_PRODUCT},
    stamped=True,
)


def plan_of(call: Call, plan_id: str) -> JsonObject | None:
    """The plan of an id as it is stored, or None."""
    return PLANS.documents(call).get(plan_id)


def keep_plan(call: Call, body: JsonObject) -> Reply:
    """Stores a plan under its id, its amounts exact, and answers it. Whether it is the default stays when not said.

    Raises:
        InvalidInput: two of its fees have one id, it is its own successor, or its status would move backward.
    """
    _require_sound(body)
    previous = plan_of(call, body["id"]) or {}
    kept = {"isDefault": previous["isDefault"]} if "isDefault" in previous else {}
    plan = PLANS.store(call, body["id"], {**kept, **with_exact_amounts(body, AMOUNTS)})
    if previous and previous["productId"] != plan["productId"]:
        _settle_default(call, previous)
    _settle_default(call, plan)
    touch_all(call)
    return Reply(definition_to_api(plan))


def _require_sound(plan: JsonObject) -> None:
    """Does nothing with a plan whose fees and successor can be told apart from each other, and from it."""
    seen: set[str] = set()
    for name, fee in plan.get("feeMap", {}).items():
        fee_id = fee.get("id", name)
        if fee_id in seen:
            message = f"Invalid request: another fee of the plan has the id {printable(fee_id)}"
            raise InvalidInput(message, field=f"feeMap.{printable(name, 60)}", rule="repeated-fee")
        seen.add(fee_id)
    if plan.get("successorPlanId") == plan["id"]:
        message = "Invalid request: a plan cannot be its own successor"
        raise InvalidInput(message, field="successorPlanId", rule="own-successor")


def upsert_plan(call: Call) -> Reply:
    """Stores the plan that the body is."""
    return keep_plan(call, call.body)


def extend_plan(call: Call) -> Reply:
    """Puts a price into a plan, under the product item that it prices.

    Raises:
        KeyNotFound: there is no such plan.
    """
    plan_id, price_id = call.body["productPlanId"], call.body["itemPriceId"]
    plan, price = plan_of(call, plan_id), PRICES.documents(call).get(price_id)
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
