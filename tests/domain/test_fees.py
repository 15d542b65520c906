"""Fees of plans: once or each period, whole or by share."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.fees import Fee, charged_fees

DAY = 86_400


def fee(cost: str, **terms: bool) -> Fee:
    """A fee of a plan."""
    return Fee("f", "Fee", "", Decimal(cost), **terms)


def window(start: float, end: float, days: int = 30, number: int = 1) -> BillingWindow:
    """A window from one day to another, of a period of so many days."""
    return BillingWindow("p", int(start * DAY), int(end * DAY), number, 0, days * DAY)


CASES = [
    (fee("30"), window(0, 30), "30.00"),
    (fee("30"), window(10, 30), "30.00"),
    (fee("30", is_prorated=True), window(0, 30), "30.00"),
    (fee("30", is_prorated=True), window(10, 30), "20.00"),
    (fee("30", is_prorated=True), window(0, 10.5), "10.50"),
    (fee("30", is_prorated=True, by_day=True), window(0, 10.5), "11.00"),
    (fee("30", is_prorated=True, by_day=True), window(29.5, 30), "1.00"),
    (fee("100", is_prorated=True), window(0, 10, days=31), "32.26"),
    (fee("0.005"), window(0, 30), "0.01"),
    (fee("30", is_one_time=True), window(20, 30, number=0), "30.00"),
    (fee("30", is_one_time=True, is_prorated=True), window(20, 30, number=0), "30.00"),
]


@pytest.mark.parametrize(("charged", "within", "cost"), CASES)
def test_costs(charged: Fee, within: BillingWindow, cost: str) -> None:
    """A fee costs all of itself, or the share of the period that is covered, rounded once to cents."""
    assert [str(each.cost) for each in charged_fees([charged], within)] == [cost]


def test_one_time() -> None:
    """A one-time fee is on the first invoice of an assignment and on no other."""
    terms = [fee("5", is_one_time=True), fee("7")]
    assert [len(charged_fees(terms, window(0, 30, number=number))) for number in (0, 1, 2)] == [2, 1, 1]


@given(st.integers(0, 30), st.decimals(0, 10_000, places=2), st.booleans())
def test_parts_of_a_period(cut: int, cost: Decimal, by_day: bool) -> None:  # noqa: FBT001 - drawn
    """The two parts of a period that is cut at a midnight cost together what it costs whole, but for a cent."""
    prorated = Fee("f", "Fee", "", cost, is_prorated=True, by_day=by_day)
    parts = [window(0, cut), window(cut, 30)]
    together = sum(each.cost for part in parts if part.start_s < part.end_s for each in charged_fees([prorated], part))
    assert abs(together - cost) <= Decimal("0.01")
