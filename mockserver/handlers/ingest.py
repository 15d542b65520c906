"""Ingestion of meter events: decoded to columns, checked column by column, filtered, stored as one batch.

A batch of a thousand events is the common case and every one of its events costs, so the decoding of like events runs
in C. It runs slice by slice, so that a very large batch lets other threads run in between.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter
from typing import Any

from mockserver.domain.exact import LARGEST
from mockserver.domain.filtering import FilteringRule, admits
from mockserver.domain.identity import RESERVED_PREFIX
from mockserver.engine.binding import Binding
from mockserver.engine.call import MOST_WARNINGS, TEXT, Call, Reply
from mockserver.engine.clock import LATEST_MS
from mockserver.engine.errors import InvalidInput
from mockserver.engine.events import Conflict, EventBatch
from mockserver.engine.resource import printable
from mockserver.engine.store import Collection, JsonObject
from mockserver.handlers.customers import COLLECTION as CUSTOMERS
from mockserver.handlers.customers import warn_unknown_customer
from mockserver.handlers.filtering_rules import has_rules, rules_by_meter
from mockserver.handlers.meters import COLLECTION as METERS
from mockserver.handlers.meters import warn_unknown_meter

FIELDS = ("meterApiName", "customerId", "meterTimeInMillis", "meterValue", "dimensions", "uniqueId")
SLICE = 10_000
"""Events that are decoded in one go."""
FEW = 4
"""So few events are decoded sooner one by one."""
HEAVY = 5_000
"""A batch of more events is stored by a worker thread."""

KNOWN_RESERVED: frozenset[str] = frozenset()
"""Reserved dimensions that are acted on."""

CONFLICTS: Mapping[str, tuple[str, str]] = {
    "other-value": ("meterValue", "the event was ingested before with another value; it is taken for a duplicate"),
    "reused-unique-id": ("uniqueId", "this uniqueId came before with another customer, time or dimensions"),
}
"""What is warned of a conflict with an earlier event: the field and the sentence."""


@dataclass(slots=True)
class Columns:
    """Events after fan-out, one entry an event and meter in each column; `positions` index the request."""

    meters: list[str] = field(default_factory=list)
    customers: list[str | None] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    dimensions: list[Mapping[str, str] | None] = field(default_factory=list)
    unique_ids: list[str | None] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    nowhere: list[int] = field(default_factory=list)
    """Positions of events that name no meter."""
    unvalued: list[int] = field(default_factory=list)
    """Rows without a value; they count as 0."""

    def extend(self, columns: Iterable[Iterable[Any]]) -> None:
        """Appends more rows, given column by column in the order of the attributes."""
        for column, more in zip(self.columns(), columns, strict=True):
            column.extend(more)

    def columns(self) -> tuple[list[Any], ...]:
        """The columns in the order of the attributes."""
        return (
            self.meters,
            self.customers,
            self.times_ms,
            self.values,
            self.dimensions,
            self.unique_ids,
            self.positions,
        )


class Request:
    """The events of a request, and how its fields are named in messages."""

    def __init__(self, body: Any) -> None:
        self.alone = isinstance(body, dict)
        self.events: list[JsonObject] = [body] if self.alone else body

    def field(self, position: int, name: str) -> str:
        """`meterValue` of the only event, `[3].meterValue` in an array."""
        return name if self.alone else f"[{position}].{name}"

    def meter_field(self, position: int, meter: str) -> str:
        """The field that names the meter: the event's own, or its map of values."""
        own = self.events[position].get("meterApiName") == meter
        return self.field(position, "meterApiName" if own else "values")

    def value_field(self, position: int, meter: str) -> str:
        """The field that holds the meter's value."""
        own = self.events[position].get("meterApiName") == meter
        return self.field(position, "meterValue" if own else f"values.{printable(meter, 60)}")


def ingest_meter_events(call: Call) -> Reply:
    """Stores a batch whole, and answers how many records were sent, duplicates and dropped ones included.

    Raises:
        InvalidInput: a value is too large for a double; nothing is stored.
    """
    request = Request(call.body)
    if request.alone and _is_ordinary(call, call.body):
        _ingest_ordinary(call, request, call.body)
    elif request.events:
        columns = columns_from_api(request.events)
        _refuse_huge_values(request, columns)
        _warn(call, request, columns)
        _store(call, request, _admitted(call, columns))
    words = f"{len(request.events)} records were ingested"
    return Reply(words, media_type=TEXT) if call.live_form else Reply(words)


