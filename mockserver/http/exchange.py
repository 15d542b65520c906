"""One request on its way through the server, and what became of it."""

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.engine.account import Account
    from mockserver.engine.errors import InvalidInput
    from mockserver.engine.journal import Caution
    from mockserver.http.endpoint import Endpoint

Scope = MutableMapping[str, Any]
SCOPE_KEY = "metermock"
HEADERS_KEY = "metermock.headers"


class Exchange:
    """What the layers of the server tell each other about a request.

    Attributes:
        path: the canonical path: percent-encoded, without an accepted trailing slash.
        endpoint: the operation that answers, or None when no path and method match.
        allow: the methods of the path, as an Allow header lists them, when its method has no endpoint.
        path_keys: path parameters, still percent-encoded.
        query: converted query parameters, once they were checked.
        media_type, content_type: of the body, alone and with its parameters; empty without a body.
        session_token: the portal session that the request was made with, or None.
        body, raw_body: the parsed body and its bytes after inflation, once they were read.
        body_fault: how the body breaks the schema that a query parameter freed it from, or None.
        live_form: whether the request is of a form that only the live platform knows.
        account: whose request it is, once the key was accepted.
        status, response_body: the answer, once there is one.
    """

    __slots__ = (
        "account",
        "allow",
        "body",
        "body_fault",
        "content_type",
        "endpoint",
        "live_form",
        "media_type",
        "path",
        "path_keys",
        "query",
        "raw_body",
        "response_body",
        "session_token",
        "status",
        "warnings",
    )

    def __init__(
        self, path: str, endpoint: "Endpoint | None", path_keys: Mapping[str, str], *, live_form: bool
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.allow = ""
        self.path_keys = path_keys
        self.live_form = live_form
        self.query: Mapping[str, Any] = {}
        self.body: Any = None
        self.body_fault: InvalidInput | None = None
        self.raw_body = b""
        self.media_type = self.content_type = ""
        self.account: Account | None = None
        self.session_token: str | None = None
        self.warnings: list[Caution] = []
        self.status = 0
        self.response_body = b""

    def answering(self) -> "Endpoint":
        """The endpoint, in layers that unknown paths and methods do not reach."""
        assert self.endpoint is not None, "unknown paths and methods were refused"  # noqa: S101 - a wiring fault of ours
        return self.endpoint


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the outermost layer put into the ASGI scope."""
    exchange: Exchange = scope[SCOPE_KEY]
    return exchange


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that lower-case name, or None. They are looked through once a request."""
    headers = scope.get(HEADERS_KEY)
    if headers is None:
        headers = scope[HEADERS_KEY] = dict(reversed(scope["headers"]))
    value: bytes | None = headers.get(name)
    return None if value is None else value.decode("latin-1")
