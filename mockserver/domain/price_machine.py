"""Prices of usage: leaves that make a price of a number of units, and the machine that picks a leaf for usage.

A machine is what every price of a product item comes down to: reducers that boil usage down to a number, dimensions
that divide it into partitions, and a leaf for each partition. A kind of leaf is a function and a row of `LEAF_KINDS`.

Prices are computed in the ambient decimal context, which `rating.rate` makes wide enough for exact products; only a
division is rounded, to 28 significant digits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, NamedTuple

from mockserver.domain.price_tiers import Tier
from mockserver.domain.reducers import QUOTIENT, REDUCERS, Reducer

_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)


class Charge(NamedTuple):
    """What a tier, which begins at `start`, charges: a price for the units that are rated in it."""

    start: Decimal
    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Leaf:
    """The price of a number of units.

    Attributes:
        kind: a key of `LEAF_KINDS`.
        tiers: in rising order of their starts, which are not below 0.
        unit_prices: numbers of units, rising, each with the price of a unit that holds from it on.
        flat_rate: what the window costs besides, whatever the units.
        partial: whether a batch that is begun costs only the part that is used; None leaves it to the kind.
    """

    kind: str
    tiers: tuple[Tier, ...] = ()
    unit_prices: tuple[tuple[Decimal, Decimal], ...] = ()
    flat_rate: Decimal = _ZERO
    partial: bool | None = None

    def charges(self, units: Decimal) -> list[Charge]:
        """What the tiers charge for so many units, the lowest first; nothing for units that are not above 0."""
        return LEAF_KINDS[self.kind](self, units) if units > 0 else []


Pricing = Callable[[Leaf, Decimal], list[Charge]]
"""(leaf, units above 0) -> what its tiers charge, the lowest first"""


def _graduated(leaf: Leaf, units: Decimal, *, partial_batches: bool) -> list[Charge]:
    """Each tier prices the units between its start and the next tier's.

    Args:
        leaf: with tiers.
        units: above 0.
        partial_batches: whether a batch that is begun costs only its part, where the leaf does not say.
    """
    price_of = _part_of_batches if (partial_batches if leaf.partial is None else leaf.partial) else _whole_batches
    charges: list[Charge] = []
    for tier in reversed(leaf.tiers):
        if units > tier.start:
            beyond = units - tier.start
            charges.append(Charge(tier.start, beyond, price_of(tier, beyond)))
            units = tier.start
    charges.reverse()
    return charges


def _part_of_batches(tier: Tier, units: Decimal) -> Decimal:
    price = units * tier.price
    return price if tier.batch == _ONE else QUOTIENT.divide(price, tier.batch)


def _whole_batches(tier: Tier, units: Decimal) -> Decimal:
    batches, begun = divmod(units, tier.batch)
    return (batches + 1 if begun else batches) * tier.price


def _by_volume(leaf: Leaf, units: Decimal) -> list[Charge]:
    """All units at the unit price of the bracket that their number falls into; nothing below the first."""
    for start, unit_price in reversed(leaf.unit_prices):
        if units >= start:
            return [Charge(start, units, units * unit_price)]
    return []


_BY_UNIT: Final = partial(_graduated, partial_batches=True)
_BY_BATCH: Final = partial(_graduated, partial_batches=False)

LEAF_KINDS: Final[Mapping[str, Pricing]] = {
    "LeafNode": _BY_UNIT,
    "PricePerUnitLeafNode": _BY_UNIT,
    "DiscreteLeafNode": _BY_BATCH,
    "PricePerBlockLeafNode": _BY_BATCH,
    "volume_based_leaf_node": _by_volume,
}
"""How each kind of leaf prices units, by the vendor's name of the kind. Which kinds sell parts is our reading."""


@dataclass(frozen=True, slots=True)
class PriceMachine:
    """How the usage of a product item is rated.

    Attributes:
        leaves: the leaf of each combination of the values of `keys`; without keys, one of the empty combination.
        keys: the dimensions that the price depends on.
        reducers: applied to the usage of each partition one after the other, the outermost first.
        group_by: dimensions each group of which is rated on its own.
        scalar: what units are multiplied by before a leaf prices them.
    """

    leaves: Mapping[tuple[str, ...], Leaf]
    keys: tuple[str, ...] = ()
    reducers: tuple[Reducer, ...] = ()
    group_by: tuple[str, ...] = ()
    scalar: Decimal = _ONE

    @classmethod
    def per_unit(cls, price: Decimal) -> "PriceMachine":
        """The machine that charges a price for each unit."""
        return cls({(): Leaf("PricePerUnitLeafNode", (Tier(_ZERO, _ONE, price),))})

    @property
    def priced(self) -> tuple[str, ...]:
        """The dimensions whose values part usage into variants, by name."""
        return tuple(sorted({*self.keys, *self.group_by}))

    @property
    def counted(self) -> tuple[str, ...]:
        """The dimensions whose values the first reducer tells apart."""
        return self.reducers[0].counted if self.reducers and REDUCERS[self.reducers[0].kind].counts else ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that usage must be parted by before it is rated, by name."""
        return tuple(sorted({*self.keys, *self.group_by, *self.counted}))

    @property
    def needs_hours(self) -> bool:
        """Whether usage must come by the hour, since a reducer looks at it."""
        return bool(self.reducers)

    def leaf_of(self, dimensions: Mapping[str, str]) -> Leaf | None:
        """The leaf that prices usage of these values; None where the combination is not listed."""
        return self.leaves.get(tuple([dimensions[key] for key in self.keys]))
