"""The real server on a free port: in a thread of the test process, or in a process of its own."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from mockserver.__main__ import listen

ROOT = Path(__file__).resolve().parents[2]


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


@contextlib.contextmanager
def serving_apart() -> Iterator[Server]:
    """Serves the mock as users do, in a process that shares no time with who asks and that no coverage slows down."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            yield Server(_url(server))
        finally:
            server.terminate()


def _url(server: subprocess.Popen[str]) -> str:
    """Where a server says that it listens.

    Raises:
        RuntimeError: It ended before.
    """
    for line in server.stdout or ():
        if "http://" in line:
            # Nobody reads what it says afterwards, and a full pipe would stop it.
            threading.Thread(target=lambda: [None for _ in server.stdout or ()], daemon=True).start()
            return "http://" + line.split("http://")[1].split()[0].rstrip("/")
    raise RuntimeError("the mock did not start")
