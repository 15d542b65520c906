"""Usage queries: the published and the live form of one question, and the shapes of its answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.domain.aggregation import DEFAULT_AGGREGATION, MeterKind
from mockserver.domain.counting import BASES, Counting, Statistic, count_usage
from mockserver.domain.exact import LARGEST
from mockserver.domain.usage import (
    CUSTOMER,
    Take,
    UsageGroup,
    UsageQuery,
    UsageResult,
    bucket_count,
    bucket_starts,
    percentages_from_previous,
    percentages_in_time,
    rescaled,
)
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput, MissingField
from mockserver.engine.store import JsonObject
from mockserver.handlers.meters import SUMMING, counting_of, warn_unknown_meter
from specs.catalog import Dialect

CUSTOMER_KEY = "customerId"
"""How the wire names the customer among the dimensions."""
MOST_ROWS = 100_000
"""Values in an answer of the live form; the vendor documents the same guardrail."""
EARLIEST_LABEL = -(2**63)
"""The document's times are int64; the bucket that holds the first of them begins before it."""
LIVE_ONLY = frozenset({"take", "rescaleFunction"})
"""Fields of a query that mean nothing in the published form."""


def query_usage(call: Call) -> Reply:
    """Answers usage in the form of the question: a top-level start makes it the published one."""
    if "startTimeInSeconds" in call.body:
        return published_usage(call)
    return Reply(usage_report(call, call.body), dialect=Dialect.LIVE)


def published_usage(call: Call) -> Reply:
    """The published form: a map of meters, only buckets with usage; a reversed range holds nothing."""
    meter = call.body["meterApiName"]
    counting = _counting(call, meter, "meterApiName")
    start, end = (_seconds(call.body, name) for name in ("startTimeInSeconds", "endTimeInSeconds"))
    if end < start:
        call.warn("endTimeInSeconds", "reversed-range", "the range ends before it starts: it holds nothing")
    asked = {name: value for name, value in call.body.items() if name not in LIVE_ONLY}
    groups = [record_to_api(group) for group in _answered(call, asked, counting, (start, end)).groups]
    return Reply({"clientMeters": {meter: groups}}, dialect=Dialect.PUBLISHED)


def usage_report(call: Call, asked: JsonObject, *, sparse: bool = False, at: str = "") -> JsonObject:
    """The live report on one live query; an unknown meter leaves a warning.

    Args:
        call: the request.
        asked: the query, as the document's `LiveUsageQuery` has it.
        sparse: whether only buckets with usage are listed, in place of every bucket with 0 in the gaps.
        at: where the query stands in the request (`[2].`), for what is said of its fields.

    Raises:
        InvalidInput: the range is reversed, or the answer would have more than `MOST_ROWS` values.
    """
    counting = _counting(call, asked["meterApiName"], f"{at}meterApiName")
    return report_of(call, asked, counting, sparse=sparse, at=at)


def report_of(call: Call, asked: JsonObject, counting: Counting, *, sparse: bool = False, at: str = "") -> JsonObject:
    """The same of a meter that counts like this."""
    start, end = live_range_from_api(call, asked, at)
    interval = _interval(asked)
    buckets = bucket_count(start, end, interval)
    if not sparse:
        _refuse_long_answer(buckets, 1, at)
    groups = _answered(call, asked, counting, (start, end), at).groups
    if not groups and not asked.get("groupBy"):
        groups = [UsageGroup({}, 0.0, [])]
    if sparse:
        _refuse_long_answer(sum(len(group.buckets) for group in groups), 1, at)
        return {"metadata": asked, "clientMeters": [sparse_group_to_api(group, interval) for group in groups]}
    _refuse_long_answer(buckets, len(groups), at)
    starts = bucket_starts(start, end, interval)
    return {
        "metadata": asked,
        "secondsSinceEpochIntervals": [max(each, EARLIEST_LABEL) for each in starts],
        "clientMeters": [group_to_api(group, starts) for group in groups],
    }


