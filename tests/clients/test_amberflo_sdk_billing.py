"""The billing clients of the vendor's own Python SDK, unedited, and the calls of its other parts."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import requests
from metering.customer import CustomerApiClient, create_customer_payload
from metering.customer_portal_session import CustomerPortalSessionApiClient, create_customer_portal_session_payload
from metering.customer_prepaid_order import (
    BillingPeriod,
    BillingPeriodUnit,
    CustomerPrepaidOrderApiClient,
    create_customer_prepaid_order_payload,
)
from metering.customer_product_invoice import (
    CustomerProductInvoiceApiClient,
    create_all_invoices_query,
    create_invoice_query,
    create_latest_invoice_query,
)
from metering.customer_product_plan import CustomerProductPlanApiClient, create_customer_product_plan_payload
from metering.exceptions import ApiError
from metering.ingest import IngestApiClient, create_ingest_client, create_ingest_payload
from metering.llms import meter_llm
from metering.session import ApiSession, IngestSession
from metering.usage import (
    AggregationType,
    TimeGroupingInterval,
    TimeRange,
    UsageApiClient,
    create_all_usage_query,
    create_usage_query,
)

from tests.support.client import MockClient
from tests.support.serving import Server

NOON = 1_718_193_600
"""2024-06-12 12:00 UTC in seconds, where the account's clock stands."""
DAY = 86_400
JUNE = 1_717_200_000


@pytest.fixture
def mock(server: Server, monkeypatch: pytest.MonkeyPatch) -> MockClient:
    """A fresh account with a customer whose clock stands at noon; the SDK's sessions go to the mock."""
    monkeypatch.setattr(ApiSession, "root_url", server.url)
    monkeypatch.setattr(IngestSession, "root_url", server.url)
    client = MockClient(server.url, f"test-{uuid4()}")
    client.clock(frozen=True)
    client.clock(now=NOON * 1000)
    CustomerApiClient(client.key).add(create_customer_payload("acme", "Acme", "billing@acme.example"))
    return client


def ingested(key: str, meter: str, value: float, customer: str = "acme") -> None:
    """One event an hour before noon."""
    event = create_ingest_payload(meter, value, (NOON - 3600) * 1000, customer, {"region": "eu"})
    assert IngestApiClient(key).send(event) == "1 records were ingested"


def test_plans(mock: MockClient) -> None:
    """A plan that a customer was put on is the latest, and a second one ends it and is listed after it."""
    client = CustomerProductPlanApiClient(mock.key)
    start = NOON - 5 * DAY
    first = create_customer_product_plan_payload("acme", "bronze", start_time_in_seconds=start)
    added = client.add_or_update(first)
    assert (added["customerId"], added["productPlanId"], added["startTimeInSeconds"]) == ("acme", "bronze", start)
    assert client.get("acme")["productPlanId"] == "bronze"
    client.add_or_update(create_customer_product_plan_payload("acme", "gold", start_time_in_seconds=NOON - DAY))
    assert client.get("acme")["productPlanId"] == "gold"
    listed = client.list("acme")
    assert sorted(each["productPlanId"] for each in listed) == ["bronze", "gold"]
    (bronze,) = [each for each in listed if each["productPlanId"] == "bronze"]
    assert bronze["endTimeInSeconds"] == NOON - DAY


def test_a_plan_with_an_end(mock: MockClient) -> None:
    """An end comes back as it was sent."""
    client = CustomerProductPlanApiClient(mock.key)
    start, end = NOON - DAY, NOON + 30 * DAY
    client.add_or_update(
        create_customer_product_plan_payload("acme", "gold", start_time_in_seconds=start, end_time_in_seconds=end)
    )
    assert client.get("acme")["endTimeInSeconds"] == end


def test_prepaid_orders(mock: MockClient) -> None:
    """Orders, once and recurring, are answered as they were sent and listed while they are active."""
    client = CustomerPrepaidOrderApiClient(mock.key)
    once = create_customer_prepaid_order_payload("once", "acme", NOON, 100, original_worth=120)
    added = client.add(once)
    assert (added["id"], added["customerId"], added["prepaidPrice"]) == ("once", "acme", 100)
    assert added["originalWorth"] == 120
    monthly = BillingPeriod(1, BillingPeriodUnit.MONTH)
    again = create_customer_prepaid_order_payload(
        "monthly", "acme", NOON, 9.99, recurrence_frequency=monthly, external_payment=True
    )
    added = client.add(again)
    assert added["recurrenceFrequency"] == {"interval": "month", "intervalsCount": 1}
    assert added["externalPayment"] is True
    assert {each["id"] for each in client.list_active("acme")} == {"once", "monthly"}


def test_invoices(mock: MockClient) -> None:
    """The latest invoice is the one of the running period; the list has it, and its own key finds it again."""
    CustomerProductPlanApiClient(mock.key).add_or_update(
        create_customer_product_plan_payload("acme", "gold", start_time_in_seconds=JUNE)
    )
    ingested(mock.key, "api-calls", 7)
    client = CustomerProductInvoiceApiClient(mock.key)
    latest = client.get(create_latest_invoice_query("acme"))
    assert latest["totalBill"]["totalPrice"] == 7
    assert latest["invoiceKey"]["customerId"] == "acme"
    listed = client.get_all(create_all_invoices_query("acme", from_cache=False, with_payment_status=False))
    assert latest["invoiceKey"] in [each["invoiceKey"] for each in listed]
    key = latest["invoiceKey"]
    start = date(int(key["year"]), int(key["month"]), int(key["day"]))
    found = client.get(create_invoice_query("acme", key["productPlanId"], start))
    assert (found["invoiceKey"], found["totalBill"]) == (latest["invoiceKey"], latest["totalBill"])


