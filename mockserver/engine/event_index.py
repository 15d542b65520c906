"""The index of event keys: open hash tables in NumPy arrays, from a 64-bit key to the row that holds it.

It costs 12 bytes a slot and no Python object an event, so that neither memory nor the garbage collector grows with the
events. Look-ups and inserts take whole arrays. When a table is full a larger one takes its place, into which the keys
move little by little with every insert: no single request pays for millions of keys.

A key is a mixed hash of what makes the identity: with ten million events, two different identities share one with a
chance of three in a million.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]

ABSENT: Final = -1

_WINDOW: Final = 8
"""Slots read at once when a home slot is taken: 64 bytes, one cache line."""

_OFFSETS: Final = np.arange(_WINDOW)
_OFFSETS.setflags(write=False)

_FEW: Final = 24
"""So few keys are placed sooner one by one than with NumPy."""

_MARGIN: Final = 1_024
"""Slots behind the last home slot, so that probing never wraps around."""

_MASK: Final = 2**64 - 1
_LEAST: Final = np.uint64(1)
"""Zero marks an empty slot, so the key zero passes for one."""

_SMALLEST: Final = 1_024
_FULL: Final = 0.4
_GROWTH: Final = 1.6
_SLICE: Final = 10_000

_MOVED_SLOTS: Final = 8
"""Slots of the old table emptied for every new key: the move ends long before the new table is full."""

_MOVED_TOGETHER: Final = 2_048
"""Slots that are emptied at least, since NumPy is not worth calling for fewer."""


class _Table:
    """Keys by linear probing from a home slot; zero marks an empty slot. Keys are above zero."""

    def __init__(self, homes: int) -> None:
        self.homes = homes
        self.size = homes + _MARGIN
        self.spilled: dict[int, int] = {}
        self._keys = np.zeros(self.size + _WINDOW, np.uint64)
        self._rows = np.empty(self.size + _WINDOW, np.int32)

    def entries(self, start: int, end: int) -> tuple[Keys, Ints]:
        """The keys of some slots, with their rows."""
        used = np.flatnonzero(self._keys[start:end]) + start
        return self._keys[used], self._rows[used].astype(np.int64)

    def find_one(self, key: int) -> int:
        """Return the row of a key, ABSENT where it is not in the table."""
        slot = self._home_of(key)
        while held := self._keys.item(slot):
            if held == key:
                return int(self._rows.item(slot))
            slot += 1
        return self.spilled.get(key, ABSENT)

    def insert_one(self, key: int, row: int) -> None:
        """Add a key that is not in the table yet."""
        self._place(key, row, self._home_of(key))

    def _home(self, keys: Keys) -> Ints:
        """Home slots, ascending with the keys: the upper half of a key as a fraction of the table."""
        return ((keys >> np.uint64(32)) * np.uint64(self.homes) >> np.uint64(32)).view(np.int64)

    def _home_of(self, key: int) -> int:
        return (key >> 32) * self.homes >> 32

    def find(self, keys: Keys) -> Ints:
        """Return the row of each key, ABSENT where it is not in the table."""
        rows = np.full(len(keys), ABSENT, np.int64)
        slots = self._home(keys)
        held = self._keys[slots]
        asked = np.flatnonzero(held)
        while asked.size:
            window = self._keys[slots[asked, None] + _OFFSETS]
            hits = window == keys[asked, None]
            if hits.any():
                line, offset = np.nonzero(hits)
                rows[asked[line]] = self._rows[slots[asked[line]] + offset]
            asked = asked[~_any(hits | (window == 0))]
            slots[asked] += _WINDOW
        if self.spilled:
            for place in np.flatnonzero(rows == ABSENT).tolist():
                rows[place] = self.spilled.get(int(keys[place]), ABSENT)
        return rows

    def insert(self, keys: Keys, rows: Ints) -> None:
        """Add distinct keys that are not in the table yet."""
        slots = self._home(keys)
        free = np.flatnonzero(self._keys[slots] == 0)
        while len(free) > _FEW:
            taken, claims = slots[free], keys[free]
            self._keys[taken] = claims  # of several keys for one slot, one stays
            won = free[self._keys[taken] == claims]
            self._rows[slots[won]] = rows[won]
            waiting = np.ones(len(keys), np.bool_)
            waiting[won] = False
            left = np.flatnonzero(waiting)
            keys, rows = keys[left], rows[left]
            slots, free = self._next_free(slots[left])
        for key, row, slot in zip(keys.tolist(), rows.tolist(), slots.tolist(), strict=True):
            self._place(key, row, slot)

    def _next_free(self, slots: Ints) -> tuple[Ints, Ints]:
        """Move each slot to the first free one of its window, or behind the window; tell where there was one."""
        empty = self._keys[slots[:, None] + _OFFSETS] == 0
        found = _any(empty)
        slots = np.minimum(slots + np.where(found, empty.argmax(axis=1), _WINDOW), self.size)
        return slots, np.flatnonzero(found & (slots < self.size))

    def _place(self, key: int, row: int, slot: int) -> None:
        while slot < self.size and self._keys.item(slot):
            slot += 1
        if slot < self.size:
            self._keys[slot], self._rows[slot] = key, row
        else:  # pushed out by a run of a thousand collisions at the end: only chosen keys do that
            self.spilled[key] = row


class KeyIndex:
    """A growing map from keys (uint64) to rows (int32), with no removal."""

    def __init__(self) -> None:
        self._count = 0
        self._table = _Table(_SMALLEST)
        self._old: _Table | None = None
        self._moved = self._owed = 0

    def find(self, keys: Keys) -> Ints:
        """Return the row of each key, ABSENT where it is not in the index."""
        keys = np.maximum(keys, _LEAST)
        return np.concatenate([self._find(keys[at : at + _SLICE]) for at in range(0, max(len(keys), 1), _SLICE)])

    def find_one(self, key: int) -> int:
        """The same for one key."""
        row = self._table.find_one(key or 1)
        return self._old.find_one(key or 1) if row == ABSENT and self._old else row

    def insert(self, keys: Keys, rows: Ints) -> None:
        """Add keys, which must be distinct and not in the index yet."""
        self._make_room(len(keys))
        keys = np.maximum(keys, _LEAST)
        for at in range(0, len(keys), _SLICE):
            self._table.insert(keys[at : at + _SLICE], rows[at : at + _SLICE])

    def insert_one(self, key: int, row: int) -> None:
        """The same for one key."""
        self._make_room(1)
        self._table.insert_one(key or 1, row)

    def _find(self, keys: Keys) -> Ints:
        rows = self._table.find(keys)
        if self._old:
            unknown = np.flatnonzero(rows == ABSENT)
            rows[unknown] = self._old.find(keys[unknown])
        return rows

    def _make_room(self, keys: int) -> None:
        self._count += keys
        if self._old:
            self._owed += keys * _MOVED_SLOTS
            if self._owed >= _MOVED_TOGETHER:
                self._move(self._old, self._owed)
                self._owed = 0
        if self._count > self._table.homes * _FULL:
            while self._old:
                self._move(self._old, _SLICE)
            self._old, self._moved, self._owed = self._table, 0, 0
            self._table = _Table(max(int(self._table.homes * _GROWTH), int(self._count / _FULL) + 1))

    def _move(self, old: _Table, slots: int) -> None:
        """Copy some slots of the old table to the new one; look-ups ask both until all are copied."""
        end = min(self._moved + slots, old.size)
        for start in range(self._moved, end, _SLICE):
            self._table.insert(*old.entries(start, min(start + _SLICE, end)))
        self._moved = end
        if end == old.size:
            for key, row in old.spilled.items():
                self._table.insert_one(key, row)
            self._old = None


def _any(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which lines of eight flags have one set: eight bytes compared as one number."""
    lines: NDArray[np.bool_] = flags.view(np.uint64)[:, 0] != 0
    return lines


def mix(state: Keys, column: NDArray[np.int64] | Keys) -> Keys:
    """Stir a column of 64-bit values into hash states (the finaliser of splitmix64); both arrays have one length."""
    mixed = (state ^ column.view(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def mix_one(state: int, number: int) -> int:
    """The same for one hash state and one number of 64 bits (a negative one as its two's complement)."""
    mixed = ((state ^ (number & _MASK)) + 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)
