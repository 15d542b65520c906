"""Prism, a mock server without state that is none of ours, serving a document."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRISM = Path(__file__).parents[2] / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
PATIENCE = 60
"""Seconds until it has to listen."""


@contextmanager
def serving_prism(document: Path) -> Iterator[str]:
    """The URL of Prism serving a document, until the block ends."""
    node = shutil.which("node")
    assert node, "Node is not here: scripts/test installs it"
    assert PRISM.is_file(), "Prism is not here: scripts/test installs it"
    port = _free_port()
    quiet = ("--multiprocess", "false", "--verboseLevel", "error")
    command = [node, str(PRISM), "mock", *quiet, "--port", str(port), str(document)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            _wait_for(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, server: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(server.stdout.read() if server.stdout else "Prism does not listen")
