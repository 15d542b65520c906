"""Usage computed the plain way, event by event with `datetime`, to hold the mock's answers against."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.handlers.steps import Json

Info = frozenset[tuple[str, str]]

REDUCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "COUNT": len,
}


@dataclass(frozen=True)
class Asked:
    """A usage question in plain terms; times are seconds."""

    kind: str
    aggregation: str
    interval: str
    start: int
    end: int
    group_by: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    customers: Sequence[str] = ()


@dataclass
class Group:
    """One expected group: its events by bucket."""

    buckets: dict[int, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def events(self) -> list[Json]:
        """The events of all buckets."""
        return [event for events in self.buckets.values() for event in events]


def truncated(moment: datetime, interval: str) -> datetime:
    """The start of the UTC hour, day, week (from Monday) or month of a moment."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    starts = {"HOUR": hour, "DAY": day, "WEEK": day - timedelta(days=day.weekday()), "MONTH": day.replace(day=1)}
    return starts[interval]


def following(start: datetime, interval: str) -> datetime:
    """The start of the next bucket."""
    # 32 days after the first of a month is in the next one.
    steps = {"HOUR": timedelta(hours=1), "DAY": timedelta(days=1), "WEEK": timedelta(weeks=1), "MONTH": timedelta(32)}
    return truncated(start + steps[interval], interval)


def bucket_starts(asked: Asked) -> Iterator[int]:
    """The starts, in seconds, of all buckets that the range touches."""
    start, end = datetime.fromtimestamp(asked.start, UTC), datetime.fromtimestamp(asked.end, UTC)
    bucket = truncated(start, asked.interval)
    while bucket < end:
        yield int(bucket.timestamp())
        bucket = following(bucket, asked.interval)


def value_of(event: Json, name: str) -> str | None:
    """The customer or a dimension of an event."""
    source = event if name == "customerId" else event.get("dimensions", {})
    value: str | None = source.get(name)
    return value


def counts(asked: Asked, event: Json) -> bool:
    """Whether an event is in the range and passes every filter."""
    admitted = [value_of(event, name) in values for name, values in asked.filters.items() if values]
    if asked.customers:
        admitted.append(value_of(event, "customerId") in asked.customers)
    return asked.start * 1000 <= event["meterTimeInMillis"] < asked.end * 1000 and all(admitted)


def grouped(asked: Asked, events: Sequence[Json]) -> dict[Info, Group]:
    """The events that count, by group and bucket."""
    groups: dict[Info, Group] = defaultdict(Group)
    for event in events:
        info = {name: value_of(event, name) for name in asked.group_by}
        if not counts(asked, event) or None in info.values():
            continue
        if asked.kind == "UNIQUE_CUSTOMERS_COUNT" and "customerId" not in event:
            continue
        moment = datetime.fromtimestamp(event["meterTimeInMillis"] / 1000, UTC)
        key = frozenset((name, str(value)) for name, value in info.items())
        groups[key].buckets[int(truncated(moment, asked.interval).timestamp())].append(event)
    return groups


def aggregated(asked: Asked, events: Sequence[Json]) -> float:
    """One number of the events of a bucket or of a whole group."""
    if asked.kind != "UNIQUE_CUSTOMERS_COUNT":
        return REDUCTIONS[asked.aggregation]([event["meterValue"] for event in events])
    if asked.aggregation in ("SUM", "COUNT"):
        return len({event["customerId"] for event in events})
    hours: dict[int, set[str]] = defaultdict(set)
    for event in events:
        hours[event["meterTimeInMillis"] // 3_600_000].add(event["customerId"])
    return REDUCTIONS[asked.aggregation]([len(customers) for customers in hours.values()])


def published(asked: Asked, events: Sequence[Json]) -> dict[Info, dict[str, float]]:
    """What the published form must answer: the buckets with usage of each group."""
    return {
        info: {str(start): aggregated(asked, inside) for start, inside in group.buckets.items()}
        for info, group in grouped(asked, events).items()
    }


def live(asked: Asked, events: Sequence[Json]) -> dict[Info, tuple[float, list[tuple[int, float, float]]]]:
    """What the live form must answer: each group's total, and start, value and change of every bucket."""
    groups = grouped(asked, events)
    if not groups and not asked.group_by:
        groups[frozenset()] = Group()
    return {
        info: (aggregated(asked, group.events()) if group.buckets else 0, list(_filled(asked, group)))
        for info, group in groups.items()
    }


def _filled(asked: Asked, group: Group) -> Iterator[tuple[int, float, float]]:
    previous = 0.0
    for start in bucket_starts(asked):
        value = aggregated(asked, group.buckets[start]) if start in group.buckets else 0.0
        yield start, value, (value - previous) / previous * 100 if previous else 0.0
        previous = value
