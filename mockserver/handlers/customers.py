"""Customers: stored documents, the two ways to read one, and the payment provider's id."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Behaviour, Call, Reply
from mockserver.engine.identifiers import minted
from mockserver.engine.resource import Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers import customers_stages
from mockserver.handlers.customers_known import is_known, warn_unknown_customer
from mockserver.handlers.customers_stages import begin, bury, enter, warn_of_a_step_back, with_deactivation
from mockserver.handlers.default_plans import give_default_plan
from specs.catalog import Dialect

COLLECTION = customers_stages.CUSTOMERS

__all__ = ["BINDINGS", "COLLECTION", "CUSTOMERS", "is_known", "warn_unknown_customer"]

KEPT = (
    "customerId",
    "customerName",
    "customerEmail",
    "description",
    "enabled",
    "test",
    "lifecycleStage",
    "traits",
    "address",
)
"""The fields that a caller writes. Times are the server's own; what no document knows is dropped."""

STRIPE_WANTED = frozenset({"if_payment_provider", "true", "1"})
"""Spellings of `autoCreateCustomerInStripe` that ask for it: the published one, and the SDKs' boolean."""

STRIPE_ID_LENGTH = 14


def customer_from_api(call: Call, body: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The document to keep: what the caller wrote, the server's times, and the provider's id where it is asked for."""
    document = {name: body[name] for name in KEPT if name in body}
    if "lifecycleStage" in document:
        document["lifecycleStage"] = document["lifecycleStage"].upper()
    warn_of_a_step_back(call, document, previous)
    if str(call.query.get("autoCreateCustomerInStripe")).lower() in STRIPE_WANTED:
        stripe_id = minted("cus_", call.store.next_number("stripe-customer"), length=STRIPE_ID_LENGTH)
        document["traits"] = {"stripeId": stripe_id, **document.get("traits", {})}
    document["createTime"] = previous["createTime"] if previous else call.now_ms
    document["updateTime"] = call.now_ms
    document = with_deactivation(call, document, previous or {})
    if previous is None:
        begin(call, document)
    else:
        enter(call, document["customerId"], document.get("lifecycleStage"))
    return document


def deleted_customer(call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """What a delete answers: the record as it went."""
    return bury(call, document)


CUSTOMERS = Resource(COLLECTION, key="customerId", noun=customers_stages.NOUN, prepare=customer_from_api)
_LIST = CUSTOMERS.list()


def with_default_plan(write: Behaviour) -> Binding:
    """Writes a customer; one that is new is put on the account's default plan."""

    def behaviour(call: Call) -> Reply:
        is_new = call.body[CUSTOMERS.key] not in CUSTOMERS.documents(call)
        reply = write(call)
        if is_new:
            give_default_plan(call, [call.body[CUSTOMERS.key]])
        return reply

    return Binding(behaviour, Tier.RESOURCE)


def list_customers(call: Call) -> Reply:
    """All customers; with `customerId` in the query that one, or an empty object when there is none."""
    if "customerId" not in call.query:
        return _LIST.behaviour(call)
    document = call.store.collection(COLLECTION).get(call.query["customerId"])
    return Reply(document or {}, dialect=Dialect.LIVE)


BINDINGS: Mapping[str, Binding] = {
    "listCustomers": Binding(list_customers, Tier.RESOURCE),
    "createCustomer": with_default_plan(CUSTOMERS.create().behaviour),
    "updateCustomer": with_default_plan(CUSTOMERS.upsert().behaviour),
    "getCustomerById": CUSTOMERS.get(),
    "deleteCustomer": CUSTOMERS.delete(answer=deleted_customer),
}
