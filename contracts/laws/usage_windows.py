"""Laws of time in usage: which events a range holds, and how buckets are named."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from contracts.laws.law import Broken, Evidence, Family, Law
from contracts.laws.metering import DAY, HOUR, WEEK, Question, metering, same
from contracts.laws.trial import Trial
from contracts.laws.usage_events import (
    TEN,
    Baseless,
    Use,
    asked,
    compare,
    ground,
    judged,
    monday_of,
    month_of,
    summed,
    told_time,
    used_buckets,
    write,
)
from contracts.model import Severity

_HALF_HOUR = HOUR // 2


@dataclass(frozen=True)
class Labelled:
    """Events about an edge between two buckets, and the range in which they are asked for.

    Args:
        interval: The length of the buckets.
        before: How many seconds before the edge the range begins.
        after: How many seconds after the edge it ends.
        offsets: When the events are, in seconds after the edge.
    """

    interval: str
    before: int
    after: int
    offsets: tuple[int, ...] = (-1, 0, 900)


def _windows_are_half_open(trial: Trial, edge: int) -> Iterator[None]:
    marks = ((-1, 0), (-1, 999), (0, 0), (0, 999), (1, 0))
    uses = tuple(Use(2.0**index, edge + at, millis=millis) for index, (at, millis) in enumerate(marks))
    write(trial, uses)
    yield
    # Each range begins or ends at the edge; a second is the shortest there is.
    ranges = ((edge - 1, edge), (edge, edge + 1), (edge - 600, edge), (edge, edge + 600))

    def judge() -> None:
        ground(trial, asked(trial, -DAY, 2 * DAY), summed(uses))
        for start, end in ranges:
            _holds(trial, asked(trial, start, end), [use for use in uses if start <= use.at < end])

    judged(trial, judge)


def _holds(trial: Trial, question: Question, inside: list[Use]) -> None:
    """Looks whether a range holds just these uses."""
    found, wanted = trial.metering.total(question), summed(inside)
    if not same(found, wanted):
        length = f"the {question.end - question.start} s from {told_time(question.start)} on"
        raise Broken(f"that the usage of {length} is {wanted:g}", f"it is {found:g}", trial.talk.last)


def _buckets_are_labelled_by_their_start(trial: Trial, case: Labelled) -> Iterator[None]:
    uses = _about_edge(trial, case)
    write(trial, uses)
    yield
    _judge_labels(trial, case, uses)


def _weeks_begin_on_monday(trial: Trial, case: Labelled) -> Iterator[None]:
    uses = _about_edge(trial, case)
    write(trial, uses)
    yield
    judged(trial, lambda: _are_weeks(trial, case, uses))


def _are_weeks(trial: Trial, case: Labelled, uses: tuple[Use, ...]) -> None:
    """Looks where weeks part, and on which day their labels are; whose label it is another law tells."""
    wanted = _by_label(trial, case, uses)
    found = _told(trial, case, uses)
    weeks, right = ([by_label[label] for label in sorted(by_label)] for by_label in (found, wanted))
    if len(weeks) != len(right) or not all(map(same, weeks, right)):
        expected = f"that the usage is {_listed(right)} week after week, each from Monday to Sunday"
        raise Broken(expected, f"it is {_listed(weeks)}", trial.talk.last)
    odd = next((label for label in sorted(found) if monday_of(label) != label), None)
    if odd is not None:
        raise Broken("that the time which names a week is a Monday's", f"it is {told_time(odd)}", trial.talk.last)


def _about_edge(trial: Trial, case: Labelled) -> tuple[Use, ...]:
    edge = _edge(trial, case.interval)
    return tuple(Use(2.0**index, edge + offset) for index, offset in enumerate(case.offsets))


def _edge(trial: Trial, interval: str) -> int:
    """Where two buckets meet that lie in the past, in seconds after the trial's day began."""
    edges = {"HOUR": TEN, "DAY": 0, "WEEK": monday_of(trial.day) - trial.day, "MONTH": month_of(trial.day) - trial.day}
    return edges[interval]


def _judge_labels(trial: Trial, case: Labelled, uses: tuple[Use, ...]) -> None:
    start = told_time(_question(trial, case).start)
    wanted = {_named(label): value for label, value in _by_label(trial, case, uses).items()}

    def judge() -> None:
        found = {_named(label): value for label, value in _told(trial, case, uses).items()}
        compare(wanted, found, f"the usage from {start} on by {case.interval}", trial.talk.last)

    judged(trial, judge)


def _by_label(trial: Trial, case: Labelled, uses: tuple[Use, ...]) -> dict[int, float]:
    """What was used in each bucket, by its first second."""
    by_label: dict[int, float] = {}
    for use in uses:
        label = _start(trial.day + use.at, case.interval)
        by_label[label] = by_label.get(label, 0.0) + use.value
    return by_label


