"""The rules of the event store written out with lists and dictionaries: what the columns are compared with."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.identity import Dedup, Event, event_identity, identity_dimensions
from mockserver.domain.selection import Cancellation, EventSelection, RawEvent
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
        self.seconds: list[int] = []
        self.cancelled: set[int] = set()
        self._order: list[int] = []
        self._rows: dict[Hashable, int] = {}
        self._anchors: dict[tuple[str, str], Event] = {}

    def append(self, events: Sequence[Event], now_ms: int = 0) -> tuple[Appended, list[Told]]:
        """Append events one by one; the conflicts are told in order."""
        before = len(self.events)
        told = [(kind, index) for index, event in enumerate(events) for kind in self._append(event)]
        accepted = len(self.events) - before
        self.seconds += [now_ms // 1000] * accepted
        meters = list(dict.fromkeys(event.meter for event in events))
        self._order += sorted(range(before, len(self.events)), key=lambda row: meters.index(self.events[row].meter))
        return Appended(accepted, len(events) - accepted, len(told)), told

    def repeat(self, events: Sequence[Event]) -> int:
        """Cancel the events of these identities and return how many counted before."""
        rows = {self._rows.get(event_identity(event, self.dedup)) for event in events} - {None}
        return self._cancel({row for row in rows if row is not None})

    def cancel(self, cancellation: Cancellation) -> int:
        """Cancel what is meant, event by event."""
        until = float("inf") if cancellation.until_s is None else cancellation.until_s
        return self._cancel(
            {
                row
                for row, event in enumerate(self.events)
                if selects(cancellation.events, event)
                and cancellation.from_s <= self.seconds[row] < until
                and (not cancellation.unique_ids or event.unique_id in cancellation.unique_ids)
            }
        )

    def _cancel(self, rows: set[int]) -> int:
        newly = rows - self.cancelled
        self.cancelled |= newly
        return len(newly)

    def living(self) -> list[Event]:
        """The events that count, in the order they were stored: batch by batch, in each meter by meter."""
        return [self.events[row] for row in self._order if row not in self.cancelled]

    def selected(self, selection: EventSelection) -> list[RawEvent]:
        """The selected events that count, as they are read back."""
        return [
            RawEvent(position, event.meter, event.customer, event.time_ms, event.value, dict(event.dimensions))
            for position, row in enumerate(self._order)
            if selects(selection, event := self.events[row]) and row not in self.cancelled
        ]

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
        for event in self.living():
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


def selects(selection: EventSelection, event: Event) -> bool:
    """Whether an event is meant, whatever has become of it."""
    start = float("-inf") if selection.start_s is None else selection.start_s * 1000
    end = float("inf") if selection.end_s is None else selection.end_s * 1000
    admitted = all(word(event, name) in wanted for name, wanted in selection.filters.items() if wanted)
    return selection.meter in {None, event.meter} and start <= event.time_ms < end and admitted


def _matches(event: Event, query: UsageQuery) -> bool:
    in_range = query.start_s * 1000 <= event.time_ms < query.end_s * 1000
    filters: Mapping[str, frozenset[str]] = query.filters
    admitted = all(word(event, name) in wanted for name, wanted in filters.items() if wanted)
    return event.meter == query.meter and in_range and admitted


def _group(info: dict[str, str], events: list[Event], query: UsageQuery, kind: MeterKind) -> UsageGroup:
    buckets: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        buckets[bucket_start(bucket_of_second(event.time_ms // 1000, query.buckets), query.buckets)].append(event)
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
