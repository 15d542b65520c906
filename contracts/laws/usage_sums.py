"""Laws of what usage adds up to: sums, counts, extremes, and the same whatever the length of a bucket."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from contracts.checks.asking import Reply
from contracts.laws.law import Broken, Evidence, Family, Law, Unclear
from contracts.laws.metering import DAY, HOUR, UNREADABLE, Question, live_query, metering, published_query, same
from contracts.laws.trial import Trial
from contracts.laws.usage_events import (
    Baseless,
    Use,
    asked,
    events,
    ground,
    judged,
    monday_of,
    month_of,
    summed,
    used,
    used_buckets,
    write,
)
from contracts.model import Severity

Values = tuple[float, ...]

_SOURCE = "the published metering document: the aggregation of a usage query"
_INTERVALS = ("HOUR", "DAY", "WEEK", "MONTH")
_LONG = 34 * DAY
"""Longer than a month, and within what platforms take late."""

MOMENTS: Mapping[str, Callable[[int], int]] = {
    "the first hour of a day": lambda day: day + 20 * 60,
    "the last hour of a day": lambda day: day + DAY - 40 * 60,
    "a Monday": lambda day: monday_of(day) + 8 * HOUR,
    "a Sunday": lambda day: monday_of(day) - 9 * HOUR,
    "the first day of a month": lambda day: month_of(day) + 9 * HOUR,
    "the last day of a month": lambda day: month_of(day) - 10 * HOUR,
}
"""Moments at which buckets of some length begin or end, by the first second of the trial's day."""


def _sum_sums(trial: Trial, values: Values) -> Iterator[None]:
    uses = used(values)
    trial.metering.define(trial.key("m"))
    trial.metering.register(trial.key("c"))
    trial.metering.send_each(events(trial, uses))
    yield
    what = f"the SUM of {_listed(values)}, which were sent one by one,"
    trial.equal(lambda: trial.metering.total(asked(trial)), summed(uses), what)


def _count_counts(trial: Trial, values: Values) -> Iterator[None]:
    uses = used(values)
    write(trial, uses)
    yield
    question = replace(asked(trial), aggregation="COUNT")

    def judge() -> None:
        ground(trial, asked(trial), summed(uses))
        found = trial.metering.total(question)
        if not same(found, len(values)):
            expected = f"that the COUNT of {len(values)} events, whose values are {_listed(values)}, is {len(values)}"
            raise Broken(expected, f"it is {found:g}", trial.talk.last)

    judged(trial, judge)


def _max_and_min_are_attained(trial: Trial, values: Values) -> Iterator[None]:
    # The second event of each two lies an hour after the first.
    uses = tuple(replace(use, at=use.at + index % 2 * HOUR) for index, use in enumerate(used(values)))
    write(trial, uses)
    yield
    extremes = (("MAX", max), *(() if trial.metering.published else (("MIN", min),)))

    def judge() -> None:
        ground(trial, asked(trial), summed(uses))
        for aggregation, extreme in extremes:
            question = replace(asked(trial), aggregation=aggregation)
            _is_extreme(trial, question, "the day", {0: extreme(values)}, values)
            hours = {hour: extreme(values[hour::2]) for hour in (0, 1) if values[hour::2]}
            _is_extreme(trial, replace(question, interval="HOUR"), "each hour", hours, values)

    judged(trial, judge)


def _is_extreme(trial: Trial, question: Question, each: str, wanted: Mapping[int, float], values: Values) -> None:
    """Looks at the values of the used buckets in the order of time, whatever their labels are."""
    buckets = used_buckets(trial.metering.usage(question))
    found = tuple(buckets[label] for label in sorted(buckets))
    right = tuple(wanted[number] for number in sorted(wanted) if wanted[number])
    if len(found) != len(right) or not all(map(same, found, right)):
        expected = f"that the {question.aggregation} of {each}, of events of {_listed(values)}, is {_listed(right)}"
        raise Broken(expected, f"it is {_listed(found)}", trial.talk.last)


