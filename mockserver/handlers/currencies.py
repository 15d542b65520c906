"""Tables of exchange rates: edited while open, in effect once they are closed to changes."""

from collections.abc import Mapping

from mockserver.domain.amounts import with_exact_amounts
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import InvalidInput
from mockserver.engine.locking import CLOSE_TO_CHANGES, FIELD, OPEN
from mockserver.engine.printing import printable
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.product_items import SERVER_TIME, definition_to_api

RATES = "exchangeRateTable"
ACTIVATED = "activationTimeSeconds"


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


BINDINGS: Mapping[str, Binding] = {
    "createOrUpdateCurrencyExchangeRateTable": Binding(upsert_table, Tier.RESOURCE),
    "getCurrencyExchangeRateTable": TABLES.get(),
    "deleteCurrencyExchangeRateTable": Binding(delete_table, Tier.RESOURCE),
    "listCurrencyExchangeRateTables": TABLES.list("productId"),
}
