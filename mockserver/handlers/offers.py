"""Which promotions reduce the invoices of a customer.

An account's promotions are read once for all its customers, a customer's once for all its invoices; what is asked for
each invoice is a comparison of times. Where the account has no promotions nothing is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from mockserver.domain.billing_periods import BillingPeriod, next_second
from mockserver.domain.discounts import Offer, PromotionType
from mockserver.domain.item_patterns import read_pattern
from mockserver.domain.promotions import (
    KINDS,
    PromotionKind,
    Sale,
    Target,
    Trigger,
    has_tags,
    is_partner,
    is_within_cycles,
)
from mockserver.domain.terms import CycleInterval
from mockserver.engine.call import Call
from mockserver.engine.locking import DEPRECATED, FIELD
from mockserver.engine.store import JsonObject
from mockserver.handlers.customer_promotions import applied_to
from mockserver.handlers.customers_stages import CUSTOMERS
from mockserver.handlers.plan_assignments import assignments_of
from mockserver.handlers.plans import PLANS
from mockserver.handlers.product_items import DEFAULT_PRODUCT, ITEMS
from mockserver.handlers.promotion_terms import (
    condition_from_api,
    cycle_cap,
    has_unread_condition,
    number,
    reduction_from_api,
    sale_from_api,
)
from mockserver.handlers.promotions import ITEM_PATTERN, PROMOTIONS, TARGET_FIELDS

BY_ITSELF: Final = frozenset({Trigger.AUTOMATIC, Trigger.PARTNER, Trigger.SALES_EVENT})
"""The triggers of promotions that are not applied to a customer."""


@dataclass(frozen=True, slots=True)
class _Definition:
    """A promotion as customers get it.

    Attributes:
        offer: what it does, under its own id and from the second on in which it was made.
        target_id: the product or the plan whose invoices it reduces; None where it reduces a product item.
        ended_s: when it was deprecated (Unix seconds).
        cycles: for how many billing periods it lasts; None for ever.
    """

    kind: PromotionKind
    offer: Offer
    target_id: str | None
    tags: Mapping[str, str]
    partner_tag: str | None
    sale: Sale | None
    ended_s: int | None
    cycles: int | None

    def is_on(self, product: str) -> bool:
        """Whether it can reduce invoices of a product."""
        return self.kind.target is not Target.PRODUCT or self.target_id == product

    def is_for(self, traits: Mapping[str, str]) -> bool:
        """Whether it applies by itself to a customer with these traits."""
        if self.kind.trigger is Trigger.PARTNER:
            return is_partner(traits, self.tags, self.partner_tag)
        return self.kind.trigger in BY_ITSELF and has_tags(traits, self.tags)


@dataclass(frozen=True, slots=True)
class _Held:
    """A promotion that a customer has: over `[start_s, end_s)` in Unix seconds, each None where it has no such bound.

    Attributes:
        removed_s: when it was taken away: no window that ends after it is reduced.
    """

    offer: Offer
    definition: _Definition
    start_s: int | None = None
    end_s: int | None = None
    removed_s: int | None = None

    def counts(self, plan_id: str, start_s: int, end_s: int) -> bool:
        """Whether it reduces a window, if its cycles are not over."""
        definition = self.definition
        if self.start_s is not None and self.start_s >= end_s:
            return False
        if self.end_s is not None and self.end_s <= start_s:
            return False
        if self.removed_s is not None and self.removed_s < end_s:
            return False
        if definition.kind.target is Target.PLAN and definition.target_id != plan_id:
            return False
        return definition.sale is None or definition.sale.overlaps(start_s, end_s)


class Promotions:
    """The promotions of the account, read when they are first asked for.

    Args:
        call: the request that asks.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._periods: dict[str, BillingPeriod] = {}

    def held_by(self, customer: str, product: str) -> list[_Held]:
        """The promotions of a customer on a product, whenever they hold."""
        if not self._definitions:
            return []
        applied = [each for each in applied_to(self._call, customer) if each["productId"] == product]
        held = [*self._automatic_for(customer), *filter(None, map(self._held, applied))]
        return [each for each in held if each.definition.is_on(product)]

    def period_of(self, plan_id: str) -> BillingPeriod:
        """The billing period of a plan; a calendar month where the plan does not tell."""
        found = self._periods.get(plan_id)
        if found is None:
            period = (PLANS.documents(self._call).get(plan_id) or {}).get("billingPeriod") or {}
            interval = CycleInterval(period.get("interval", CycleInterval.CALENDAR_MONTH))
            found = self._periods[plan_id] = BillingPeriod(interval, max(period.get("intervalsCount", 1), 1))
        return found

    @cached_property
    def _definitions(self) -> Mapping[str, _Definition]:
        documents = PROMOTIONS.documents(self._call)
        found = [_definition(self._call, each) for each in documents.documents()] if len(documents) else []
        return {each.offer.id: each for each in found if each is not None}

    @cached_property
    def _by_itself(self) -> list[_Definition]:
        return [each for each in self._definitions.values() if each.kind.trigger in BY_ITSELF]

    def _automatic_for(self, customer: str) -> Iterator[_Held]:
        if self._by_itself:
            document = self._call.store.collection(CUSTOMERS).get(customer) or {}
            traits = document.get("traits") or {}
            for each in self._by_itself:
                if each.is_for(traits):
                    yield _Held(each.offer, each, removed_s=each.ended_s)

    def _held(self, applied: JsonObject) -> _Held | None:
        definition = self._definitions.get(applied["promotionId"])
        if definition is None or definition.kind.trigger in BY_ITSELF:
            return None
        start_s, end_s = (applied["appliedTimeRange"][name] for name in ("startTimeInSeconds", "endTimeInSeconds"))
        offer = replace(definition.offer, id=applied["id"], priority=applied["priority"], applied_s=start_s)
        return _Held(offer, definition, start_s, end_s, applied["removedTimeInSeconds"])