def _finer_intervals_sum_to_coarser(trial: Trial, moments: tuple[str | int, ...]) -> Iterator[None]:
    seconds = [MOMENTS[each](trial.day) if isinstance(each, str) else trial.day + DAY - each for each in moments]
    uses = tuple(Use(2.0**index, second - trial.day) for index, second in enumerate(seconds))
    write(trial, uses)
    yield
    judged(trial, lambda: _adds_up(trial, summed(uses)))


def _adds_up(trial: Trial, wanted: float) -> None:
    told = [_by_interval(trial, interval) for interval in _INTERVALS]
    found = {what: amount for amounts, _ in told for what, amount in amounts.items()}
    wrong = {what: amount for what, amount in found.items() if not same(amount, wanted)}
    shown = [reply for amounts, reply in told if wrong.keys() & amounts.keys()]
    first = next(iter(found.values()))
    if len(wrong) == len(found) and all(same(amount, first) for amount in wrong.values()):
        raise Baseless(f"where the plain sum is {wanted:g}", f"it is {first:g}", *shown)
    if wrong:
        got = ", ".join(f"{what} adds up to {amount:g}" for what, amount in wrong.items())
        raise Broken(f"that the same events add up to {wanted:g} by HOUR, DAY, WEEK and MONTH", got, *shown)


def _by_interval(trial: Trial, interval: str) -> tuple[Mapping[str, float], Reply]:
    """What buckets of a length add up to, and what the live form tells of the whole range beside them."""
    series = trial.metering.usage(replace(asked(trial, -_LONG), interval=interval))
    amounts = {f"what is told by {interval}": math.fsum(each.total for each in series)}
    if not trial.metering.published:
        amounts[f"the whole told beside {interval}"] = math.fsum(each.whole or 0.0 for each in series)
    return amounts, trial.talk.last


def _numbers_are_numbers(trial: Trial, values: Values) -> Iterator[None]:
    uses = used(values)
    write(trial, uses)
    yield
    # The day before is asked for as well: nothing was used on it.
    question = asked(trial, -DAY)

    def judge() -> None:
        amounts = _raw(trial, replace(question, aggregation="COUNT"), f"the COUNT of {len(values)} events")
        amounts = [*amounts, *_raw(trial, question, f"the SUM of {_listed(values)}")]
        if not any(amounts):
            raise Baseless("where usage is told at all", "there is none", trial.talk.last)

    judged(trial, judge)


def _raw(trial: Trial, question: Question, what: str) -> list[Any]:
    """The amounts of an answer, as they stand in it.

    Raises:
        Broken: One of them is no number.
        Unclear: They cannot be found.
    """
    published = trial.metering.published
    answer = trial.talk.want("queryUsage", published_query(question) if published else live_query(question))
    try:
        found = list(_published_amounts(answer.json(), question.meter) if published else _live_amounts(answer.json()))
    except UNREADABLE:
        raise Unclear("the usage cannot be read; response_schema_conformance looks at its form") from None
    for amount in found:
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not math.isfinite(amount):
            raise Broken(f"that {what} is told in numbers of JSON", f"{amount!r} stands there", answer)
    return found


def _published_amounts(answer: Any, meter: str) -> Iterator[Any]:
    for group in answer["clientMeters"].get(meter, []):
        for record in group["records"]:
            yield from record.values()


def _live_amounts(answer: Any) -> Iterator[Any]:
    for group in answer["clientMeters"]:
        yield group["groupValue"]
        yield from (each["value"] for each in group["values"])


def _listed(values: Values) -> str:
    """Values as they are read aloud."""
    told = [f"{value:.12g}" for value in values]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told) or "nothing"


def _whole_numbers(largest: int) -> st.SearchStrategy[Values]:
    return st.lists(st.integers(1, largest), min_size=1, max_size=6).map(tuple)


def _odd_numbers() -> st.SearchStrategy[Values]:
    return st.lists(st.sampled_from((1, 2, 0.5, 0.1, 7, 1e15)), min_size=1, max_size=5).map(tuple)


def _signed() -> st.SearchStrategy[Values]:
    either = st.integers(1, 50).flatmap(lambda value: st.sampled_from((value, -value)))
    return st.lists(either, min_size=1, max_size=6, unique=True).map(tuple)


