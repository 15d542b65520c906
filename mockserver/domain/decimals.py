"""Exact arithmetic on decimals: nothing is rounded but where it is asked for."""

import math
from collections.abc import Iterable
from contextlib import AbstractContextManager
from decimal import ROUND_HALF_UP, Context, Decimal, getcontext, localcontext
from typing import Final

from mockserver.domain.exact import LARGEST

MOST_MONEY: Final = Decimal(LARGEST)
"""A JSON number beyond it could not be read as a double."""

_LEAST_MONEY: Final = MOST_MONEY.copy_negate()

CENT: Final = Decimal("0.01")
"""The unit that money is rounded to."""
_METERED: Final = Context(prec=12)
_NOISE: Final = Decimal("1e-9")
_ZERO: Final = Decimal(0)
EXACT_DIGITS: Final = 10_000
"""Enough for the exact product of two numbers: a double has at most 1,075 digits, a whole number of JSON 4,300."""


def exactly(value: float | Decimal) -> Decimal:
    """The shortest decimal that reads back as the same double, so that 0.1 is billed as 0.1; exact numbers stay."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def exact_arithmetic() -> AbstractContextManager[Context]:
    """A stretch of code in which sums and products of any numbers are exact; entering it costs more than a sum."""
    return localcontext(prec=EXACT_DIGITS)


def added(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; 0 of nothing."""
    if getcontext().prec == EXACT_DIGITS:
        return sum(amounts, _ZERO)
    with exact_arithmetic():
        return sum(amounts, _ZERO)


def multiplied(one: Decimal, other: Decimal) -> Decimal:
    """The exact product."""
    if getcontext().prec == EXACT_DIGITS:
        return one * other
    with exact_arithmetic():
        return one * other


def to_cents(amount: Decimal) -> Decimal:
    """The amount rounded half up to cents."""
    if getcontext().prec == EXACT_DIGITS:
        return amount.quantize(CENT, rounding=ROUND_HALF_UP)
    with exact_arithmetic():
        return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def floored(amount: Decimal) -> int:
    """The largest whole number that is not above the amount."""
    return math.floor(amount)


def metered_units(value: float) -> Decimal:
    """Units of usage as they are billed: whole numbers as they are, others to twelve digits.

    Usage is added up in doubles, whose last digits are noise: three times 0.1 is 0.30000000000000004, and a batch of
    0.3 would be a second one. That twelve digits count is our reading.
    """
    return exactly(value) if float(value).is_integer() else _METERED.plus(exactly(value))


def nearly_equal(one: Decimal, other: Decimal) -> bool:
    """Whether two numbers of units differ by no more than what is noise in doubles."""
    return abs(_METERED.subtract(one, other)) <= _NOISE * max(abs(one), abs(other))


def within_doubles(amount: Decimal) -> Decimal:
    """The amount, or the nearest one that a double holds."""
    # Most amounts are: two comparisons are half of what `max` and `min` cost.
    return amount if _LEAST_MONEY <= amount <= MOST_MONEY else MOST_MONEY.copy_sign(amount)
