"""Money in other units: the currency that a customer pays in, and credits.

Books are kept in the base currency. What is shown in another unit is converted amount by amount, so that converted
parts may miss their converted sum by a cent for each of them (our reading).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from mockserver.domain.decimals import multiplied, to_cents

ONE: Final = Decimal(1)

_QUOTIENT_DIGITS: Final = 28


@dataclass(frozen=True, slots=True)
class Exchange:
    """From the base currency to the one that a customer pays in.

    Attributes:
        base: the code of the base currency.
        payment: the code of the customer's currency.
        rate: units of the customer's currency for one unit of the base currency, above 0.
    """

    base: str
    payment: str
    rate: Decimal = ONE

    def converted(self, amount: Decimal) -> Decimal:
        """An amount of the base currency in the customer's, rounded half up to cents; as it is when both are one."""
        return amount if self.payment == self.base else to_cents(multiplied(amount, self.rate))


@dataclass(frozen=True, slots=True)
class RateTable:
    """Exchange rates by currency, in effect from a moment on (Unix seconds)."""

    active_from_s: int
    rates: Mapping[str, Decimal]


def table_in_effect(tables: Iterable[RateTable], now_s: int) -> RateTable | None:
    """The table that became active last by `now_s`, the latter of two at the same second; None when there is none."""
    active: RateTable | None = None
    for table in tables:
        if table.active_from_s <= now_s and (active is None or table.active_from_s >= active.active_from_s):
            active = table
    return active


def exchange_to(currency: str | None, base: str, table: RateTable | None) -> Exchange:
    """The exchange into a customer's currency; without one, or without a rate above 0 for it, the base currency's."""
    rate = table.rates.get(currency) if table is not None and currency is not None else None
    if currency is None or currency == base or rate is None or rate <= 0:
        return Exchange(base, base)
    return Exchange(base, currency, rate)


def in_credits(amount: Decimal, worth: Decimal | None) -> Decimal | None:
    """An amount of the base currency in credits, rounded to 28 significant digits.

    Args:
        amount: of the base currency.
        worth: what one credit is worth in the base currency, or None when the account has no credits.

    Returns:
        None without credits, or when one is not worth anything.
    """
    if worth is None or worth <= 0:
        return None
    with localcontext(prec=_QUOTIENT_DIGITS):
        return amount / worth
