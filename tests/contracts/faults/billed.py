"""What probes of bills do: a customer of a fresh account on a plan of its own, and what its readers say."""

from typing import Any

from tests.contracts.faults.client import DAY_LONG, Client, event, fresh
from tests.contracts.faults.exchange import Json

START = 1_717_200_000
"""The first of June 2024, in seconds: the clock stands there, and the first billing period begins."""
MONTH = 30 * DAY_LONG

_PRICING = "/payments/pricing/amberflo"
INVOICES = "/payments/billing/customer-product-invoice/all"
WALLET = "/payments/billing/customer-prepaid-wallet"
COST = "/payments/cost/usage-cost"


class Bill:
    """A customer that pays 2 for each of the first ten units of a meter in a month, and 1 for each further one.

    Args:
        client: The account; its clock is stopped.
        items: How many product items the plan has, each of a meter of its own.
        fee: What the plan costs a month.
        discount: The part of a bill that a promotion takes off.
        prepaid: What the customer paid in advance.
    """

    def __init__(
        self, client: Client, *, items: int = 1, fee: float = 0, discount: float = 0, prepaid: float = 0
    ) -> None:
        self._client = client
        client.clock(now=START * 1000, frozen=True)
        self.customer = client.customer()
        self.meters = [self._item() for _ in range(items)]
        self._assign(fee)
        if discount:
            self._promote(discount)
        if prepaid:
            order = {"id": fresh("order"), "prepaidPrice": prepaid, "startTimeInSeconds": START}
            self._post("customer-prepaid", customerId=self.customer, **order)

    def use(self, units: float, day: int = 0, meter: int = 0) -> None:
        """Uses units of a meter, so many days into the first month."""
        one = event(self.meters[meter], units, START + day * DAY_LONG + 3600, self.customer)
        self._client.ingest([one]).raise_for_status()

    def first(self) -> Json:
        """The invoice of the first month."""
        invoices = self._client.get(INVOICES, params={"customerId": self.customer}).raise_for_status().json()
        found: Json = next(each for each in invoices if each["invoiceStartTimeInSeconds"] == START)
        return found

    def cards(self) -> list[Json]:
        """The prepaid cards."""
        wallet = self._client.get(WALLET, params={"customerId": self.customer}).raise_for_status().json()
        cards: list[Json] = wallet["prepaidCards"]
        return cards

    def cost(self) -> float:
        """What the first month's usage costs, day by day."""
        asked = {"startTimeInSeconds": START, "endTimeInSeconds": START + MONTH}
        answered = self._client.post(COST, json={"timeRange": asked, "timeGroupingInterval": "DAY"})
        return float(sum(group["price"] for group in answered.raise_for_status().json()["costList"]))

    def _post(self, path: str, **body: Any) -> None:
        self._client.post(f"{_PRICING}/{path}", json=body).raise_for_status()

    def _item(self) -> str:
        meter = fresh("meter")
        named = {"id": meter, "meterApiName": meter, "productId": "1", "productItemName": "Calls"}
        self._post("account-pricing/product-items", **named)
        tiers = [
            {"startAfterUnit": start, "batchSize": 1, "pricePerBatch": price} for start, price in ((0, 2), (10, 1))
        ]
        price = {"type": "PricePerUnitLeafNode", "tiers": tiers}
        self._post("account-pricing/product-item-price", id=f"{meter}-price", productItemId=meter, price=price)
        return meter

    def _assign(self, fee: float) -> None:
        plan = {"id": fresh("plan"), "productPlanName": "Plan"}
        prices = {meter: f"{meter}-price" for meter in self.meters}
        fees = {"base": {"id": "base", "name": "Base", "cost": fee}} if fee else {}
        period = {"interval": "month", "intervalsCount": 1}
        body = {**plan, "productItemPriceIdsMap": prices, "billingPeriod": period, "feeMap": fees}
        self._post("account-pricing/product-plans", **body)
        self._post("customer-pricing", customerId=self.customer, productPlanId=plan["id"])

    def _promote(self, part: float) -> None:
        promotion = {"id": fresh("promotion"), "promotionName": "Off"}
        kind = {"type": "relative_product_automatic_promotion", "discountRatio": part}
        self._post("account-pricing/promotions", **promotion, **kind)
        self._post("customer-promotions", customerId=self.customer, promotionId=promotion["id"])
