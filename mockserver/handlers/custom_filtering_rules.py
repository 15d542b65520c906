"""Custom filtering rules: events that were taken in already are cancelled when a rule is written."""

from collections.abc import Mapping

from mockserver.domain.selection import Cancellation, EventSelection
from mockserver.domain.usage import CUSTOMER
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.usage_events import is_heavy

RULES_IN_TWELVE_HOURS = 250
"""The vendor's guardrail; more than these are only warned of."""
TWELVE_HOURS_MS = 12 * 3_600_000
WRITTEN = "writtenInMillis"
"""When the rule was written; kept for the guardrail, and not answered."""
CUSTOMER_KEY, UNIQUE_ID_KEY = "customerId", "uniqueId"
"""Keys of a filter that are no dimensions (our reading)."""


def write_rule(call: Call) -> Reply:
    """Stores a rule, or replaces the one of its id, and cancels what it matches.

    Raises:
        InvalidInput: one of its ranges ends before it starts.
    """
    document = RULES.store(call, call.body["id"], call.body)
    call.store.events.cancel(cancellation_from_document(document), call.policy.dedup)
    return Reply(rule_to_api(document))


def rule_checked(call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """The rule with the time of its writing."""
    for name in ("ingestionTimeRange", "eventTimeRange"):
        start, end = edges_from_api(document, name)
        if start is not None and end is not None and end < start:
            message = f"Invalid request: {name} ends at {end}, before it starts at {start}"
            raise InvalidInput(message, field=f"{name}.endTimeInSeconds", rule="reversed-range")
    recent = sum(
        each["id"] != document["id"] and each[WRITTEN] > call.now_ms - TWELVE_HOURS_MS
        for each in RULES.documents(call).documents()
    )
    if recent >= RULES_IN_TWELVE_HOURS:
        message = f"the platform takes {RULES_IN_TWELVE_HOURS} rules in twelve hours; this is one more"
        call.warn("id", "too-many-rules", message)
    return {**document, WRITTEN: call.now_ms}


def edges_from_api(document: JsonObject, name: str) -> tuple[int | None, int | None]:
    """Start and end of a rule's range, in seconds; None for an open end."""
    asked = document.get(name) or {}
    return asked.get("startTimeInSeconds"), asked.get("endTimeInSeconds")


def cancellation_from_document(document: JsonObject) -> Cancellation:
    """What a rule cancels, in the domain's words."""
    filters = {name: frozenset(values) for name, values in (document.get("filter") or {}).items()}
    unique_ids = filters.pop(UNIQUE_ID_KEY, frozenset())
    if CUSTOMER_KEY in filters:
        filters[CUSTOMER] = filters.pop(CUSTOMER_KEY)
    start, end = edges_from_api(document, "ingestionTimeRange")
    selection = EventSelection(document["meterApiName"], *edges_from_api(document, "eventTimeRange"), filters)
    return Cancellation(selection, start or 0, end, unique_ids)


def rule_to_api(document: JsonObject) -> JsonObject:
    """A rule as it is answered."""
    return {name: value for name, value in document.items() if name != WRITTEN}


RULES = Resource(
    "custom-filtering-rules",
    noun="custom filtering rule",
    prepare=rule_checked,
    to_api=rule_to_api,
    references=(Reference("meterApiName", "meters", "meter"),),
    lower=("type",),
    owned=(WRITTEN,),
)

BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateCustomFilteringRule": Binding(write_rule, heavy=is_heavy),
    "listCustomFilteringRules": RULES.list("meterApiName"),
}
