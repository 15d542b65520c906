"""Remembers whose keys a target has shown, so that no write repeats one, not even in a text."""

import json
import threading
from collections.abc import Iterable
from typing import Any

from contracts.bodies import UnreadableBodyError, key_uses, member_names, texts
from contracts.ledger import Ledger
from contracts.policy import KeyNames

MOST = 100_000
"""Keys that are kept apart; an account that shows more is not written to any more."""

SHORTEST = 4
"""Shorter keys are only looked for as whole texts; every other text would hold one."""


class Strangers:
    """The keys in answers that are not the run's own.

    Args:
        names: Which fields hold keys.
        ledger: What is the run's own.
    """

    def __init__(self, names: KeyNames, ledger: Ledger) -> None:
        self._names = names
        self._ledger = ledger
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    def learn(self, content: bytes) -> None:
        """Takes the keys out of an answer; one that is no JSON shows none that data could be made of."""
        try:
            uses = list(key_uses(json.loads(content), self._names))
        except (ValueError, RecursionError, UnreadableBodyError):
            return
        shown = {use.value for use in uses if isinstance(use.value, str) and use.value}
        with self._lock:
            self._keys.update(key for key in shown if not self._ledger.owns(key))

    def named_in(self, records: Iterable[Any], others: Iterable[str]) -> bool:
        """Whether a body's records, or other texts of a request, repeat the key of a stranger."""
        records = list(records)
        found = {text for _, text in texts(records)} | set(member_names(records)) | set(others)
        own = {text for text in found if self._ledger.owns(text)}
        with self._lock:
            return len(self._keys) > MOST or any(_repeats(text, key) for text in found - own for key in self._keys)


def _repeats(text: str, key: str) -> bool:
    """Whether a text holds a key as a word of its own."""
    if len(key) < SHORTEST:
        return text == key
    start = text.find(key)
    while start >= 0:
        before, after = text[:start][-1:], text[start + len(key) :][:1]
        if not before.isalnum() and not after.isalnum():
            return True
        start = text.find(key, start + 1)
    return False
