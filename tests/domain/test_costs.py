"""Costs by bucket and group: exact, and together what the whole costs."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.costs import Cost, CostGroup, MeteredSeries, cost_groups, grown
from mockserver.domain.decimals import added, to_cents
from mockserver.domain.invoicing import MeteredUnits, price_lines
from mockserver.domain.usage import Take

UNITS = st.decimals(-(10**6), 10**6, places=5)
BUCKETS = st.dictionaries(st.sampled_from([0, 3600, 7200]), UNITS, min_size=1)
SERIES = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), BUCKETS), max_size=12)
PRICE = st.decimals(0, 100, places=4)


def series(drawn: Sequence[tuple[str, str, dict[int, Decimal]]], *keys: str) -> list[MeteredSeries]:
    """Series of additive usage, grouped by some of `customer` and `region`."""
    return [
        MeteredSeries(
            {key: {"customer": customer, "region": region}[key] for key in keys}, added(buckets.values()), buckets
        )
        for customer, region, buckets in drawn
    ]


@given(SERIES, PRICE, st.sampled_from([(), ("customer",), ("region",), ("customer", "region")]))
def test_groups_add_up_to_the_whole(
    drawn: list[tuple[str, str, dict[int, Decimal]]], price: Decimal, keys: tuple[str, ...]
) -> None:
    """However usage is grouped, units and prices of the groups, and of their buckets, are those of everything."""
    groups = cost_groups(series(drawn, *keys), price)
    units = added(amount for _, _, buckets in drawn for amount in buckets.values())
    assert added(group.whole.units for group in groups) == units
    assert added(group.whole.price for group in groups) == units * price
    for group in groups:
        assert added(cost.price for cost in group.buckets.values()) == group.whole.price
        assert added(cost.units for cost in group.buckets.values()) == group.whole.units


@given(SERIES.filter(bool), PRICE)
def test_costs_rounded_are_the_invoice(drawn: list[tuple[str, str, dict[int, Decimal]]], price: Decimal) -> None:
    """What all buckets cost, rounded once, is the price of the line that the same usage makes."""
    [group] = cost_groups(series(drawn), price)
    [line] = price_lines([MeteredUnits("calls", each.units) for each in series(drawn)], price)
    assert to_cents(group.whole.price) == line.price


GROUPS = [
    MeteredSeries({"region": "b"}, Decimal(2), {0: Decimal(2)}),
    MeteredSeries({"region": "a"}, Decimal(2), {3600: Decimal(2)}),
    MeteredSeries({"region": "c"}, Decimal(1), {0: Decimal(1)}),
    MeteredSeries({"region": "c"}, Decimal(4), {0: Decimal(3), 3600: Decimal(1)}),
]


def test_series_of_one_group_are_joined() -> None:
    """Two meters in one group add up, bucket by bucket, in order of time."""
    found = cost_groups(GROUPS[2:], Decimal("0.5"))
    costs = {0: Cost(Decimal(4), Decimal(2)), 3600: Cost(Decimal(1), Decimal("0.5"))}
    assert found == [CostGroup({"region": "c"}, Cost(Decimal(5), Decimal("2.5")), costs)]
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
    assert "".join(group.group["region"] for group in cost_groups(GROUPS, Decimal(1), take)) == regions


@pytest.mark.parametrize(
    ("units", "percentage", "after"),
    [("10", "10", "11"), ("0.3", "-50", "0.15"), ("7", "0", "7"), ("1", "1e-30", None)],
)
def test_growth_is_exact(units: str, percentage: str, after: str | None) -> None:
    """A percentage is added without rounding."""
    assert grown(Decimal(units), Decimal(percentage)) == Decimal(after or "1." + "0" * 31 + "1")
