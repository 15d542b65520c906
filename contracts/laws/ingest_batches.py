"""Laws of batches: an event counts alike in whatever request it comes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from contracts.laws.ingest_ground import counts, event, introduced, opened, refused, used
from contracts.laws.law import Broken, Evidence, Family, Law, Unclear
from contracts.laws.metering import Event, metering, same
from contracts.laws.trial import Trial
from contracts.model import Severity

_APART = 80
"""Seconds between the events of a long batch: a thousand of them fit into a day and leave its last hour alone."""

_FIRST = 60
_BROKEN_FIELDS: dict[str, dict[str, Any]] = {
    "has no time": {"meterTimeInMillis": None},
    "has a word for its time": {"meterTimeInMillis": "yesterday"},
    "has a word for its value": {"meterValue": "three"},
}


def _every_event_of_a_batch_counts(trial: Trial, size: int) -> Iterator[None]:
    opened(trial)
    times = (trial.day + _FIRST + _APART * number for number in range(size))
    trial.metering.send(
        *(replace(event(trial, str(number), number), seconds=seconds) for number, seconds in enumerate(times, 1))
    )
    yield
    wanted = size * (size + 1) / 2
    what = "a batch of one event with the value 1" if size == 1 else f"a batch of {size} events with values 1 to {size}"

    def judge() -> None:
        found = used(trial)
        if same(found, wanted):
            return
        summed = trial.talk.last
        counted = used(trial, aggregation="COUNT")
        # Where all events are there, they are added up wrongly, which is not for this law to tell.
        if not same(counted, size):
            got = f"it is {found:g}, and {counted:g} of {size} are counted{_lost(wanted - found, size)}"
            raise Broken(f"that the usage of {what} is {wanted:g}", got, summed, trial.talk.last)

    trial.hold(judge)


def _lost(missing: float, size: int) -> str:
    """A guess at what is missing, since each event has its place in the batch for a value."""
    return f", as if number {missing:g} were lost" if missing in range(1, size + 1) and size > 1 else ""


def _batch_equals_singles(trial: Trial, case: tuple[int, int]) -> Iterator[None]:
    pairs, millis = case
    opened(trial, "c", "o")
    introduced(trial)
    days = pairs + 1
    *twins, other = _twins_and_another(trial, -2 * days, pairs, millis)
    trial.metering.send_each(twins)
    introduced(trial, "o", -4 * days)
    trial.metering.send_each([other])
    trial.metering.send(*_twins_and_another(trial, -days, pairs, millis))
    yield
    _same_both_ways(trial, days, 3 * pairs + 4, "one by one", "o")


def _twins_and_another(trial: Trial, first: int, pairs: int, millis: int) -> list[Event]:
    """Pairs of events of one customer, two in a second on each day, and one of another customer on the next day."""
    events: list[Event] = []
    for day in range(first, first + pairs):
        events += [event(trial, f"{day}a", 1, day), replace(event(trial, f"{day}b", 2, day), millis=millis)]
    return [*events, event(trial, f"{first}o", 4, first + pairs, customer="o")]


Parts = tuple[str, ...]
"""The customers of a batch's events, in order, one string for each of its parts."""


def _splitting_is_invisible(trial: Trial, parts: Parts) -> Iterator[None]:
    opened(trial, "a", "b")
    introduced(trial, "a")
    customers = "".join(parts)
    count = len(customers)
    split, whole = (_each_on_a_day(trial, customers, -times * count) for times in (2, 1))
    sent = 0
    for part in parts:
        trial.metering.send(*split[sent : sent + len(part)])
        sent += len(part)
    trial.metering.send(*whole)
    yield
    _same_both_ways(trial, count, count * (count + 1) / 2, f"in {len(parts)} requests", "b")


def _each_on_a_day(trial: Trial, customers: str, first: int) -> list[Event]:
    return [
        event(trial, str(first + number), number + 1, first + number, customer=customer)
        for number, customer in enumerate(customers)
    ]


def _same_both_ways(trial: Trial, days: int, wanted: float, how: str, customer: str) -> None:
    """Judges events that came apart, on some days, and others like them that came as one batch, on as many days after.

    Args:
        trial: Whose.
        days: How many days.
        wanted: What all of them count.
        how: How those came that came apart.
        customer: The word of the one whose usage is compared as well; whether it is right is for other laws to tell.
    """
    try:
        trial.hold(lambda: _compare(trial, days, how, wanted))
    except Broken:
        if wanted not in _apart_and_together(trial, days):
            raise Unclear("the events count right in neither way, which says nothing of this law") from None
        raise
    trial.hold(lambda: _compare(trial, days, how, customers=(customer,)))


