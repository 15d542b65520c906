"""Reading single events page by page, in the order of their arrival."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.identity import Dedup, Event
from mockserver.domain.selection import Cancellation, EventPage, EventSelection, RawEvent
from mockserver.domain.usage import CUSTOMER
from mockserver.engine.event_arrivals import Arrivals
from mockserver.engine.events import EventBatch, EventStore
from tests.engine.naive_events import NaiveStore, batch_of

EVERYTHING = EventSelection()

words = st.sampled_from(["", "a", "b"])
events = st.builds(
    Event,
    meter=st.sampled_from(["calls", "calls", "bytes"]),
    customer=st.none() | words,
    time_ms=st.integers(-3_000, 3_000) | st.sampled_from([-(2**63), 2**63 - 1]),
    value=st.sampled_from([0.0, 1.5, -2.0]),
    dimensions=st.dictionaries(st.sampled_from(["region", "aflo.note"]), words, max_size=2),
)
batches = st.lists(st.lists(events, max_size=6), max_size=6)
edges = st.none() | st.integers(-4, 4) | st.sampled_from([-(10**30), 10**30, 2**63 - 1])
selections = st.builds(
    EventSelection,
    meter=st.none() | st.sampled_from(["calls", "bytes", "unknown"]),
    start_s=edges,
    end_s=edges,
    filters=st.dictionaries(
        st.sampled_from([CUSTOMER, "region", "unknown"]), st.frozensets(words | st.just("other"), max_size=2)
    ),
)


def read(store: EventStore, selection: EventSelection, size: int, *, ascending: bool) -> list[RawEvent]:
    """All pages, one after the other."""
    page = store.page(selection, size, ascending=ascending)
    told = page.events
    while page.more:
        assert len(page.events) == size
        page = store.page(selection, size, page.events[-1].position, ascending=ascending)
        told = told + page.events
        assert len(told) <= store.count(), "the pages do not come to an end"
    return told


@given(some=batches, selection=selections, size=st.integers(1, 4), ascending=st.booleans())
def test_pages_are_what_the_rule_says(
    some: list[list[Event]], selection: EventSelection, size: int, *, ascending: bool
) -> None:
    """Every selection, page size and direction gives each selected event once, in its order."""
    store, naive = EventStore(), NaiveStore(Dedup.EVENT)
    for batch in some:
        store.append(batch_of(batch), Dedup.EVENT)
        naive.append(batch)
    expected = naive.selected(selection)
    assert read(store, selection, size, ascending=ascending) == (expected if ascending else expected[::-1])


@given(first=batches, later=batches, size=st.integers(1, 3), ascending=st.booleans())
def test_no_event_is_lost_or_repeated_while_others_arrive(
    first: list[list[Event]], later: list[list[Event]], size: int, *, ascending: bool
) -> None:
    """Events that arrive between pages are read behind all others going forward, and not at all going backward."""
    store, naive = EventStore(), NaiveStore(Dedup.EVENT)
    for batch in first:
        store.append(batch_of(batch), Dedup.EVENT)
        naive.append(batch)
    before = naive.selected(EVERYTHING)
    page = store.page(EVERYTHING, size, ascending=ascending)
    told, waiting = page.events, list(later)
    while page.more:
        for batch in waiting[:1]:
            store.append(batch_of(batch), Dedup.EVENT)
            naive.append(batch)
        waiting = waiting[1:]
        page = store.page(EVERYTHING, size, page.events[-1].position, ascending=ascending)
        told = told + page.events
    assert told == (naive.selected(EVERYTHING) if ascending else before[::-1])


def numbered(count: int, meters: Sequence[str]) -> EventStore:
    """A store of events whose time is their number, in turn of these meters, in batches of a thousand."""
    store = EventStore()
    for at in range(0, count, 1_000):
        times = list(range(at, min(at + 1_000, count)))
        names = [meters[time % len(meters)] for time in times]
        nothing = [None] * len(times)
        store.append(EventBatch(names, nothing, times, times, nothing, nothing), Dedup.EVENT, now_ms=at)
    return store


@pytest.mark.parametrize("ascending", [True, False])
def test_pages_of_many_events(*, ascending: bool) -> None:
    """Pages reach over blocks and chunks; a rare event among very many is found."""
    store = numbered(150_000, ["calls"])
    times = [event.time_ms for event in read(store, EventSelection("calls"), 10_000, ascending=ascending)]
    assert times == (list(range(150_000)) if ascending else list(range(150_000))[::-1])
    rare = EventSelection("calls", start_s=70, end_s=71)
    assert len(store.page(rare, 2_000, ascending=ascending).events) == 1_000


def test_a_page_of_one_meter_among_others() -> None:
    """A meter's page passes over the events of the others."""
    store = numbered(5_000, ["a", "b", "c"])
    page = store.page(EventSelection("b"), 3)
    assert [event.time_ms for event in page.events] == [1, 4, 7]
    assert [event.time_ms for event in store.page(EventSelection("b"), 1_700, page.events[-1].position).events] == list(
        range(10, 5_000, 3)
    )


