"""A customer's prepaid wallet as its portal sees it: cards, orders, the ledger of credits, rewards."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mockserver.domain.credits_ledger import CreditCard, CreditsLedger, LedgerEntry, credits_ledgers
from mockserver.domain.decimals import within_doubles
from mockserver.domain.prepaid import PAID
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject
from mockserver.handlers import prepaid_orders, prepaid_wallet
from mockserver.handlers.portal_session import CUSTOMER, by_body, by_query, on_behalf, portal
from mockserver.handlers.prepaid_draws import CARD_TYPE, NO_END_MS, Card, cards_of, int64
from mockserver.handlers.prepaid_wallet import Draws, balance_of_card, card_type, draws_of, wallet_cards
from mockserver.handlers.product_items import DEFAULT_PRODUCT

ORDERABLE = (
    CUSTOMER, "id", "prepaidOfferVersion", "prepaidPrice", "productId", "recurrenceFrequency", "startTimeInSeconds",
    "externalPayment", "customPriority",
)  # fmt: skip
"""What a customer may say of its order: what the credit is worth, for one, is not for it to say."""

DAYS_OF_A_WEEK = 7
REWARDS = frozenset({"rewards", "commitment_rewards"})
"""Kinds of cards that were earned."""


def order_from_portal(call: Call, customer: str) -> Call:
    """The call with an order as an account would write it.

    Raises:
        NotPermitted: the body names another customer.
    """
    held = by_body(call, customer)
    order = {name: held.body[name] for name in ORDERABLE if name in held.body}
    order.setdefault("id", minted("order-", customer, call.store.next_number("portal-order"), length=12))
    order.setdefault("prepaidPrice", 0)
    if order.get("recurrenceFrequency"):
        order["recurrenceFrequency"] = _recurrence_from_api(order["recurrenceFrequency"])
    held.body = order
    return held


def _recurrence_from_api(frequency: JsonObject) -> JsonObject:
    """How often, in the intervals that orders have: a week is seven days."""
    interval, count = frequency["interval"].lower(), frequency.get("intervalsCount", 1)
    if interval == "week":
        return {"interval": "day", "intervalsCount": DAYS_OF_A_WEEK * count}
    return {"interval": interval, "intervalsCount": count}


def show_ledgers(call: Call, customer: str) -> Reply:
    """The ledgers of the customer's cards that were paid, one a currency."""
    draws = draws_of(call, customer, DEFAULT_PRODUCT)
    held = cards_of(call, customer, DEFAULT_PRODUCT)
    paid = [credit_of(card, draws) for card in held if card.payment in PAID]
    ledgers = credits_ledgers(paid, call.now_ms // 1000)
    return Reply([ledger_to_api(call, customer, ledger) for ledger in ledgers])


def credit_of(card: Card, draws: Draws) -> CreditCard:
    """A card of the wallet in the ledger's words."""
    balance = balance_of_card(card, draws)
    return CreditCard(
        currency=card.currency,
        worth=Decimal(balance.worth),
        consumed=tuple(balance.drawn),
        start_s=int64(card.time.start_ms) // 1000,
        expiration_s=None if card.time.end_ms >= NO_END_MS else int64(card.time.end_ms) // 1000,
        kind=card_type(card),
        label=card.order.get("label") or "",
        uri=card.uri,
    )


def ledger_to_api(call: Call, customer: str, ledger: CreditsLedger) -> JsonObject:
    """The answered ledger."""
    return {
        "accountId": call.account_id,
        CUSTOMER: customer,
        "currency": ledger.currency,
        "totalAmount": within_doubles(ledger.total),
        "availableAmount": within_doubles(ledger.available),
        "consumedAmount": within_doubles(ledger.consumed),
        "expiredAmount": within_doubles(ledger.expired),
        "currentEntries": [entry_to_api(entry) for entry in ledger.current],
        "pastEntries": [entry_to_api(entry) for entry in ledger.past],
    }


def entry_to_api(entry: LedgerEntry) -> dict[str, Any]:
    """The answered entry; one of what was consumed names the invoice that drew it."""
    return {
        "transactionTimeSeconds": entry.time_s,
        "transactionAmount": within_doubles(entry.amount),
        "balanceAfterTransaction": within_doubles(entry.balance),
        "prepaidTransactionType": entry.transaction.value,
        "prepaidCardType": entry.card.kind,
        "prepaidLabel": entry.card.label,
        "prepaidUri": entry.card.uri,
        **({"invoiceUrl": entry.invoice} if entry.invoice else {}),
    }


def show_rewards(call: Call, customer: str) -> Reply:
    """The cards that the customer earned (our reading)."""
    cards = wallet_cards(call, customer, DEFAULT_PRODUCT)
    return Reply([card for card in cards if card[CARD_TYPE] in REWARDS])


BINDINGS: Mapping[str, Binding] = {
    "portalGetPrepaidWallet": on_behalf(prepaid_wallet.BINDINGS["getPrepaidWallet"], by_query(CUSTOMER)),
    "portalOrderPrepaidCard": on_behalf(prepaid_orders.BINDINGS["createCustomerPrepaidOrder"], order_from_portal),
    "portalGetCreditsLedger": portal(show_ledgers),
    "portalGetRewardsHistory": portal(show_rewards, tier=Tier.RESOURCE),
}
