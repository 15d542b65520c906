"""The locking status of a definition: how far it may still be changed. It only moves forward.

Source: the vendor's pages name the four states; the transitions and both messages are those of its live service, as a
third party's client quotes them.
"""

from collections.abc import Mapping

from mockserver.engine.call import Call
from mockserver.engine.errors import InvalidInput
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject

FIELD = "lockingStatus"
OPEN, CLOSE_TO_DELETIONS, CLOSE_TO_CHANGES, DEPRECATED = "open", "close_to_deletions", "close_to_changes", "deprecated"

NEXT: Mapping[str, frozenset[str]] = {
    OPEN: frozenset({CLOSE_TO_DELETIONS, CLOSE_TO_CHANGES, DEPRECATED}),
    CLOSE_TO_DELETIONS: frozenset({DEPRECATED}),
    CLOSE_TO_CHANGES: frozenset({DEPRECATED}),
    DEPRECATED: frozenset(),
}
"""The states that may follow a state, besides itself."""

FINISHED = frozenset({CLOSE_TO_CHANGES, DEPRECATED})
"""The states in which nothing but the status should change; that it is only warned of is our reading."""

_MOVING = frozenset({FIELD, "updateTime"})


def with_locking(call: Call, document: JsonObject, previous: JsonObject | None, noun: str) -> JsonObject:
    """The document with its locking status in lower case: the one it names, else the present one, else open.

    Raises:
        InvalidInput: the status would move backward.
        StrictRefusal: the account is strict, and a finished document is changed.
    """
    before = (previous or {}).get(FIELD, OPEN)
    after = str(document.get(FIELD) or before).lower()
    if after != before and after not in NEXT[before]:
        message = f"Invalid lockingStatus transition from {before} to {printable(after)}"
        raise InvalidInput(message, field=FIELD, rule="illegal-transition")
    document = {**document, FIELD: after}
    if previous is not None and before in FINISHED and _without_moving(document) != _without_moving(previous):
        call.warn(FIELD, "closed-to-changes", f"the {noun} is {before} and should not be changed any more")
    return document


def require_deletable(document: JsonObject, noun: str) -> None:
    """Does nothing when a document may be deleted.

    Raises:
        InvalidInput: it is not deprecated.
    """
    status = document.get(FIELD, OPEN)
    if status != DEPRECATED:
        raise InvalidInput(f"'lockingStatus' {status} prevents {noun} from being deleted.", field=FIELD, rule="locked")


def _without_moving(document: JsonObject) -> JsonObject:
    return {name: value for name, value in document.items() if name not in _MOVING}
