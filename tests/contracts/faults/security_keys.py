"""Faults of keys: requests that are taken without one, with a wrong one, or with one in the wrong place."""

from urllib.parse import unquote

from tests.contracts.faults.accounts import Accounts, mixing
from tests.contracts.faults.client import Client, fresh
from tests.contracts.faults.exchange import PUBLISHED, keyed, named, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send

KEY_NAMES = named("x-api-key", "api-key", "api_key", "apikey", "key")
METER = {"displayName": "Mine", "type": "SUM_OF_ALL_USAGE"}


def _latest_account(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    """Whoever has no key is taken for whoever came last."""
    if answer.status != 401 or request.key or not accounts.last:
        return answer
    return send(keyed(request, accounts.last))


def _list_needs_a_key(client: Client) -> bool:
    client.customer()
    return client.keyed("").get("/customers").status_code == 401


def _any_key(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    """A key that is not known is not looked at any further."""
    if answer.status != 401 or not request.key or not accounts.last:
        return answer
    return send(keyed(request, accounts.last))


def _reading_needs_a_good_key(client: Client) -> bool:
    path = f"/meter-definition/{client.meter()}"
    return client.keyed(fresh("wrong")).get(path).status_code == 401


def _key_in_query(request: Request, send: Send) -> Answer:
    if request.key:
        return send(request)
    found = [value for name, value in request.parameters().items() if name.lower() in KEY_NAMES]
    return send(keyed(request, found[0]) if found else request)


def _key_in_query_is_none(client: Client) -> bool:
    path = f"/customers/{client.customer()}"
    return client.keyed("").get(path, params={"X-API-KEY": client.key}).status_code == 401


def _key_in_cookie(request: Request, send: Send) -> Answer:
    if request.key:
        return send(request)
    pairs = [part.strip().partition("=") for part in request.headers.get("cookie", "").split(";")]
    found = [value.strip('"') for name, _, value in pairs if name.lower() in KEY_NAMES]
    return send(keyed(request, found[0]) if found else request)


def _key_in_cookie_is_none(client: Client) -> bool:
    body = {"customerId": fresh(), "customerName": "Ada"}
    cookie = {"Cookie": f"X-API-KEY={client.key}"}
    return client.keyed("").post("/customers", json=body, headers=cookie).status_code == 401


def _deleted_before_refused(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    owner = accounts.owner(request, "customerId", unquote(request.keys["customerId"]))
    if answer.status == 401 and owner != request.key:
        send(keyed(request, owner))
    return answer


def _refused_deletion_deletes_nothing(client: Client) -> bool:
    path = f"/customers/{client.customer()}"
    client.keyed(fresh("wrong")).delete(path)
    return client.get(path).status_code == 200


def _updated_before_refused(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    owner = accounts.owner(request, "meterApiName", text(request.json(), "meterApiName"))
    if answer.status == 401 and owner != request.key:
        send(keyed(request, owner))
    return answer


def _refused_update_changes_nothing(client: Client) -> bool:
    meter = client.meter()
    client.keyed(fresh("wrong")).put("/meter-definition", json={**METER, "meterApiName": meter})
    return bool(client.get(f"/meter-definition/{meter}").json()["displayName"] == "Calls")


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="list_of_customers_needs_no_key",
        category=Category.SECURITY,
        says="Without a key the customers of the account that asked last are listed.",
        operations=named("listCustomers"),
        found_by=named("refused_without_key", "key_required"),
        make=mixing(named("listCustomers"), _latest_account),
        probe=_list_needs_a_key,
    ),
    Fault(
        name="any_key_reads_meter_definitions",
        category=Category.SECURITY,
        says="With a key that is not known, the meter definitions of the account that asked last are read.",
        operations=named("listMeterDefinitions", "getMeterDefinitionById"),
        found_by=named("refused_with_wrong_key", "key_required"),
        make=mixing(named("listMeterDefinitions", "getMeterDefinitionById"), _any_key),
        probe=_reading_needs_a_good_key,
    ),
    Fault(
        name="key_is_taken_from_the_query",
        category=Category.SECURITY,
        says="A key in the query is as good as one in the header.",
        operations=PUBLISHED,
        found_by=named("refused_with_key_elsewhere"),
        make=lambda: _key_in_query,
        probe=_key_in_query_is_none,
    ),
    Fault(
        name="key_is_taken_from_a_cookie",
        category=Category.SECURITY,
        says="A key in a cookie is as good as one in the header.",
        operations=PUBLISHED,
        found_by=named("refused_with_key_elsewhere"),
        make=lambda: _key_in_cookie,
        probe=_key_in_cookie_is_none,
    ),
    Fault(
        name="refused_deletion_is_carried_out",
        category=Category.SECURITY,
        says="With a wrong key the deletion of a customer is refused after it was carried out.",
        operations=named("deleteCustomer"),
        found_by=named("refused_write_changes_nothing", "refused_key_changes_nothing"),
        make=mixing(named("deleteCustomer"), _deleted_before_refused),
        probe=_refused_deletion_deletes_nothing,
    ),
    Fault(
        name="refused_update_is_carried_out",
        category=Category.SECURITY,
        says="With a wrong key the update of a meter definition is refused after it was carried out.",
        operations=named("updateMeterDefinition"),
        found_by=named("refused_write_changes_nothing", "refused_key_changes_nothing"),
        make=mixing(named("updateMeterDefinition"), _updated_before_refused),
        probe=_refused_update_changes_nothing,
    ),
)
