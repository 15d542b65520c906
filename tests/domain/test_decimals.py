"""Arithmetic that rounds nothing but where it is asked to."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import MOST_MONEY, added, exactly, multiplied, to_cents, within_doubles

DOUBLES = st.floats(allow_nan=False, allow_infinity=False)


@given(DOUBLES | st.integers(-(10**300), 10**300))
def test_a_number_is_the_decimal_it_is_written_as(value: float) -> None:
    """A double becomes the decimal that reads back as the same double, a whole number itself."""
    assert type(value)(exactly(value)) == value
    assert str(exactly(value)).lower() == str(Decimal(str(value))).lower()


@given(st.lists(DOUBLES.map(exactly), max_size=5))
def test_sums_are_exact(amounts: list[Decimal]) -> None:
    """A sum is that of the fractions, whatever the sizes of its parts."""
    assert Fraction(added(amounts)) == sum(map(Fraction, amounts), Fraction(0))


@given(DOUBLES.map(exactly), st.integers(0, 10**100))
def test_products_are_exact(one: Decimal, other: int) -> None:
    """A product is that of the fractions."""
    assert Fraction(multiplied(one, Decimal(other))) == Fraction(one) * other


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("0.0049999", "0.00"), ("1e300", "1" + "0" * 300 + ".00"), ("7", "7.00")],
)
def test_cents_are_rounded_half_up(amount: str, cents: str) -> None:
    """Half a cent goes away from zero, for amounts of any size."""
    assert str(to_cents(Decimal(amount))) == cents


def test_a_number_of_a_thousand_digits_has_cents() -> None:
    """Even a whole number that only JSON can write, times a price, is rounded without a fault."""
    assert to_cents(multiplied(Decimal(10**4299), Decimal("0.3333"))) == Decimal(3333 * 10**4295)


@pytest.mark.parametrize(
    ("amount", "held"),
    [("1e309", MOST_MONEY), ("-1e309", MOST_MONEY.copy_negate()), ("0.1", Decimal("0.1")), ("-3", Decimal(-3))],
)
def test_amounts_are_cut_to_the_doubles(amount: str, held: Decimal) -> None:
    """What no double holds becomes the largest one, everything else stays."""
    assert within_doubles(Decimal(amount)) == held
