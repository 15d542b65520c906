"""The events of one meter as columns: append-only chunks of rows.

Chunks of a fixed size need no copying when the log grows and waste at most one chunk; each knows its first and last
instant, so that a query passes over those outside its range.
"""

from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.usage import UsageResult

Ints = NDArray[np.int64]
Codes32 = NDArray[np.int32]
Floats = NDArray[np.float64]

CHUNK_ROWS: Final = 65_536
_FIRST_ROWS: Final = 64

_ANSWERS: Final = 256
"""Usage answers that are kept of a meter whose events do not change."""

_LARGEST_ANSWER: Final = 10_000
"""Values of an answer that is still worth its memory."""


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


def empty_columns(rows: int) -> Columns:
    """Columns of a length, with nothing written in them."""
    return Columns(np.empty(rows, np.int64), np.empty(rows, np.int32), np.empty(rows, np.int32), np.empty(rows))


class _Chunk:
    """Up to CHUNK_ROWS rows; a small log starts small and doubles."""

    def __init__(self, capacity: int) -> None:
        self.columns = empty_columns(capacity)
        self.size = 0
        self.first_ms = self.last_ms = 0

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

    def _widen(self, first_ms: int, last_ms: int) -> None:
        self.first_ms = min(self.first_ms, first_ms) if self.size else first_ms
        self.last_ms = max(self.last_ms, last_ms) if self.size else last_ms

    def _grow(self, needed: int) -> None:
        larger = empty_columns(min(CHUNK_ROWS, max(needed, 2 * len(self.columns.values))))
        larger.write(slice(self.size), self.columns.pick(slice(self.size)))
        self.columns = larger


class MeterLog:
    """All events of one meter, in the order they were appended."""

    def __init__(self) -> None:
        self._chunks = [_Chunk(_FIRST_ROWS)]
        self.count = 0
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

    def slices(self, first_ms: int, last_ms: int) -> Iterator[tuple[Columns, bool]]:
        """The chunks that may hold events of `[first_ms, last_ms]`, and whether all their events do.

        The arrays are the log's own: they must only be read.
        """
        for chunk in self._chunks:
            if chunk.size and chunk.first_ms <= last_ms and chunk.last_ms >= first_ms:
                inside = first_ms <= chunk.first_ms and chunk.last_ms <= last_ms
                yield chunk.columns.pick(slice(chunk.size)), inside

    def span(self) -> tuple[int, int]:
        """The instants of the earliest and the latest event; the log must not be empty."""
        used = [chunk for chunk in self._chunks if chunk.size]
        return min(chunk.first_ms for chunk in used), max(chunk.last_ms for chunk in used)

    def _by_chunk(self, rows: Ints) -> Iterator[tuple[_Chunk, Ints]]:
        """Each chunk that holds some of the rows, and where those stand in `rows`."""
        chunks = rows // CHUNK_ROWS
        for number in np.unique(chunks).tolist():
            yield self._chunks[number], np.flatnonzero(chunks == number)
