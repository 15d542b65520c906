"""Revenue calculators: what given usage, or past usage that is changed by rules, would bring. Nothing is stored.

Both operations are our reading. The plan whose prices are tried is a defined one (`productPlan.id`), or has prices of
its own (`productPlan.productItemPriceIdsMap`); without one, and for one that does not exist, every unit costs the
server's unit price. Only product items with usage are told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from mockserver.domain.costs import grown
from mockserver.domain.decimals import added, exactly, to_cents
from mockserver.domain.exchange import Exchange
from mockserver.domain.invoicing import BilledItem, Line
from mockserver.domain.price_machine import PriceMachine
from mockserver.domain.rating import MeteredUsage, RatedVariant, rate
from mockserver.domain.usage import CUSTOMER, UsageGroup
from mockserver.domain.windows import HOUR_S, Interval
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.references import Reference, warn_of_strangers
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.books import Account
from mockserver.handlers.billing.due import BOOKS
from mockserver.handlers.billing.metering import ALL_TIME_S, metered, question_of
from mockserver.handlers.billing.money import Money
from mockserver.handlers.billing.telling import line_to_api
from mockserver.handlers.billing_account import settings_of
from mockserver.handlers.billing_analysis import MANY_BOOKS, reversed_range
from mockserver.handlers.currencies import exchange_of
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.meters import counting_of, warn_unknown_meter
from mockserver.handlers.plans import PRICE_OF
from mockserver.handlers.product_items import DEFAULT_PRODUCT

PLAN = Reference("productPlan.id", "product-plans", "product plan")
_OF_CUSTOMER: Final = "customerId"
"""Tells the variants of several customers apart."""


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
    calculator = _Calculator(call)
    lines = [
        calculator.line(item, calculator.past_usage(item, start, end, rules), start, end)
        for item in calculator.items(call.store.events.meters())
    ]
    return Reply(calculator.revenue(lines))


def calculate_raw(call: Call) -> Reply:
    """What the usage of the request would bring; usage without a meter or without units leaves a warning."""
    usages = [(f"usages[{index}]", used) for index, used in enumerate(call.body.get("usages", []))]
    _warn_of_strangers(call, usages)
    for place, used in usages:
        if not {"meterApiName", "units"} <= used.keys():
            call.warn(place, "incomplete-usage", "usage without meterApiName or units is passed over")
    whole = [used for _, used in usages if {"meterApiName", "units"} <= used.keys()]
    calculator = _Calculator(call)
    lines = [
        calculator.line(item, {None: _given_usage(item, whole)}, 0, HOUR_S)
        for item in calculator.items(dict.fromkeys(used["meterApiName"] for used in whole))
    ]
    return Reply(calculator.revenue(lines))


class _Calculator:
    """Prices usage by the plan that a request tries."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._account = Account(call)
        self._plan = call.body.get("productPlan", {})
        self._customer = call.body.get("customerId")

    def items(self, meters: Iterable[str]) -> Sequence[BilledItem]:
        """The product items of the plan that bill one of some meters; without a plan, one for each meter."""
        meters, catalogue, prices = list(meters), self._account.catalogue, self._plan.get(PRICE_OF)
        plan_id = self._plan.get("id")
        if isinstance(prices, Mapping):
            priced = ((item, catalogue.machine(price)) for item, price in prices.items() if isinstance(price, str))
            items = [BilledItem(item, catalogue.meter_of(item), machine) for item, machine in priced if machine]
        elif isinstance(plan_id, str) and catalogue.is_defined(plan_id):
            items = list(catalogue.charges(plan_id).items)
        else:
            machine = PriceMachine.per_unit(self._call.policy.unit_price)
            items = [BilledItem(catalogue.naming.item_of(meter)[0], meter, machine) for meter in meters]
        return [item for item in items if item.meter in meters]

    def past_usage(
        self, item: BilledItem, start_s: int, end_s: int, rules: Sequence[JsonObject]
    ) -> dict[str | None, list[MeteredUsage]]:
        """The usage of an item in a range after the rules, by customer."""
        hourly = item.machine.needs_hours
        question = replace(
            question_of(item.meter, start_s, end_s, Interval.HOUR if hourly else Interval.MONTH),
            group_by=(CUSTOMER, *item.machine.dimensions),
            filters={} if self._customer is None else {CUSTOMER: frozenset({self._customer})},
        )
        usage: dict[str | None, list[MeteredUsage]] = {}
        for group in metered(self._call, question, self._account.catalogue.counting(item.meter)):
            buckets = group.buckets if hourly else [(start_s, group.total)]
            changed = tuple((second, _changed(exactly(units), item.meter, rules)) for second, units in buckets)
            usage.setdefault(group.info[CUSTOMER], []).append(MeteredUsage(_dimensions(group), changed))
        return usage

    def line(
        self, item: BilledItem, usage: Mapping[str | None, Sequence[MeteredUsage]], start_s: int, end_s: int
    ) -> Line:
        """The line of an item: each customer's usage is rated on its own, the whole line is rounded once."""
        variants: list[RatedVariant] = []
        for customer, used in usage.items():
            for variant in rate(item.machine, used, start_s, end_s):
                apart = () if customer is None or self._customer is not None else ((_OF_CUSTOMER, customer),)
                variants.append(replace(variant, dimensions=(*variant.dimensions, *apart)))
        return Line(item.item_id, item.meter, tuple(variants), to_cents(added(each.price for each in variants)))

    def revenue(self, lines: Iterable[Line]) -> JsonObject:
        """The lines with their total; the names of the plan that is tried are the request's."""
        body, naming, priced = (
            self._call.body,
            self._account.catalogue.naming,
            [line for line in lines if line.variants],
        )
        key: dict[str, Any] = {
            "accountId": self._call.account_id,
            "productId": body.get("productId", DEFAULT_PRODUCT),
        }
        key |= {"customerId": self._customer} if self._customer is not None else {}
        key |= {"productPlanId": self._plan["id"]} if isinstance(self._plan.get("id"), str) else {}
        name = self._plan.get("productPlanName", naming.plan(key.get("productPlanId", "")))
        money = Money(self._exchange(), self._account.unit_ratio)
        told = [
            {
                **line_to_api(line, {**key, "productItemKey": line.item_id}, naming.item(line.item_id), money),
                "productPlanName": name if isinstance(name, str) else "",
            }
            for line in priced
        ]
        total = added(line.price for line in priced)
        return {"totalPrice": money.paid(total), "productItemInvoices": told}

    def _exchange(self) -> Exchange:
        """Into the currency of the customer, the account's own when the calculation is about nobody or everybody."""
        if self._customer is None:
            base: str = settings_of(self._call)["baseCurrency"]
            return Exchange(base, base)
        return exchange_of(self._call, self._customer, self._call.body.get("productId", DEFAULT_PRODUCT))


def _given_usage(item: BilledItem, usages: Sequence[JsonObject]) -> list[MeteredUsage]:
    """Given usage of an item's meter, as if all of it were of one hour."""
    names = set(item.machine.dimensions)
    return [
        MeteredUsage(
            tuple(sorted((name, value) for name, value in used.get("dimensions", {}).items() if name in names)),
            ((0, exactly(used["units"])),),
        )
        for used in usages
        if used["meterApiName"] == item.meter
    ]


def _dimensions(group: UsageGroup) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in group.info.items() if name != CUSTOMER))


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


def _concerns_many(call: Call) -> bool:
    """Whether a calculation is over the usage of many customers."""
    return "customerId" not in call.body and len(call.store.collection(BOOKS)) > MANY_BOOKS


BINDINGS: Mapping[str, Binding] = {
    "calculateRevenueByRule": Binding(calculate_by_rule, heavy=_concerns_many),
    "calculateRevenueRaw": Binding(calculate_raw),
}
