"""Steps of tests about bills: definitions, plans, orders and what the readers of invoices say."""

from collections.abc import Mapping
from typing import Any

from tests.handlers.steps import Account, Json
from tests.support.client import MockClient

PRICING = "/payments/pricing/amberflo/account-pricing"
ASSIGN = "/payments/pricing/amberflo/customer-pricing"
PREPAID = "/payments/pricing/amberflo/customer-prepaid"
INVOICE = "/payments/billing/customer-product-invoice"
WALLET = "/payments/billing/customer-prepaid-wallet"


class Billing:
    """What a developer does to have one customer billed.

    Args:
        mock: the client of the account.
        customer: whose bills are read.
    """

    def __init__(self, mock: MockClient, customer: str = "ann") -> None:
        self.mock, self.customer = mock, customer

    def define(self, path: str, **body: Any) -> Any:
        """Writes a definition."""
        return Account.take(self.mock.post(f"{PRICING}/{path}", json=body))

    def item(self, item_id: str, meter: str, *tiers: tuple[float, float]) -> None:
        """A product item with a price by the unit: tiers as (from, price)."""
        self.define("product-items", id=item_id, meterApiName=meter, productId="1", productItemName=item_id.title())
        rows = [{"startAfterUnit": start, "batchSize": 1, "pricePerBatch": price} for start, price in tiers]
        price = {"type": "PricePerUnitLeafNode", "tiers": rows}
        self.define("product-item-price", id=f"{item_id}-price", productItemId=item_id, price=price)

    def plan(self, plan_id: str, *items: str, interval: str = "month", **fields: Any) -> None:
        """A plan over items that `item` made."""
        prices = {item: f"{item}-price" for item in items}
        period = {"interval": interval, "intervalsCount": 1}
        named = {"id": plan_id, "productPlanName": plan_id.title(), "productItemPriceIdsMap": prices}
        self.define("product-plans", **{**named, "billingPeriod": period, **fields})

    def assign(self, plan_id: str, **fields: Any) -> Any:
        """Puts the customer on a plan."""
        body = {"customerId": self.customer, "productPlanId": plan_id, **fields}
        return Account.take(self.mock.post(ASSIGN, json=body))

    def order(self, order_id: str, price: float, **fields: Any) -> Any:
        """Orders prepaid credit."""
        body = {"id": order_id, "customerId": self.customer, "prepaidPrice": price, **fields}
        return Account.take(self.mock.post(PREPAID, json=body))

    def use(self, meter: str, value: float, time_s: int, **dimensions: str) -> None:
        """Sends one event."""
        event = {"meterApiName": meter, "customerId": self.customer, "meterValue": value}
        body = {**event, "meterTimeInMillis": time_s * 1000, "dimensions": dimensions}
        Account.take(self.mock.post("/ingest", json=body))

    def invoices(self, **query: Any) -> list[Json]:
        """The invoices, oldest first."""
        asked = {"customerId": self.customer, **query}
        found: list[Json] = Account.take(self.mock.get(f"{INVOICE}/all", params=asked))
        return found[::-1]

    def latest(self, **query: Any) -> Json:
        """The open invoice."""
        asked = {"customerId": self.customer, "latest": "true", **query}
        found: Json = Account.take(self.mock.get(INVOICE, params=asked))
        return found

    def totals(self) -> list[tuple[str, float, str]]:
        """Start day, total and price status of each invoice, oldest first."""
        return [
            (day_of(each["invoiceKey"]), each["totalBill"]["totalPrice"], each["invoicePriceStatus"])
            for each in self.invoices()
        ]

    def cards(self) -> list[Json]:
        """The prepaid cards."""
        found: Json = Account.take(self.mock.get(WALLET, params={"customerId": self.customer}))
        cards: list[Json] = found["prepaidCards"]
        return cards


def day_of(key: Mapping[str, Any]) -> str:
    """The day on which an invoice starts."""
    return f"{key['year']}-{key['month']:02}-{key['day']:02}"
