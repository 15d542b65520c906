"""Charge events (Solvimon): stored once a reference, answered with an id and a type of the server's making."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import ConflictingReplay, UnsupportedVersion
from mockserver.engine.identifiers import minted
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject

COLLECTION = "charge-events"
REFERENCES = "charge-event-references"
SERVED_VERSION = "1"
CREATED = 201

WRITTEN = (
    "product_item_id",
    "pricing_id",
    "pricing_item_id",
    "pricing_item_config_id",
    "customer_id",
    "customer_reference",
    "pricing_plan_subscription_id",
    "pricing_plan_subscription_reference",
    "pricing_plan_subscription_selector",
    "reference",
    "description",
    "value",
    "period",
    "timestamp",
)
"""The fields that a caller writes; `id` and `object_type` are read-only, so a sent value is ignored."""


def iso_8601(time_ms: int) -> str:
    """An instant as the vendor writes it, without milliseconds: `2023-10-12T06:47:00Z`."""
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC).replace(tzinfo=None).isoformat()}Z"


def charge_event_to_api(call: Call, request: JsonObject) -> JsonObject:
    """The event as it is kept and answered. The id's prefix and the type's spelling are our reading."""
    event = {
        **request,
        "object_type": "CHARGE_DATA",
        "id": minted("chda_", call.store.next_number("charge-event")),
    }
    if event.get("timestamp") is None:
        event["timestamp"] = iso_8601(call.now_ms)
    return event


def same_request(request: JsonObject, other: JsonObject) -> bool:
    """Whether two requests say the same, whatever the order of their keys. True and 1 differ, as JSON has it."""
    return json.dumps(request, sort_keys=True) == json.dumps(other, sort_keys=True)


def ingest_charge_events(call: Call) -> Reply:
    """Stores an event; the same reference with the same body answers the first one again.

    Raises:
        UnsupportedVersion: the path names another version than 1.
        ConflictingReplay: the reference was used with another body.
    """
    version = call.path.get("version", SERVED_VERSION)
    if version != SERVED_VERSION:
        raise UnsupportedVersion(
            f"version {printable(version)} is not supported", field="version", rule="unsupported-version"
        )
    request = {name: call.body[name] for name in WRITTEN if name in call.body}
    reference = request.get("reference")
    # An empty or null reference says nothing: each such request is an event of its own.
    return _stored_once(call, reference, request) if reference else Reply(_stored(call, request), CREATED)


def _stored_once(call: Call, reference: str, request: JsonObject) -> Reply:
    references = call.store.collection(REFERENCES)
    first = references.get(reference)
    if first is None:
        event = _stored(call, request)
        references.put(reference, {"id": event["id"], "request": request})
        return Reply(event, CREATED)
    if not same_request(first["request"], request):
        message = "There is an event with this reference and another body"
        raise ConflictingReplay(message, field="reference", rule="conflicting-replay")
    return Reply(call.store.collection(COLLECTION).get(first["id"]), CREATED)


def _stored(call: Call, request: JsonObject) -> JsonObject:
    event = charge_event_to_api(call, request)
    call.store.collection(COLLECTION).put(event["id"], event)
    return event


BINDINGS: Mapping[str, Binding] = {"ingestChargeEvents": Binding(ingest_charge_events, Tier.BEHAVIOUR)}
