"""What a customer used, as its portal sees it: usage, single events, meters."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.store import JsonObject
from mockserver.handlers import meters
from mockserver.handlers.portal_session import CUSTOMER, as_account, of_account, on_behalf, portal, with_filter
from mockserver.handlers.usage import usage_report
from mockserver.handlers.usage_events import COLUMNS, is_heavy, list_usage_events

FILTER, NAMES = "filter", (CUSTOMER,)
MOST_EVENTS = 1000
"""Events that are answered when the caller does not say (our reading)."""


def query_usage(call: Call, customer: str) -> Reply:
    """The live report on the customer's part of the usage."""
    return Reply(usage_report(call, with_filter(call.body, FILTER, NAMES, customer)))


def query_usage_batch(call: Call, customer: str) -> Reply:
    """One report a query, in their order; a refusal names the query by its index."""
    queries = [with_filter(query, FILTER, NAMES, customer, at=f"[{number}].") for number, query in enumerate(call.body)]
    return Reply([usage_report(call, query, at=f"[{number}].") for number, query in enumerate(queries)])


def list_events(call: Call, customer: str) -> Reply:
    """The customer's events, one object each."""
    limit: int = call.query.get("limit", MOST_EVENTS)
    events: list[JsonObject] = []
    token: str | None = ""
    # A page may be shorter than it was asked to be, when its table would be too wide.
    while token is not None and len(events) < limit:
        more = {CUSTOMER: customer, "pageSize": limit, "limit": limit, "nextPageToken": token}
        page: JsonObject = list_usage_events(as_account(call, query={**call.query, **more})).body
        events += [event_from_row(page["columns"], row) for row in page["rows"]]
        token = page["nextPageToken"]
    return Reply(events)


def event_from_row(columns: list[str], row: list[Any]) -> JsonObject:
    """An event of the table of raw events. Its uniqueId is not there: the event store keeps no text of it."""
    customer, meter, _, value, time_ms = row[: len(COLUMNS)]
    dimensions = zip(columns[len(COLUMNS) :], row[len(COLUMNS) :], strict=True)
    return {
        CUSTOMER: customer,
        "meterApiName": meter,
        "meterValue": float(value),
        "meterTimeInMillis": int(time_ms),
        "dimensions": {name: text for name, text in dimensions if text is not None},
    }


BINDINGS: Mapping[str, Binding] = {
    "portalQueryUsage": portal(query_usage),
    "portalQueryUsageBatch": portal(query_usage_batch),
    "portalListUsageEvents": portal(list_events, heavy=is_heavy),
    "portalListMeters": on_behalf(meters.BINDINGS["listMeters"], of_account),
}
