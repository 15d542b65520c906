"""The mock inside a test process: one app in one thread, reached over HTTP, in process, or both."""

import asyncio
import json
import secrets
import socket
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx
import uvicorn

from mockserver.http import accesslog
from mockserver.http.answer import Send
from mockserver.http.auth import TEST_PREFIX
from mockserver.http.bodies import Receive
from mockserver.http.exchange import Scope
from mockserver.testing.account import MockAccount
from mockserver.testing.asgi import app_of
from mockserver.testing.bodies import keeping_bodies
from mockserver.testing.loop import LoopThread
from mockserver.testing.options import MockServerError, arguments_of, settings_of
from mockserver.testing.paths import Paths

if TYPE_CHECKING:
    from concurrent.futures import Future

HOST = "127.0.0.1"
GRACE_S = 2
STOP_S = 10

Messages = list[MutableMapping[str, Any]]


class MockServer:
    """A mock server of this process; a context manager that stops it.

    Whichever way a request comes, the app runs in one thread, so HTTP, the in-process transport, clocks and journals
    all see the same accounts.

    Args:
        arguments: as `mockserver serve` takes them: `["--strict", "--freeze"]`.
        options: the same by their Python names: `strict=True`, `freeze=True`.

    Raises:
        MockServerError: an option is not known, or its value is none.
    """

    def __init__(self, arguments: Sequence[str] = (), **options: Any) -> None:
        self.settings = settings_of([*arguments, *arguments_of(options)])
        self._app = keeping_bodies(app_of(self.settings))
        self._listening = threading.Lock()
        self._server: uvicorn.Server | None = None
        self._serving: Future[None] | None = None
        self._url = ""
        # The journal tells of requests; lines of a log would stand in the way of tests that look at their own.
        accesslog.configure("off")
        self._loop = LoopThread("metermock")

    def __repr__(self) -> str:
        return f"MockServer({self._url})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`. The first to ask lets the server listen.

        Raises:
            MockServerError: there is no port to listen on, or the server was stopped.
        """
        __tracebackhide__ = True
        if self.closed:
            raise MockServerError("the mock was stopped and listens no more")
        with self._listening:
            if not self._url:
                self._url = self._listen()
        return self._url

    def account(self, key: str | None = None) -> MockAccount:
        """The account of a key; a fresh one when there is none.

        Raises:
            MockServerError: the server accepts exact keys only, so that there is no fresh one.
        """
        if key is None and self.settings.api_keys is not None:
            raise MockServerError(
                "the mock accepts only the keys of --api-key, so no key is fresh; leave the option out"
            )
        return MockAccount(self, key or f"{TEST_PREFIX}{secrets.token_hex(16)}")

    def transport(self) -> httpx.ASGITransport:
        """A transport for `httpx.AsyncClient` that reaches the server without a socket, from any asyncio loop."""
        return httpx.ASGITransport(app=self._forward)

    @cached_property
    def paths(self) -> Paths:
        """The paths that the server serves."""
        return Paths(self.settings.charge_path)

    def control(self, key: str, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Calls a control operation in process; the parsed answer.

        Raises:
            ValueError: it was refused; the message is the refusal's.
        """
        body = b"" if document is None else json.dumps(document).encode()
        started, *rest = self._loop.run(self._answered(_scope(key, method, path), body))
        answer = json.loads(b"".join(message.get("body", b"") for message in rest))
        if started["status"] >= httpx.codes.BAD_REQUEST:
            raise ValueError(answer["errorMessage"])
        return answer

    @property
    def closed(self) -> bool:
        """Whether the server was stopped."""
        return self._loop.closed

    def close(self) -> None:
        """Stops listening, lets requests end, and ends the thread."""
        try:
            if self._server is not None and self._serving is not None:
                self._server.should_exit = True
                self._serving.result(STOP_S)
        finally:
            self._loop.close()

    def _listen(self) -> str:
        try:
            listener = socket.create_server((HOST, 0), backlog=2048)
            # Else each answer waits 40 ms for its head to be acknowledged: asyncio sets this for some sockets only.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise MockServerError(f"cannot listen on a free port of {HOST}: {error.strerror}") from None
        # Without its lifespan: at a start the app tunes the garbage collection of a process that is not its own.
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
        )
        # Here rather than in the thread, where whatever is wrong would leave every request waiting.
        config.load()
        self._server = uvicorn.Server(config)
        self._serving = self._loop.submit(self._server.serve(sockets=[listener]))
        # The socket listens already, so a request made now waits until the server takes it.
        return f"http://{HOST}:{listener.getsockname()[1]}"

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app for other event loops: an account's lock belongs to the loop of the server's thread."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        for answered in await asyncio.wrap_future(self._loop.submit(self._answered(dict(scope), body))):
            await send(answered)

    async def _answered(self, scope: Scope, body: bytes) -> Messages:
        """What the app sends in answer to a request."""
        sent: Messages = []
        left = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            # After the body nothing comes: the client waits.
            return left.pop() if left else await asyncio.Future()

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        return sent


def _scope(key: str, method: str, path: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("ascii"),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"x-api-key", key.encode("latin-1"))],
        "client": (HOST, 0),
        "server": (HOST, 0),
    }
