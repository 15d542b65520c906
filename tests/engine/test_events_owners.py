"""Questions about some customers: answered from their rows alone, as if every row had been looked at."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.identity import Dedup, Event
from mockserver.domain.selection import Cancellation, EventSelection
from mockserver.domain.usage import CUSTOMER, UsageQuery, UsageResult
from mockserver.domain.windows import DAY_S, Interval
from mockserver.engine import event_log, event_owners, event_scan
from mockserver.engine.event_owners import FEWEST_ROWS, Codes32, Owners
from mockserver.engine.events import EventBatch, EventStore
from tests.engine.naive_events import NaiveStore, batch_of

WORDS = st.sampled_from(["", "a", "b", "c"])
EVENTS = st.builds(
    Event,
    meter=st.just("calls"),
    customer=st.none() | WORDS,
    time_ms=st.integers(-3 * DAY_S * 1000, 3 * DAY_S * 1000) | st.sampled_from([-(2**63), 2**63 - 1]),
    value=st.integers(-100, 100).map(float),
    dimensions=st.dictionaries(st.sampled_from(["region", "tier", "request"]), WORDS),
    unique_id=st.none() | st.sampled_from(["u1", "u2"]),
)
CUTS = st.lists(st.integers(-4 * DAY_S, 4 * DAY_S), min_size=2, max_size=5).map(lambda edges: tuple(sorted(edges)))
FILTERS = st.fixed_dictionaries(
    {CUSTOMER: st.frozensets(WORDS | st.just("stranger"), min_size=1, max_size=3)},
    optional={"region": st.frozensets(WORDS | st.just("other"), max_size=2), "unknown": st.just(frozenset({"a"}))},
)
QUERIES = st.builds(
    lambda cut, windows, **rest: UsageQuery("calls", cut[0], cut[-1], edges=cut if windows else (), **rest),
    CUTS,
    st.booleans(),
    aggregation=st.sampled_from(Aggregation),
    interval=st.sampled_from(Interval),
    group_by=st.lists(st.sampled_from([CUSTOMER, "region", "tier", "unknown"]), max_size=3, unique=True).map(tuple),
    filters=FILTERS,
)
CANCELLED = st.builds(
    lambda filters, cut: Cancellation(EventSelection("calls", cut[0], cut[-1], filters), from_s=-9), FILTERS, CUTS
)
STEPS = st.lists(st.lists(EVENTS, max_size=20) | CANCELLED | QUERIES, min_size=2, max_size=8)


@contextmanager
def small(fewest: int) -> Iterator[None]:
    """Logs of a few rows are sorted by customer, whoever has how many of them, and chunks are short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_owners, "FEWEST_ROWS", fewest)
        patch.setattr(event_owners, "_WORTH_SHARE", 0)
        patch.setattr(event_log, "CHUNK_ROWS", 5)
        patch.setattr(event_log, "_FIRST_ROWS", 2)
        yield


@pytest.mark.parametrize("kind", MeterKind)
@given(fewest=st.sampled_from([1, 7]), dedup=st.sampled_from([Dedup.EVENT, Dedup.LATEST]), steps=STEPS, last=QUERIES)
def test_rows_of_customers_give_the_answer_of_all_rows(
    kind: MeterKind, fewest: int, dedup: Dedup, steps: list[list[Event] | Cancellation | UsageQuery], last: UsageQuery
) -> None:
    """Whatever was stored, overwritten, cancelled and asked before, a customer's usage is that of a plain count."""
    store, naive = EventStore(), NaiveStore(dedup)
    with small(fewest):
        for step in [*steps, last]:
            if isinstance(step, list):
                store.append(batch_of(step), dedup)
                naive.append(step)
            elif isinstance(step, Cancellation):
                assert store.cancel(step, dedup) == naive.cancel(step)
            else:
                assert store.aggregate(step, kind) == UsageResult(naive.aggregate(step, kind))


@given(
    fewest=st.sampled_from([1, 7]),
    pieces=st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=9), min_size=1, max_size=5),
    wanted=st.sets(st.integers(0, 8), max_size=4).map(sorted),
)
def test_rows_are_found_while_the_log_grows(fewest: int, pieces: list[list[int]], wanted: list[int]) -> None:
    """After each piece that comes, the rows of some customers are all theirs, in ascending order."""
    log: list[int] = []
    owners = Owners(lambda start: [np.array(log[start:][:4], np.int32), np.array(log[start:][4:], np.int32)])
    with small(fewest):
        for piece in pieces:
            log += piece
            rows = owners.rows_of(wanted, len(log))
            expected = [row for row, code in enumerate(log) if code in wanted]
            assert (None if rows is None else rows.tolist()) == (expected if len(log) >= fewest else None)


