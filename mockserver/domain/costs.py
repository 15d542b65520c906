"""What usage cost: units of meters priced bucket by bucket, and joined into groups. Nothing here is rounded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from mockserver.domain.decimals import added, multiplied
from mockserver.domain.usage import Take

_PERCENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class MeteredSeries:
    """Usage of one meter: which group of a query it belongs to, its units over all, and in each bucket by its start.

    Attributes:
        units: over the whole range; of a meter whose usage adds up, the sum of the buckets.
    """

    group: Mapping[str, str]
    units: Decimal
    buckets: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Cost:
    """Units and their price."""

    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class CostGroup:
    """The cost of one group, over the whole range and in each bucket with usage, by the bucket's start."""

    group: Mapping[str, str]
    whole: Cost
    buckets: Mapping[int, Cost] = field(default_factory=dict)


def cost_groups(series: Iterable[MeteredSeries], unit_price: Decimal, take: Take | None = None) -> list[CostGroup]:
    """Price usage and join what belongs to one group.

    Returns:
        The groups in order of their keys or, under `take`, by their price (equal prices by their keys), and cut.
    """
    members: dict[tuple[str, ...], list[MeteredSeries]] = {}
    for each in series:
        members.setdefault(tuple(each.group.values()), []).append(each)
    groups = [_joined(together, unit_price) for _, together in sorted(members.items())]
    if take is None:
        return groups
    groups.sort(key=lambda group: group.whole.price, reverse=not take.ascending)
    return groups[: max(take.limit, 0)]


def grown(units: Decimal, percentage: Decimal) -> Decimal:
    """Units changed by a percentage, exactly."""
    return added([units, multiplied(multiplied(units, percentage), _PERCENT)])


def _joined(members: list[MeteredSeries], unit_price: Decimal) -> CostGroup:
    buckets: dict[int, list[Decimal]] = {}
    for member in members:
        for start, units in member.buckets.items():
            buckets.setdefault(start, []).append(units)
    whole = added(member.units for member in members)
    costs = {start: _priced(added(units), unit_price) for start, units in sorted(buckets.items())}
    return CostGroup(members[0].group, _priced(whole, unit_price), costs)


def _priced(units: Decimal, unit_price: Decimal) -> Cost:
    return Cost(units, multiplied(units, unit_price))
