"""Money in other units: customers' currencies by the table in effect, and credits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import to_cents
from mockserver.domain.exchange import Exchange, RateTable, exchange_to, in_credits, table_in_effect

EUR = RateTable(100, {"EUR": Decimal("0.92"), "NIL": Decimal(0), "NEG": Decimal(-1)})
money = st.decimals(-(10**12), 10**12, places=2)
rates = st.decimals("0.0001", 10**6, places=4)


@given(money, rates)
def test_a_conversion_is_one_multiplication_rounded_once(amount: Decimal, rate: Decimal) -> None:
    """The converted amount is within half a cent of the exact product, and has whole cents."""
    converted = Exchange("USD", "EUR", rate).converted(amount)
    assert converted == to_cents(converted)
    assert abs(converted - amount * rate) <= Decimal("0.005")


@given(money, money, rates)
def test_a_conversion_keeps_order(one: Decimal, other: Decimal, rate: Decimal) -> None:
    """The larger amount is not smaller in another currency."""
    exchange = Exchange("USD", "EUR", rate)
    assert exchange.converted(min(one, other)) <= exchange.converted(max(one, other))


@given(st.lists(money, max_size=20), rates)
def test_converted_parts_miss_their_sum_by_little(parts: list[Decimal], rate: Decimal) -> None:
    """Each converted part adds at most half a cent of difference, and the sum itself another half."""
    exchange = Exchange("USD", "EUR", rate)
    apart = sum(map(exchange.converted, parts), Decimal(0)) - exchange.converted(sum(parts, Decimal(0)))
    assert abs(apart) <= Decimal("0.005") * (len(parts) + 1)


@pytest.mark.parametrize(
    ("amount", "rate", "converted"),
    [
        ("100", "0.92", "92.00"),
        ("0.01", "0.92", "0.01"),
        ("0.01", "0.5", "0.01"),
        ("0.01", "0.49", "0.00"),
        ("-0.01", "0.5", "-0.01"),
        ("33.33", "157", "5232.81"),
        ("0", "3", "0.00"),
    ],
)
def test_conversions(amount: str, rate: str, converted: str) -> None:
    """Half a cent is rounded away from 0."""
    assert str(Exchange("USD", "EUR", Decimal(rate)).converted(Decimal(amount))) == converted


def test_the_base_currency_is_not_touched() -> None:
    """What is paid in the base currency stays as it is, to the digit."""
    assert str(Exchange("USD", "USD").converted(Decimal("1.2345"))) == "1.2345"


@pytest.mark.parametrize(
    ("currency", "table", "payment", "rate"),
    [
        ("EUR", EUR, "EUR", "0.92"),
        ("USD", EUR, "USD", "1"),
        (None, EUR, "USD", "1"),
        ("GBP", EUR, "USD", "1"),
        ("NIL", EUR, "USD", "1"),
        ("NEG", EUR, "USD", "1"),
        ("EUR", None, "USD", "1"),
    ],
)
def test_the_currency_of_a_customer(currency: str | None, table: RateTable | None, payment: str, rate: str) -> None:
    """Without a rate above 0 a customer pays in the base currency."""
    assert exchange_to(currency, "USD", table) == Exchange("USD", payment, Decimal(rate))


@given(st.lists(st.integers(-5, 5)), st.integers(-6, 6))
def test_the_latest_table_is_in_effect(starts: list[int], now: int) -> None:
    """Of the tables that are active by now the one that became so last counts, the later one of two at once."""
    tables = [RateTable(start, {"EUR": Decimal(number)}) for number, start in enumerate(starts)]
    begun = [table for table in tables if table.active_from_s <= now]
    expected = max(begun, key=lambda table: (table.active_from_s, table.rates["EUR"]), default=None)
    assert table_in_effect(tables, now) is expected


@pytest.mark.parametrize(
    ("amount", "worth", "credits_"),
    [
        ("10", "0.5", "20"),
        ("10", "3", "3.333333333333333333333333333"),
        ("-10", "4", "-2.5"),
        ("0", "7", "0"),
        ("10", None, None),
        ("10", "0", None),
        ("10", "-1", None),
    ],
)
def test_amounts_in_credits(amount: str, worth: str | None, credits_: str | None) -> None:
    """An amount is as many credits as it holds the worth of one, to 28 digits; without a worth there is none."""
    counted = in_credits(Decimal(amount), None if worth is None else Decimal(worth))
    assert counted == (None if credits_ is None else Decimal(credits_))


def test_the_extremes_of_doubles_are_divided() -> None:
    """The largest amount at the smallest worth has a number, whatever a double holds."""
    assert in_credits(Decimal("1e308"), Decimal("5e-324")) == Decimal("2e631")
