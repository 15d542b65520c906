"""Faults of what is seen: another account's things, another customer's, the key itself, or the inside of the server."""

from collections.abc import Callable
from urllib.parse import unquote

from tests.contracts.faults.accounts import Accounts, mixing
from tests.contracts.faults.client import Client, fresh
from tests.contracts.faults.exchange import PUBLISHED, instead, keyed, named, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, acting, on

STACK = """Traceback (most recent call last):
  File "/srv/billing/customers/views.py", line 118, in create
    customer = Customer(**request.json())
ValueError: required field"""
QUERY = "org.postgresql.util.PSQLException: SELECT * FROM billing.customers WHERE customer_id = $1 returned no rows"


def _found_anywhere(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    owner = accounts.owner(request, "customerId", unquote(request.keys["customerId"]))
    return send(keyed(request, owner)) if answer.status == 404 and owner != request.key else answer


def _other_account_does_not_read(client: Client) -> bool:
    return client.second().get(f"/customers/{client.customer()}").status_code == 404


def _everyones(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    """The list is that of all accounts, which are asked one after the other."""
    meters = answer.json() if answer.good else None
    if not isinstance(meters, list):
        return answer
    names = {text(meter, "meterApiName") for meter in meters}
    others = {key for (name, _), key in list(accounts.owners.items()) if name == "meterApiName"} - {request.key}
    for key in sorted(others):
        theirs = send(keyed(request, key)).json()
        new = [each for each in theirs if each["meterApiName"] not in names] if isinstance(theirs, list) else []
        meters, names = [*meters, *new], names | {each["meterApiName"] for each in new}
    return answer.with_json(meters)


def _other_account_does_not_list(client: Client) -> bool:
    meter = client.meter()
    return meter not in {each["meterApiName"] for each in client.second().get("/meter-definition").json()}


def _key_told(request: Request, send: Send) -> Answer:
    answer = send(request)
    if answer.status != 401 or not request.key or not isinstance(answer.json(), dict):
        return answer
    return answer.with_json({**answer.json(), "message": f"Invalid API key provided: {request.key}"})


def _refusal_keeps_the_key_secret(client: Client) -> bool:
    wrong = fresh("wrong")
    return wrong not in client.keyed(wrong).get("/customers").text


def _key_in_header(request: Request, send: Send) -> Answer:
    answer = send(request)
    return answer.with_headers(answer.headers.put("x-request-key", request.key)) if answer.good else answer


def _answer_keeps_the_key_secret(client: Client) -> bool:
    answer = client.post("/customers", json={"customerId": fresh(), "customerName": "Ada"})
    return client.key not in answer.headers.values()


def _with_stack(answer: Answer) -> Answer:
    refused = answer.json()
    if answer.status != 400 or not isinstance(refused, dict):
        return answer
    return answer.with_json({**refused, "details": STACK})


def _refusal_shows_no_code(client: Client) -> bool:
    return "Traceback" not in client.post("/customers", json={}).text


def _with_query(answer: Answer) -> Answer:
    refused = answer.json()
    if answer.status != 404 or not isinstance(refused, dict):
        return answer
    return answer.with_json({**refused, "details": QUERY})


def _absence_shows_no_query(client: Client) -> bool:
    return "SELECT" not in client.get(f"/customers/{fresh()}").text


def _portal_of_all(operation: str, method: str, path: str) -> Callable[[], Wrong]:
    """A portal that looks at the session's account and not at its customer."""

    def make() -> Wrong:
        accounts: dict[str, str] = {}

        def show(request: Request, send: Send) -> Answer:
            answer = send(request)
            if request.operation == "createSession" and answer.good:
                accounts[f"Session {text(answer.json(), 'sessionToken')}"] = request.key
            if request.operation != operation or not answer.good or request.key not in accounts:
                return answer
            return send(keyed(instead(request, method, path, request.json()), accounts[request.key]))

        return show

    return make


def _portal(client: Client, customer: str) -> Client:
    token = client.post("/session", json={"customerId": customer}).raise_for_status().json()["sessionToken"]
    return client.keyed(f"Session {token}")


def _portal_counts_its_customer(client: Client) -> bool:
    ada, bob, meter = client.customer(), client.customer(), client.live_meter()["meterApiName"]
    now = client.clock()["nowInMillis"]
    one = {"meterApiName": meter, "meterValue": 1, "meterTimeInMillis": now - 1000}
    client.ingest([{**one, "customerId": customer} for customer in (ada, bob)]).raise_for_status()
    asked = {"start": now // 1000 - 60, "end": now // 1000 + 60}
    shown = _portal(client, ada).live(meter, "/customer-portal/usage", **asked)
    return bool(sum(group["groupValue"] for group in shown["clientMeters"]) == 1)


def _portal_lists_its_customers(client: Client) -> bool:
    ada, bob = client.customer(), client.customer()
    for customer in (ada, bob):
        body = {"name": fresh(), "customerFilterMode": "specific-customer", "customerId": customer}
        client.post("/notification", json=body).raise_for_status()
    listed = _portal(client, ada).get("/customer-portal/notification").json()
    return {each["customerId"] for each in listed} == {ada}


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="customers_are_read_by_any_account",
        category=Category.SECURITY,
        says="A customer is read by its id with the key of any account.",
        operations=named("getCustomerById"),
        found_by=named("second_account_sees_nothing", "account_isolation"),
        make=mixing(named("getCustomerById"), _found_anywhere),
        probe=_other_account_does_not_read,
    ),
    Fault(
        name="meter_definitions_of_all_accounts_are_listed",
        category=Category.SECURITY,
        says="The list of meter definitions holds those of other accounts too.",
        operations=named("listMeterDefinitions"),
        found_by=named("second_account_sees_nothing", "account_isolation"),
        make=mixing(named("listMeterDefinitions"), _everyones),
        probe=_other_account_does_not_list,
    ),
    Fault(
        name="refusal_repeats_the_key",
        category=Category.SECURITY,
        says="Why a key is refused is told with the key.",
        operations=PUBLISHED,
        found_by=named("answers_echo_no_key"),
        make=lambda: _key_told,
        probe=_refusal_keeps_the_key_secret,
    ),
    Fault(
        name="new_customer_is_answered_with_the_key",
        category=Category.SECURITY,
        says="The answer to a new customer has the key that it came with in a header.",
        operations=named("createCustomer"),
        found_by=named("answers_echo_no_key"),
        make=acting("createCustomer", _key_in_header),
        probe=_answer_keeps_the_key_secret,
    ),
    Fault(
        name="refusal_shows_where_the_code_failed",
        category=Category.SECURITY,
        says="A customer that is refused is told with the stack of the code that refused it.",
        operations=named("createCustomer"),
        found_by=named("answers_show_no_internals"),
        make=on("createCustomer", reply=_with_stack),
        probe=_refusal_shows_no_code,
    ),
    Fault(
        name="absent_customer_shows_the_query",
        category=Category.SECURITY,
        says="That a customer is not there is told with the query of the data base and its driver.",
        operations=named("getCustomerById"),
        found_by=named("answers_show_no_internals"),
        make=on("getCustomerById", reply=_with_query),
        probe=_absence_shows_no_query,
    ),
    Fault(
        name="portal_counts_the_usage_of_all_customers",
        category=Category.SECURITY,
        says="A portal session is answered the usage of all customers of the account.",
        operations=named("portalQueryUsage"),
        found_by=named("portal_sees_one_customer"),
        make=_portal_of_all("portalQueryUsage", "POST", "/usage"),
        probe=_portal_counts_its_customer,
        dialect="live",
    ),
    Fault(
        name="portal_lists_the_notifications_of_all_customers",
        category=Category.SECURITY,
        says="A portal session is answered the notifications of all customers of the account.",
        operations=named("portalListNotifications"),
        found_by=named("portal_sees_one_customer"),
        make=_portal_of_all("portalListNotifications", "GET", "/notification"),
        probe=_portal_lists_its_customers,
        dialect="live",
    ),
)
