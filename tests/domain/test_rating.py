"""Rating: from usage to variants with their units, tiers, bills and prices."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import added, exact_arithmetic
from mockserver.domain.price_machine import Leaf, PriceMachine
from mockserver.domain.price_tiers import Tier
from mockserver.domain.rating import MeteredUsage, RatedVariant, UnitsBill, rate
from mockserver.domain.reducers import REDUCERS, Granularity, Reducer
from mockserver.domain.windows import HOUR_S

START = 1_717_200_000
"""2024-06-01T00:00Z"""
END = START + 30 * 24 * HOUR_S
ZERO = Decimal(0)


def leaf(*tiers: str, kind: str = "PricePerUnitLeafNode", flat: str = "0") -> Leaf:
    """A leaf with tiers written as `start:price`."""
    made = (text.split(":") for text in tiers)
    return Leaf(kind, tuple(Tier(Decimal(at), Decimal(1), Decimal(price)) for at, price in made), (), Decimal(flat))


def usage(*written: str) -> list[MeteredUsage]:
    """Usage from `name=value,name=value hour:units hour:units`, or from hours alone."""
    parts = [text.split() for text in written]
    told = []
    for words in parts:
        pairs = sorted(tuple(pair.split("=")) for word in words if "=" in word for pair in word.split(","))
        hours = (word.split(":") for word in words if ":" in word)
        buckets = tuple((START + int(hour) * HOUR_S, Decimal(units)) for hour, units in hours)
        told.append(MeteredUsage(tuple((name, value) for name, value in pairs), buckets))
    return told


def rated(machine: PriceMachine, *written: str) -> dict[str, tuple[str, str]]:
    """The units and price of each variant by its values."""
    variants = rate(machine, usage(*written), START, END)
    return {
        "/".join(value for _, value in each.dimensions): (f"{each.units.normalize():f}", f"{each.price.normalize():f}")
        for each in variants
    }


PER_UNIT = PriceMachine({(): leaf("0:50")})
REGIONS = PriceMachine(
    {("us",): leaf("0:30"), ("eu",): leaf("0:40"), ("ap",): leaf("0:50"), ("cn",): leaf("5:2")}, keys=("region",)
)
SEATS = PriceMachine({(): leaf("0:10", "3:5")}, reducers=(Reducer("distinct_resource_reducer", counted=("user",)),))
FLAT = PriceMachine({(): leaf(flat="9.99")})
OVERAGES = PriceMachine({(): leaf("100:0.12", flat="10")})
MOST = PriceMachine({(): leaf("100:0.12")}, reducers=(Reducer("max_reducer"),))
AVERAGE = PriceMachine({(): leaf("0:2")}, reducers=(Reducer("average_reducer", Granularity.DAY),))
SCALED = PriceMachine({(): leaf("0:1", "10:0.5")}, scalar=Decimal("0.001"))
GROUPS = PriceMachine({(): leaf("10:1", flat="2")}, group_by=("team",))
MATRIX = PriceMachine(
    {("gold", "eu"): leaf("0:1"), ("gold", "us"): leaf("0:2", flat="5"), ("free", "eu"): leaf()},
    keys=("tier", "region"),
)

CASES: dict[str, tuple[PriceMachine, list[tuple[Sequence[str], dict[str, tuple[str, str]]]]]] = {
    "per unit": (PER_UNIT, [
        ([], {}),
        (["0:0"], {"": ("0", "0")}),
        (["0:100"], {"": ("100", "5000")}),
        (["0:60 5:40"], {"": ("100", "5000")}),
        (["0:60", "5:40"], {"": ("100", "5000")}),
        (["0:0.5"], {"": ("0.5", "25")}),
        (["0:101"], {"": ("101", "5050")}),
        (["0:10 1:-4"], {"": ("6", "300")}),
        (["0:-4"], {"": ("-4", "0")}),
        (["0:-4 1:5"], {"": ("1", "50")}),
    ]),
    "matrix": (REGIONS, [
        ([], {}),
        (["region=us 0:10", "region=eu 0:40", "region=ap 0:50"],
         {"ap": ("50", "2500"), "eu": ("40", "1600"), "us": ("10", "300")}),
        (["region=us 0:10"], {"us": ("10", "300")}),
        (["region=us 0:0"], {"us": ("0", "0")}),
        (["region=us 0:0.1"], {"us": ("0.1", "3")}),
        (["region=xx 0:10"], {}),
        (["0:10"], {}),
        (["region=cn 0:5"], {"cn": ("5", "0")}),
        (["region=cn 0:6", "region=us 0:1"], {"cn": ("6", "2"), "us": ("1", "30")}),
        (["region=us 0:10", "region=us 1:5"], {"us": ("15", "450")}),
        (["region=us 0:-1"], {"us": ("-1", "0")}),
    ]),
    "matrix of two": (MATRIX, [
        (["region=eu,tier=gold 0:3"], {"eu/gold": ("3", "3")}),
        (["region=us,tier=gold 0:3"], {"us/gold": ("3", "11")}),
        (["region=us,tier=gold 0:0"], {"us/gold": ("0", "5")}),
        (["region=eu,tier=free 0:3"], {"eu/free": ("3", "0")}),
        (["region=us,tier=free 0:3"], {}),
        (["region=gold,tier=eu 0:3"], {}),
        (["region=eu 0:3"], {}),
        (["region=eu,tier=gold 0:3", "region=us,tier=gold 0:0.5"], {"eu/gold": ("3", "3"), "us/gold": ("0.5", "6")}),
        (["region=eu,tier=gold 0:3", "region=eu,tier=gold 0:4"], {"eu/gold": ("7", "7")}),
        ([], {}),
    ]),
    "seats": (SEATS, [
        ([], {}),
        (["user=ann 0:1"], {"": ("1", "10")}),
        (["user=ann 0:1 5:1 700:3"], {"": ("1", "10")}),
        (["user=ann 0:1", "user=bob 0:1"], {"": ("2", "20")}),
        (["user=ann 0:1", "user=bob 0:1", "user=cid 9:1"], {"": ("3", "30")}),
        (["user=a 0:1", "user=b 0:1", "user=c 0:1", "user=d 0:1"], {"": ("4", "35")}),
        (["user=a 0:1", "user=b 1:1", "user=c 2:1", "user=d 3:1", "user=e 4:1"], {"": ("5", "40")}),
        (["user=ann 0:0"], {"": ("1", "10")}),
        (["user=ann 0:0.5", "0:7"], {"": ("1", "10")}),
        (["user=ann 0:1", "user=ann 1:1"], {"": ("1", "10")}),
    ]),
    "flat": (FLAT, [
        ([], {"": ("0", "9.99")}),
        (["0:0"], {"": ("0", "9.99")}),
        (["0:1"], {"": ("1", "9.99")}),
        (["0:1 700:1"], {"": ("2", "9.99")}),
        (["0:0.01"], {"": ("0.01", "9.99")}),
        (["0:1000000"], {"": ("1000000", "9.99")}),
        (["0:-5"], {"": ("-5", "9.99")}),
        ([""], {"": ("0", "9.99")}),
        (["0:1", "1:1"], {"": ("2", "9.99")}),
        (["5:3 6:-3"], {"": ("0", "9.99")}),
    ]),
    "flat with overages": (OVERAGES, [
        ([], {"": ("0", "10")}),
        (["0:0"], {"": ("0", "10")}),
        (["0:99"], {"": ("99", "10")}),
        (["0:100"], {"": ("100", "10")}),
        (["0:100.5"], {"": ("100.5", "10.06")}),
        (["0:101"], {"": ("101", "10.12")}),
        (["0:60 9:60"], {"": ("120", "12.4")}),
        (["0:200"], {"": ("200", "22")}),
        (["0:200 1:-100"], {"": ("100", "10")}),
        (["0:1100"], {"": ("1100", "130")}),
    ]),
    "most": (MOST, [
        ([], {}),
        (["0:0"], {"": ("0", "0")}),
        (["0:99"], {"": ("99", "0")}),
        (["0:100"], {"": ("100", "0")}),
        (["0:101"], {"": ("101", "0.12")}),
        (["0:60 1:60"], {"": ("60", "0")}),
        (["0:150 1:120"], {"": ("150", "6")}),
        (["0:120 1:150"], {"": ("150", "6")}),
        (["0:75", "0:75"], {"": ("150", "6")}),
        (["0:100.5"], {"": ("100.5", "0.06")}),
    ]),
    "average": (AVERAGE, [
        ([], {}),
        (["0:0"], {"": ("0", "0")}),
        (["0:24"], {"": ("1", "2")}),
        (["0:12 23:12"], {"": ("1", "2")}),
        (["0:24 24:24"], {"": ("2", "4")}),
        (["0:12", "0:12"], {"": ("1", "2")}),
        (["0:48 30:12"], {"": ("2.5", "5")}),
        (["0:6"], {"": ("0.25", "0.5")}),
        (["0:24 1:-24"], {"": ("0", "0")}),
        (["719:36"], {"": ("1.5", "3")}),
    ]),
    "scaled": (SCALED, [
        ([], {}),
        (["0:0"], {"": ("0", "0")}),
        (["0:1"], {"": ("0.001", "0.001")}),
        (["0:1000"], {"": ("1", "1")}),
        (["0:9999"], {"": ("9.999", "9.999")}),
        (["0:10000"], {"": ("10", "10")}),
        (["0:10001"], {"": ("10.001", "10.0005")}),
        (["0:12000"], {"": ("12", "11")}),
        (["0:6000 1:6000"], {"": ("12", "11")}),
        (["0:-1000"], {"": ("-1", "0")}),
    ]),
    "groups": (GROUPS, [
        ([], {}),
        (["team=a 0:0"], {"a": ("0", "2")}),
        (["team=a 0:10"], {"a": ("10", "2")}),
        (["team=a 0:11"], {"a": ("11", "3")}),
        (["team=a 0:11", "team=b 0:12"], {"a": ("11", "3"), "b": ("12", "4")}),
        (["team=b 0:12", "team=a 0:11"], {"a": ("11", "3"), "b": ("12", "4")}),
        (["team=a 0:10.5"], {"a": ("10.5", "2.5")}),
        (["0:100"], {}),
        (["team=a 0:6", "team=a 1:6"], {"a": ("12", "4")}),
        (["team= 0:11"], {"": ("11", "3")}),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_what_usage_costs(kind: str) -> None:
    """Every row of the table holds: the units and the price of each variant, worked by hand."""
    machine, rows = CASES[kind]
    assert [(written, rated(machine, *written)) for written, _ in rows] == rows
    assert len(rows) >= 10


def test_a_variant_whole() -> None:
    """Each hour costs what it adds: a tier that an hour passes prices a part of it, and the flat rate is first."""
    machine = PriceMachine({("eu",): leaf("5:1", "10:0.5", flat="3")}, keys=("region",))
    (variant,) = rate(machine, usage("region=eu 0:4 1:4 2:8 3:-20 4:5"), START, END)
    assert variant == RatedVariant(
        dimensions=(("region", "eu"),),
        units=Decimal(1),
        price=Decimal(3),
        units_per_tier=(),
        bills=tuple(
            UnitsBill(START + hour * HOUR_S, Decimal(units), Decimal(price))
            for hour, units, price in [(0, 4, 3), (1, 4, 3), (2, 8, 5), (3, -20, -8), (4, 5, 0)]
        ),
    )


def test_units_per_tier_are_of_the_whole_window() -> None:
    """The tiers of a variant share the units that the window came to, not those of its hours."""
    (variant,) = rate(PriceMachine({(): leaf("5:1", "10:0.5")}), usage("0:4 1:4 2:8"), START, END)
    assert variant.units_per_tier == ((Decimal(5), Decimal(5)), (Decimal(10), Decimal(6)))


def test_without_usage_a_flat_rate_has_no_bill() -> None:
    """A flat rate without usage is a variant of no units, no tier and no bill."""
    assert rate(FLAT, [], START, END) == [RatedVariant((), ZERO, Decimal("9.99"), (), ())]


def test_groups_and_keys_part_usage_together() -> None:
    """Groups of a matrix are each rated by the leaf of their values, with their own included units."""
    machine = PriceMachine({("eu",): leaf("5:1"), ("us",): leaf("0:2")}, keys=("region",), group_by=("app",))
    told = rated(machine, "app=x,region=eu 0:6", "app=y,region=eu 0:7", "app=x,region=us 0:1", "app=x,region=no 0:9")
    assert told == {"x/eu": ("6", "1"), "x/us": ("1", "2"), "y/eu": ("7", "2")}


def test_seats_of_a_group() -> None:
    """A counted dimension may part usage too; the rest of it is counted in each partition."""
    seats = Reducer("distinct_resource_reducer", Granularity.DAY, ("user", "team"))
    machine = PriceMachine({(): leaf("0:1")}, reducers=(seats,), group_by=("team",), scalar=Decimal(3))
    told = rated(machine, "team=a,user=x 0:1", "team=a,user=y 0:1 24:1", "team=b,user=x 0:1")
    assert told == {"a": ("9", "9"), "b": ("3", "3")}


UNITS = st.decimals(0, 10_000, places=3)
HOURS = st.dictionaries(st.integers(0, 719), UNITS, max_size=8)
MACHINES = st.builds(
    lambda kind, starts, prices, flat, reducers, scalar: PriceMachine(
        {("a",): priced(kind, starts, prices, flat), ("b",): priced(kind, starts, prices[::-1], ZERO)},
        keys=("k",), reducers=reducers, scalar=scalar,
    ),
    st.sampled_from(["LeafNode", "DiscreteLeafNode", "volume_based_leaf_node"]),
    st.sets(st.decimals(0, 5000, places=1), min_size=3, max_size=3),
    st.lists(st.decimals(0, 50, places=2), min_size=3, max_size=3),
    st.decimals(0, 50, places=2),
    st.sampled_from([(), *(((Reducer(kind, Granularity.WEEK, ("user",))),) for kind in sorted(REDUCERS))]),
    st.sampled_from([Decimal(1), Decimal("0.001"), Decimal(3)]),
)  # fmt: skip


def priced(kind: str, starts: set[Decimal], prices: list[Decimal], flat: Decimal) -> Leaf:
    """A leaf of any kind, with batches of 3 where it has batches."""
    pairs = tuple(zip(sorted(starts), prices, strict=True))
    return Leaf(kind, tuple(Tier(start, Decimal(3), price) for start, price in pairs), pairs, flat)


USAGE = st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from(["ann", "bob"])), HOURS, max_size=5)


def metered(written: dict[tuple[str, str], dict[int, Decimal]]) -> list[MeteredUsage]:
    """Usage of keys and users, in order of time."""
    return [
        MeteredUsage((("k", key), ("user", user)), buckets_of(hours)) for (key, user), hours in sorted(written.items())
    ]


def buckets_of(hours: dict[int, Decimal]) -> tuple[tuple[int, Decimal], ...]:
    """Buckets in order of time."""
    return tuple((START + hour * HOUR_S, units) for hour, units in sorted(hours.items()))


@given(MACHINES, USAGE)
def test_the_bills_add_up_to_the_price(machine: PriceMachine, written: dict[Any, Any]) -> None:
    """Units and prices of a variant's bills are the variant's, to the last digit; each hour has one."""
    for variant in rate(machine, metered(written), START, END):
        assert added(bill.price for bill in variant.bills) == variant.price
        assert added(bill.units for bill in variant.bills) == variant.units
        assert sorted({bill.start_s for bill in variant.bills}) == [bill.start_s for bill in variant.bills]


@given(MACHINES, USAGE)
def test_the_tiers_share_what_is_rated(machine: PriceMachine, written: dict[Any, Any]) -> None:
    """The units of the tiers are those beyond the included ones; of volume all, once its first bracket is reached."""
    for variant in rate(machine, metered(written), START, END):
        own = machine.leaf_of(dict(variant.dimensions))
        assert own is not None
        included = own.tiers[0].start
        beyond = max(added([variant.units, included.copy_negate()]), ZERO)
        if own.kind == "volume_based_leaf_node":
            beyond = variant.units if variant.units >= included else ZERO
        assert added(units for _, units in variant.units_per_tier) == beyond


@given(MACHINES, USAGE, st.randoms(use_true_random=False), st.sampled_from([2, 4, 8]))
def test_in_which_pieces_usage_comes_changes_nothing(
    machine: PriceMachine, written: dict[Any, Any], random: Any, pieces: int
) -> None:
    """Usage cut into pieces, and told in any order, is rated as the whole: variants, bills and all."""
    whole = metered(written)
    cut = [
        MeteredUsage(each.dimensions, tuple((start, units / pieces) for start, units in each.buckets))
        for each in whole
        for _ in range(pieces)
    ]
    random.shuffle(cut)
    assert rate(machine, cut, START, END) == rate(machine, whole, START, END)


@given(MACHINES.filter(lambda machine: not machine.reducers), USAGE)
def test_buckets_change_no_price(machine: PriceMachine, written: dict[Any, Any]) -> None:
    """Without a reducer, one bucket for all usage gives the price, units and tiers of the hours."""
    hourly = metered(written)
    whole = [
        MeteredUsage(each.dimensions, ((START, added(units for _, units in each.buckets)),))
        for each in hourly
        if each.buckets
    ]
    for by_hour, at_once in zip(rate(machine, hourly, START, END), rate(machine, whole, START, END), strict=True):
        assert (by_hour.dimensions, by_hour.units, by_hour.price) == (at_once.dimensions, at_once.units, at_once.price)
        assert by_hour.units_per_tier == at_once.units_per_tier


@given(MACHINES, USAGE)
def test_a_matrix_is_the_sum_of_its_leaves(machine: PriceMachine, written: dict[Any, Any]) -> None:
    """Each listed combination is rated as if its leaf were the only price, and nothing else is billed."""
    variants = {each.dimensions: each for each in rate(machine, metered(written), START, END)}
    alone: dict[Any, RatedVariant] = {}
    for (key,), own in machine.leaves.items():
        of_key = [each for each in metered(written) if dict(each.dimensions)["k"] == key]
        if any(each.buckets for each in of_key):
            (variant,) = rate(PriceMachine({(): own}, (), machine.reducers, (), machine.scalar), of_key, START, END)
            alone[(("k", key),)] = variant
    assert {key: each.price for key, each in variants.items()} == {key: each.price for key, each in alone.items()}
    assert {key: each.bills for key, each in variants.items()} == {key: each.bills for key, each in alone.items()}


@pytest.mark.parametrize("units", ["1.7976931348623157E+308", "5E-324", "1E+16"])
def test_extreme_numbers_are_rated_exactly(units: str) -> None:
    """The smallest addition to the largest number is not lost in the bills."""
    machine = PriceMachine({(): leaf("0:1e300", "1e308:3e-320")}, scalar=Decimal("1e-20"))
    (variant,) = rate(machine, usage(f"0:{units} 1:5E-324"), START, END)
    with exact_arithmetic():
        assert [bill.price for bill in variant.bills] == [Decimal(units) * Decimal("1e280"), Decimal("5E-44")]
        assert variant.price == (Decimal(units) + Decimal("5E-324")) * Decimal("1e280")
