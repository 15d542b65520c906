"""Faults of charge events: references, fields that are not the client's to set, defaults, and the list of errors."""

from datetime import UTC, datetime
from typing import Any

from tests.contracts.faults.client import Client, fresh
from tests.contracts.faults.exchange import Json, named, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, acting, limited

CHARGES = "/v1/ingest/charge-data"
OPERATION = "ingestChargeEvents"
_REQUIRED = ("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id")


def _charge(**fields: Any) -> Json:
    return {**dict.fromkeys(_REQUIRED, "one"), **fields}


def _repeated() -> Wrong:
    """A reference is looked at when an event is new, and no more when the same one is sent again."""
    known: dict[tuple[str, str], Any] = {}

    def repeat(request: Request, send: Send) -> Answer:
        body = request.json()
        reference = text(body, "reference")
        place = (request.key or request.headers.get("authorization", ""), reference)
        if not reference or known.get(place) != body:
            answer = send(request)
            if answer.status == 201 and reference:
                known[place] = body
            return answer
        answer = send(request.with_json({name: value for name, value in body.items() if name != "reference"}))
        event = answer.json()
        return answer.with_json({**event, "reference": reference}) if answer.good else answer

    return limited(OPERATION, repeat)


def _repetition_is_the_same_event(client: Client) -> bool:
    body = _charge(reference=fresh("charge"))
    first, second = (client.post(CHARGES, json=body).json()["id"] for _ in range(2))
    return bool(first == second)


def _kept_by_reference() -> Wrong:
    """Whatever comes under a reference that is known is answered the event that is there."""
    known: dict[tuple[str, str], Answer] = {}

    def keep(request: Request, send: Send) -> Answer:
        answer = send(request)
        place = (request.key or request.headers.get("authorization", ""), text(request.json(), "reference"))
        if answer.status == 201:
            known[place] = answer
        return known.get(place, answer) if answer.status == 409 else answer

    return limited(OPERATION, keep)


def _other_event_is_a_conflict(client: Client) -> bool:
    body = _charge(reference=fresh("charge"))
    statuses = [client.post(CHARGES, json={**body, "description": name}).status_code for name in ("one", "two")]
    return statuses == [201, 409]


def _with_sent(name: str) -> Wrong:
    """What was sent in a field that only the platform may set is answered."""

    def keep(request: Request, send: Send) -> Answer:
        answer = send(request)
        sent = text(request.json(), name)
        return answer.with_json({**answer.json(), name: sent}) if answer.good and sent else answer

    return keep


def _ids_are_the_platforms(client: Client) -> bool:
    return bool(client.post(CHARGES, json=_charge(id="mine")).json()["id"] != "mine")


def _types_are_the_platforms(client: Client) -> bool:
    return bool(client.post(CHARGES, json=_charge(object_type="MINE")).json()["object_type"] == "CHARGE_DATA")


def _without_default(request: Request, send: Send) -> Answer:
    answer = send(request)
    event = answer.json()
    if not answer.good or text(request.json(), "timestamp"):
        return answer
    return answer.with_json({name: value for name, value in event.items() if name != "timestamp"})


def _timestamp_is_filled_in(client: Client) -> bool:
    return "timestamp" in client.post(CHARGES, json=_charge()).json()


def _wrong_default(request: Request, send: Send) -> Answer:
    answer = send(request)
    if not answer.good or text(request.json(), "timestamp"):
        return answer
    return answer.with_json({**answer.json(), "timestamp": "1970-01-01T00:00:00Z"})


def _timestamp_is_now(client: Client) -> bool:
    told = client.post(CHARGES, json=_charge()).json().get("timestamp")
    now = datetime.fromtimestamp(client.clock()["nowInMillis"] / 1000, UTC)
    # Without a time this default is not right either, and it is another fault's matter.
    return told is None or abs((now - datetime.fromisoformat(told)).total_seconds()) < 3600


