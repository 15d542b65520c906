"""Sums that a running double cannot hold."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.exact import LARGEST, exact_sum, settle_sums

doubles = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(doubles, max_size=40))
def test_the_sum_is_the_correctly_rounded_one(values: list[float]) -> None:
    """The exact sum is that of fractions, rounded once, or the largest double of its sign."""
    whole = sum(map(Fraction, values), Fraction(0))
    try:
        expected = float(whole), False
    except OverflowError:
        expected = (LARGEST if whole > 0 else -LARGEST), True
    assert exact_sum(np.array(values, np.float64)) == expected


def test_only_unfinished_sums_are_replaced() -> None:
    """A finite running sum stays as it is; an infinite or undefined one becomes the exact sum of its key."""
    keys = np.array([2, 5, 9])
    parts = [
        (np.array([2, 5, 9, 9]), np.array([1.0, 1e308, -1.6e308, -1.6e308])),
        (np.array([5, 5, 2]), np.array([1e308, -1e308, 1.0])),
    ]
    settled = settle_sums(np.array([7.0, np.inf, -np.inf]), keys, parts)
    assert settled.values.tolist() == [7.0, 1e308, -LARGEST]
    assert settled.overflowed


def test_finite_sums_need_no_second_look() -> None:
    """When every sum is finite the summands are not read again."""
    sums = np.array([1.0, 2.0])
    assert settle_sums(sums, np.array([0, 1]), iter(())) == (sums, False)
