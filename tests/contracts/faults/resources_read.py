"""Faults of reading back: what was written comes back changed, in part, or late."""

from typing import Any

from tests.contracts.faults.client import Client, fresh
from tests.contracts.faults.exchange import Json, in_each, named, refusal, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, limited, on

SCHEMAS = "/ingest/settings/ingest-schema"
PRICES = "/payments/pricing/amberflo/account-pricing/product-item-price"
ADDRESS = {"line1": "1 Main Street", "city": "Chicago", "state": "IL", "postalCode": "60657", "country": "US"}


def _without_postal_code(customer: Json) -> None:
    address = customer.get("address")
    if isinstance(address, dict):
        address.pop("postalCode", None)


def _address_comes_back(client: Client) -> bool:
    customer = client.customer(address=ADDRESS)
    return bool(client.get(f"/customers/{customer}").json().get("address") == ADDRESS)


def _in_ascii(meter: Json) -> None:
    if "displayName" in meter:
        meter["displayName"] = str(meter["displayName"]).encode("ascii", "replace").decode()


def _letters_come_back(client: Client) -> bool:
    name = "Größe in kΩ"
    meter = client.meter(displayName=name)
    return bool(client.get(f"/meter-definition/{meter}").json()["displayName"] == name)


def _without_empty(notification: Json) -> None:
    for name in [name for name, value in notification.items() if not value]:
        del notification[name]


def _false_comes_back(client: Client) -> bool:
    body = {"name": "Usage", "enabled": False}
    made = client.post("/notification", json=body).raise_for_status().json()
    return client.get(f"/notification/{made['id']}").json().get("enabled") is False


def _in_cents(value: Any) -> Any:
    """The price with its amounts rounded, however deep they stand."""
    if isinstance(value, list):
        return [_in_cents(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: round(each, 2) if name in {"pricePerBatch", "flatRate"} and isinstance(each, float) else _in_cents(each)
        for name, each in value.items()
    }


def _price_comes_back(client: Client) -> bool:
    tiers = [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 0.0025}]
    body = {"id": fresh("price"), "productItemId": fresh(), "price": {"type": "LeafNode", "tiers": tiers}}
    client.post(PRICES, json=body).raise_for_status()
    return bool(client.get(PRICES, params={"id": body["id"]}).json()["price"]["tiers"] == tiers)


def _sort_dimensions(meter: Json) -> None:
    dimensions = meter.get("dimensions")
    if isinstance(dimensions, list):
        meter["dimensions"] = sorted(dimensions, key=str)


def _dimensions_keep_their_order(client: Client) -> bool:
    meter = client.live_meter(dimensions=["tier", "region"])
    return bool(client.get(f"/meters/{meter['id']}").json()["dimensions"] == ["tier", "region"])


def _first_values_only(job: Json) -> None:
    wanted = job.get("filter")
    if isinstance(wanted, dict):
        job["filter"] = {name: values[:1] if isinstance(values, list) else values for name, values in wanted.items()}


def _filter_comes_back(client: Client) -> bool:
    wanted = {"region": ["eu", "us"]}
    settings = {"jobName": "Nightly", "s3Url": "s3://bucket/usage", "range": "ago(1d)", "filter": wanted}
    body = {**settings, "format": "json", "aggregationBucket": "day", "cron": "0 0 * * *"}
    made = client.post("/jobs", json=body).raise_for_status().json()
    return bool(client.get(f"/jobs/{made['id']}").json()["filter"] == wanted)


def _late() -> Wrong:
    """The first reading after a creation does not find it."""
    unread: set[tuple[str, str]] = set()

    def late(request: Request, send: Send) -> Answer:
        answer = send(request)
        if request.operation == "createOrUpdateIngestSchema" and answer.good:
            unread.add((request.key, text(answer.json(), "id")))
        read = (request.key, request.keys.get("id", ""))
        if request.operation == "getIngestSchemaById" and read in unread:
            unread.discard(read)
            return refusal(404, "NOT_FOUND", "no ingest schema with this id")
        return answer

    return limited({"createOrUpdateIngestSchema", "getIngestSchemaById"}, late)


def _schema_is_there_at_once(client: Client) -> bool:
    body = {"id": fresh("schema"), "schema": {"meterTimeInMillis": "time"}}
    client.post(SCHEMAS, json=body).raise_for_status()
    return client.get(f"{SCHEMAS}/{body['id']}").status_code == 200


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="customer_is_read_back_without_its_postal_code",
        category=Category.RESOURCES,
        says="A customer's address comes back without its postal code.",
        operations=named("getCustomerById"),
        found_by=named("read_back_equals_written"),
        make=on("getCustomerById", answer=in_each(_without_postal_code)),
        probe=_address_comes_back,
    ),
    Fault(
        name="letters_beyond_ascii_are_lost",
        category=Category.RESOURCES,
        says="A meter's display name is stored with a question mark in the place of each letter beyond ASCII.",
        operations=named("createMeterDefinition", "updateMeterDefinition", "getMeterDefinitionById"),
        found_by=named("read_back_equals_written"),
        make=on({"createMeterDefinition", "updateMeterDefinition"}, answer=None, request=in_each(_in_ascii)),
        probe=_letters_come_back,
    ),
    Fault(
        name="false_flags_are_left_out_of_a_notification",
        category=Category.RESOURCES,
        says="Fields of a notification that are false, zero or empty do not come back at all.",
        operations=named("getNotificationById"),
        found_by=named("read_back_equals_written"),
        make=on("getNotificationById", answer=in_each(_without_empty)),
        probe=_false_comes_back,
        dialect="live",
    ),
    Fault(
        name="price_is_read_back_in_whole_cents",
        category=Category.RESOURCES,
        says="The amounts of a product item's price come back rounded to cents.",
        operations=named("getProductItemPrice"),
        found_by=named("read_back_equals_written"),
        make=on("getProductItemPrice", answer=_in_cents),
        probe=_price_comes_back,
        dialect="live",
    ),
    Fault(
        name="dimensions_of_a_meter_are_sorted",
        category=Category.RESOURCES,
        says="A meter's dimensions come back in alphabetical order, not in the one that was sent.",
        operations=named("getMeter"),
        found_by=named("read_back_equals_written"),
        make=on("getMeter", answer=in_each(_sort_dimensions)),
        probe=_dimensions_keep_their_order,
        dialect="live",
    ),
    Fault(
        name="filter_of_a_job_keeps_one_value",
        category=Category.RESOURCES,
        says="Of several values that a report job filters a dimension by, the first alone comes back.",
        operations=named("getUsageReportJob"),
        found_by=named("read_back_equals_written"),
        make=on("getUsageReportJob", answer=in_each(_first_values_only)),
        probe=_filter_comes_back,
        dialect="live",
    ),
    Fault(
        name="new_ingest_schema_is_not_found_at_first",
        category=Category.RESOURCES,
        says="The first reading of an ingest schema after it was written does not find it.",
        operations=named("createOrUpdateIngestSchema", "getIngestSchemaById"),
        found_by=named("read_back_equals_written", "ensure_resource_availability"),
        make=_late,
        probe=_schema_is_there_at_once,
        dialect="live",
    ),
)
