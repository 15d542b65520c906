"""Ingest schemas: which key or column of a caller's own payload is which field of an event."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject


def schema_from_api(call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """The document as it came; a schema that gives no event a time leaves a warning."""
    if not document["schema"].get("meterTimeInMillis"):
        message = "nothing is mapped to the time, which every event needs: no payload can be taken by this schema"
        call.warn("schema.meterTimeInMillis", "missing-source", message)
    return document


SCHEMAS = Resource("ingest-schemas", noun="ingest schema", mints="schema-", prepare=schema_from_api)

BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateIngestSchema": SCHEMAS.upsert(),
    "listIngestSchemas": SCHEMAS.list(),
    "getIngestSchemaById": SCHEMAS.get(),
    "deleteIngestSchema": SCHEMAS.delete(),
}
