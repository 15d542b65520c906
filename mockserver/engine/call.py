"""What a behaviour is given and what it answers: `Call` and `Reply`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.engine.account import Policy
from mockserver.engine.errors import InvalidInput, StrictRefusal
from mockserver.engine.journal import Caution
from mockserver.engine.store import Store
from specs.catalog import Dialect, Operation

JSON = "application/json"
TEXT = "text/plain"
MOST_WARNINGS = 20
"""Warnings kept of one request; a batch of a thousand bad events makes its point sooner."""


@dataclass(slots=True)
class Call:
    """One request, checked against the documents, ready to be carried out.

    Attributes:
        operation: the operation that was asked for.
        path: path keys, percent-decoded.
        query: query parameters by their documented names, converted to their types; absent ones are missing.
        body: the parsed body, or None.
        live_form: whether only the live platform knows the request's form (a trailing slash, gzip, NDJSON …).
        now_ms: the account's time in Unix milliseconds.
        store: the account's state.
        policy: the account's rules.
        warnings: what was warned of so far.
        account_id: the account's public id, the same in every run for the same API key.
        session_token: the portal session that the request was made with, or None.
        media_type, content_type: of the body, alone and with its parameters; empty without a body.
        body_fault: how the body breaks its schema, where the document lets a query parameter free it (`x-free-with`).
    """

    operation: Operation
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    live_form: bool
    now_ms: int
    store: Store
    policy: Policy
    warnings: list[Caution] = field(default_factory=list)
    account_id: str = ""
    session_token: str | None = None
    media_type: str = ""
    content_type: str = ""
    body_fault: InvalidInput | None = None

    def warn(self, field: str | None, rule: str, message: str) -> None:
        """Leaves a warning in the journal. Call it before anything is written: in strict mode it refuses.

        Raises:
            StrictRefusal: the account is strict.
        """
        if self.policy.strict:
            raise StrictRefusal(message, field=field, rule=rule)
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(Caution(field, rule, message))


@dataclass(slots=True)
class Reply:
    """An answer.

    Attributes:
        body: JSON types and Decimal for a JSON answer, a string for a text answer, bytes for any other, None for none.
        status: the HTTP status, one that the operation's document has.
        media_type: `JSON`, `TEXT`, or what the bytes are.
        dialect: which form of the document the body must fit; None when the operation has one form.
        headers: extra headers.
    """

    body: Any = None
    status: int = 200
    media_type: str = JSON
    dialect: Dialect | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Behaviour = Callable[[Call], Reply]
