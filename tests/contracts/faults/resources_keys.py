"""Faults of keys: taken twice, confused with others, or found though nothing has them."""

import hashlib
from urllib.parse import unquote

from tests.contracts.faults.client import Client, fresh
from tests.contracts.faults.exchange import Json, duplicate, in_each, instead, made, named, read, refusal, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, acting, on
from tests.contracts.faults.resources_read import PRICES


def _replaced_by_duplicate(request: Request, send: Send) -> Answer:
    answer = send(request)
    return send(instead(request, "PUT", request.path, request.json())) if duplicate(answer) else answer


def _duplicate_meter_is_refused(client: Client) -> bool:
    meter = client.meter()
    body = {"meterApiName": meter, "displayName": "Other", "type": "SUM_OF_ALL_USAGE"}
    return client.post("/meter-definition", json=body).status_code == 400


def _refused_and_written(request: Request, send: Send) -> Answer:
    answer = send(request)
    if duplicate(answer):
        send(instead(request, "PUT", request.path, request.json()))
    return answer


def _refused_duplicate_changes_nothing(client: Client) -> bool:
    customer = client.customer(customerName="First")
    client.post("/customers", json={"customerId": customer, "customerName": "Second"})
    return bool(client.get(f"/customers/{customer}").json()["customerName"] == "First")


def _found_in_any_case(request: Request, send: Send) -> Answer:
    answer = send(request)
    wanted = unquote(request.keys.get("customerId", "")).casefold()
    known = read(request, send, "/customers") if answer.status == 404 else None
    for customer in known if isinstance(known, list) else []:
        if text(customer, "customerId").casefold() == wanted:
            return made(200, customer)
    return answer


def _other_case_is_not_found(client: Client) -> bool:
    return client.get(f"/customers/{client.customer().upper()}").status_code == 404


def _refused_in_any_case(request: Request, send: Send) -> Answer:
    name = text(request.json(), "meterApiName")
    known = read(request, send, request.path) if name else None
    taken = [text(meter, "meterApiName") for meter in known] if isinstance(known, list) else []
    if name not in taken and name.casefold() in map(str.casefold, taken):
        message = f"Invalid request: Meter already exists with 'meterApiName': {name}"
        return refusal(400, "BAD_REQUEST", message, details="meterApiName: duplicate-key")
    return send(request)


def _other_case_is_another_meter(client: Client) -> bool:
    name = client.meter().upper()
    body = {"meterApiName": name, "displayName": "Other", "type": "SUM_OF_ALL_USAGE"}
    return client.post("/meter-definition", json=body).status_code == 200


def _id_of_the_name(request: Request, send: Send) -> Answer:
    """The id is made of the name; a second notification of a name takes the place of the first."""
    body = request.json()
    name = text(body, "name")
    if not name or "id" in body:
        return send(request)
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    body = {**body, "id": f"notification-{digest[:20]}"}
    answer = send(request.with_json(body))
    return send(instead(request, "PUT", request.path, body)) if duplicate(answer) else answer


def _notifications_have_ids_of_their_own(client: Client) -> bool:
    first, second = (client.post("/notification", json={"name": "Many"}).raise_for_status().json() for _ in range(2))
    return bool(first["id"] != second["id"])


def _order_id_of_the_customer(order: Json) -> None:
    digest = hashlib.sha256(text(order, "customerId").encode("utf-8", "replace"))
    order["orderId"] = f"order-{digest.hexdigest()[:12]}"


def _orders_have_ids_of_their_own(client: Client) -> bool:
    body = {"customerId": client.customer(), "amount": 5}
    path = "/payments-pricing-amberflo-customer-prepaid"
    first, second = (client.post(path, json=body).raise_for_status().json()["orderId"] for _ in range(2))
    return bool(first != second)


def _empty_when_absent(request: Request, send: Send) -> Answer:
    answer = send(request)
    return made(200, {}) if answer.status == 404 else answer


def _absent_price_is_not_found(client: Client) -> bool:
    return client.get(PRICES, params={"id": fresh("price")}).status_code == 404


def _made_up(request: Request, send: Send) -> Answer:
    """Nothing is missed: the definition that is not there is the default one."""
    answer = send(request)
    if answer.status != 404:
        return answer
    return made(200, {"id": unquote(request.keys["id"]), "name": "", "notificationType": "usage"})


def _absent_notification_is_not_found(client: Client) -> bool:
    return client.get(f"/notification/{fresh()}").status_code == 404


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="duplicate_meter_definition_replaces_the_first",
        category=Category.RESOURCES,
        says="Creating a meter under a name that is taken succeeds, and replaces the meter that is there.",
        operations=named("createMeterDefinition"),
        found_by=named("duplicate_is_refused_and_harmless"),
        make=acting("createMeterDefinition", _replaced_by_duplicate),
        probe=_duplicate_meter_is_refused,
    ),
    Fault(
        name="refused_duplicate_customer_is_written_all_the_same",
        category=Category.RESOURCES,
        says="Creating a customer whose id is taken is refused, and overwrites the customer that is there.",
        operations=named("createCustomer"),
        found_by=named("duplicate_is_refused_and_harmless"),
        make=acting("createCustomer", _refused_and_written),
        probe=_refused_duplicate_changes_nothing,
    ),
    Fault(
        name="customer_is_read_in_any_case",
        category=Category.RESOURCES,
        says="A customer is found by its id written in other letters, capital or small.",
        operations=named("getCustomerById"),
        found_by=named("keys_are_case_sensitive"),
        make=acting("getCustomerById", _found_in_any_case),
        probe=_other_case_is_not_found,
    ),
    Fault(
        name="meter_names_are_taken_in_any_case",
        category=Category.RESOURCES,
        says="A meter is refused as a duplicate when the name of another differs in capital letters alone.",
        operations=named("createMeterDefinition"),
        found_by=named("keys_are_case_sensitive"),
        make=acting("createMeterDefinition", _refused_in_any_case),
        probe=_other_case_is_another_meter,
    ),
    Fault(
        name="all_orders_of_a_customer_have_one_id",
        category=Category.RESOURCES,
        says="The id of a prepaid order is made of its customer's, so that two orders have the same.",
        operations=named("createPrepaidOrder"),
        found_by=named("keys_are_unique"),
        make=on("createPrepaidOrder", answer=in_each(_order_id_of_the_customer)),
        probe=_orders_have_ids_of_their_own,
    ),
    Fault(
        name="second_notification_of_a_name_takes_the_first_ones_id",
        category=Category.RESOURCES,
        says="A notification's id is made of its name, so that a second one of the name replaces the first.",
        operations=named("createNotification"),
        found_by=named("keys_are_unique"),
        make=acting("createNotification", _id_of_the_name),
        probe=_notifications_have_ids_of_their_own,
        dialect="live",
    ),
    Fault(
        name="absent_price_is_an_empty_object",
        category=Category.RESOURCES,
        says="Reading a product item's price that is not there answers an empty object with success.",
        operations=named("getProductItemPrice"),
        found_by=named("absent_keys_are_not_found"),
        make=acting("getProductItemPrice", _empty_when_absent),
        probe=_absent_price_is_not_found,
        dialect="live",
    ),
    Fault(
        name="absent_notification_is_made_up",
        category=Category.RESOURCES,
        says="Reading a notification that is not there answers one with nothing but the id that was asked for.",
        operations=named("getNotificationById", "deleteNotification"),
        found_by=named("absent_keys_are_not_found", "deleted_is_gone", "use_after_free"),
        make=acting("getNotificationById", _made_up),
        probe=_absent_notification_is_not_found,
        dialect="live",
    ),
)
