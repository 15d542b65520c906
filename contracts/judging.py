"""The gate's judgement of one request: may it be sent, which operation is it, and what does it create."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contracts.bodies import KeyUse, UnreadableBodyError, key_uses, member_names, read_records, texts
from contracts.ledger import Ledger, Thing
from contracts.model import RunError
from contracts.policy import (
    HAZARDS,
    SELF_MADE,
    STRIPE,
    WRITES,
    KeyNames,
    Policy,
    Write,
    is_nobodys,
    is_read,
    kind_of,
    plain,
    unsendable,
)
from contracts.routing import Match, Router, is_plain
from contracts.strangers import Strangers
from specs.catalog import Operation

_COMMON_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "user-agent",
        "x-api-key",
        "x-schemathesis-testcaseid",
    }
)
"""What any request may carry elsewhere; another header could change what a request does, as a method override does."""

_ADVANCE = re.compile(rb'\{"advance": \{"seconds": [1-9][0-9]*\}\}')
"""All that is ever sent to a clock elsewhere."""

_OFF = frozenset({"false", "0"})


@dataclass(frozen=True)
class Sending:
    """A request as it would be written: the raw path, the raw query, and the body in whole."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Ruling:
    """What is to become of a request.

    Args:
        operation: What the documents call it, or None.
        refusal: Why it is not sent; empty when it is.
        creates: What stands in the ledger before it is sent.
        near: An operation of the same path, which says what key it wants when the documents do not have the method.
    """

    operation: Operation | None
    refusal: str = ""
    creates: tuple[Thing, ...] = ()
    near: Operation | None = None

    @property
    def keyed(self) -> Operation | None:
        """The operation whose key the request gets."""
        return self.operation or self.near


class _RefusalError(Exception):
    """Why a request is not sent."""


class Judge:
    """Decides for one target.

    Args:
        url: The target's root.
        operations: What its documents know.
        policy: What the command line allows.
        remote: Whether the target is elsewhere; on this machine only a request to another origin is refused.
        ledger: What the run made; without it nothing is written elsewhere.
    """

    def __init__(
        self, url: str, operations: Sequence[Operation], policy: Policy, *, remote: bool, ledger: Ledger | None
    ) -> None:
        self._root = urlsplit(url)
        self._policy = policy
        self._remote = remote
        self._ledger = ledger
        self._router = Router(operations, self._root.path)
        self._names = KeyNames(operations)
        self._strangers = Strangers(self._names, ledger) if remote and policy.allow_writes and ledger else None
        self._clock = ""

    def let_turn(self, url: str) -> None:
        """Takes a URL for the one of the account's clock, as `contracts.laws.turning` has it.

        Args:
            url: As requests to it are written.

        Raises:
            RunError: It is none of the target's, or one of an operation.
        """
        parts = urlsplit(url)
        if "@" in parts.netloc or _origin(parts) != _origin(self._root):
            # Requests to the clock carry the account's key.
            raise RunError(
                "the clock of --clock-url is not at the target, and the key is not shown to another server",
                "give a URL that begins like the target's",
            )
        if not is_plain(parts.path) or self._router.near(parts.path):
            raise RunError("the URL of --clock-url is one of an operation", "docs/laws.md says what a clock answers")
        self._clock = url

    def learn(self, content: bytes) -> None:
        """Takes note of the keys in an answer, which no later write may repeat."""
        if self._strangers is not None:
            self._strangers.learn(content)

    def judge(self, sending: Sending) -> Ruling:
        """The ruling on a request; the same request can be ruled otherwise once the ledger holds more."""
        url = urlsplit(sending.url)
        if _origin(url) != _origin(self._root):
            return Ruling(None, "it goes to another server than the target")
        if sending.url == self._clock:
            return Ruling(None, _refusal_of_turning(sending, self._policy) if self._remote else "")
        match = self._router.match(sending.method, url.path)
        operation = match.operation if match else None
        if not self._remote:
            return Ruling(operation, near=None if operation else self._router.near(url.path))
        try:
            return self._judge_remote(sending, match)
        except (_RefusalError, UnreadableBodyError) as refusal:
            return Ruling(operation, str(refusal))

    def _judge_remote(self, sending: Sending, match: Match | None) -> Ruling:
        url = urlsplit(sending.url)
        if match is None:
            raise _RefusalError(f"no document has {sending.method} of this path")
        if not is_plain(url.path):
            raise _RefusalError("its path could be read as another one")
        _require_known_headers(sending, match.operation.parameters)
        query = _read_query(url.query)
        self._require_no_hazard(match.operation, query)
        if is_read(match.operation):
            if match.operation.method == "GET" and sending.body:
                raise _RefusalError("a GET with a body is no request of the document")
            return Ruling(match.operation)
        if not self._policy.allow_writes:
            raise _RefusalError("it writes, and --allow-writes is not given")
        return self._judge_write(sending, match, query)

    def _require_no_hazard(self, operation: Operation, query: Sequence[tuple[str, str]]) -> None:
        for hazard in HAZARDS.values():
            named = hazard.operation_id == operation.operation_id and hazard.name not in self._policy.allow
            if named and (not hazard.parameter or _is_on(hazard.parameter, query)):
                raise _RefusalError(f"{hazard.reason}; --allow {hazard.name} would send it")

    def _judge_write(self, sending: Sending, match: Match, query: Sequence[tuple[str, str]]) -> Ruling:
        operation, write = match.operation, WRITES.get(match.operation.operation_id)
        if write is None or self._ledger is None or write.never:
            raise _RefusalError(unsendable(operation) or "there is no ledger to note it in")
        _require_known_query(operation, query)
        records = self._records(sending)
        uses = [*self._named_uses((*match.values.items(), *query, *_header_values(operation, sending)))]
        uses += [use for record in records for use in key_uses(record, self._names)]
        if write.needs and not records:
            raise _RefusalError("without a body the target would choose what it is about")
        created = _created(write, records) if write.creates else []
        for use in uses:
            self._require_own(use, created)
        for record in records:
            self._require_needed(record, write)
            self._require_nobody_else(record)
        if self._strangers and self._strangers.named_in(
            records, (*match.values.values(), *(text for _, text in query))
        ):
            raise _RefusalError("it repeats a key that the target has shown and that is not the run's")
        return Ruling(operation, "", tuple(created))

    def _records(self, sending: Sending) -> list[Any]:
        if not sending.body:
            return []
        headers = {name.lower(): value for name, value in sending.headers.items()}
        return read_records(sending.body, headers.get("content-type", ""), headers.get("content-encoding", ""))

    def _named_uses(self, values: Iterable[tuple[str, str]]) -> list[KeyUse]:
        return [KeyUse(name, kind_of(name), value) for name, value in values if name in self._names]

    def _require_own(self, use: KeyUse, created: Sequence[Thing]) -> None:
        ledger = self._ledger
        if ledger is None or not isinstance(use.value, str) or not ledger.owns(use.value):
            raise _RefusalError(f"{use.field} is no key of this run")
        thing = Thing(use.kind, use.value)
        if use.kind not in SELF_MADE and thing not in created and thing not in ledger:
            raise _RefusalError(f"{use.field} is a key that this run has not created")

    def _require_needed(self, record: Any, write: Write) -> None:
        for field in write.needs:
            if not isinstance(record, dict) or not isinstance(record.get(field), str):
                raise _RefusalError(f"without {field} the target would choose what it is about")
            # A field of this name is a key for this operation, whatever the documents' links say of the name.
            if self._ledger is None or not self._ledger.owns(record[field]):
                raise _RefusalError(f"{field} is no key of this run")

    def _require_nobody_else(self, record: Any) -> None:
        """No mail address that could be somebody's, and no account at a third party."""
        for name, text in texts(record):
            if "email" in plain(name) and not is_nobodys(text):
                raise _RefusalError(f"{name} could be the address of somebody")
        if STRIPE.name not in self._policy.allow and any("stripe" in plain(name) for name in member_names(record)):
            raise _RefusalError("it names an account at Stripe")


