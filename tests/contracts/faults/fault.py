"""What a fault is: one named way in which a platform is wrong, and the exchange that it meddles with."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl

import httpx

from specs import catalog
from tests.contracts.faults.client import Client


class Category(StrEnum):
    """What a fault is about."""

    COUNTING = "counting"
    RESOURCES = "resources"
    RULES = "rules"
    PROTOCOL = "protocol"
    SECURITY = "security"
    ROBUSTNESS = "robustness"
    BILLING = "billing"
    CHARGES = "charges"


class Headers(Mapping[str, str]):
    """Headers looked up by lower-case name; repeated ones are kept, and read as one joined by commas.

    Args:
        pairs: Names in any case, and values, in the order of the wire.
    """

    def __init__(self, pairs: Collection[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(pairs)
        self._joined: dict[str, str] = {}
        for name, value in self.pairs:
            known = self._joined.get(name.lower())
            self._joined[name.lower()] = value if known is None else f"{known}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._joined[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._joined)

    def __len__(self) -> int:
        return len(self._joined)

    def put(self, name: str, value: str) -> "Headers":
        """The headers with this one in the place of all of its name."""
        return Headers((*self.drop(name.lower()).pairs, (name, value)))

    def drop(self, *names: str) -> "Headers":
        """The headers without those of these names, which are given in lower case."""
        return Headers([pair for pair in self.pairs if pair[0].lower() not in names])


class _Message:
    """What requests and answers have in common."""

    headers: Headers
    body: bytes

    def json(self) -> Any:
        """The body as JSON, freshly parsed; None when it is none."""
        try:
            plain = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
            return json.loads(plain, parse_constant=_refuse)
        except (ValueError, OSError, EOFError, zlib.error, RecursionError):
            return None

    def with_json(self, value: Any) -> Self:
        """The message with this body; one that would say the same is the message itself, byte for byte."""
        text = json.dumps(value)
        if text == json.dumps(self.json()):
            return self
        headers = self.headers
        if "content-type" not in headers:
            headers = headers.put("content-type", "application/json")
        body = gzip.compress(text.encode(), 1) if headers.get("content-encoding") == "gzip" else text.encode()
        return replace(self, body=body, headers=headers)  # type: ignore[type-var]


@dataclass(frozen=True)
class Request(_Message):
    """A request as it came.

    Args:
        method: As it was sent.
        path: Raw, without the query.
        query: Raw, without the question mark.
        headers: All of them.
        body: Without transfer coding; compressed as it was.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes

    @property
    def operation(self) -> str:
        """The operationId that the request is for; empty when no document has it."""
        return operation_of(self.method, self.path)

    @property
    def key(self) -> str:
        """The API key, which is the account; empty when there is none."""
        return self.headers.get("x-api-key", "")

    @property
    def keys(self) -> dict[str, str]:
        """The path keys, by the names of the template, as they stand in the path."""
        return path_keys(self.method, self.path)

    def parameters(self) -> dict[str, str]:
        """The query parameters, decoded; the last of those of one name."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def with_headers(self, headers: Headers) -> "Request":
        """The request with these headers."""
        return replace(self, headers=headers)


@dataclass(frozen=True)
class Answer(_Message):
    """An answer as it is sent.

    Args:
        status: Its status.
        headers: All of them; the length is set to what fits the body.
        body: Without transfer coding.
        cut: After so many bytes of the body the connection is closed, though the length says more.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    cut: int | None = None

    @property
    def good(self) -> bool:
        """Whether the request was taken."""
        return 200 <= self.status < 300

    def with_headers(self, headers: Headers) -> "Answer":
        """The answer with these headers."""
        return replace(self, headers=headers)


Send = Callable[[Request], Answer]
"""The platform behind the proxy."""

Wrong = Callable[[Request, Send], Answer]
"""The platform with the fault; whatever the fault is not about is passed on byte for byte."""


