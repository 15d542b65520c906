"""The columnar event store of one account: append events, aggregate them.

Events lie in columns per meter (`event_log`), customers and dimension sets as codes (`event_codes`), identities as
hashes in an index (`event_index`). A batch is all or nothing: it is first examined as a whole (`event_verdict`), the
conflicts are told, and only then is anything stored. Both passes work in slices, because one NumPy call on a large
batch would keep every other thread of the process waiting.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.identity import Dedup
from mockserver.domain.usage import UsageQuery, UsageResult
from mockserver.engine.event_batch import BatchError, Conflict, ConflictListener, EventBatch, in_slices
from mockserver.engine.event_codes import Codes, DimensionSets
from mockserver.engine.event_index import ABSENT, KeyIndex
from mockserver.engine.event_log import Columns, MeterLog, Row, empty_columns
from mockserver.engine.event_scan import aggregate_log
from mockserver.engine.event_single import Single, judge_one
from mockserver.engine.event_verdict import Encoded, Indexes, Verdict, judge

__all__ = ["Appended", "BatchError", "Conflict", "EventBatch", "EventStore"]

TOLD_CONFLICTS: Final = 20
_DOUBLE: Final = Struct("=d")
_BITS: Final = Struct("=q")


class Appended(NamedTuple):
    """What became of a batch: events stored, events dropped as duplicates, conflicts found among both."""

    accepted: int
    duplicates: int
    conflicts: int = 0


class EventStore:
    """All events of one account. Not locked: the account's lock makes a request atomic.

    `conflict_warnings=False` saves the time of comparing duplicates with what they repeat; memory stays the same.
    One store is meant for one deduplication mode: without a unique id or under reuse of one, identities met in one
    mode are strangers to another.
    """

    def __init__(self, *, conflict_warnings: bool = True) -> None:
        self._conflict_warnings = conflict_warnings
        self.clear()

    def clear(self) -> None:
        """Forget every event."""
        self._logs: dict[str, MeterLog] = {}
        self._customers: Codes[str | None] = Codes({None: 0})
        self._dimension_sets = DimensionSets()
        self._indexes = Indexes(KeyIndex(), KeyIndex())

    def append(self, batch: EventBatch, dedup: Dedup, on_conflict: ConflictListener | None = None) -> Appended:
        """Store the new events of a batch.

        `on_conflict` hears of at most twenty conflicts, in order, before anything is stored; when it raises, nothing
        is. The first of two equal events counts, under LATEST the value of the last.
        """
        if len(batch) < 2:  # noqa: PLR2004  # one event, or none
            return self._append_one(batch, dedup, on_conflict) if len(batch) else Appended(0, 0)
        encoded = self._encode(batch)
        meters = _MeterRuns(batch)
        verdict = judge(
            encoded,
            dedup,
            self._indexes,
            lambda events, rows: self._gather(meters, events, rows),
            conflicts=self._conflict_warnings,
        )
        total = len(verdict.other_value) + len(verdict.reused)
        if total and on_conflict is not None:
            for conflict in _conflicts(batch, verdict, total):
                on_conflict(conflict)
        self._commit(encoded, meters, verdict)
        return Appended(len(verdict.new), len(batch) - len(verdict.new), total)

    def aggregate(self, query: UsageQuery, kind: MeterKind) -> UsageResult:
        """Answer a usage query over everything appended so far; `kind` is the kind of the query's meter.

        An answer is kept until the meter's log changes, since dashboards ask the same question again and again.
        """
        log = self._logs.get(query.meter)
        if log is None:
            return UsageResult([])
        key = (query.key(), kind)
        answer = log.answers.get(key)
        if answer is None:
            answer = aggregate_log(log, query, kind, self._customers, self._dimension_sets)
            log.keep(key, answer)
        return answer.copy()

    def latest_ms(self, meter: str) -> int | None:
        """The time (Unix milliseconds) of the meter's latest event, None without events."""
        log = self._logs.get(meter)
        return None if log is None else log.span()[1]

    def meters(self) -> list[str]:
        """The meters that have events, in order of their first."""
        return list(self._logs)

    def count(self, meter: str | None = None) -> int:
        """How many events are stored, of one meter or of all."""
        return sum(log.count for name, log in self._logs.items() if meter in {None, name})

    def _append_one(self, batch: EventBatch, dedup: Dedup, on_conflict: ConflictListener | None) -> Appended:
        """The same for a single event."""
        meter, unique_id = batch.meter(0), batch.unique_ids[0]
        customer, dimension_set = (
            self._customers[batch.customers[0]],
            self._dimension_sets.encode_one(batch.dimensions[0]),
        )
        time_ms, value = batch.only
        row = Row(time_ms, customer, dimension_set, value)
        log = self._logs.get(meter) or MeterLog()
        event = Single(meter, unique_id, row, *_BITS.unpack(_DOUBLE.pack(value)))
        verdict = judge_one(event, dedup, self._indexes, log, self._dimension_sets)
        conflicts = int(self._conflict_warnings and verdict.conflict is not None)
        if conflicts and verdict.conflict and on_conflict is not None:
            on_conflict(Conflict(verdict.conflict, meter, unique_id, batch.position(0), 1))
        if verdict.row != ABSENT:
            if dedup is Dedup.LATEST:
                log.overwrite_values(np.array([verdict.row]), np.array([value]))
            return Appended(0, 1, conflicts)
        index = self._indexes.anchors if verdict.is_anchor else self._indexes.identities
        index.insert_one(verdict.key, log.append_one(row))
        self._logs[meter] = log
        return Appended(1, 0, conflicts)

    def _encode(self, batch: EventBatch) -> Encoded:
        """Turn words into codes and hashes. New words get their codes even if the batch is refused later."""
        count = len(batch)
        columns = empty_columns(count)._replace(times_ms=batch.times_ms, values=batch.values)
        meter_hashes, unique_hashes = np.empty(count, np.int64), np.empty(count, np.int64)
        for part in in_slices(count):
            columns.customers[part] = self._customers.encode(batch.customers[part])
            columns.dimension_sets[part] = self._dimension_sets.encode(batch.dimensions[part])
            unique_hashes[part] = _hashes(batch.unique_ids[part])
            meter_hashes[part] = hash(batch.meters) if isinstance(batch.meters, str) else _hashes(batch.meters[part])
        has_unique = _has_word(unique_hashes, batch.unique_ids)
        unique_hashes[~has_unique] = 0
        identity_sets = self._dimension_sets.identities(columns.dimension_sets)
        return Encoded(columns, identity_sets, meter_hashes, unique_hashes, has_unique)

    def _gather(self, meters: "_MeterRuns", events: NDArray[np.int64], rows: NDArray[np.int64]) -> Columns:
        """Copy stored rows of the events' meters, with dimensions as identity sees them."""
        gathered = empty_columns(len(rows))
        for meter, places in meters.split(events):
            gathered.write(places, self._logs[meter].gather(rows[places]))
        return gathered._replace(dimension_sets=self._dimension_sets.identities(gathered.dimension_sets))

    def _commit(self, encoded: Encoded, meters: "_MeterRuns", verdict: Verdict) -> None:
        """Carry out a verdict."""
        rows = np.empty(len(verdict.new), np.int64)
        for meter, places in meters.split(verdict.new):
            log = self._logs.get(meter)
            if log is None:
                log = self._logs[meter] = MeterLog()
            stored = encoded.columns.pick(verdict.new[places])
            stored = stored._replace(values=encoded.columns.values[verdict.final[places]])
            rows[places] = log.append(stored) + np.arange(len(stored.values))
        self._indexes.anchors.insert(verdict.keys[verdict.anchors], rows[verdict.anchors])
        self._indexes.identities.insert(verdict.keys[~verdict.anchors], rows[~verdict.anchors])
        for meter, places in meters.split(verdict.overwriting):
            values = encoded.columns.values[verdict.overwriting[places]]
            self._logs[meter].overwrite_values(verdict.overwritten[places], values)


