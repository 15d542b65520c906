"""Meters: one stored document a meter, with the live view at `/meters` and the published one at `/meter-definition`.

What is stored is the live view. Its `label` is what the published view calls `displayName`; a label that the published
view was given is its own.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.counting import Counting
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import DuplicateKey, InvalidInput, KeyNotFound
from mockserver.engine.locking import require_deletable, warn_of_changes, with_status
from mockserver.engine.printing import printable
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.product_items import ITEMS, keep_product_item

COLLECTION = "meters"
PUBLISHED_LABEL = "definitionLabel"
"""Where the label of the published view is kept, which no document of the live view has."""
SUMMING = Counting(MeterKind.SUM)
"""How a meter counts that is not defined."""
LONGEST_NAME = 50
"""Characters of an API name, as a third party's client says of the live platform."""


class MeterType(NamedTuple):
    """What a live `meterType` means: how it counts, its published type, and the `aggregation` that is answered."""

    kind: MeterKind
    published: str
    aggregation: str
    current: bool = True
    """Whether the live platform still takes it for new meters."""


TYPES: Mapping[str, MeterType] = {
    "sum_of_all_usage": MeterType(MeterKind.SUM, "SUM_OF_ALL_USAGE", "sum"),
    "active_users": MeterType(MeterKind.UNIQUE, "UNIQUE_CUSTOMERS_COUNT", "sum"),
    # Durations come as values; that they are summed up is our reading.
    "event_duration": MeterType(MeterKind.SUM, "SUM_OF_ALL_USAGE", "sum"),
    "unique_count": MeterType(MeterKind.UNIQUE, "UNIQUE_CUSTOMERS_COUNT", "max_count", current=False),
    "max_in_period": MeterType(MeterKind.MAX, "MAX_IN_PERIOD", "max", current=False),
}
"""The live types; the name `max_in_period` is our reading."""

LIVE_TYPES: Mapping[str, str] = {
    "SUM_OF_ALL_USAGE": "sum_of_all_usage",
    "MAX_IN_PERIOD": "max_in_period",
    "UNIQUE_CUSTOMERS_COUNT": "unique_count",
}
"""The live type of a meter that the published view made."""

OWNED = (
    "accountId", "replicatedFromAccountId", "aggregation", "eventType", "unitOfUsage", "ultraFrequencyUniqueMeter",
    "statistics", "dimensionMetadata", "dimensionValuePatterns", "measurementType", "longLasting", "eventIdDimension",
    "uniqueDimension", PUBLISHED_LABEL,
)  # fmt: skip
"""Fields of the live view that a caller does not write."""

LOWER = ("meterType", "viewGroupingFunction", "viewGroupingInterval", "viewRescaleFunction.function")