class Offers:
    """The promotions of one customer on a product.

    Args:
        promotions: the account's.
        call: the request that asks.
        customer, product: their ids.
    """

    def __init__(self, promotions: Promotions, call: Call, customer: str, product: str = DEFAULT_PRODUCT) -> None:
        self._promotions = promotions
        self._call, self._customer, self._product = call, customer, product
        self._held = promotions.held_by(customer, product)

    def for_window(self, plan_id: str, start_s: int, end_s: int, period_start_s: int | None = None) -> list[Offer]:
        """The promotions that reduce the invoice of a window `[start_s, end_s)` (Unix seconds), in no order.

        Args:
            plan_id: the plan that is invoiced.
            start_s: when the window starts.
            end_s: when it ends.
            period_start_s: when the billing period starts that the window belongs to, if it may be a part of one.
        """
        opening_s = start_s if period_start_s is None else period_start_s
        return [
            each.offer
            for each in self._held
            if each.counts(plan_id, start_s, end_s) and self._lasts(each, plan_id, opening_s)
        ]

    def _lasts(self, held: _Held, plan_id: str, opening_s: int) -> bool:
        """Whether a period is among the cycles for which a promotion was applied."""
        cycles = held.definition.cycles
        if cycles is None or held.start_s is None:
            return True
        counted_s = held.start_s if self._first_s is None else max(held.start_s, self._first_s)
        period = self._promotions.period_of(plan_id)
        return is_within_cycles(counted_s, cycles, opening_s, period.interval, period.length)

    @cached_property
    def _first_s(self) -> int | None:
        """When the customer's first plan starts: before that no cycle can pass."""
        held = assignments_of(self._call, self._customer, self._product)
        return min((next_second(each["startTime"]) for each in held if _lasted(each)), default=None)


def _lasted(assignment: JsonObject) -> bool:
    """Whether a plan was held at all, and another did not take its place whole."""
    return bool(assignment.get("endTime") is None or assignment["endTime"] > assignment["startTime"])


def _definition(call: Call, document: JsonObject) -> _Definition | None:
    """A stored promotion in the words of the domain; None for one that can reduce nothing."""
    kind = KINDS.get(document.get("type", ""))
    if kind is None:
        return None
    offer = _offer(call, kind, document)
    if offer is None:
        return None
    target = document.get(TARGET_FIELDS[kind.target][0], DEFAULT_PRODUCT if kind.target is Target.PRODUCT else None)
    return _Definition(
        kind=kind,
        offer=offer,
        target_id=target,
        tags=document.get("customerTags") or {},
        partner_tag=document.get("partnerTag"),
        sale=sale_from_api(document),
        ended_s=document["updateTime"] // 1000 if document[FIELD] == DEPRECATED else None,
        cycles=(document.get("promotionTimeLimit") or {}).get("cycles"),
    )


def _offer(call: Call, kind: PromotionKind, document: JsonObject) -> Offer | None:
    """What a promotion does, if it says so in a form that is known here."""
    model = reduction_from_api(kind, document)
    items = _items_of(call, kind, document)
    if model is None or items is None or has_unread_condition(document):
        return None
    return Offer(
        id=document["id"],
        promotion_id=document["id"],
        name=document["promotionName"],
        type=_type_of(kind, document),
        model=model,
        item_id=items[0],
        item_ids=items[1],
        dimensions=document.get("dimensionConstraintMap") or {},
        cycle_max=cycle_cap(kind, document),
        total_max=number(document.get("totalMaxDiscount")),
        applied_s=document["createTime"] // 1000,
        condition=condition_from_api(document),
    )


def _items_of(call: Call, kind: PromotionKind, document: JsonObject) -> tuple[str | None, frozenset[str]] | None:
    """The product item that a promotion reduces and those that a pattern stands for; None where it names none."""
    if kind.target not in {Target.PRODUCT_ITEM, Target.ITEM}:
        return None, frozenset()
    target = document.get(TARGET_FIELDS[kind.target][0])
    if target is None:
        return None
    if document.get(ITEM_PATTERN) is not True:
        return target, frozenset()
    pattern = read_pattern(target)
    if pattern is None:
        return None
    known = (each["id"] for each in ITEMS.documents(call).documents())
    return target, frozenset(item for item in known if pattern.matches(item))


def _type_of(kind: PromotionKind, document: JsonObject) -> PromotionType:
    """How invoices call a promotion; one that was applied is a discount where it does not say (our reading)."""
    usual = PromotionType.AUTOMATIC if kind.trigger in BY_ITSELF else PromotionType.DISCOUNT
    return PromotionType(document.get("promotionType", usual))
