"""Revenue calculators: what given usage, or past usage that is changed by rules, would bring. Nothing is stored.

Both operations are our reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from mockserver.domain.costs import grown
from mockserver.domain.decimals import added, exactly, within_doubles
from mockserver.domain.invoicing import InvoiceLine, MeteredUnits, price_lines
from mockserver.domain.usage import CUSTOMER
from mockserver.domain.windows import Interval
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.references import Reference, warn_of_strangers
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing_analysis import reversed_range
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.invoices import ALL_TIME_S, metered, question_of
from mockserver.handlers.live_invoices import item_to_api, naming_of
from mockserver.handlers.meters import counting_of, warn_unknown_meter
from mockserver.handlers.product_items import DEFAULT_PRODUCT

PLAN = Reference("productPlan.id", "product-plans", "product plan")


def calculate_by_rule(call: Call) -> Reply:
    """What past usage, changed by rules, would bring.

    Raises:
        InvalidInput: the range is reversed.
    """
    body, rules = call.body, call.body.get("rules", [])
    asked = body.get("timeRange") or {}
    start, end = asked.get("startTimeInSeconds", -ALL_TIME_S), asked.get("endTimeInSeconds")
    end = call.now_ms // 1000 + 1 if end is None else end
    if asked and end < start:
        raise reversed_range("timeRange.endTimeInSeconds")
    _warn_of_strangers(call, [(f"rules[{index}]", rule) for index, rule in enumerate(rules)])
    filters = {CUSTOMER: frozenset({body["customerId"]})} if "customerId" in body else {}
    usage = [
        MeteredUnits(meter, _changed(exactly(group.total), meter, rules))
        for meter in call.store.events.meters()
        for group in metered(call, replace(question_of(meter, start, end, Interval.MONTH), filters=filters))
    ]
    return Reply(revenue_to_api(call, price_lines(usage, call.policy.unit_price)))


def calculate_raw(call: Call) -> Reply:
    """What the usage of the request would bring; usage without a meter or without units leaves a warning."""
    usages = [(f"usages[{index}]", used) for index, used in enumerate(call.body.get("usages", []))]
    _warn_of_strangers(call, usages)
    for place, used in usages:
        if not {"meterApiName", "units"} <= used.keys():
            call.warn(place, "incomplete-usage", "usage without meterApiName or units is passed over")
    metered_units = [
        MeteredUnits(used["meterApiName"], exactly(used["units"]), tuple(sorted(used.get("dimensions", {}).items())))
        for _, used in usages
        if {"meterApiName", "units"} <= used.keys()
    ]
    return Reply(revenue_to_api(call, price_lines(metered_units, call.policy.unit_price)))


def revenue_to_api(call: Call, lines: Sequence[InvoiceLine]) -> JsonObject:
    """Priced usage with its total; the names of the plan that is tried are the request's."""
    body, naming = call.body, naming_of(call)
    plan = body.get("productPlan", {})
    key = {"accountId": call.account_id, "productId": body.get("productId", DEFAULT_PRODUCT)}
    key |= {"customerId": body["customerId"]} if "customerId" in body else {}
    key |= {"productPlanId": plan["id"]} if isinstance(plan.get("id"), str) else {}
    name = plan.get("productPlanName", naming.plan(key.get("productPlanId", "")))
    plan_name = name if isinstance(name, str) else ""
    return {
        "totalPrice": within_doubles(added(line.price for line in lines)),
        "productItemInvoices": [item_to_api(naming, key, plan_name, line) for line in lines],
    }


def _changed(units: Decimal, meter: str, rules: Sequence[JsonObject]) -> Decimal:
    """Units after each rule that concerns their meter, one after the other."""
    for rule in rules:
        if rule.get("meterApiName", meter) == meter:
            units = grown(units, exactly(rule.get("growthPercentage", 0)))
    return units


def _warn_of_strangers(call: Call, named: Sequence[tuple[str, JsonObject]]) -> None:
    """Warns of a customer, a plan and meters that the request names and that do not exist."""
    customer = call.body.get("customerId")
    if customer is not None and not is_known(call, customer):
        warn_unknown_customer(call, customer)
    warn_of_strangers(call, call.body, [PLAN])
    for place, each in named:
        meter = each.get("meterApiName")
        if meter is not None and counting_of(call, meter) is None:
            warn_unknown_meter(call, meter, f"{place}.meterApiName")


BINDINGS: Mapping[str, Binding] = {
    "calculateRevenueByRule": Binding(calculate_by_rule),
    "calculateRevenueRaw": Binding(calculate_raw),
}
