"""The columnar event store of one account: append events, aggregate them, read them one by one, cancel them.

Events lie in columns per meter (`event_log`), customers and dimension sets as codes (`event_codes`), identities as
hashes in an index (`event_index`). A batch is all or nothing: it is first examined as a whole (`event_verdict`), the
conflicts are told, and only then is anything stored. Both passes work in slices, because one NumPy call on a large
batch would keep every other thread of the process waiting.
"""

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.aggregation import MeterKind
from mockserver.domain.identity import Dedup
from mockserver.domain.selection import Cancellation, EventPage, EventSelection
from mockserver.domain.usage import UsageQuery, UsageResult
from mockserver.engine.event_arrivals import Arrivals
from mockserver.engine.event_batch import BatchError, Conflict, ConflictListener, EventBatch, MeterRuns, in_slices
from mockserver.engine.event_codes import Codes, DimensionSets
from mockserver.engine.event_index import ABSENT, KeyIndex
from mockserver.engine.event_log import Columns, MeterLog, Row, empty_columns, occurring
from mockserver.engine.event_scan import aggregate_log
from mockserver.engine.event_single import Single, judge_one
from mockserver.engine.event_verdict import (
    Encoded,
    Indexes,
    Verdict,
    conflicts_of,
    identity_keys,
    judge,
    locate,
    rows_of_unique_id,
)
from mockserver.engine.event_walk import ByRow, Walk, Words, page_of

__all__ = ["Appended", "BatchError", "Conflict", "EventBatch", "EventStore"]

TOLD_CONFLICTS: Final = 20
_DOUBLE: Final = Struct("=d")
_BITS: Final = Struct("=q")


