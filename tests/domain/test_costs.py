"""Costs by stretches of time and groups: exact, and together what the whole costs."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.costs import Cost, CostGroup, CostSeries, cost_groups, grown, settled, shared_out, stretch_prices
from mockserver.domain.decimals import added, to_cents
from mockserver.domain.price_machine import Leaf, PriceMachine
from mockserver.domain.price_tiers import Tier
from mockserver.domain.rating import MeteredUsage, RatedVariant, UnitsBill, rate
from mockserver.domain.reducers import Reducer
from mockserver.domain.usage import Take

ZERO, HOUR_S, DAY_S = Decimal(0), 3600, 86_400
UNITS = st.decimals(-(10**6), 10**6, places=5)
CENTS = st.decimals(0, 10**6, places=2)
HOURS = st.dictionaries(st.integers(0, 23).map(lambda hour: hour * HOUR_S), st.decimals(0, 500, places=3), max_size=24)
CUTS = st.sets(st.integers(1, 23).map(lambda hour: hour * HOUR_S)).map(lambda cuts: [0, *sorted(cuts), DAY_S])
AMOUNTS = st.dictionaries(st.sampled_from([0, 3600, 7200]), UNITS, max_size=3)

TIERS = tuple(Tier(Decimal(start), Decimal(1), Decimal(price)) for start, price in ((0, "0.3"), (100, "0.2"), (900, 1)))
BLOCKS = (Tier(Decimal(10), Decimal(7), Decimal("1.50")),)
MACHINES = [
    PriceMachine.per_unit(Decimal("0.07")),
    PriceMachine({(): Leaf("DiscreteLeafNode", TIERS)}),
    PriceMachine({(): Leaf("PricePerBlockLeafNode", BLOCKS, partial=False)}),
    PriceMachine({(): Leaf("PricePerBlockLeafNode", BLOCKS, flat_rate=Decimal(20), partial=True)}),
    PriceMachine({(): Leaf("LeafNode", flat_rate=Decimal("49.99"))}),
    PriceMachine({(): Leaf("volume_based_leaf_node", unit_prices=((ZERO, Decimal(2)), (Decimal(300), Decimal(1))))}),
    PriceMachine({(): Leaf("DiscreteLeafNode", TIERS)}, reducers=(Reducer("max_reducer"),)),
    PriceMachine({(): Leaf("DiscreteLeafNode", TIERS)}, reducers=(Reducer("average_reducer"),), scalar=Decimal(9)),
]


def rated(machine: PriceMachine, hours: dict[int, Decimal], until: int = DAY_S) -> RatedVariant | None:
    """The only variant of a day of usage until a second, None when nothing is charged."""
    buckets = tuple((second, units) for second, units in sorted(hours.items()) if second < until)
    variants = rate(machine, [MeteredUsage((), buckets)] if buckets else [], 0, DAY_S)
    return variants[0] if variants else None


@given(st.sampled_from(MACHINES), HOURS, CUTS)
def test_stretches_of_a_window_are_its_line(machine: PriceMachine, hours: dict[int, Decimal], cuts: list[int]) -> None:
    """However a window is cut, its stretches cost together what the line of the invoice says, whatever the price."""
    variant = rated(machine, hours)
    if variant is not None:
        prices = stretch_prices(variant, machine.leaves[()].flat_rate, cuts, {})
        assert added(prices.values()) == variant.price
        assert to_cents(added(prices.values())) == to_cents(variant.price)


@given(st.sampled_from(MACHINES), HOURS, CUTS)
def test_a_stretch_costs_what_it_adds(machine: PriceMachine, hours: dict[int, Decimal], cuts: list[int]) -> None:
    """A stretch costs the price of the usage until its end less that until its start; a flat rate is in the first."""
    variant, flat_rate = rated(machine, hours), machine.leaves[()].flat_rate
    if variant is None:
        return
    prices = stretch_prices(variant, flat_rate, cuts, {})
    for start, end in pairwise(cuts):
        until = [rated(machine, hours, edge) for edge in (start, end)]
        before, after = (flat_rate if each is None else each.price for each in until)
        assert prices.get(start, ZERO) == added([after, before.copy_negate() if start else ZERO])


VARIANT = RatedVariant(
    (), Decimal(12), Decimal(32), (),
    (UnitsBill(3600, Decimal(4), Decimal(24)), UnitsBill(10_800, Decimal(8), Decimal(8))),
)  # fmt: skip
"""A flat rate of 20, and a unit for 1: 4 units in the second hour and 8 in the fourth."""


@pytest.mark.parametrize(
    ("edges", "until", "expected"),
    [
        ((0, DAY_S), {}, {0: 32}),
        ((0, 3600, DAY_S), {}, {0: 20, 3600: 12}),
        ((0, 3600, 7200, 10_800, DAY_S), {}, {0: 20, 3600: 4, 10_800: 8}),
        ((0, 10_800, DAY_S), {}, {0: 24, 10_800: 8}),
        ((1800, 7200, DAY_S), {}, {1800: 24, 7200: 8}),
        ((0, 5400, DAY_S), {5400: Decimal(21)}, {0: 21, 5400: 11}),
        ((0, 1800, 5400, DAY_S), {1800: Decimal(20), 5400: Decimal(24)}, {0: 20, 1800: 4, 5400: 8}),
    ],
)
def test_stretches_by_hand(edges: Sequence[int], until: dict[int, Decimal], expected: dict[int, int]) -> None:
    """A bill belongs to the stretch in which it starts; an edge inside an hour has its own price; no 0 is listed."""
    assert stretch_prices(VARIANT, Decimal(20), edges, until) == expected


@given(AMOUNTS, CENTS)
def test_what_is_settled_comes_to_its_price(prices: dict[int, Decimal], price: Decimal) -> None:
    """Prices brought to another whole are together exactly that."""
    assert added(settled(prices, price, 0).values()) == price


@pytest.mark.parametrize(
    ("prices", "price", "expected"),
    [
        ({0: 2, 3600: 6}, 8, {0: 2, 3600: 6}),
        ({0: 2, 3600: 6}, 4, {0: 1, 3600: 3}),
        ({0: 2, 3600: 6}, 0, {0: 0, 3600: 0}),
        ({}, 5, {60: 5}),
        ({}, 0, {}),
        ({0: 3, 3600: -3}, 5, {60: 5}),
    ],
)
def test_settled_by_hand(prices: dict[int, int], price: int, expected: dict[int, int]) -> None:
    """A price is shared out in proportion; where there is none, it is the first stretch's."""
    exact = {second: Decimal(amount) for second, amount in prices.items()}
    assert settled(exact, Decimal(price), 60) == expected


