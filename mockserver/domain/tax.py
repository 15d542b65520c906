"""Tax on an amount, and what an address has to look like.

Every rate and every product code here is made up, but for the code that the vendor's pages show as an example: a test
needs figures that never change, and nobody should take them for the law of a country.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from mockserver.domain.decimals import added, multiplied, to_cents


@dataclass(frozen=True, slots=True)
class ProductCode:
    """A kind of product that is taxed in one way; `exempt` ones are not taxed."""

    code: str
    name: str
    description: str
    exempt: bool = False


PRODUCT_CODES: Final[Sequence[ProductCode]] = (
    ProductCode(
        "81162100A9000",
        "Cloud-based platform as a service (PaaS) - Business Use",
        "The vendor's own example of a code.",
    ),
    ProductCode("00000001A0000", "Example: metered API calls", "Made up. Taxed at the rate of the address."),
    ProductCode("00000002A0000", "Example: software licences", "Made up. Taxed at the rate of the address."),
    ProductCode("00000003A0000", "Example: exempt training", "Made up. Not taxed anywhere.", exempt=True),
)
"""The codes, the one that counts when none is given first."""

_BY_CODE: Final[Mapping[str, ProductCode]] = {product.code: product for product in PRODUCT_CODES}

REST_OF_THE_WORLD: Final = Decimal("0.10")
"""The made-up rate of every country that has none of its own."""

COUNTRY_RATES: Final[Mapping[str, Decimal]] = {"US": Decimal("0.05"), "GB": Decimal("0.15"), "DE": Decimal("0.2")}
"""Made-up rates by country."""

STATE_RATES: Final[Mapping[tuple[str, str], Decimal]] = {
    ("US", "CA"): Decimal("0.08"),
    ("US", "IL"): Decimal("0.07"),
    ("US", "OR"): Decimal(0),
}
"""Made-up rates by country and state, which go before the country's."""

NO_TAX: Final = Decimal(0)

POSTAL_CODES: Final[Mapping[str, re.Pattern[str]]] = {
    "US": re.compile(r"[0-9]{5}(-[0-9]{4})?"),
    "DE": re.compile(r"[0-9]{5}"),
    "GB": re.compile(r"[A-Z0-9]{2,4} ?[0-9][A-Z]{2}"),
}
"""What a postal code looks like, in the countries where it is looked at."""

_COUNTRY: Final = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a customer is taxed; texts that are not known are empty."""

    line1: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax on an amount: `tax` is rounded once, half up, to cents, and `total` is exactly the sum."""

    rate: Decimal
    tax: Decimal
    total: Decimal


def is_product_code(code: str) -> bool:
    """Whether a code is one of the list."""
    return code in _BY_CODE


def rate_of(address: Address | None, code: str) -> Decimal:
    """The rate for a product at an address: none without an address, a country, or for an exempt product."""
    product = _BY_CODE.get(code)
    place = tidied(address) if address else Address()
    if not place.country or (product is not None and product.exempt):
        return NO_TAX
    country = COUNTRY_RATES.get(place.country, REST_OF_THE_WORLD)
    return STATE_RATES.get((place.country, place.state), country)


def tax_on(amount: Decimal, rate: Decimal) -> Tax:
    """The tax on an amount: exact multiplication, then one rounding."""
    tax = to_cents(multiplied(amount, rate))
    return Tax(rate, tax, added((amount, tax)))


def tidied(address: Address) -> Address:
    """The address without needless white space, its country and a short state in upper case. Tidying twice is once."""
    clean = Address(
        line1=_spaced(address.line1),
        city=_spaced(address.city),
        state=_spaced(address.state),
        postal_code=_spaced(address.postal_code),
        country=_spaced(address.country),
    )
    return replace(
        clean,
        state=_code(clean.state, most=3),
        postal_code=clean.postal_code.upper(),
        country=_code(clean.country, most=2),
    )


def is_plausible(address: Address) -> bool:
    """Whether an address can be written to: a street, a city, a country of two letters, and a fitting postal code.

    A postal code is looked at where its form is known, and is asked for there: everywhere else any will do, or none.
    """
    place = tidied(address)
    form = POSTAL_CODES.get(place.country)
    fits = form is None or form.fullmatch(place.postal_code) is not None
    return bool(place.line1 and place.city and _COUNTRY.fullmatch(place.country) and fits)


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _code(text: str, most: int) -> str:
    return text.upper() if len(text) <= most else text
