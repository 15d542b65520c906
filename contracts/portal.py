"""The customer portal: its operations take the token of a session in the place of an account's key."""

from collections.abc import Iterable

from contracts.model import Target
from specs.catalog import Operation

SCHEME = "PortalSession"
"""What the documents call the token among their security schemes."""

NO_SESSION = "there is no session"
"""How every reason begins for which an operation of the portal is not reachable."""

OPENING = "createSession"
"""The operation that opens a session."""


def is_portal(operation: Operation) -> bool:
    """Whether an operation takes a session's token, and nothing else."""
    asked = operation.node.get("security") or []
    return bool(asked) and all(SCHEME in each for each in asked)


def unopened(target: Target, operations: Iterable[Operation], *, writes: bool) -> str:
    """Why a run has no session and opens none, or an empty string.

    Args:
        target: With its keys.
        operations: Of the document.
        writes: Whether the run may write.
    """
    if target.keys.session is not None:
        return ""
    if OPENING not in {each.operation_id for each in operations}:
        return f"{NO_SESSION}: AMBERFLO_SESSION is not set, and the document cannot open one"
    if not target.loopback and not writes:
        return f"{NO_SESSION}: AMBERFLO_SESSION is not set, and without --allow-writes none is opened"
    return ""
