"""The meter of a trial of an ingest law, and its usage day by day.

A sum of more than two events in one day would depend on how usage is added up, which is for other laws to tell. So the
laws of ingestion put no more than two events on a day, and where they cannot, they ask in two ways.
"""

from collections.abc import Callable, Iterable

from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import DAY, HOUR, Event, Question
from contracts.laws.talk import Talk
from contracts.laws.trial import Trial

MORNING = 10 * HOUR
"""When on its day an event is: far from both midnights, whose side other laws look at."""


_LONG_BEFORE = -30
_PLAIN = 16


def opened(trial: Trial, *customers: str, meter: str = "m", dimensions: tuple[str, ...] = ()) -> None:
    """Creates the trial's meter, and its customers.

    Args:
        trial: Whose.
        customers: Their words; "c" alone when there are none.
        meter: The word of the meter.
        dimensions: Names of the meter's dimensions.
    """
    trial.metering.define(trial.key(meter), dimensions=dimensions)
    trial.metering.register(*map(trial.key, customers or ("c",)))


def introduced(trial: Trial, customer: str = "c", days: int = _LONG_BEFORE) -> None:
    """Sends a plain event, of a day that the law is not about.

    What follows is then about the same customer and meter as the request before it: a platform that takes one request's
    for another's breaks a law of its own.
    """
    trial.metering.send_each([event(trial, f"{customer}{days}", _PLAIN, days, customer=customer)])


def counts(trial: Trial, read: Callable[[], float], wanted: float, what: str) -> None:
    """Reads an amount that has to be a certain one, as `Trial.equal` does, and accuses nobody who cannot add up at all.

    Raises:
        Broken: It is another one.
        Unclear: It is, but so is the usage of one plain event on a meter of its own.
    """
    try:
        trial.equal(read, wanted, what)
    except Broken:
        if not _adds_up(trial):
            raise Unclear("the usage of one plain event is wrong, which says nothing of this law") from None
        raise


def _adds_up(trial: Trial) -> bool:
    """Whether one plain event is counted right; taken for granted where nothing may be written any more."""
    if trial.talk.muted:
        return True
    beside = Trial(trial.law, trial.subject, trial.number, trial.terms, Talk(trial.asker, trial.talk.auth))
    # A law with several operations tries each with the same numbers.
    meter, customer = (f"{word}-{trial.subject.operation_id[:1]}" for word in ("plain", "someone"))
    opened(beside, customer, meter=meter)
    beside.metering.send_each([event(beside, meter, _PLAIN, customer=customer, meter=meter)])
    try:
        beside.equal(lambda: used(beside, meter=meter), _PLAIN, "the usage of one plain event")
    except Broken:
        return False
    return True


def event(  # noqa: PLR0913 - an event has that many parts
    trial: Trial, word: str, value: float, days: int = 0, *, customer: str = "c", meter: str = "m"
) -> Event:
    """An event of the trial's meter, with a uniqueId of its own.

    Args:
        trial: Whose.
        word: Tells it from the trial's other events.
        value: How much was used.
        days: How many days after the day of the trial; negative for days before it.
        customer: The word of the customer.
        meter: The word of the meter.
    """
    seconds = trial.day + days * DAY + MORNING
    return Event(trial.key(meter), trial.key(customer), seconds, value, trial.key(f"u{word}"))


def used(  # noqa: PLR0913 - a question has that many parts
    trial: Trial,
    first: int = 0,
    days: int = 1,
    *,
    meter: str = "m",
    customers: Iterable[str] = (),
    aggregation: str = "SUM",
) -> float:
    """The usage of whole days, all added up.

    Args:
        trial: Whose.
        first: How many days after the day of the trial the first one is.
        days: How many.
        meter: The word of the meter.
        customers: The words of the customers whose usage counts; all when there are none.
        aggregation: As in a `Question`.
    """
    start = trial.day + first * DAY
    chosen = tuple(map(trial.key, customers))
    question = Question(trial.key(meter), start, start + days * DAY, aggregation, customers=chosen)
    return trial.metering.total(question)


def refused(trial: Trial, batch: list[dict[str, object]]) -> None:
    """Sends a batch that has to be refused; when the talk is muted it is only told, as any other write.

    Raises:
        Unclear: It was not refused as bad data; other checks look at that.
    """
    if trial.talk.muted:
        trial.talk.write("ingestMeterEvents", batch)
        return
    status = trial.talk.ask("ingestMeterEvents", batch).status
    if status not in {400, 422}:
        raise Unclear(f"a batch with an invalid event was answered with {status}; negative_data_rejection looks at it")
