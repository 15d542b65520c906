"""Appending to the event store: identity, order, conflicts, all or nothing."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.aggregation import Aggregation, MeterKind
from mockserver.domain.identity import Dedup, Event
from mockserver.domain.usage import CUSTOMER, UsageQuery
from mockserver.domain.windows import Interval
from mockserver.engine.events import Appended, BatchError, Conflict, EventBatch, EventStore
from tests.engine.naive_events import NaiveStore, batch_of

INT64_MAX = 2**63 - 1
EVENT = Event("calls", "acme", 1_700_000_000_000, 2.0, {"region": "eu"}, "u1")

words = st.sampled_from(["", "a", "b", "ü"])
events = st.builds(
    Event,
    meter=st.sampled_from(["calls", "bytes", ""]),
    customer=st.none() | words,
    time_ms=st.sampled_from([-1, 0, 1, 3_600_000, -(2**63), INT64_MAX]),
    value=st.sampled_from([0.0, -0.0, 1.0, -1.0, -2.0, 0.1, 1e300]),
    dimensions=st.dictionaries(st.sampled_from(["region", "tier", "aflo.note"]), words, max_size=3),
    unique_id=st.none() | st.sampled_from(["", "u1", "u2"]),
)
few_events = st.lists(events, max_size=12)


def contents(store: EventStore | NaiveStore) -> object:
    """Everything that can be read of a store."""
    told = []
    for meter in ("calls", "bytes", ""):
        for group_by in ((), (CUSTOMER, "region"), ("tier", "aflo.note")):
            for how in (Aggregation.COUNT, Aggregation.MAX):
                query = UsageQuery(meter, -(10**20), 10**20, how, Interval.HOUR, group_by)
                answer = store.aggregate(query, MeterKind.SUM)
                told.append(answer if isinstance(answer, list) else answer.groups)
    return told


def append_all(store: EventStore, batches: Sequence[Sequence[Event]], dedup: Dedup) -> list[tuple[str, int]]:
    """Append batches and return the conflicts told."""
    told: list[Conflict] = []
    for batch in batches:
        store.append(batch_of(batch), dedup, told.append)
    return [(conflict.kind, conflict.position) for conflict in told]


@pytest.mark.parametrize("dedup", Dedup)
@given(batches=st.lists(few_events, max_size=5))
def test_batches_follow_the_rule_of_identity(dedup: Dedup, batches: list[list[Event]]) -> None:
    """In every mode the store keeps, drops, overwrites and reports what the rule says event by event."""
    store, naive = EventStore(), NaiveStore(dedup)
    for batch in batches:
        expected, conflicts = naive.append(batch)
        told: list[Conflict] = []
        assert store.append(batch_of(batch), dedup, told.append) == expected
        assert [(conflict.kind, conflict.position) for conflict in told] == conflicts
        assert all(conflict.total == len(conflicts) for conflict in told)
    assert contents(store) == contents(naive)
    assert store.count() == len(naive.events)
    assert store.meters() == list(dict.fromkeys(event.meter for event in naive.events))


alike = st.builds(
    replace,
    st.just(EVENT),
    time_ms=st.sampled_from([0, 1]),
    value=st.sampled_from([1.0, 2.0]),
    unique_id=st.sampled_from([None, "u1", "u1", "u1"]),
)


@pytest.mark.parametrize("dedup", Dedup)
@given(batches=st.lists(st.lists(alike, min_size=1, max_size=3), max_size=8))
def test_single_events_and_batches_know_each_other(dedup: Dedup, batches: list[list[Event]]) -> None:
    """Events that reuse one unique id again and again are judged alike, alone or in batches, in any mixture."""
    store, naive = EventStore(), NaiveStore(dedup)
    for batch in batches:
        expected, conflicts = naive.append(batch)
        told: list[Conflict] = []
        assert store.append(batch_of(batch), dedup, told.append) == expected
        assert [(conflict.kind, conflict.position) for conflict in told] == conflicts
    assert contents(store) == contents(naive)


@pytest.mark.parametrize("dedup", Dedup)
@given(batch=few_events)
def test_a_batch_is_its_events_one_by_one(dedup: Dedup, batch: list[Event]) -> None:
    """Cutting a batch into single events changes nothing, conflicts included."""
    whole, cut = EventStore(), EventStore()
    expected = append_all(whole, [batch], dedup)
    told = [kind for kind, _ in append_all(cut, [[event] for event in batch], dedup)]
    assert told == [kind for kind, _ in expected]
    assert contents(cut) == contents(whole)


@pytest.mark.parametrize("dedup", Dedup)
@given(batches=st.lists(few_events, max_size=4))
def test_warnings_change_no_data(dedup: Dedup, batches: list[list[Event]]) -> None:
    """Without conflict warnings the same events are kept and nothing is reported."""
    loud, quiet = EventStore(), EventStore(conflict_warnings=False)
    append_all(loud, batches, dedup)
    assert append_all(quiet, batches, dedup) == []
    assert contents(quiet) == contents(loud)


@pytest.mark.parametrize(
    ("dedup", "value"), [(Dedup.EVENT, 2.0), (Dedup.RECORD, 7.0), (Dedup.LATEST, 5.0), (Dedup.UNIQUE_ID, 2.0)]
)
@pytest.mark.parametrize("together", [True, False])
def test_which_value_counts(dedup: Dedup, value: float, *, together: bool) -> None:
    """Of two values for one event the first counts, under LATEST the last, under RECORD both."""
    store, second = EventStore(), replace(EVENT, value=5.0)
    append_all(store, [[EVENT, second]] if together else [[EVENT], [second]], dedup)
    query = UsageQuery("calls", 0, 2 * 10**9, Aggregation.SUM, Interval.DAY)
    assert store.aggregate(query, MeterKind.SUM).groups[0].total == value


OTHER_VALUE = {dedup: "" if dedup is Dedup.RECORD else "other-value" for dedup in Dedup}
REUSED = dict.fromkeys(Dedup, "reused-unique-id")
NONE = dict.fromkeys(Dedup, "")
CASES = {
    "the same": (EVENT, NONE),
    "another value": (replace(EVENT, value=5.0), OTHER_VALUE),
    "another customer": (replace(EVENT, customer="umbrella"), REUSED),
    "no customer": (replace(EVENT, customer=None), REUSED),
    "another time": (replace(EVENT, time_ms=0), REUSED),
    "other dimensions": (replace(EVENT, dimensions={}), REUSED),
    "a reserved dimension": (replace(EVENT, dimensions={"region": "eu", "aflo.x": "1"}), NONE),
    "another meter": (replace(EVENT, meter="bytes"), NONE),
    "no unique id": (replace(EVENT, unique_id=None, time_ms=0), NONE),
}


@pytest.mark.parametrize("dedup", Dedup)
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("second", "conflicts"), CASES.values(), ids=CASES)
def test_conflicts(dedup: Dedup, second: Event, conflicts: dict[Dedup, str], *, together: bool) -> None:
    """A duplicate with another value, or a unique id with other content, is reported; nothing else is."""
    batches = [[EVENT, second]] if together else [[EVENT], [second]]
    told = append_all(EventStore(), batches, dedup)
    assert [kind for kind, _ in told] == ([conflicts[dedup]] if conflicts[dedup] else [])


def test_a_conflict_names_the_event() -> None:
    """A conflict carries meter, unique id and the event's place in the request."""
    store, told = EventStore(), list[Conflict]()
    store.append(batch_of([EVENT]), Dedup.EVENT)
    batch = EventBatch("calls", ["acme"], [EVENT.time_ms], [9], [{"region": "eu"}], ["u1"], positions=[41])
    appended = store.append(batch, Dedup.EVENT, told.append)
    assert told == [Conflict("other-value", "calls", "u1", 41, 1)]
    assert appended == Appended(0, 1, 1)


