"""The event log, read: what happened in the account, newest first, filtered and by the page."""

from collections.abc import Mapping
from typing import Any

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import COLLECTION
from mockserver.engine.errors import InvalidInput
from mockserver.engine.paging import Selection, Span, value_at
from mockserver.engine.printing import printable
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.notifications import judge_ended_periods
from mockserver.handlers.report_runs import settle

DOMAINS = frozenset({"webhook", "alert", "data-export", "job"})
"""Nouns of the log that are domains of their own, and whose verb is the type. Source: the vendor's guide on system
logs."""
CHANGE = "change"
"""The domain of everything else: what a request changed, which is our reading."""
LEVELS: Mapping[str, str] = {"alert": "WARN"}
"""How grave the events of a domain are; INFO where nothing is said. That an alert is a warning is our reading."""
DEFAULT_LIMIT = 100


def event_to_api(event: JsonObject) -> JsonObject:
    """An event of the log in the vendor's words."""
    return {
        "id": event["id"],
        "eventTime": event["time"],
        **kind_of(event["noun"], event["verb"]),
        "customerId": _customer(event),
        "payload": event["document"],
    }


def kind_of(noun: str, verb: str) -> dict[str, str]:
    """Level, domain and type of what became of a thing: a customer that is created is a change, `customer created`."""
    own = noun in DOMAINS
    domain = noun if own else CHANGE
    return {"level": LEVELS.get(domain, "INFO"), "domain": domain, "type": verb if own else f"{noun} {verb}"}


EVENTS = Resource(COLLECTION, noun="account event", to_api=event_to_api)


def _catch_up(call: Call) -> None:
    """Writes down what the account's clock has brought since the log was last looked at: ended periods, due reports."""
    judge_ended_periods(call)
    settle(call)


def list_events(call: Call) -> Reply:
    """The events that match, newest first; the id of the last one asks for the next page.

    Raises:
        InvalidInput: the range ends before it starts, or the token is of no event.
    """
    _catch_up(call)
    span, after = _span(call), call.query.get("nextPageToken", "")
    if after and after not in EVENTS.documents(call):
        message = f"Invalid request: nextPageToken is no event of this account: {printable(after)}"
        raise InvalidInput(message, field="nextPageToken", rule="unknown-page-token")
    among = _kinds_asked_for(call)
    if "customerId" in call.query:
        among["document.customerId"] = frozenset({call.query["customerId"]})
    limit = call.query.get("limit", DEFAULT_LIMIT)
    selection = Selection(ascending=False, among=among, span=span, after=after, limit=limit)
    return Reply([event_to_api(event) for event in EVENTS.documents(call).page(selection).documents])


def get_event(call: Call) -> Reply:
    """The event that the path names."""
    _catch_up(call)
    return Reply(event_to_api(EVENTS.find(call)))


def list_filters(call: Call) -> Reply:
    """Each combination of level, domain and type that occurs, in alphabetical order."""
    _catch_up(call)
    kinds = [kind_of(*pair) for pair in EVENTS.documents(call).distinct("noun", "verb")]
    return Reply(sorted(kinds, key=lambda kind: (kind["level"], kind["domain"], kind["type"])))


def _kinds_asked_for(call: Call) -> dict[str, frozenset[Any]]:
    """The nouns and verbs that the filters of a request admit; nothing is said of them without a filter."""
    asked = call.query
    if not asked.keys() & {"level", "domain", "type"}:
        return {}
    admitted = [pair for pair in EVENTS.documents(call).distinct("noun", "verb") if _is_asked_for(asked, *pair)]
    return {"noun": frozenset(noun for noun, _ in admitted), "verb": frozenset(verb for _, verb in admitted)}


def _is_asked_for(asked: Mapping[str, Any], noun: str, verb: str) -> bool:
    """Whether the filters of a request admit what became of a thing. Level and domain know no case."""
    kind = kind_of(noun, verb)
    level, domain = asked.get("level", kind["level"]).upper(), asked.get("domain", kind["domain"]).lower()
    return {"level": level, "domain": domain, "type": asked.get("type", kind["type"])} == kind


def _span(call: Call) -> Span | None:
    start, end = call.query.get("startTimeInSeconds"), call.query.get("endTimeInSeconds")
    if start is not None and end is not None and end < start:
        message = f"Invalid request: the range ends at {end}, before it starts at {start}"
        raise InvalidInput(message, field="endTimeInSeconds", rule="reversed-range")
    if start is None and end is None:
        return None
    return Span("time", None if start is None else start * 1000, None if end is None else end * 1000)


def _customer(event: JsonObject) -> str | None:
    customer = value_at(event["document"], "customerId")
    return customer if isinstance(customer, str) else None


BINDINGS: Mapping[str, Binding] = {
    "listAccountEvents": Binding(list_events),
    "getAccountEventById": Binding(get_event),
    "listAccountEventFilters": Binding(list_filters),
}
