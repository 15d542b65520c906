"""Leaves: what a number of units costs, kind by kind; and what a machine asks of usage."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import exact_arithmetic
from mockserver.domain.price_machine import LEAF_KINDS, Charge, Leaf, PriceMachine
from mockserver.domain.price_tiers import Tier
from mockserver.domain.reducers import Granularity, Reducer

UNIT, BLOCK = "PricePerUnitLeafNode", "PricePerBlockLeafNode"
VOLUME = "volume_based_leaf_node"


def tiers(*written: str) -> tuple[Tier, ...]:
    """Tiers from `start:price` or `start:price/batch`."""
    parts = [text.replace("/", ":").split(":") for text in written]
    return tuple(
        Tier(Decimal(start), Decimal(batch[0] if batch else 1), Decimal(price)) for start, price, *batch in parts
    )


def charges(leaf: Leaf, units: Decimal) -> list[Charge]:
    """What a leaf charges, in arithmetic wide enough for every number of these tests."""
    with exact_arithmetic():
        return leaf.charges(units)


def price(leaf: Leaf, units: Decimal) -> Decimal:
    """The price of so many units, without a flat rate."""
    with exact_arithmetic():
        return sum((charge.price for charge in leaf.charges(units)), Decimal(0))


TABLES: dict[str, tuple[Leaf, str]] = {
    # Fifty an hour; the vendor's own example is 100 hours.
    "per unit": (
        Leaf(UNIT, tiers("0:50")),
        """
        -5 -> 0           | 0 -> 0            | 0.01 -> 0.5      | 0.5 -> 25
        1 -> 50           | 3 -> 150          | 99.999 -> 4999.95 | 100 -> 5000
        100.001 -> 5000.05 | 101 -> 5050      | 1000000000 -> 50000000000
        1000000000000.0001 -> 50000000000000.005
        """,
    ),
    "per unit, a hundred included": (
        Leaf("LeafNode", tiers("100:0.12")),
        """
        -1 -> 0           | 0 -> 0            | 99 -> 0          | 99.999 -> 0
        100 -> 0          | 100.0001 -> 0.000012 | 100.5 -> 0.06 | 101 -> 0.12
        150 -> 6          | 200 -> 12         | 1100 -> 120
        """,
    ),
    "per unit, the price for ten": (
        Leaf(UNIT, tiers("0:1.5/10")),
        """
        0 -> 0            | 0.001 -> 0.00015  | 1 -> 0.15        | 9.9 -> 1.485
        10 -> 1.5         | 10.1 -> 1.515     | 11 -> 1.65       | 15 -> 2.25
        20 -> 3           | 100 -> 15         | 101 -> 15.15
        """,
    ),
    "per unit, the price for three": (
        Leaf(UNIT, tiers("0:1/3")),
        """
        0 -> 0 | 1 -> 0.3333333333333333333333333333 | 2 -> 0.6666666666666666666666666667 | 3 -> 1
        4 -> 1.333333333333333333333333333 | 0.3 -> 0.1 | 6 -> 2 | 0.03 -> 0.01
        5 -> 1.666666666666666666666666667 | 3000000 -> 1000000 | -3 -> 0
        """,
    ),
    "per block": (
        Leaf(BLOCK, tiers("0:1.5/10")),
        """
        -3 -> 0           | 0 -> 0            | 0.001 -> 1.5     | 1 -> 1.5
        9.999 -> 1.5      | 10 -> 1.5         | 10.001 -> 3      | 11 -> 3
        20 -> 3           | 20.5 -> 4.5       | 100 -> 15        | 101 -> 16.5
        """,
    ),
    "per block, a hundred included": (
        Leaf(BLOCK, tiers("100:20/50")),
        """
        0 -> 0            | 99 -> 0           | 100 -> 0         | 100.5 -> 20
        149 -> 20         | 150 -> 20         | 150.01 -> 40     | 151 -> 40
        200 -> 40         | 200.01 -> 60      | 250 -> 60        | 1100 -> 400
        """,
    ),
    "per block, parts allowed": (
        Leaf(BLOCK, tiers("100:20/50"), partial=True),
        """
        0 -> 0            | 99 -> 0           | 100 -> 0         | 100.5 -> 0.2
        125 -> 10         | 149 -> 19.6       | 150 -> 20        | 150.01 -> 20.004
        151 -> 20.4       | 200 -> 40         | 1100 -> 400
        """,
    ),
    "per unit, parts not allowed": (
        Leaf("LeafNode", tiers("0:2"), partial=False),
        """
        0 -> 0            | 0.001 -> 2        | 0.999 -> 2       | 1 -> 2
        1.001 -> 4        | 1.5 -> 4          | 2 -> 4           | 10 -> 20
        10.5 -> 22        | 99.01 -> 200
        """,
    ),
    "discrete": (
        Leaf("DiscreteLeafNode", tiers("0:3", "5:1")),
        """
        0 -> 0            | 0.5 -> 3          | 1 -> 3           | 4 -> 12
        4.5 -> 15         | 5 -> 15           | 5.001 -> 16      | 6 -> 16
        6.5 -> 17         | 10 -> 20
        """,
    ),
    "graduated": (
        Leaf(UNIT, tiers("0:1", "100:0.5", "1000:0.1")),
        """
        0 -> 0            | 1 -> 1            | 50.5 -> 50.5     | 99 -> 99
        100 -> 100        | 100.5 -> 100.25   | 101 -> 100.5     | 999 -> 549.5
        999.99 -> 549.995 | 1000 -> 550       | 1000.01 -> 550.001 | 1001 -> 550.1
        1500 -> 600       | 10000 -> 1450
        """,
    ),
    "graduated, by blocks": (
        Leaf(BLOCK, tiers("0:2/10", "25:0.5/5")),
        """
        0 -> 0            | 1 -> 2            | 10 -> 2          | 10.1 -> 4
        20 -> 4           | 25 -> 6           | 25.5 -> 6.5      | 26 -> 6.5
        30 -> 6.5         | 31 -> 7           | 35 -> 7          | 40 -> 7.5
        """,
    ),
    "volume": (
        Leaf(VOLUME, unit_prices=tuple(tier[::2] for tier in tiers("0:1", "1000:0.8", "5000:0.5"))),
        """
        -1 -> 0           | 0 -> 0            | 0.5 -> 0.5       | 1 -> 1
        999 -> 999        | 999.999 -> 999.999 | 1000 -> 800     | 1000.001 -> 800.0008
        1001 -> 800.8     | 4999 -> 3999.2    | 5000 -> 2500     | 5001 -> 2500.5
        10000 -> 5000
        """,
    ),
    "volume, from ten on": (
        Leaf(VOLUME, unit_prices=tuple(tier[::2] for tier in tiers("10:1", "20:0.9"))),
        """
        0 -> 0            | 1 -> 0            | 9.99 -> 0        | 10 -> 10
        10.5 -> 10.5      | 19 -> 19          | 19.99 -> 19.99   | 20 -> 18
        20.5 -> 18.45     | 21 -> 18.9        | 100 -> 90
        """,
    ),
    "no tiers": (
        Leaf("LeafNode", flat_rate=Decimal(9)),
        "-1 -> 0 | 0 -> 0 | 0.5 -> 0 | 1 -> 0 | 2 -> 0 | 9 -> 0 | 10 -> 0 | 99.9 -> 0 | 100 -> 0 | 1000000 -> 0",
    ),
}  # fmt: skip
"""Each kind, and what numbers of units cost, worked by hand."""


def rows(table: str) -> list[tuple[str, str]]:
    """The cells of a table as (units, price)."""
    cells = (cell.split("->") for line in table.strip().splitlines() for cell in line.split("|"))
    return [(units.strip(), worth.strip()) for units, worth in cells]


@pytest.mark.parametrize("kind", TABLES)
def test_what_units_cost(kind: str) -> None:
    """Every row of the table holds to the last digit."""
    leaf, table = TABLES[kind]
    told = [(units, price(leaf, Decimal(units))) for units, _ in rows(table)]
    assert told == [(units, Decimal(worth)) for units, worth in rows(table)]


def test_every_kind_has_ten_rows() -> None:
    """No kind of leaf is left without a table, and no table is short."""
    assert {leaf.kind for leaf, _ in TABLES.values()} == LEAF_KINDS.keys()
    assert min(len(rows(table)) for _, table in TABLES.values()) >= 10


@pytest.mark.parametrize(
    ("kind", "units", "expected"),
    [
        ("graduated", "0", []),
        ("graduated", "-7", []),
        ("graduated", "99", [("0", "99", "99")]),
        ("graduated", "100", [("0", "100", "100")]),
        ("graduated", "100.5", [("0", "100", "100"), ("100", "0.5", "0.25")]),
        ("graduated", "1000", [("0", "100", "100"), ("100", "900", "450")]),
        ("graduated", "1002", [("0", "100", "100"), ("100", "900", "450"), ("1000", "2", "0.2")]),
        ("per unit, a hundred included", "100", []),
        ("per unit, a hundred included", "130", [("100", "30", "3.6")]),
        ("graduated, by blocks", "26", [("0", "25", "6"), ("25", "1", "0.5")]),
        ("volume", "999", [("0", "999", "999")]),
        ("volume", "1000", [("1000", "1000", "800")]),
        ("volume, from ten on", "9", []),
        ("no tiers", "5", []),
    ],
)
def test_which_tier_charges_what(kind: str, units: str, expected: list[tuple[str, str, str]]) -> None:
    """Each tier that was reached tells its units and its part of the price; of volume, the one bracket has all."""
    told = charges(TABLES[kind][0], Decimal(units))
    assert told == [tuple(map(Decimal, charge)) for charge in expected]


UNITS = st.decimals(0, 10**6, places=4)
PRICES = st.decimals(0, 1000, places=3)
BATCHES = st.decimals(0, 500, places=2).filter(bool)


@st.composite
def leaves(draw: st.DrawFn, batches: st.SearchStrategy[Decimal] = BATCHES) -> Leaf:
    """A leaf of any kind with tiers, which rise from anywhere."""
    kind = draw(st.sampled_from(sorted(LEAF_KINDS.keys() - {VOLUME})))
    starts = sorted(draw(st.sets(st.decimals(0, 10_000, places=1), min_size=1, max_size=5)))
    made = tuple(Tier(start, draw(batches), draw(PRICES)) for start in starts)
    return Leaf(kind, made, partial=draw(st.sampled_from([None, False, True])))


@given(leaves(), UNITS, UNITS)
def test_more_units_never_cost_less(leaf: Leaf, one: Decimal, other: Decimal) -> None:
    """A graduated price is monotone, whatever its batches and whether parts of them are sold."""
    fewer, more = sorted((one, other))
    assert price(leaf, fewer) <= price(leaf, more)


@given(leaves(batches=st.just(Decimal(1))), st.data())
def test_a_graduated_price_is_continuous(leaf: Leaf, data: st.DataObject) -> None:
    """Around the start of a tier, as anywhere, the price changes by no more than the dearest unit price allows."""
    smooth = Leaf(UNIT, leaf.tiers)
    edge = data.draw(st.sampled_from([tier.start for tier in leaf.tiers]) | UNITS)
    step = data.draw(st.decimals(Decimal("1e-12"), 10, places=12))
    rise = price(smooth, edge + step) - price(smooth, edge)
    assert 0 <= rise <= step * max(tier.price for tier in leaf.tiers)
    at_start = [tier.price for tier in leaf.tiers if tier.start == edge]
    assert not at_start or price(smooth, edge + Decimal("1e-12")) - price(smooth, edge) == at_start[0] * Decimal(
        "1e-12"
    )


@given(leaves(), UNITS)
def test_the_tiers_share_all_units_beyond_what_is_included(leaf: Leaf, units: Decimal) -> None:
    """The units of the tiers are all units but the included ones, each in the tier that it lies in."""
    told = charges(leaf, units)
    assert sum(charge.units for charge in told) == max(units - leaf.tiers[0].start, 0)
    assert [charge.start for charge in told] == [tier.start for tier in leaf.tiers if tier.start < units]


@given(leaves(batches=st.just(Decimal(1))), st.integers(0, 10**6))
def test_blocks_of_one_are_units(leaf: Leaf, units: int) -> None:
    """With a batch of 1 whole units cost the same per unit and per block; so does any number, where parts are sold."""
    starts = tuple(Tier(tier.start.to_integral_value() + place, tier.batch, tier.price)
                   for place, tier in enumerate(leaf.tiers))  # fmt: skip
    assert price(Leaf(UNIT, starts), Decimal(units)) == price(Leaf(BLOCK, starts), Decimal(units))
    part = units / Decimal(7)
    assert price(Leaf(UNIT, leaf.tiers), part) == price(Leaf(BLOCK, leaf.tiers, partial=True), part)


@given(leaves(), UNITS)
def test_whole_batches_cost_less_than_one_batch_more(leaf: Leaf, units: Decimal) -> None:
    """Of each tier, whole batches cost at least what the parts would, and less than one further batch above it."""
    whole, parts = (charges(Leaf(UNIT, leaf.tiers, partial=partial), units) for partial in (False, True))
    for tier, full, part in zip(leaf.tiers, whole, parts, strict=False):
        assert part.price <= full.price <= part.price + tier.price


@pytest.mark.parametrize("units", [Decimal("1.7976931348623157E+308"), Decimal("5E-324"), Decimal(10) ** 400])
@pytest.mark.parametrize("unit_price", [Decimal("1.7976931348623157E+308"), Decimal("5E-324"), Decimal(10) ** 4000])
@pytest.mark.parametrize("kind", [UNIT, BLOCK])
def test_no_number_is_too_large(kind: str, units: Decimal, unit_price: Decimal) -> None:
    """The largest and the smallest numbers of JSON are multiplied exactly, and divided into the smallest batches."""
    with exact_arithmetic():
        sold = units if kind == UNIT else units.to_integral_value("ROUND_CEILING")
        assert leaf_price(kind, units, unit_price) == sold * unit_price
    assert leaf_price(kind, units, unit_price, batch=Decimal("5E-324")) > 0


def leaf_price(kind: str, units: Decimal, unit_price: Decimal, batch: Decimal = Decimal(1)) -> Decimal:
    """The price of units at one tier."""
    return price(Leaf(kind, (Tier(Decimal(0), batch, unit_price),)), units)


LEAF = Leaf(UNIT, tiers("0:1"))
SEATS = Reducer("distinct_resource_reducer", Granularity.DAY, ("user", "team"))


@pytest.mark.parametrize(
    ("machine", "priced", "dimensions", "needs_hours"),
    [
        (PriceMachine({(): LEAF}), (), (), False),
        (PriceMachine({("eu",): LEAF}, keys=("region",)), ("region",), ("region",), False),
        (PriceMachine({(): LEAF}, group_by=("team", "app")), ("app", "team"), ("app", "team"), False),
        (PriceMachine({("a", "b"): LEAF}, keys=("tier", "region"), group_by=("region", "app")),
         ("app", "region", "tier"), ("app", "region", "tier"), False),
        (PriceMachine({(): LEAF}, reducers=(Reducer("max_reducer"),)), (), (), True),
        (PriceMachine({(): LEAF}, reducers=(Reducer("max_reducer", counted=("user",)),)), (), (), True),
        (PriceMachine({(): LEAF}, reducers=(SEATS,)), (), ("team", "user"), True),
        (PriceMachine({(): LEAF}, reducers=(SEATS, Reducer("max_reducer")), group_by=("team",)),
         ("team",), ("team", "user"), True),
    ],
)  # fmt: skip
def test_what_a_machine_asks_of_usage(
    machine: PriceMachine, priced: tuple[str, ...], dimensions: tuple[str, ...], *, needs_hours: bool
) -> None:
    """Usage is parted by keys, groups and counted dimensions, each once and by name; reducers look at hours."""
    assert (machine.priced, machine.dimensions, machine.needs_hours) == (priced, dimensions, needs_hours)


def test_a_leaf_is_found_by_the_keys_in_their_order() -> None:
    """The values of a row belong to the keys in the order in which they are written; no row, no leaf."""
    machine = PriceMachine({("gold", "eu"): LEAF}, keys=("tier", "region"))
    assert machine.leaf_of({"region": "eu", "tier": "gold", "app": "x"}) is LEAF
    assert machine.leaf_of({"region": "gold", "tier": "eu"}) is None


@given(UNITS, PRICES)
def test_a_price_per_unit(units: Decimal, unit_price: Decimal) -> None:
    """The machine of one unit price charges units times price and asks for no dimension."""
    machine = PriceMachine.per_unit(unit_price)
    (leaf,) = machine.leaves.values()
    assert (price(leaf, units), machine.dimensions) == (units * unit_price, ())