@given(st.dictionaries(st.sampled_from([0, 3600, 7200]), CENTS), st.lists(AMOUNTS, min_size=1, max_size=4))
def test_shares_are_together_the_price(prices: dict[int, Decimal], parts: list[dict[int, Decimal]]) -> None:
    """Parts that make up all usage share all of a price, to the last digit, as long as there is usage to share by."""
    units = {second: added(part.get(second, ZERO) for part in parts) for second in (0, 3600, 7200)}
    shares = shared_out(prices, units, parts)
    everything = added(units.values())
    for second, price in prices.items():
        expected = price if units[second] or everything else ZERO
        assert added(share.get(second, ZERO) for share in shares) == expected


@pytest.mark.parametrize(
    ("units", "parts", "expected"),
    [
        ({0: 10}, [{0: 4}, {0: 6}], [4, 6]),
        ({0: 10}, [{0: 4}], [4]),
        ({0: 20}, [{0: 4}, {0: 6}], [2, 3]),
        ({0: 10}, [], []),
        ({0: 5}, [{0: 10}, {0: -5}], [20, -10]),
        ({3600: 4}, [{3600: 1}, {3600: 3}], ["2.5", "7.5"]),
        ({0: 0, 3600: 4}, [{0: 1, 3600: 1}, {0: -1, 3600: 3}], [5, 5]),
        ({0: 0}, [{0: 1}, {0: -1}], [0, 0]),
        ({}, [{}], [0]),
        ({0: 3}, [{0: 1}, {0: 1}, {0: 1}], ["3." + "3" * 27, "3." + "3" * 27, "3." + "3" * 26 + "4"]),
    ],
)
def test_shares_by_hand(units: dict[int, int], parts: list[dict[int, int]], expected: list[float | str]) -> None:
    """Ten dollars of the first hour by its units, or by the window's where it has none; what is left is nobody's."""
    exact = [{second: Decimal(number) for second, number in part.items()} for part in parts]
    shares = shared_out({0: Decimal(10)}, {second: Decimal(number) for second, number in units.items()}, exact)
    assert [share.get(0, ZERO) for share in shares] == [Decimal(each) for each in expected]