def _is_ordinary(call: Call, event: JsonObject) -> bool:
    """Whether a lone event has one meter, a value and nothing that the checks of batches would have to look into."""
    value, time_ms = event.get("meterValue"), event["meterTimeInMillis"]
    return (
        event.get("meterApiName") is not None
        and value is not None
        and -LARGEST <= value <= LARGEST
        and 0 <= time_ms <= LATEST_MS
        and "values" not in event
        and not any(name.startswith(RESERVED_PREFIX) for name in event.get("dimensions") or ())
        and not has_rules(call)
    )


def _ingest_ordinary(call: Call, request: Request, event: JsonObject) -> None:
    """The same as for a batch, without its columns: most clients send events one by one."""
    meter, customer = event["meterApiName"], event.get("customerId")
    if meter not in call.store.collection(METERS):
        warn_unknown_meter(call, meter, "meterApiName")
    if customer is None or customer not in call.store.collection(CUSTOMERS):
        warn_unknown_customer(call, customer)
    batch = EventBatch(
        meter,
        (customer,),
        (event["meterTimeInMillis"],),
        (event["meterValue"],),
        (event.get("dimensions"),),
        (event.get("uniqueId"),),
    )
    call.store.events.append(batch, call.policy.dedup, _conflict_listener(call, request))


def columns_from_api(events: Sequence[JsonObject]) -> Columns:
    """Events as columns: `values` fanned out, events without any meter set aside, absent values made 0."""
    columns = Columns()
    for start in range(0, len(events), SLICE):
        part = events[start : start + SLICE]
        alike = _like_events(part)
        decoded = alike or [[event.get(name) for event in part] for name in FIELDS]
        many = "values" in part[0] if alike else any("values" in event for event in part)
        if many or None in decoded[0]:
            _extend_fanned_out(columns, part, start)
        else:
            columns.extend([*decoded, range(start, start + len(part))])
    if None in columns.values:
        columns.unvalued = [row for row, value in enumerate(columns.values) if value is None]
        columns.values = [value or 0 for value in columns.values]
    return columns


def _like_events(events: Sequence[JsonObject]) -> list[Sequence[Any]] | None:
    """The columns of events that all have the keys of the first one, in a few calls into C; None for others."""
    names = events[0].keys()
    if len(events) < FEW or set(map(len, events)) != {len(names)}:
        return None
    try:
        found = {name: list(map(itemgetter(name), events)) for name in names}
    except KeyError:
        return None
    return [found.get(name) or [None] * len(events) for name in FIELDS]


def _extend_fanned_out(columns: Columns, events: Sequence[JsonObject], offset: int) -> None:
    """One row for each meter of each event; an event with a meter of its own and a map of values has both."""
    rows: list[tuple[Any, ...]] = []
    for position, event in enumerate(events, offset):
        own, customer, time_ms, value, dimensions, unique_id = map(event.get, FIELDS)
        amounts = event.get("values") or {}
        pairs = list(amounts.items())
        if own is not None and (value is not None or not amounts):
            pairs.insert(0, (own, value))
        if not pairs:
            columns.nowhere.append(position)
        rows += [(meter, customer, time_ms, amount, dimensions, unique_id, position) for meter, amount in pairs]
    if rows:
        columns.extend(zip(*rows, strict=True))


def _refuse_huge_values(request: Request, columns: Columns) -> None:
    """JSON numbers have no bounds, doubles do."""
    if not columns.values or (max(columns.values) <= LARGEST and min(columns.values) >= -LARGEST):
        return
    row = next(row for row, value in enumerate(columns.values) if abs(value) > LARGEST)
    name = request.value_field(columns.positions[row], columns.meters[row])
    raise InvalidInput(f"Invalid request: {name} is too large for a double", field=name, rule="number-range")


def _warn(call: Call, request: Request, columns: Columns) -> None:
    """Warns of what is probably a mistake, once for each distinct name."""
    for position in columns.nowhere[:1]:
        count = len(columns.nowhere)
        message = f"{count} of the events name no meter (neither meterApiName nor values): they count nowhere"
        call.warn(request.field(position, "meterApiName"), "no-meter", message)
    for meter, position in _unknown(columns.meters, columns.positions, call.store.collection(METERS)):
        warn_unknown_meter(call, meter, request.meter_field(position, meter))
    for customer, position in _unknown(columns.customers, columns.positions, call.store.collection(CUSTOMERS)):
        warn_unknown_customer(call, customer, request.field(position, "customerId"))
    _warn_of_values(call, request, columns)
    _warn_of_dimensions(call, request, columns)
    _warn_of_times(call, request, columns)


