"""The billing side of the account: its settings, and all that it has defined in one read. Both are our reading."""

from collections.abc import Mapping

from mockserver.domain.amounts import with_exact_amounts
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.due import touch_all
from mockserver.handlers.plans import PLANS
from mockserver.handlers.prices import PRICES
from mockserver.handlers.product_items import ITEMS, definition_to_api
from mockserver.handlers.promotions import PROMOTIONS

COLLECTION = "billing-settings"
KEY = "settings"
"""An account has one record of settings."""

UNIT = "creditUnit"
AMOUNTS = frozenset({"ratioToCurrency"})


def settings_of(call: Call) -> JsonObject:
    """The account's settings; what was never set has its default, the server's currency among them."""
    defaults = {
        "id": call.account_id,
        "baseCurrency": call.policy.currency,
        "gracePeriodInHours": 0,
        UNIT: None,
        "invoiceConfiguration": [],
        "displayCachedInvoices": False,
    }
    return {**defaults, **(call.store.collection(COLLECTION).get(KEY) or {})}


def get_settings(call: Call) -> Reply:
    """The account's settings."""
    return Reply(settings_of(call))


def update_settings(call: Call) -> Reply:
    """Replaces the settings whole; the credit unit is stamped with the time."""
    stored = call.store.collection(COLLECTION)
    settings = with_exact_amounts(call.body, AMOUNTS)
    if settings.get(UNIT):
        settings[UNIT] = {**settings[UNIT], "lastUpdateTimeInMillis": call.now_ms}
    verb = "updated" if KEY in stored else "created"
    stored.put(KEY, settings)
    touch_all(call)
    record(call, "billing settings", KEY, verb, settings)
    return get_settings(call)


def get_details(call: Call) -> Reply:
    """All that the account has defined for billing."""
    families = {
        "productItems": ITEMS,
        "productItemPrices": PRICES,
        "productPlans": PLANS,
        "promotions": PROMOTIONS,
    }
    defined = {
        name: [definition_to_api(document) for document in family.documents(call).documents()]
        for name, family in families.items()
    }
    return Reply({"accountId": call.account_id, **defined, UNIT: settings_of(call)[UNIT]})


BINDINGS: Mapping[str, Binding] = {
    "getBillingAccountDetails": Binding(get_details, Tier.RESOURCE),
    "getBillingSettings": Binding(get_settings, Tier.RESOURCE),
    "updateBillingSettings": Binding(update_settings, Tier.RESOURCE),
}
