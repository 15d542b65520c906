"""Remembers the gate's latest record for whoever has just sent something."""

import threading
from collections.abc import Callable

from contracts.model import Exchange


class Watcher:
    """The gate's observer; each thread is told of its own requests.

    Args:
        then: Is given each record too.
    """

    def __init__(self, then: Callable[[Exchange], None] | None = None) -> None:
        self._then = then
        self._local = threading.local()

    @property
    def last(self) -> Exchange | None:
        """The latest record of the thread that asks."""
        found: Exchange | None = getattr(self._local, "last", None)
        return found

    def __call__(self, exchange: Exchange) -> None:
        """Takes a record."""
        self._local.last = exchange
        if self._then is not None:
            self._then(exchange)
