"""What is probably a mistake in a batch, told once for each distinct name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from mockserver.domain.identity import RESERVED_PREFIX
from mockserver.engine.call import MOST_WARNINGS, Call
from mockserver.engine.clock import LATEST_MS
from mockserver.engine.events import Conflict
from mockserver.engine.printing import printable
from mockserver.engine.store import Collection
from mockserver.handlers.customers import COLLECTION as CUSTOMERS
from mockserver.handlers.customers import warn_unknown_customer
from mockserver.handlers.ingest.columns import SLICE, Columns, Request
from mockserver.handlers.meters import COLLECTION as METERS
from mockserver.handlers.meters import warn_unknown_meter

CANCEL = "aflo.cancel_previous_resource_event"
"""The reserved dimension that makes an event undo another one."""

CONFLICTS: Mapping[str, tuple[str, str]] = {
    "other-value": ("meterValue", "the event was ingested before with another value; it is taken for a duplicate"),
    "reused-unique-id": ("uniqueId", "this uniqueId came before with another customer, time or dimensions"),
}
"""What is warned of a conflict with an earlier event: the field and the sentence."""


def warn_of_batch(call: Call, request: Request, columns: Columns, reserved: Iterable[str]) -> None:
    """Warns of what a batch alone shows.

    Args:
        call: the request.
        request: its events.
        columns: the same as columns.
        reserved: the names among their dimensions that instruct the platform.

    Raises:
        StrictRefusal: the account is strict, and there is something to warn of.
    """
    for position in columns.nowhere[:1]:
        count = len(columns.nowhere)
        message = f"{count} of the events name no meter (neither meterApiName nor values): they count nowhere"
        call.warn(request.field(position, "meterApiName"), "no-meter", message)
    for meter, position in _unknown(columns.meters, columns.positions, call.store.collection(METERS)):
        warn_unknown_meter(call, meter, request.meter_field(position, meter))
    for customer, position in _unknown(columns.customers, columns.positions, call.store.collection(CUSTOMERS)):
        warn_unknown_customer(call, customer, request.field(position, "customerId"))
    for row in columns.unvalued[:1]:
        name = request.value_field(columns.positions[row], columns.meters[row])
        message = f"{len(columns.unvalued)} of the events have no value: each counts as one of value 0"
        call.warn(name, "absent-value", message)
    for name in reserved:
        _warn_of_reserved(call, request, columns, name)
    if columns.times_ms and not (min(columns.times_ms) >= 0 and max(columns.times_ms) <= LATEST_MS):
        row = next(row for row, time_ms in enumerate(columns.times_ms) if not 0 <= time_ms <= LATEST_MS)
        name = request.field(columns.positions[row], "meterTimeInMillis")
        call.warn(name, "unlikely-time", "the event lies before 1970 or after the year 9999")


def reserved_names(columns: Columns) -> list[str]:
    """The names among the dimensions that instruct the platform, sorted."""
    names: set[str] = set()
    for start in range(0, len(columns.dimensions), SLICE):
        names.update(*filter(None, columns.dimensions[start : start + SLICE]))
    return sorted(name for name in names if name.startswith(RESERVED_PREFIX))


def cancels(dimensions: Mapping[str, str] | None) -> bool:
    """Whether an event with these dimensions undoes another one."""
    return dimensions is not None and dimensions.get(CANCEL, "").lower() == "true"


def conflict_listener(call: Call, request: Request) -> Callable[[Conflict], None]:
    """Warns of conflicts with earlier events."""

    def on_conflict(conflict: Conflict) -> None:
        name, message = CONFLICTS[conflict.kind]
        where = request.field(conflict.position, name)
        if name == "meterValue":
            where = request.value_field(conflict.position, conflict.meter)
        call.warn(where, conflict.kind, message)

    return on_conflict


def missing_listener(call: Call, request: Request, cancelling: Columns) -> Callable[[int], None]:
    """Warns of events that should undo another one, and find none."""

    def on_missing(row: int) -> None:
        where = request.field(cancelling.positions[row], f"dimensions.{CANCEL}")
        call.warn(where, "nothing-to-cancel", "no event has the meter, customer, time, dimensions and uniqueId of this")

    return on_missing


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


def _warn_of_reserved(call: Call, request: Request, columns: Columns, name: str) -> None:
    """Warns of the first event whose reserved dimension instructs to nothing that is done here."""
    for position, sent in zip(columns.positions, columns.dimensions, strict=True):
        if sent and name in sent and not (name == CANCEL and cancels(sent)):
            what = "this value of it" if name == CANCEL else "this one"
            message = f"names with {RESERVED_PREFIX} instruct the platform; {what} is not acted on"
            call.warn(request.field(position, f"dimensions.{printable(name, 60)}"), "reserved-dimension", message)
            return