def _told(trial: Trial, case: Labelled, uses: tuple[Use, ...]) -> dict[int, float]:
    """What is answered for each used bucket, by its label.

    Raises:
        Baseless: It does not add up to what was used, so that labels are not what is wrong.
    """
    found = used_buckets(trial.metering.usage(_question(trial, case)))
    wanted, total = summed(uses), math.fsum(found.values())
    if not same(total, wanted):
        raise Baseless(f"where the buckets add up to {wanted:g}", f"they add up to {total:g}", trial.talk.last)
    return found


def _question(trial: Trial, case: Labelled) -> Question:
    edge = _edge(trial, case.interval)
    return replace(asked(trial, edge - case.before, edge + case.after), interval=case.interval)


def _named(label: int) -> str:
    return f"{label}, which is {told_time(label)}"


def _start(second: int, interval: str) -> int:
    """The first second of the UTC bucket that holds one."""
    if interval == "MONTH":
        return month_of(second)
    return monday_of(second) if interval == "WEEK" else second - second % {"HOUR": HOUR, "DAY": DAY}[interval]


def _listed(amounts: list[float]) -> str:
    return ", then ".join(f"{amount:g}" for amount in amounts) or "nothing"


def _any_edge() -> st.SearchStrategy[int]:
    return st.integers(0, DAY - 1)


def _any_labelled() -> st.SearchStrategy[Labelled]:
    """Events within half an hour of an edge, in ranges that begin and end anywhere about them."""
    length = st.integers(_HALF_HOUR, DAY)
    return st.builds(Labelled, st.sampled_from(("HOUR", "DAY", "MONTH")), length, length, _offsets(-_HALF_HOUR + 1))


def _any_week() -> st.SearchStrategy[Labelled]:
    return st.builds(Labelled, st.just("WEEK"), st.just(WEEK), st.just(DAY), _offsets(-WEEK + 1))


def _offsets(first: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(first, _HALF_HOUR - 1), min_size=1, max_size=4, unique=True).map(tuple)


LAWS: tuple[Law, ...] = (
    Law(
        name="windows_are_half_open",
        family=Family.USAGE,
        expects="that a range holds the second in which it begins, and no more the one in which it ends",
        why="Ranges are put side by side: this hour and the next, this month and the next. When both hold the second "
        "where they meet, it is billed twice; when neither does, never. The law puts events a second and a few "
        "milliseconds about one moment, and asks for ranges that begin or end there, down to a single second.",
        evidence=Evidence.READING,
        source="nobody states how the start is meant; of the end the vendor's clients say that it is excluded",
        severity=Severity.HIGH,
        subjects=metering("queryUsage"),
        play=_windows_are_half_open,
        cases=(TEN + 20 * 60 + 30, 0, TEN),
        generated=_any_edge,
        examples=6,
    ),
    Law(
        name="buckets_are_labelled_by_their_start",
        family=Family.USAGE,
        expects="that the time which names a bucket is the first second of its UTC hour, day or month",
        why="A chart that is one bucket late tells of a peak when there was none, and usage that is named by the next "
        "day may land on the next invoice. The law sends events just before and after the edge of an hour, a day and "
        "a month, and looks at how their buckets are named, also where the range begins in the middle of one.",
        evidence=Evidence.READING,
        source="nobody states it; an example of the published metering document names a day by 10:00, where its range "
        "begins",
        severity=Severity.HIGH,
        subjects=metering("queryUsage"),
        play=_buckets_are_labelled_by_their_start,
        cases=(
            Labelled("HOUR", 2 * HOUR, 2 * HOUR),
            Labelled("HOUR", _HALF_HOUR, _HALF_HOUR),
            Labelled("DAY", DAY, DAY),
            Labelled("DAY", 3 * HOUR, 3 * HOUR),
            Labelled("MONTH", 2 * DAY, DAY),
        ),
        generated=_any_labelled,
        examples=6,
    ),
    Law(
        name="weeks_begin_on_monday",
        family=Family.USAGE,
        expects="that a week goes from Monday to Sunday, in UTC",
        why="A weekly report that begins on Sunday cannot be laid beside one that begins on Monday. The law sends "
        "events of the last second of a Sunday and the first of a Monday, and asks for their weeks.",
        evidence=Evidence.READING,
        source="nobody states it; weeks of ISO 8601 begin on Monday",
        severity=Severity.MEDIUM,
        subjects=metering("queryUsage"),
        play=_weeks_begin_on_monday,
        cases=(Labelled("WEEK", WEEK, DAY, (-1, 0, -3 * DAY)),),
        generated=_any_week,
        examples=6,
    ),
)
