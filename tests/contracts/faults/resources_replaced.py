"""Faults of replacing and deleting: what was left out stays, what was sent is dropped, what was deleted lives on."""

from typing import Any

from tests.contracts.faults.client import Client, fresh
from tests.contracts.faults.exchange import Json, below, in_each, instead, made, named, read, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, acting, limited, on

PROMOTIONS = "/payments/pricing/amberflo/account-pricing/promotions"
HOOK = {"topic": "ready-product-invoices", "authHeader": ["X-Auth", "secret"]}


def hook(**fields: Any) -> Json:
    """A webhook subscription to a new destination."""
    return {**HOOK, "destinationUrl": f"https://hooks.example.com/{fresh()}", **fields}


def _merged_customer(request: Request, send: Send) -> Answer:
    body = request.json()
    key = text(body, "customerId")
    known = read(request, send, below("/customers", key)) if key else None
    return send(request.with_json({**known, **body}) if isinstance(known, dict) else request)


def _customer_is_replaced(client: Client) -> bool:
    customer = client.customer(description="Our first customer")
    client.put("/customers", json={"customerId": customer, "customerName": "Ada"}).raise_for_status()
    return "description" not in client.get(f"/customers/{customer}").json()


def _merged_promotion(request: Request, send: Send) -> Answer:
    body = request.json()
    key = text(body, "id")
    known = read(request, send, PROMOTIONS, id=key) if key else None
    return send(request.with_json({**known, **body}) if isinstance(known, dict) else request)


def _promotion_is_replaced(client: Client) -> bool:
    body: Json = {"id": fresh("promotion"), "promotionName": "P", "type": "relative_product_automatic_promotion"}
    for more in ({"description": "a tenth", "discountRatio": 0.1}, {"discountRatio": 0.2}):
        client.post(PROMOTIONS, json={**body, **more}).raise_for_status()
    found = client.get(PROMOTIONS, params={"id": body["id"]}).json()
    return "description" not in found and found["discountRatio"] == 0.2


def _restored(request: Request, send: Send) -> Answer:
    """The answer to an update that is taken back before anyone can see it."""
    key = text(request.json(), "id")
    known = read(request, send, below("/notification", key)) if key else None
    answer = send(request)
    if answer.good and isinstance(known, dict):
        send(instead(request, "PUT", "/notification", known))
    return answer


def _notification_is_replaced(client: Client) -> bool:
    made = client.post("/notification", json={"name": "Many"}).raise_for_status().json()
    client.put("/notification", json={"id": made["id"], "name": "Few"}).raise_for_status()
    return bool(client.get(f"/notification/{made['id']}").json()["name"] == "Few")


def _created_when_updated(customer: Json) -> None:
    if "updateTime" in customer:
        customer["createTime"] = customer["updateTime"]


def _creation_time_stays(client: Client) -> bool:
    client.clock(frozen=True)
    customer = client.customer()
    path = f"/customers/{customer}"
    first = client.get(path).json()["createTime"]
    client.clock(advance={"minutes": 1})
    client.put("/customers", json={"customerId": customer, "customerName": "Ada"}).raise_for_status()
    return bool(client.get(path).json()["createTime"] == first)


def _updated_when_created(subscription: Json) -> None:
    if "createTime" in subscription:
        subscription["updateTime"] = subscription["createTime"]


def _update_time_moves(client: Client) -> bool:
    client.clock(frozen=True)
    body = hook()
    first = client.post("/webhook", json=body).raise_for_status().json()
    client.clock(advance={"minutes": 1})
    client.put("/webhook", json={**body, "id": first["id"]}).raise_for_status()
    return bool(client.get(f"/webhook/{first['id']}").json()["updateTime"] > first["updateTime"])


def _still_listed() -> Wrong:
    """Deleted customers are shown to whoever deleted them, unless there is another of the id."""
    deleted: dict[tuple[str, str], Any] = {}

    def show(request: Request, send: Send) -> Answer:
        answer = send(request)
        if request.operation == "deleteCustomer" and answer.good:
            customer = answer.json()
            deleted[request.key, text(customer, "customerId")] = customer
        customers = answer.json() if request.operation == "listCustomers" and answer.good else None
        if not isinstance(customers, list):
            return answer
        there = {text(each, "customerId") for each in customers}
        gone = [each for (key, name), each in list(deleted.items()) if key == request.key and name not in there]
        return answer.with_json([*customers, *gone])

    return limited({"deleteCustomer", "listCustomers"}, show)


