"""From a usage query to a scan of columns and back: filters and groups become codes, codes become words again."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.aggregation import Aggregated, Extent, MeterKind, Rows, aggregate_rows
from mockserver.domain.usage import CUSTOMER, UsageGroup, UsageQuery, UsageResult, arrange
from mockserver.domain.windows import bucket_start
from mockserver.engine.event_codes import ABSENT, Codes, DimensionSets
from mockserver.engine.event_log import Columns, MeterLog, both

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_INT64: Final = np.iinfo(np.int64)


def aggregate_log(
    log: MeterLog, query: UsageQuery, kind: MeterKind, customers: Codes[str | None], sets: DimensionSets
) -> UsageResult:
    """Answer a query from the log of its meter; customer 0 is the absent one."""
    span = log.span()
    if span is None:
        return UsageResult([])
    first_ms = max(query.start_s * 1000, span[0])
    last_ms = min(query.end_s * 1000 - 1, span[1])
    if first_ms > last_ms:
        return UsageResult([])
    grouping = _Grouping(query, customers, sets)
    admission = grouping.restricted(Admission.of(query.filters, customers, sets))
    scan = _Scan(log, first_ms, last_ms, grouping, admission)
    extent = Extent(grouping.count, len(customers), first_ms, last_ms)
    table = aggregate_rows(scan, extent, query.interval, kind, query.aggregation)
    return UsageResult(arrange(_groups(table, grouping, query), query.take), table.overflowed)


class Admission(NamedTuple):
    """Which customers and dimension sets are admitted, by their codes; None where all are."""

    customers: Flags | None
    sets: Flags | None

    @classmethod
    def of(
        cls, filters: Mapping[str, frozenset[str]], customers: Codes[str | None], sets: DimensionSets
    ) -> "Admission":
        """What filters admit; one without values admits all."""
        by_customer = by_set = None
        for name, wanted in filters.items():
            if not wanted:
                continue
            if name == CUSTOMER:
                by_customer = both(by_customer, _chosen(np.arange(len(customers)), customers, wanted))
            else:
                column = sets.column(name)
                by_set = both(by_set, _chosen(column.by_set(len(sets)), column.values, wanted))
        return cls(by_customer, by_set)

    def flags(self, rows: Columns) -> Flags | None:
        """Which rows are admitted; None when all are."""
        by_customer = None if self.customers is None else self.customers[rows.customers]
        return both(by_customer, None if self.sets is None else self.sets[rows.dimension_sets])


class _Grouping:
    """The group of an event: its customer, when asked for, joined with the grouped part of its dimension set."""

    def __init__(self, query: UsageQuery, customers: Codes[str | None], sets: DimensionSets) -> None:
        self.names = tuple(dict.fromkeys(query.group_by))
        self.by_customer = CUSTOMER in self.names
        self._customers: list[str | None] = list(customers)
        self._columns = {name: sets.column(name) for name in self.names if name != CUSTOMER}
        self._values = {name: list(column.values) for name, column in self._columns.items()}
        self._by_set = {name: column.by_set(len(sets)) for name, column in self._columns.items()}
        self.by_dimension = bool(self._columns)
        self.set_groups, self._examples = self._group_sets(len(sets))
        self.count = len(self._examples) * (len(self._customers) if self.by_customer else 1)

    def codes(self, rows: Columns) -> Ints | NDArray[np.int32] | None:
        """The group of every row (each must have all grouped dimensions); None where nothing is grouped."""
        if not self._columns:
            return rows.customers if self.by_customer else None
        groups = self.set_groups[rows.dimension_sets]
        return rows.customers * np.int64(len(self._examples)) + groups if self.by_customer else groups

    def info(self, group: int) -> dict[str, str]:
        """The words of a group, in the order they were asked for."""
        customer, part = divmod(group, len(self._examples))
        example = self._examples[part]
        words = {name: self._values[name][self._by_set[name][example]] for name in self._columns}
        return {name: str(self._customers[customer]) if name == CUSTOMER else words[name] for name in self.names}

    def restricted(self, admission: Admission) -> Admission:
        """What is admitted and belongs to a group."""
        customers = np.arange(len(self._customers)) > 0 if self.by_customer else None
        complete = self.set_groups != ABSENT
        sets = complete if self.by_dimension and not complete.all() else None
        return Admission(both(admission.customers, customers), both(admission.sets, sets))

    def _group_sets(self, sets: int) -> tuple[Ints, Ints]:
        """Number the combinations of grouped values: for every set its number or ABSENT, and a set for each number."""
        groups = np.zeros(sets, np.int64)
        if not self._by_set:
            return groups, np.zeros(1, np.int64)
        for column in self._by_set.values():
            complete = (groups != ABSENT) & (column != ABSENT)
            joined = groups * (int(column.max(initial=0)) + 1) + column
            groups = np.full(sets, ABSENT, np.int64)
            groups[complete] = np.unique(joined[complete], return_inverse=True)[1]
        complete = np.flatnonzero(groups != ABSENT)
        return groups, complete[np.unique(groups[complete], return_index=True)[1]]


class _Scan:
    """The selected rows of a log, chunk by chunk; may be run again."""

    def __init__(self, log: MeterLog, first_ms: int, last_ms: int, grouping: _Grouping, admission: Admission) -> None:
        self._log, self._first_ms, self._last_ms = log, first_ms, last_ms
        self._grouping, self._admission = grouping, admission

    def __call__(self) -> Iterator[Rows]:
        for columns, inside, live in self._log.slices(self._first_ms, self._last_ms):
            flags = both(live, self._admission.flags(columns))
            if not inside:
                flags = both(flags, (columns.times_ms >= self._first_ms) & (columns.times_ms <= self._last_ms))
            rows = columns if flags is None or flags.all() else columns.pick(np.flatnonzero(flags))
            if len(rows.values):
                yield Rows(rows.times_ms, self._grouping.codes(rows), rows.customers, rows.values)


def _chosen(
    codes: NDArray[np.int64] | NDArray[np.int32], words: Mapping[str, int] | Codes[str | None], wanted: frozenset[str]
) -> Flags:
    """Which codes stand for a wanted word; ABSENT never does."""
    return np.isin(codes, [words[word] for word in wanted if word in words])


def _groups(table: Aggregated, grouping: _Grouping, query: UsageQuery) -> list[UsageGroup]:
    """Tell every group of a table in words and seconds."""
    buckets = table.buckets.tolist()
    starts = {ordinal: bucket_start(ordinal, query.interval) for ordinal in set(buckets)}
    cells = list(zip(map(starts.__getitem__, buckets), table.values.tolist(), strict=True))
    bounds = [*np.searchsorted(table.groups, table.group_codes).tolist(), len(cells)]
    totals = zip(table.group_codes.tolist(), table.totals.tolist(), strict=True)
    return [
        UsageGroup(grouping.info(group), total, cells[bounds[at] : bounds[at + 1]])
        for at, (group, total) in enumerate(totals)
    ]
