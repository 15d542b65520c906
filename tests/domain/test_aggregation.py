"""Aggregation of columns, against dictionaries and the rule written out."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain import aggregation
from mockserver.domain.aggregation import (
    DEFAULT_AGGREGATION,
    Aggregated,
    Aggregation,
    Extent,
    MeterKind,
    Rows,
    aggregate_rows,
)
from mockserver.domain.exact import LARGEST
from mockserver.domain.windows import HOUR_S, Interval, bucket_of_second

HOUR_MS = HOUR_S * 1000
GROUPS = CUSTOMERS = 4

Row = tuple[int, int, int, float]
"""Time in milliseconds, group, customer (0: absent), value."""

near = st.integers(-3 * 24 * HOUR_MS, 40 * 24 * HOUR_MS)
anywhere = st.integers(-(2**63), 2**63 - 1)
values = st.integers(-1_000, 1_000).map(float)
rows_of = {
    times: st.lists(st.tuples(times, st.integers(0, GROUPS - 1), st.integers(0, CUSTOMERS - 1), values), max_size=30)
    for times in (near, anywhere)
}


def aggregate(rows: list[Row], interval: Interval, kind: MeterKind, how: Aggregation, *, grouped: bool) -> Aggregated:
    """Aggregate rows that come in slices of seven."""

    def scan() -> Iterator[Rows]:
        for at in range(0, len(rows), 7):
            times, groups, customers, numbers = zip(*rows[at : at + 7], strict=True)
            codes = np.array(groups, np.int64) if grouped else None
            yield Rows(np.array(times, np.int64), codes, np.array(customers, np.int32), np.array(numbers, np.float64))

    times_ms = [row[0] for row in rows] or [0]
    extent = Extent(GROUPS if grouped else 1, CUSTOMERS, min(times_ms), max(times_ms))
    return aggregate_rows(scan, extent, interval, kind, how)


def naive(rows: list[Row], kind: MeterKind, how: Aggregation) -> float | None:
    """One number for some events; None when there is nothing to tell."""
    if kind is not MeterKind.UNIQUE:
        numbers = [row[3] for row in rows]
        rules = {Aggregation.SUM: sum, Aggregation.COUNT: len, Aggregation.MAX: max, Aggregation.MIN: min}
        return float(rules[how](numbers))  # type: ignore[operator]  # each takes a list of numbers
    rows = [row for row in rows if row[2]]
    if not rows:
        return None
    if how in {Aggregation.SUM, Aggregation.COUNT}:
        return float(len({row[2] for row in rows}))
    hours = defaultdict(set)
    for row in rows:
        hours[row[0] // HOUR_MS].add(row[2])
    counts = map(len, hours.values())
    return float(max(counts) if how is Aggregation.MAX else min(counts))


def expected(
    rows: list[Row], interval: Interval, kind: MeterKind, how: Aggregation, *, grouped: bool
) -> tuple[dict[tuple[int, int], float], dict[int, float]]:
    """Cells and totals of the rule written out."""
    cells, totals = defaultdict(list), defaultdict(list)
    for row in rows:
        group = row[1] if grouped else 0
        cells[group, bucket_of_second(row[0] // 1000, interval)].append(row)
        totals[group].append(row)
    told = {key: naive(some, kind, how) for key, some in cells.items()}
    whole = {key: naive(some, kind, how) for key, some in totals.items()}
    return (
        {key: value for key, value in told.items() if value is not None},
        {key: value for key, value in whole.items() if value is not None},
    )


def told(table: Aggregated) -> tuple[dict[tuple[int, int], float], dict[int, float]]:
    """Cells and totals of a table, after a look at its order."""
    keys = list(zip(table.groups.tolist(), table.buckets.tolist(), strict=True))
    assert keys == sorted(set(keys))
    cells = dict(zip(keys, table.values.tolist(), strict=True))
    return cells, dict(zip(table.group_codes.tolist(), table.totals.tolist(), strict=True))


@pytest.mark.parametrize("kind", MeterKind)
@pytest.mark.parametrize("how", Aggregation)
@pytest.mark.parametrize("interval", Interval)
@given(rows=rows_of[near] | rows_of[anywhere], grouped=st.booleans())
def test_a_table_is_what_the_rule_says(
    kind: MeterKind, how: Aggregation, interval: Interval, rows: list[Row], *, grouped: bool
) -> None:
    """Every kind, aggregation and interval gives the cells and totals of a plain calculation, at any times."""
    table = aggregate(rows, interval, kind, how, grouped=grouped)
    assert told(table) == expected(rows, interval, kind, how, grouped=grouped)
    assert not table.overflowed


@pytest.mark.parametrize("kind", MeterKind)
@pytest.mark.parametrize("how", Aggregation)
def test_small_and_large_tables_agree(kind: MeterKind, how: Aggregation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbering only the cells that occur gives the same answer as filling a table in place."""
    random = np.random.default_rng(5)
    columns = [random.integers(0, high, 500).tolist() for high in (90 * 24 * HOUR_MS, GROUPS, CUSTOMERS, 50)]
    rows: list[Row] = list(zip(*columns, strict=True))
    dense = told(aggregate(rows, Interval.WEEK, kind, how, grouped=True))
    monkeypatch.setattr(aggregation, "DENSE_PAIRS", 0)
    assert told(aggregate(rows, Interval.WEEK, kind, how, grouped=True)) == dense
    monkeypatch.setattr(aggregation, "DENSE_CELLS", 0)
    assert told(aggregate(rows, Interval.WEEK, kind, how, grouped=True)) == dense
    assert told(aggregate(rows, Interval.WEEK, kind, how, grouped=False))[1].keys() == {0}
    assert told(aggregate([], Interval.WEEK, kind, how, grouped=True)) == ({}, {})


