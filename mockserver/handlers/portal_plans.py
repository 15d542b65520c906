"""The plan that a customer is on, as its portal sees and changes it, and what can be bought."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.store import JsonObject
from mockserver.handlers import plan_assignments, product_items
from mockserver.handlers.billing_account import UNIT, settings_of
from mockserver.handlers.customer_promotions import active_promotions
from mockserver.handlers.plan_assignments import assignment_to_api, assignments_of, plans_of
from mockserver.handlers.plans import PLANS
from mockserver.handlers.portal_session import by_body, of_account, on_behalf, portal
from mockserver.handlers.product_items import definition_to_api
from mockserver.handlers.promotions import PROMOTIONS


def show_plan(call: Call, customer: str) -> Reply:
    """The customer's plan on a product, the promotions that customers are shown, and the account's unit of credits."""
    product = call.query["productId"]
    assignment = _latest(call, customer, product) if call.query.get("latest") else _current(call, customer, product)
    plan = {"productPlan": plan_to_api(call, assignment)} if assignment else {}
    promotions = [promotion_to_api(call, each) for each in active_promotions(call, customer)]
    own = [
        each for each in promotions if each["productId"] == product and not each.get("promotion", {}).get("isHidden")
    ]
    return Reply({**plan, "promotions": own, UNIT: settings_of(call)[UNIT]})


def _latest(call: Call, customer: str, product: str) -> JsonObject | None:
    """The assignment that was made last, future or not."""
    made = [assignment_to_api(each) for each in assignments_of(call, customer)]
    return next((each for each in reversed(made) if each["productId"] == product), None)


def _current(call: Call, customer: str, product: str) -> JsonObject | None:
    """The assignment that holds now."""
    now_s = call.now_ms // 1000
    ordered = plans_of(call, customer, product)
    running = (
        each for each in ordered if each["startTimeInSeconds"] <= now_s < each.get("endTimeInSeconds", now_s + 1)
    )
    return next(running, None)


def plan_to_api(call: Call, assignment: JsonObject) -> JsonObject:
    """The assigned plan; of one that is not defined, what the assignment says of it."""
    plan_id = assignment.get("productPlanId", "")
    plan = PLANS.documents(call).get(plan_id)
    return definition_to_api(plan) if plan else {"id": plan_id, "productId": assignment["productId"]}


def promotion_to_api(call: Call, applied: JsonObject) -> JsonObject:
    """A promotion of the customer's, with its definition where there is one."""
    definition = PROMOTIONS.documents(call).get(applied["promotionId"])
    told = {name: applied[name] for name in ("appliedTimeInSeconds", "productId", "relationId")}
    return {**told, "promotion": definition_to_api(definition)} if definition else told


BINDINGS: Mapping[str, Binding] = {
    "portalGetPricingPlan": portal(show_plan),
    "portalAssignPricingPlan": on_behalf(plan_assignments.BINDINGS["assignCustomerProductPlan"], by_body),
    "portalListProductItems": on_behalf(product_items.BINDINGS["listProductItems"], of_account),
}