def _any_moments() -> st.SearchStrategy[tuple[int, ...]]:
    """Whole seconds before the end of the trial's day, each once."""
    return st.lists(st.integers(1, _LONG), min_size=1, max_size=6, unique=True).map(tuple)


SUM_SUMS = Law(
    name="sum_sums",
    family=Family.USAGE,
    expects="that SUM is the sum of the values",
    why="Most invoices rest on sums. One that leaves something out, cuts off large numbers or counts something twice "
    "makes them wrong, and nobody can see it from the outside. The law sends a few events of known whole values, each "
    "in a request of its own, and asks for the SUM of their day.",
    evidence=Evidence.PUBLISHED,
    source=_SOURCE,
    severity=Severity.CRITICAL,
    subjects=metering("queryUsage"),
    play=_sum_sums,
    cases=((3,), (5, 9, 2, 5), (2_000_000_000, 1_500_000_000)),
    generated=lambda: _whole_numbers(10**10),
)

LAWS: tuple[Law, ...] = (
    Law(
        name="count_counts",
        family=Family.USAGE,
        expects="that COUNT is the number of events, whatever their values are",
        why="Whoever sells calls wants to know how many there were, not how large they were. The law sends events of "
        "values other than 1, equal ones among them, and asks for the COUNT of their day.",
        evidence=Evidence.PUBLISHED,
        source=_SOURCE,
        severity=Severity.CRITICAL,
        subjects=metering("queryUsage"),
        play=_count_counts,
        cases=((7,), (5, 5, 0.5)),
        generated=_odd_numbers,
        examples=6,
    ),
    Law(
        name="max_and_min_are_attained",
        family=Family.USAGE,
        expects="that MAX and MIN are the largest and the smallest value of an event in the bucket",
        why="A peak is billed as a peak only if it is one: MAX is a value that some event has, not the sum of an "
        "hour, and it is below zero when all values are. The law sends events of known values in two hours, and asks "
        "for the MAX, and where the form knows it the MIN, of the day and of each hour.",
        evidence=Evidence.PUBLISHED,
        source=f"{_SOURCE}; MIN from the vendor's page on usage queries",
        severity=Severity.HIGH,
        subjects=metering("queryUsage"),
        play=_max_and_min_are_attained,
        cases=((3, 4, 8, 2, 5), (-4, -2)),
        generated=_signed,
        examples=6,
    ),
    Law(
        name="finer_intervals_sum_to_coarser",
        family=Family.USAGE,
        expects="that hours, days, weeks and months of one range add up to the same sum",
        why="The same usage is looked at by hour on a dashboard and by month on an invoice; when they do not add up, "
        "one of them is wrong. It goes wrong where buckets meet, so the law sends events of the first and last hour "
        "of a day, of a Monday and a Sunday, and of the first and last day of a month, and adds up a range of five "
        "weeks by each length of bucket.",
        evidence=Evidence.PUBLISHED,
        source="the published metering document: the time grouping interval says how long a bucket is, no more",
        severity=Severity.CRITICAL,
        subjects=metering("queryUsage"),
        play=_finer_intervals_sum_to_coarser,
        cases=(tuple(MOMENTS),),
        generated=_any_moments,
        examples=4,
    ),
)

NUMBERS_ARE_NUMBERS = Law(
    name="numbers_are_numbers",
    family=Family.USAGE,
    expects="that usage is told in numbers of JSON",
    why="A number in quotes is glued to the next one where a client adds them, null and NaN end in nothing at all. "
    "The law sends events of whole, fractional and large values, and looks at every amount in the SUM and the COUNT "
    "of their day and of an unused one.",
    evidence=Evidence.PUBLISHED,
    source="the published metering document: the values of records are numbers",
    severity=Severity.HIGH,
    subjects=metering("queryUsage"),
    play=_numbers_are_numbers,
    cases=((3,), (0.1, 0.2), (4e15, 0.25)),
    generated=_odd_numbers,
    examples=4,
)
