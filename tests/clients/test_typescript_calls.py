"""The calls of the vendor's TypeScript SDK as they go over the wire.

Enums are in lower case, no path ends with a slash, and query names begin with a capital where its clients do so.
"""

from typing import Any

import pytest

from tests.support.client import MockClient

NOON = 1_718_193_600
DAY = 86_400
JUNE = 1_717_200_000


@pytest.fixture
def account(mock: MockClient) -> MockClient:
    """A customer on a plan, with usage, an hour before the time at which the clock stands."""
    mock.clock(frozen=True)
    mock.clock(now=NOON * 1000)
    customer = {"customerId": "acme", "customerName": "Acme", "customerEmail": "billing@acme.example", "traits": {}}
    plan = {"productId": "1", "customerId": "acme", "productPlanId": "gold", "startTimeInSeconds": JUNE}
    event = {
        "uniqueId": "u1",
        "meterApiName": "calls",
        "customerId": "acme",
        "meterValue": 7,
        "meterTimeInMillis": (NOON - 3600) * 1000,
        "dimensions": {"region": "eu"},
    }
    for path, body in (
        ("/customers", customer),
        ("/payments/pricing/amberflo/customer-pricing", plan),
        ("/ingest", [event]),
    ):
        assert mock.post(path, json=body).status_code == 200
    return mock


def answered(account: MockClient, method: str, path: str, **options: Any) -> Any:
    """The body of a call that must succeed."""
    response = account.request(method, path, **options)
    assert response.status_code == 200, response.text
    return response.json()


USAGE = {
    "meterApiName": "calls",
    "aggregation": "sum",
    "timeGroupingInterval": "hour",
    "groupBy": ["customerId", "region"],
    "timeRange": {"startTimeInSeconds": NOON - 3 * 3600, "endTimeInSeconds": NOON},
    "take": {"limit": 10, "isAscending": False},
    "filter": {"customerId": ["acme"]},
}


def test_a_usage_report(account: MockClient) -> None:
    """A report in lower-case words lists every hour of the range, with 0 where nothing was used."""
    report = answered(account, "POST", "/usage", json=USAGE)
    assert report["secondsSinceEpochIntervals"] == [NOON - 3 * 3600, NOON - 2 * 3600, NOON - 3600]
    (group,) = report["clientMeters"]
    assert group["group"]["groupInfo"] == {"customerId": "acme", "region": "eu"}
    assert [each["value"] for each in group["values"]] == [0, 0, 7]


@pytest.mark.parametrize("aggregation", ["sum", "count", "max", "min"])
@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_every_word_in_lower_case(account: MockClient, aggregation: str, interval: str) -> None:
    """Aggregations and intervals are known in lower case and give what upper case gives."""
    lower = {**USAGE, "aggregation": aggregation, "timeGroupingInterval": interval}
    upper = {**USAGE, "aggregation": aggregation.upper(), "timeGroupingInterval": interval.upper()}
    reports = [answered(account, "POST", "/usage", json=each) for each in (lower, upper)]
    assert reports[0]["clientMeters"] == reports[1]["clientMeters"]
    assert reports[0]["clientMeters"][0]["groupValue"] == (1 if aggregation == "count" else 7)


def test_reports_in_a_batch(account: MockClient) -> None:
    """A batch in lower-case words answers its reports in order."""
    reports = answered(account, "POST", "/usage/batch", json=[USAGE, {**USAGE, "meterApiName": "none"}])
    assert [sum(group["groupValue"] for group in report["clientMeters"]) for report in reports] == [7, 0]


@pytest.mark.parametrize("name", ["customerId", "CustomerId", "CUSTOMERID"])
@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("/customers", ("customerId", "acme")),
        ("/payments/pricing/amberflo/customer-pricing", ("productPlanId", "gold")),
    ],
)
def test_a_query_name_has_no_case(account: MockClient, name: str, path: str, at: tuple[str, str]) -> None:
    """The key of a customer is found in the query however its name is written."""
    field, value = at
    assert answered(account, "GET", path, params={name: "acme"})[field] == value


@pytest.mark.parametrize(("customer", "product"), [("customerId", "productId"), ("CustomerId", "ProductId")])
def test_billing_lists(account: MockClient, customer: str, product: str) -> None:
    """Plans, orders and invoices of a customer are listed under both spellings of the query."""
    order = {
        "id": "order",
        "customerId": "acme",
        "productId": "1",
        "startTimeInSeconds": NOON,
        "prepaidPrice": 5,
        "prepaidOfferVersion": -1,
        "recurrenceFrequency": {"interval": "month", "intervalsCount": 1},
        "externalPayment": False,
    }
    answered(account, "POST", "/payments/pricing/amberflo/customer-prepaid", json=order)
    query = {customer: "acme", product: "1"}
    plans = answered(account, "GET", "/payments/pricing/amberflo/customer-pricing/list", params=query)
    orders = answered(account, "GET", "/payments/pricing/amberflo/customer-prepaid/list", params=query)
    invoices = answered(account, "GET", "/payments/billing/customer-product-invoice/all", params=query)
    assert [each["productPlanId"] for each in plans] == ["gold"]
    assert [(each["id"], each["recurrenceFrequency"]["interval"]) for each in orders] == [("order", "month")]
    assert [each["invoiceKey"]["customerId"] for each in invoices] == ["acme"]


def test_invoices(account: MockClient) -> None:
    """The latest invoice is asked for with booleans as JavaScript writes them."""
    query = {
        "customerId": "acme",
        "productId": "1",
        "latest": "true",
        "fromCache": "true",
        "withPaymentStatus": "false",
    }
    invoice = answered(account, "GET", "/payments/billing/customer-product-invoice", params=query)
    assert invoice["totalBill"]["totalPrice"] == 7


def test_an_absent_customer(account: MockClient) -> None:
    """A customer that there is not is an empty object, and one that there is gets updated whole."""
    assert answered(account, "GET", "/customers", params={"customerId": "nobody"}) == {}
    customer = {"customerId": "acme", "customerName": "Acme Corp", "lifecycleStage": "active"}
    updated = answered(account, "PUT", "/customers", json=customer)
    assert (updated["customerName"], "customerEmail" in updated) == ("Acme Corp", False)


def test_a_portal_session(account: MockClient) -> None:
    """A session is asked for with its three fields, and answers a token and a URL."""
    body = {
        "customerId": "acme",
        "expirationEpochMilliSeconds": (NOON + DAY) * 1000,
        "returnUrl": "https://example.com",
    }
    session = answered(account, "POST", "/session", json=body)
    assert session["sessionToken"]
    assert session["url"]
