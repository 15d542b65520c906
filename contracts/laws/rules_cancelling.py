"""Laws of cancellation: what is taken back, and that nothing else goes with it."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from contracts.laws.ingest_ground import counts, event, opened, used
from contracts.laws.law import Evidence, Family, Law, Subject
from contracts.laws.metering import metering
from contracts.laws.rules_written import (
    CUSTOM,
    EXCLUDE,
    Rule,
    dimensions,
    write,
)
from contracts.laws.trial import Trial
from contracts.model import Severity
from specs.catalog import Document

_EVENT, _RULE = "e", "r"
"""What cancels."""

_CANCEL = "aflo.cancel_previous_resource_event"


def _cancellation_undoes_one_event(trial: Trial, case: tuple[int, int]) -> Iterator[None]:
    count, which = case
    # Both ways are tried with the same numbers of trials, so the words tell their things apart.
    way: str = trial.subject.about
    customer, meter = f"{way}-c", f"{way}-m"
    opened(trial, customer, meter=meter, dimensions=dimensions(trial))
    plain = [event(trial, f"{way}-{number}", 2**number, customer=customer, meter=meter) for number in range(count)]
    named = trial.key("d")
    events = [replace(each, dimensions=((named, f"v{number}"),)) for number, each in enumerate(plain)]
    trial.metering.send_each(events)
    cancelled = events[which]
    if way == _RULE:
        write(trial, Rule(EXCLUDE, (f"v{which}",), meter=meter))
    else:
        trial.metering.send_each([replace(cancelled, dimensions=(*cancelled.dimensions, (_CANCEL, "true")))])
    yield
    wanted = sum(each.value for each in events) - cancelled.value
    what = f"the usage of {count} events of 1, 2 and so on doubled, of which that of {cancelled.value:g} was cancelled,"
    counts(trial, lambda: used(trial, meter=meter), wanted, what)


def _cancelling(document: Document) -> Iterator[Subject]:
    """By an event of its own, and by a rule; the published form knows neither."""
    for subject in metering(CUSTOM)(document):
        yield replace(subject, operation_id="ingestMeterEvents", asks=subject.asks - {CUSTOM}, about=_EVENT)
        yield replace(subject, about=_RULE)


LAWS: tuple[Law, ...] = (
    Law(
        name="cancellation_undoes_one_event",
        family=Family.RULES,
        expects="that a cancelled event counts no more, and every other one still does",
        why="An event that was reported by mistake is taken back, by sending it again with a mark, or by a rule that "
        "names it. Where it still counts, a customer pays for a mistake; where more goes with it, usage is given "
        "away. The law sends several events, cancels one of them, and asks for the usage of the day.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's Go client and its questions and answers: an event sent again with the dimension "
        f"{_CANCEL}; its page on erroneous meters: rules that cancel what was ingested",
        severity=Severity.CRITICAL,
        subjects=_cancelling,
        play=_cancellation_undoes_one_event,
        cases=((3, 1),),
        generated=lambda: st.integers(2, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))),
        examples=4,
    ),
)
