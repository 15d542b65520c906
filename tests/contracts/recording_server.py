"""Plays the real account of somebody: it has customers and meters of its own, does what it is told, and records it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from contracts.policy import QUERIES

REAL_CUSTOMERS = ("REAL-1", "REAL-2", "REAL-3")
REAL_METERS = ("REAL-calls", "REAL-bytes")


@dataclass(frozen=True)
class Recorded:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An answer as it is sent; a body that is no bytes is JSON."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


class Account:
    """What the account holds, what it was asked, and how it departs from its ordinary behaviour.

    Args:
        url: Where it is.
    """

    def __init__(self) -> None:
        self.url = ""
        self.customers = {key: _customer(key) for key in REAL_CUSTOMERS}
        self.meters = {key: _meter(key) for key in REAL_METERS}
        self.recorded: list[Recorded] = []
        self.instead: Callable[[Recorded], Answer | None] = lambda _request: None
        """Answers a request in the account's stead, or leaves it alone."""
        self.after: Callable[[Recorded], None] = lambda _request: None
        """Is told of a request that was done and not yet answered."""
        self._lock = threading.Lock()

    def answer(self, request: Recorded) -> Answer:
        """Does what a request asks for."""
        with self._lock:
            self.recorded.append(request)
            found = self.instead(request) or self._do(request)
        self.after(request)
        return found

    def writes(self) -> list[Recorded]:
        """The requests that change something."""
        return [each for each in self.recorded if each.method != "GET" and each.path not in QUERIES]

    def _do(self, request: Recorded) -> Answer:
        first, _, key = request.path.strip("/").partition("/")
        things = {"customers": self.customers, "meter-definition": self.meters}.get(first)
        if things is not None:
            return _on(things, "customerId" if first == "customers" else "meterApiName", request, unquote(key))
        if request.path == "/usage":
            return Answer(200, {"clientMeters": {}})
        if request.method == "GET":
            return Answer(200, [])
        return Answer(200, json.loads(request.body or b"{}"))


def _customer(key: str) -> dict[str, Any]:
    return {"customerId": key, "customerName": f"The customer {key}", "lifecycleStage": "ACTIVE"}


def _meter(key: str) -> dict[str, Any]:
    return {"meterApiName": key, "displayName": f"The meter {key}", "type": "SUM_OF_ALL_USAGE"}


def _on(things: dict[str, dict[str, Any]], name: str, request: Recorded, key: str) -> Answer:
    if request.method == "GET" and not key:
        return Answer(200, list(things.values()), {"Link": f"<{request.path}/{next(iter(things), '')}>; rel=first"})
    if request.method in {"GET", "DELETE"}:
        found = things.pop(key, None) if request.method == "DELETE" else things.get(key)
        return Answer(200, found) if found else Answer(404, {"message": "there is none"})
    sent = json.loads(request.body)
    if request.method not in {"POST", "PUT"} or key or not isinstance(sent, dict) or name not in sent:
        return Answer(400, {"message": "this is not understood"})
    things[sent[name]] = sent
    return Answer(200, sent)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    account: Account

    def take(self) -> None:
        """Any request."""
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.account.answer(Recorded(self.command, url.path, url.query, dict(self.headers.items()), body))
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        try:
            self.send_response(answer.status)
            for header, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # Whoever asked is gone.

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
    setattr(_Handler, f"do_{_method}", _Handler.take)


@contextmanager
def recording_account() -> Iterator[Account]:
    """An account on a free port of this machine."""
    account = Account()
    handler = type("Handler", (_Handler,), {"account": account})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        account.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield account
        finally:
            server.shutdown()
            thread.join(timeout=5)
