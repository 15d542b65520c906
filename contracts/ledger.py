"""The ledger: what a run is about to create, on the disk before it is sent, so that even a killed run leaves it."""

import json
import os
import re
import secrets
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from contracts.clock import Clock
from contracts.model import RunError

if sys.platform != "win32":
    import fcntl

VERSION = 1
LONGEST = 100
"""Characters of a key after the prefix."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@dataclass(frozen=True, order=True)
class Thing:
    """Something that a run made, by its kind and its key; the key is a number such as `#1` when the target chose it."""

    kind: str
    key: str


@dataclass(frozen=True)
class Entry:
    """A thing, and the operation that was about to make it."""

    thing: Thing
    operation_id: str


PREFIX = re.compile(r"mm-[0-9a-z]{6,20}-")


def new_prefix() -> str:
    """What every key of a run begins with; no two runs share one."""
    return f"mm-{secrets.token_hex(5)}-"


class Ledger:
    """The file, open for one run or one clean-up.

    A line a happening, as JSON: the run, then each thing before it is created, each thing that was deleted, and what
    the run noted for later. Lines are only ever added, and each is on the disk before the method that writes it
    returns. While it is open nobody else opens it.

    Use `create` and `resume`.
    """

    def __init__(self, path: Path, header: dict[str, Any], descriptor: int) -> None:
        self.path = path
        self.target = str(header["target"])
        self.document = str(header["document"])
        self.prefix = str(header["prefix"])
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._entries: dict[Thing, Entry] = {}
        self._notes: list[dict[str, Any]] = []
        self._numbers = 0

    @classmethod
    def create(cls, path: Path, *, target: str, document: str, clock: Clock, prefix: str | None = None) -> Self:
        """A new ledger at a path where there is no file yet.

        Raises:
            RunError: It cannot be written, or is there already.
        """
        header = {
            "ledger": VERSION,
            "target": target,
            "document": document,
            "prefix": prefix or new_prefix(),
            "started": datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds"),
        }
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            advice = "give another path, or clean up after the run that wrote it"
            raise RunError(f"the ledger {path} cannot be made: {error.strerror}", advice) from None
        _lock_file(descriptor, path)
        ledger = cls(path, header, descriptor)
        ledger._write([header])
        _sync_folder(path.parent)
        return ledger

    @classmethod
    def resume(cls, path: Path) -> Self:
        """The ledger that a run left.

        A last line that was cut off is passed over: what it announced was never sent.

        Raises:
            RunError: It cannot be read, is no ledger, or its run is still going.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise RunError(f"the ledger {path} cannot be opened: {error.strerror}", "look at its path") from None
        _lock_file(descriptor, path)
        try:
            lines, length = _read_lines(descriptor, path)
            ledger = cls(path, _header(lines, path), descriptor)
            for number, line in enumerate(lines[1:], start=2):
                ledger._replay(line, number)
            os.ftruncate(descriptor, length)
        except BaseException:
            os.close(descriptor)
            raise
        return ledger

    def owns(self, key: str) -> bool:
        """Whether a key begins with the run's prefix, and goes on with letters, digits, `_` and `-` alone.

        Anything else could be read as another key on the way, as `..` and `/` in a path are.
        """
        rest = key.removeprefix(self.prefix)
        return rest != key and 0 < len(rest) <= LONGEST and _PLAIN.issuperset(rest)

    def __contains__(self, thing: object) -> bool:
        with self._lock:
            return thing in self._entries

    def entries(self) -> tuple[Entry, ...]:
        """What was made and not deleted, oldest first."""
        with self._lock:
            return tuple(self._entries.values())

    def record(self, things: Iterable[Thing], operation_id: str) -> None:
        """Writes what an operation is about to create; what is there already is not written again.

        Args:
            things: What is created; one without a key, which the target will choose, is given a number.
            operation_id: The operation.

        Raises:
            RunError: The disk does not take it; then nothing may be sent.
        """
        with self._lock:
            numbered = (each if each.key else Thing(each.kind, f"#{self._next_number()}") for each in things)
            fresh = [each for each in dict.fromkeys(numbered) if each not in self._entries]
            self._write([{"create": each.kind, "key": each.key, "by": operation_id} for each in fresh])
            self._entries.update({each: Entry(each, operation_id) for each in fresh})

    def remove(self, thing: Thing) -> None:
        """Writes that a thing is no longer there.

        Raises:
            RunError: The disk does not take it.
        """
        with self._lock:
            if self._entries.pop(thing, None):
                self._write([{"delete": thing.kind, "key": thing.key}])

    def note(self, what: dict[str, Any]) -> None:
        """Writes something that the run will want to know later.

        Args:
            what: A JSON object.

        Raises:
            RunError: The disk does not take it.
        """
        with self._lock:
            self._write([{"note": what}])
            self._notes.append(what)

    def notes(self) -> tuple[dict[str, Any], ...]:
        """What was noted, oldest first."""
        with self._lock:
            return tuple(self._notes)

    def close(self) -> None:
        """Lets others open the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _write(self, happenings: list[dict[str, Any]]) -> None:
        if not happenings:
            return
        data = "".join(json.dumps(each) + "\n" for each in happenings).encode()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as error:
            advice = "nothing was sent that is not in it; make room and run again"
            raise RunError(f"the ledger {self.path} cannot be written: {error.strerror}", advice) from None

    def _replay(self, line: dict[str, Any], number: int) -> None:
        try:
            if "create" in line:
                self._numbers += 1
                thing = Thing(str(line["create"]), str(line["key"]))
                self._entries[thing] = Entry(thing, str(line["by"]))
            elif isinstance(line.get("note"), dict):
                self._notes.append(line["note"])
            else:
                self._entries.pop(Thing(str(line["delete"]), str(line["key"])), None)
        except KeyError:
            raise _no_ledger(self.path, f"line {number} says neither what was created nor deleted nor noted") from None


def _lock_file(descriptor: int, path: Path) -> None:
    """Keeps others out for as long as the file is open; where the system has no such lock, nobody is kept out."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise RunError(f"the ledger {path} is in use", "wait until its run is over") from None


def _sync_folder(folder: Path) -> None:
    """Makes sure that the new file's name is on the disk, and not only its content."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_lines(descriptor: int, path: Path) -> tuple[list[dict[str, Any]], int]:
    """The whole lines, and how many bytes they are."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        data = file.read()
    *whole, torn = data.split(b"\n")
    lines = []
    for number, line in enumerate(whole, start=1):
        try:
            parsed = json.loads(line)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise _no_ledger(path, f"line {number} is no JSON object")
        lines.append(parsed)
    return lines, len(data) - len(torn)


def _header(lines: list[dict[str, Any]], path: Path) -> dict[str, Any]:
    if not lines or lines[0].get("ledger") != VERSION or not {"target", "document", "prefix"} <= lines[0].keys():
        raise _no_ledger(path, f"it does not begin as a ledger of version {VERSION} does")
    if not PREFIX.fullmatch(str(lines[0]["prefix"])):
        raise _no_ledger(path, "its prefix is not one that runs have")
    return lines[0]


def _no_ledger(path: Path, why: str) -> RunError:
    return RunError(f"{path} is no ledger: {why}", "give the file that the run wrote")