@dataclass(frozen=True)
class Fault:
    """A mistake that a platform makes.

    Args:
        name: What goes wrong, in snake_case.
        category: What it is about.
        says: What the platform does wrong, in one sentence.
        operations: The operationIds on which a finding is right.
        found_by: The laws and checks that name the property which is broken.
        make: Makes the faulty platform, with a state of its own that threads may share.
        probe: Whether the target is right; it makes what it needs under fresh names.
        dialect: The form of the API that shows it: published, live, or empty for a document without dialects.
        document: Whose document the operations stand in.
        schema_can_show: Whether an answer departs from its document in status, header, media type or schema.
        shadows: Other faults whose probes see this one as well, each with the reason.
    """

    name: str
    category: Category
    says: str
    operations: frozenset[str]
    found_by: frozenset[str]
    make: Callable[[], Wrong]
    probe: Callable[[Client], bool]
    dialect: str = "published"
    document: str = "amberflo"
    schema_can_show: bool = False
    shadows: Mapping[str, str] = field(default_factory=dict)


def is_right(fault: Fault, client: Client) -> bool:
    """Whether the fault's probe finds the target right; an answer that cannot be read is wrong."""
    try:
        return fault.probe(client)
    except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError):
        return False


def acting(operation: str | Collection[str], wrong: Wrong) -> Callable[[], Wrong]:
    """A fault without state that concerns one operation, or several, and leaves all others alone."""
    return lambda: limited(operation, wrong)


def limited(operation: str | Collection[str], wrong: Wrong) -> Wrong:
    """The wrong behaviour at one operation, or several; the right one elsewhere."""
    wanted = {operation} if isinstance(operation, str) else frozenset(operation)

    def limit(request: Request, send: Send) -> Answer:
        return wrong(request, send) if request.operation in wanted else send(request)

    return limit


def on(
    operation: str | Collection[str],
    *,
    request: Callable[[Any], Any] | None = None,
    answer: Callable[[Any], Any] | None = None,
    reply: Callable[[Answer], Answer] | None = None,
    when: Callable[[Request], bool] = lambda _: True,
) -> Callable[[], Wrong]:
    """A fault without state that alters what goes to an operation, or what comes back.

    Args:
        operation: One operationId or several.
        request: The JSON body to send in the place of the one that came; it may change and return its argument.
        answer: The same for the JSON body of a good answer.
        reply: The whole answer of any status to give in the place of the one that came.
        when: Which requests are altered.
    """

    def alter(sent: Request, send: Send) -> Answer:
        if not when(sent):
            return send(sent)
        got = send(_altered(sent, request))
        got = _altered(got, answer) if got.good else got
        return reply(got) if reply else got

    return acting(operation, alter)


_M = TypeVar("_M", Request, Answer)


def _altered(message: _M, change: Callable[[Any], Any] | None) -> _M:
    value = message.json() if change else None
    return message if value is None or change is None else message.with_json(change(value))


def _refuse(name: str) -> Any:
    raise ValueError(name)


@lru_cache(maxsize=4096)
def operation_of(method: str, path: str) -> str:
    """The operationId of a raw path, aliases and a slash at its end included; empty when no document has it."""
    return _place(method, path)[0]


def path_keys(method: str, path: str) -> dict[str, str]:
    """The path keys of a raw path, by the names of its template."""
    return dict(_place(method, path)[1])


@lru_cache(maxsize=4096)
def _place(method: str, path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    plain = path.removesuffix("/") or "/"
    for wanted, pattern, operation in _templates():
        match = pattern.fullmatch(plain) if wanted == method else None
        if match:
            return operation, tuple(match.groupdict().items())
    return "", ()


@cache
def _templates() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """Method, pattern and operationId of every path, those with the fewest keys first: a fixed path beats a key."""
    places = [
        (path, operation) for operation in catalog.served().operations for path in (operation.path, *operation.aliases)
    ]
    places.sort(key=lambda place: place[0].count("{"))
    return tuple((operation.method, _pattern(path), operation.operation_id) for path, operation in places)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{([^}]+)\}", path)
    return re.compile("".join(_part(part) if index % 2 else re.escape(part) for index, part in enumerate(parts)))


def _part(name: str) -> str:
    return f"(?P<{name}>[^/]+)" if name.isidentifier() else "[^/]+"
