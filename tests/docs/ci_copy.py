"""A copy of the worked repository, in which the steps of its workflows are run as CI runs them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.docs.console import PATIENCE, ROOT

EXAMPLE = ROOT / "examples" / "ci"
SHOWN = "http://127.0.0.1:8000"
"""Where the worked repository has its target."""

PLUGINS = ("xdist", "mockserver.pytest_plugin", "contracts.pytest_plugin")
"""What is installed beside pytest there; whatever else the environment of the tests has would only take time."""


class Copy:
    """The worked repository in a folder of its own.

    Args:
        folder: Where; it is made.
        environment: Variables of the workflow, and of the test in their stead.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "reports"))
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": " ".join(f"-p {name}" for name in PLUGINS),
            **environment,
        }

    def point_at(self, url: str) -> None:
        """Has the needs of the application asked of this target."""
        needs = self.folder / "contracts.toml"
        found = needs.read_text(encoding="utf-8")
        needs.write_text(found.replace(self._environment["TARGET"], url), encoding="utf-8")
        self._environment["TARGET"] = url

    def run(self, script: str, **more: str) -> tuple[int, str]:
        """Runs a step; its status and what it printed. What it leaves in the background runs on."""
        printed = self.folder / "printed"
        with printed.open("wb") as output:
            step = subprocess.Popen(
                ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                cwd=self.folder,
                env={**self._environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._started.append(step)
            step.wait(timeout=PATIENCE)
        told = printed.read_text(encoding="utf-8")
        printed.unlink()
        return step.returncode, told

    def close(self) -> None:
        """Ends what steps left in the background."""
        for step in self._started:
            try:
                os.killpg(step.pid, signal.SIGTERM)
            except ProcessLookupError:
                continue


@contextmanager
def copied(folder: Path, **environment: str) -> Iterator[Copy]:
    """A copy until the block ends, whose target is the shown one unless the environment says otherwise."""
    made = Copy(folder, {"TARGET": SHOWN, **environment, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")})
    try:
        yield made
    finally:
        made.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
