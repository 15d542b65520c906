"""From a usage query to a scan of columns and back: filters and groups become codes, codes become words again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mockserver.domain.aggregation import Aggregated, Extent, MeterKind, Rows, aggregate_rows
from mockserver.domain.usage import CUSTOMER, UsageGroup, UsageQuery, UsageResult, arrange
from mockserver.domain.windows import bucket_start
from mockserver.engine.event_codes import ABSENT, Codes, DimensionSets
from mockserver.engine.event_log import Columns, MeterLog, both

Ints = NDArray[np.int64]
Codes32 = NDArray[np.int32]
Flags = NDArray[np.bool_]

_FEW_NUMBERS: Final = 1_024
"""Tables of a few times the sets, and of so many entries in any case, are faster than sorting."""


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
    scan = _scan_of_customers(log, query, (first_ms, last_ms), customers, sets)
    if scan is None:
        scan = _scan_of_log(log, query, (first_ms, last_ms), customers, sets)
    extent = Extent(scan.grouping.count, len(scan.meanings.customers), first_ms, last_ms)
    table = aggregate_rows(scan.rows, extent, query.buckets, kind, query.aggregation)
    return UsageResult(arrange(_groups(table, scan.grouping, query), query.take), table.overflowed)


class Meanings(NamedTuple):
    """What the codes in some columns stand for.

    Attributes:
        customers: the word of each customer's code; 0 is the absent one.
        sets: all dimension sets.
        occurring: the sets that occur, where the columns have places in it for codes; None where these are the sets'.
    """

    customers: Sequence[str | None]
    sets: DimensionSets
    occurring: Codes32 | None = None

    @property
    def set_count(self) -> int:
        """The codes of sets are below this."""
        return len(self.sets) if self.occurring is None else len(self.occurring)

    def by_set(self, name: str) -> Codes32:
        """The code of each set's value of a dimension, ABSENT where it has none; must only be read."""
        column = self.sets.column(name).by_set(len(self.sets))
        return column if self.occurring is None else column[self.occurring]

    def admitted_sets(self, filters: Mapping[str, frozenset[str]]) -> Flags | None:
        """Which sets the filters on dimensions admit; None where all are. One without values admits all."""
        admitted = None
        for name, wanted in filters.items():
            if wanted and name != CUSTOMER:
                words = self.sets.column(name).values
                chosen = np.zeros(len(words) + 1, np.bool_)  # the last place is that of ABSENT, which never is wanted
                chosen[words.chosen(wanted)] = True
                admitted = both(admitted, chosen[self.by_set(name)])
        return admitted


class Admission(NamedTuple):
    """Which customers and dimension sets are admitted, by their codes; None where all are."""

    customers: Flags | None
    sets: Flags | None

    @classmethod
    def of(
        cls, filters: Mapping[str, frozenset[str]], customers: Codes[str | None], sets: DimensionSets
    ) -> "Admission":
        """What filters admit; one without values admits all."""
        by_customer = None
        if wanted := filters.get(CUSTOMER):
            by_customer = np.zeros(len(customers), np.bool_)
            by_customer[customers.chosen(wanted)] = True
        return cls(by_customer, Meanings(customers.words(), sets).admitted_sets(filters))

    def flags(self, rows: Columns) -> Flags | None:
        """Which rows are admitted; None when all are."""
        by_customer = None if self.customers is None else self.customers[rows.customers]
        return both(by_customer, None if self.sets is None else self.sets[rows.dimension_sets])


class _Grouping:
    """The group of an event: its customer, when asked for, joined with the grouped part of its dimension set."""

    def __init__(self, names: tuple[str, ...], meanings: Meanings) -> None:
        self.names = tuple(dict.fromkeys(names))
        self.by_customer = CUSTOMER in self.names
        self._customers = meanings.customers
        dimensions = [name for name in self.names if name != CUSTOMER]
        self._values = {name: meanings.sets.column(name).values.words() for name in dimensions}
        self._by_set = {name: meanings.by_set(name) for name in dimensions}
        self._set_groups, self._examples = _group_sets(list(self._by_set.values()), meanings.set_count)
        self.count = len(self._examples) * (len(self._customers) if self.by_customer else 1)

    def codes(self, rows: Columns) -> Ints | Codes32 | None:
        """The group of every row (each must have all grouped dimensions); None where nothing is grouped."""
        if not self._by_set:
            return rows.customers if self.by_customer else None
        groups = self._set_groups[rows.dimension_sets]
        return rows.customers * np.int64(len(self._examples)) + groups if self.by_customer else groups

    def info(self, group: int) -> dict[str, str]:
        """The words of a group, in the order they were asked for."""
        customer, part = divmod(group, len(self._examples))
        example = self._examples[part]
        words = {name: values[self._by_set[name][example]] for name, values in self._values.items()}
        return {name: str(self._customers[customer]) if name == CUSTOMER else words[name] for name in self.names}

    def restricted(self, admission: Admission) -> Admission:
        """What is admitted and belongs to a group."""
        customers = np.arange(len(self._customers)) > 0 if self.by_customer else None
        complete = self._set_groups != ABSENT if self._by_set else None
        sets = None if complete is None or complete.all() else complete
        return Admission(both(admission.customers, customers), both(admission.sets, sets))


