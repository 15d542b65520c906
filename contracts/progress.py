"""What a run shows while it goes on: one display on a terminal, plain lines elsewhere."""

import time
from dataclasses import dataclass, field
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

_EVERY = 5.0
"""Seconds between two plain lines of one phase."""


@dataclass
class Standing:
    """Where a run stands."""

    document: str = ""
    phase: str = ""
    operation_id: str = ""
    requests: int = 0
    findings: int = 0


class Progress(Protocol):
    """Is told where a run stands."""

    def show(self, standing: Standing) -> None:
        """Takes the standing, and shows it when it is worth it."""
        ...

    def say(self, line: str) -> None:
        """Shows a line."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


@dataclass
class Quiet:
    """Shows nothing."""

    def show(self, standing: Standing) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@dataclass
class Lines:
    """Plain lines: one a phase, and one every few seconds of it.

    Args:
        out: Where they go.
    """

    out: TextIO
    _shown: tuple[str, str] = ("", "")
    _at: float = field(default_factory=time.monotonic)

    def show(self, standing: Standing) -> None:
        """A line when a phase begins or has gone on for a while."""
        key = (standing.document, standing.phase)
        now = time.monotonic()
        if not standing.phase or (key == self._shown and now - self._at < _EVERY):
            return
        self._shown, self._at = key, now
        where = f" {standing.operation_id}" if standing.operation_id else ""
        self.say(
            f"{standing.document} {standing.phase}{where}: {standing.requests} requests, {standing.findings} findings"
        )

    def say(self, line: str) -> None:
        """The line."""
        self.out.write(f"{line}\n")
        self.out.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Display:
    """One display that stands still on a terminal.

    Args:
        out: The terminal.
    """

    def __init__(self, out: TextIO) -> None:
        self._console = Console(file=out, highlight=False, markup=False)
        self._live = Live(console=self._console, refresh_per_second=4, transient=True)

    def show(self, standing: Standing) -> None:
        """Brings the display up to date."""
        table = Table.grid(padding=(0, 2))
        table.add_row("document", standing.document)
        table.add_row("phase", standing.phase)
        table.add_row("operation", standing.operation_id or "-")
        table.add_row("requests", str(standing.requests))
        table.add_row("findings", str(standing.findings))
        self._live.update(table)

    def say(self, line: str) -> None:
        """The line, above the display."""
        self._console.print(line, soft_wrap=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


def progress_on(out: TextIO, *, plain: bool) -> Progress:
    """The display for a terminal, plain lines for anything else."""
    return Lines(out) if plain or not out.isatty() else Display(out)
