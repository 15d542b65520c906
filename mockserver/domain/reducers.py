"""Reducers: usage of stretches of time boiled down to one number each, such as the largest hour or a count of seats.

A reducer gives a series whose sum over a stretch is the reduced number: each bucket has what it added to it. So a bill
can say what every hour cost, also while the stretch still runs. A kind is a function and a row of `REDUCERS`.

Sums are computed in the ambient decimal context, which `rating.rate` makes wide enough; quotients have 28 digits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import Final, NamedTuple

from mockserver.domain.windows import HOUR_S, Interval, bucket_of_second, bucket_start

QUOTIENT: Final = Context(prec=28, rounding=ROUND_HALF_UP)
"""What a division is rounded to: 28 significant digits."""

_ZERO: Final = Decimal(0)


class Granularity(StrEnum):
    """The stretches of time that a reducer looks at: UTC buckets, cut at the billing window, or the window whole."""

    ENTIRE_INVOICE_PERIOD = "entire_invoice_period"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Reading(NamedTuple):
    """Usage of one resource (the values of the counted dimensions) that was metered from a second on."""

    start_s: int
    resource: tuple[str, ...]
    units: Decimal


@dataclass(frozen=True, slots=True)
class Reducer:
    """One step that reduces usage.

    Attributes:
        kind: a key of `REDUCERS`.
        granularity: the stretches that are reduced to a number each; the numbers of a window are added up.
        counted: the dimensions whose values tell resources apart, of a kind that does.
    """

    kind: str
    granularity: Granularity = Granularity.ENTIRE_INVOICE_PERIOD
    counted: tuple[str, ...] = ()


Reduction = Callable[[Sequence[Reading], Fraction], Iterator[Decimal]]
"""(the readings of one stretch in order of time, how many readings it has room for) -> the number after each of them"""


def _largest(readings: Sequence[Reading], _room: Fraction) -> Iterator[Decimal]:
    """The largest reading; at least 0, which a time without usage has."""
    largest = _ZERO
    for reading in readings:
        largest = max(largest, reading.units)
        yield largest


def _average(readings: Sequence[Reading], room: Fraction) -> Iterator[Decimal]:
    """The sum, divided by all the readings that the stretch has room for."""
    total = _ZERO
    for reading in readings:
        total += reading.units
        yield QUOTIENT.divide(total * room.denominator, Decimal(room.numerator))


def _distinct(readings: Sequence[Reading], _room: Fraction) -> Iterator[Decimal]:
    """How many resources there are, whatever their usage."""
    seen: set[tuple[str, ...]] = set()
    for reading in readings:
        seen.add(reading.resource)
        yield Decimal(len(seen))


def _distinct_with_volume(readings: Sequence[Reading], _room: Fraction) -> Iterator[Decimal]:
    """How many resources have usage above 0."""
    volumes: dict[tuple[str, ...], Decimal] = {}
    count = 0
    for reading in readings:
        before = volumes.get(reading.resource, _ZERO)
        after = volumes[reading.resource] = before + reading.units
        count += (after > 0) - (before > 0)
        yield Decimal(count)


def _largest_of_each(readings: Sequence[Reading], _room: Fraction) -> Iterator[Decimal]:
    """The largest reading of each resource, added up."""
    largest: dict[tuple[str, ...], Decimal] = {}
    total = _ZERO
    for reading in readings:
        more = max(reading.units - largest.get(reading.resource, _ZERO), _ZERO)
        largest[reading.resource] = largest.get(reading.resource, _ZERO) + more
        total += more
        yield total


class ReducerKind(NamedTuple):
    """How a kind reduces, and whether it tells resources apart; the others add the usage of all up first."""

    reduction: Reduction
    counts: bool


REDUCERS: Final[Mapping[str, ReducerKind]] = {
    "max_reducer": ReducerKind(_largest, counts=False),
    "average_reducer": ReducerKind(_average, counts=False),
    "distinct_resource_reducer": ReducerKind(_distinct, counts=True),
    "volume_distinct_resource_reducer": ReducerKind(_distinct_with_volume, counts=True),
    "resource_groups_reducer": ReducerKind(_largest_of_each, counts=True),
    "DimensionCounterWindowFunctionNode": ReducerKind(_distinct, counts=True),
}
"""How each kind reduces, by the vendor's name of the kind. Only the names are known of the last three (our reading)."""


def reduced(
    reducers: Sequence[Reducer], readings: Iterable[Reading], start_s: int, end_s: int
) -> list[tuple[int, Decimal]]:
    """Usage of a billing window after all its reducers.

    Args:
        reducers: at least one. The first reduces the readings, each further one the numbers of the one before.
        readings: one for each hour and resource at most, in order of time.
        start_s: of the billing window, in Unix seconds.
        end_s: of the window, which does not hold it.

    Returns:
        What each reading added to the reduced number, in order of time, readings of the same time together.
    """
    series, step = list(readings), Granularity.HOUR
    for reducer in reducers[:-1]:
        numbers = _stretches(reducer, step, series, start_s, end_s)
        series = [Reading(start, (), number[-1]) for start, _, number in numbers]
        step = reducer.granularity
    added: dict[int, Decimal] = {}
    for _, members, numbers_after in _stretches(reducers[-1], step, series, start_s, end_s):
        before = _ZERO
        for reading, after in zip(members, numbers_after, strict=True):
            added[reading.start_s] = added.get(reading.start_s, _ZERO) + after - before
            before = after
    return list(added.items())


def _stretches(
    reducer: Reducer, step: Granularity, readings: Sequence[Reading], start_s: int, end_s: int
) -> Iterator[tuple[int, list[Reading], list[Decimal]]]:
    """Each stretch with usage: when it begins, its readings, and the reduced number after each of them."""
    reduction = REDUCERS[reducer.kind].reduction
    for stretch, group in groupby(readings, key=lambda each: _stretch_of(each.start_s, reducer.granularity, start_s)):
        members = list(group)
        stretch_end = _end_of(stretch, reducer.granularity, end_s)
        yield stretch, members, list(reduction(members, _room(step, stretch, stretch_end, start_s)))


def _stretch_of(time_s: int, granularity: Granularity, start_s: int) -> int:
    """When the stretch begins that holds a second of the window, which begins at `start_s`."""
    if granularity is Granularity.ENTIRE_INVOICE_PERIOD:
        return start_s
    interval = Interval(granularity.value)
    return max(bucket_start(bucket_of_second(time_s, interval), interval), start_s)


def _end_of(stretch: int, granularity: Granularity, end_s: int) -> int:
    """When the stretch ends that begins at a second, in a window that ends at `end_s`."""
    if granularity is Granularity.ENTIRE_INVOICE_PERIOD:
        return end_s
    interval = Interval(granularity.value)
    return min(bucket_start(bucket_of_second(stretch, interval) + 1, interval), end_s)


def _room(step: Granularity, stretch: int, stretch_end: int, start_s: int) -> Fraction:
    """How many readings, one for each step that begins in it, a stretch has room for; of hours, a part counts too."""
    if step is Granularity.HOUR:
        return Fraction(stretch_end - stretch, HOUR_S)
    if step is Granularity.ENTIRE_INVOICE_PERIOD:
        return Fraction(1)
    interval = Interval(step.value)
    first, last = (bucket_of_second(second, interval) for second in (stretch, stretch_end - 1))
    begun_before = stretch > start_s and bucket_start(first, interval) < stretch
    return Fraction(last - first + 1 - begun_before)
