"""The parts of an invoice: what is left of them, and how whole cents are shared out."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import added, to_cents
from mockserver.domain.portions import Portion, discounted, in_cents, prepaid, spread

D = Decimal
CENTS = st.integers(0, 10**6).map(lambda cents: D(cents) / 100)
LIMITS = st.lists(CENTS, max_size=6)


@given(CENTS, LIMITS)
def test_a_spread_adds_up_and_keeps_to_its_limits(amount: Decimal, limits: list[Decimal]) -> None:
    """Shares are whole cents within their limits, together the amount, or everything when the amount is larger."""
    shares = spread(amount, limits)
    assert added(shares) == min(amount, added(limits))
    assert all(0 <= share <= limit for share, limit in zip(shares, limits, strict=True))
    assert all(share == to_cents(share) for share in shares)


@given(CENTS, LIMITS)
def test_a_spread_is_in_proportion(amount: Decimal, limits: list[Decimal]) -> None:
    """No share is a whole cent or more below its proportion, nor more above it than all the cents left over."""
    whole = added(limits)
    for share, limit in zip(spread(amount, limits), limits, strict=True):
        ideal = min(amount, whole) * limit / whole if whole else D(0)
        assert share > ideal - D("0.01") - D("1e-20")
        assert share <= ideal + D("0.01") * len(limits)


@pytest.mark.parametrize(
    ("amount", "limits", "shares"),
    [
        ("10", ["30", "10"], ["7.50", "2.50"]),
        ("0.01", ["1", "1", "1"], ["0.01", "0", "0"]),
        ("0.05", ["1", "1", "1"], ["0.02", "0.02", "0.01"]),
        ("0.05", ["0", "1", "1"], ["0", "0.03", "0.02"]),
        ("0", ["5", "5"], ["0", "0"]),
        ("99", ["5", "5"], ["5", "5"]),
        ("5", ["0", "0"], ["0", "0"]),
        ("1", [], []),
        ("0.02", ["0.01", "0.01", "0.01"], ["0.01", "0.01", "0"]),
        ("1e308", ["1e308", "1e308"], ["5e307", "5e307"]),
    ],
)
def test_spreads(amount: str, limits: list[str], shares: list[str]) -> None:
    """By hand: what the proportion leaves over goes to the first with room."""
    assert spread(D(amount), [D(limit) for limit in limits]) == [D(share) for share in shares]


@given(st.lists(st.decimals(-1000, 1000, places=5), max_size=6))
def test_exact_amounts_become_cents_that_add_up(exact: list[Decimal]) -> None:
    """The cents of several amounts are together their rounded sum, and no amount is a whole cent off."""
    whole = to_cents(added(exact))
    cents = in_cents(exact, whole)
    assert added(cents) == whole
    assert all(abs(amount - cent) < D("0.01") for amount, cent in zip(exact, cents, strict=True))
    assert all(cent == to_cents(cent) for cent in cents)


@pytest.mark.parametrize(
    ("exact", "cents"),
    [
        (["0.005"], ["0.01"]),
        (["0.004", "0.004"], ["0.01", "0"]),
        (["0.002", "0.006", "0.002"], ["0", "0.01", "0"]),
        (["1.999", "2.001"], ["2.00", "2.00"]),
        (["-0.005", "0.005"], ["0", "0"]),
        ([], []),
    ],
)
def test_amounts_in_cents(exact: list[str], cents: list[str]) -> None:
    """By hand: the cents that are missing go to those that lost the most by rounding down."""
    amounts = [D(amount) for amount in exact]
    assert in_cents(amounts, to_cents(added(amounts))) == [D(cent) for cent in cents]


@pytest.mark.parametrize(
    ("portion", "left", "to_prepay"),
    [
        (Portion(D(10)), 10, 10),
        (Portion(D(10), discountable=False), 10, 10),
        (Portion(D(10), prepayable=False), 10, 0),
        (Portion(D(10), discounted=D(4)), 6, 6),
        (Portion(D(10), discounted=D(4), prepaid=D(5)), 1, 1),
        (Portion(D(10), discounted=D(4), prepaid=D(6)), 0, 0),
        (Portion(D(-3)), -3, 0),
    ],
)
def test_what_is_left(portion: Portion, left: int, to_prepay: int) -> None:
    """What was taken off is gone for promotions and cards alike, and nothing is paid of a credit."""
    assert [portion.left, portion.left_to_prepay] == [D(left), D(to_prepay)]


def test_amounts_are_taken_off_portion_by_portion() -> None:
    """Each portion gets its own amount, added to what was taken off before; nothing changes the others."""
    portions = [Portion(D(10), discounted=D(1), prepaid=D(2)), Portion(D(5))]
    reduced = discounted(portions, [D(3), D(0)])
    assert [[each.discounted, each.prepaid] for each in reduced] == [[4, 2], [0, 0]]
    paid = prepaid(reduced, [D(0), D(5)])
    assert [[each.discounted, each.prepaid, each.left] for each in paid] == [[4, 2, 4], [0, 5, 0]]


def test_amounts_for_other_portions_are_refused() -> None:
    """As many amounts as portions: anything else is a mistake of the caller."""
    with pytest.raises(ValueError, match="argument"):
        discounted([Portion(D(1))], [])
    with pytest.raises(ValueError, match="argument"):
        prepaid([Portion(D(1))], [D(1), D(2)])
