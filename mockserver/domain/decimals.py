"""Exact arithmetic on decimals: nothing is rounded but where it is asked for."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

from mockserver.domain.exact import LARGEST

MOST_MONEY: Final = Decimal(LARGEST)
"""A JSON number beyond it could not be read as a double."""

_CENT: Final = Decimal("0.01")
_EXACT_DIGITS: Final = 10_000
"""Enough for the exact product of two numbers: a double has at most 1,075 digits, a whole number of JSON 4,300."""


def exactly(value: float) -> Decimal:
    """The shortest decimal that reads back as the same double, so that 0.1 is billed as 0.1; whole numbers stay."""
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def added(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; 0 of nothing."""
    with localcontext(prec=_EXACT_DIGITS):
        return sum(amounts, Decimal(0))


def multiplied(one: Decimal, other: Decimal) -> Decimal:
    """The exact product."""
    with localcontext(prec=_EXACT_DIGITS):
        return one * other


def to_cents(amount: Decimal) -> Decimal:
    """The amount rounded half up to cents."""
    with localcontext(prec=_EXACT_DIGITS):
        return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def within_doubles(amount: Decimal) -> Decimal:
    """The amount, or the nearest one that a double holds."""
    return max(-MOST_MONEY, min(MOST_MONEY, amount))
