"""Aggregation of event columns into cells: one value for every group and bucket that has events.

The events come as a *scan*: a function that yields the selected rows slice by slice and may be called again. Slices
keep every NumPy call short, whatever the number of events. Where the table of groups x buckets is small it is filled
in place; where it would be too large (a hostile range of times, a key without repeats) only the cells that occur get
a number.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.exact import settle_sums
from mockserver.domain.windows import Buckets, bucket_of, bucket_of_hours, hours_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DENSE_CELLS: Final = 1 << 22
"""Tables of up to this many cells (32 MB) are filled in place."""

DENSE_PAIRS: Final = 1 << 25
"""The same bound for the one-byte table of cells x customers."""


class Aggregation(StrEnum):
    """How the events of one cell become one number."""

    SUM = "sum"
    COUNT = "count"
    MAX = "max"
    MIN = "min"


class MeterKind(StrEnum):
    """What a meter measures: the sum of its values, their maximum, or how many distinct customers it saw."""

    SUM = "sum"
    MAX = "max"
    UNIQUE = "unique"


DEFAULT_AGGREGATION: Final = {
    MeterKind.SUM: Aggregation.SUM,
    MeterKind.MAX: Aggregation.MAX,
    MeterKind.UNIQUE: Aggregation.COUNT,
}


class Rows(NamedTuple):
    """A slice of the selected events, column by column; all arrays have one length.

    `groups` is None where nothing is grouped. Customer 0 is the absent one. Values are finite, zeros are positive.
    """

    times_ms: Ints
    groups: Ints | NDArray[np.int32] | None
    customers: NDArray[np.int32]
    values: Floats


Scan = Callable[[], Iterable[Rows]]


class Extent(NamedTuple):
    """Bounds of what a scan yields: group codes below `groups`, customer codes below `customers`, and the times."""

    groups: int
    customers: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The cells that have events, ordered by group and then bucket, and each group's aggregate over the whole range.

    `group_codes` (ascending) and `totals` are parallel; so are `groups`, `buckets` (ordinals) and `values`.
    """

    groups: Ints
    buckets: Ints
    values: Floats
    group_codes: Ints
    totals: Floats
    overflowed: bool = False


class _Reduction(NamedTuple):
    """How numbers join, and the number to start with: one that no event can leave in a cell, so it marks empty ones."""

    ufunc: np.ufunc
    initial: float


_REDUCTIONS: Final = {
    Aggregation.SUM: _Reduction(np.add, -0.0),
    Aggregation.COUNT: _Reduction(np.add, -0.0),
    Aggregation.MAX: _Reduction(np.maximum, -np.inf),
    Aggregation.MIN: _Reduction(np.minimum, np.inf),
}


def aggregate_rows(scan: Scan, extent: Extent, cut: Buckets, kind: MeterKind, aggregation: Aggregation) -> Aggregated:
    """Aggregate every event of `scan` by group and bucket.

    On a UNIQUE meter SUM and COUNT give distinct customers, MAX and MIN the largest and smallest number of distinct
    customers of an hour; an hour without events does not count, and neither does an absent customer (our reading).
    A sum beyond the doubles is answered as the largest double of its sign and marked `overflowed`.
    """
    if kind is not MeterKind.UNIQUE:
        return _reduce_values(_cells(scan, extent, cut), aggregation)
    if aggregation in {Aggregation.SUM, Aggregation.COUNT}:
        return _count_customers(_cells(scan, extent, cut), extent.customers)
    hourly = _count_customers(_cells(scan, extent, hours_of(cut)), extent.customers)
    return _coarsen(hourly, cut, _REDUCTIONS[aggregation].ufunc)


class _Cells(Protocol):
    """Numbered cells: how many, the cell of every row, and the group and bucket of a cell."""

    count: int

    def parts(self) -> Iterator[tuple[Ints, Rows]]: ...

    def decode(self, cells: Ints) -> tuple[Ints, Ints]: ...


class _DenseCells:
    """Every bucket of the range for every group."""

    def __init__(self, scan: Scan, cut: Buckets, first_bucket: int, width: int, groups: int) -> None:
        self._scan, self._cut, self._first, self._width = scan, cut, first_bucket, width
        self.count = groups * width

    def parts(self) -> Iterator[tuple[Ints, Rows]]:
        for rows in self._scan():
            cells = bucket_of(rows.times_ms, self._cut) - self._first
            if rows.groups is not None:
                cells += np.multiply(rows.groups, self._width, dtype=np.int64)
            yield cells, rows

    def decode(self, cells: Ints) -> tuple[Ints, Ints]:
        return cells // self._width, cells % self._width + self._first


