"""How long the mock takes to bill: one large invoice, and two years of many customers.

Everything is defined and asked over HTTP. Events are spread evenly over customers, meters, dimensions and billed time.
"""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scripts.bench_http import Contender, Measured, Work, call, running
from scripts.bench_load import drive

EVENTS = 1_000_000
CUSTOMERS = 1_000
ITEMS = 5
REGIONS = ("eu", "us", "asia", "africa")
TIERS = ("gold", "silver", "bronze")
MONTHS = 24
BATCH = 1_000
START_MS = 1_704_067_200_000  # 2024-01-01
MONTH_MS = 30 * 86_400_000
REPEATS = 20
KEY, OTHER_KEY = "test-bench-billing", "test-bench-other"
PRICING = "/payments/pricing/amberflo"
INVOICE = "/payments/billing/customer-product-invoice"
PATIENCE_S = 600

Json = dict[str, Any]


@dataclass(frozen=True)
class LargeInvoice:
    """Milliseconds to the answer: for the first time, after one more event, and when nothing changed (medians)."""

    first_ms: float
    one_more_event_ms: float
    unchanged_ms: float


@dataclass(frozen=True)
class Years:
    """Two years in one advance of the clock: how long it took, and how long others waited meanwhile at worst."""

    seconds: float
    worst_health_ms: float
    worst_other_ms: float


