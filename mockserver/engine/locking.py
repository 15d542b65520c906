"""The locking status of a definition: how far it may still be changed. It only moves forward.

Source: the vendor's pages name the four states; the transitions and both messages are those of its live service, as a
third party's client quotes them.
"""

from collections.abc import Collection, Iterable, Mapping

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


def with_status(document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The document with its locking status in lower case: the one it names, else the present one, else open.

    Raises:
        InvalidInput: the status would move backward.
    """
    before = (previous or {}).get(FIELD, OPEN)
    after = str(document.get(FIELD) or before).lower()
    if after != before and after not in NEXT[before]:
        message = f"Invalid lockingStatus transition from {before} to {printable(after)}"
        raise InvalidInput(message, field=FIELD, rule="illegal-transition")
    return {**document, FIELD: after}


def warn_of_changes(
    call: Call, document: JsonObject, previous: JsonObject | None, noun: str, owned: Iterable[str]
) -> None:
    """Warns when a finished document is changed in anything but its status.

    Args:
        call: the request.
        document: as it would be stored.
        previous: as it is stored.
        noun: what the document is called in messages.
        owned: fields that are no change: the server's own, and those that steer what becomes of the document.

    Raises:
        StrictRefusal: the account is strict.
    """
    before = (previous or {}).get(FIELD, OPEN)
    ignored = {FIELD, *owned}
    if previous is None or before not in FINISHED or _without(document, ignored) == _without(previous, ignored):
        return
    call.warn(FIELD, "closed-to-changes", f"the {noun} is {before} and should not be changed any more")


def require_deletable(document: JsonObject, noun: str) -> None:
    """Does nothing when a document may be deleted.

    Raises:
        InvalidInput: it is not deprecated.
    """
    status = document.get(FIELD, OPEN)
    if status != DEPRECATED:
        raise InvalidInput(f"'lockingStatus' {status} prevents {noun} from being deleted.", field=FIELD, rule="locked")


def _without(document: JsonObject, names: Collection[str]) -> JsonObject:
    return {name: value for name, value in document.items() if name not in names}