class _SparseCells:
    """Only the cells that occur: groups and buckets are renumbered first, so that their product fits an int64."""

    def __init__(self, scan: Scan, cut: Buckets) -> None:
        self._rows, all_groups = _joined(scan)
        groups, group_of_row = np.unique(all_groups, return_inverse=True)
        buckets, bucket_of_row = np.unique(bucket_of(self._rows.times_ms, cut), return_inverse=True)
        cells = group_of_row.astype(np.int64) * len(buckets) + bucket_of_row
        pairs, positions = np.unique(cells, return_inverse=True)
        self._cells = positions.astype(np.int64)
        self._groups, self._buckets = groups[pairs // len(buckets)], buckets[pairs % len(buckets)]
        self.count = len(pairs)

    def parts(self) -> Iterator[tuple[Ints, Rows]]:
        yield self._cells, self._rows

    def decode(self, cells: Ints) -> tuple[Ints, Ints]:
        return self._groups[cells], self._buckets[cells]


def _joined(scan: Scan) -> tuple[Rows, Ints]:
    """All rows of a scan as one slice, and their groups."""
    none = np.empty(0, np.int64)
    slices = [Rows(none, none, none.astype(np.int32), none.astype(np.float64)), *scan()]
    groups = [np.zeros(len(rows.values), np.int64) if rows.groups is None else rows.groups for rows in slices]
    times_ms, _, customers, values = zip(*slices, strict=True)
    joined = Rows(np.concatenate(times_ms), None, np.concatenate(customers), np.concatenate(values))
    return joined, np.concatenate(groups)


def _cells(scan: Scan, extent: Extent, cut: Buckets) -> _Cells:
    first, last = bucket_of(np.array([extent.first_ms, extent.last_ms], np.int64), cut).tolist()
    width = last - first + 1
    if extent.groups * width <= DENSE_CELLS:
        return _DenseCells(scan, cut, first, width, extent.groups)
    return _SparseCells(scan, cut)


def _reduce_values(cells: _Cells, aggregation: Aggregation) -> Aggregated:
    """SUM, COUNT, MAX or MIN of the values of each cell."""
    ufunc, initial = _REDUCTIONS[aggregation]
    table = np.full(cells.count, initial)
    untouched = np.array(initial).view(np.int64)  # bit by bit, because -0.0 equals 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # such sums are settled exactly below
        for part, rows in cells.parts():
            ufunc.at(table, part, np.ones(len(part)) if aggregation is Aggregation.COUNT else rows.values)
        used = np.flatnonzero(table.view(np.int64) != untouched)
        groups, buckets = cells.decode(used)
        values = table[used]
        group_codes, starts = _runs(groups)
        totals = ufunc.reduceat(values, starts) if used.size else values
    if np.isfinite(totals).all():
        return Aggregated(groups, buckets, values, group_codes, totals)
    cell_sums = settle_sums(values, used, ((part, rows.values) for part, rows in cells.parts()))
    group_sums = settle_sums(
        totals, group_codes, ((cells.decode(part)[0], rows.values) for part, rows in cells.parts())
    )
    overflowed = cell_sums.overflowed or group_sums.overflowed
    return Aggregated(groups, buckets, cell_sums.values, group_codes, group_sums.values, overflowed)


def _count_customers(cells: _Cells, customers: int) -> Aggregated:
    """Distinct customers of each cell."""
    pairs = _distinct_pairs(cells, customers)
    used, counts = np.unique(pairs // customers, return_counts=True)
    groups, buckets = cells.decode(used)
    group_codes, first_pairs = np.unique(groups, return_inverse=True)
    ordinal_of_pair = np.repeat(first_pairs, counts)
    of_group = np.unique(ordinal_of_pair * customers + pairs % customers) // customers
    totals = np.bincount(of_group, minlength=len(group_codes))
    return Aggregated(groups, buckets, counts.astype(np.float64), group_codes, totals.astype(np.float64))


def _distinct_pairs(cells: _Cells, customers: int) -> Ints:
    """The distinct `cell * customers + customer` that occur, ascending; the absent customer is left out."""
    if cells.count * customers <= DENSE_PAIRS:
        seen = np.zeros(cells.count * customers, np.bool_)
        for part, rows in cells.parts():
            seen[part * customers + rows.customers] = True
        seen[::customers] = False
        return np.flatnonzero(seen)
    found = [np.unique((part * customers + rows.customers)[rows.customers > 0]) for part, rows in cells.parts()]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _coarsen(hourly: Aggregated, cut: Buckets, ufunc: np.ufunc) -> Aggregated:
    """Reduce hourly numbers to the buckets of `cut` and to the whole range."""
    if not hourly.values.size:
        return hourly
    buckets = bucket_of_hours(hourly.buckets, cut)
    _, group_starts = _runs(hourly.groups)
    changes = (np.diff(hourly.groups) != 0) | (np.diff(buckets) != 0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    values, totals = ufunc.reduceat(hourly.values, starts), ufunc.reduceat(hourly.values, group_starts)
    return Aggregated(hourly.groups[starts], buckets[starts], values, hourly.group_codes, totals)


def _runs(ascending: Ints) -> tuple[Ints, Ints]:
    """The distinct numbers of an ascending array and where each begins."""
    starts = np.flatnonzero(ascending[1:] != ascending[:-1]) + 1
    if ascending.size:
        starts = np.concatenate(([0], starts))
    return ascending[starts], starts
