"""The verdict on a batch: which events are new, which are duplicates, which contradict an earlier one.

Every event has an *anchor* key, made of meter and unique id (without one: of its whole identity). Only the first event
of an anchor is indexed under it; the stored row is then compared itself, column by column. So a fresh batch costs one
look-up an event, and finding a reused unique id costs no memory of its own. Events that reuse an anchor with other
content are indexed a second time by their whole identity.

Nothing here changes the store.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.identity import Dedup
from mockserver.engine.event_batch import Conflict, EventBatch
from mockserver.engine.event_index import ABSENT, KeyIndex, Keys, mix, mix_one
from mockserver.engine.event_log import Columns

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

Gather = Callable[[Ints, Ints], Columns]
"""Copies stored events, given the index of one event of the same meter in the batch, and the row."""


class Encoded(NamedTuple):
    """A batch in codes. `dimension_sets` of `columns` are whole; `identity_sets` lack the reserved dimensions."""

    columns: Columns
    identity_sets: NDArray[np.int32]
    meter_hashes: Ints
    unique_hashes: Ints
    has_unique: Flags

    def content(self) -> Columns:
        """The columns as identity sees them."""
        return self.columns._replace(dimension_sets=self.identity_sets)


class Indexes(NamedTuple):
    """Where stored events are found: the first of every anchor, and the others by their identity."""

    anchors: KeyIndex
    identities: KeyIndex


class Verdict(NamedTuple):
    """What is to be done with a batch; every array but the flags holds indexes into the batch.

    `new` are stored, with the values of the events `final`; of them `anchors` (flags over `new`) go to the anchor
    index, the others to the identity index, under `keys`. The rows `overwritten` take the values of the events
    `overwriting`, both parallel (`overwriting` also tells the meter).
    """

    new: Ints
    final: Ints
    anchors: Flags
    keys: Keys
    overwritten: Ints
    overwriting: Ints
    other_value: Ints
    reused: Ints


def judge(batch: Encoded, dedup: Dedup, indexes: Indexes, gather: Gather, *, conflicts: bool) -> Verdict:
    """Compare a batch with the stored events and with itself; `conflicts` asks for contradictions too."""
    anchor_keys = _anchor_keys(batch)
    if _distinct(anchor_keys) and (indexes.anchors.find(anchor_keys) == ABSENT).all():
        everything, nothing = np.arange(len(anchor_keys)), np.empty(0, np.int64)
        flags = np.ones(len(anchor_keys), np.bool_)
        return Verdict(everything, everything, flags, anchor_keys, nothing, nothing, nothing, nothing)
    return _Examination(batch, dedup, indexes, gather, anchor_keys).verdict(conflicts=conflicts)


def conflicts_of(batch: EventBatch, verdict: Verdict, most: int) -> list[Conflict]:
    """The first conflicts of a batch, `most` at most, in its order."""
    total = len(verdict.other_value) + len(verdict.reused)
    other_value = set(verdict.other_value.tolist())
    indexes = sorted([*other_value, *verdict.reused.tolist()])[:most]
    return [
        Conflict(
            "other-value" if index in other_value else "reused-unique-id",
            batch.meter(index),
            batch.unique_ids[index],
            batch.position(index),
            total,
        )
        for index in indexes
    ]


def locate(batch: Encoded, dedup: Dedup, indexes: Indexes, gather: Gather) -> Ints:
    """The stored row of each event's identity, ABSENT where none is stored."""
    return _Examination(batch, dedup, indexes, gather, _anchor_keys(batch)).stored()


def identity_keys(batch: Encoded, dedup: Dedup) -> Keys:
    """The key of each event's whole identity."""
    return _identity_keys(batch, dedup, _anchor_keys(batch))


def rows_of_unique_id(
    meter: str, unique_id: str, dedup: Dedup, indexes: Indexes
) -> Callable[[Ints, Columns, NDArray[np.int32]], Flags]:
    """Tells which rows of a meter's log hold an event of a unique id.

    The function takes the rows' numbers, what they hold, and their dimension sets without the reserved ones. The ids
    themselves are not kept: a row is one of the id when the index leads from the id, or from the id and what the row
    holds, to that very row.
    """
    key = mix_one(mix_one(1, hash(meter)), hash(unique_id))
    anchor = indexes.anchors.find_one(key)

    def has_the_id(rows: Ints, held: Columns, identity_sets: NDArray[np.int32]) -> Flags:
        flags: Flags = rows == anchor
        if dedup is not Dedup.UNIQUE_ID and anchor != ABSENT:
            keys = np.full(len(rows), key, np.uint64)
            keys = _content_keys(held, identity_sets, keys, with_value=dedup is Dedup.RECORD)
            flags |= indexes.identities.find(keys) == rows
        return flags

    return has_the_id