def test_usage_in_a_batch(mock: MockClient) -> None:
    """A list of queries is answered with their reports in the same order."""
    ingested(mock.key, "api-calls", 3)
    ingested(mock.key, "storage", 4)
    queries = [
        create_usage_query(AggregationType.SUM, meter, TimeGroupingInterval.DAY, TimeRange(NOON - DAY))
        for meter in ("storage", "api-calls", "unknown")
    ]
    reports = UsageApiClient(mock.key).get(queries)
    values = [[group["groupValue"] for group in report["clientMeters"]] for report in reports]
    assert values[:2] == [[4], [3]]
    assert sum(values[2]) == 0


def test_usage_of_all_meters(mock: MockClient) -> None:
    """One call reports on every meter, grouped and filtered by customer when that is asked for."""
    ingested(mock.key, "api-calls", 3)
    ingested(mock.key, "storage", 4)
    ingested(mock.key, "storage", 5, customer="globex")
    client = UsageApiClient(mock.key)

    def totals(**query: Any) -> dict[str, dict[str, float]]:
        asked = create_all_usage_query(TimeGroupingInterval.DAY, TimeRange(NOON - DAY, NOON + DAY), **query)
        return {
            report["metadata"]["meterApiName"]: {
                group["group"]["groupInfo"].get("customerId", ""): group["groupValue"]
                for group in report["clientMeters"]
            }
            for report in client.get_all(asked)
        }

    assert totals() == {"api-calls": {"": 3}, "storage": {"": 9}}
    assert totals(group_by_customer_id=True) == {"api-calls": {"acme": 3}, "storage": {"acme": 4, "globex": 5}}
    assert totals(filter_by_customer_id="globex")["storage"] == {"": 5}


def test_a_portal_session(mock: MockClient) -> None:
    """A session opens the portal for its customer until it expires, and its token does not hold the key."""
    expires = (NOON + 3600) * 1000
    payload = create_customer_portal_session_payload("acme", expires, "https://example.com/back")
    session = CustomerPortalSessionApiClient(mock.key).get(payload)
    assert session["url"].startswith("http")
    token = session["sessionToken"]
    assert mock.key not in token

    def details() -> requests.Response:
        headers = {"X-API-KEY": f"Session {token}"}
        return requests.get(f"{mock.url}/customer-portal/customer-details", headers=headers, timeout=30)

    assert details().json()["name"] == "Acme"
    mock.clock(now=expires)
    assert details().status_code == 401


def test_a_portal_session_of_nobody(mock: MockClient) -> None:
    """A session for a customer that there is not is an ApiError."""
    with pytest.raises(ApiError) as refused:
        CustomerPortalSessionApiClient(mock.key).get(create_customer_portal_session_payload("nobody"))
    assert refused.value.status_code in (400, 404)


def test_custom_events_through_the_producer(mock: MockClient) -> None:
    """Custom payloads that the threaded producer sends are all there after a shutdown."""
    errors: list[Exception] = []
    producer = create_ingest_client(
        api_key=mock.key, batch_size=10, send_interval_in_secs=0.01, on_error=lambda error, _: errors.append(error)
    )
    for number in range(25):
        event = create_ingest_payload("api-calls", 1, (NOON - 3600) * 1000 + number, "acme")
        assert producer.send_custom(event)
    producer.shutdown()
    assert errors == []
    query = create_usage_query(AggregationType.SUM, "api-calls", TimeGroupingInterval.DAY, TimeRange(NOON - DAY))
    assert UsageApiClient(mock.key).get(query)["clientMeters"][0]["groupValue"] == 25


def test_metered_language_models(mock: MockClient) -> None:
    """The decorator's token counts arrive as usage of its two meters, by model."""
    mock.clock(now=datetime.now(UTC).isoformat())
    now = int(datetime.now(UTC).timestamp())
    producer = create_ingest_client(api_key=mock.key, send_interval_in_secs=0.01)

    @meter_llm(metering_client=producer)  # type: ignore[untyped-decorator]
    def ask(**_options: Any) -> SimpleNamespace:
        usage = SimpleNamespace(input_tokens=11, output_tokens=5)
        return SimpleNamespace(type="message", model="some-model", usage=usage)

    ask(customer_id="acme", aflo_dimensions={"team": "red"})
    producer.shutdown()
    reports = UsageApiClient(mock.key).get(
        [
            create_usage_query(
                AggregationType.SUM,
                meter,
                TimeGroupingInterval.MONTH,
                TimeRange(now - DAY, now + DAY),
                group_by=["model", "team"],
            )
            for meter in ("input_tokens", "output_tokens")
        ]
    )
    groups = [
        (group["group"]["groupInfo"], group["groupValue"]) for report in reports for group in report["clientMeters"]
    ]
    info = {"model": "some-model", "team": "red"}
    assert groups == [(info, 11), (info, 5)]
