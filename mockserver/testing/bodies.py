"""Request bodies in the journal, whole enough to be compared."""

from mockserver.engine.journal import EXCERPT
from mockserver.http.answer import Send
from mockserver.http.bodies import Receive
from mockserver.http.exchange import SCOPE_KEY, Exchange, Scope
from mockserver.http.fastpath import App

LONGEST = 1024 * 1024
"""Bytes of a request body that are kept; a long-running server keeps fewer, a test compares them."""


def keeping_bodies(app: App) -> App:
    """The app, whose journals keep request bodies up to `LONGEST` bytes."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        finally:
            exchange: Exchange | None = scope.get(SCOPE_KEY)
            if exchange is not None and exchange.account is not None and len(exchange.raw_body) > EXCERPT:
                _keep(exchange)

    return serve


def _keep(exchange: Exchange) -> None:
    """Puts the body into the entry of this exchange, which is the journal's last: nothing ran since it was added."""
    assert exchange.account is not None, "the caller looked"  # noqa: S101 - for the type checker
    entries = list(exchange.account.journal)
    if entries:
        entries[-1].request_body = exchange.raw_body[:LONGEST]
