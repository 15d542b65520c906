"""The lifecycle of customers: stages and their history, and the customers that were deleted and may come back."""

from collections.abc import Mapping

from mockserver.domain.lifecycle import Spell, entered, moves_back
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import InvalidInput, KeyNotFound
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject

CUSTOMERS = "customers"
DELETED = "deleted-customers"
STAGES = "customer-stages"

NOUN = "customer"
KEY = "customerId"
STAGE = "lifecycleStage"
DEACTIVATED = "deactivateTimeStamp"
GONE = "OFFBOARDED"
"""The stage of a deleted customer, which is our reading, and of one that came back."""


def with_deactivation(call: Call, document: JsonObject, previous: JsonObject) -> JsonObject:
    """Notes when the customer was last offboarded. That offboarding is what deactivates is our reading."""
    if document.get(STAGE) == GONE and previous.get(STAGE) != GONE:
        return {**document, DEACTIVATED: call.now_ms}
    return {**document, DEACTIVATED: previous[DEACTIVATED]} if DEACTIVATED in previous else document


def begin(call: Call, document: JsonObject) -> None:
    """Opens the history of a new customer. Nothing of a deleted one with the same id comes back."""
    call.store.collection(DELETED).delete(document[KEY])
    call.store.collection(STAGES).delete(document[KEY])
    enter(call, document[KEY], document.get(STAGE))


def enter(call: Call, customer: str, stage: str | None) -> None:
    """Notes in a customer's history that it stands in a stage, or in none, from now on."""
    before = history_of(call, customer)
    after = entered(before, stage, call.now_ms)
    if after != before:
        stages = [{"stage": spell.stage, "start": spell.start_ms, "end": spell.end_ms} for spell in after]
        call.store.collection(STAGES).put(customer, {"stages": stages})


def warn_of_a_step_back(call: Call, document: JsonObject, previous: JsonObject | None) -> None:
    """Warns when a whole customer is written with an earlier stage than it had.

    That a replacement may do what the operation for stages refuses is our reading.

    Raises:
        StrictRefusal: the account is strict.
    """
    before, after = (previous or {}).get(STAGE), document.get(STAGE)
    if moves_back(before, after):
        call.warn(STAGE, "stage-moves-back", f"stages only move forward: from {before} to {after} goes back")


def history_of(call: Call, customer: str) -> list[Spell]:
    """The stages of a customer, oldest first."""
    kept = call.store.collection(STAGES).get(customer) or {"stages": []}
    return [Spell(each["stage"], each["start"], each["end"]) for each in kept["stages"]]


def bury(call: Call, document: JsonObject) -> JsonObject:
    """The customer as its deletion leaves it; it is remembered, since it may be brought back."""
    gone = {**document, "deleteTime": call.now_ms, "updateTime": call.now_ms, STAGE: GONE}
    gone = with_deactivation(call, gone, document)
    enter(call, document[KEY], GONE)
    call.store.collection(DELETED).put(document[KEY], gone)
    return gone


def update_stage(call: Call) -> Reply:
    """Moves a customer to a later stage; the one that it has already changes nothing.

    Raises:
        KeyNotFound: no customer has the id.
        InvalidInput: the stage is an earlier one.
    """
    document = call.store.collection(CUSTOMERS).get(call.body[KEY])
    if document is None:
        raise _unknown(call.body[KEY])
    before, after = document.get(STAGE), call.body[STAGE].upper()
    if moves_back(before, after):
        message = f"Invalid lifecycleStage transition from {before} to {after}"
        raise InvalidInput(message, field=STAGE, rule="illegal-transition")
    if before == after:
        return Reply(document)
    enter(call, document[KEY], after)
    moved = with_deactivation(call, {**document, STAGE: after, "updateTime": call.now_ms}, document)
    return Reply(_written(call, moved, "updated"))


def reinstate(call: Call) -> Reply:
    """Makes a deleted customer visible again, offboarded as it is. That its deletion time goes is our reading.

    Raises:
        InvalidInput: the customer is not deleted.
        KeyNotFound: there never was one, or it is forgotten.
    """
    customer = call.body[KEY]
    if customer in call.store.collection(CUSTOMERS):
        message = f"Invalid request: customer is not deleted: {printable(customer)}"
        raise InvalidInput(message, field=KEY, rule="not-deleted")
    document = call.store.collection(DELETED).delete(customer)
    if document is None:
        raise _unknown(customer)
    del document["deleteTime"]
    return Reply(_written(call, {**document, "updateTime": call.now_ms}, "reinstated"))


def list_stages(call: Call) -> Reply:
    """The stages of a customer, oldest first; a deleted customer has its history still.

    Raises:
        KeyNotFound: no customer has or had the id.
    """
    customer = call.path[KEY]
    if not any(customer in call.store.collection(name) for name in (CUSTOMERS, DELETED)):
        raise _unknown(customer)
    return Reply([spell_to_api(customer, spell) for spell in history_of(call, customer)])


def spell_to_api(customer: str, spell: Spell) -> JsonObject:
    """A stage of the history in the live shape."""
    return {KEY: customer, STAGE: spell.stage, "startTime": spell.start_ms, "endTime": spell.end_ms}


def _written(call: Call, document: JsonObject, verb: str) -> JsonObject:
    call.store.collection(CUSTOMERS).put(document[KEY], document)
    record(call, NOUN, document[KEY], verb, document)
    return document


def _unknown(customer: str) -> KeyNotFound:
    return KeyNotFound(f"no customer with 'customerId': {printable(customer)}", field=KEY, rule="unknown-key")


BINDINGS: Mapping[str, Binding] = {
    "updateCustomerLifecycleStage": Binding(update_stage),
    "reinstateCustomer": Binding(reinstate),
    "getCustomerLifecycleStageHistory": Binding(list_stages),
}
