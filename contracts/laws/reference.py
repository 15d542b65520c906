"""What a platform of this kind should know and answer, in a few lines: written for the checker alone, without HTTP.

Random sequences of calls are compared with it, so it is made to be read, not to be fast: for every question it looks at
every event.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from contracts.laws.law import Dedup
from contracts.laws.metering import DAY, HOUR, WEEK, Event, Question

Group = tuple[str, ...]
"""The values of a group, in the order in which a question names its dimensions."""

CUSTOMER = "customerId"
"""How a question names the customer among the dimensions."""

RESERVED = "aflo."
"""Dimensions that begin with it tell the platform something; they are no part of what an event is."""

_MONDAY = 4 * DAY
"""1970 began on a Thursday; its first Monday began so many seconds later."""


@dataclass(frozen=True)
class Rule:
    """A filtering rule.

    Args:
        dimension: What it looks at.
        values: What it looks for.
        includes: Whether it lets in what has one of these values, and nothing else; otherwise it keeps that out.
    """

    dimension: str
    values: frozenset[str]
    includes: bool


@dataclass
class Shelf:
    """What there is of one kind of thing.

    Args:
        living: What was written last, by key.
        gone: The keys of what was deleted.
    """

    living: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def write(self, key: str, document: Mapping[str, Any]) -> None:
        """Creates a thing, or replaces it."""
        self.living[key] = dict(document)

    def delete(self, key: str) -> None:
        """Deletes a thing."""
        del self.living[key]
        self.gone.add(key)


@dataclass(frozen=True)
class Usage:
    """The usage of one group: of each bucket, by its first second, and of the whole range."""

    buckets: Mapping[int, float]
    whole: float


@dataclass
class _Kept:
    """An event that was taken, and whether it still counts."""

    event: Event
    counts: bool = True


class Reference:
    """An account as it should be.

    Args:
        dedup: What makes two events the same.
    """

    def __init__(self, dedup: Dedup) -> None:
        self.customers = Shelf()
        self.meters = Shelf()
        self.rules: dict[str, dict[str, Rule]] = {}
        self._dedup = dedup
        self._kept: dict[Hashable, _Kept] = {}

    def rule(self, meter: str, rule_id: str, rule: Rule) -> None:
        """Creates a filtering rule of a meter, or replaces it; it acts on what is ingested from now on."""
        self.rules.setdefault(meter, {})[rule_id] = rule

    def ingest(self, events: Iterable[Event]) -> None:
        """Takes events, in their order: what a rule drops leaves no trace, and what came before counts once."""
        for event in events:
            if not admitted(self.rules.get(event.meter, {}).values(), dict(event.dimensions)):
                continue
            same = self._kept.setdefault(identity(event, self._dedup), _Kept(event))
            if self._dedup is Dedup.LATEST:
                same.event = event

    def cancel(self, event: Event) -> None:
        """Lets the event of this identity count no more; sent again it still does not."""
        same = self._kept.get(identity(event, self._dedup))
        if same is not None:
            same.counts = False

    def cancel_matching(self, meter: str, filters: Mapping[str, Iterable[str]]) -> None:
        """Lets the events that are there, of a meter and with these values, count no more."""
        for kept in self._kept.values():
            if kept.event.meter == meter and _matches(kept.event, filters):
                kept.counts = False

    def usage(self, question: Question, distinct: str = "") -> dict[Group, Usage]:
        """The answer to a question; groups without events are left out.

        Args:
            question: What is asked.
            distinct: ``customerId`` or the dimension of which the meter counts the values; empty when it does not.
        """
        groups: dict[Group, list[Event]] = {}
        for event in self._asked(question):
            found = [_value_of(event, name) for name in question.group_by]
            if None not in found:
                groups.setdefault(tuple(map(str, found)), []).append(event)
        return {group: _usage(events, question, distinct) for group, events in groups.items()}

    def _asked(self, question: Question) -> list[Event]:
        """The events that a question is about."""
        filters = {**dict(question.filters), **({CUSTOMER: question.customers} if question.customers else {})}
        events = [kept.event for kept in self._kept.values() if kept.counts]
        return [
            each
            for each in events
            if each.meter == question.meter
            and question.start <= each.seconds < question.end
            and _matches(each, filters)
        ]


def identity(event: Event, dedup: Dedup) -> Hashable:
    """What makes an event the one that it is.

    Without a mark of the client's own the value tells events apart, under every rule of deduplication.
    """
    if dedup is Dedup.UNIQUE_ID and event.unique_id:
        return event.meter, event.unique_id
    dimensions = frozenset(pair for pair in event.dimensions if not pair[0].startswith(RESERVED))
    whole = (event.meter, event.customer, event.seconds * 1000 + event.millis, dimensions, event.unique_id)
    return (*whole, event.value) if dedup is Dedup.RECORD or not event.unique_id else whole


def admitted(rules: Iterable[Rule], dimensions: Mapping[str, str]) -> bool:
    """Whether the rules of its meter let an event with these dimensions in.

    What one of them keeps out stays out. Where some of them let in by a dimension, the event needs a value of it that
    one of these names.
    """
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        if rule.includes:
            wanted.setdefault(rule.dimension, set()).update(rule.values)
        elif dimensions.get(rule.dimension) in rule.values:
            return False
    return all(dimensions.get(name) in values for name, values in wanted.items())


def bucket_of(second: int, interval: str) -> int:
    """The first second of the bucket that holds a second: UTC hours, days, weeks from Monday on, and months."""
    if interval == "MONTH":
        start = datetime.fromtimestamp(second, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return int(start.timestamp())
    if interval == "WEEK":
        return (second - _MONDAY) // WEEK * WEEK + _MONDAY
    length = HOUR if interval == "HOUR" else DAY
    return second // length * length


_AGGREGATES: Mapping[str, Callable[[list[float]], float]] = MappingProxyType(
    {"SUM": math.fsum, "MAX": max, "MIN": min, "COUNT": len}
)


def _usage(events: list[Event], question: Question, distinct: str) -> Usage:
    buckets: dict[int, list[Event]] = {}
    for event in events:
        buckets.setdefault(bucket_of(event.seconds, question.interval), []).append(event)
    values = {start: _aggregate(found, question, distinct) for start, found in sorted(buckets.items())}
    return Usage(values, _aggregate(events, question, distinct))


def _aggregate(events: list[Event], question: Question, distinct: str) -> float:
    """What a meter makes of events; one that counts distinct values counts these whatever is asked for."""
    if distinct:
        return len({_value_of(event, distinct) for event in events} - {None})
    return float(_AGGREGATES[question.aggregation]([event.value for event in events]))


def _value_of(event: Event, name: str) -> str | None:
    return event.customer if name == CUSTOMER else dict(event.dimensions).get(name)


def _matches(event: Event, filters: Mapping[str, Iterable[str]]) -> bool:
    """Whether an event has one of the values of each name; a name without values restricts nothing."""
    asked = {name: set(values) for name, values in filters.items()}
    return all(_value_of(event, name) in values for name, values in asked.items() if values)
