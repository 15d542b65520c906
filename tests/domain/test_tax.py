"""Tax at made-up rates: exact, rounded once; and addresses, tidied and judged."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.tax import (
    COUNTRY_RATES,
    PRODUCT_CODES,
    REST_OF_THE_WORLD,
    STATE_RATES,
    Address,
    is_plausible,
    is_product_code,
    rate_of,
    tax_on,
    tidied,
)

doubles = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Decimal(repr(value)))
rates = st.sampled_from([Decimal(0), REST_OF_THE_WORLD, *COUNTRY_RATES.values(), *STATE_RATES.values()])
texts = st.text(max_size=12)
addresses = st.builds(Address, texts, texts, texts, texts, texts | st.sampled_from(["us", " DE", "gb "]))
CENT = Decimal("0.01")


@given(doubles, rates)
def test_the_tax_is_the_nearest_cent(amount: Decimal, rate: Decimal) -> None:
    """No whole number of cents is nearer to the exact tax, whatever the size of the amount."""
    taxed = tax_on(amount, rate)
    exact = Fraction(amount) * Fraction(rate)
    assert abs(Fraction(taxed.tax) - exact) <= Fraction(1, 200)
    assert (Fraction(taxed.tax) * 100).denominator == 1


@given(doubles, rates)
def test_the_total_is_the_sum(amount: Decimal, rate: Decimal) -> None:
    """Nothing is lost between the amount, its tax and the total."""
    taxed = tax_on(amount, rate)
    assert Fraction(taxed.total) == Fraction(amount) + Fraction(taxed.tax)


@given(doubles, rates)
def test_a_credit_is_taxed_as_a_charge(amount: Decimal, rate: Decimal) -> None:
    """The tax on an amount given back is what was taken."""
    assert tax_on(-amount, rate).tax == -tax_on(amount, rate).tax


@given(st.decimals(-(10**6), 10**6, places=4))
def test_half_cents_go_up(amount: Decimal) -> None:
    """Rounding is half up, away from zero."""
    expected = (amount * REST_OF_THE_WORLD).quantize(CENT, rounding=ROUND_HALF_UP)
    assert tax_on(amount, REST_OF_THE_WORLD).tax == expected


@given(addresses)
def test_tidying_twice_is_tidying_once(address: Address) -> None:
    """A tidy address stays as it is, and is judged as it was before."""
    once = tidied(address)
    assert tidied(once) == once
    assert is_plausible(once) is is_plausible(address)
    assert rate_of(once, "any") == rate_of(address, "any")


@given(addresses, st.sampled_from(PRODUCT_CODES))
def test_rates_are_those_of_the_tables(address: Address, product: object) -> None:
    """An exempt product and a nameless country are not taxed; every other place has a rate of the tables."""
    code = getattr(product, "code", "")
    rate = rate_of(address, code)
    if getattr(product, "exempt", False) or not address.country.split():
        assert rate == 0
    else:
        assert rate in {REST_OF_THE_WORLD, *COUNTRY_RATES.values(), *STATE_RATES.values()}


@pytest.mark.parametrize(
    ("country", "state", "rate"),
    [
        ("US", "IL", "0.07"),
        ("us", "il", "0.07"),
        ("US", "OR", "0"),
        ("US", "TX", "0.05"),
        ("US", "", "0.05"),
        ("DE", "IL", "0.2"),
        ("FR", "", "0.10"),
    ],
)
def test_the_state_goes_before_the_country(country: str, state: str, rate: str) -> None:
    """A state's rate, else its country's, else the rest of the world's."""
    assert rate_of(Address(country=country, state=state), PRODUCT_CODES[0].code) == Decimal(rate)


def test_without_an_address_there_is_no_rate() -> None:
    """Nobody knows what tax a customer without an address pays."""
    assert rate_of(None, PRODUCT_CODES[0].code) == 0


def test_the_codes_are_told_from_others() -> None:
    """Each code is there once and known; another text is none."""
    codes = [product.code for product in PRODUCT_CODES]
    assert len(set(codes)) == len(codes)
    assert all(is_product_code(code) for code in codes)
    assert not is_product_code("")


@pytest.mark.parametrize(
    ("country", "postal_code", "plausible"),
    [
        ("US", "60657", True),
        ("US", "60657-1234", True),
        ("US", "6065", False),
        ("US", "", False),
        ("GB", "ls1 4ap", True),
        ("GB", "60657", False),
        ("DE", "10115", True),
        ("FR", "", True),
        ("FR", "anything", True),
        ("USA", "60657", False),
        ("", "60657", False),
    ],
)
def test_postal_codes_fit_their_country(country: str, postal_code: str, *, plausible: bool) -> None:
    """A code is looked at where its form is known, and a country has two letters."""
    address = Address(line1="1", city="c", postal_code=postal_code, country=country)
    assert is_plausible(address) is plausible
