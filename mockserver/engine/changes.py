"""The account's event log: what was created, updated and deleted, and what else happened in the account.

The collection is part of the account's state; reading and filtering it is the affair of its own family.
"""

from typing import Any

from mockserver.engine.call import Call
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject

COLLECTION = "account-events"


def record(call: Call, noun: str, key: str, verb: str, document: JsonObject | None = None) -> JsonObject:
    """Writes one event into the log.

    Args:
        call: the request that made the change.
        noun: what kind of thing changed (`customer`, `product item`).
        key: which one.
        verb: what became of it (`created`, `updated`, `deleted`).
        document: the thing as it is now, or was when it was deleted.

    Returns:
        The event as it is kept: `id`, `time` in milliseconds, `noun`, `key`, `verb`, `document`, and the operation.
    """
    number = call.store.next_number("account-event")
    event: dict[str, Any] = {
        "id": minted("event-", number, length=16),
        "number": number,
        "time": call.now_ms,
        "operation": call.operation.operation_id,
        "noun": noun,
        "key": key,
        "verb": verb,
        "document": document or {},
    }
    call.store.collection(COLLECTION).put(event["id"], event)
    return event
