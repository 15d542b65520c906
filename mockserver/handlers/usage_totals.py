"""Usage without a meter's query: the reports of all meters, and the present rate of one customer."""

from collections.abc import Mapping

from mockserver.domain.aggregation import DEFAULT_AGGREGATION, MeterKind
from mockserver.domain.usage import CUSTOMER, UsageQuery
from mockserver.domain.windows import HOUR_S, Interval
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.meters import METERS, SUMMING, counting_of, kind_of, warn_unknown_meter
from mockserver.handlers.usage import CUSTOMER_KEY, EARLIEST_LABEL, MOST_ROWS, report_of, usage_of


def query_all_usage(call: Call) -> Reply:
    """Answers a report for each meter: the defined ones, oldest first, then those that only events name.

    Raises:
        InvalidInput: the range is reversed, or all reports together would list more than `MOST_ROWS` buckets.
    """
    asked = query_of_all_from_api(call.query)
    defined = [meter["meterApiName"] for meter in METERS.documents(call).documents()]
    reports: list[JsonObject] = []
    rows = 0
    for name in dict.fromkeys([*defined, *call.store.events.meters()]):
        report = report_of(call, {"meterApiName": name, **asked}, counting_of(call, name) or SUMMING)
        # A report without groups still lists every bucket.
        rows += len(report["secondsSinceEpochIntervals"]) * max(1, len(report["clientMeters"]))
        if rows > MOST_ROWS:
            message = f"Invalid request: the answer would have more than {MOST_ROWS} rows"
            raise InvalidInput(message, field="startTimeInSeconds", rule="too-many-rows")
        reports.append(report)
    return Reply(reports)


def query_of_all_from_api(query: Mapping[str, object]) -> JsonObject:
    """The live query that the parameters stand for, but for the meter."""
    names = ("startTimeInSeconds", "endTimeInSeconds")
    asked: JsonObject = {"timeRange": {name: query[name] for name in names if name in query}}
    if "timeGroupingInterval" in query:
        asked["timeGroupingInterval"] = query["timeGroupingInterval"]
    if "groupBy" in query:
        asked["groupBy"] = [query["groupBy"]]
    if CUSTOMER_KEY in query:
        asked["filter"] = {CUSTOMER_KEY: [query[CUSTOMER_KEY]]}
    return asked


def current_usage_rate(call: Call) -> Reply:
    """Answers how fast a customer uses a meter: the last hour, or the level that a MAX meter has reached.

    Source: the vendor's page, which tells momentary from long lasting meters. That a level is the maximum of the
    latest hour with events is our reading.
    """
    meter, customer = call.query["meterApiName"], call.query[CUSTOMER_KEY]
    kind = kind_of(call, meter)
    if kind is None:
        warn_unknown_meter(call, meter, "meterApiName")
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)
    is_level = kind is MeterKind.MAX
    now_s = call.now_ms // 1000
    query = UsageQuery(
        meter=meter,
        start_s=EARLIEST_LABEL if is_level else now_s + 1 - HOUR_S,
        end_s=now_s + 1,
        aggregation=DEFAULT_AGGREGATION[kind or MeterKind.SUM],
        interval=Interval.HOUR,
        filters={CUSTOMER: frozenset({customer})},
    )
    groups = usage_of(call, query).groups
    rate = 0.0 if not groups else groups[0].buckets[-1][1] if is_level else groups[0].total
    return Reply({"rate": rate, "request": dict(call.query)})


BINDINGS: Mapping[str, Binding] = {
    "queryAllUsage": Binding(query_all_usage),
    "getCurrentUsageRate": Binding(current_usage_rate),
}