SERIES = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), AMOUNTS, AMOUNTS), max_size=12)
Drawn = list[tuple[str, str, dict[int, Decimal], dict[int, Decimal]]]


@given(SERIES, st.sampled_from([(), ("customer",), ("region",), ("customer", "region")]))
def test_groups_add_up_to_the_whole(drawn: Drawn, keys: tuple[str, ...]) -> None:
    """However costs are grouped, units and prices of the groups, and of their buckets, are those of everything."""
    series = [
        CostSeries(
            {key: {"customer": customer, "region": region}[key] for key in keys},
            {second: Cost(units.get(second, ZERO), prices.get(second, ZERO)) for second in units | prices},
        )
        for customer, region, units, prices in drawn
    ]
    groups = cost_groups(series)
    for name, drawn_amounts in (("units", [each[2] for each in drawn]), ("price", [each[3] for each in drawn])):
        everything = added(amount for amounts in drawn_amounts for amount in amounts.values())
        assert added(getattr(group.whole, name) for group in groups) == everything
        for group in groups:
            assert added(getattr(cost, name) for cost in group.buckets.values()) == getattr(group.whole, name)


def cost(price: int) -> Cost:
    """A cost of a price, of half as many units, with a tenth of it paid by cards and a fifth taken off."""
    return Cost(Decimal(price) / 2, Decimal(price), Decimal(price) / 10, Decimal(price) / 5)


GROUPS = [
    CostSeries({"region": "b"}, {0: cost(2)}),
    CostSeries({"region": "a"}, {3600: cost(2)}),
    CostSeries({"region": "c"}, {3600: cost(1)}, units=Decimal(7)),
    CostSeries({"region": "c"}, {0: cost(3), 3600: cost(1)}),
]


def test_series_of_one_group_are_joined() -> None:
    """Series of one group add up, bucket by bucket, in order of time; units that do not add up have their own whole."""
    whole = Cost(Decimal(9), Decimal(5), Decimal("0.5"), Decimal(1))
    found = cost_groups(GROUPS[2:])
    assert found == [CostGroup({"region": "c"}, whole, {0: cost(3), 3600: cost(2)})]
    assert list(found[0].buckets) == [0, 3600]


@pytest.mark.parametrize(
    ("take", "regions"),
    [
        (None, "abc"),
        (Take(2), "ca"),
        (Take(9), "cab"),
        (Take(2, ascending=True), "ab"),
        (Take(0), ""),
        (Take(-1), ""),
    ],
)
def test_take_keeps_what_costs_most(take: Take | None, regions: str) -> None:
    """Groups stand by their keys, under a limit by their price, equal prices by their keys."""
    assert "".join(group.group["region"] for group in cost_groups(GROUPS, take)) == regions


@pytest.mark.parametrize(
    ("units", "percentage", "after"),
    [("10", "10", "11"), ("0.3", "-50", "0.15"), ("7", "0", "7"), ("1", "1e-30", None)],
)
def test_growth_is_exact(units: str, percentage: str, after: str | None) -> None:
    """A percentage is added without rounding."""
    assert grown(Decimal(units), Decimal(percentage)) == Decimal(after or "1." + "0" * 31 + "1")
