"""What usage cost, by stretches of time and by groups. Nothing here is rounded but quotients, to 28 significant digits.

What a stretch of time costs is what it adds to the price of a billing window: the price of the window's usage until its
end, less the price until its start. So the stretches of a window cost together what the window does, to the last digit.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Final

from mockserver.domain.decimals import added, multiplied
from mockserver.domain.rating import RatedVariant
from mockserver.domain.reducers import QUOTIENT
from mockserver.domain.usage import Take

_NOTHING: Final = Decimal(0)
_PERCENT: Final = Decimal("0.01")

Amounts = Mapping[int, Decimal]
"""Prices or units by the second at which a stretch of time starts."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Metered units and their price, and what of it cards and promotions took on themselves."""

    units: Decimal = _NOTHING
    price: Decimal = _NOTHING
    prepaid: Decimal = _NOTHING
    discount: Decimal = _NOTHING

    @classmethod
    def together(cls, costs: Sequence["Cost"]) -> "Cost":
        """The sum of costs."""
        return cls(
            added(cost.units for cost in costs),
            added(cost.price for cost in costs),
            added(cost.prepaid for cost in costs),
            added(cost.discount for cost in costs),
        )


@dataclass(frozen=True, slots=True)
class CostSeries:
    """Some costs of one group by the start of their bucket.

    Attributes:
        group: which group of a query they belong to.
        units: over the whole range; None where they are the sum of the buckets.
    """

    group: Mapping[str, str]
    buckets: Mapping[int, Cost]
    units: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CostGroup:
    """The cost of one group, over the whole range and in each bucket that has some, in order of time."""

    group: Mapping[str, str]
    whole: Cost
    buckets: Mapping[int, Cost]


def cost_groups(series: Iterable[CostSeries], take: Take | None = None) -> list[CostGroup]:
    """Join what belongs to one group.

    Returns:
        The groups in order of their keys or, under `take`, by their price (equal prices by their keys), and cut.
    """
    members: dict[tuple[str, ...], list[CostSeries]] = {}
    for each in series:
        members.setdefault(tuple(each.group.values()), []).append(each)
    groups = [_joined(together) for _, together in sorted(members.items())]
    if take is None:
        return groups
    groups.sort(key=lambda group: group.whole.price, reverse=not take.ascending)
    return groups[: max(take.limit, 0)]


def grown(units: Decimal, percentage: Decimal) -> Decimal:
    """Units changed by a percentage, exactly."""
    return added([units, multiplied(multiplied(units, percentage), _PERCENT)])


def stretch_prices(
    variant: RatedVariant, flat_rate: Decimal, edges: Sequence[int], until: Amounts
) -> dict[int, Decimal]:
    """What a variant costs between each edge and the next, by the edge.

    Args:
        variant: of a whole window. A bill belongs to the stretch in which its bucket starts.
        flat_rate: the part of its price that no usage makes; it belongs to the first stretch.
        edges: ascending seconds; the first is the start of the window, the last its end.
        until: the price until an edge inside a bucket, which the bills cannot tell.

    Returns:
        The stretches that cost something; together they cost what the variant does.
    """
    starts = [bill.start_s for bill in variant.bills]
    totals = list(accumulate((bill.price for bill in variant.bills), lambda one, other: added([one, other])))
    prices: dict[int, Decimal] = {}
    before = _NOTHING
    for start, end in pairwise(edges):
        place = bisect_left(starts, end)
        after = until[end] if end in until else totals[place - 1] if place else flat_rate
        if end == edges[-1]:
            after = variant.price
        if after != before:
            prices[start] = added([after, before.copy_negate()])
        before = after
    return prices


def settled(prices: Amounts, price: Decimal, start_s: int) -> Amounts:
    """Prices of stretches brought to another price of their whole, in proportion to what they are.

    Args:
        prices: by stretch.
        price: what they shall be together.
        start_s: the stretch that takes all of it where the prices come to 0 and give no proportion.
    """
    whole = added(prices.values())
    if whole == price:
        return prices
    if whole == 0:
        return {start_s: price}
    return dict(zip(prices, _in_proportion(price, list(prices.values()), whole), strict=True))


def shared_out(prices: Amounts, units: Amounts, parts: Sequence[Amounts]) -> list[dict[int, Decimal]]:
    """Prices shared out to the parts of the usage that they come from, stretch by stretch in proportion to the units.

    Args:
        prices: of stretches of one window.
        units: of all the usage in the window's stretches.
        parts: the units of parts of it. What they leave of the usage is nobody's, and neither is its share.

    Returns:
        For each part its share of the prices. A price of a stretch whose units come to 0 is shared out by the units of
        the whole window, and is nobody's when those come to 0 too.
    """
    shares: list[dict[int, Decimal]] = [{} for _ in parts]
    for start, price in prices.items():
        whole, weights = units.get(start, _NOTHING), [part.get(start, _NOTHING) for part in parts]
        if whole == 0:
            whole, weights = added(units.values()), [added(part.values()) for part in parts]
        if whole == 0:
            continue
        for share, amount in zip(shares, _in_proportion(price, weights, whole), strict=True):
            if amount:
                share[start] = amount
    return shares


def _in_proportion(amount: Decimal, weights: Sequence[Decimal], whole: Decimal) -> list[Decimal]:
    """Shares of an amount by weights, of a whole that is not 0; of weights that make it up the last takes the rest."""
    shares = [QUOTIENT.divide(multiplied(amount, weight), whole) for weight in weights]
    last = next((place for place in reversed(range(len(weights))) if weights[place]), None)
    if last is not None and added(weights) == whole:
        others = (share.copy_negate() for place, share in enumerate(shares) if place != last)
        shares[last] = added([amount, *others])
    return shares


def _joined(members: Sequence[CostSeries]) -> CostGroup:
    buckets: dict[int, list[Cost]] = {}
    for member in members:
        for start, cost in member.buckets.items():
            buckets.setdefault(start, []).append(cost)
    joined = {start: Cost.together(costs) for start, costs in sorted(buckets.items())}
    whole = Cost.together(list(joined.values()))
    units = added(
        added(cost.units for cost in member.buckets.values()) if member.units is None else member.units
        for member in members
    )
    return CostGroup(members[0].group, Cost(units, whole.price, whole.prepaid, whole.discount), joined)