def _compare(trial: Trial, days: int, how: str, wanted: float | None = None, customers: tuple[str, ...] = ()) -> None:
    apart, together = _apart_and_together(trial, days, customers)
    shown = trial.talk.replies[-2:]
    if same(apart, together) and (wanted is None or same(apart, wanted)):
        return
    whose = "one of the customers" if customers else "all customers"
    right = "the same" if wanted is None else f"{wanted:g}"
    expected = f"that the usage of {whose} is {right} both when the events come {how} and when they come as one batch"
    raise Broken(expected, f"it is {apart:g} {how}, and {together:g} as one batch", *shown)


def _apart_and_together(trial: Trial, days: int, customers: tuple[str, ...] = ()) -> tuple[float, float]:
    return used(trial, -2 * days, days, customers=customers), used(trial, -days, days, customers=customers)


def _invalid_batch_stores_nothing(trial: Trial, case: tuple[str, int]) -> Iterator[None]:
    fault, position = case
    opened(trial)
    good = [event(trial, "a", 1), event(trial, "b", 2)]
    later = [event(trial, "c", 1, 1), event(trial, "d", 2, 1)]
    refused(trial, _with_invalid(trial, good, fault, position))
    refused(trial, _with_invalid(trial, later, fault, position))
    trial.metering.send(*later)
    yield
    what = f"the usage of two events of 1 and 2, sent in a batch with one that {fault}, which is refused,"
    counts(trial, lambda: used(trial, 1), 3, f"{what} and then sent again without it,")
    counts(trial, lambda: used(trial), 0, what)


def _with_invalid(trial: Trial, good: list[Event], fault: str, position: int) -> list[dict[str, object]]:
    invalid = event(trial, f"x{good[0].value}", 4).as_json() | _BROKEN_FIELDS[fault]
    batch = [each.as_json() for each in good]
    batch.insert(position, {name: value for name, value in invalid.items() if value is not None})
    return batch


def _partitions() -> st.SearchStrategy[Parts]:
    """Every part ends with the same customer, so that no part is about others than the one before it alone."""
    part = st.text("ab", max_size=2).map(lambda customers: f"{customers}a")
    return st.lists(part, min_size=2, max_size=3).map(tuple)


LAWS: tuple[Law, ...] = (
    Law(
        name="every_event_of_a_batch_counts",
        family=Family.INGEST,
        expects="that every event of a batch counts, however long the batch is",
        why="Clients gather events and send them in batches of a hundred or a thousand. A platform that works on them "
        "in parts, or cuts them at some length, can lose one at the seam and still answer that all were taken. The "
        "law sends batches of different lengths, around the usual ones, whose events have the values 1, 2, 3 and so "
        "on, so that what is missing tells where. It asks for their sum and, where that is wrong, for their number, "
        "since a wrong sum of all events is no loss of any.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: the body of the ingest operation is an event or an array of events",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_every_event_of_a_batch_counts,
        cases=(1, 2, 50, 51, 999, 1000),
        generated=lambda: st.integers(3, 130),
        examples=4,
    ),
    Law(
        name="batch_equals_singles",
        family=Family.INGEST,
        expects="that events count the same sent one by one and in one batch",
        why="Whether a client sends its events one by one or gathers them is its own affair, and changes with its "
        "load. Where the two count differently, a bill depends on how busy the client was. The law sends the like "
        "events on other days both ways, two of them within one second each, which a batch must not take for one.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: the body of the ingest operation is an event or an array of events",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_batch_equals_singles,
        cases=((1, 250),),
        generated=lambda: st.tuples(st.integers(1, 3), st.integers(1, 999)),
        examples=6,
    ),
    Law(
        name="splitting_is_invisible",
        family=Family.INGEST,
        expects="that how events are spread over requests changes nothing",
        why="Batches end where a timer runs out or a buffer is full, so that the same events come in other batches "
        "each time. The law sends the like events of two customers on other days, once split into several requests "
        "and once in one, and asks for the usage of all and for that of one of the customers.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: each event of an array names its own meter, customer and time",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_splitting_is_invisible,
        cases=(("a", "ba"),),
        generated=_partitions,
        examples=6,
    ),
    Law(
        name="invalid_batch_stores_nothing",
        family=Family.INGEST,
        expects="that nothing of a batch is stored when the batch is refused",
        why="A client whose batch is refused mends it and sends it again. Where some of the events had been stored, "
        "they count though the answer said no; where they are only remembered as seen, the mended batch is dropped as "
        "repeated. The law has a batch refused for one invalid event, on one day leaves it at that, and on another "
        "sends the good events again.",
        evidence=Evidence.READING,
        source="the metering document has one answer for the whole request; that it means all or nothing is our "
        "reading",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_invalid_batch_stores_nothing,
        cases=(("has no time", 1), ("has a word for its value", 2)),
        generated=lambda: st.tuples(st.sampled_from(list(_BROKEN_FIELDS)), st.integers(0, 2)),
        examples=6,
    ),
)
