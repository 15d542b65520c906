"""Invoices: which stretches of time are billed, for how much, and that reading changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from mockserver.app import create_app
from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.invoicing import BilledItem
from mockserver.domain.rating import MeteredUsage
from mockserver.handlers.billing.metering import Metering
from mockserver.settings import Settings
from tests.handlers.steps import NOON_MS, Account, Json, event, stop_clock
from tests.support.client import MockClient
from tests.support.serving import serving

INVOICES = "/payments-billing-customer-product-invoice"
PLANS = "/payments-pricing-amberflo-customer-pricing"
LARGEST = 1.7976931348623157e308


class Billed(NamedTuple):
    """What an invoice says: period, total and status."""

    start: str
    end: str
    total: float
    status: str


def ms(text: str) -> int:
    """Unix milliseconds of a UTC text such as `2024-05-10` or `2024-06-12T12:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def used(text: str, value: float = 1, **fields: Any) -> Json:
    """An event of `ann` at a moment."""
    return event(meterTimeInMillis=ms(text), meterValue=value, **fields)


def assign(account: Account, start: str | int, plan: str = "basic", customer: str = "ann") -> None:
    """Puts a customer on a plan from a moment on."""
    start_ms = start if isinstance(start, int) else ms(start)
    account.take(account.mock.post(PLANS, json={"customerId": customer, "productId": plan, "startTime": start_ms}))


def invoices(account: Account, customer: str = "ann") -> Any:
    """A customer's invoices."""
    return account.take(account.mock.get(INVOICES, params={"customerId": customer}))


def day(second: int) -> str:
    """A moment as text; midnight is left out."""
    return datetime.fromtimestamp(second, UTC).isoformat()[:16].removesuffix("T00:00")


def billed(account: Account) -> list[Billed]:
    """The invoices of `ann` in short."""
    return [
        Billed(day(each["startTime"]), day(each["endTime"]), each["totalAmount"], each["status"])
        for each in invoices(account)
    ]


MAY = used("2024-05-20", 5)
JUNE = used("2024-06-11", 7)
RUNNING = Billed("2024-06-01", "2024-07-01", 7, "DRAFT")


@pytest.mark.parametrize(
    ("starts", "events", "expected"),
    [
        ([], [MAY, JUNE], []),
        (["2024-01-01"], [], [Billed("2024-06-01", "2024-07-01", 0, "DRAFT")]),
        (["2024-01-01"], [MAY, JUNE], [Billed("2024-05-01", "2024-06-01", 5, "PENDING"), RUNNING]),
        (["2024-05-10"], [used("2024-05-09"), MAY, JUNE], [Billed("2024-05-10", "2024-06-01", 5, "PENDING"), RUNNING]),
        (["2024-05-20"], [MAY, JUNE], [Billed("2024-05-20", "2024-06-01", 5, "PENDING"), RUNNING]),
        (["2024-06-01"], [MAY, JUNE], [RUNNING]),
        (["2024-06-13"], [MAY, JUNE], []),
        (["2024-01-01", "2024-06-05"], [used("2024-06-04", 2), JUNE],
         [Billed("2024-06-01", "2024-06-05", 2, "PENDING"), Billed("2024-06-05", "2024-07-01", 7, "DRAFT")]),
        (["2024-01-01", "2024-06-20"], [JUNE], [Billed("2024-06-01", "2024-06-20", 7, "DRAFT")]),
        (["2024-06-05", "2024-01-01"], [JUNE], [RUNNING]),
        (["2024-01-01"], [used("2024-02-03"), used("2024-04-30T23:59")],
         [Billed("2024-02-01", "2024-03-01", 1, "PENDING"), Billed("2024-04-01", "2024-05-01", 1, "PENDING"),
          Billed("2024-06-01", "2024-07-01", 0, "DRAFT")]),
        (["2024-01-01"], [used("2024-08-01"), JUNE], [RUNNING]),
    ],
    ids=[
        "no-plan", "no-usage", "two-months", "from-the-start", "start-included", "first-of-month", "future-plan",
        "change", "future-change", "earlier-plan-later", "gap", "future-usage",
    ],
)  # fmt: skip
def test_periods_follow_plan_and_usage(
    account: Account, starts: list[str], events: list[Json], expected: list[Billed]
) -> None:
    """Months with usage and the running one are billed, from the plan's start and up to the next plan's."""
    for number, start in enumerate(starts):
        assign(account, start, f"plan-{number}")
    account.ingest(*events)
    assert billed(account) == expected


def test_an_invoice_has_the_published_shape(account: Account) -> None:
    """An invoice names itself, the customer, its period in seconds, the money and its status."""
    assign(account, "2024-01-01")
    account.ingest(JUNE)
    [invoice] = invoices(account)
    assert invoice.pop("invoiceId").startswith("inv-")
    assert invoice == {
        "customerId": "ann",
        "startTime": ms("2024-06-01") // 1000,
        "endTime": ms("2024-07-01") // 1000,
        "totalAmount": 7,
        "currency": "USD",
        "status": "DRAFT",
    }


@pytest.mark.parametrize(
    ("kind", "values", "total"),
    [("SUM_OF_ALL_USAGE", (2, 3), 5), ("MAX_IN_PERIOD", (2, 3), 3), ("UNIQUE_CUSTOMERS_COUNT", (2, 3), 1)],
)
def test_every_meter_is_billed_in_its_own_way(account: Account, kind: str, values: Any, total: float) -> None:
    """Sums, maxima and distinct customers are units alike, on defined and on undefined meters."""
    account.define("typed", kind)
    assign(account, "2024-06-10")
    for number, value in enumerate(values):
        account.ingest(used("2024-06-11", value, meterApiName="typed", uniqueId=str(number)))
    account.ingest(used("2024-06-11", 10), used("2024-06-11", 100, meterApiName="wild"))
    assert billed(account) == [Billed("2024-06-10", "2024-07-01", total + 110, "DRAFT")]


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ((0.1, 0.2), 0.3),
        ((0.005,), 0.01),
        ((0.0049,), 0),
        ((2.675,), 2.68),
        ((-1.005,), 0),
        ((1e15, 0.01), 1e15 + 0.01),
    ],
)
def test_money_is_rounded_once_half_up(account: Account, values: tuple[float, ...], total: float) -> None:
    """Units are taken for the decimals they are written as, and only the line is rounded to cents; none is below 0."""
    assign(account, "2024-06-01")
    account.ingest(*(used("2024-06-11", value, meterApiName=f"m{number}") for number, value in enumerate(values)))
    assert [invoice["totalAmount"] for invoice in invoices(account)] == [total]


def test_others_usage_is_not_billed(account: Account) -> None:
    """Only the customer's own events count, and only the customer's own plans."""
    account.register("bob")
    assign(account, "2024-06-01")
    assign(account, "2024-01-01", customer="bob")
    account.ingest(JUNE, used("2024-06-11", 100, customerId="bob"), used("2024-06-11", 1000, customerId=None))
    assert billed(account) == [RUNNING]
    assert [invoice["totalAmount"] for invoice in invoices(account, "bob")] == [100]


def test_ids_are_lasting_and_distinct(account: Account) -> None:
    """An invoice keeps its id from reading to reading and as its total grows; no other has it."""
    account.register("bob")
    for customer in ("ann", "bob"):
        assign(account, "2024-01-01", customer=customer)
    account.ingest(MAY, JUNE)
    before = [invoice["invoiceId"] for customer in ("ann", "bob") for invoice in invoices(account, customer)]
    account.ingest(used("2024-06-11T01:00"))
    after = [invoice["invoiceId"] for customer in ("ann", "bob") for invoice in invoices(account, customer)]
    assert (before, len(set(before))) == (after, 3)


def test_a_period_closes_with_time(account: Account) -> None:
    """When the month is over its invoice is pending, and the next one runs."""
    assign(account, "2024-06-01")
    account.ingest(JUNE)
    account.mock.clock(now="2024-07-01T00:00:00Z")
    assert billed(account) == [
        Billed("2024-06-01", "2024-07-01", 7, "PENDING"),
        Billed("2024-07-01", "2024-08-01", 0, "DRAFT"),
    ]


def test_reading_changes_nothing(account: Account) -> None:
    """Invoices are computed, never stored."""
    assign(account, "2024-06-01")
    account.ingest(JUNE)
    before = account.state()
    invoices(account)
    assert account.state() == before


def test_a_deleted_customer_is_still_invoiced(account: Account) -> None:
    """What was owed stays owed; the journal warns that there is no such customer any more."""
    assign(account, "2024-06-01")
    account.ingest(JUNE)
    before = invoices(account)
    account.take(account.mock.delete("/customers/ann"))
    assert invoices(account) == before != []
    assert account.mock.rules() == ["unknown-customer"]


@pytest.mark.parametrize("start", [-(2**63), -(10**15)])
def test_a_plan_since_ever_is_billed_by_its_usage(account: Account, start: int) -> None:
    """A start in the far past makes no invoices for the months since, only for those with usage."""
    assign(account, start)
    account.ingest(MAY, JUNE, event(meterTimeInMillis=0, meterValue=3))
    assert [invoice["totalAmount"] for invoice in invoices(account)] == [3, 5, 7]


def test_months_without_usage_are_not_rated(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the months since the far past, only those with an invoice are looked at, however many meters there are."""
    looked_at: set[int] = set()

    def until(metering: Metering, window: BillingWindow, item: BilledItem, until_s: int) -> Sequence[MeteredUsage]:
        looked_at.add(window.start_s)
        return asked(metering, window, item, until_s)

    asked = Metering.until
    monkeypatch.setattr(Metering, "until", until)
    assign(account, -(10**15))
    account.ingest(MAY, event(meterApiName="m2", meterTimeInMillis=0, meterValue=3))
    found = invoices(account)
    assert [invoice["totalAmount"] for invoice in found] == [3, 5, 0]
    assert sorted(looked_at) == [invoice["startTime"] for invoice in found]


def test_more_money_than_a_double_holds_is_cut(account: Account) -> None:
    """A total beyond the doubles is answered as the largest one, never as null."""
    assign(account, "2024-06-01")
    account.ingest(*(used("2024-06-11", LARGEST, meterApiName=f"m{number}") for number in range(3)))
    assert [invoice["totalAmount"] for invoice in invoices(account)] == [LARGEST]


@pytest.fixture(scope="module")
def euro_url() -> Iterator[str]:
    """A server on which a unit costs a third of a euro, about."""
    with serving(create_app(Settings(unit_price=Decimal("0.3333"), currency="EUR"))) as running:
        yield running.url


def test_price_and_currency_are_settings(euro_url: str) -> None:
    """The unit price is applied before the one rounding, and the currency is printed."""
    account = Account(MockClient(euro_url))
    stop_clock(account.mock, NOON_MS)
    account.register("ann")
    assign(account, "2024-06-01")
    account.ingest(used("2024-06-11", 2), used("2024-06-11", 1, uniqueId="x"))
    [invoice] = invoices(account)
    account.mock.close()
    assert (invoice["totalAmount"], invoice["currency"]) == (1.0, "EUR")


def test_the_customer_must_be_named(account: Account) -> None:
    """A list without its required query parameter is 400."""
    response = account.mock.get(INVOICES)
    assert (response.status_code, response.json()["details"]) == (400, "customerId: required")
