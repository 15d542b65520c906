"""The events of one meter as columns: append-only chunks of rows.

Chunks of a fixed size need no copying when the log grows and waste at most one chunk; each knows its first and last
instant, so that a query passes over those outside its range. A cancelled event keeps its row, and with it its
identity; a chunk without any has no flags for it.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.usage import UsageResult
from mockserver.engine.event_owners import Owners

Ints = NDArray[np.int64]
Codes32 = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHUNK_ROWS: Final = 65_536
_FIRST_ROWS: Final = 64

_ANSWERS: Final = 256
"""Usage answers that are kept of a meter whose events do not change."""

_LARGEST_ANSWER: Final = 10_000
"""Values of an answer that is still worth its memory."""

_NO_SPAN: Final = 2**63 - 1, -(2**63)
"""First and last instant of no events: any event is before the one and after the other."""


def both(some: Flags | None, others: Flags | None) -> Flags | None:
    """The flags that are set in both arrays; None stands for all of them."""
    if some is None or others is None:
        return others if some is None else some
    return some & others


class Row(NamedTuple):
    """One event in codes, as `Columns` has many."""

    time_ms: int
    customer: int
    dimension_set: int
    value: float


class Columns(NamedTuple):
    """Events column by column, all of one length: Unix milliseconds, codes of customer and dimension set, value."""

    times_ms: Ints
    customers: Codes32
    dimension_sets: Codes32
    values: Floats

    def pick(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Columns":
        """The same columns at some rows only."""
        return Columns(self.times_ms[rows], self.customers[rows], self.dimension_sets[rows], self.values[rows])

    def write(self, places: NDArray[np.int64] | slice, rows: "Columns") -> None:
        """Overwrite some rows of these columns."""
        self.times_ms[places] = rows.times_ms
        self.customers[places] = rows.customers
        self.dimension_sets[places] = rows.dimension_sets
        self.values[places] = rows.values


def occurring(numbers: Ints | Codes32) -> list[int]:
    """Which small numbers (from 0 on) occur, ascending: without the sorting of `np.unique`."""
    found: list[int] = np.flatnonzero(np.bincount(numbers)).tolist()
    return found


def _in_chunks(rows: Ints) -> Iterator[tuple[int, Ints]]:
    """Ascending rows by the chunk that holds them: its number and their places in it."""
    start = 0
    while start < len(rows):
        number = int(rows[start]) // CHUNK_ROWS
        end = int(np.searchsorted(rows, (number + 1) * CHUNK_ROWS))
        yield number, rows[start:end] - number * CHUNK_ROWS
        start = end


def empty_columns(rows: int) -> Columns:
    """Columns of a length, with nothing written in them."""
    return Columns(np.empty(rows, np.int64), np.empty(rows, np.int32), np.empty(rows, np.int32), np.empty(rows))


class Slice(NamedTuple):
    """A chunk as a query sees it: whether all its events lie in the range, and which ones count (None: all)."""

    columns: Columns
    inside: bool
    live: Flags | None


class _Chunk:
    """Up to CHUNK_ROWS rows; a small log starts small and doubles."""

    def __init__(self, capacity: int) -> None:
        self.columns = empty_columns(capacity)
        self.size = 0
        self.first_ms, self.last_ms = _NO_SPAN
        self._cancelled: Flags | None = None

    def append(self, rows: Columns) -> None:
        """Write rows behind the others; there must be space for them below CHUNK_ROWS."""
        end = self.size + len(rows.values)
        if end > len(self.columns.values):
            self._grow(end)
        self.columns.write(slice(self.size, end), rows)
        self._widen(int(rows.times_ms.min()), int(rows.times_ms.max()))
        self.size = end

    def append_one(self, row: Row) -> None:
        """The same for one row."""
        if self.size == len(self.columns.values):
            self._grow(self.size + 1)
        at, columns = self.size, self.columns
        columns.times_ms[at], columns.customers[at], columns.dimension_sets[at], columns.values[at] = row
        self._widen(row.time_ms, row.time_ms)
        self.size = at + 1

    @property
    def live(self) -> Flags | None:
        """Which rows are not cancelled; None when all are."""
        return None if self._cancelled is None else ~self._cancelled[: self.size]

    def within(self, places: Ints, customers: Sequence[int], first_ms: int, last_ms: int) -> Columns:
        """Copies those of some customers' rows that lie in `[first_ms, last_ms]` and are not cancelled.

        Their codes become places in `customers`, from 1.
        """
        if self._cancelled is not None:
            places = places[~self._cancelled[places]]
        if self.first_ms < first_ms or self.last_ms > last_ms:
            times_ms = self.columns.times_ms[places]
            places = places[(times_ms >= first_ms) & (times_ms <= last_ms)]
        times_ms, codes, sets, values = self.columns
        if len(customers) == 1:  # which needs no look at every row
            numbered = np.ones(len(places), np.int32)
        else:
            numbered = (np.searchsorted(np.array(customers, np.int32), codes[places]) + 1).astype(np.int32)
        return Columns(times_ms[places], numbered, sets[places], values[places])

    def cancel(self, places: Ints) -> int:
        """Cancel rows and return how many were not cancelled before; the instants become those of the others."""
        if self._cancelled is None:
            self._cancelled = np.zeros(CHUNK_ROWS, np.bool_)
        before = int(np.count_nonzero(self._cancelled))
        self._cancelled[places] = True
        times = self.columns.times_ms[: self.size][~self._cancelled[: self.size]]
        self.first_ms, self.last_ms = (int(times.min()), int(times.max())) if times.size else _NO_SPAN
        return int(np.count_nonzero(self._cancelled)) - before

    def _widen(self, first_ms: int, last_ms: int) -> None:
        self.first_ms = min(self.first_ms, first_ms)
        self.last_ms = max(self.last_ms, last_ms)

    def _grow(self, needed: int) -> None:
        larger = empty_columns(min(CHUNK_ROWS, max(needed, 2 * len(self.columns.values))))
        larger.write(slice(self.size), self.columns.pick(slice(self.size)))
        self.columns = larger


class MeterLog:
    """All events of one meter, in the order they were appended. `number` tells the logs of a store apart."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self._chunks = [_Chunk(_FIRST_ROWS)]
        self.count = self.cancelled = 0
        self._owners = Owners(self._customers)
        self.answers: dict[Hashable, UsageResult] = {}
        """What was answered of these events since they last changed."""

    def keep(self, key: Hashable, answer: UsageResult) -> None:
        """Remember an answer until the next change; the oldest goes when there are many, a large one is not kept."""
        if sum(len(group.buckets) for group in answer.groups) > _LARGEST_ANSWER:
            return
        if len(self.answers) >= _ANSWERS:
            del self.answers[next(iter(self.answers))]
        self.answers[key] = answer

    def append(self, rows: Columns) -> int:
        """Append rows (at least one) and return the number of the first."""
        self.answers.clear()
        first_row, done = self.count, 0
        while done < len(rows.values):
            if self._chunks[-1].size == CHUNK_ROWS:
                self._chunks.append(_Chunk(CHUNK_ROWS))
            end = done + CHUNK_ROWS - self._chunks[-1].size
            self._chunks[-1].append(rows.pick(slice(done, end)))
            done = end
        self.count += len(rows.values)
        return first_row

    def append_one(self, row: Row) -> int:
        """Append a row and return its number."""
        self.answers.clear()
        if self._chunks[-1].size == CHUNK_ROWS:
            self._chunks.append(_Chunk(CHUNK_ROWS))
        self._chunks[-1].append_one(row)
        self.count += 1
        return self.count - 1

    def row(self, number: int) -> Row:
        """The row with this number."""
        at, columns = number % CHUNK_ROWS, self._chunks[number // CHUNK_ROWS].columns
        codes = columns.customers.item(at), columns.dimension_sets.item(at)
        return Row(columns.times_ms.item(at), *codes, columns.values.item(at))

    def gather(self, rows: Ints) -> Columns:
        """Copy the rows with these numbers."""
        gathered = empty_columns(len(rows))
        for chunk, places in self._by_chunk(rows):
            gathered.write(places, chunk.columns.pick(rows[places] % CHUNK_ROWS))
        return gathered

    def overwrite_values(self, rows: Ints, values: Floats) -> None:
        """Replace the values of the rows with these numbers (distinct)."""
        self.answers.clear()
        for chunk, places in self._by_chunk(rows):
            chunk.columns.values[rows[places] % CHUNK_ROWS] = values[places]

    def cancel(self, rows: Ints) -> int:
        """Cancel the rows with these numbers and return how many were not cancelled before."""
        self.answers.clear()
        newly = sum(chunk.cancel(rows[places] % CHUNK_ROWS) for chunk, places in self._by_chunk(rows))
        self.cancelled += newly
        return newly

    def live(self, rows: Ints) -> Flags | None:
        """Which of the rows with these numbers are not cancelled; None when all are."""
        if not self.cancelled:
            return None
        flags = np.ones(len(rows), np.bool_)
        for chunk, places in self._by_chunk(rows):
            live = chunk.live
            if live is not None:
                flags[places] = live[rows[places] % CHUNK_ROWS]
        return flags

    def of_customers(self, customers: Sequence[int], first_ms: int, last_ms: int) -> Columns | None:
        """Copies the events of some customers (ascending) in `[first_ms, last_ms]` that count.

        A customer's code in the copy is their place in `customers`, counted from 1. None where looking through all
        slices is faster: the log is small or a large part of it is theirs.
        """
        rows = self._owners.rows_of(customers, self.count)
        if rows is None:
            return None
        parts = [empty_columns(0)]
        for number, places in _in_chunks(rows):
            chunk = self._chunks[number]
            if chunk.first_ms <= last_ms and chunk.last_ms >= first_ms:
                parts.append(chunk.within(places, customers, first_ms, last_ms))
        return Columns(*map(np.concatenate, zip(*parts, strict=True)))

    def slices(self, first_ms: int, last_ms: int) -> Iterator[Slice]:
        """The chunks that may hold events of `[first_ms, last_ms]` that count.

        The arrays of events are the log's own: they must only be read.
        """
        for chunk in self._chunks:
            if chunk.first_ms <= chunk.last_ms and chunk.first_ms <= last_ms and chunk.last_ms >= first_ms:
                inside = first_ms <= chunk.first_ms and chunk.last_ms <= last_ms
                yield Slice(chunk.columns.pick(slice(chunk.size)), inside, chunk.live)

    def span(self) -> tuple[int, int] | None:
        """The instants of the earliest and the latest event that counts; None when none does."""
        first_ms = min(chunk.first_ms for chunk in self._chunks)
        last_ms = max(chunk.last_ms for chunk in self._chunks)
        return (first_ms, last_ms) if first_ms <= last_ms else None

    def _customers(self, start: int) -> Iterator[Codes32]:
        """The customers of the rows from a number on."""
        for number in range(start // CHUNK_ROWS, len(self._chunks)):
            chunk = self._chunks[number]
            yield chunk.columns.customers[max(start - number * CHUNK_ROWS, 0) : chunk.size]

    def _by_chunk(self, rows: Ints) -> Iterator[tuple[_Chunk, Ints]]:
        """Each chunk that holds some of the rows, and where those stand in `rows`."""
        chunks = rows // CHUNK_ROWS
        for number in occurring(chunks):
            yield self._chunks[number], np.flatnonzero(chunks == number)
