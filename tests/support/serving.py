"""The real server on a free port, in a thread of the test process."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn

from mockserver.__main__ import listen


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str


@contextlib.contextmanager
def serving(app: Any) -> Iterator[Server]:
    """Serves an ASGI app until the block ends."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # The socket listens already, so a request made now waits until the server takes it.
        yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
