"""Events decoded to columns, and how the fields of a request are named.

A batch of a thousand events is the common case and every one of its events costs, so the decoding of like events runs
in C. It runs slice by slice, so that a very large batch lets other threads run in between.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter
from typing import Any

from mockserver.domain.exact import LARGEST
from mockserver.engine.errors import InvalidInput
from mockserver.engine.events import EventBatch
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject

FIELDS = ("meterApiName", "customerId", "meterTimeInMillis", "meterValue", "dimensions", "uniqueId")
SLICE = 10_000
"""Events that are decoded in one go."""
FEW = 4
"""So few events are decoded sooner one by one."""


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

    def chosen(self, flags: Sequence[bool]) -> "Columns":
        """The rows whose flag is set."""
        rows = Columns()
        rows.extend([compress(column, flags) for column in self.columns()])
        return rows

    def batch(self) -> EventBatch:
        """The rows as the event store takes them."""
        meters, *others = self.columns()
        only = meters[0] if meters else ""
        # One name for all is cheaper than a list of equal names.
        return EventBatch(only if meters.count(only) == len(meters) else meters, *others)


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


def columns_from_api(request: Request) -> Columns:
    """The events as columns: `values` fanned out, events without any meter set aside, absent values made 0.

    Raises:
        InvalidInput: a value is too large for a double.
    """
    columns, events = Columns(), request.events
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
    _refuse_huge_values(request, columns)
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