class _MeterRuns:
    """Splits events of a batch by their meter."""

    def __init__(self, batch: EventBatch) -> None:
        self._names: Codes[str] = Codes()
        if isinstance(batch.meters, str):
            self._only: str | None = batch.meters
            return
        self._codes = np.concatenate([self._names.encode(batch.meters[part]) for part in in_slices(len(batch))])
        self._words = list(self._names)
        self._only = self._words[0] if len(self._words) == 1 else None

    def split(self, events: NDArray[np.int64]) -> list[tuple[str, NDArray[np.int64] | slice]]:
        """Each meter among `events` (indexes into the batch) and where its events stand in that array, in order."""
        if not len(events):
            return []
        if self._only is not None:
            return [(self._only, slice(len(events)))]
        codes = self._codes[events]
        order = np.argsort(codes, kind="stable")
        distinct, starts = np.unique(codes[order], return_index=True)
        runs = np.split(order, starts[1:])
        return [(self._words[code], run) for code, run in zip(distinct.tolist(), runs, strict=True)]


def _hashes(words: Sequence[str | None]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, words), np.int64, len(words))


def _has_word(hashes: NDArray[np.int64], words: Sequence[str | None]) -> NDArray[np.bool_]:
    """Which words are not None: only where the hash is that of None is it worth looking."""
    flags: NDArray[np.bool_] = hashes != hash(None)
    for index in np.flatnonzero(~flags).tolist():
        flags[index] = words[index] is not None
    return flags


def _conflicts(batch: EventBatch, verdict: Verdict, total: int) -> list[Conflict]:
    """The first conflicts of a batch, in its order."""
    other_value = set(verdict.other_value.tolist())
    indexes = sorted([*other_value, *verdict.reused.tolist()])[:TOLD_CONFLICTS]
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
