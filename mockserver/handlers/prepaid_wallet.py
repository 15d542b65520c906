"""The prepaid wallet: a customer's cards with what invoices drew of them, computed at each reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mockserver.domain.decimals import added, within_doubles
from mockserver.domain.exchange import in_credits
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.books import books_of
from mockserver.handlers.billing.money import currency_to_api
from mockserver.handlers.billing_account import UNIT, settings_of
from mockserver.handlers.currencies import credit_worth
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.prepaid_conditions import FIELD as CONDITIONS
from mockserver.handlers.prepaid_draws import CARD_TYPE, PAYMENT, Amount, Card, cards_of, int64
from mockserver.handlers.product_items import DEFAULT_PRODUCT

NOUN = "prepaid card"

Draws = Mapping[str, Sequence[tuple[str, Decimal]]]
"""What invoices drew, by the URI of the card: the URI of the invoice and the amount, oldest invoice first."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What was drawn of a card, and what is left: together its worth.

    Attributes:
        worth: what the card was worth when it was new, and at least what was drawn: an order that is replaced by a
            smaller one does not undo what locked invoices drew.
        drawn: the URIs of invoices and the amounts.
    """

    worth: Amount
    drawn: Sequence[tuple[str, Decimal]] = ()

    @property
    def used(self) -> Decimal:
        """What invoices drew."""
        return added(amount for _, amount in self.drawn)

    @property
    def left(self) -> Amount:
        """What was not drawn; whole amounts stay whole numbers, whatever their size."""
        left = added([Decimal(self.worth), self.used.copy_negate()])
        return int(left) if isinstance(self.worth, int) and left == left.to_integral_value() else left


def balance_of_card(card: Card, draws: Draws) -> Balance:
    """How much of a card was drawn."""
    drawn = draws.get(card.uri, ())
    return Balance(max(card.worth, added(amount for _, amount in drawn)), drawn)


def draws_of(call: Call, customer: str, product: str) -> Draws:
    """What a customer's invoices drew of each card."""
    return books_of(call, customer, product).draws


def get_wallet(call: Call) -> Reply:
    """The wallet of the query's customer and product."""
    customer, product = call.query["customerId"], call.query.get("productId", DEFAULT_PRODUCT)
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)
    wallet = {
        "key": {"accountId": call.account_id, "customerId": customer, "productId": product},
        UNIT: settings_of(call)[UNIT],
        "prepaidCards": wallet_cards(call, customer, product),
    }
    return Reply(wallet)


def wallet_cards(call: Call, customer: str, product: str) -> list[JsonObject]:
    """A customer's cards as they are answered."""
    draws, worth = draws_of(call, customer, product), credit_worth(call)
    return [card_to_api(card, draws, worth) for card in cards_of(call, customer, product)]


def card_to_api(card: Card, draws: Draws, credit: Decimal | None = None) -> JsonObject:
    """The answered card.

    Args:
        card: the card.
        draws: what invoices drew.
        credit: what a credit is worth, in an account that has credits.
    """
    order, balance = card.order, balance_of_card(card, draws)
    counted = {
        "price": order["prepaidPrice"],
        "worth": balance.worth,
        "amountLeft": balance.left,
        "usedAmount": balance.used,
    }
    return {
        "prepaidUri": card.uri,
        "sourceUri": card.source_uri,
        CARD_TYPE: card_type(card),
        "label": order.get("label"),
        **counted,
        "priceInBaseCurrency": order["prepaidPrice"],
        **{f"{name}InCredits": _in_credits(amount, credit) for name, amount in counted.items()},
        "startTimeInMillis": int64(card.time.start_ms),
        "expirationTimeInMillis": int64(card.time.end_ms),
        **_payment_to_api(card),
        CONDITIONS: card.conditions,
        "productInvoices": [{"invoiceUri": uri, "amount": amount} for uri, amount in balance.drawn],
    }


def card_type(card: Card) -> str:
    """What kind of card it is: what its order says, else how it is paid and whether it comes again."""
    kind = "one_time" if card.order.get("recurrenceFrequency") is None else "recurrence"
    own: str = card.order.get(CARD_TYPE) or (f"external_{kind}" if card.order["externalPayment"] else kind)
    return own


def _payment_to_api(card: Card) -> JsonObject:
    told = card.changes.get(PAYMENT, {})
    return {
        "paymentStatus": card.payment.value,
        "paymentId": told.get("paymentId"),
        "paymentSystemName": told.get("systemName"),
        "externalPaymentMethod": bool(card.order["externalPayment"]),
        "paymentCurrencyInfo": currency_to_api(card.currency),
    }


def _in_credits(amount: Amount, credit: Decimal | None) -> Decimal | None:
    counted = in_credits(Decimal(amount), credit)
    return None if counted is None else within_doubles(counted)


BINDINGS: Mapping[str, Binding] = {"getPrepaidWallet": Binding(get_wallet)}