def usage_of(call: Call, query: UsageQuery, statistic: Statistic | None = None) -> UsageResult:
    """What a query answers on its meter, whatever the meter counts; without a statistic the query's aggregation."""
    counting = counting_of(call, query.meter) or SUMMING
    return count_usage(call.store.events.aggregate, query, counting, statistic or Statistic(query.aggregation.value))


def query_from_api(body: JsonObject, kind: MeterKind, start: int, end: int) -> UsageQuery:
    """The question in the domain's words. Absent, the interval is a day (our reading) and the aggregation the meter's.

    The interval of the values decides where both intervals are given (our reading).
    """
    take = body.get("take")
    return UsageQuery(
        meter=body["meterApiName"],
        start_s=start,
        end_s=end,
        aggregation=BASES[statistic_from_api(body, kind)],
        interval=_interval(body),
        group_by=tuple(dict.fromkeys(map(_dimension_from_api, body.get("groupBy") or ()))),
        filters=filters_from_api(body),
        take=Take(take["limit"], take.get("isAscending", False)) if take else None,
    )


def statistic_from_api(body: JsonObject, kind: MeterKind) -> Statistic:
    """What the query's `aggregation` asks for, in either case; absent, what fits the kind of meter."""
    return Statistic((body.get("aggregation") or DEFAULT_AGGREGATION[kind]).lower())


def filters_from_api(body: JsonObject) -> dict[str, frozenset[str]]:
    """Admitted values by dimension; `customerFilter` and a filter on the customer must both admit a customer."""
    filters = {_dimension_from_api(name): frozenset(values) for name, values in (body.get("filter") or {}).items()}
    customers = _customer_filter(body)
    asked = filters.get(CUSTOMER)
    if customers:
        # No customer is called like the stand-in: two filters without a common customer admit nobody.
        filters[CUSTOMER] = (asked & customers or frozenset({CUSTOMER})) if asked else customers
    return filters


def live_range_from_api(call: Call, asked: JsonObject, at: str = "") -> tuple[int, int]:
    """Start and end of a live query; an absent end is that of the bucket with the present or the latest event.

    Raises:
        InvalidInput: the range ends before it starts.
    """
    given = asked["timeRange"]
    start, end = given["startTimeInSeconds"], given.get("endTimeInSeconds")
    if end is None:
        end = _open_end(call, asked)
    if end < start:
        message = f"Invalid request: the range ends at {end}, before it starts at {start}"
        raise InvalidInput(message, field=f"{at}timeRange.endTimeInSeconds", rule="reversed-range")
    return start, end


def record_to_api(group: UsageGroup) -> JsonObject:
    """A group in the published shape: one object a bucket, keyed by the bucket's start."""
    return {
        "groupInfo": info_to_api(group),
        "records": [{str(start): value} for start, value in group.buckets],
    }


def group_to_api(group: UsageGroup, starts: Sequence[int]) -> JsonObject:
    """A group in the live shape: a value for each of `starts`."""
    used = dict(group.buckets)
    values = [used.get(start, 0.0) for start in starts]
    return _group_to_api(group, zip(starts, values, percentages_from_previous(values), strict=True))


def sparse_group_to_api(group: UsageGroup, interval: Interval) -> JsonObject:
    """A group in the live shape with its used buckets alone, each as it stands among all of them."""
    changes = percentages_in_time(group.buckets, interval)
    rows = ((start, value, change) for (start, value), change in zip(group.buckets, changes, strict=True))
    return _group_to_api(group, rows)


def info_to_api(group: UsageGroup) -> dict[str, str]:
    """What makes the group, by the wire's names."""
    return {CUSTOMER_KEY if name == CUSTOMER else name: value for name, value in group.info.items()}


