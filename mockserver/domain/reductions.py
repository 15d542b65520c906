"""How large a reduction is: an amount or a share, alone or by tiers, and the condition under which there is one.

Nothing here is rounded or limited: that is the business of whoever takes the reduction off an invoice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import NamedTuple

from mockserver.domain.decimals import added, multiplied
from mockserver.domain.portions import NOTHING


class Measure(Enum):
    """What tiers of amounts are measured on."""

    SPEND = auto()
    """What is left to discount of the portions that the promotion is for."""
    UNITS = auto()
    """The units of their usage."""


class Basis(NamedTuple):
    """What a model computes a reduction from.

    Attributes:
        spend: what is left to discount of the portions that the promotion is for.
        units: of the usage that they price.
        before: what its tiers were measured on in earlier invoices.
    """

    spend: Decimal
    units: Decimal = NOTHING
    before: Decimal = NOTHING


class Step(NamedTuple):
    """A tier: the value (an amount or a share) from a threshold on, the threshold included."""

    start: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Absolute:
    """The same amount off each invoice."""

    amount: Decimal

    def reduction(self, _basis: Basis) -> Decimal:
        """The amount, exact."""
        return self.amount

    def measured(self, _basis: Basis) -> Decimal:
        """Nothing: it has no tiers."""
        return NOTHING


@dataclass(frozen=True, slots=True)
class Relative:
    """A share off, 0.2 for a fifth."""

    share: Decimal

    def reduction(self, basis: Basis) -> Decimal:
        """The share of what is left, exact."""
        return multiplied(basis.spend, self.share)

    def measured(self, _basis: Basis) -> Decimal:
        """Nothing: it has no tiers."""
        return NOTHING


@dataclass(frozen=True, slots=True)
class TieredAbsolute:
    """The amount of the highest threshold that was reached.

    Attributes:
        steps: thresholds and amounts, in order of the thresholds.
        measure: what reaches them.
        accumulates: whether earlier invoices count towards them.
    """

    steps: tuple[Step, ...]
    measure: Measure = Measure.SPEND
    accumulates: bool = False

    def reduction(self, basis: Basis) -> Decimal:
        """The amount, 0 below the first threshold."""
        return _value_at(self.steps, added([basis.before if self.accumulates else NOTHING, self._size(basis)]))

    def measured(self, basis: Basis) -> Decimal:
        """What this invoice adds to what the tiers of later ones are measured on."""
        return self._size(basis) if self.accumulates else NOTHING

    def _size(self, basis: Basis) -> Decimal:
        return basis.units if self.measure is Measure.UNITS else basis.spend


@dataclass(frozen=True, slots=True)
class TieredRelative:
    """Shares by what is spent: each tier has its own share of what is spent in it.

    Attributes:
        steps: thresholds and shares, in order of the thresholds.
        whole: whether the share of the highest threshold that was reached is taken of the whole instead.
        accumulates: whether what earlier invoices spent fills the first tiers.
    """

    steps: tuple[Step, ...]
    whole: bool = False
    accumulates: bool = False

    def reduction(self, basis: Basis) -> Decimal:
        """The shares of what is left, exact."""
        start = basis.before if self.accumulates else NOTHING
        end = added([start, basis.spend])
        if self.whole:
            return multiplied(basis.spend, _value_at(self.steps, end))
        edges = [step.start for step in self.steps[1:]]
        return added(
            multiplied(_overlap(start, end, step.start, edge), step.value)
            for step, edge in zip(self.steps, [*edges, end], strict=False)
        )

    def measured(self, basis: Basis) -> Decimal:
        """What this invoice adds to what the tiers of later ones are measured on."""
        return basis.spend if self.accumulates else NOTHING


Model = Absolute | Relative | TieredAbsolute | TieredRelative


@dataclass(frozen=True, slots=True)
class AfterItemPrice:
    """Holds once the usage that a promotion is for costs more than a threshold, before any reduction."""

    threshold: Decimal

    def holds(self, price: Decimal) -> bool:
        """Whether the price has passed the threshold."""
        return price > self.threshold


def _value_at(steps: Iterable[Step], size: Decimal) -> Decimal:
    """The value of the highest threshold that a size has reached, 0 below the first one."""
    return next((step.value for step in reversed(list(steps)) if step.start <= size), NOTHING)


def _overlap(start: Decimal, end: Decimal, first: Decimal, last: Decimal) -> Decimal:
    """How much of `[start, end)` lies in `[first, last)`."""
    return max(NOTHING, added([min(end, last), max(start, first).copy_negate()]))
