"""Laws of single events: whatever its value, its time and its form, an event counts, and where it belongs."""

from collections.abc import Iterator
from functools import partial

from hypothesis import strategies as st

from contracts.laws.ingest_ground import counts, event, opened, used
from contracts.laws.law import Broken, Evidence, Family, Law, Need
from contracts.laws.metering import metering, same
from contracts.laws.trial import Trial
from contracts.model import Severity

_TODAY = 3
"""How many days after the day of a trial the run's own day is."""


def _order_is_free(trial: Trial, days_back: tuple[int, ...]) -> Iterator[None]:
    opened(trial)
    trial.metering.send_each(event(trial, str(back), back + 1, -back) for back in days_back)
    yield
    count = len(days_back)
    wanted = sum(back + 1 for back in days_back)
    told = ", ".join(str(count - back) for back in days_back)
    what = f"the usage of {count} events of together {wanted}, of days sent in the order {told},"
    counts(trial, lambda: used(trial, 1 - count, count), wanted, what)


def _values_are_separate_events(trial: Trial, values: tuple[int, ...]) -> Iterator[None]:
    words = tuple(f"m{number}" for number in range(len(values)))
    opened(trial, meter=words[0])
    for word in words[1:]:
        trial.metering.define(trial.key(word))
    amounts = {trial.key(word): value for word, value in zip(words, values, strict=True)}
    # The first one is of another day: what the request before was about is for other laws to tell.
    for days in (-1, 0):
        one = event(trial, str(days), 0, days).as_json()
        shared = {name: value for name, value in one.items() if name not in {"meterApiName", "meterValue"}}
        trial.talk.write("ingestMeterEvents", {**shared, "values": amounts})
    yield
    for number, (word, value) in enumerate(zip(words, values, strict=True), 1):
        what = f"the usage of meter {number} of {len(words)}, for which one event has {value} among its values,"
        counts(trial, partial(used, trial, meter=word), value, what)


def _odd_values_count(trial: Trial, values: tuple[float, float]) -> Iterator[None]:
    opened(trial)
    trial.metering.send_each(event(trial, str(number), value) for number, value in enumerate(values))
    if 0 in values:
        trial.metering.send_each(event(trial, f"r{number}", 7, 1) for number in range(len(values)))
    yield
    told = " and ".join(f"{value:g}" for value in values)
    counts(trial, lambda: used(trial), sum(values), f"the usage of two events of {told}")
    if 0 in values:
        counts(trial, lambda: used(trial, 1), 14, "the usage of two events of 7")
        trial.hold(lambda: _zero_is_counted(trial, told))


def _zero_is_counted(trial: Trial, told: str) -> None:
    """An event of nothing changes no sum, so it is looked for by COUNT, as far as that counts other events."""
    plain = used(trial, 1, aggregation="COUNT")
    found = used(trial, aggregation="COUNT")
    if same(plain, 2) and not same(found, 2):
        raise Broken(f"that the number of two events of {told} is 2", f"it is {found:g}", trial.talk.last)


def _late_and_future_events_count(trial: Trial, ahead: int) -> Iterator[None]:
    opened(trial)
    trial.metering.send_each([event(trial, "", 3, _TODAY + ahead)])
    yield
    when = f"{ahead} days ahead of" if ahead > 0 else f"{-ahead} days before"
    counts(trial, lambda: used(trial, _TODAY + ahead), 3, f"the usage of the day {when} today, with one event of 3,")


def _pairs() -> st.SearchStrategy[tuple[float, float]]:
    """Two values whose sum is whole: how a sum is rounded is not for this law to tell."""
    quarters = st.integers(0, 40).map(lambda number: number / 4)
    wholes = st.integers(-3, 12)
    return st.tuples(quarters, wholes).map(lambda pair: (pair[0], pair[1] - pair[0]))


LAWS: tuple[Law, ...] = (
    Law(
        name="order_is_free",
        family=Family.INGEST,
        expects="that events count in whatever order they come",
        why="Events of several servers, and those that were retried, come out of order. A platform that drops what is "
        "older than the newest event it knows, or lets it replace something, loses usage without a word. The law "
        "sends events of several days in another order than that of their days.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's pages on invoices: events that come late are counted, up to 60 days back",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_order_is_free,
        cases=((0, 1), (1, 2, 0)),
        generated=lambda: st.integers(2, 5).flatmap(lambda count: st.permutations(range(count))).map(tuple),
        examples=6,
    ),
    Law(
        name="values_are_separate_events",
        family=Family.INGEST,
        expects="that an event with values for several meters counts on each of them",
        why="A client that measures several things at once reports them in one event, with a value for each meter. "
        "Where only some of them count, the others are never billed, and no answer says so. The law sends such an "
        "event and asks each meter for its usage.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: values of MeterEvent, a map from meters to their values",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_values_are_separate_events,
        # Elsewhere the gate wants each event to name a meter of the run by meterApiName.
        needs=frozenset({Need.WRITES, Need.LOOPBACK}),
        cases=((3, 5),),
        generated=lambda: st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple),
        examples=4,
    ),
    Law(
        name="odd_values_count",
        family=Family.INGEST,
        expects="that values that are fractions, zero or negative count as what they are",
        why="Half an hour is 0.5, a credit note is -2, and a job that found nothing to do reports 0, which is an "
        "event all the same. A platform that keeps whole numbers, or takes zero for absent, miscounts them. The law "
        "sends two events with such values and asks for their sum; zero, which changes no sum, is looked for by COUNT.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: meterValue is a number, without bounds",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_odd_values_count,
        # Negative ones come last: a platform that refuses them is told nothing more by this law.
        cases=((0.5, 1.5), (5, 0), (5, -2)),
        generated=_pairs,
        examples=6,
    ),
    Law(
        name="late_and_future_events_count",
        family=Family.INGEST,
        expects="that an event counts on its own day, however long ago or ahead that is",
        why="A device that was offline reports weeks later, and one whose clock runs ahead reports what is to come. A "
        "platform that drops such events, or counts them on the day they came, bills the wrong month. The law sends "
        "an event of a day long ago, or ahead, and asks for the usage of that day.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's pages on invoices: events that come late are counted, up to 60 days back; the metering "
        "document: meterTimeInMillis is an integer, without bounds",
        severity=Severity.CRITICAL,
        subjects=metering(),
        play=_late_and_future_events_count,
        cases=(-8, -50, 2),
        generated=lambda: st.integers(-50, 2),
        examples=4,
    ),
)
