"""Billing analysis: what usage cost over time and by group.

Costs are what the lines of invoices charge, before anything is taken off, and are not rounded: over a billing window
they come to its lines, whatever the buckets and groups. Usage that no plan bills is metered and costs nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.costs import Cost, CostGroup, CostSeries, cost_groups
from mockserver.domain.counting import Statistic, count_usage
from mockserver.domain.decimals import added, exactly, within_doubles
from mockserver.domain.usage import CUSTOMER, Take, bucket_count, bucket_starts, percentages_from_previous
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.page_info import numbered_page
from mockserver.engine.paging import Selection
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.books import Account
from mockserver.handlers.billing.catalogue import ADDING
from mockserver.handlers.billing.cost_query import CUSTOMER_NAMES, CostQuery
from mockserver.handlers.billing.costing import CustomerCosts
from mockserver.handlers.billing.due import BOOKS
from mockserver.handlers.billing.metering import metered, question_of
from mockserver.handlers.plan_assignments import COLLECTION as ASSIGNMENTS
from mockserver.handlers.prepaid_draws import int64
from mockserver.handlers.product_items import DEFAULT_PRODUCT

MOST_ROWS = 100_000
"""Values in an answer, of all the queries of a batch; the vendor documents the same guardrail for usage."""

MANY_BOOKS: Final = 20
"""Books that may be looked at while every other account waits."""


def get_usage_cost(call: Call) -> Reply:
    """What usage cost, by one query.

    Raises:
        InvalidInput: the range is reversed, or the answer would be too long.
    """
    return Reply(_Costs(call).answer(call.body, ""))


def get_usage_cost_batch(call: Call) -> Reply:
    """What usage cost, by several queries, in their order.

    Raises:
        InvalidInput: a range is reversed, or the answers together would be too long.
    """
    costs = _Costs(call)
    return Reply([costs.answer(body, f"[{index}].") for index, body in enumerate(call.body)])


def concerns_many(call: Call) -> bool:
    """Whether the queries of a request may look at many books."""
    bodies = call.body if isinstance(call.body, list) else [call.body]
    everyone = len(call.store.collection(BOOKS))
    asked = (_filters(body) for body in bodies)
    named = (max((len(filters.get(name, ())) for name in CUSTOMER_NAMES), default=0) for filters in asked)
    return sum(min(many or everyone, everyone) for many in named) > MANY_BOOKS


class _Costs:
    """Answers the queries of one request."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._account = Account(call)
        self._rows_left = MOST_ROWS

    def answer(self, body: JsonObject, place: str) -> JsonObject:
        """One answer.

        Args:
            body: the query.
            place: where the query stands in the request's body, as a prefix of its fields.
        """
        query = self._query(body, place)
        buckets = bucket_count(query.start_s, query.end_s, query.interval)
        self._count_rows(buckets, place)
        groups = cost_groups(self._series(query, body.get("productId", DEFAULT_PRODUCT)), query.take)
        if not groups and not query.group_by:
            groups = [CostGroup({}, Cost(), {})]
        groups, page = numbered_page(groups, body["page"]) if body.get("page") else (groups, None)
        self._count_rows(buckets * max(len(groups) - 1, 0), place)
        starts = bucket_starts(query.start_s, query.end_s, query.interval)
        return {
            "key": body,
            "secondsSinceEpochIntervals": [int64(start) for start in starts],
            "costList": [group_to_api(group, starts) for group in groups],
            "pageInfo": page,
        }

    def _query(self, body: JsonObject, place: str) -> CostQuery:
        interval = Interval(body["timeGroupingInterval"].lower())
        start, end = body["timeRange"]["startTimeInSeconds"], body["timeRange"].get("endTimeInSeconds")
        if end is None:
            end = self._open_end(interval)
        if end < start:
            raise reversed_range(f"{place}timeRange.endTimeInSeconds")
        take = body.get("take") or {}
        return CostQuery(
            start_s=start,
            end_s=end,
            interval=interval,
            group_by=tuple(dict.fromkeys(body.get("groupBy", ()))),
            filters=_filters(body),
            take=Take(take["limit"], take.get("isAscending", False)) if "limit" in take else None,
        )

    def _open_end(self, interval: Interval) -> int:
        """The end of the bucket that holds the present, or the latest event when that is later."""
        events = self._call.store.events
        times = [time for meter in events.meters() if (time := events.latest_ms(meter)) is not None]
        return bucket_start(bucket_of_second(max([self._call.now_ms, *times]) // 1000, interval) + 1, interval)

    def _count_rows(self, rows: int, place: str) -> None:
        self._rows_left -= rows
        if self._rows_left < 0:
            message = f"Invalid request: the answer would have more than {MOST_ROWS} rows"
            raise InvalidInput(message, field=f"{place}timeRange", rule="too-many-rows")

    def _series(self, query: CostQuery, product: str) -> Iterator[CostSeries]:
        """Everything that the groups of an answer are made of."""
        billed: set[tuple[str, str]] = set()
        for customer in self._customers(query):
            costs = CustomerCosts(self._account, customer, product, query)
            yield from costs.series()
            if query.is_of_invoices:
                yield from costs.reductions()
            billed |= costs.billed_items
        yield from self._metered(query, product, billed)

    def _customers(self, query: CostQuery) -> list[str]:
        """The customers that the filters name, or else those with usage in the range or a plan with a flat rate."""
        if query.customers is not None:
            return sorted(query.customers)
        found = self._flat_rate_payers()
        for meter in filter(lambda each: self._may_bill(each, query), self._call.store.events.meters()):
            question = replace(question_of(meter, query.start_s, query.end_s), group_by=(CUSTOMER,))
            usage = count_usage(self._call.store.events.aggregate, question, ADDING, Statistic.COUNT)
            found |= {group.info[CUSTOMER] for group in usage.groups}
        return sorted(found)

    def _may_bill(self, meter: str, query: CostQuery) -> bool:
        """Whether a product item that the filters admit may bill a meter; an undefined one has the meter's name."""
        naming = self._account.catalogue.naming
        defined = (item_id for item_id, item in naming.by_id.items() if item["meterApiName"] == meter)
        return any(query.admits_item(item_id, naming.item(item_id)) for item_id in (meter, *defined))

    def _flat_rate_payers(self) -> set[str]:
        """The customers that were ever given a plan that charges without usage."""
        catalogue = self._account.catalogue
        plans = {
            plan_id
            for plan_id in catalogue.plans
            for item in catalogue.charges(plan_id).items
            if not item.machine.priced and any(leaf.flat_rate for leaf in item.machine.leaves.values())
        }
        if not plans:
            return set()
        given = self._call.store.collection(ASSIGNMENTS).page(Selection(among={"productId": plans})).documents
        return {each["customerId"] for each in given if each.get("customerId") is not None}

    def _metered(self, query: CostQuery, product: str, billed: Iterable[tuple[str, str]]) -> Iterator[CostSeries]:
        """Metered units, of each product item that is billed; of meters that no item bills, of the meter's own."""
        if query.customers is not None and not query.customers:
            return
        naming, items = self._account.catalogue.naming, dict[str, list[str]]()
        for item_id, meter in sorted(billed):
            items.setdefault(meter, []).append(item_id)
        for meter in self._call.store.events.meters():
            of_product = naming.items.get(meter, {}).get("productId", DEFAULT_PRODUCT) == product
            for item_id in items.get(meter, [naming.item_of(meter)[0]] if of_product else []):
                name = naming.item(item_id)
                if query.admits_item(item_id, name):
                    yield from self._units(query, meter, (item_id, name))

    def _units(self, query: CostQuery, meter: str, item: tuple[str, str]) -> Iterator[CostSeries]:
        by_customer = (CUSTOMER,) if {*CUSTOMER_NAMES} & {*query.group_by} else ()
        counting = self._account.catalogue.counting(meter)
        question = replace(
            question_of(meter, query.start_s, query.end_s, query.interval),
            group_by=(*by_customer, *query.usage_dimensions),
            filters={**query.usage_filters, **({CUSTOMER: query.customers} if query.customers else {})},
        )
        for group in metered(self._call, question, counting):
            buckets = {start: Cost(units=exactly(units)) for start, units in group.buckets}
            whole = None if counting.kind is MeterKind.SUM else exactly(group.total)
            yield CostSeries(query.group(group.info.get(CUSTOMER, ""), item, group.info), buckets, whole)


def group_to_api(group: CostGroup, starts: Sequence[int]) -> JsonObject:
    """A group with a cost for each of `starts`."""
    nothing, whole = Cost(), group.whole
    costs = [group.buckets.get(start, nothing) for start in starts]
    units, prices = ([within_doubles(getattr(cost, name)) for cost in costs] for name in ("units", "price"))
    changes = zip(*(percentages_from_previous(list(map(float, values))) for values in (prices, units)), strict=True)
    return {
        "groupInfos": dict(group.group),
        "meteredUnits": within_doubles(whole.units),
        **_price_to_api(whole),
        "nonPayAsYouGoPromotionUsed": 0,
        "priceMinusPrepaid": within_doubles(_without(whole.price, whole.prepaid)),
        "priceAfterPayAsYouGoPromotion": within_doubles(_without(whole.price, whole.discount)),
        "priceAfterNonPayAsYouGoPromotion": within_doubles(whole.price),
        "costs": [
            {
                "startTimeInSeconds": int64(start),
                "meteredUnits": used,
                **_price_to_api(cost),
                "pricePercentageDiff": price_change,
                "meterUnitsPercentageDiff": units_change,
            }
            for start, used, cost, (price_change, units_change) in zip(starts, units, costs, changes, strict=True)
        ],
    }


def _price_to_api(cost: Cost) -> dict[str, Any]:
    price = within_doubles(cost.price)
    return {
        "price": price,
        "priceBeforeDiscounts": price,
        "prepaidUsed": within_doubles(cost.prepaid),
        "payAsYouGoPromotionUsed": within_doubles(cost.discount),
    }


def _without(price: Decimal, amount: Decimal) -> Decimal:
    """A price less an amount that may be for fees too, not below 0 for that."""
    return added([price, min(amount, max(price, Decimal(0))).copy_negate()])


def _filters(body: JsonObject) -> dict[str, frozenset[str]]:
    return {name: frozenset(values) for name, values in (body.get("filters") or {}).items() if values}


def reversed_range(field: str) -> InvalidInput:
    """The refusal of a range that ends before it starts."""
    return InvalidInput("Invalid request: the range ends before it starts", field=field, rule="reversed-range")


BINDINGS: Mapping[str, Binding] = {
    "getUsageCost": Binding(get_usage_cost, heavy=concerns_many),
    "getUsageCostBatch": Binding(get_usage_cost_batch, heavy=concerns_many),
}
