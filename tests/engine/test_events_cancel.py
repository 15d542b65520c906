"""Cancelling stored events: by a selection, and by sending an event again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.identity import Dedup, Event, event_identity
from mockserver.domain.selection import Cancellation, EventSelection
from mockserver.domain.usage import CUSTOMER, UsageQuery
from mockserver.domain.windows import Interval
from mockserver.engine.events import Appended, EventBatch, EventStore
from tests.engine.naive_events import NaiveStore, batch_of

CANCEL = {"aflo.cancel_previous_resource_event": "true"}
EVENT = Event("calls", "acme", 1_700_000_000_000, 2.0, {"region": "eu"}, "u1")
ALL_CALLS = Cancellation(EventSelection("calls"), from_s=-(10**12))
NO_EVENTS = EventBatch("", [], [], [], [], [])

words = st.sampled_from(["", "a", "b"])
events = st.builds(
    Event,
    meter=st.sampled_from(["calls", "calls", "bytes"]),
    customer=st.none() | words,
    time_ms=st.sampled_from([-1, 0, 3_600_000, -(2**63), 2**63 - 1]),
    value=st.sampled_from([1.0, 2.0, -3.0]),
    dimensions=st.dictionaries(st.sampled_from(["region", "aflo.note"]), words, max_size=2),
    unique_id=st.none() | st.sampled_from(["", "u1", "u2"]),
)
few_events = st.lists(events, max_size=8)
edges = st.none() | st.integers(-2, 2) | st.sampled_from([3_600, -(10**30), 10**30])
cancellations = st.builds(
    Cancellation,
    events=st.builds(
        EventSelection,
        meter=st.sampled_from(["calls", "bytes", "unknown"]),
        start_s=edges,
        end_s=edges,
        filters=st.dictionaries(st.sampled_from([CUSTOMER, "region"]), st.frozensets(words, max_size=2), max_size=2),
    ),
    from_s=st.integers(-2, 3),
    until_s=st.none() | st.integers(-1, 4),
    unique_ids=st.frozensets(st.sampled_from(["", "u1", "u2", "u3"]), max_size=2),
)
steps = st.lists(
    st.tuples(st.just("append"), few_events, st.integers(-1_500, 3_500))
    | st.tuples(st.just("repeat"), few_events, st.just(0))
    | st.tuples(st.just("cancel"), cancellations, st.just(0)),
    max_size=8,
)


def contents(store: EventStore | NaiveStore) -> object:
    """Everything that usage can tell of a store."""
    told = []
    for meter in ("calls", "bytes"):
        for group_by in ((), (CUSTOMER, "region")):
            for how in (Aggregation.SUM, Aggregation.MAX):
                query = UsageQuery(meter, -(10**20), 10**20, how, Interval.HOUR, group_by)
                answer = store.aggregate(query, MeterKind.SUM)
                told.append(answer if isinstance(answer, list) else answer.groups)
    return told


def latest(naive: NaiveStore, meter: str) -> int | None:
    """The latest time of the events that count."""
    return max((event.time_ms for event in naive.living() if event.meter == meter), default=None)


@pytest.mark.parametrize("dedup", Dedup)
@given(steps=steps)
def test_cancelling_follows_the_rule(dedup: Dedup, steps: list[tuple[str, object, int]]) -> None:
    """In every mode and order of steps, what is cancelled counts nowhere, and everything else counts as before."""
    store, naive = EventStore(), NaiveStore(dedup)
    for verb, what, now_ms in steps:
        if isinstance(what, Cancellation):
            assert store.cancel(what, dedup) == naive.cancel(what)
        elif isinstance(what, list) and verb == "repeat":
            answer = store.append(NO_EVENTS, dedup, cancelling=batch_of(what))
            assert answer == Appended(0, 0, 0, naive.repeat(what))
        elif isinstance(what, list):
            assert store.append(batch_of(what), dedup, now_ms=now_ms) == naive.append(what, now_ms)[0]
        # After each step: a kept answer must never be told again.
        assert contents(store) == contents(naive)
    assert store.count() == len(naive.living())
    assert set(store.meters()) == {event.meter for event in naive.living()}
    for meter in ("calls", "bytes"):
        assert store.count(meter) == sum(event.meter == meter for event in naive.living())
        assert store.latest_ms(meter) == latest(naive, meter)


@pytest.mark.parametrize("dedup", Dedup)
@given(stored=few_events, batch=few_events, cancelling=few_events)
def test_who_is_missing(dedup: Dedup, stored: list[Event], batch: list[Event], cancelling: list[Event]) -> None:
    """An event that cancels neither a stored one nor one of its own request is told, in order, and no other is."""
    store, naive = EventStore(), NaiveStore(dedup)
    store.append(batch_of(stored), dedup)
    naive.append(stored)
    known = {event_identity(event, dedup) for event in [*stored, *batch]}
    told: list[int] = []
    answer = store.append(batch_of(batch), dedup, cancelling=batch_of(cancelling), on_missing=told.append)
    assert told == [index for index, event in enumerate(cancelling) if event_identity(event, dedup) not in known]
    appended, _ = naive.append(batch)
    assert answer == appended._replace(cancelled=naive.repeat(cancelling))
    assert contents(store) == contents(naive)


@pytest.mark.parametrize("dedup", Dedup)
@pytest.mark.parametrize("together", [True, False])
def test_a_cancelled_event_keeps_its_identity(dedup: Dedup, *, together: bool) -> None:
    """The event sent again after its cancellation is a duplicate, and stays cancelled."""
    store = EventStore()
    again = replace(EVENT, dimensions={**EVENT.dimensions, **CANCEL})
    if together:
        assert store.append(batch_of([EVENT]), dedup, cancelling=batch_of([again])).cancelled == 1
    else:
        store.append(batch_of([EVENT]), dedup)
        assert store.append(NO_EVENTS, dedup, cancelling=batch_of([again])).cancelled == 1
    assert store.append(batch_of([EVENT]), dedup) == Appended(0, 1)
    assert (store.count(), store.meters(), store.latest_ms("calls")) == (0, [], None)


def test_cancelling_again_is_quiet() -> None:
    """An event that is cancelled already is not missing, and is not counted again."""
    store, told = EventStore(), list[int]()
    store.append(batch_of([EVENT]), Dedup.EVENT, cancelling=batch_of([EVENT]))
    answer = store.append(NO_EVENTS, Dedup.EVENT, cancelling=batch_of([EVENT, EVENT]), on_missing=told.append)
    assert (answer, told) == (Appended(0, 0, 0, 0), [])


def test_a_listener_that_refuses_leaves_nothing() -> None:
    """When an event finds nothing to cancel and the listener raises, neither is stored nor cancelled."""

    def refuse(index: int) -> None:
        raise PermissionError(index)

    store = EventStore()
    store.append(batch_of([EVENT]), Dedup.EVENT)
    cancelling = batch_of([EVENT, replace(EVENT, time_ms=0)])
    with pytest.raises(PermissionError, match="1"):
        store.append(batch_of([replace(EVENT, meter="bytes")]), Dedup.EVENT, cancelling=cancelling, on_missing=refuse)
    assert (store.count("calls"), store.count("bytes")) == (1, 0)


def test_at_most_twenty_missing_ones_are_told() -> None:
    """A long batch of mistakes makes its point with the first twenty."""
    told: list[int] = []
    cancelling = batch_of([replace(EVENT, time_ms=time) for time in range(30)])
    EventStore().append(NO_EVENTS, Dedup.EVENT, cancelling=cancelling, on_missing=told.append)
    assert told == list(range(20))


def test_another_value_cancels_all_the_same() -> None:
    """The value is no part of the identity of an event with a unique id, and is the whole of one without."""
    for unique_id, cancelled in (("u1", 1), (None, 0)):
        store, event = EventStore(), replace(EVENT, unique_id=unique_id)
        store.append(batch_of([event]), Dedup.EVENT)
        answer = store.append(NO_EVENTS, Dedup.EVENT, cancelling=batch_of([replace(event, value=9.0)]))
        assert answer.cancelled == cancelled


def total(store: EventStore) -> float:
    """The sum of all values of `calls`."""
    query = UsageQuery("calls", -(10**20), 10**20, Aggregation.SUM, Interval.MONTH)
    return sum(group.total for group in store.aggregate(query, MeterKind.SUM).groups)


def test_cancelling_over_chunks() -> None:
    """A cancellation reaches every chunk it selects in, to the event; the others keep all theirs."""
    store, count = EventStore(), 200_000
    for at in range(0, count, 50_000):
        times = list(range(at, at + 50_000))
        columns = [None] * 50_000, times, [1] * 50_000, [None] * 50_000, [f"u{time}" for time in times]
        store.append(EventBatch("calls", *columns), Dedup.EVENT, now_ms=at)
    assert total(store) == count
    middle = EventSelection("calls", start_s=60, end_s=140)
    assert store.cancel(Cancellation(middle, from_s=0), Dedup.EVENT) == 80_000
    assert (total(store), store.count()) == (120_000, 120_000)
    late = Cancellation(EventSelection("calls"), from_s=150, until_s=151)
    assert store.cancel(late, Dedup.EVENT) == 50_000
    assert (total(store), store.latest_ms("calls")) == (70_000, 149_999)
    assert store.cancel(ALL_CALLS, Dedup.EVENT) == 70_000
    assert (total(store), store.latest_ms("calls")) == (0, None)
    store.append(batch_of([replace(EVENT, time_ms=-5)]), Dedup.EVENT)
    assert (total(store), store.latest_ms("calls"), store.meters()) == (2.0, -5, ["calls"])


@pytest.mark.parametrize("dedup", Dedup)
@pytest.mark.parametrize("many", [True, False])
def test_a_unique_id_names_every_event_that_bears_it(dedup: Dedup, *, many: bool) -> None:
    """An id that was reused with other content names all those events, one by one or in batches, and no other."""
    bearing = [EVENT, replace(EVENT, time_ms=0), replace(EVENT, customer=None), replace(EVENT, dimensions=CANCEL)]
    others = [replace(EVENT, unique_id="u2"), replace(EVENT, unique_id=None), replace(EVENT, meter="bytes")]
    store = EventStore()
    stored = [bearing + others] if many else [[event] for event in bearing + others]
    accepted = sum(store.append(batch_of(batch), dedup).accepted for batch in stored)
    meant = replace(ALL_CALLS, unique_ids=frozenset({"u1", "never"}))
    assert store.cancel(meant, dedup) == accepted - len(others)
    assert (store.count("calls"), store.count("bytes")) == (2, 1)
