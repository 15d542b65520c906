"""Whether an operation wants a key: without one, and with a wrong one, it answers 401 or 403.

Nothing but 401, 403 and success is judged: a target that answers something else has not let anybody in.
"""

from collections.abc import Iterator

from contracts.checks.asking import Asker, NoReply, Reply, Said
from contracts.checks.samples import Sample, sample
from contracts.model import Result
from contracts.portal import is_portal
from specs.catalog import Operation

CHECK = "key_required"
WAYS = ("wrong", "none")
_WORDS = {
    "wrong": "a wrong key is accepted",
    "none": "a request without a key is accepted",
    "account": "the account's key is accepted in the place of a session",
}
REFUSALS = frozenset({401, 403})


def ways(operation: Operation) -> tuple[str, ...]:
    """The ways to ask without what an operation wants; the portal does not take the account's key either."""
    return (*WAYS, "account") if is_portal(operation) else WAYS


def key_required(asker: Asker, operation: Operation, request: Sample | None = None) -> Iterator[Said]:
    """Asks an operation without what it wants.

    Args:
        asker: Does it.
        operation: Which.
        request: Of a thing that is there; without it, one that the document's examples make.
    """
    request = request or sample(asker.document, operation)
    if request is None:
        yield Said(CHECK, operation.operation_id, Result.UNTESTED, "its document has no example of a body in JSON")
        return
    for auth in ways(operation):
        yield judged(operation, asker.ask(operation, request, auth=auth), auth)


def judged(operation: Operation, reply: Reply | NoReply, auth: str) -> Said:
    """What an answer to a request without a good key says."""
    name = operation.operation_id
    if isinstance(reply, NoReply):
        return Said(CHECK, name, reply.result, reply.reason)
    if reply.status in REFUSALS:
        return Said(CHECK, name, Result.CONFORM)
    if not reply.success:
        reason = f"{auth} key: answered {reply.status}, which says nothing about the key"
        return Said(CHECK, name, Result.INCONCLUSIVE, reason)
    return Said(
        CHECK,
        name,
        Result.DIFFERS,
        expected="401 or 403 without a key and with a wrong one",
        got=f"{_WORDS[auth]}: {reply.status}",
        status=reply.status,
        exchange=reply.exchange,
        curl=reply.curl,
    )
