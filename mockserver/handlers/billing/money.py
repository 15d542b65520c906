"""Amounts of an invoice as they are told: in the currency that is paid in, in the account's, and in credits."""

from decimal import Decimal

from mockserver.domain.decimals import within_doubles
from mockserver.domain.exchange import Exchange, in_credits
from mockserver.engine.store import JsonObject


class Money:
    """Tells amounts of the account's currency.

    Args:
        exchange: into the currency that is paid in.
        unit_ratio: what a credit unit is worth in the account's currency; None without one.
    """

    def __init__(self, exchange: Exchange, unit_ratio: Decimal | None) -> None:
        self._exchange = exchange
        self._unit_ratio = unit_ratio

    def paid(self, amount: Decimal) -> Decimal:
        """In the currency that is paid in."""
        return within_doubles(self._exchange.converted(amount))

    def credits(self, amount: Decimal) -> Decimal | None:
        """In credits; None without a credit unit."""
        units = in_credits(amount, self._unit_ratio)
        return None if units is None else within_doubles(units)

    def told(self, field: str, amount: Decimal, stem: str = "", base: str = "InBaseCurrency") -> JsonObject:
        """All three.

        Args:
            field: the name of the amount that is paid.
            amount: in the account's currency.
            stem: what the names of the other two begin with; the field itself when empty.
            base: what the name of the account's amount ends in.
        """
        stem = stem or field
        return {
            field: self.paid(amount),
            stem + base: within_doubles(amount),
            f"{stem}InCredits": self.credits(amount),
        }


def exchange_to_api(exchange: Exchange) -> JsonObject:
    """The currency of the plan, the one that is paid in, and the rate between them."""
    return {
        "basePlanCurrency": exchange.base,
        "paymentCurrency": exchange.payment,
        "exchangeRate": within_doubles(exchange.rate),
    }


def currency_to_api(currency: str) -> JsonObject:
    """What is paid in the currency of the plan."""
    return exchange_to_api(Exchange(currency, currency))
