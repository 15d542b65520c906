"""Billing analysis: what usage cost over time and by group.

Costs are not rounded. Of meters whose usage adds up, the costs of buckets and of groups are together those of the whole
range, and a month of a customer's costs, rounded, is the line of the invoice. What a maximum or a number of distinct
customers costs does not add up, since such usage does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.costs import Cost, CostGroup, MeteredSeries, cost_groups
from mockserver.domain.decimals import added, exactly, within_doubles
from mockserver.domain.usage import CUSTOMER, Take, UsageGroup, bucket_count, bucket_starts, percentages_from_previous
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.page_info import numbered_page
from mockserver.engine.store import JsonObject
from mockserver.handlers.invoices import metered, question_of
from mockserver.handlers.live_invoices import naming_of
from mockserver.handlers.meters import counting_of
from mockserver.handlers.prepaid_wallet import int64
from mockserver.handlers.product_items import DEFAULT_PRODUCT

MOST_ROWS = 100_000
"""Values in an answer, of all the queries of a batch; the vendor documents the same guardrail for usage."""

CUSTOMER_NAMES = ("customer_id", "customerId")
ITEM_KEY, ITEM_NAME = "product_item_key", "product_item_name"
USED = ("prepaidUsed", "payAsYouGoPromotionUsed")
AFTER_PROMOTIONS = ("priceAfterPayAsYouGoPromotion", "priceAfterNonPayAsYouGoPromotion")


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


@dataclass(frozen=True, slots=True)
class _Query:
    """A question about costs in the domain's words."""

    start_s: int
    end_s: int
    interval: Interval
    group_by: tuple[str, ...]
    filters: Mapping[str, frozenset[str]]
    take: Take | None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the usage itself is grouped by."""
        return tuple(_dimension(name) for name in self.group_by if name not in (ITEM_KEY, ITEM_NAME))

    def admits(self, name: str, value: str) -> bool:
        """Whether a filter lets a product item through."""
        return not self.filters.get(name) or value in self.filters[name]


class _Costs:
    """Answers the queries of one request."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._naming = naming_of(call)
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
        series = list(self._series(query, body.get("productId", DEFAULT_PRODUCT)))
        groups = cost_groups(series, self._call.policy.unit_price, query.take)
        if not groups and not query.group_by:
            groups = [CostGroup({}, Cost(Decimal(0), Decimal(0)))]
        groups, page = numbered_page(groups, body["page"]) if body.get("page") else (groups, None)
        self._count_rows(buckets * max(len(groups) - 1, 0), place)
        starts = bucket_starts(query.start_s, query.end_s, query.interval)
        return {
            "key": body,
            "secondsSinceEpochIntervals": [int64(start) for start in starts],
            "costList": [group_to_api(group, starts) for group in groups],
            "pageInfo": page,
        }

    def _query(self, body: JsonObject, place: str) -> _Query:
        interval = Interval(body["timeGroupingInterval"].lower())
        start, end = body["timeRange"]["startTimeInSeconds"], body["timeRange"].get("endTimeInSeconds")
        if end is None:
            end = self._open_end(interval)
        if end < start:
            raise reversed_range(f"{place}timeRange.endTimeInSeconds")
        take = body.get("take") or {}
        return _Query(
            start_s=start,
            end_s=end,
            interval=interval,
            group_by=tuple(dict.fromkeys(body.get("groupBy", ()))),
            filters={name: frozenset(values) for name, values in (body.get("filters") or {}).items()},
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

    def _series(self, query: _Query, product: str) -> Iterator[MeteredSeries]:
        filters = {
            _dimension(name): values for name, values in query.filters.items() if name not in (ITEM_KEY, ITEM_NAME)
        }
        for meter in self._call.store.events.meters():
            key, name = self._naming.item_of(meter)
            of_product = self._naming.items.get(meter, {}).get("productId", DEFAULT_PRODUCT) == product
            if not (of_product and query.admits(ITEM_KEY, key) and query.admits(ITEM_NAME, name)):
                continue
            question = question_of(meter, query.start_s, query.end_s, query.interval)
            question = replace(question, group_by=query.dimensions, filters=filters)
            item = {ITEM_KEY: key, ITEM_NAME: name}
            for group in metered(self._call, question):
                info = {each: item[each] if each in item else group.info[_dimension(each)] for each in query.group_by}
                yield self._one_series(meter, info, group)

    def _one_series(self, meter: str, info: Mapping[str, str], group: UsageGroup) -> MeteredSeries:
        buckets = {start: exactly(value) for start, value in group.buckets}
        counting = counting_of(self._call, meter)
        adds_up = counting is None or counting.kind is MeterKind.SUM
        return MeteredSeries(info, added(buckets.values()) if adds_up else exactly(group.total), buckets)


def group_to_api(group: CostGroup, starts: Sequence[int]) -> JsonObject:
    """A group with a cost for each of `starts`; nothing is taken off its price."""
    nothing = Cost(Decimal(0), Decimal(0))
    costs = [group.buckets.get(start, nothing) for start in starts]
    units, prices = ([within_doubles(getattr(cost, name)) for cost in costs] for name in ("units", "price"))
    changes = zip(*(percentages_from_previous(list(map(float, values))) for values in (prices, units)), strict=True)
    price = within_doubles(group.whole.price)
    after = ("price", "priceBeforeDiscounts", "priceMinusPrepaid", *AFTER_PROMOTIONS)
    return {
        "groupInfos": dict(group.group),
        "meteredUnits": within_doubles(group.whole.units),
        **dict.fromkeys(after, price),
        **dict.fromkeys(USED, 0),
        "nonPayAsYouGoPromotionUsed": 0,
        "costs": [
            {
                "startTimeInSeconds": int64(start),
                "meteredUnits": used,
                **dict.fromkeys(("price", "priceBeforeDiscounts"), cost),
                "pricePercentageDiff": price_change,
                "meterUnitsPercentageDiff": units_change,
                **dict.fromkeys(USED, 0),
            }
            for start, used, cost, (price_change, units_change) in zip(starts, units, prices, changes, strict=True)
        ],
    }


def _dimension(name: str) -> str:
    return CUSTOMER if name in CUSTOMER_NAMES else name


def reversed_range(field: str) -> InvalidInput:
    """The refusal of a range that ends before it starts."""
    return InvalidInput("Invalid request: the range ends before it starts", field=field, rule="reversed-range")


BINDINGS: Mapping[str, Binding] = {
    "getUsageCost": Binding(get_usage_cost),
    "getUsageCostBatch": Binding(get_usage_cost_batch),
}