@pytest.mark.parametrize(("after", "ascending"), [(7, True), (10**18, True), (0, False)])
def test_a_page_behind_the_last_event_is_empty(after: int, *, ascending: bool) -> None:
    """A position at or beyond the end of the walk has nothing behind it."""
    assert numbered(8, ["calls"]).page(EVERYTHING, 5, after, ascending=ascending) == EventPage([])


def test_going_backward_from_beyond_the_end_begins_at_the_end() -> None:
    """A position that no event has yet is as good as none for a backward walk."""
    page = numbered(3, ["calls"]).page(EVERYTHING, 2, 99, ascending=False)
    assert [(event.position, event.time_ms) for event in page.events] == [(2, 2), (1, 1)]


def test_an_event_is_told_whole() -> None:
    """Meter, customer, time, value and dimensions come back as they were sent, reserved dimensions included."""
    store, event = EventStore(), Event("calls", None, -1, -0.5, {"tier": "x", "aflo.note": ""}, "u1")
    store.append(batch_of([event, replace(event, customer="ü")]), Dedup.EVENT)
    told = {"tier": "x", "aflo.note": ""}
    expected = [RawEvent(at, "calls", customer, -1, -0.5, told) for at, customer in enumerate((None, "ü"))]
    page = store.page(EVERYTHING, 9)
    assert page == EventPage(expected)
    page.events[0].dimensions.clear()
    assert store.page(EVERYTHING, 9) == EventPage(expected)


def test_a_cancelled_event_is_on_no_page() -> None:
    """A cancellation between two pages takes away nothing but the cancelled events."""
    store = numbered(6, ["calls"])
    page = store.page(EVERYTHING, 2)
    store.cancel(Cancellation(EventSelection("calls", 0, None, {}), 0), Dedup.EVENT)
    assert store.page(EVERYTHING, 2, page.events[-1].position) == EventPage([])


def test_repeated_events_are_told_once() -> None:
    """A duplicate is not stored, so no page has it; under LATEST the last value is told."""
    store, event = EventStore(), Event("calls", "a", 0, 1.0, {}, "u1")
    for value in (1.0, 7.0):
        store.append(batch_of([replace(event, value=value)]), Dedup.LATEST)
    assert [told.value for told in store.page(EVERYTHING, 9).events] == [7.0]


def test_events_of_one_meter_and_second_make_one_run() -> None:
    """Arrivals remember runs, not events: a further meter or second begins one."""
    arrivals = Arrivals()
    for meter, row, count, second in [(0, 0, 5, 9), (0, 5, 2, 9), (1, 0, 3, 9), (0, 7, 1, 9), (0, 8, 1, 10)]:
        arrivals.add(meter, row, count, second)
    assert len(arrivals._positions) == 4
    told = arrivals.between(4, 12)
    assert told.positions.tolist() == list(range(4, 12))
    assert told.meters.tolist() == [0, 0, 0, 1, 1, 1, 0, 0]
    assert told.rows.tolist() == [4, 5, 6, 0, 1, 2, 7, 8]
    assert told.seconds.tolist() == [9] * 7 + [10]
