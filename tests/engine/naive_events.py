"""The rules of the event store written out with lists and dictionaries: what the columns are compared with."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.identity import Dedup, Event, event_identity, identity_dimensions
from mockserver.domain.usage import CUSTOMER, UsageGroup, UsageQuery, arrange
from mockserver.domain.windows import bucket_of_second, bucket_start
from mockserver.engine.events import Appended, EventBatch

Told = tuple[str, int]
"""The kind of a conflict and the event's index in the batch."""


def batch_of(events: Sequence[Event]) -> EventBatch:
    """The columns of some events."""
    return EventBatch(
        [event.meter for event in events],
        [event.customer for event in events],
        [event.time_ms for event in events],
        [event.value for event in events],
        [event.dimensions or None for event in events],
        [event.unique_id for event in events],
    )


def content(event: Event) -> Hashable:
    """What a unique id stands for."""
    return event.customer, event.time_ms, identity_dimensions(event.dimensions)


class NaiveStore:
    """Every event in a list; one identity after the other."""

    def __init__(self, dedup: Dedup) -> None:
        self.dedup = dedup
        self.events: list[Event] = []
        self._rows: dict[Hashable, int] = {}
        self._anchors: dict[tuple[str, str], Event] = {}

    def append(self, events: Sequence[Event]) -> tuple[Appended, list[Told]]:
        """Append events one by one; the conflicts are told in order."""
        before = len(self.events)
        told = [(kind, index) for index, event in enumerate(events) for kind in self._append(event)]
        accepted = len(self.events) - before
        return Appended(accepted, len(events) - accepted, len(told)), told

    def _append(self, event: Event) -> list[str]:
        row = self._rows.get(event_identity(event, self.dedup))
        if row is None:
            return self._store(event)
        earlier = self.events[row]
        if self.dedup is Dedup.LATEST:
            self.events[row] = replace(earlier, value=event.value)
        if content(earlier) != content(event):
            return ["reused-unique-id"]
        return ["other-value"] if earlier.value != event.value else []

    def _store(self, event: Event) -> list[str]:
        self._rows[event_identity(event, self.dedup)] = len(self.events)
        self.events.append(event)
        if event.unique_id is None:
            return []
        anchor = self._anchors.setdefault((event.meter, event.unique_id), event)
        return ["reused-unique-id"] if content(anchor) != content(event) else []

    def aggregate(self, query: UsageQuery, kind: MeterKind) -> list[UsageGroup]:
        """Answer a query event by event."""
        groups: dict[tuple[str, ...], list[Event]] = defaultdict(list)
        for event in self.events:
            keys = [word(event, name) for name in query.group_by]
            if _matches(event, query) and None not in keys:
                groups[tuple(map(str, keys))].append(event)
        answer = [
            _group(dict(zip(query.group_by, keys, strict=True)), some, query, kind) for keys, some in groups.items()
        ]
        return arrange([group for group in answer if group.buckets], query.take)


def word(event: Event, name: str) -> str | None:
    """What an event says under a name."""
    return event.customer if name == CUSTOMER else event.dimensions.get(name)


def _matches(event: Event, query: UsageQuery) -> bool:
    in_range = query.start_s * 1000 <= event.time_ms < query.end_s * 1000
    filters: Mapping[str, frozenset[str]] = query.filters
    admitted = all(word(event, name) in wanted for name, wanted in filters.items() if wanted)
    return event.meter == query.meter and in_range and admitted


def _group(info: dict[str, str], events: list[Event], query: UsageQuery, kind: MeterKind) -> UsageGroup:
    buckets: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        buckets[bucket_start(bucket_of_second(event.time_ms // 1000, query.interval), query.interval)].append(event)
    told = {start: _number(some, query.aggregation, kind) for start, some in sorted(buckets.items())}
    known = [(start, number) for start, number in told.items() if number is not None]
    return UsageGroup(info, _number(events, query.aggregation, kind) or 0.0, known)


def _number(events: list[Event], how: Aggregation, kind: MeterKind) -> float | None:
    values = [event.value for event in events]
    if kind is MeterKind.UNIQUE:
        events = [event for event in events if event.customer is not None]
        if not events:
            return None
        hours: dict[int, set[str | None]] = defaultdict(set)
        for event in events:
            hours[event.time_ms // 3_600_000].add(event.customer)
        values = [float(len(customers)) for customers in hours.values()]
        if how in {Aggregation.SUM, Aggregation.COUNT}:
            return float(len({event.customer for event in events}))
    if how is Aggregation.SUM:
        return float(sum(values))
    if how is Aggregation.COUNT:
        return float(len(values))
    return float(max(values) if how is Aggregation.MAX else min(values))