def _with_code(status: int, code: str) -> Wrong:
    def rename(request: Request, send: Send) -> Answer:
        answer = send(request)
        refused = answer.json()
        named_so = answer.status == status and isinstance(refused, dict)
        return answer.with_json({**refused, "code": code}) if named_so else answer

    return rename


def _conflict_has_a_known_code(client: Client) -> bool:
    body = _charge(reference=fresh("charge"))
    answers = [client.post(CHARGES, json={**body, "description": name}).json() for name in ("one", "two")]
    return bool(answers[1].get("code") != "DUPLICATE_REFERENCE")


def _missing_field_has_a_known_code(client: Client) -> bool:
    return bool(client.post(CHARGES, json={}).json()["code"] == "MISSING_FIELD")


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="repeated_charge_is_a_second_event",
        category=Category.CHARGES,
        says="A charge event that is sent again under its reference becomes a second event.",
        operations=named(OPERATION),
        found_by=named("one_reference_is_one_event"),
        make=_repeated,
        probe=_repetition_is_the_same_event,
        dialect="",
        document="solvimon",
    ),
    Fault(
        name="other_charge_under_a_reference_is_swallowed",
        category=Category.CHARGES,
        says="Another charge event under a reference that is taken is answered with the first one and dropped.",
        operations=named(OPERATION),
        found_by=named("one_reference_is_one_event"),
        make=_kept_by_reference,
        probe=_other_event_is_a_conflict,
        dialect="",
        document="solvimon",
    ),
    Fault(
        name="sent_id_of_a_charge_is_kept",
        category=Category.CHARGES,
        says="The id that a client sends with a charge event takes the place of the platform's.",
        operations=named(OPERATION),
        found_by=named("read_only_fields_are_ignored"),
        make=acting(OPERATION, _with_sent("id")),
        probe=_ids_are_the_platforms,
        dialect="",
        document="solvimon",
    ),
    Fault(
        name="sent_type_of_a_charge_is_kept",
        category=Category.CHARGES,
        says="The type of object that a client sends with a charge event takes the place of the platform's.",
        operations=named(OPERATION),
        found_by=named("read_only_fields_are_ignored"),
        make=acting(OPERATION, _with_sent("object_type")),
        probe=_types_are_the_platforms,
        dialect="",
        document="solvimon",
    ),
    Fault(
        name="timestamp_of_a_charge_is_not_filled_in",
        category=Category.CHARGES,
        says="A charge event without a timestamp is answered without one.",
        operations=named(OPERATION),
        found_by=named("defaults_are_filled_in"),
        make=acting(OPERATION, _without_default),
        probe=_timestamp_is_filled_in,
        dialect="",
        document="solvimon",
    ),
    Fault(
        name="timestamp_of_a_charge_is_1970",
        category=Category.CHARGES,
        says="A charge event without a timestamp is dated to the first of January 1970.",
        operations=named(OPERATION),
        found_by=named("defaults_are_filled_in"),
        make=acting(OPERATION, _wrong_default),
        probe=_timestamp_is_now,
        dialect="",
        document="solvimon",
    ),
    Fault(
        name="conflict_of_references_has_an_unknown_code",
        category=Category.CHARGES,
        says="That a reference is taken is told by a code that is not in the closed list.",
        operations=named(OPERATION),
        found_by=named("errors_are_from_the_closed_list", "response_schema_conformance"),
        make=acting(OPERATION, _with_code(409, "DUPLICATE_REFERENCE")),
        probe=_conflict_has_a_known_code,
        dialect="",
        document="solvimon",
        schema_can_show=True,
    ),
    Fault(
        name="refused_charge_has_an_unknown_code",
        category=Category.CHARGES,
        says="That a charge event is refused is told by a code that is not in the closed list.",
        operations=named(OPERATION),
        found_by=named("errors_are_from_the_closed_list", "response_schema_conformance"),
        make=acting(OPERATION, _with_code(400, "VALIDATION_ERROR")),
        probe=_missing_field_has_a_known_code,
        dialect="",
        document="solvimon",
        schema_can_show=True,
    ),
)
