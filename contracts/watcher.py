"""Remembers the gate's latest record for whoever has just sent something."""

from collections.abc import Callable
from dataclasses import dataclass

from contracts.model import Exchange


@dataclass
class Watcher:
    """The gate's observer.

    Args:
        then: Is given each record too.
        last: The latest record.
    """

    then: Callable[[Exchange], None] | None = None
    last: Exchange | None = None

    def __call__(self, exchange: Exchange) -> None:
        """Takes a record."""
        self.last = exchange
        if self.then is not None:
            self.then(exchange)
