"""How a customer pays: setup intents and the default card. No payment provider is asked; its ids are made up."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import CUSTOMERS
from mockserver.handlers.portal_session import CUSTOMER, portal

INTENTS = "setup-intents"
METHODS = "payment-methods"
INTENT_LENGTH = 24
TEST_CARD = "pm_card_"
"""How the payment provider's own test cards begin; the brand follows."""
LAST_DIGITS: Mapping[str, str] = {"visa": "4242", "mastercard": "4444", "amex": "0005", "discover": "1117"}
"""By brand, what a card of it ends with."""
DEFAULT_BRAND = "visa"
YEARS_VALID = 4
DECEMBER = 12
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_YEAR = 9999


def create_setup_intent(call: Call, customer: str) -> Reply:
    """Keeps an intent and answers its secret. A customer whom the provider does not know leaves a warning."""
    traits = (CUSTOMERS.documents(call).get(customer) or {}).get("traits") or {}
    if "stripeId" not in traits:
        call.warn(
            "traits.stripeId", "unknown-payer", "the customer has no trait stripeId: the provider does not know it"
        )
    number = call.store.next_number("setup-intent")
    intent_id = minted("seti_", number, length=INTENT_LENGTH)
    secret = minted(f"{intent_id}_secret_", number, customer, length=INTENT_LENGTH)
    intent = {"id": intent_id, CUSTOMER: customer, "provider": call.body["provider"], "createTime": call.now_ms}
    call.store.collection(INTENTS).put(intent_id, {**intent, "clientSecret": secret})
    record(call, "setup intent", intent_id, "created", intent)
    return Reply({"clientSecret": secret})


def set_payment_method(call: Call, customer: str) -> Reply:
    """Keeps the customer's default card, in place of the one before."""
    methods = call.store.collection(METHODS)
    verb = "updated" if customer in methods else "created"
    given = {name: call.body[name] for name in ("provider", "paymentMethodId")}
    method = {**given, CUSTOMER: customer, "updateTime": call.now_ms, "card": card_of(call)}
    methods.put(customer, method)
    record(call, "payment method", customer, verb, method)
    return Reply(method["card"])


def card_of(call: Call) -> JsonObject:
    """The made up card behind an id: of the brand that a test card's id names, valid for some years."""
    brand = call.body["paymentMethodId"].removeprefix(TEST_CARD).lower()
    brand = brand if brand in LAST_DIGITS else DEFAULT_BRAND
    year = (EPOCH + timedelta(milliseconds=call.now_ms)).year
    return {
        "brand": brand,
        "expMonth": DECEMBER,
        "expYear": min(year + YEARS_VALID, LAST_YEAR),
        "last4": LAST_DIGITS[brand],
    }


def get_payment_method(call: Call, customer: str) -> Reply:
    """The customer's default card, or an empty object."""
    method = call.store.collection(METHODS).get(customer)
    return Reply(method["card"] if method else {})


BINDINGS: Mapping[str, Binding] = {
    "portalCreateSetupIntent": portal(create_setup_intent),
    "portalGetPaymentMethod": portal(get_payment_method),
    "portalSetPaymentMethod": portal(set_payment_method),
}
