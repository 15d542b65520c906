"""Runs a page as its reader would: writes the files that it shows, types its commands, and compares what they print.

A block in `console` holds commands after `$ `, continued after `> `, each followed by what it prints. In what is shown
`…` stands for anything on its line, and a line of `…` alone for any lines. What is JSON is compared as
JSON.
A block with a `title` is a file of that name. `mockserver serve` is started on a free port and stopped with the shell.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
PATIENCE = 300
"""Seconds after which a command of the documentation hangs."""
_FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SERVED = re.compile(r" at (http://127\.0\.0\.1:\d+)$")
_MARK = "--- the command is over ---"
_ANY = "…"


class Fence(NamedTuple):
    """A fenced block: its language, the file that it is or nothing, and its text."""

    language: str
    title: str
    text: str


class Step(NamedTuple):
    """A command as it is typed, and what the page shows of its output."""

    command: str
    shown: str


def fences(page: str) -> list[Fence]:
    """The fenced blocks of a page, in order."""
    return [Fence(*match.groups(default="")) for match in _FENCE.finditer(page)]


def steps(text: str) -> Iterator[Step]:
    """The commands of a console, each with the output below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        first, *rest = part.splitlines()
        typed = [first]
        while rest and rest[0].startswith("> "):
            typed.append(rest.pop(0).removeprefix("> "))
        yield Step("\n".join(typed), "\n".join(rest).strip("\n"))


class Shell:
    """A shell that stays open, and the servers that were started beside it.

    Args:
        folder: Where it starts.
        places: The URL of a server by the URL that the page shows.
        extras: What is added to a command that begins so, with a blank before it.
        environment: Variables beside those of the test.
    """

    def __init__(
        self,
        folder: Path,
        places: Mapping[str, str] | None = None,
        extras: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.places = dict(places or {})
        self._extras = extras or {}
        self._folder = folder
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
        }
        self._servers: list[subprocess.Popen[str]] = []
        self._bash = self._started("bash", "--noprofile", "--norc")

    def _started(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str) -> str:
        """Types a command, or starts a server; what it printed, with the URLs that the page shows."""
        printed = self._serve(command) if command.startswith("mockserver serve") else self._type(command)
        for shown, real in self.places.items():
            printed = printed.replace(real, shown)
        return "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")

    def _type(self, command: str) -> str:
        typed = command
        for shown, real in self.places.items():
            typed = typed.replace(shown, real)
        typed += "".join(f" {more}" for start, more in self._extras.items() if typed.startswith(start))
        assert self._bash.stdin
        assert self._bash.stdout
        # The status is put back after the mark, so that the next command can ask for it.
        self._bash.stdin.write(f"{{ {typed}\n}} </dev/null\nstatus=$?; printf '\\n{_MARK}\\n'; (exit $status)\n")
        self._bash.stdin.flush()
        watch = threading.Timer(PATIENCE, self.close)
        watch.start()
        printed: list[str] = []
        for line in self._bash.stdout:
            if line.strip() == _MARK:
                watch.cancel()
                return "".join(printed)
            printed.append(line)
        watch.cancel()
        raise AssertionError(f"{command}\nended the shell after {''.join(printed)}")

    def _serve(self, command: str) -> str:
        words = command.split()
        port = words[words.index("--port") + 1] if "--port" in words else "8000"
        server = self._started(*words, "--port", "0", "--log-format", "off")
        self._servers.append(server)
        assert server.stdout
        printed = [server.stdout.readline()]
        found = _SERVED.search(printed[0].strip())
        assert found, f"{command}\n{printed}"
        self.places[f"http://127.0.0.1:{port}"] = found[1]
        return "".join([*printed, *(server.stdout.readline() for _ in range(4))])

    def close(self) -> None:
        """Ends the shell and everything that it started."""
        for process in [self._bash, *self._servers]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=10)
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()


@contextmanager
def shell(folder: Path, **settings: Any) -> Iterator[Shell]:
    """A shell until the block ends."""
    opened = Shell(folder, **settings)
    try:
        yield opened
    finally:
        opened.close()


def matches(shown: str, printed: str) -> bool:
    """Whether a command printed what the page shows."""
    with suppress(json.JSONDecodeError):
        return _same(json.loads(shown), json.loads(printed))
    lines = [r"(?:.*\n)*?" if line.strip() == _ANY else _line(line) for line in shown.splitlines()]
    return re.fullmatch("".join(lines), f"{printed}\n" if printed else "") is not None


def _line(shown: str) -> str:
    return ".*".join(map(re.escape, shown.rstrip().split(_ANY))) + r"\n"


def _same(shown: Any, printed: Any) -> bool:
    if isinstance(shown, dict) and isinstance(printed, dict):
        return shown.keys() == printed.keys() and all(_same(each, printed[key]) for key, each in shown.items())
    if isinstance(shown, list) and isinstance(printed, list):
        return len(shown) == len(printed) and all(map(_same, shown, printed))
    return shown in (_ANY, printed)


def follow(page: str, opened: Shell, folder: Path, left_out: Mapping[str, str] | None = None) -> int:
    """Writes a page's files and runs its commands in order; how many were run.

    Args:
        page: The page's Markdown.
        opened: Where the commands are typed.
        folder: Where the files belong.
        left_out: Why commands that begin so are not run.
    """
    run = 0
    for fence in fences(page):
        if fence.title:
            path = folder / fence.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_placed(fence.text, opened.places))
        elif fence.language == "console":
            for step in steps(fence.text):
                if not step.command.startswith(tuple(left_out or ())):
                    printed = opened.run(step.command)
                    assert matches(step.shown, printed), f"$ {step.command}\n{printed}\n--- is shown as\n{step.shown}"
                    run += 1
    return run


def _placed(text: str, places: Mapping[str, str]) -> str:
    for shown, real in places.items():
        text = text.replace(shown, real)
    return text
