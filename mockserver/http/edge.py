"""The outermost layer: makes the exchange of each request, sends it the right way, and writes it down afterwards."""

import gc
import logging
import time
from urllib.parse import quote

from mockserver.engine.journal import EXCERPT, Entry
from mockserver.http.accesslog import log_access
from mockserver.http.answer import Send
from mockserver.http.bodies import Receive
from mockserver.http.exchange import SCOPE_KEY, Exchange, Scope
from mockserver.http.fastpath import App
from mockserver.http.routes import Routes, rewritten

log = logging.getLogger("mockserver")

CONTROL = "/_mock/"
SWAGGER = "/_mock/docs"


class Edge:
    """The ASGI app that the server runs.

    Args:
        routes: finds endpoints.
        vendors: Connexion with the vendors' operations and Swagger UI.
        control: the `/_mock/` operations.
    """

    def __init__(self, routes: Routes, vendors: App, control: App) -> None:
        self._routes = routes
        self._vendors = vendors
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            return
        started = time.perf_counter_ns()
        raw_path = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
        path, slashed = self._routes.canonical(raw_path)
        match = self._routes.find(path, scope["method"])
        exchange = Exchange(path, match.endpoint, match.path_keys, live_form=slashed)
        if match.endpoint is None:
            exchange.allow = self._routes.allowed(path)
        elif match.alias:
            exchange.path, exchange.path_keys, scope["query_string"] = rewritten(
                match.endpoint, match.path_keys, scope["query_string"]
            )
        scope[SCOPE_KEY] = exchange
        is_control = path.startswith(CONTROL) and not path.startswith(SWAGGER)
        if not path.startswith(CONTROL):
            scope["path"] = exchange.path
        try:
            await (self._control if is_control else self._vendors)(scope, receive, send)
        finally:
            self._record(scope, exchange, (time.perf_counter_ns() - started) // 1000)

    def _record(self, scope: Scope, exchange: Exchange, duration_us: int) -> None:
        endpoint, account = exchange.endpoint, exchange.account
        operation_id = endpoint.operation.operation_id if endpoint else None
        log_access(scope, exchange.status, duration_us, operation_id, len(exchange.warnings))
        if account is None or exchange.path.startswith(CONTROL):
            return
        raw, answered = exchange.raw_body, exchange.response_body
        entry = Entry(
            sequence=account.journal.next_sequence(),
            time_ms=account.clock.now_ms(),
            method=scope["method"],
            path=exchange.path,
            query=scope["query_string"].decode("latin-1"),
            operation_id=operation_id,
            status=exchange.status,
            duration_us=duration_us,
            request_body=raw[:EXCERPT],
            request_size=len(raw),
            response_body=answered[:EXCERPT],
            response_size=len(answered),
            warnings=exchange.warnings,
        )
        account.journal.add(entry)


async def _live(receive: Receive, send: Send) -> None:
    """Answers the server's start and stop.

    What was loaded until the start lives as long as the process: it is frozen out of garbage collection, and
    collections are made rare, since a full one over millions of objects would stop every request.
    """
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 20, 50)
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