@pytest.mark.parametrize("dense_cells", [aggregation.DENSE_CELLS, 0])
@pytest.mark.parametrize(
    ("values_by_hour", "expected"),
    [
        ([[1e308, 1e308], [1.0]], ([LARGEST, 1.0], LARGEST, True)),
        ([[-1e308, -1e308], [1.0]], ([-LARGEST, 1.0], -LARGEST, True)),
        ([[1e308, 1e308, -1e308], [1.0]], ([1e308, 1.0], 1e308, False)),
        ([[1e308, 1e308], [-1e308, -1e308]], ([LARGEST, -LARGEST], 0.0, True)),
        ([[1e308], [1e308]], ([1e308, 1e308], LARGEST, True)),
        ([[1e308, -1e308], [0.5]], ([0.0, 0.5], 0.5, False)),
    ],
)
def test_overflowing_sums(
    monkeypatch: pytest.MonkeyPatch,
    dense_cells: int,
    values_by_hour: list[list[float]],
    expected: tuple[list[float], float, bool],
) -> None:
    """A sum beyond the doubles is cut and marked; one that only passes beyond them on its way is exact."""
    monkeypatch.setattr(aggregation, "DENSE_CELLS", dense_cells)
    rows: list[Row] = [(hour * HOUR_MS, 2, 1, value) for hour, some in enumerate(values_by_hour) for value in some]
    table = aggregate(rows, Interval.HOUR, MeterKind.SUM, Aggregation.SUM, grouped=True)
    assert (table.values.tolist(), table.totals.tolist(), table.overflowed) == (expected[0], [expected[1]], expected[2])


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_any_doubles_have_a_finite_sum(numbers: list[float]) -> None:
    """Whatever doubles are summed, the answer is finite, and near the true sum relative to what went into it."""
    rows: list[Row] = [(0, 0, 1, number) for number in numbers]
    (total,) = aggregate(rows, Interval.DAY, MeterKind.SUM, Aggregation.SUM, grouped=False).totals.tolist()
    assert abs(total) <= LARGEST
    true = sum(map(Fraction, numbers), Fraction(0))
    clipped = max(-Fraction(LARGEST), min(Fraction(LARGEST), true))
    assert abs(Fraction(total) - clipped) <= sum(abs(Fraction(number)) for number in numbers) / 2**48


def test_every_kind_has_a_default() -> None:
    """Without an aggregation a meter is told by what it measures."""
    assert [DEFAULT_AGGREGATION[kind].value for kind in MeterKind] == ["sum", "max", "count"]
