"""Tables of exchange rates: edited while open, in effect once they are closed to changes.

A customer pays in the currency that its trait `paymentCurrency` names, when the table in effect has a rate for it, and
in the base currency else. That the currency is a trait is our reading; no source says where it is kept.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from mockserver.domain.amounts import with_exact_amounts
from mockserver.domain.decimals import exactly
from mockserver.domain.exchange import Exchange, RateTable, exchange_to, table_in_effect
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import InvalidInput
from mockserver.engine.locking import CLOSE_TO_CHANGES, FIELD, OPEN
from mockserver.engine.printing import printable
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing_account import UNIT, settings_of
from mockserver.handlers.customers_stages import CUSTOMERS
from mockserver.handlers.product_items import DEFAULT_PRODUCT, SERVER_TIME, definition_to_api

RATES = "exchangeRateTable"
ACTIVATED = "activationTimeSeconds"
CURRENCY_TRAIT: Final = "paymentCurrency"
"""The trait of a customer that names the currency it pays in."""


def table_completed(call: Call, table: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """The table, a warning of each rate that makes no money, and the time when it is closed to changes."""
    for currency, rate in table[RATES].items():
        if rate <= 0:
            call.warn(f"{RATES}.{printable(currency, 60)}", "non-positive-rate", "the rate is not above 0")
    if table[FIELD] == CLOSE_TO_CHANGES and table[ACTIVATED] is None:
        return {**table, ACTIVATED: call.now_ms // 1000}
    return table


TABLES = Resource(
    "currency-tables",
    noun="currency exchange rate table",
    prepare=table_completed,
    to_api=definition_to_api,
    locking=True,
    owned=[SERVER_TIME],
    stamped=True,
)


def upsert_table(call: Call) -> Reply:
    """Stores a table under its id, its rates exact. When it was activated is never the caller's to say."""
    key = call.body["id"]
    previous = TABLES.documents(call).get(key) or {}
    body = {**with_exact_amounts(call.body, {RATES}), ACTIVATED: previous.get(ACTIVATED)}
    return Reply(definition_to_api(TABLES.store(call, key, body)))


def delete_table(call: Call) -> Reply:
    """Deletes an open table and answers it. Unlike other definitions, a deprecated one stays (the page's title).

    Raises:
        KeyNotFound: there is no such table.
        InvalidInput: it is not open any more.
    """
    table = TABLES.find(call)
    if table[FIELD] != OPEN:
        message = f"'lockingStatus' {table[FIELD]} prevents {TABLES.noun} from being deleted."
        raise InvalidInput(message, field=FIELD, rule="locked")
    TABLES.documents(call).delete(table["id"])
    record(call, TABLES.noun, table["id"], "deleted", table)
    return Reply(definition_to_api(table))


def exchange_of(call: Call, customer: str, product: str = DEFAULT_PRODUCT) -> Exchange:
    """From the base currency to the one that a customer pays in, at the present."""
    base: str = settings_of(call)["baseCurrency"]
    if not len(TABLES.documents(call)):
        return Exchange(base, base)
    traits = (call.store.collection(CUSTOMERS).get(customer) or {}).get("traits") or {}
    currency = traits.get(CURRENCY_TRAIT)
    return exchange_to(currency.upper() if isinstance(currency, str) else None, base, _in_effect(call, product))


def _in_effect(call: Call, product: str) -> RateTable | None:
    """The table of a product that is closed to changes and was activated last; currencies in upper case."""
    closed = [
        RateTable(table[ACTIVATED], {code.upper(): exactly(rate) for code, rate in table[RATES].items()})
        for table in TABLES.documents(call).documents()
        if table[FIELD] == CLOSE_TO_CHANGES and table["productId"] == product
    ]
    return table_in_effect(closed, call.now_ms // 1000)


def credit_worth(call: Call) -> Decimal | None:
    """What one credit is worth in the base currency; None when the account has no credit unit, or it is not active."""
    unit = settings_of(call)[UNIT]
    if not unit or unit.get("ratioToCurrency") is None or unit.get("active") is False:
        return None
    worth = exactly(unit["ratioToCurrency"])
    return worth if worth > 0 else None


BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateCurrencyExchangeRateTable": Binding(upsert_table, Tier.RESOURCE),
    "getCurrencyExchangeRateTable": TABLES.get(),
    "deleteCurrencyExchangeRateTable": Binding(delete_table, Tier.RESOURCE),
    "listCurrencyExchangeRateTables": TABLES.list("productId"),
}