def _unknown(names: Sequence[Any], positions: Sequence[int], known: Collection) -> list[tuple[Any, int]]:
    """Names that are no key of `known`, an absent name included, each with the position of its first event."""
    parts = [names] if len(names) <= SLICE else [names[start : start + SLICE] for start in range(0, len(names), SLICE)]
    unknown = {name for part in parts for name in set(part) if name is None or name not in known}
    if not unknown:
        return []
    first: dict[Any, int] = {}
    start = 0
    for part in parts:
        # Read backwards, so that of equal names the first one stays.
        here = positions[start : start + len(part)]
        first = dict(zip(reversed(part), reversed(here), strict=True)) | first
        start += len(part)
    return sorted(((name, first[name]) for name in unknown), key=itemgetter(1))[:MOST_WARNINGS]


def _warn_of_values(call: Call, request: Request, columns: Columns) -> None:
    for row in columns.unvalued[:1]:
        name = request.value_field(columns.positions[row], columns.meters[row])
        message = f"{len(columns.unvalued)} of the events have no value: each counts as one of value 0"
        call.warn(name, "absent-value", message)


def _warn_of_dimensions(call: Call, request: Request, columns: Columns) -> None:
    names: set[str] = set()
    for start in range(0, len(columns.dimensions), SLICE):
        names.update(*filter(None, columns.dimensions[start : start + SLICE]))
    reserved = [name for name in names if name.startswith(RESERVED_PREFIX) and name not in KNOWN_RESERVED]
    for name in sorted(reserved) if reserved else ():
        row = next(row for row, sent in enumerate(columns.dimensions) if sent and name in sent)
        where = request.field(columns.positions[row], f"dimensions.{printable(name, 60)}")
        message = f"names with {RESERVED_PREFIX} instruct the platform; this one is not acted on"
        call.warn(where, "reserved-dimension", message)


def _warn_of_times(call: Call, request: Request, columns: Columns) -> None:
    if columns.times_ms and not (min(columns.times_ms) >= 0 and max(columns.times_ms) <= LATEST_MS):
        row = next(row for row, time_ms in enumerate(columns.times_ms) if not 0 <= time_ms <= LATEST_MS)
        name = request.field(columns.positions[row], "meterTimeInMillis")
        call.warn(name, "unlikely-time", "the event lies before 1970 or after the year 9999")


def _admitted(call: Call, columns: Columns) -> Columns:
    """The events that the filtering rules of their meters let through."""
    rules = rules_by_meter(call)
    if rules.keys().isdisjoint(columns.meters):
        return columns
    verdicts: dict[Any, bool] = {}
    kept = [
        meter not in rules or _verdict(verdicts, rules[meter], meter, dimensions or {})
        for meter, dimensions in zip(columns.meters, columns.dimensions, strict=True)
    ]
    admitted = Columns()
    admitted.extend([compress(column, kept) for column in columns.columns()])
    return admitted


def _verdict(
    verdicts: dict[Any, bool], rules: Sequence[FilteringRule], meter: str, dimensions: Mapping[str, str]
) -> bool:
    """Whether the rules admit the dimensions, decided once for each distinct set of them."""
    key = (meter, *dimensions.items())
    if key not in verdicts:
        verdicts[key] = admits(rules, dimensions)
    return verdicts[key]


def _conflict_listener(call: Call, request: Request) -> Callable[[Conflict], None]:
    def on_conflict(conflict: Conflict) -> None:
        name, message = CONFLICTS[conflict.kind]
        where = request.field(conflict.position, name)
        if name == "meterValue":
            where = request.value_field(conflict.position, conflict.meter)
        call.warn(where, conflict.kind, message)

    return on_conflict


def _store(call: Call, request: Request, columns: Columns) -> None:
    only = columns.meters[0] if columns.meters else ""
    batch = EventBatch(
        # One name for all is cheaper than a list of equal names.
        only if columns.meters.count(only) == len(columns.meters) else columns.meters,
        columns.customers,
        columns.times_ms,
        columns.values,
        columns.dimensions,
        columns.unique_ids,
        columns.positions,
    )
    call.store.events.append(batch, call.policy.dedup, _conflict_listener(call, request))


def is_heavy(call: Call) -> bool:
    """Whether a batch is so long that a worker thread should store it."""
    return isinstance(call.body, list) and len(call.body) > HEAVY


BINDINGS: Mapping[str, Binding] = {"ingestMeterEvents": Binding(ingest_meter_events, heavy=is_heavy)}
