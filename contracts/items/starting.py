"""Starts a target by its command, reads its URL from what it prints, and ends it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from contracts.model import RunError

STARTS_WITHIN = 60.0
"""Seconds until a command has to have said its URL, and to listen there."""

ENDS_WITHIN = 10.0
"""Seconds after which a command that was asked to end is ended."""

_URL = re.compile(r"https?://[^\s'\"<>,;)]+")
_EVERY = 0.05
_LINES = 20


class Started:
    """A command that runs, and what it said last.

    Args:
        command: Its words; a program is looked for beside Python's own first, as in a virtual environment.
        folder: Where it is called.
        url: Where it will listen; empty when it prints that.

    Raises:
        RunError: It cannot be called, ends at once, or does not listen in time.
    """

    def __init__(self, command: Sequence[str], folder: Path, url: str = "") -> None:
        self._words = " ".join(command)
        self._said: deque[str] = deque(maxlen=_LINES)
        self._found: str = url
        self._heard = threading.Event()
        self._process = self._call(command, folder)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self._await()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it and whatever it started; a second time does nothing."""
        with suppress(ProcessLookupError):
            self._end(signal.SIGTERM)
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                self._end(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait(ENDS_WITHIN)
        self._reader.join(ENDS_WITHIN)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()

    def _call(self, command: Sequence[str], folder: Path) -> subprocess.Popen[str]:
        beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        program = shutil.which(command[0], path=beside)
        if program is None:
            raise RunError(f"there is no program {command[0]!r}", "look at [target] command")
        try:
            # A session of its own, so that Ctrl-C reaches whoever still asks it, and not itself.
            return subprocess.Popen(  # noqa: S603 - the user's own file says what to call
                [program, *command[1:]],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise RunError(f"{self._words!r} cannot be called: {error.strerror}", "look at [target] command") from None

    def _end(self, how: int) -> None:
        if hasattr(os, "killpg") and self._process.poll() is None:
            os.killpg(self._process.pid, how)
        elif self._process.poll() is None:
            self._process.terminate()

    def _read(self) -> None:
        """Takes everything that it prints, since a pipe that nobody empties would stop it."""
        for line in self._process.stdout or ():
            self._said.append(line.rstrip())
            found = _URL.search(line)
            if found is not None and not self._found:
                self._found = found.group().rstrip("./")
            if self._found:
                self._heard.set()
        self._heard.set()

    def _await(self) -> str:
        """The URL, once somebody listens there."""
        for _ in self._moments():
            if self._found and _listens(self._found):
                return self._found
            if self._process.poll() is not None:
                self._reader.join(ENDS_WITHIN)
                raise RunError(f"{self._words!r} ended with status {self._process.returncode}{self._last()}")
        what = f"does not listen at {self._found}" if self._found else "has printed no URL"
        raise RunError(f"{self._words!r} {what} after {STARTS_WITHIN:g} s{self._last()}")

    def _moments(self) -> Iterator[None]:
        """When to look again, for as long as a start may take."""
        ends = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < ends:
            yield
            if self._found or not self._heard.wait(_EVERY):
                time.sleep(_EVERY)

    def _last(self) -> str:
        last = next((line for line in reversed(self._said) if line.strip()), "")
        return f": {last[:300]}" if last else ""


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with closing(socket.create_connection((parts.hostname or "", port), timeout=1)):
            return True
    except OSError:
        return False
