"""What the laws of usage send, and what they have in common when they judge what is answered."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.checks.asking import Reply
from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import DAY, HOUR, Event, Question, Series, same
from contracts.laws.trial import Trial

REGION, TIER, CUSTOMER = "region", "tier", "customerId"
TEN = 10 * HOUR
"""An hour that is far from both ends of its day."""

_MONDAY = 4 * DAY
"""The first Monday: 1970 began with a Thursday."""
_MOST_TOLD = 5


@dataclass(frozen=True)
class Use:
    """One event of a case, without the keys that a trial gives it.

    Args:
        value: How much was used.
        at: When, in seconds after the beginning of the trial's day.
        region: The value of this dimension; empty when the event has it not.
        tier: As `region`.
        customer: A word for whose usage it is.
        millis: What is added to `at`.
    """

    value: float = 1
    at: int = TEN
    region: str = "eu"
    tier: str = "free"
    customer: str = "c"
    millis: int = 0


class Baseless(Broken):
    """What a law rests on is wrong already, so that the law itself is not to blame."""


def used(values: Iterable[float]) -> tuple[Use, ...]:
    """Uses of these values, a minute after each other."""
    return tuple(Use(value, TEN + 60 * index) for index, value in enumerate(values))


def events(trial: Trial, uses: Sequence[Use], meter: str = "m") -> tuple[Event, ...]:
    """The events of a case, each with a mark of its own.

    Args:
        trial: Whose keys and day they have.
        uses: What was used.
        meter: The word for the meter.
    """
    return tuple(
        Event(
            trial.key(meter),
            trial.key(use.customer),
            trial.day + use.at,
            use.value,
            trial.key(f"{meter}u{index}"),
            tuple((name, value) for name, value in ((REGION, use.region), (TIER, use.tier)) if value),
            use.millis,
        )
        for index, use in enumerate(uses)
    )


def write(trial: Trial, uses: Sequence[Use], meter: str = "m") -> None:
    """Makes a meter that sums, and the customers, and sends the events of a case as one batch."""
    trial.metering.define(trial.key(meter), dimensions=(REGION, TIER))
    trial.metering.register(*dict.fromkeys(trial.key(use.customer) for use in uses))
    trial.metering.send(*events(trial, uses, meter))


def asked(trial: Trial, start: int = 0, end: int = DAY, meter: str = "m") -> Question:
    """The plainest question: the sum by day, from `start` to before `end` in seconds after the trial's day began."""
    return Question(trial.key(meter), trial.day + start, trial.day + end)


def summed(uses: Iterable[Use]) -> float:
    """What was used in all."""
    return math.fsum(use.value for use in uses)


def judged(trial: Trial, judge: Callable[[], None]) -> None:
    """Judges until the law holds or its time is over.

    Raises:
        Broken: It does not hold.
        Unclear: What it rests on is wrong.
    """
    try:
        trial.hold(judge)
    except Baseless as baseless:
        reason = f"it can only be told {baseless.expected}, and {baseless.got}; sum_sums and the laws of ingestion look"
        raise Unclear(f"{reason} at that") from None


def ground(trial: Trial, question: Question, wanted: float) -> None:
    """Looks whether the plain sum is right, on which finer questions rest.

    Raises:
        Baseless: It is not.
    """
    found = trial.metering.total(question)
    if not same(found, wanted):
        raise Baseless(f"where the plain sum is {wanted:g}", f"it is {found:g}", trial.talk.last)


def compare(wanted: Mapping[str, float], found: Mapping[str, float], what: str, *shown: Reply) -> None:
    """Compares amounts by name; one that is not there is 0.

    Args:
        wanted: What they have to be.
        found: What they are.
        what: What they are, as it stands before "is".
        shown: The answers that show it.

    Raises:
        Broken: They differ; it tells of the ones that do.
    """
    names = sorted({*wanted, *found})
    wrong = [name for name in names if not same(wanted.get(name, 0.0), found.get(name, 0.0))]
    if wrong:
        raise Broken(f"that {what} is {amounts(wanted, wrong)}", f"it is {amounts(found, wrong)}", *shown)


def amounts(by_name: Mapping[str, float], names: Sequence[str]) -> str:
    """Some amounts by name, as a person reads them."""
    told = ", ".join(f"{by_name.get(name, 0.0):g} for {name}" for name in names[:_MOST_TOLD])
    return told if len(names) <= _MOST_TOLD else f"{told} and other amounts for {len(names) - _MOST_TOLD} more"


def used_buckets(series: Iterable[Series]) -> dict[int, float]:
    """The buckets of a question without groups, without those that are 0."""
    return {label: value for each in series for label, value in each.buckets.items() if value}


def told_time(second: int) -> str:
    """A moment as a person reads it, in UTC; a number that no calendar holds stays a number."""
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%A %Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"the second {second}"


def month_of(second: int) -> int:
    """The first second of the UTC month that holds one."""
    first = datetime.fromtimestamp(second, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(first.timestamp())


def monday_of(second: int) -> int:
    """The first second of the week from Monday that holds one."""
    return second - (second - _MONDAY) % (7 * DAY)
