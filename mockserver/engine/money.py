"""Amounts of money between the wire and the books."""

from decimal import Decimal


def money_from_api(amount: float) -> Decimal | int:
    """An exact amount: a whole number as it is, a double as the shortest decimal that reads back as the same double."""
    return amount if isinstance(amount, int) else Decimal(repr(amount))
