"""Payloads that are no JSON events: tables, and records that ingest schemas map to events."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from mockserver.engine.call import Call
from mockserver.engine.errors import InvalidInput
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject
from mockserver.handlers.ingest.mapping import CONVERTERS, Schema, Source, schema_from_api
from mockserver.handlers.ingest_schemas import SCHEMAS

CSV = "text/csv"

ToEvent = Callable[[JsonObject, str], JsonObject]
"""(a record, where it stands in the request) -> its event."""


def is_custom(call: Call) -> bool:
    """Whether a request has another payload than events as the document has them."""
    return bool(call.query) or call.media_type == CSV


def events_of_payload(call: Call) -> list[JsonObject]:
    """The events that a table or a custom payload stands for.

    A schema is named by the request, or found for each record. A record without one is read as an event: of a table by
    its columns, of JSON when the whole body is one of events.

    Raises:
        InvalidInput: what comes is no table or no object, or a record is no event by its schema.
    """
    records = records_from_csv(call.body) if call.media_type == CSV else _records(call)
    to_event = _reader(call)
    return [to_event(record, f"[{number}].") for number, record in enumerate(records)]


def records_from_csv(text: str) -> list[JsonObject]:
    """The rows of a table by the names of its header; blank rows are passed over, empty cells left out.

    Raises:
        InvalidInput: there is no header, it names a column twice, or a row has another length.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise _malformed(f"the table cannot be read: {error}") from None
    header = [name.strip() for name in rows[0]] if rows else []
    if not header or len(set(header)) < len(header) or not all(header):
        raise _malformed("the first row must name each column, and none twice")
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(header):
            raise _malformed(f"row {number} has {len(row)} cells, the header {len(header)}")
    return [{name: cell for name, cell in zip(header, row, strict=True) if cell} for row in rows[1:]]


def _malformed(message: str) -> InvalidInput:
    return InvalidInput(f"Invalid request: {message}", rule="malformed-row")


def _records(call: Call) -> list[JsonObject]:
    """The objects of a JSON payload."""
    records: Any = [call.body] if isinstance(call.body, dict) else call.body
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise call.body_fault or InvalidInput(
            "Invalid request: a payload is an object or an array of them", rule="type"
        )
    return records


def _reader(call: Call) -> ToEvent:
    """What turns the records of a request into events."""
    key = call.query.get("ingestSchemaId")
    plain = _column_event if call.media_type == CSV else _json_event(call)
    if key is not None:
        document = SCHEMAS.documents(call).get(key)
        if document is not None:
            return schema_from_api(document).event
        call.warn("ingestSchemaId", "unknown-ingest-schema", f"no ingest schema has the id: {printable(key)}")
    if "schemaDetection" not in call.query:
        return plain
    return _detecting([schema_from_api(document) for document in SCHEMAS.documents(call).documents()], plain)


def _detecting(schemas: Sequence[Schema], plain: ToEvent) -> ToEvent:
    """Reads each record by the schema of which it has most; of equal ones the oldest."""

    def to_event(record: JsonObject, at: str) -> JsonObject:
        fitting = [schema for schema in schemas if schema.fits(record)]
        if not fitting:
            return plain(record, at)
        return max(fitting, key=lambda schema: schema.found(record)).event(record, at)

    return to_event


def _json_event(call: Call) -> ToEvent:
    """Takes a record as it is; in a body that is no body of events it fits nothing."""
    fault = call.body_fault

    def to_event(record: JsonObject, at: str) -> JsonObject:
        if fault is not None:
            message = f"{fault.message} ({at.rstrip('.')} fits no ingest schema, so the body must be one of events)"
            raise InvalidInput(message, field=fault.field, rule=fault.rule)
        return record

    return to_event


def _column_event(record: JsonObject, at: str) -> JsonObject:
    """A row whose columns are named as fields; any other column is a dimension."""
    fields = {name: Source(key=name) for name in CONVERTERS}
    others = {name: Source(key=name) for name in record if name not in CONVERTERS}
    return Schema(fields, others).event(record, at)
