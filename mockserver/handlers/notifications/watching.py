"""What an alert asks of usage, and the usage that answers it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mockserver.domain.aggregation import DEFAULT_AGGREGATION, MeterKind
from mockserver.domain.alerts import Threshold, threshold_from
from mockserver.domain.counting import Counting, Statistic, count_usage
from mockserver.domain.usage import CUSTOMER, UsageQuery
from mockserver.domain.windows import Interval
from mockserver.engine.call import Call
from mockserver.engine.paging import Selection
from mockserver.engine.store import JsonObject
from mockserver.handlers.meters import COLLECTION as METERS
from mockserver.handlers.meters import counting_of

USAGE = "usage"
"""The type of alerts that watch a meter."""
QUESTION = (
    "notificationType", "meterId", "thresholdCondition", "thresholdValue", "range", "customerFilterMode", "customerId",
)  # fmt: skip
"""The fields that make what an alert asks."""

Usage = Mapping[str | None, Mapping[int, float]]
"""By customer, or None for all as one: the start of a period and its usage."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a usage alert asks: `customer` is whom it is about, None for all of them, as one or (`each`) one by one."""

    alert: JsonObject
    meter: str
    counting: Counting
    threshold: Threshold
    interval: Interval
    each: bool
    customer: str | None


def watch_of(call: Call, document: JsonObject) -> Watch | None:
    """What an alert asks of usage; None when it is muted, of another type, or lacks a part of the question."""
    mode, customer = document.get("customerFilterMode", "*"), document.get("customerId")
    if document.get("enabled") is False or missing_field(document):
        return None
    meter = meter_of(call, document["meterId"]) or document["meterId"]
    return Watch(
        document,
        meter,
        counting_of(call, meter) or Counting(MeterKind.SUM),
        threshold_from(document["thresholdCondition"], document["thresholdValue"]),
        interval_of(document),
        mode == "per-customer",
        customer if mode == "specific-customer" else None,
    )


def missing_field(document: JsonObject) -> str | None:
    """The first field without which a usage alert watches nothing; the type itself when it is another one."""
    if document["notificationType"] != USAGE:
        return "notificationType"
    wanted = ["meterId", "thresholdCondition", "thresholdValue"]
    if document.get("customerFilterMode") == "specific-customer":
        wanted.append("customerId")
    return next((name for name in wanted if document.get(name) in (None, "")), None)


def meter_of(call: Call, name: str) -> str | None:
    """The API name of the meter with an id; an API name stands for itself. None when there is no such meter."""
    meters = call.store.collection(METERS)
    if name in meters:
        return name
    found = meters.page(Selection(among={"id": frozenset({name})}, limit=1)).documents
    return str(found[0]["meterApiName"]) if found else None


def interval_of(document: JsonObject) -> Interval:
    """The period of an alert; a day when it names none, which is our reading."""
    return Interval(document.get("range", "day"))


def usage_of(call: Call, watch: Watch, start: int, end: int) -> Usage:
    """The usage of each period that begins in `[start, end)`, by customer where the alert tells them apart."""
    aggregation = DEFAULT_AGGREGATION[watch.counting.kind]
    query = UsageQuery(
        watch.meter,
        start,
        end,
        aggregation,
        watch.interval,
        (CUSTOMER,) if watch.each else (),
        {} if watch.customer is None else {CUSTOMER: frozenset({watch.customer})},
    )
    result = count_usage(call.store.events.aggregate, query, watch.counting, Statistic(aggregation))
    return {group.info.get(CUSTOMER, watch.customer): dict(group.buckets) for group in result.groups}