def coefficient_from_api(rescale: JsonObject, at: str = "") -> float:
    """What a rescale function multiplies by.

    Raises:
        InvalidInput: it is too large for a double.
    """
    try:
        return float(rescale["coefficient"])
    except OverflowError:
        field = f"{at}rescaleFunction.coefficient"
        message = f"Invalid request: {field} is too large for a double"
        raise InvalidInput(message, field=field, rule="number-range") from None


def _group_to_api(group: UsageGroup, rows: Any) -> JsonObject:
    return {
        "group": {"groupInfo": info_to_api(group)},
        "groupValue": group.total,
        "values": [
            {"secondsSinceEpochUtc": max(start, EARLIEST_LABEL), "value": value, "percentageFromPrevious": change}
            for start, value, change in rows
        ],
    }


def _counting(call: Call, meter: str, field: str) -> Counting:
    """How a meter counts; an unknown one is warned of, and sums."""
    counting = counting_of(call, meter)
    if counting is None:
        warn_unknown_meter(call, meter, field)
    return counting or SUMMING


def _answered(call: Call, asked: JsonObject, counting: Counting, bounds: tuple[int, int], at: str = "") -> UsageResult:
    """The usage, rescaled where that is asked for; what had to be cut to a double leaves a warning."""
    query = query_from_api(asked, counting.kind, *bounds)
    result = count_usage(call.store.events.aggregate, query, counting, statistic_from_api(asked, counting.kind))
    rescale = asked.get("rescaleFunction")
    if rescale:
        result = rescaled(result, coefficient_from_api(rescale, at))
    if result.overflowed:
        call.warn(None, "overflow", f"a value is beyond the range of a double and is answered as ±{LARGEST}")
    return result


def _open_end(call: Call, asked: JsonObject) -> int:
    interval = _interval(asked)
    latest_ms = call.store.events.latest_ms(asked["meterApiName"])
    shown_ms = call.now_ms if latest_ms is None else max(call.now_ms, latest_ms)
    return bucket_start(bucket_of_second(shown_ms // 1000, interval) + 1, interval)


def _interval(body: JsonObject) -> Interval:
    interval = body.get("valuesTimeGroupingInterval") or body.get("timeGroupingInterval") or Interval.DAY
    return Interval(interval.lower())


def _refuse_long_answer(buckets: int, groups: int, at: str) -> None:
    if buckets * groups > MOST_ROWS:
        message = (
            f"Invalid request: the answer would have {buckets * groups} rows ({buckets} buckets, {groups} groups); "
            f"at most {MOST_ROWS} are answered"
        )
        raise InvalidInput(message, field=f"{at}timeRange", rule="too-many-rows")


def _dimension_from_api(name: str) -> str:
    return CUSTOMER if name == CUSTOMER_KEY else name


# A body of both forms is valid by its live part, so that its published part may be anything.
def _seconds(body: JsonObject, name: str) -> int:
    value: Any = body.get(name)
    if value is None:
        raise MissingField(f"Invalid request: {name} is required", field=name, rule="required")
    if type(value) is not int:
        raise InvalidInput(f"Invalid request: {name} must be of type integer", field=name, rule="type")
    return value


def _customer_filter(body: JsonObject) -> frozenset[str]:
    names: Any = body.get("customerFilter") or []
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        message = "Invalid request: customerFilter must be an array of strings"
        raise InvalidInput(message, field="customerFilter", rule="type")
    return frozenset(names)


def _reports(*, sparse: bool) -> Binding:
    """Answers a report for each query of an array, in its order; a refusal names the query by its index."""

    def behaviour(call: Call) -> Reply:
        queries = enumerate(call.body)
        return Reply([usage_report(call, asked, sparse=sparse, at=f"[{number}].") for number, asked in queries])

    return Binding(behaviour)


BINDINGS: Mapping[str, Binding] = {
    "queryUsage": Binding(query_usage),
    "queryUsageBatch": _reports(sparse=False),
    "queryUsageSparse": Binding(lambda call: Reply(usage_report(call, call.body, sparse=True))),
    "queryUsageSparseBatch": _reports(sparse=True),
}
