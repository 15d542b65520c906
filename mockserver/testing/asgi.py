"""The server as an ASGI app for a process that is not its own."""

import warnings
from typing import Any

from mockserver.app import create_app
from mockserver.http.answer import Send
from mockserver.http.bodies import Receive
from mockserver.http.exchange import Scope
from mockserver.http.fastpath import App
from mockserver.settings import Settings
from mockserver.testing.options import MockServerError, arguments_of, settings_of


def asgi_app(**options: Any) -> App:
    """The mock as an ASGI app, for `httpx.ASGITransport`, a test client or a server of your own.

    It needs no lifespan and bears one. Use one account in one event loop at a time.

    Args:
        options: those of `mockserver serve` with underscores: `strict=True`, `clock="2026-03-01"`, `dedup="record"`.

    Raises:
        MockServerError: an option is not known, or its value is none.
    """
    return hosted(app_of(settings_of(arguments_of(options))))


def app_of(settings: Settings) -> App:
    """The server's app.

    Raises:
        MockServerError: the settings contradict the documents.
    """
    with warnings.catch_warnings():
        # As for the imports: Connexion's libraries warn of each other when the documents are opened.
        warnings.simplefilter("ignore")
        try:
            return create_app(settings)
        except ValueError as error:
            raise MockServerError(str(error)) from None


def hosted(app: App) -> App:
    """The app as a guest: the host's start and stop pass it by, since at a start it tunes the process for itself."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await app(scope, receive, send)

    return serve


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
