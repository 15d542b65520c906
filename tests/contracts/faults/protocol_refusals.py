"""Faults of refusing: what is wrong is taken, what is right is refused, and refusals have a form of their own."""

from collections.abc import Callable
from dataclasses import replace

from tests.contracts.faults.client import Client, fresh
from tests.contracts.faults.exchange import Json, in_each, made, named, number, refusal, text
from tests.contracts.faults.fault import Answer, Category, Fault, Headers, Request, Send, Wrong, acting, on
from tests.contracts.faults.protocol_answers import ORDERS

KINDS = ("SUM_OF_ALL_USAGE", "MAX_IN_PERIOD", "UNIQUE_CUSTOMERS_COUNT")


def _at(path: str, status: int, wrong: Callable[[Answer], Answer]) -> Callable[[], Wrong]:
    """A fault of the answers of one status at one path, whatever the method."""

    def alter(request: Request, send: Send) -> Answer:
        answer = send(request)
        return wrong(answer) if (request.path, answer.status) == (path, status) else answer

    return lambda: alter


def _silent(answer: Answer) -> Answer:
    return answer.with_headers(answer.headers.drop("allow"))


def _without_put(answer: Answer) -> Answer:
    return answer.with_headers(answer.headers.put("allow", "GET, HEAD, POST"))


def _customers_say_what_they_allow(client: Client) -> bool:
    refused = client.request("PATCH", "/customers")
    return refused.status_code == 405 and "allow" in refused.headers


def _meters_allow_to_replace(client: Client) -> bool:
    refused = client.request("PATCH", "/meter-definition")
    return refused.status_code == 405 and "PUT" in refused.headers.get("allow", "")


def _unknown_method_is_405(client: Client) -> bool:
    return client.request("PATCH", "/usage").status_code == 405


def _failing_offboarded(request: Request, send: Send) -> Answer:
    if text(request.json(), "lifecycleStage") == "OFFBOARDED":
        return refusal(500, "INTERNAL_ERROR", "the server failed")
    return send(request)


def _offboarded_customer_is_taken(client: Client) -> bool:
    body = {"customerId": fresh(), "customerName": "Ada", "lifecycleStage": "OFFBOARDED"}
    return client.post("/customers", json=body).status_code == 200


def _name_from_id(customer: Json) -> None:
    customer.setdefault("customerName", customer.get("customerId"))


def _nameless_customer_is_refused(client: Client) -> bool:
    return client.post("/customers", json={"customerId": fresh()}).status_code == 400


def _sum_when_unknown(meter: Json) -> None:
    if isinstance(meter.get("type"), str) and meter["type"] not in KINDS:
        meter["type"] = KINDS[0]


def _unknown_type_is_refused(client: Client) -> bool:
    body = {"meterApiName": fresh(), "displayName": "Calls", "type": "MEDIAN"}
    return client.post("/meter-definition", json=body).status_code == 400


def _whole_amounts_alone(request: Request, send: Send) -> Answer:
    if number(request.json(), "amount") % 1:
        return refusal(400, "BAD_REQUEST", "Invalid request: amount is no whole number", details="amount: whole")
    return send(request)


def _cents_can_be_prepaid(client: Client) -> bool:
    return client.post(ORDERS, json={"customerId": client.customer(), "amount": 12.5}).is_success


def _page(answer: Answer) -> Answer:
    if answer.status != 404:
        return answer
    page = b"<!doctype html><title>404 Not Found</title><h1>Not Found</h1><hr>nginx"
    return replace(answer, body=page, headers=Headers([("content-type", "text/html")]))


def _absent_customer_is_told_in_json(client: Client) -> bool:
    return client.get(f"/customers/{fresh()}").headers["content-type"].startswith("application/json")


def _messages_listed(answer: Answer) -> Answer:
    if answer.status != 400:
        return answer
    return made(400, {"message": [text(answer.json(), "message")], "code": "BAD_REQUEST"})


def _message_is_text(client: Client) -> bool:
    return isinstance(client.post("/meter-definition", json={}).json()["message"], str)


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="customers_do_not_say_what_they_allow",
        category=Category.PROTOCOL,
        says="A method that the path of the customers does not have is refused with 405 and no Allow.",
        operations=named("listCustomers", "createCustomer", "updateCustomer"),
        found_by=named("unsupported_method", "allow_header_conformance"),
        make=_at("/customers", 405, _silent),
        probe=_customers_say_what_they_allow,
        schema_can_show=True,
    ),
    Fault(
        name="allow_leaves_a_method_out",
        category=Category.PROTOCOL,
        says="Allow at the path of the meter definitions does not name PUT.",
        operations=named("listMeterDefinitions", "createMeterDefinition", "updateMeterDefinition"),
        found_by=named("allow_header_conformance"),
        make=_at("/meter-definition", 405, _without_put),
        probe=_meters_allow_to_replace,
        schema_can_show=True,
    ),
    Fault(
        name="unknown_method_is_answered_404",
        category=Category.PROTOCOL,
        says="A method that the usage path does not have is answered as if there were no such path.",
        operations=named("queryUsage"),
        found_by=named("unsupported_method"),
        make=_at("/usage", 405, lambda _: refusal(404, "NOT_FOUND", "there is no such path")),
        probe=_unknown_method_is_405,
        schema_can_show=True,
    ),
    Fault(
        name="offboarded_customer_fails",
        category=Category.PROTOCOL,
        says="Creating a customer in the last lifecycle stage makes the server fail.",
        operations=named("createCustomer"),
        found_by=named("not_a_server_error", "status_code_conformance"),
        make=acting("createCustomer", _failing_offboarded),
        probe=_offboarded_customer_is_taken,
        schema_can_show=True,
    ),
    Fault(
        name="customer_without_a_name_is_taken",
        category=Category.PROTOCOL,
        says="A customer without the required name is created all the same, and named by its id.",
        operations=named("createCustomer"),
        found_by=named("negative_data_rejection"),
        make=on("createCustomer", request=in_each(_name_from_id)),
        probe=_nameless_customer_is_refused,
        schema_can_show=True,
    ),
    Fault(
        name="unknown_meter_type_is_taken_for_a_sum",
        category=Category.PROTOCOL,
        says="A meter of a type that is not in the list is created, and sums.",
        operations=named("createMeterDefinition"),
        found_by=named("negative_data_rejection"),
        make=on("createMeterDefinition", request=in_each(_sum_when_unknown)),
        probe=_unknown_type_is_refused,
        schema_can_show=True,
    ),
    Fault(
        name="fractions_cannot_be_prepaid",
        category=Category.PROTOCOL,
        says="A prepaid order of an amount that is no whole number is refused.",
        operations=named("createPrepaidOrder"),
        found_by=named("positive_data_acceptance"),
        make=acting("createPrepaidOrder", _whole_amounts_alone),
        probe=_cents_can_be_prepaid,
        schema_can_show=True,
    ),
    Fault(
        name="absent_customer_is_a_page_in_html",
        category=Category.PROTOCOL,
        says="That there is no such customer is told by a page in HTML.",
        operations=named("getCustomerById"),
        found_by=named("content_type_conformance"),
        make=on("getCustomerById", reply=_page),
        probe=_absent_customer_is_told_in_json,
        schema_can_show=True,
    ),
    Fault(
        name="message_of_a_refusal_is_a_list",
        category=Category.PROTOCOL,
        says="Why a meter definition is refused is told in a list of messages, not in one.",
        operations=named("createMeterDefinition"),
        found_by=named("response_schema_conformance"),
        make=on("createMeterDefinition", reply=_messages_listed),
        probe=_message_is_text,
        schema_can_show=True,
    ),
)