class _Scan(NamedTuple):
    """The selected rows, slice by slice; may be run again.

    `slices` gives rows whose codes `meanings` explains and whose groups `grouping` knows.
    """

    slices: Callable[[], Iterable[Columns]]
    meanings: Meanings
    grouping: _Grouping

    def rows(self) -> Iterator[Rows]:
        """The rows as they are aggregated."""
        for rows in self.slices():
            if len(rows.values):
                yield Rows(rows.times_ms, self.grouping.codes(rows), rows.customers, rows.values)


def _scan_of_log(
    log: MeterLog, query: UsageQuery, span: tuple[int, int], customers: Codes[str | None], sets: DimensionSets
) -> _Scan:
    """All rows of a log in a span of time (first and last millisecond), chunk by chunk."""
    meanings = Meanings(customers.words(), sets)
    grouping = _Grouping(query.group_by, meanings)
    admission = grouping.restricted(Admission.of(query.filters, customers, sets))
    first_ms, last_ms = span

    def slices() -> Iterator[Columns]:
        for columns, inside, live in log.slices(first_ms, last_ms):
            flags = both(live, admission.flags(columns))
            if not inside:
                flags = both(flags, (columns.times_ms >= first_ms) & (columns.times_ms <= last_ms))
            yield _picked(columns, flags)

    return _Scan(slices, meanings, grouping)


def _scan_of_customers(
    log: MeterLog, query: UsageQuery, span: tuple[int, int], customers: Codes[str | None], sets: DimensionSets
) -> _Scan | None:
    """The rows of the customers that are wanted in one slice; None where it is no gain to look for them alone.

    Sets too are numbered anew where the store has more of them than there are rows: few rows shall be little work.
    """
    wanted = query.filters.get(CUSTOMER)
    codes = sorted(customers.chosen(wanted)) if wanted else []
    columns = log.of_customers(codes, *span) if wanted else None
    if columns is None:
        return None
    occurring = None
    if len(columns.values) < len(sets):
        occurring, places = np.unique(columns.dimension_sets, return_inverse=True)
        columns = columns._replace(dimension_sets=places.astype(np.int32))
    words = customers.words()
    meanings = Meanings((None, *(words[code] for code in codes)), sets, occurring)
    grouping = _Grouping(query.group_by, meanings)
    admission = grouping.restricted(Admission(None, meanings.admitted_sets(query.filters)))
    rows = _picked(columns, admission.flags(columns))
    return _Scan(lambda: [rows], meanings, grouping)


def _picked(columns: Columns, flags: Flags | None) -> Columns:
    """The flagged rows; None stands for all."""
    return columns if flags is None or flags.all() else columns.pick(np.flatnonzero(flags))


def _group_sets(columns: Sequence[Codes32], sets: int) -> tuple[Ints, Ints]:
    """Number the combinations of grouped values: for every set its number or ABSENT, and a set for each number."""
    if not columns:
        return np.zeros(0, np.int64), np.zeros(1, np.int64)
    groups, count = np.zeros(sets, np.int64), 1
    for column in columns:
        complete = np.flatnonzero((groups != ABSENT) & (column != ABSENT))
        values = int(column.max(initial=0)) + 1
        joined = groups[complete] * values + column[complete]
        groups = np.full(sets, ABSENT, np.int64)
        groups[complete], count = _numbered(joined, count * values)
    examples = np.zeros(count, np.int64)
    complete = np.flatnonzero(groups != ABSENT)
    examples[groups[complete]] = complete
    return groups, examples


def _numbered(numbers: Ints, below: int) -> tuple[Ints, int]:
    """Numbers (from 0 on, below a bound) numbered anew in their order without gaps, and how many differ."""
    if below <= max(_FEW_NUMBERS, 2 * len(numbers)):
        found = np.zeros(below, np.int64)
        found[numbers] = 1
        anew = np.cumsum(found) - 1
        return anew[numbers], int(np.count_nonzero(found))
    distinct, places = np.unique(numbers, return_inverse=True)
    return places, len(distinct)


def _groups(table: Aggregated, grouping: _Grouping, query: UsageQuery) -> list[UsageGroup]:
    """Tell every group of a table in words and seconds."""
    ordinals, buckets = table.buckets.tolist(), query.buckets
    starts = {ordinal: bucket_start(ordinal, buckets) for ordinal in set(ordinals)}
    cells = list(zip(map(starts.__getitem__, ordinals), table.values.tolist(), strict=True))
    bounds = [*np.searchsorted(table.groups, table.group_codes).tolist(), len(cells)]
    totals = zip(table.group_codes.tolist(), table.totals.tolist(), strict=True)
    return [
        UsageGroup(grouping.info(group), total, cells[bounds[at] : bounds[at + 1]])
        for at, (group, total) in enumerate(totals)
    ]