class Appended(NamedTuple):
    """What became of a batch: events stored, dropped as duplicates, conflicts among both, and stored ones cancelled."""

    accepted: int
    duplicates: int
    conflicts: int = 0
    cancelled: int = 0


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
        self._arrivals = Arrivals()

    def append(  # noqa: PLR0913  # what comes, when, by which rule, and who is told
        self,
        batch: EventBatch,
        dedup: Dedup,
        on_conflict: ConflictListener | None = None,
        *,
        now_ms: int = 0,
        cancelling: EventBatch | None = None,
        on_missing: Callable[[int], None] | None = None,
    ) -> Appended:
        """Store the new events of a batch, which come at `now_ms` (Unix milliseconds).

        `on_conflict` hears of at most twenty conflicts, in order, before anything is stored; when it raises, nothing
        is. The first of two equal events counts, under LATEST the value of the last.

        Each event of `cancelling` is not stored itself: it cancels the event of the same identity, which may come
        with the same batch. `on_missing` hears of at most twenty indexes into `cancelling` whose identity no event
        has, before the conflicts.
        """
        if cancelling is not None:
            self._tell_missing(cancelling, batch, dedup, on_missing)
            appended = self.append(batch, dedup, on_conflict, now_ms=now_ms)
            return appended._replace(cancelled=self._cancel_repeated(cancelling, dedup))
        second = now_ms // 1000
        if len(batch) < 2:  # noqa: PLR2004  # one event, or none
            return self._append_one(batch, dedup, on_conflict, second) if len(batch) else Appended(0, 0)
        encoded = self._encode(batch)
        meters = MeterRuns(batch)
        verdict = judge(
            encoded,
            dedup,
            self._indexes,
            lambda events, rows: self._gather(meters, events, rows),
            conflicts=self._conflict_warnings,
        )
        total = len(verdict.other_value) + len(verdict.reused)
        if total and on_conflict is not None:
            for conflict in conflicts_of(batch, verdict, TOLD_CONFLICTS):
                on_conflict(conflict)
        self._commit(encoded, meters, verdict, second)
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

    def page(
        self, selection: EventSelection, size: int, after: int | None = None, *, ascending: bool = True
    ) -> EventPage:
        """The first `size` selected events in the order they were stored, or against it.

        `after` is the position of the last event of the page before. An event that is stored meanwhile comes behind
        all others, so no page loses or repeats one.
        """
        walk = Walk(self._arrivals, self._logs, self._words(), selection)
        if ascending:
            blocks = walk.forwards(0 if after is None else after + 1)
        else:
            blocks = walk.backwards(self._arrivals.count if after is None else min(after, self._arrivals.count))
        return page_of(blocks, list(self._logs), self._words(), size, ascending=ascending)

    def cancel(self, cancellation: Cancellation, dedup: Dedup) -> int:
        """Let the events of a cancellation count no more, from now on, and return how many counted before.

        Their identities stay taken. `dedup` is the mode in which they were stored.
        """
        walk = Walk(
            self._arrivals,
            self._logs,
            self._words(),
            cancellation.events,
            seconds=(cancellation.from_s, cancellation.until_s),
            by_row=self._with_unique_id(cancellation, dedup),
        )
        logs = list(self._logs.values())
        cancelled = 0
        for found in walk.forwards():
            for number in occurring(found.arrived.meters):
                cancelled += logs[number].cancel(found.arrived.rows[found.arrived.meters == number])
        return cancelled

    def latest_ms(self, meter: str) -> int | None:
        """The time (Unix milliseconds) of the meter's latest event, None without events."""
        log = self._logs.get(meter)
        span = log.span() if log else None
        return None if span is None else span[1]

    def meters(self) -> list[str]:
        """The meters that have events, in order of their first."""
        return [meter for meter, log in self._logs.items() if log.count > log.cancelled]

    def count(self, meter: str | None = None) -> int:
        """How many events count, of one meter or of all."""
        return sum(log.count - log.cancelled for name, log in self._logs.items() if meter in {None, name})

    def _words(self) -> Words:
        return Words(self._customers, self._dimension_sets)

    def _with_unique_id(self, cancellation: Cancellation, dedup: Dedup) -> ByRow | None:
        """Which rows have one of the unique ids that are meant; None where any will do."""
        meter = cancellation.events.meter
        if not cancellation.unique_ids or meter is None:
            return None
        tests = [rows_of_unique_id(meter, each, dedup, self._indexes) for each in cancellation.unique_ids]

        def by_row(rows: NDArray[np.int64], held: Columns) -> NDArray[np.bool_]:
            identity_sets = self._dimension_sets.identities(held.dimension_sets)
            flags = np.zeros(len(rows), np.bool_)
            for test in tests:
                flags |= test(rows, held, identity_sets)
            return flags

        return by_row

    def _tell_missing(
        self, cancelling: EventBatch, batch: EventBatch, dedup: Dedup, on_missing: Callable[[int], None] | None
    ) -> None:
        """Tell which events would cancel nothing, neither of the stored ones nor of those that come with them."""
        if on_missing is None or not len(cancelling):
            return
        keys = identity_keys(self._encode(cancelling), dedup)
        coming = identity_keys(self._encode(batch), dedup)
        missing = (self._rows_of(cancelling, dedup) == ABSENT) & ~np.isin(keys, coming)
        for index in np.flatnonzero(missing)[:TOLD_CONFLICTS].tolist():
            on_missing(index)

    def _cancel_repeated(self, cancelling: EventBatch, dedup: Dedup) -> int:
        """Cancel the stored events with these identities."""
        rows = self._rows_of(cancelling, dedup)
        stored = np.flatnonzero(rows != ABSENT)
        meters = MeterRuns(cancelling)
        return sum(self._logs[meter].cancel(rows[stored][places]) for meter, places in meters.split(stored))

    def _rows_of(self, batch: EventBatch, dedup: Dedup) -> NDArray[np.int64]:
        """The row of each event in the log of its meter, ABSENT where no stored event has its identity."""
        meters = MeterRuns(batch)
        return locate(
            self._encode(batch), dedup, self._indexes, lambda events, rows: self._gather(meters, events, rows)
        )

    def _append_one(
        self, batch: EventBatch, dedup: Dedup, on_conflict: ConflictListener | None, second: int
    ) -> Appended:
        """The same for a single event."""
        meter, unique_id = batch.meter(0), batch.unique_ids[0]
        customer, dimension_set = (
            self._customers[batch.customers[0]],
            self._dimension_sets.encode_one(batch.dimensions[0]),
        )
        time_ms, value = batch.only
        row = Row(time_ms, customer, dimension_set, value)
        log = self._logs.get(meter) or MeterLog(len(self._logs))
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
        number = log.append_one(row)
        index.insert_one(verdict.key, number)
        self._logs[meter] = log
        self._arrivals.add(log.number, number, 1, second)
        return Appended(1, 0, conflicts)

    def _encode(self, batch: EventBatch) -> Encoded:
        """Turn words into codes and hashes. New words get their codes even if the batch is refused later."""
        count = len(batch)
        times_ms, values = batch.numbers()
        columns = empty_columns(count)._replace(times_ms=times_ms, values=values)
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

    def _gather(self, meters: MeterRuns, events: NDArray[np.int64], rows: NDArray[np.int64]) -> Columns:
        """Copy stored rows of the events' meters, with dimensions as identity sees them."""
        gathered = empty_columns(len(rows))
        for meter, places in meters.split(events):
            gathered.write(places, self._logs[meter].gather(rows[places]))
        return gathered._replace(dimension_sets=self._dimension_sets.identities(gathered.dimension_sets))

    def _commit(self, encoded: Encoded, meters: MeterRuns, verdict: Verdict, second: int) -> None:
        """Carry out a verdict."""
        rows = np.empty(len(verdict.new), np.int64)
        for meter, places in meters.split(verdict.new):
            log = self._logs.get(meter)
            if log is None:
                log = self._logs[meter] = MeterLog(len(self._logs))
            stored = encoded.columns.pick(verdict.new[places])
            stored = stored._replace(values=encoded.columns.values[verdict.final[places]])
            first_row = log.append(stored)
            rows[places] = first_row + np.arange(len(stored.values))
            self._arrivals.add(log.number, first_row, len(stored.values), second)
        self._indexes.anchors.insert(verdict.keys[verdict.anchors], rows[verdict.anchors])
        self._indexes.identities.insert(verdict.keys[~verdict.anchors], rows[~verdict.anchors])
        for meter, places in meters.split(verdict.overwriting):
            values = encoded.columns.values[verdict.overwriting[places]]
            self._logs[meter].overwrite_values(verdict.overwritten[places], values)


def _hashes(words: Sequence[str | None]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, words), np.int64, len(words))


def _has_word(hashes: NDArray[np.int64], words: Sequence[str | None]) -> NDArray[np.bool_]:
    """Which words are not None: only where the hash is that of None is it worth looking."""
    flags: NDArray[np.bool_] = hashes != hash(None)
    for index in np.flatnonzero(~flags).tolist():
        flags[index] = words[index] is not None
    return flags
