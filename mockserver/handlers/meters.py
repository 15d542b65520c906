"""Meter definitions: one stored document a meter, of which `/meter-definition` is the published view."""

from collections.abc import Mapping

from mockserver.domain.aggregation import MeterKind
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call
from mockserver.engine.resource import Resource, printable
from mockserver.engine.store import JsonObject

COLLECTION = "meters"

KINDS: Mapping[str, MeterKind] = {
    "SUM_OF_ALL_USAGE": MeterKind.SUM,
    "MAX_IN_PERIOD": MeterKind.MAX,
    "UNIQUE_CUSTOMERS_COUNT": MeterKind.UNIQUE,
}
"""What the published `type` of a meter means."""


def definition_from_api(call: Call, body: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The document to keep: the documented fields, and the times, which are the server's own."""
    return {
        "meterApiName": body["meterApiName"],
        "displayName": body["displayName"],
        "label": body.get("label", body["meterApiName"]),
        "type": body["type"],
        "dimensions": body.get("dimensions", []),
        "createTime": previous["createTime"] if previous else call.now_ms,
        "updateTime": call.now_ms,
    }


def definition_to_api(document: JsonObject) -> JsonObject:
    """The published view: `meterTimeInMillis` is the creation time."""
    answer = {name: value for name, value in document.items() if name not in ("createTime", "updateTime")}
    return {**answer, "meterTimeInMillis": document["createTime"]}


def kind_of(call: Call, meter: str) -> MeterKind | None:
    """How a meter counts, or None when it is not defined."""
    document = call.store.collection(COLLECTION).get(meter)
    return None if document is None else KINDS[document["type"]]


def warn_unknown_meter(call: Call, meter: str, field: str) -> None:
    """Warns that a request names a meter without definition.

    Raises:
        StrictRefusal: the account is strict.
    """
    call.warn(field, "unknown-meter", f"no meter is defined with 'meterApiName': {printable(meter)}")


METERS = Resource(COLLECTION, key="meterApiName", noun="meter", prepare=definition_from_api, to_api=definition_to_api)

BINDINGS: Mapping[str, Binding] = {
    "listMeterDefinitions": METERS.list(),
    "createMeterDefinition": METERS.create(),
    "updateMeterDefinition": METERS.upsert(warn_when_absent=True),
    "getMeterDefinitionById": METERS.get(),
    "deleteMeterDefinition": METERS.delete(),
}
