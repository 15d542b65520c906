"""Where the targets of a session are: what has to be started is started once, by whoever leads the session.

Under pytest-xdist that is the process without tests. It learns from what the first of the others has collected that a
target is wanted, starts it before any test begins, and leaves its URL in a folder that the others were told of.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from contracts.items.reading import Told
from contracts.items.starting import Started
from contracts.model import RunError


class Targets(Protocol):
    """Knows where the target of a file is."""

    def url(self, told: Told) -> str:
        """Its URL.

        Raises:
            RunError: It could not be started.
        """
        ...


class Own:
    """Starts what has to be started, each once, and ends it when it is closed."""

    def __init__(self) -> None:
        self._started: dict[Path, Started] = {}
        self._failed: dict[Path, RunError] = {}

    def url(self, told: Told) -> str:
        """See `Targets`."""
        if not told.command:
            return told.url.rstrip("/")
        if told.path in self._failed:
            raise self._failed[told.path]
        if told.path not in self._started:
            try:
                self._started[told.path] = Started(told.command, told.path.parent, told.url)
            except RunError as error:
                self._failed[told.path] = error
                raise
        return self._started[told.path].url

    def close(self) -> None:
        """Ends what was started."""
        while self._started:
            self._started.popitem()[1].stop()


class Shared:
    """Knows what the process that leads the session has started.

    Args:
        folder: Where that one leaves it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, told: Told) -> str:
        """See `Targets`."""
        if not told.command:
            return told.url.rstrip("/")
        try:
            left = json.loads(_place(self._folder, told.path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise RunError(f"nobody has started the target of {told.path}", "run without -n, or give its url") from None
        if "error" in left:
            raise RunError(str(left["error"]))
        return str(left["url"])


def leave(folder: Path, own: Own, all_told: Iterable[Told]) -> None:
    """Starts the targets of some files, and leaves word of them in a folder; of one that is there already, nothing."""
    for told in all_told:
        place = _place(folder, told.path)
        if not told.command or place.exists():
            continue
        try:
            word = {"url": own.url(told)}
        except RunError as error:
            word = {"error": str(error)}
        place.write_text(json.dumps(word), encoding="utf-8")


def _place(folder: Path, path: Path) -> Path:
    return folder / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()}.json"