def _deleted_is_not_listed(client: Client) -> bool:
    customer = client.customer()
    client.delete(f"/customers/{customer}").raise_for_status()
    return customer not in {each["customerId"] for each in client.get("/customers").json()}


def _still_read() -> Wrong:
    """Reading goes to a copy from which nothing is deleted."""
    copies: dict[tuple[str, str], Any] = {}

    def show(request: Request, send: Send) -> Answer:
        answer, place = send(request), (request.key, request.path)
        if request.operation == "deleteMeterDefinition" and answer.good:
            copies[place] = answer.json()
        if request.operation == "getMeterDefinitionById" and answer.status == 404 and place in copies:
            return made(200, copies[place])
        return answer

    return limited({"deleteMeterDefinition", "getMeterDefinitionById"}, show)


def _deleted_is_not_read(client: Client) -> bool:
    path = f"/meter-definition/{client.meter()}"
    client.delete(path).raise_for_status()
    return client.get(path).status_code == 404


def _switched_off(request: Request, send: Send) -> Answer:
    known = read(request, send, request.path)
    if not isinstance(known, dict):
        return send(request)
    send(instead(request, "PUT", "/webhook", {**known, "enabled": False}))
    return made(200, known)


def _subscription_is_gone(client: Client) -> bool:
    path = f"/webhook/{client.post('/webhook', json=hook()).raise_for_status().json()['id']}"
    client.delete(path).raise_for_status()
    return client.get(path).status_code == 404


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="update_of_a_customer_keeps_what_was_left_out",
        category=Category.RESOURCES,
        says="Replacing a customer merges what is sent into what is there.",
        operations=named("updateCustomer"),
        found_by=named("replace_replaces"),
        make=acting("updateCustomer", _merged_customer),
        probe=_customer_is_replaced,
    ),
    Fault(
        name="second_writing_of_a_promotion_is_merged",
        category=Category.RESOURCES,
        says="Writing a promotion again keeps the fields that are no longer sent.",
        operations=named("createOrUpdatePromotion"),
        found_by=named("replace_replaces"),
        make=acting("createOrUpdatePromotion", _merged_promotion),
        probe=_promotion_is_replaced,
        dialect="live",
    ),
    Fault(
        name="update_of_a_notification_is_not_kept",
        category=Category.RESOURCES,
        says="An update of a notification is answered as if it were stored, and is not.",
        operations=named("updateNotification"),
        found_by=named("replace_replaces"),
        make=acting("updateNotification", _restored),
        probe=_notification_is_replaced,
        dialect="live",
    ),
    Fault(
        name="update_of_a_customer_resets_its_creation_time",
        category=Category.RESOURCES,
        says="Replacing a customer sets the time of its creation anew.",
        operations=named("updateCustomer", "getCustomerById"),
        found_by=named("create_time_is_kept"),
        make=on({"updateCustomer", "getCustomerById"}, answer=in_each(_created_when_updated)),
        probe=_creation_time_stays,
    ),
    Fault(
        name="update_time_of_a_webhook_stands_still",
        category=Category.RESOURCES,
        says="A webhook subscription that was replaced still says that it was last changed when it was created.",
        operations=named("updateWebhookSubscription", "getWebhookSubscription"),
        found_by=named("update_time_grows"),
        make=on({"updateWebhookSubscription", "getWebhookSubscription"}, answer=in_each(_updated_when_created)),
        probe=_update_time_moves,
        dialect="live",
    ),
    Fault(
        name="deleted_customers_are_still_listed",
        category=Category.RESOURCES,
        says="A customer that was deleted cannot be read any more, and stands in the list all the same.",
        operations=named("deleteCustomer", "listCustomers"),
        found_by=named("deleted_is_gone"),
        make=_still_listed,
        probe=_deleted_is_not_listed,
    ),
    Fault(
        name="deleted_meter_definition_is_still_read",
        category=Category.RESOURCES,
        says="A meter definition that was deleted is gone from the list, and can still be read.",
        operations=named("deleteMeterDefinition", "getMeterDefinitionById"),
        found_by=named("deleted_is_gone", "use_after_free"),
        make=_still_read,
        probe=_deleted_is_not_read,
    ),
    Fault(
        name="deletion_of_a_webhook_only_switches_it_off",
        category=Category.RESOURCES,
        says="Deleting a webhook subscription answers as if it were gone, and only disables it.",
        operations=named("deleteWebhookSubscription", "getWebhookSubscription", "listWebhookSubscriptions"),
        found_by=named("deleted_is_gone", "use_after_free"),
        make=acting("deleteWebhookSubscription", _switched_off),
        probe=_subscription_is_gone,
        dialect="live",
    ),
)