def test_at_most_twenty_conflicts_are_told() -> None:
    """Only the first twenty conflicts of a batch are told, each with the number of all, in order of the batch."""
    store, told = EventStore(), list[Conflict]()
    batch = [
        replace(EVENT, time_ms=number // 2, value=float(number % 2), unique_id=f"u{number // 2}")
        for number in range(60)
    ]
    assert store.append(batch_of(batch), Dedup.EVENT, told.append) == Appended(30, 30, 30)
    assert [(conflict.position, conflict.total) for conflict in told] == [(2 * at + 1, 30) for at in range(20)]


@pytest.mark.parametrize("dedup", Dedup)
@given(first=few_events, second=few_events)
def test_a_refused_batch_leaves_nothing(dedup: Dedup, first: list[Event], second: list[Event]) -> None:
    """When the listener raises, no event is stored and no identity is used up."""

    def refuse(conflict: Conflict) -> None:
        raise PermissionError(conflict.kind)

    store, untouched = EventStore(), EventStore()
    append_all(untouched, [first], dedup)
    append_all(store, [first], dedup)
    expected, told = untouched.append(batch_of(second), dedup), list[Conflict]()
    before = contents(store), store.count(), store.meters()
    if expected.conflicts:
        with pytest.raises(PermissionError):
            store.append(batch_of(second), dedup, refuse)
        assert (contents(store), store.count(), store.meters()) == before
    assert store.append(batch_of(second), dedup, told.append) == expected


@pytest.mark.parametrize("together", [True, False])
def test_a_negative_zero_is_a_zero(*, together: bool) -> None:
    """-0.0 and 0.0 are one value: without a unique id such events are the same one, and their sum is a plain 0."""
    store, pair = EventStore(), [replace(EVENT, unique_id=None, value=value) for value in (-0.0, 0.0)]
    append_all(store, [pair] if together else [[event] for event in pair], Dedup.EVENT)
    query = UsageQuery("calls", 0, 2 * 10**9, Aggregation.SUM, Interval.DAY)
    (group,) = store.aggregate(query, MeterKind.SUM).groups
    assert (store.count(), [str(value) for _, value in group.buckets], str(group.total)) == (1, ["0.0"], "0.0")


def test_a_batch_may_be_empty() -> None:
    """No events change nothing, not even the list of meters."""
    store = EventStore()
    assert store.append(EventBatch("calls", [], [], [], [], []), Dedup.EVENT) == Appended(0, 0)
    assert (store.meters(), store.count(), store.latest_ms("calls")) == ([], 0, None)


def test_latest_and_counts() -> None:
    """The latest time of a meter is its largest, whatever the order; counts are of one meter or of all."""
    store = EventStore()
    for time_ms in (5, INT64_MAX, -(2**63)):
        append_all(store, [[replace(EVENT, time_ms=time_ms), replace(EVENT, meter="bytes", time_ms=-7)]], Dedup.EVENT)
    assert (store.latest_ms("calls"), store.latest_ms("bytes"), store.latest_ms("none")) == (INT64_MAX, -7, None)
    assert (store.count(), store.count("calls"), store.count("none")) == (4, 3, 0)


def test_clear_forgets_events_and_identities() -> None:
    """After clear the same events are new again."""
    store = EventStore()
    append_all(store, [[EVENT, EVENT]], Dedup.EVENT)
    store.clear()
    assert (store.count(), store.meters()) == (0, [])
    assert store.append(batch_of([EVENT]), Dedup.EVENT) == Appended(1, 0)


@pytest.mark.parametrize("dedup", Dedup)
def test_a_batch_of_several_slices(dedup: Dedup) -> None:
    """Events that repeat far apart in a large batch, and again in the next one, are the same events."""
    times = [number % 17_000 for number in range(45_000)]
    identities = [f"u{time}" for time in times]
    batch = EventBatch("calls", ["acme"] * 45_000, times, [1.0] * 45_000, [None] * 45_000, identities)
    store = EventStore()
    assert store.append(batch, dedup) == Appended(17_000, 28_000)
    assert store.append(batch, dedup) == Appended(0, 45_000)
    everything = UsageQuery("calls", 0, 10**6, Aggregation.SUM, Interval.DAY)
    assert store.aggregate(everything, MeterKind.SUM).groups[0].total == 17_000


def test_more_events_than_a_chunk_holds() -> None:
    """A log of several chunks is read, compared and overwritten as one, the earliest events in its last chunk."""
    count, store = 150_000, EventStore()
    for at in reversed(range(0, count, 30_000)):
        times = list(range(at, at + 30_000))
        columns = [None] * 30_000, times, times, [None] * 30_000, [f"u{time}" for time in times]
        assert store.append(EventBatch("calls", *columns), Dedup.LATEST) == Appended(30_000, 0)
    times = [0, 65_535, 65_536, 131_072, count - 1]
    again = EventBatch("calls", [None] * 5, times, [-1] * 5, [None] * 5, [f"u{time}" for time in times])
    assert store.append(again, Dedup.LATEST) == Appended(0, 5, 5)
    query = UsageQuery("calls", 0, count, Aggregation.SUM, Interval.DAY)
    assert store.aggregate(query, MeterKind.SUM).groups[0].total == sum(range(count)) - sum(times) - 5
    middle = UsageQuery("calls", 66, 131, Aggregation.COUNT, Interval.DAY)
    assert store.aggregate(middle, MeterKind.SUM).groups[0].total == 65_000


def test_single_events_fill_chunk_after_chunk() -> None:
    """Events appended one by one grow a small log, and begin a new chunk behind a full one."""
    store, times, nothing = EventStore(), range(65_500), [None] * 65_500
    store.append(EventBatch("calls", nothing, times, times, nothing, nothing), Dedup.EVENT)
    for time_ms in range(65_500, 65_600):
        for meter in ("calls", "bytes"):
            append_all(store, [[Event(meter, None, time_ms, time_ms)]], Dedup.EVENT)
    assert (store.count("calls"), store.count("bytes"), store.latest_ms("calls")) == (65_600, 100, 65_599)
    for meter, first in (("calls", 0), ("bytes", 65_500)):
        query = UsageQuery(meter, 0, 66, Aggregation.SUM, Interval.DAY)
        assert store.aggregate(query, MeterKind.SUM).groups[0].total == sum(range(first, 65_600))


def test_one_meter_may_be_named_once() -> None:
    """A batch of one meter is the same whether its name is given once or for every event."""
    once, each = EventStore(), EventStore()
    columns = ["acme", "acme"], [1, 1], [1.0, 1.0], [{"region": "eu"}, None], [None, None]
    for _ in range(2):
        assert once.append(EventBatch("calls", *columns), Dedup.EVENT) == each.append(
            EventBatch(["calls", "calls"], *columns), Dedup.EVENT
        )
    assert contents(once) == contents(each)


@pytest.mark.parametrize(
    ("column", "times_ms", "values"),
    [
        ("times_ms", [0, 2**63], [1, 1]),
        ("times_ms", [0, -(2**63) - 1], [1, 1]),
        ("values", [0, 0], [1, 10**400]),
        ("values", [0, 0], [1, float("inf")]),
        ("values", [0, 0], [1, float("nan")]),
    ],
)
def test_numbers_out_of_range_are_refused_by_place(column: str, times_ms: list[int], values: list[float]) -> None:
    """A time beyond int64 or a value beyond the doubles is named by its column and index."""
    with pytest.raises(BatchError) as refused:
        EventBatch("calls", [None] * 2, times_ms, values, [None] * 2, [None] * 2)
    assert (refused.value.column, refused.value.index) == (column, 1)


def test_columns_must_have_one_length() -> None:
    """A batch with a column too short or too long is refused."""
    with pytest.raises(ValueError, match="one length"):
        EventBatch("calls", [None], [1, 2], [1], [None], [None])
    with pytest.raises(ValueError, match="one length"):
        EventBatch("calls", [None], [1], [1], [None], [None], positions=[])
