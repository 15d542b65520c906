"""Faults of the answers that tell of success: a status, media type, header or body that the document does not know."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.contracts.faults.client import DAY, Client
from tests.contracts.faults.exchange import Json, in_each, named, text
from tests.contracts.faults.fault import Answer, Category, Fault, on

CHARGES = "/v1/ingest/charge-data"
ORDERS = "/payments-pricing-amberflo-customer-prepaid"
INVOICES = "/payments-billing-customer-product-invoice"
REQUIRED = ("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id")


def _typed(media_type: str) -> Callable[[Answer], Answer]:
    return lambda answer: answer.with_headers(answer.headers.put("content-type", media_type))


def _lists_are_json(client: Client) -> bool:
    return client.get("/customers").headers["content-type"].startswith("application/json")


def _created(answer: Answer) -> Answer:
    return replace(answer, status=201) if answer.status == 200 else answer


def _order_is_answered_200(client: Client) -> bool:
    return client.post(ORDERS, json={"customerId": client.customer(), "amount": 5}).status_code == 200


def _meters_have_types(client: Client) -> bool:
    client.meter()
    return all("type" in meter for meter in client.get("/meter-definition").json())


def _time_as_text(customer: Json) -> None:
    if "createTime" in customer:
        customer["createTime"] = datetime.fromtimestamp(customer["createTime"] / 1000, UTC).isoformat()


def _times_are_numbers(client: Client) -> bool:
    client.customer()
    return all(isinstance(customer["createTime"], int) for customer in client.get("/customers").json())


def _status_in_small_letters(invoice: Json) -> None:
    invoice["status"] = text(invoice, "status").lower()


def _invoice_status_is_known(client: Client) -> bool:
    customer = client.customer()
    body = {"customerId": customer, "productId": "standard", "startTime": DAY * 1000}
    client.post("/payments-pricing-amberflo-customer-pricing", json=body).raise_for_status()
    invoices = client.get(INVOICES, params={"customerId": customer}).json()
    return {invoice["status"] for invoice in invoices} <= {"DRAFT", "PENDING", "PAID", "VOID"}


def _emptied(answer: Answer) -> Answer:
    return replace(answer, body=b"") if answer.good else answer


def _deletion_is_answered(client: Client) -> bool:
    customer = client.customer()
    return client.delete(f"/customers/{customer}").content != b""


def _halved(answer: Answer) -> Answer:
    return replace(answer, cut=len(answer.body) // 2) if answer.good else answer


def _update_is_answered_whole(client: Client) -> bool:
    body = {"meterApiName": client.meter(), "displayName": "Calls", "type": "MAX_IN_PERIOD"}
    try:
        return client.put("/meter-definition", json=body).status_code == 200
    except httpx.TransportError:
        return False


def _null_when_empty(value: Any) -> Any:
    return value or None


def _no_invoices_are_a_list(client: Client) -> bool:
    return bool(client.get(INVOICES, params={"customerId": client.customer()}).json() == [])


def _always_a_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _one_customer_is_an_object(client: Client) -> bool:
    return isinstance(client.get("/customers", params={"customerId": client.customer()}).json(), dict)


def _anonymous(answer: Answer) -> Answer:
    return answer.with_headers(answer.headers.drop("x-request-id"))


def _charges_have_request_ids(client: Client) -> bool:
    return "x-request-id" in client.post(CHARGES, json=dict.fromkeys(REQUIRED, "one")).headers


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="list_of_customers_is_called_plain_text",
        category=Category.PROTOCOL,
        says="The list of customers is JSON, and its media type says that it is plain text.",
        operations=named("listCustomers"),
        found_by=named("content_type_conformance"),
        make=on("listCustomers", reply=_typed("text/plain")),
        probe=_lists_are_json,
        schema_can_show=True,
    ),
    Fault(
        name="prepaid_order_is_answered_201",
        category=Category.PROTOCOL,
        says="A prepaid order that was taken is answered with 201, which no document has.",
        operations=named("createPrepaidOrder"),
        found_by=named("status_code_conformance"),
        make=on("createPrepaidOrder", reply=_created),
        probe=_order_is_answered_200,
        schema_can_show=True,
    ),
    Fault(
        name="listed_meter_definitions_lack_their_type",
        category=Category.PROTOCOL,
        says="In the list of meter definitions the required type is missing.",
        operations=named("listMeterDefinitions"),
        found_by=named("response_schema_conformance"),
        make=on("listMeterDefinitions", answer=in_each(lambda meter: meter.pop("type", None))),
        probe=_meters_have_types,
        schema_can_show=True,
    ),
    Fault(
        name="creation_times_are_listed_as_text",
        category=Category.PROTOCOL,
        says="In the list of customers the times of creation are texts by ISO 8601, not milliseconds.",
        operations=named("listCustomers"),
        found_by=named("response_schema_conformance"),
        make=on("listCustomers", answer=in_each(_time_as_text)),
        probe=_times_are_numbers,
        schema_can_show=True,
    ),
    Fault(
        name="invoice_status_is_in_small_letters",
        category=Category.PROTOCOL,
        says="The status of an invoice is written in small letters, as no value of its list is.",
        operations=named("listInvoices"),
        found_by=named("response_schema_conformance"),
        make=on("listInvoices", answer=in_each(_status_in_small_letters)),
        probe=_invoice_status_is_known,
        schema_can_show=True,
    ),
    Fault(
        name="no_invoices_are_null",
        category=Category.PROTOCOL,
        says="For a customer without invoices null is answered, and no empty list.",
        operations=named("listInvoices"),
        found_by=named("response_schema_conformance"),
        make=on("listInvoices", answer=_null_when_empty),
        probe=_no_invoices_are_a_list,
        schema_can_show=True,
    ),
    Fault(
        name="deletion_is_answered_with_nothing",
        category=Category.PROTOCOL,
        says="The deletion of a customer is answered as JSON, with an empty body.",
        operations=named("deleteCustomer"),
        found_by=named("response_schema_conformance"),
        make=on("deleteCustomer", reply=_emptied),
        probe=_deletion_is_answered,
        schema_can_show=True,
    ),
    Fault(
        name="answer_to_an_update_is_cut",
        category=Category.PROTOCOL,
        says="The answer to an update of a meter definition ends in its middle.",
        operations=named("updateMeterDefinition"),
        found_by=named("answer_complete"),
        make=on("updateMeterDefinition", reply=_halved),
        probe=_update_is_answered_whole,
        schema_can_show=True,
    ),
    Fault(
        name="one_customer_is_answered_as_a_list",
        category=Category.PROTOCOL,
        says="Asked for one customer by the query, the live platform answers a list of it.",
        operations=named("listCustomers"),
        found_by=named("answer_form"),
        make=on("listCustomers", answer=_always_a_list),
        probe=_one_customer_is_an_object,
        dialect="live",
    ),
    Fault(
        name="charge_is_answered_without_a_request_id",
        category=Category.PROTOCOL,
        says="The answers to charge events lack the required header X-REQUEST-ID.",
        operations=named("ingestChargeEvents"),
        found_by=named("response_headers_conformance"),
        make=on("ingestChargeEvents", reply=_anonymous),
        probe=_charges_have_request_ids,
        dialect="",
        document="solvimon",
        schema_can_show=True,
    ),
)
