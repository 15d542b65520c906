"""Opens a session of the customer portal, for a customer that the run makes for it."""

from dataclasses import replace
from typing import Any

from contracts.checks.asking import Asker, NoReply, Reply
from contracts.checks.samples import sample
from contracts.portal import NO_SESSION, OPENING
from contracts.secrets import Secret
from specs.catalog import Operation

_CUSTOMER = "createCustomer"
_KEY = "customerId"
_TOKEN = "sessionToken"  # noqa: S105 - a name, not a token


def open_session(asker: Asker, customer: str) -> Secret | str:
    """The token of a new session, or why there is none.

    Args:
        asker: Does the asking.
        customer: The key of the customer whose session it is; made first where the document says how.
    """
    answer: Any = None
    for name in (_CUSTOMER, OPENING):
        operation = next((each for each in asker.document.operations if each.operation_id == name), None)
        reply = _ask(asker, operation, customer) if operation is not None else None
        if isinstance(reply, NoReply):
            return f"{NO_SESSION}: {name} had no answer: {reply.reason}"
        if reply is not None and not reply.success:
            return f"{NO_SESSION}: {name} answered {reply.status}"
        answer = reply.json() if reply is not None else None
    token = answer.get(_TOKEN) if isinstance(answer, dict) else None
    return Secret(token) if isinstance(token, str) and _can_be_sent(token) else f"{NO_SESSION}: {OPENING} gave no token"


def _ask(asker: Asker, operation: Operation, customer: str) -> Reply | NoReply:
    request = sample(asker.document, operation)
    body: Any = request.body if request is not None else None
    if request is None or not isinstance(body, dict):
        raise TypeError(f"{operation.operation_id} has no example that is an object")
    return asker.ask(operation, asker.owned(operation, replace(request, body={**body, _KEY: customer})))


def _can_be_sent(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