class _Examination:
    """The slow path, for a batch with something that repeats."""

    def __init__(self, batch: Encoded, dedup: Dedup, indexes: Indexes, gather: Gather, anchor_keys: Keys) -> None:
        self._content, self._dedup, self._gather = batch.content(), dedup, gather
        self._anchor_keys, self._anchor_rows = anchor_keys, indexes.anchors.find(anchor_keys)
        self._keys = _identity_keys(batch, dedup, anchor_keys)
        self._exact = self._keys == anchor_keys
        _, self._first, self._identity = np.unique(self._keys, return_index=True, return_inverse=True)
        self._rows = self._stored_rows(indexes)

    def verdict(self, *, conflicts: bool) -> Verdict:
        """Sort the events into new ones, duplicates and contradictions."""
        new = np.sort(self._first[self._rows == ABSENT])
        is_new = np.zeros(len(self._keys), np.bool_)
        is_new[new] = True
        holder = self._first_of_anchor()
        anchors = (self._anchor_rows[new] == ABSENT) & (holder[new] == new)
        keys = np.where(anchors, self._anchor_keys[new], self._keys[new])
        final, overwritten, overwriting = new, *(np.empty(0, np.int64),) * 2
        if self._dedup is Dedup.LATEST:
            last = self._last()
            known = np.flatnonzero(self._rows != ABSENT)
            final, overwritten, overwriting = last[self._identity[new]], self._rows[known], last[known]
        other_value, reused = (
            self._contradictions(is_new, new[~anchors], holder) if conflicts else (overwritten[:0],) * 2
        )
        return Verdict(new, final, anchors, keys, overwritten, overwriting, other_value, reused)

    def stored(self) -> Ints:
        """The stored row of each event's identity, ABSENT where it is new."""
        return self._rows[self._identity]

    def _stored_rows(self, indexes: Indexes) -> Ints:
        """The stored row of every identity of the batch, ABSENT where it is new."""
        first = self._first
        rows = self._anchor_rows[first].copy()
        doubtful = np.flatnonzero((rows != ABSENT) & ~self._exact[first])
        events = first[doubtful]
        stored = self._gather(events, rows[doubtful])
        given = self._content.pick(events)
        same = _same_content(stored, given)
        if self._dedup is Dedup.RECORD:
            same &= stored.values == given.values
        others = doubtful[~same]
        rows[others] = indexes.identities.find(self._keys[first[others]])
        return rows

    def _first_of_anchor(self) -> Ints:
        """For every event the first one of the batch with the same anchor."""
        _, first, inverse = np.unique(self._anchor_keys, return_index=True, return_inverse=True)
        return first[inverse]

    def _last(self) -> Ints:
        """The last event of every identity."""
        last = np.zeros(len(self._first), np.int64)
        np.maximum.at(last, self._identity, np.arange(len(self._keys)))
        return last

    def _contradictions(self, is_new: Flags, reusing: Ints, holder: Ints) -> tuple[Ints, Ints]:
        """Duplicates with another value, and events (new or not) whose unique id stands for other content."""
        again = np.flatnonzero(~is_new)
        earlier = self._earlier(again)
        given = self._content.pick(again)
        alike = _same_content(earlier, given)
        other_value = again[alike & (earlier.values != given.values)]
        anchor = self._events(reusing, self._anchor_rows[reusing], holder[reusing])
        reusing = reusing[~_same_content(anchor, self._content.pick(reusing))]
        return other_value, np.concatenate([again[~alike], reusing])

    def _earlier(self, again: Ints) -> Columns:
        """The event that each duplicate repeats: the one that counted until then."""
        identity = self._identity[again]
        rows, previous = self._rows[identity].copy(), self._first[identity]
        if self._dedup is Dedup.LATEST:
            order = np.argsort(self._identity, kind="stable")
            before = np.empty_like(order)
            before[order[1:]] = order[:-1]
            repeats = again != self._first[identity]
            previous = np.where(repeats, before[again], previous)
            rows[repeats] = ABSENT
        return self._events(again, rows, previous)

    def _events(self, events: Ints, rows: Ints, otherwise: Ints) -> Columns:
        """The stored `rows` of the meters of `events`; where ABSENT, the events `otherwise` of the batch itself."""
        found = self._content.pick(otherwise)
        stored = np.flatnonzero(rows != ABSENT)
        found.write(stored, self._gather(events[stored], rows[stored]))
        return found


def _same_content(some: Columns, others: Columns) -> Flags:
    """Whether customer, time and dimensions agree, event by event."""
    same: Flags = (
        (some.times_ms == others.times_ms)
        & (some.customers == others.customers)
        & (some.dimension_sets == others.dimension_sets)
    )
    return same


def _anchor_keys(batch: Encoded) -> Keys:
    """Meter and unique id, or the identity of an event without one (no id is not an id with the hash 0)."""
    keys = mix(mix(batch.has_unique.astype(np.uint64), batch.meter_hashes), batch.unique_hashes)
    if not batch.has_unique.all():
        content = _content_keys(batch.columns, batch.identity_sets, keys, with_value=True)
        keys = np.where(batch.has_unique, keys, content)
    return keys


def _identity_keys(batch: Encoded, dedup: Dedup, anchor_keys: Keys) -> Keys:
    """The whole identity of every event, which without a unique id and under UNIQUE_ID is the anchor."""
    if dedup is Dedup.UNIQUE_ID:
        return anchor_keys
    content = _content_keys(batch.columns, batch.identity_sets, anchor_keys, with_value=dedup is Dedup.RECORD)
    return np.where(batch.has_unique, content, anchor_keys)


def _content_keys(columns: Columns, identity_sets: NDArray[np.int32], keys: Keys, *, with_value: bool) -> Keys:
    codes = (columns.customers.astype(np.int64) << 32) | identity_sets
    keys = mix(mix(keys, columns.times_ms), codes)
    return mix(keys, columns.values.view(np.int64)) if with_value else keys


def _distinct(keys: Keys) -> bool:
    ascending = np.sort(keys)
    return not bool((ascending[1:] == ascending[:-1]).any())
