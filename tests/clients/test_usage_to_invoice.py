"""From usage to an invoice with the vendor's own Python SDK: a month that is checked against a sheet worked by hand."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from metering.customer import CustomerApiClient, create_customer_payload
from metering.customer_prepaid_order import CustomerPrepaidOrderApiClient, create_customer_prepaid_order_payload
from metering.customer_product_invoice import (
    CustomerProductInvoiceApiClient,
    create_all_invoices_query,
    create_latest_invoice_query,
)
from metering.customer_product_plan import CustomerProductPlanApiClient, create_customer_product_plan_payload
from metering.ingest import IngestApiClient, create_ingest_payload
from metering.session import ApiSession, IngestSession

from tests.handlers.billing import PRICING, WALLET
from tests.handlers.steps import Account
from tests.support.client import MockClient
from tests.support.serving import Server

JANUARY, FEBRUARY = 1_704_067_200, 1_706_745_600
"""2024, in seconds."""
DAY = 86_400
COST = "/payments/cost/usage-cost"

SHEET: Mapping[str, Decimal] = {
    # 30 days of 50 calls are 1500: the first 1000 at 0.10, the other 500 at 0.05.
    "calls": Decimal("125.00"),
    # 30 days of 10 GB in eu at 0.02, and of 5 GB in us at 0.03: 6.00 + 4.50.
    "storage": Decimal("10.50"),
    "fee": Decimal("20.00"),
    # 125.00 + 10.50 + 20.00
    "before prepaid": Decimal("155.50"),
    # Bought for 100, worth 120.
    "prepaid": Decimal("120.00"),
    "due": Decimal("35.50"),
}

PRICES: Mapping[str, Any] = {
    "calls": {
        "type": "PricePerUnitLeafNode",
        "tiers": [
            {"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 0.10},
            {"startAfterUnit": 1000, "batchSize": 1, "pricePerBatch": 0.05},
        ],
    },
    "storage": {
        "type": "DimensionMatrixNode",
        "dimensionKeys": ["region"],
        "dimensionsPrices": [
            {
                "dimensionValues": [region],
                "leafNode": {
                    "type": "PricePerUnitLeafNode",
                    "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": price}],
                },
            }
            for region, price in (("eu", 0.02), ("us", 0.03))
        ],
    },
}


@pytest.fixture
def mock(server: Server, monkeypatch: pytest.MonkeyPatch) -> MockClient:
    """An account on New Year's Day with a plan over two items; the SDK's sessions go to the mock."""
    monkeypatch.setattr(ApiSession, "root_url", server.url)
    monkeypatch.setattr(IngestSession, "root_url", server.url)
    client = MockClient(server.url, f"test-{uuid4()}")
    client.clock(frozen=True)
    client.clock(now=JANUARY * 1000)
    for item, price in PRICES.items():
        define(client, "product-items", id=item, meterApiName=item, productId="1", productItemName=item)
        define(client, "product-item-price", id=f"{item}-price", productItemId=item, price=price)
    define(
        client,
        "product-plans",
        id="standard",
        productPlanName="Standard",
        billingPeriod={"interval": "calendar_month", "intervalsCount": 1},
        productItemPriceIdsMap={item: f"{item}-price" for item in PRICES},
        feeMap={"base": {"id": "base", "name": "Base", "cost": 20}},
    )
    return client


def define(client: MockClient, path: str, **body: Any) -> None:
    """Writes a definition, for which the SDK has no client."""
    Account.take(client.post(f"{PRICING}/{path}", json=body))


def a_month_of_usage(key: str) -> None:
    """Thirty days of 50 calls, 10 GB in eu and 5 GB in us, a batch a day."""
    client = IngestApiClient(key)
    for day in range(30):
        noon = (JANUARY + day * DAY + DAY // 2) * 1000
        events = [
            create_ingest_payload("calls", 50, noon, "acme", {"region": "eu"}),
            create_ingest_payload("storage", 10, noon, "acme", {"region": "eu"}),
            create_ingest_payload("storage", 5, noon, "acme", {"region": "us"}),
        ]
        assert client.send(events) == "3 records were ingested"


def cents(amount: float) -> Decimal:
    """An amount of an answer, which must be one of whole cents."""
    exact = Decimal(repr(amount))
    assert exact == exact.quantize(Decimal("0.01"))
    return exact


def test_a_month(mock: MockClient) -> None:
    """Invoice, wallet and usage cost agree to the cent with each other and with the sheet, open and locked."""
    CustomerApiClient(mock.key).add(create_customer_payload("acme", "Acme", "billing@acme.example"))
    CustomerProductPlanApiClient(mock.key).add_or_update(
        create_customer_product_plan_payload("acme", "standard", start_time_in_seconds=JANUARY)
    )
    order = create_customer_prepaid_order_payload("credit", "acme", JANUARY, 100, original_worth=120)
    CustomerPrepaidOrderApiClient(mock.key).add(order)
    a_month_of_usage(mock.key)
    client = CustomerProductInvoiceApiClient(mock.key)
    is_as_worked_by_hand(mock, client.get(create_latest_invoice_query("acme")), "open")
    mock.clock(now=FEBRUARY * 1000)
    february, january = client.get_all(create_all_invoices_query("acme", from_cache=False))
    is_as_worked_by_hand(mock, january, "price_locked")
    assert (february["totalBill"]["totalPrice"], february["invoicePriceStatus"]) == (20, "open")


def is_as_worked_by_hand(mock: MockClient, invoice: Mapping[str, Any], status: str) -> None:
    """January's invoice, the wallet and the usage cost are those of the sheet."""
    bill = invoice["totalBill"]
    lines = {each["productItemId"]: cents(each["totalBill"]["price"]) for each in invoice["productItemInvoices"]}
    assert invoice["invoicePriceStatus"] == status
    assert lines == {item: SHEET[item] for item in PRICES}
    assert cents(bill["itemPrice"]) == SHEET["calls"] + SHEET["storage"]
    assert cents(bill["fixPrice"]) == SHEET["fee"]
    assert cents(bill["totalPriceBeforePrepaid"]) == SHEET["before prepaid"]
    assert cents(bill["prepaid"]) == SHEET["prepaid"]
    assert cents(bill["totalPrice"]) == SHEET["due"]
    [card] = Account.take(mock.get(WALLET, params={"customerId": "acme"}))["prepaidCards"]
    assert (cents(card["usedAmount"]), cents(card["worth"]), card["amountLeft"]) == (
        SHEET["prepaid"],
        SHEET["prepaid"],
        0,
    )
    assert [cents(each["amount"]) for each in card["productInvoices"]] == [SHEET["prepaid"]]
    assert cost_by_item(mock) == lines


def cost_by_item(mock: MockClient) -> dict[str, Decimal]:
    """What January's usage cost by product item, of which the days add up to the whole."""
    body = {
        "aggregation": "sum",
        "timeGroupingInterval": "day",
        "timeRange": {"startTimeInSeconds": JANUARY, "endTimeInSeconds": FEBRUARY},
        "groupBy": ["product_item_key"],
        "filters": {"customer_id": ["acme"]},
    }
    groups = Account.take(mock.post(COST, json=body))["costList"]
    for group in groups:
        assert sum(Decimal(repr(day["price"])) for day in group["costs"]) == Decimal(repr(group["price"]))
    return {group["groupInfos"]["product_item_key"]: cents(group["price"]) for group in groups}