def large_invoice(mock: Contender, events: int = EVENTS) -> LargeInvoice:
    """Bills one customer for so many events of one month, which still runs."""
    with running(mock, Measured()) as port:
        account = Account(port, ["acme"])
        account.advance(days=29)
        account.ingest(events, 28 * MONTH_MS // 30)
        first_ms = account.invoice_ms("acme")
        again = []
        for number in range(events, events + REPEATS):
            account.send([account.event(number, number)])
            again.append(account.invoice_ms("acme"))
        unchanged = [account.invoice_ms("acme") for _ in range(REPEATS)]
    return LargeInvoice(first_ms, median(again), median(unchanged))


def two_years(mock: Contender, customers: int = CUSTOMERS, events: int = EVENTS) -> Years:
    """Lets two years pass for so many customers with so many events in them."""
    with running(mock, Measured()) as port:
        account = Account(port, [f"customer-{number}" for number in range(customers)])
        account.ingest(events, MONTHS * MONTH_MS)
        years = account.advance_watched(days=2 * 366)
        for number in (0, customers - 1):
            account.check(number, events)
    return years


class Account:
    """An account with five priced items, a monthly plan over them and customers on it; its clock stands still.

    Args:
        port: of the server.
        customers: their ids.
    """

    def __init__(self, port: int, customers: Sequence[str]) -> None:
        self.port, self.customers = port, customers
        self.call("POST", "/_mock/reset")
        self.call("PUT", "/_mock/clock", {"now": START_MS, "frozen": True})
        for number in range(ITEMS):
            for path, body in definitions(number).items():
                self.call("POST", path, body)
        self.call("POST", f"{PRICING}/account-pricing/product-plans", plan())
        for name in customers:
            self.call("POST", "/customers", {"customerId": name, "customerName": name})
            assigned = {"customerId": name, "productPlanId": "plan", "startTimeInSeconds": START_MS // 1000}
            self.call("POST", f"{PRICING}/customer-pricing", assigned)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request; what its answer holds."""
        return json.loads(call(self.port, method, path, body, key=KEY, patience_s=PATIENCE_S))

    def event(self, number: int, after_ms: int) -> Json:
        """The event of a number, so long after the start."""
        mixed = number * 2_654_435_761 % 2**32
        return {
            "meterApiName": f"meter-{(mixed >> 16) % ITEMS}",
            "customerId": self.customers[number % len(self.customers)],
            "meterValue": value_of(number),
            "meterTimeInMillis": START_MS + after_ms,
            "uniqueId": f"event-{number}",
            "dimensions": {"region": REGIONS[(mixed >> 8) % len(REGIONS)], "tier": TIERS[(mixed >> 24) % len(TIERS)]},
        }

    def ingest(self, count: int, spread_ms: int) -> None:
        """Sends so many events in order of time, in batches."""
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            self.send([self.event(number, number * spread_ms // count) for number in numbers])

    def send(self, events: Sequence[Json]) -> None:
        """Sends a batch."""
        self.call("POST", "/ingest", events)

    def advance(self, **by: int) -> None:
        """Lets time pass."""
        self.call("PUT", "/_mock/clock", {"advance": by})

    def advance_watched(self, **by: int) -> Years:
        """Lets time pass, and asks meanwhile for health and, in another account, for its customers."""
        began = time.perf_counter()
        thread = threading.Thread(target=self.advance, kwargs=by)
        thread.start()
        health, other = list[float](), list[float]()
        while thread.is_alive():
            health += self._asked("/_mock/health", OTHER_KEY, seconds=0.02)
            other += self._asked("/customers", OTHER_KEY, seconds=0.02)
        thread.join()
        return Years(time.perf_counter() - began, 1000 * max(health), 1000 * max(other))

    def invoice_ms(self, customer: str) -> float:
        """Milliseconds to a customer's running invoice."""
        return 1000 * self._asked(f"{INVOICE}?customerId={customer}&latest=true", KEY)[0]

    def check(self, number: int, events: int) -> None:
        """Looks whether a customer's invoices hold every one of their events.

        Raises:
            SystemExit: they do not, so that the figures would mean nothing.
        """
        invoices = self.call("GET", f"{INVOICE}/all?customerId={self.customers[number]}")
        lines = [line for invoice in invoices for line in invoice["productItemInvoices"]]
        units = sum(line["totalBill"]["meterUnits"] for line in lines)
        expected = sum(map(value_of, range(number, events, len(self.customers))))
        if (len(invoices), units) != (MONTHS + 1, expected):
            raise SystemExit(f"{len(invoices)} invoices with {units} units instead of {MONTHS + 1} with {expected}")

    def _asked(self, path: str, key: str, seconds: float = 0) -> list[float]:
        """Seconds that each request for a path took, of one at least."""
        requests = Work(path, path, None, 1, {}).requests(self.port, key)
        return drive(("127.0.0.1", self.port), requests, first=0, seconds=seconds, connections=1).latencies


def value_of(number: int) -> int:
    """The value of an event."""
    return 1 + number % 7


def definitions(number: int) -> dict[str, Json]:
    """A meter, its item, and the item's price in two tiers for each region; by the paths that take them."""
    meter, item = f"meter-{number}", f"item-{number}"
    tiers = [
        {"startAfterUnit": start, "batchSize": 1, "pricePerBatch": price} for start, price in ((0, 0.5), (99, 0.4))
    ]
    rows = [
        {"dimensionValues": [region], "leafNode": {"type": "PricePerUnitLeafNode", "tiers": tiers}}
        for region in REGIONS
    ]
    node = {"type": "DimensionMatrixNode", "dimensionKeys": ["region"], "dimensionsPrices": rows}
    kind = {"displayName": meter, "type": "SUM_OF_ALL_USAGE", "dimensions": ["region", "tier"]}
    return {
        "/meter-definition": {"meterApiName": meter, **kind},
        f"{PRICING}/account-pricing/product-items": {
            "id": item,
            "meterApiName": meter,
            "productId": "1",
            "productItemName": item,
        },
        f"{PRICING}/account-pricing/product-item-price": {"id": f"{item}-price", "productItemId": item, "price": node},
    }


def plan() -> Json:
    """A plan over all items, by the month."""
    return {
        "id": "plan",
        "productPlanName": "Plan",
        "billingPeriod": {"interval": "month", "intervalsCount": 1},
        "productItemPriceIdsMap": {f"item-{number}": f"item-{number}-price" for number in range(ITEMS)},
    }