def meter_from_api(call: Call, document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The document to keep of a live one: the id that it has or gets, and what follows from its type."""
    kept = {name: value for name, value in (previous or {}).items() if name == PUBLISHED_LABEL}
    meter = _completed(call, {"dimensions": [], "aggregationDimensions": [], **document, **kept}, previous)
    if previous is None or previous["meterType"] != meter["meterType"]:
        _warn_of_type(call, meter)
    if previous is None and len(meter["meterApiName"]) > LONGEST_NAME:
        call.warn("meterApiName", "long-name", f"the name has more than {LONGEST_NAME} characters")
    return meter


def definition_from_api(call: Call, document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The document to keep of a published one: its own fields over what only the live view knows."""
    kept = {name: value for name, value in (previous or {}).items() if name != PUBLISHED_LABEL}
    written = {
        "meterApiName": document["meterApiName"],
        "label": document["displayName"],
        "meterType": _live_type(document["type"], previous),
        "dimensions": document.get("dimensions", []),
        "createTime": document["createTime"],
        "updateTime": document["updateTime"],
    }
    if "label" in document:
        written[PUBLISHED_LABEL] = document["label"]
    return _completed(call, {"aggregationDimensions": [], **kept, **written}, previous)


def definition_to_api(document: JsonObject) -> JsonObject:
    """The published view: `meterTimeInMillis` is the creation time."""
    return {
        "meterApiName": document["meterApiName"],
        "displayName": document["label"],
        "label": document.get(PUBLISHED_LABEL, document["meterApiName"]),
        "type": TYPES[document["meterType"]].published,
        "dimensions": document["dimensions"],
        "meterTimeInMillis": document["createTime"],
    }


def meter_to_api(document: JsonObject) -> JsonObject:
    """The live view."""
    return {name: value for name, value in document.items() if name != PUBLISHED_LABEL}


STAMPS = ("createTime", "updateTime")

# Both views keep the locking status by `_completed`, since the published view deletes meters of any status.
_NAMED: Mapping[str, Any] = {"key": "meterApiName", "noun": "meter", "stamped": True}
METERS = Resource(COLLECTION, prepare=meter_from_api, to_api=meter_to_api, lower=LOWER, owned=OWNED, **_NAMED)
DEFINITIONS = Resource(COLLECTION, prepare=definition_from_api, to_api=definition_to_api, **_NAMED)


def create_meter(call: Call) -> Reply:
    """Stores a new meter under an id of the server's making.

    Raises:
        DuplicateKey: the API name or the label is taken.
    """
    body = {name: value for name, value in call.body.items() if name != "id"}
    _require_free(call, body)
    return _kept(call, body["meterApiName"], body)


def update_meter(call: Call) -> Reply:
    """Replaces the meter of the body's id; one of that id is made when there is none.

    Events name a meter by its API name, so a meter keeps the one that it was made with (our reading).

    Raises:
        DuplicateKey: another meter has the API name or the label.
        InvalidInput: the locking status would move backward.
    """
    body = call.body
    _require_free(call, body)
    meter = _by_id(call, body["id"])
    if meter is None:
        shown = printable(body["id"])
        call.warn("id", "absent-key", f"no meter had the id '{shown}'; the update created it")
    elif meter["meterApiName"] != body["meterApiName"]:
        shown = printable(meter["meterApiName"])
        call.warn("meterApiName", "fixed-key", f"the API name stays '{shown}': the meter's events have it")
    return _kept(call, (meter or body)["meterApiName"], body)


def get_meter(call: Call) -> Reply:
    """Answers the meter of an id.

    Raises:
        KeyNotFound: no meter has it.
    """
    return Reply(meter_to_api(_found(call, _by_id(call, call.path["id"]))))


def delete_meter(call: Call) -> Reply:
    """Removes a deprecated meter and answers it; the API name of a meter in place of its id does nothing.

    Raises:
        KeyNotFound: neither an id nor a name.
        InvalidInput: the meter is not deprecated, or a product item names it.
    """
    key = call.path["id"]
    meter = _by_id(call, key)
    if meter is None and key in METERS.documents(call):
        call.warn("id", "name-for-id", "this is a meter's API name, not its id: nothing was deleted")
        return Reply({})
    meter = _found(call, meter)
    require_deletable(meter, METERS.noun)
    name = meter["meterApiName"]
    if any(item.get("meterApiName") == name for item in ITEMS.documents(call).documents()):
        message = "Invalid request: a product item uses the meter, which prevents it from being deleted."
        raise InvalidInput(message, field="id", rule="in-use")
    return Reply(meter_to_api(METERS.remove(call, name)))


def counting_of(call: Call, meter: str) -> Counting | None:
    """How a meter counts, or None when it is not defined."""
    document = call.store.collection(COLLECTION).get(meter)
    if document is None:
        return None
    by = document["aggregationDimensions"] if document["meterType"] == "active_users" else ()
    return Counting(TYPES[document["meterType"]].kind, tuple(by))


def kind_of(call: Call, meter: str) -> MeterKind | None:
    """What a meter measures, or None when it is not defined."""
    counting = counting_of(call, meter)
    return None if counting is None else counting.kind


def warn_unknown_meter(call: Call, meter: str, field: str) -> None:
    """Warns that a request names a meter without definition.

    Raises:
        StrictRefusal: the account is strict.
    """
    call.warn(field, "unknown-meter", f"no meter is defined with 'meterApiName': {printable(meter)}")


def _kept(call: Call, name: str, body: JsonObject) -> Reply:
    """Stores a live meter, makes the product item that it asks for, and answers it."""
    meter = METERS.store(call, name, body)
    if meter.get("useInBilling"):
        keep_product_item(call, name)
    return Reply(meter_to_api(meter))


def _completed(call: Call, document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The document with its id, its account, the aggregation of its type and its locking status."""
    own = {
        "id": previous["id"] if previous else document.get("id") or _unused_id(call),
        "accountId": call.account_id,
        "aggregation": TYPES[document["meterType"]].aggregation,
    }
    meter = with_status({**document, **own}, previous)
    warn_of_changes(call, meter, previous, METERS.noun, STAMPS)
    return meter


def _live_type(published: str, previous: JsonObject | None) -> str:
    """The live type of a published one: the present one when that is what it means."""
    if previous and TYPES[previous["meterType"]].published == published:
        return str(previous["meterType"])
    return LIVE_TYPES[published]


def _warn_of_type(call: Call, meter: JsonObject) -> None:
    if not TYPES[meter["meterType"]].current:
        message = "the live platform answers this type of older meters, and takes it for no new one"
        call.warn("meterType", "outdated-meter-type", message)
    if meter["meterType"] == "active_users" and not meter["aggregationDimensions"]:
        message = "a meter of this type counts the values of these dimensions; without one it counts customers"
        call.warn("aggregationDimensions", "nothing-to-count", message)


def _require_free(call: Call, body: JsonObject) -> None:
    """Refuses an API name or a label that a meter of another id has, in the words of the live platform."""
    others = (meter for meter in METERS.documents(call).documents() if meter["id"] != body.get("id"))
    for other in others:
        for field, rule in (("meterApiName", "duplicate-key"), ("label", "duplicate-label")):
            if other[field] == body[field]:
                message = f"Invalid request: Meter already exists with '{field}': {printable(body[field])}"
                raise DuplicateKey(message, field=field, rule=rule)


def _by_id(call: Call, key: str) -> JsonObject | None:
    return next((meter for meter in METERS.documents(call).documents() if meter["id"] == key), None)


def _found(call: Call, meter: JsonObject | None) -> JsonObject:
    if meter is None:
        message = f"no {METERS.noun} with 'id': {printable(call.path['id'])}"
        raise KeyNotFound(message, field="id", rule="unknown-key")
    return meter


def _unused_id(call: Call) -> str:
    """A UUID, the same in every run, that no meter has."""
    while True:
        digest: Any = sha256(f"meter {call.store.next_number('meter')}".encode()).digest()
        key = str(UUID(bytes=digest[:16], version=4))
        if _by_id(call, key) is None:
            return key


BINDINGS: Mapping[str, Binding] = {
    "listMeterDefinitions": DEFINITIONS.list(),
    "createMeterDefinition": DEFINITIONS.create(),
    "updateMeterDefinition": DEFINITIONS.upsert(warn_when_absent=True),
    "getMeterDefinitionById": DEFINITIONS.get(),
    "deleteMeterDefinition": DEFINITIONS.delete(),
    "listMeters": METERS.list("meterApiName", "label"),
    "createMeter": Binding(create_meter),
    "updateMeter": Binding(update_meter),
    "getMeter": Binding(get_meter),
    "deleteMeter": Binding(delete_meter),
}
