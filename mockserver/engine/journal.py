"""The account's journal: the last requests, their answers and warnings, for the developer who looks for a bug."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

EXCERPT = 4096
"""Bytes kept of a body."""


class Caution(NamedTuple):
    """Something that was accepted and is probably a mistake of the client.

    Attributes:
        field: dotted path of the field (`[3].meterValue`), or None when no field is at fault.
        rule: the rule as a kebab-case word (`unknown-meter`); strict mode refuses with it.
        message: one sentence.
    """

    field: str | None
    rule: str
    message: str


@dataclass(slots=True)
class Entry:
    """One request and its answer."""

    sequence: int
    time_ms: int
    method: str
    path: str
    query: str
    operation_id: str | None
    status: int
    duration_us: int
    request_body: bytes = b""
    request_size: int = 0
    response_body: bytes = b""
    response_size: int = 0
    warnings: list[Caution] = field(default_factory=list)


class Journal:
    """A ring buffer of entries.

    Args:
        size: how many entries are kept; the oldest fall out.
    """

    def __init__(self, size: int = 1000) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._sequence = 0

    def next_sequence(self) -> int:
        """1, 2, 3 …, so that a reader sees what fell out."""
        self._sequence += 1
        return self._sequence

    def add(self, entry: Entry) -> None:
        """Keeps an entry; the oldest falls out of a full journal."""
        self._entries.append(entry)

    def clear(self) -> None:
        """Forgets every entry; the numbering starts anew."""
        self._entries.clear()
        self._sequence = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