@given(st.lists(st.integers(0, 3) | st.sampled_from([2**16, 2**16 + 1, 2**31 - 1]) | st.integers(0, 2**31 - 1)))
def test_codes_of_any_size_are_sorted_and_keep_their_order(codes: list[int]) -> None:
    """Sorting by halves is sorting: equal codes stay in the order in which they came."""
    order = event_owners._sorting(np.array(codes, np.int32)).tolist()
    assert order == sorted(range(len(codes)), key=codes.__getitem__)


class Log:
    """The customers of a growing log, and from which rows on they were read."""

    def __init__(self) -> None:
        self.codes = np.empty(0, np.int32)
        self.starts: list[int] = []
        self.owners = Owners(self._read)

    def grow(self, codes: Sequence[int]) -> None:
        """Rows of these customers come."""
        self.codes = np.append(self.codes, np.array(codes, np.int32))

    def rows_of(self, *customers: int) -> list[int] | None:
        """What is found, after a look at its truth; None where nothing was looked for."""
        rows = self.owners.rows_of(customers, len(self.codes))
        if rows is not None:
            assert rows.tolist() == np.flatnonzero(np.isin(self.codes, customers)).tolist()
        return None if rows is None else rows.tolist()

    def read(self) -> list[int]:
        """Where the last readings began; they are forgotten."""
        starts, self.starts = self.starts, []
        return starts

    def _read(self, start: int) -> list[Codes32]:
        self.starts.append(start)
        return [self.codes[start:]]


def test_a_log_is_sorted_when_it_is_asked_and_again_when_it_has_grown() -> None:
    """The first question sorts a log; until an eighth of it is new, later ones read only what came since."""
    log, count = Log(), 16 * FEWEST_ROWS
    log.grow([row % 100 for row in range(count)])
    assert log.read() == []
    assert log.rows_of(7)
    assert log.read() == [0, 0, count]  # a sample, all, nothing new
    assert log.rows_of(8, 9)
    log.grow([7] * (count // 8))
    assert log.rows_of(7)
    assert log.read() == [count, count]
    log.grow([7])
    assert log.rows_of(8)
    assert log.read() == [count, 0, len(log.codes)]


def test_small_logs_and_large_owners_are_not_sorted_for() -> None:
    """Where looking at every row is faster, that is said, and a sample spares the sorting."""
    log = Log()
    log.grow([1, 2] * (FEWEST_ROWS // 2 - 1))
    assert log.rows_of(1) is None
    assert log.read() == []
    log.grow([1, 2] * FEWEST_ROWS)
    assert log.rows_of(1) is None
    assert log.read() == [0]
    assert log.rows_of(3) == []
    assert log.rows_of(1) is None
    assert log.rows_of() == []


def test_sorting_takes_eight_bytes_an_event() -> None:
    """What is kept for such questions is two small numbers a row, however many customers there are."""
    log = Log()
    log.grow(range(3 * FEWEST_ROWS))
    assert log.rows_of(5) == [5]
    assert sum(column.nbytes for column in (log.owners._customers, log.owners._rows)) == 8 * len(log.codes)


def test_only_questions_about_customers_sort() -> None:
    """Storing events, and questions about everybody, keep nothing by customer."""
    store, count = EventStore(), 2 * FEWEST_ROWS
    customers = [f"c-{row % 50}" for row in range(count)]
    store.append(
        EventBatch("calls", customers, range(count), [1.0] * count, [None] * count, [None] * count), Dedup.EVENT
    )
    everybody = UsageQuery("calls", 0, DAY_S, Aggregation.SUM, Interval.DAY, (CUSTOMER,))
    assert len(store.aggregate(everybody, MeterKind.SUM).groups) == 50
    assert not len(store._logs["calls"]._owners._rows)
    one = replace(everybody, filters={CUSTOMER: frozenset({"c-7"})})
    (group,) = store.aggregate(one, MeterKind.SUM).groups
    assert (group.info, group.total) == ({CUSTOMER: "c-7"}, len(range(7, count, 50)))
    assert len(store._logs["calls"]._owners._rows) == count


@pytest.mark.parametrize("values", [2, 40])
def test_combinations_are_numbered_without_gaps(monkeypatch: pytest.MonkeyPatch, values: int) -> None:
    """Grouped by several dimensions, sets are numbered by their combination, whether by a table or by sorting."""
    random = np.random.default_rng(8)
    columns = [random.integers(-1, values, 300).astype(np.int32) for _ in range(3)]
    told = []
    for few in (0, 10**9):
        monkeypatch.setattr(event_scan, "_FEW_NUMBERS", few)
        groups, examples = event_scan._group_sets(columns, 300)
        told.append(groups.tolist())
        combinations = list(zip(*(column.tolist() for column in columns), strict=True))
        numbered = sorted({each for each in combinations if -1 not in each})
        assert groups.tolist() == [numbered.index(each) if -1 not in each else -1 for each in combinations]
        assert [combinations[example] for example in examples.tolist()] == numbered
    assert told[0] == told[1]
