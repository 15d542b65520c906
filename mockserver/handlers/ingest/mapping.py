"""One record of a caller's own making turned into an event, by an ingest schema."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mockserver.engine.errors import InvalidInput, MissingField
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject

WHOLE = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
INT64: Final = 2**63

DECIDING = ("customerId", "meterApiName", "meterValue", "meterTimeInMillis")
"""The fields whose sources a record must have for a schema to fit it."""


class Unreadable(ValueError):  # noqa: N818 - it says what a value is
    """A value that is none of the kind its field takes; the text says which kind."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a column or key, in which a dot leads into an object, or the same for all records."""

    key: str = ""
    constant: Any = None

    def read(self, record: JsonObject) -> Any:
        """The record's value; None when it has none. A key that holds the dots itself comes first."""
        if not self.key:
            return self.constant
        if self.key in record:
            return record[self.key]
        value: Any = record
        for part in self.key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True, slots=True)
class Schema:
    """An ingest schema, ready to be applied: the sources of fields and of dimensions, by name."""

    fields: Mapping[str, Source]
    dimensions: Mapping[str, Source]

    def fits(self, record: JsonObject) -> bool:
        """Whether a record has what decides: a time, and all mapped of customer, meter and value."""
        mapped = [self.fields[name] for name in DECIDING if name in self.fields]
        return bool(self.fields.get("meterTimeInMillis", Source()).key) and all(
            source.read(record) is not None for source in mapped
        )

    def found(self, record: JsonObject) -> int:
        """How many of the sources the record has."""
        sources = (*self.fields.values(), *self.dimensions.values())
        return sum(bool(source.key) and source.read(record) is not None for source in sources)

    def event(self, record: JsonObject, at: str) -> JsonObject:
        """The event that a record stands for; what is not mapped is left behind.

        Args:
            record: the payload's object or row.
            at: where it stands in the request (`[3].`).

        Raises:
            InvalidInput: a value is not of the kind its field takes, or there is no time.
        """
        event = dict(_converted(self.fields, record, at))
        if "meterTimeInMillis" not in event:
            name = at + (self.fields.get("meterTimeInMillis", Source()).key or "meterTimeInMillis")
            raise MissingField(f"Invalid request: {printable(name)} is required", field=name, rule="required")
        dimensions = dict(_converted(self.dimensions, record, at, always=_text))
        return {**event, "dimensions": dimensions} if dimensions else event


def schema_from_api(document: JsonObject) -> Schema:
    """A stored ingest schema, ready to be applied; sources that name nothing are left out."""
    written = document["schema"]
    fields = {name: _source(written[name]) for name in CONVERTERS if name in written}
    dimensions = written.get("dimensions") or {}
    if isinstance(dimensions, list):
        dimensions = {name: name for name in dimensions}
    return Schema(_named(fields), _named({name: _source(source) for name, source in dimensions.items()}))


def _source(written: Any) -> Source:
    return Source(constant=written.get("constant")) if isinstance(written, dict) else Source(key=written)


def _named(sources: Mapping[str, Source]) -> dict[str, Source]:
    return {name: source for name, source in sources.items() if source.key or source.constant is not None}


def _converted(
    sources: Mapping[str, Source], record: JsonObject, at: str, always: Callable[[Any], Any] | None = None
) -> Iterator[tuple[str, Any]]:
    """The values that the record has, each as its field takes it."""
    for name, source in sources.items():
        value = source.read(record)
        if value is None:
            continue
        try:
            yield name, (always or CONVERTERS[name])(value)
        except Unreadable as wanted:
            field = at + printable(source.key or name, 60)
            raise InvalidInput(f"Invalid request: {field} must be {wanted}", field=field, rule="type") from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Unreadable("a string")


def _number(value: Any) -> float:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("a number")
    return value


def _milliseconds(value: Any) -> int:
    """Milliseconds since 1970 UTC: a whole number, its text, or an ISO 8601 text (without an offset, in UTC)."""
    if isinstance(value, str):
        value = int(value) if WHOLE.fullmatch(value) else _instant(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -INT64 <= value < INT64:
        raise Unreadable("milliseconds since 1970, or an ISO 8601 time")
    return value


def _instant(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)


CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "customerId": _text,
    "meterApiName": _text,
    "meterValue": _number,
    "meterTimeInMillis": _milliseconds,
    "uniqueId": _text,
}
"""The fields that a schema can map, and what makes their values."""
