"""What an account has defined for billing, read once for many invoices and put into the domain's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.billing_periods import BillingPeriod
from mockserver.domain.counting import Counting
from mockserver.domain.decimals import exactly
from mockserver.domain.discounts import Absolute, Offer, PromotionType
from mockserver.domain.fees import Fee
from mockserver.domain.invoicing import BilledItem, Charges
from mockserver.domain.portions import NOTHING
from mockserver.domain.price_machine import PriceMachine
from mockserver.domain.terms import CycleInterval
from mockserver.engine.call import Call
from mockserver.engine.store import JsonObject
from mockserver.handlers.meters import counting_of
from mockserver.handlers.plans import PLANS, PRICE_OF
from mockserver.handlers.price_machines import machine_of
from mockserver.handlers.prices import PRICES
from mockserver.handlers.product_items import ITEMS

FREE_TIER: Final = "plan-free-tier"
"""The id of the promotion that the free tier of a plan is, before the plan's id."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How an answer calls things: product items by their meter or id, plans by their id."""

    items: Mapping[str, JsonObject]
    by_id: Mapping[str, JsonObject]
    plans: Mapping[str, JsonObject]

    def item_of(self, meter: str) -> tuple[str, str]:
        """Id and name of the product item that bills a meter; the meter's name where there is none (our reading)."""
        item = self.items.get(meter, {})
        return item.get("id", meter), item.get("productItemName", meter)

    def item(self, item_id: str) -> str:
        """The name of a product item; its id where it is not defined."""
        name: str = self.by_id.get(item_id, {}).get("productItemName", item_id)
        return name

    def plan(self, plan_id: str) -> str:
        """The name of a plan; its id where it is not defined."""
        name: str = self.plans.get(plan_id, {}).get("productPlanName", plan_id)
        return name


class Catalogue:
    """The definitions of one account, as they are when they are first asked for."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._charges: dict[str, Charges] = {}
        self._counting: dict[str, Counting] = {}
        self._machines: dict[str, PriceMachine | None] = {}

    @cached_property
    def naming(self) -> Naming:
        """The names of the account's things."""
        items = ITEMS.documents(self._call).documents()
        # The first item of a meter is the one that is made with the meter.
        by_meter = {each["meterApiName"]: each for each in reversed(items)}
        return Naming(by_meter, {each["id"]: each for each in items}, self.plans)

    @cached_property
    def plans(self) -> Mapping[str, JsonObject]:
        """The plans by their ids."""
        return {each["id"]: each for each in PLANS.documents(self._call).documents()}

    def is_defined(self, plan_id: str) -> bool:
        """Whether a plan is defined; one that is not bills all usage at the server's unit price."""
        return plan_id in self.plans

    def period(self, plan_id: str) -> BillingPeriod:
        """How long the periods of a plan are; a calendar month where it is not defined."""
        period = self.plans.get(plan_id, {}).get("billingPeriod")
        if not period:
            return BillingPeriod()
        return BillingPeriod(CycleInterval(period["interval"]), period["intervalsCount"])

    def charges(self, plan_id: str) -> Charges:
        """What a plan charges."""
        charges = self._charges.get(plan_id)
        if charges is None:
            plan = self.plans.get(plan_id)
            charges = self._charges[plan_id] = self.undefined if plan is None else self._charges_of(plan)
        return charges

    def machine(self, price_id: str) -> PriceMachine | None:
        """How a price is rated; None when there is none of this id, or nothing in it can be."""
        if price_id not in self._machines:
            price = PRICES.documents(self._call).get(price_id)
            self._machines[price_id] = None if price is None else machine_of(price)
        return self._machines[price_id]

    def meter_of(self, item_id: str) -> str:
        """The meter of a product item; its id where it is not defined, since items of meters have the meter's name."""
        meter: str = self.naming.by_id.get(item_id, {}).get("meterApiName", item_id)
        return meter

    def counting(self, meter: str) -> Counting:
        """How a meter counts; one that is not defined adds up."""
        found = self._counting.get(meter)
        if found is None:
            found = self._counting[meter] = counting_of(self._call, meter) or ADDING
        return found

    def _charges_of(self, plan: JsonObject) -> Charges:
        priced = ((item_id, self.machine(price_id)) for item_id, price_id in plan.get(PRICE_OF, {}).items())
        return Charges(
            items=[BilledItem(item_id, self.meter_of(item_id), machine) for item_id, machine in priced if machine],
            fees=[_fee({"id": fee_id, **fee}) for fee_id, fee in plan.get("feeMap", {}).items()],
            free_tier=_free_tier(plan),
            minimum=_amount(plan.get("planMinimumPayment")),
        )

    @cached_property
    def undefined(self) -> Charges:
        """What a plan charges that is not defined: every meter at the server's unit price."""
        machine = PriceMachine.per_unit(self._call.policy.unit_price)
        meters = self._call.store.events.meters()
        return Charges([BilledItem(self.naming.item_of(meter)[0], meter, machine) for meter in meters])


ADDING: Final = Counting(MeterKind.SUM)
"""How a meter counts that is not defined."""


def _fee(document: Mapping[str, Any]) -> Fee:
    """A fee; promotions reduce it and cards pay it unless it says otherwise (our reading)."""
    return Fee(
        id=document["id"],
        name=document.get("name", document["id"]),
        description=document.get("description", ""),
        cost=_amount(document["cost"]),
        is_one_time=document.get("isOneTimeFee", False),
        discountable=document.get("discountable", True),
        prepayable=document.get("prepayable", True),
        is_prorated=document.get("isProrated", False),
        by_day=document.get("prorateToDay", False),
    )


def _free_tier(plan: JsonObject) -> Offer | None:
    """What a plan takes off each invoice by itself, as the promotion that comes after all others."""
    amount = _amount(plan.get("planLevelFreeTier"))
    if amount <= 0:
        return None
    name = plan.get("productPlanName", plan["id"])
    return Offer(
        id=f"{FREE_TIER}/{plan['id']}",
        promotion_id=FREE_TIER,
        name=f"{name}: free tier",
        type=PromotionType.PLAN_FREE_TIER,
        model=Absolute(amount),
    )


def _amount(number: Any) -> Decimal:
    return NOTHING if number is None else exactly(number)
