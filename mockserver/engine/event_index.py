"""The index of event keys: an open hash table in two NumPy arrays, from a 64-bit key to the row that holds it.

It costs 12 bytes a slot and no Python object an event, so that neither memory nor the garbage collector grows with the
events. Look-ups and inserts take whole arrays. Keys lie in the order of their home slots as far as collisions allow
(linear probing), so that growing reads and writes memory from front to back, in slices.

A key is a mixed hash of what makes the identity: with ten million events, two different identities share one with a
chance of three in a million.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]

ABSENT: Final = -1

_WINDOW: Final = 8
"""Slots read at once when a key is not in its home slot: 64 bytes, one cache line."""

_MARGIN: Final = 1_024
"""Slots behind the last home slot, so that probing never wraps around."""

_SMALLEST: Final = 1_024
_FULL: Final = 0.5
_GROWTH: Final = 1.6
_SLICE: Final = 10_000
_REBUILD_SLICE: Final = 65_536


class KeyIndex:
    """A growing map from keys (uint64) to rows (int32), with no removal."""

    def __init__(self) -> None:
        self._count = 0
        self._spilled: dict[int, int] = {}
        self._allocate(_SMALLEST)

    def find(self, keys: Keys) -> Ints:
        """Return the row of each key, ABSENT where it is not in the index."""
        return np.concatenate([self._find(keys[at : at + _SLICE]) for at in range(0, max(len(keys), 1), _SLICE)])

    def insert(self, keys: Keys, rows: Ints) -> None:
        """Add keys, which must be distinct and not in the index yet."""
        self._count += len(keys)
        if self._count > self._homes * _FULL:
            self._grow(max(int(self._homes * _GROWTH), int(self._count / _FULL) + 1))
        for at in range(0, len(keys), _SLICE):
            self._insert(_filled(keys[at : at + _SLICE]), rows[at : at + _SLICE])

    def _allocate(self, homes: int) -> None:
        self._homes, self._end = homes, homes + _MARGIN
        self._keys = np.zeros(self._end + _WINDOW, np.uint64)
        self._rows = np.empty(self._end + _WINDOW, np.int32)

    def _home(self, keys: Keys) -> Ints:
        """Home slots, ascending with the keys: the upper half of a key as a fraction of the table."""
        return ((keys >> np.uint64(32)) * np.uint64(self._homes) >> np.uint64(32)).view(np.int64)

    def _find(self, keys: Keys) -> Ints:
        keys = _filled(keys)
        rows = np.full(len(keys), ABSENT, np.int64)
        slots = self._home(keys)
        held = self._keys[slots]
        hit = np.flatnonzero(held == keys)
        rows[hit] = self._rows[slots[hit]]
        asked = np.flatnonzero((held != keys) & (held != 0))
        start = slots[asked] + 1
        while asked.size:
            window = self._keys[start[:, None] + np.arange(_WINDOW)]
            hits = window == keys[asked, None]
            first, stopped = _first(hits | (window == 0))
            hit = stopped & hits[np.arange(len(asked)), first]
            rows[asked[hit]] = self._rows[(start + first)[hit]]
            asked, start = asked[~stopped], start[~stopped] + _WINDOW
        if self._spilled:
            for place in np.flatnonzero(rows == ABSENT).tolist():
                rows[place] = self._spilled.get(int(keys[place]), ABSENT)
        return rows

    def _insert(self, keys: Keys, rows: Ints) -> None:
        slots = self._home(keys)
        free = self._keys[slots] == 0
        while keys.size:
            taken = slots[free]
            self._keys[taken] = keys[free]  # of several keys for one slot the last one stays
            placed = free.copy()
            placed[free] = self._keys[taken] == keys[free]
            self._rows[slots[placed]] = rows[placed]
            keys, rows, slots = keys[~placed], rows[~placed], slots[~placed]
            first, free = _first(self._keys[slots[:, None] + np.arange(_WINDOW)] == 0)
            slots += np.where(free, first, _WINDOW)
            beyond = slots >= self._end
            if beyond.any():
                self._spill(keys[beyond], rows[beyond])
                keys, rows, slots, free = keys[~beyond], rows[~beyond], slots[~beyond], free[~beyond]

    def _spill(self, keys: Keys, rows: NDArray[np.int64] | NDArray[np.int32]) -> None:
        """Keep what a run of a thousand collisions at the table's end pushed out; only chosen keys do that."""
        self._spilled.update(zip(keys.tolist(), rows.tolist(), strict=True))

    def _grow(self, homes: int) -> None:
        """Move everything to a larger table, cluster by cluster in ascending order, which needs no probing."""
        clusters = self._clusters()
        self._allocate(homes)
        free = 0
        for keys, rows in clusters:
            order = np.arange(len(keys))
            slots = np.maximum.accumulate(np.maximum(self._home(keys), free) - order) + order
            free = int(slots[-1]) + 1
            fitting = int(np.searchsorted(slots, self._end))
            self._keys[slots[:fitting]], self._rows[slots[:fitting]] = keys[:fitting], rows[:fitting]
            self._spill(keys[fitting:], rows[fitting:])

    def _clusters(self) -> Iterator[tuple[Keys, NDArray[np.int32]]]:
        """The entries in slices of ascending keys; a slice ends at an empty slot, where order is certain."""
        keys, rows = self._keys, self._rows

        def slices() -> Iterator[tuple[Keys, NDArray[np.int32]]]:
            start = 0
            while start < len(keys):
                end = min(start + _REBUILD_SLICE, len(keys))
                while end < len(keys) and keys[end - 1]:
                    end += 1
                used = start + np.flatnonzero(keys[start:end])
                used = used[np.argsort(keys[used])]
                if used.size:
                    yield keys[used], rows[used]
                start = end

        return slices()


def _first(flags: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
    """The place of the first flag of every line, and which lines have one."""
    first = flags.argmax(axis=1)
    return first, flags[np.arange(len(flags)), first]


def _filled(keys: Keys) -> Keys:
    """Zero marks an empty slot, so the key zero shares the identity of one."""
    return np.maximum(keys, np.uint64(1))


def mix(state: Keys, column: NDArray[np.int64] | Keys) -> Keys:
    """Stir a column of 64-bit values into hash states (the finaliser of splitmix64); both arrays have one length."""
    mixed = (state ^ column.view(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
