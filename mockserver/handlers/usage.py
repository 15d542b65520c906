"""Usage queries: the published and the live form of one question, and the two shapes of its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.domain.aggregation import DEFAULT_AGGREGATION, Aggregation, MeterKind
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
)
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput, MissingField
from mockserver.engine.store import JsonObject
from mockserver.handlers.meters import kind_of, warn_unknown_meter
from specs.catalog import Dialect

CUSTOMER_KEY = "customerId"
"""How the wire names the customer among the dimensions."""
MOST_ROWS = 100_000
"""Values in a gap-filled answer; the vendor documents the same guardrail."""
EARLIEST_LABEL = -(2**63)
"""The document's times are int64; the bucket that holds the first of them begins before it."""


def query_usage(call: Call) -> Reply:
    """Answers usage in the form of the question: a top-level start makes it the published one."""
    kind = kind_of(call, call.body["meterApiName"])
    if kind is None:
        warn_unknown_meter(call, call.body["meterApiName"], "meterApiName")
    return _FORMS["startTimeInSeconds" in call.body](call, kind or MeterKind.SUM)


def published_usage(call: Call, kind: MeterKind) -> Reply:
    """The published form: a map of meters, only buckets with usage; a reversed range holds nothing."""
    start, end = (_seconds(call.body, name) for name in ("startTimeInSeconds", "endTimeInSeconds"))
    if end < start:
        call.warn("endTimeInSeconds", "reversed-range", "the range ends before it starts: it holds nothing")
    query = query_from_api(call.body, kind, start, end)
    groups = [record_to_api(group) for group in _answered(call, query, kind).groups]
    return Reply({"clientMeters": {call.body["meterApiName"]: groups}}, dialect=Dialect.PUBLISHED)


def live_usage(call: Call, kind: MeterKind) -> Reply:
    """The live form: every bucket of every group, with 0 where nothing was used.

    Raises:
        InvalidInput: the range is reversed, or the answer would have more than `MOST_ROWS` values.
    """
    start, end = live_range_from_api(call)
    query = query_from_api(call.body, kind, start, end)
    buckets = bucket_count(start, end, query.interval)
    _refuse_long_answer(buckets, 1)
    groups = _answered(call, query, kind).groups
    if not groups and not query.group_by:
        groups = [UsageGroup({}, 0.0, [])]
    _refuse_long_answer(buckets, len(groups))
    starts = bucket_starts(start, end, query.interval)
    answer = {
        "metadata": call.body,
        "secondsSinceEpochIntervals": [max(each, EARLIEST_LABEL) for each in starts],
        "clientMeters": [group_to_api(group, starts) for group in groups],
    }
    return Reply(answer, dialect=Dialect.LIVE)


def query_from_api(body: JsonObject, kind: MeterKind, start: int, end: int) -> UsageQuery:
    """The question in the domain's words. Absent, the interval is a day (our reading) and the aggregation the meter's.

    The interval of the values decides where both intervals are given (our reading).
    """
    interval = body.get("valuesTimeGroupingInterval") or body.get("timeGroupingInterval") or Interval.DAY
    aggregation = body.get("aggregation") or DEFAULT_AGGREGATION[kind]
    take = body.get("take")
    return UsageQuery(
        meter=body["meterApiName"],
        start_s=start,
        end_s=end,
        aggregation=Aggregation(aggregation.lower()),
        interval=Interval(interval.lower()),
        group_by=tuple(dict.fromkeys(map(_dimension_from_api, body.get("groupBy") or ()))),
        filters=filters_from_api(body),
        take=Take(take["limit"], take.get("isAscending", False)) if take and "startTimeInSeconds" not in body else None,
    )


def filters_from_api(body: JsonObject) -> dict[str, frozenset[str]]:
    """Admitted values by dimension; `customerFilter` and a filter on the customer must both admit a customer."""
    filters = {_dimension_from_api(name): frozenset(values) for name, values in (body.get("filter") or {}).items()}
    customers = _customer_filter(body)
    asked = filters.get(CUSTOMER)
    if customers:
        # No customer is called like the stand-in: two filters without a common customer admit nobody.
        filters[CUSTOMER] = (asked & customers or frozenset({CUSTOMER})) if asked else customers
    return filters


def live_range_from_api(call: Call) -> tuple[int, int]:
    """Start and end of a live query; an absent end is that of the bucket with the present or the latest event.

    Raises:
        InvalidInput: the range ends before it starts.
    """
    asked = call.body["timeRange"]
    start, end = asked["startTimeInSeconds"], asked.get("endTimeInSeconds")
    if end is None:
        end = _open_end(call)
    if end < start:
        message = f"Invalid request: the range ends at {end}, before it starts at {start}"
        raise InvalidInput(message, field="timeRange.endTimeInSeconds", rule="reversed-range")
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
    rows = zip(starts, values, percentages_from_previous(values), strict=True)
    return {
        "group": {"groupInfo": info_to_api(group)},
        "groupValue": group.total,
        "values": [
            {"secondsSinceEpochUtc": max(start, EARLIEST_LABEL), "value": value, "percentageFromPrevious": change}
            for start, value, change in rows
        ],
    }


def info_to_api(group: UsageGroup) -> dict[str, str]:
    """What makes the group, by the wire's names."""
    return {CUSTOMER_KEY if name == CUSTOMER else name: value for name, value in group.info.items()}


def _answered(call: Call, query: UsageQuery, kind: MeterKind) -> UsageResult:
    """The usage, rescaled where the live form asks for it; what had to be cut to a double leaves a warning."""
    result = call.store.events.aggregate(query, kind)
    rescale = call.body.get("rescaleFunction") if "startTimeInSeconds" not in call.body else None
    if rescale:
        result = _rescaled(result, _coefficient(rescale))
    if result.overflowed:
        call.warn(None, "overflow", f"a value is beyond the range of a double and is answered as ±{LARGEST}")
    return result


def _rescaled(result: UsageResult, coefficient: float) -> UsageResult:
    overflowed = result.overflowed

    def scaled(value: float) -> float:
        nonlocal overflowed
        product = value * coefficient
        overflowed = overflowed or abs(product) > LARGEST
        return max(-LARGEST, min(LARGEST, product))

    groups = [
        UsageGroup(group.info, scaled(group.total), [(start, scaled(value)) for start, value in group.buckets])
        for group in result.groups
    ]
    return UsageResult(groups, overflowed)


def _coefficient(rescale: JsonObject) -> float:
    try:
        return float(rescale["coefficient"])
    except OverflowError:
        message = "Invalid request: rescaleFunction.coefficient is too large for a double"
        raise InvalidInput(message, field="rescaleFunction.coefficient", rule="number-range") from None


def _open_end(call: Call) -> int:
    query = query_from_api(call.body, MeterKind.SUM, 0, 0)
    latest_ms = call.store.events.latest_ms(query.meter)
    shown_ms = call.now_ms if latest_ms is None else max(call.now_ms, latest_ms)
    return bucket_start(bucket_of_second(shown_ms // 1000, query.interval) + 1, query.interval)


def _refuse_long_answer(buckets: int, groups: int) -> None:
    if buckets * groups > MOST_ROWS:
        message = (
            f"Invalid request: the answer would have {buckets * groups} rows ({buckets} buckets, {groups} groups); "
            f"at most {MOST_ROWS} are answered"
        )
        raise InvalidInput(message, field="timeRange", rule="too-many-rows")


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


_FORMS = {True: published_usage, False: live_usage}

BINDINGS: Mapping[str, Binding] = {"queryUsage": Binding(query_usage)}
