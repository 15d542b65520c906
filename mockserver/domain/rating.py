"""Rating: from the usage of a product item in one billing window to what each of its variants costs.

    partition the usage -> reduce each partition -> multiply by the scalar -> price what has come together so far

A bucket costs what it adds to the price of all units up to it, so that the bills of a variant add up to its price
exactly, in whatever portions usage was metered. Nothing is rounded here but quotients, to 28 significant digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from mockserver.domain.decimals import exact_arithmetic
from mockserver.domain.price_machine import Charge, Leaf, PriceMachine
from mockserver.domain.reducers import Reading, reduced

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, by name."""

_Buckets = Sequence[tuple[int, Decimal]]
_Member = tuple[tuple[str, ...], _Buckets]
"""A resource, and its usage by the start of each bucket."""

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class MeteredUsage:
    """Usage of one meter of one customer, of the events with certain values of the dimensions that a machine asks for.

    Attributes:
        dimensions: by name.
        buckets: start (Unix seconds) and units, in order of time: hours, or one for all where no reducer looks at it.
    """

    dimensions: Dimensions
    buckets: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class UnitsBill:
    """What came to a variant's bill in the bucket that starts at a second: rated units, and their exact price."""

    start_s: int
    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class RatedVariant:
    """What the usage of one partition costs.

    Attributes:
        dimensions: the partition's values, by name.
        units: that were priced, after reducers and scalar; below 0 where corrections outweigh usage.
        price: exact, the flat rate among it.
        units_per_tier: the start of each tier that was reached, and the units rated in it, the lowest tier first.
        bills: of the buckets with usage, in order of time; together the price. None without usage.
    """

    dimensions: Dimensions
    units: Decimal
    price: Decimal
    units_per_tier: tuple[tuple[Decimal, Decimal], ...]
    bills: tuple[UnitsBill, ...]


def rate(machine: PriceMachine, usage: Sequence[MeteredUsage], start_s: int, end_s: int) -> list[RatedVariant]:
    """Price the usage of a billing window.

    Args:
        machine: how.
        usage: parted by `machine.dimensions`, by the hour if it `needs_hours`. What lacks one of the dimensions, or
            has values that no leaf is listed for, is not billed.
        start_s: of the window, in Unix seconds.
        end_s: of the window, which does not hold it.

    Returns:
        The variants in order of their dimensions. One leaf for all usage charges its flat rate without usage too, in a
        variant of no units; a leaf of some dimensions only where it has usage.
    """
    with exact_arithmetic():
        partitions = _partitions(machine, usage)
        if not machine.priced and not partitions:
            return [_rated((), leaf, ()) for leaf in machine.leaves.values() if leaf.flat_rate]
        variants = []
        for dimensions, members in sorted(partitions.items()):
            leaf = machine.leaf_of(dict(dimensions))
            if leaf is not None:
                variants.append(_rated(dimensions, leaf, _series(machine, members, start_s, end_s)))
        return variants


def _partitions(machine: PriceMachine, usage: Sequence[MeteredUsage]) -> dict[Dimensions, list[_Member]]:
    """The usage of each partition, of the resources that its first reducer tells apart."""
    priced, counted = machine.priced, machine.counted
    partitions: dict[Dimensions, list[_Member]] = {}
    for each in usage:
        values = dict(each.dimensions)
        try:
            dimensions = tuple([(name, values[name]) for name in priced])
            resource = tuple([values[name] for name in counted])
        except KeyError:
            continue
        if each.buckets:
            partitions.setdefault(dimensions, []).append((resource, each.buckets))
    return partitions


def _series(machine: PriceMachine, members: Sequence[_Member], start_s: int, end_s: int) -> _Buckets:
    """The rated units of one partition in order of time."""
    if machine.reducers:
        series: _Buckets = reduced(machine.reducers, _readings(members), start_s, end_s)
    elif len(members) == 1:
        series = members[0][1]
    else:
        series = [(reading.start_s, reading.units) for reading in _readings(members)]
    return series if machine.scalar == 1 else [(start, units * machine.scalar) for start, units in series]


def _readings(members: Sequence[_Member]) -> list[Reading]:
    """The usage of each resource at each time, in order of time."""
    readings: dict[tuple[int, tuple[str, ...]], Decimal] = {}
    for resource, buckets in members:
        for start, units in buckets:
            place = start, resource
            readings[place] = readings[place] + units if place in readings else units
    return [Reading(start, resource, units) for (start, resource), units in sorted(readings.items())]


def _rated(dimensions: Dimensions, leaf: Leaf, series: _Buckets) -> RatedVariant:
    """Price a series bucket by bucket. The flat rate comes with the first."""
    bills: list[UnitsBill] = []
    charges: list[Charge] = []
    total, price, before = _ZERO, leaf.flat_rate, _ZERO
    for start, units in series:
        if units:
            total += units
            charges = leaf.charges(total)
            price = leaf.flat_rate
            for charge in charges:
                price += charge.price
        bills.append(UnitsBill(start, units, price - before))
        before = price
    tiers = tuple([(charge.start, charge.units) for charge in charges])
    return RatedVariant(dimensions, total, price, tiers, tuple(bills))