def _origin(url: Any) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)


def _refusal_of_turning(sending: Sending, policy: Policy) -> str:
    """Why a request to the account's clock is not sent: it is read, or moved forward, and never turned back."""
    try:
        _require_known_headers(sending, ())
    except _RefusalError as refusal:
        return str(refusal)
    if sending.method == "GET":
        return "a GET with a body reads no clock" if sending.body else ""
    if sending.method != "PUT" or not _ADVANCE.fullmatch(sending.body or b""):
        return "it does something else to the account's clock than move it forward"
    return "" if policy.allow_writes else "it moves the account's clock, and --allow-writes is not given"


def _require_known_headers(sending: Sending, parameters: Iterable[Mapping[str, Any]]) -> None:
    known = _COMMON_HEADERS | {each["name"].lower() for each in parameters if each["in"] == "header"}
    if unknown := sorted(name for name in sending.headers if name.lower() not in known):
        raise _RefusalError(f"no document has its header {unknown[0]}")
    length = {name.lower(): value for name, value in sending.headers.items()}.get("content-length")
    if length is not None and length != str(len(sending.body or b"")):
        raise _RefusalError("its Content-Length is not the length of its body")


def _read_query(query: str) -> list[tuple[str, str]]:
    if ";" in query:
        raise _RefusalError("its query could be read in two ways")
    return parse_qsl(query, keep_blank_values=True)


def _require_known_query(operation: Operation, query: Iterable[tuple[str, str]]) -> None:
    known = {each["name"].lower() for each in operation.parameters if each["in"] == "query"}
    if unknown := sorted(name for name, _ in query if name.lower() not in known):
        raise _RefusalError(f"no document has its query parameter {unknown[0]!r}")


def _is_on(parameter: str, query: Iterable[tuple[str, str]]) -> bool:
    """Whether a parameter is there, in any spelling, with a value that does not plainly switch it off."""
    return any(plain(name) == plain(parameter) and value.lower() not in _OFF for name, value in query)


def _header_values(operation: Operation, sending: Sending) -> list[tuple[str, str]]:
    names = {each["name"].lower() for each in operation.parameters if each["in"] == "header"}
    return [(name, value) for name, value in sending.headers.items() if name.lower() in names]


def _created(write: Write, records: Iterable[Any]) -> list[Thing]:
    """What the records of a body create; one whose key the target chooses is a thing without a key."""
    if not write.key:
        return [Thing(write.creates, "") for _ in records]
    keys = [record.get(write.key) for record in records if isinstance(record, dict)]
    return [Thing(write.creates, key) for key in keys if isinstance(key, str)]
