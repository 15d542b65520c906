"""Filtering rules as a faulty platform keeps and applies them, in the place of the platform behind it.

The platform behind is given every rule without its action, so that it answers the rule and never applies it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.contracts.faults.fault import Answer, Request, Send, Wrong
from tests.contracts.faults.ingesting import INGEST, Event, events_of, sent_instead

CREATE, LIST = "createFilteringRule", "listFilteringRules"
Rule = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """How rules are understood; every default is right.

    Args:
        matches: Whether an event has what a rule names.
        passes: Whether the rules of an event's meter let it in, by those that exclude and those that include.
        kept: What is kept of a rule, by the one that it replaces and the new one, each None when there is none.
        batches: Whether rules act on batches.
        delay: How many requests of events after its creation a rule does not act on.
    """

    matches: Callable[[Rule, Event], bool]
    passes: Callable[["Reading", list[Rule], Event], bool]
    kept: Callable[[Rule | None, Rule], Rule]
    batches: bool = True
    delay: int = 0


def matches(rule: Rule, event: Event) -> bool:
    """Whether an event has one of the values that a rule names."""
    return value_of(event, rule["dimensionName"]) in (rule.get("dimensionValues") or ())


def value_of(event: Event, dimension: str) -> str | None:
    """The event's value of a dimension; None when it has none."""
    found: str | None = event.get("dimensions", {}).get(dimension)
    return found


def passes(reading: Reading, rules: list[Rule], event: Event) -> bool:
    """Whether nothing excludes the event, and of each dimension with including rules one includes it."""
    return not excluded(reading, rules, event) and included(reading, rules, event)


def excluded(reading: Reading, rules: list[Rule], event: Event) -> bool:
    """Whether a rule excludes the event."""
    return any(rule["action"] == "EXCLUDE" and reading.matches(rule, event) for rule in rules)


def included(reading: Reading, rules: list[Rule], event: Event) -> bool:
    """Whether of each dimension with including rules one includes the event."""
    including = [rule for rule in rules if rule["action"] == "INCLUDE"]
    wanted = {rule["dimensionName"] for rule in including}
    met = {rule["dimensionName"] for rule in including if reading.matches(rule, event)}
    return wanted == met


RIGHT = Reading(matches, passes, lambda _, new: new)


class KeptRules:
    """The rules of all accounts, and a platform that applies them by some reading.

    Args:
        reading: How.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._told: dict[tuple[str, str], Rule] = {}
        self._acting: dict[tuple[str, str], Rule] = {}
        self._waiting: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request, send: Send) -> Answer:
        """The faulty platform."""
        if request.operation == CREATE:
            return self._create(request, send)
        if request.operation == LIST:
            return self._list(request, send)
        return self._ingest(request, send) if request.operation == INGEST else send(request)

    def _create(self, request: Request, send: Send) -> Answer:
        rule = request.json()
        if not isinstance(rule, dict) or not isinstance(rule.get("action"), str):
            return send(request)
        inert = {name: value for name, value in rule.items() if name != "action"}
        right = rule["action"] in {"INCLUDE", "EXCLUDE"} and isinstance(rule.get("dimensionName"), str)
        answer = send(request.with_json(inert) if right else request)
        if not right or not answer.good:
            return answer
        told = answer.json() | {"action": rule["action"]}
        place = (request.key, str(told["ruleId"]))
        with self._lock:
            self._acting[place] = self._reading.kept(self._acting.get(place), told)
            self._waiting[place] = self._reading.delay
            self._told[place] = told
        return answer.with_json(told)

    def _list(self, request: Request, send: Send) -> Answer:
        answer = send(request)
        if not answer.good:
            return answer
        with self._lock:
            told = [self._told.get((request.key, str(rule.get("ruleId"))), rule) for rule in answer.json()]
        return answer.with_json(told)

    def _ingest(self, request: Request, send: Send) -> Answer:
        events = events_of(request)
        if events is None or (len(events) > 1 and not self._reading.batches):
            return send(request)
        with self._lock:
            kept = [left for event in events if (left := self._left(request.key, event)) is not None]
            for place in self._waiting:
                self._waiting[place] -= place[0] == request.key
        return sent_instead(request, send, kept)

    def _left(self, key: str, event: Event) -> Event | None:
        """What of an event is let in: it, or the values of some of its meters; None when nothing is."""
        if not event.get("values"):
            return event if self._lets_in(key, event.get("meterApiName"), event) else None
        values = {name: value for name, value in event["values"].items() if self._lets_in(key, name, event)}
        return event | {"values": values} if values else None

    def _lets_in(self, key: str, meter: str | None, event: Event) -> bool:
        rules = [
            rule
            for place, rule in self._acting.items()
            if place[0] == key and rule["meterApiName"] == meter and self._waiting[place] <= 0
        ]
        return self._reading.passes(self._reading, rules, event)


def read_as(reading: Reading) -> Callable[[], Wrong]:
    """A platform that keeps rules and applies them by this reading."""
    return lambda: KeptRules(reading).answer
