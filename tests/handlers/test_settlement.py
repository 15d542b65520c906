"""What the clock brings about: locked invoices, moves to other plans, and the same books however time passes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.handlers.billing import Billing
from tests.handlers.steps import Account, stop_clock
from tests.support.client import MockClient

DAY_S = 86_400


def second(day: str) -> int:
    """Unix seconds of a moment in UTC."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


JANUARY = second("2024-01-01")


@pytest.fixture
def billing(mock: MockClient) -> Billing:
    """The customer `ann` on New Year's Day of 2024, and a plan with calls at half a dollar and a fee of ten."""
    return prepared(mock)


def prepared(mock: MockClient) -> Billing:
    """The same in any account."""
    stop_clock(mock, "2024-01-01T00:00:00Z")
    billing = Billing(mock)
    Account(mock).register("ann")
    billing.item("calls", "calls", (0, 0.5), (100, 0.25))
    billing.plan("basic", "calls", feeMap={"base": {"id": "base", "name": "Base", "cost": 10}})
    return billing


def test_a_year_of_invoices(billing: Billing) -> None:
    """Each month that has passed has its locked invoice, and the running one is open."""
    billing.assign("basic")
    billing.use("calls", 120, JANUARY)
    billing.use("calls", 8, second("2024-02-10"))
    billing.mock.clock(now="2024-03-15T00:00:00Z")
    assert billing.totals() == [
        ("2024-01-01", 65, "price_locked"),
        ("2024-02-01", 14, "price_locked"),
        ("2024-03-01", 10, "open"),
    ]


def story(billing: Billing) -> None:
    """Two years of usage with fees, a free tier, credit that is bought each month, a promotion and a commitment."""
    billing.item("bytes", "bytes", (0, 0.013))
    fee = {"base": {"id": "base", "name": "Base", "cost": 9.99, "isProrated": True}}
    billing.plan("full", "calls", "bytes", interval="calendar_month", feeMap=fee, planLevelFreeTier=3)
    billing.plan("next", "bytes", successorPlanId=None)
    billing.define(
        "promotions/time_limited_relative_product_discount",
        id="tenth",
        promotionName="A tenth",
        discountRatio=0.1,
        totalMaxDiscount=20,
        targetProductId="1",
        promotionTimeLimit={"cycles": 18},
    )
    billing.assign("full", startTimeInSeconds=JANUARY)
    Account.take(
        billing.mock.post(
            "/payments/pricing/amberflo/customer-promotions", json={"customerId": "ann", "promotionId": "tenth"}
        )
    )
    billing.order(
        "monthly", 12, startTimeInSeconds=JANUARY, recurrenceFrequency={"interval": "month", "intervalsCount": 1}
    )
    for number in range(60):
        at_s = JANUARY + number * 12 * DAY_S + number
        billing.use("calls" if number % 3 else "bytes", 7 * number % 50 + 0.5, at_s, region=str(number % 2))


def books(billing: Billing) -> Any:
    """All that can be read of the books, without what names the account or counts what was written before."""
    events = Account.take(billing.mock.get("/_mock/state/account-events"))
    locked = [(each["time"], each["document"]["totalBill"]) for each in events if each["noun"] == "invoice"]
    cards = [(each["worth"], each["usedAmount"], each["amountLeft"]) for each in billing.cards()]
    invoices = [
        {name: value for name, value in each.items() if name not in ("invoiceUri", "invoiceKey", "productItemInvoices")}
        for each in billing.invoices()
    ]
    return locked, cards, invoices


@pytest.fixture
def twins(mock: MockClient) -> Iterator[tuple[Billing, Billing]]:
    """Two accounts with the same story behind and two years before them."""
    other = MockClient(mock.url)
    found = prepared(mock), prepared(other)
    for each in found:
        story(each)
    yield found
    other.close()


def test_steps_of_the_clock_do_not_matter(twins: tuple[Billing, Billing]) -> None:
    """Two years in one step and in 730 leave the same invoices, cards and log, to the cent and to the second."""
    at_once, daily = twins
    at_once.mock.clock(advance={"days": 730})
    for _ in range(730):
        daily.mock.clock(advance={"days": 1})
    assert books(at_once) == books(daily)
    assert len(at_once.invoices()) == 24
    assert sum(each["usedAmount"] for each in at_once.cards()) == pytest.approx(
        sum(each["totalBill"]["prepaid"] for each in at_once.invoices())
    )


def test_a_card_a_day(billing: Billing) -> None:
    """However many days pass at once, each day's card pays that day's invoice."""
    billing.plan("daily", interval="day", feeMap={"base": {"cost": 1}})
    billing.assign("daily")
    every_day = {"interval": "day", "intervalsCount": 1}
    billing.order("daily", 1, startTimeInSeconds=JANUARY, recurrenceFrequency=every_day)
    billing.mock.clock(advance={"days": 1_300})
    assert [total for _, total, _ in billing.totals()] == [0] * 1_301


def test_locks_are_announced(billing: Billing) -> None:
    """When an invoice is locked, subscribers are told of it as of that moment, and the log has it."""
    hook = {"destinationUrl": "https://example.com/hook", "authHeader": ["X-Auth", "secret"]}
    Account.take(billing.mock.post("/webhook", json={"topic": "ready-product-invoices", **hook}))
    billing.define("settings", gracePeriodInHours=2)
    billing.assign("basic")
    billing.mock.clock(now="2024-04-01T00:00:00Z")
    deliveries = Account.take(billing.mock.get("/_mock/state/webhook-deliveries"))
    told = [(each["payload"]["eventTime"], each["payload"]["data"]["invoiceKey"]["month"]) for each in deliveries]
    assert told == [(second("2024-02-01T02:00") * 1000, 1), (second("2024-03-01T02:00") * 1000, 2)]
    assert deliveries[0]["payload"]["data"] == billing.invoices()[0]
    events = Account.take(billing.mock.get("/_mock/state/account-events"))
    assert [each["time"] for each in events if each["noun"] == "invoice"] == [moment for moment, _ in told]


def test_grace(billing: Billing) -> None:
    """In the grace period an invoice takes late events; a longer grace period that is set meanwhile holds at once."""
    billing.define("settings", gracePeriodInHours=24)
    billing.assign("basic")
    billing.mock.clock(now="2024-02-01T12:00:00Z")
    billing.use("calls", 4, JANUARY)
    assert billing.totals()[0] == ("2024-01-01", 12, "grace_period")
    billing.define("settings", gracePeriodInHours=48)
    billing.mock.clock(now="2024-02-02T12:00:00Z")
    billing.use("calls", 4, JANUARY + 1)
    assert billing.totals()[0] == ("2024-01-01", 14, "grace_period")
    billing.mock.clock(now="2024-02-03T00:00:00Z")
    assert billing.totals()[0] == ("2024-01-01", 14, "price_locked")


def test_change_in_the_middle(billing: Billing) -> None:
    """Another plan in the middle of a period closes the invoice there and opens a new one, counted from that moment."""
    billing.plan("gold", feeMap={"gold": {"cost": 100}})
    billing.assign("basic")
    billing.use("calls", 4, JANUARY)
    billing.mock.clock(now="2024-01-11T00:00:00Z")
    billing.assign("gold")
    billing.use("calls", 1000, second("2024-01-12"))
    assert billing.totals() == [("2024-01-01", 12, "price_locked"), ("2024-01-11", 100, "open")]
    billing.mock.clock(now="2024-02-12T00:00:00Z")
    assert [day for day, _, _ in billing.totals()] == ["2024-01-01", "2024-01-11", "2024-02-11"]


def test_plans_that_part_usage_differently(billing: Billing) -> None:
    """An item that two plans price by other dimensions is billed by each plan's own price, open or locked at once."""
    leaf = {"type": "PricePerUnitLeafNode", "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 3}]}
    rows = [{"dimensionValues": ["eu"], "leafNode": leaf}]
    matrix = {"type": "DimensionMatrixNode", "dimensionKeys": ["region"], "dimensionsPrices": rows}
    billing.define("product-item-price", id="by-region", productItemId="calls", price=matrix)
    billing.plan("regional", productItemPriceIdsMap={"calls": "by-region"})
    billing.define("settings", gracePeriodInHours=24 * 365)
    billing.assign("basic")
    billing.use("calls", 4, JANUARY, region="eu")
    billing.mock.clock(now="2024-01-11T00:00:00Z")
    billing.assign("regional")
    billing.use("calls", 5, second("2024-01-12"), region="eu")
    assert [total for _, total, _ in billing.totals()] == [12, 15]
    billing.mock.clock(now="2025-02-11T00:00:00Z")
    assert [total for _, total, _ in billing.totals()][:2] == [12, 15]


def test_recalculation(billing: Billing) -> None:
    """A plan that starts where the running period started takes its place, and the invoice is computed anew."""
    billing.plan("gold", feeMap={"gold": {"cost": 100}})
    billing.assign("basic")
    billing.use("calls", 4, JANUARY)
    billing.mock.clock(now="2024-01-11T00:00:00Z")
    billing.assign("gold", startTimeInSeconds=JANUARY)
    assert billing.totals() == [("2024-01-01", 100, "open")]


def test_locked_time_is_not_billed_again(billing: Billing) -> None:
    """A plan that reaches back behind a locked invoice is billed from that invoice's end on."""
    billing.plan("gold", feeMap={"gold": {"cost": 100}})
    billing.assign("basic")
    billing.mock.clock(now="2024-02-11T00:00:00Z")
    billing.assign("gold", startTimeInSeconds=second("2024-01-15"))
    assert billing.totals() == [("2024-01-01", 10, "price_locked"), ("2024-02-01", 100, "open")]


def test_successor(billing: Billing) -> None:
    """Customers of a deprecated plan go on to its successor at the end of their running period."""
    billing.plan("gold", feeMap={"gold": {"cost": 100}})
    billing.assign("basic")
    billing.mock.clock(now="2024-02-11T00:00:00Z")
    billing.plan("basic", "calls", successorPlanId="gold", lockingStatus="deprecated")
    assert billing.totals()[-1][1:] == (0, "open")
    billing.mock.clock(now="2024-04-02T00:00:00Z")
    names = [(each["invoiceKey"]["month"], each["planName"]) for each in billing.invoices()]
    assert names == [(1, "Basic"), (2, "Basic"), (3, "Gold"), (4, "Gold")]


def test_one_time_fees(billing: Billing) -> None:
    """A one-time fee is on the first invoice of an assignment alone."""
    billing.plan("entry", feeMap={"entry": {"cost": 50, "isOneTimeFee": True}, "base": {"cost": 5}})
    billing.assign("entry")
    billing.mock.clock(now="2024-02-11T00:00:00Z")
    assert [total for _, total, _ in billing.totals()] == [55, 5]


def test_one_time_fees_of_a_plan_that_reaches_back(billing: Billing) -> None:
    """A plan that reaches back behind a locked invoice charges its one-time fee on the first invoice that it has."""
    billing.plan("gold", feeMap={"entry": {"cost": 50, "isOneTimeFee": True}})
    billing.assign("basic")
    billing.mock.clock(now="2024-02-11T00:00:00Z")
    billing.assign("gold", startTimeInSeconds=JANUARY)
    assert [total for _, total, _ in billing.totals()] == [10, 50]
    billing.mock.clock(now="2024-03-11T00:00:00Z")
    assert [total for _, total, _ in billing.totals()] == [10, 50, 0]


def test_a_past_that_is_set_up(billing: Billing) -> None:
    """Periods that had ended when the plan was assigned take events for a day more, and are locked in order."""
    billing.assign("basic", startTimeInSeconds=second("2023-11-01"))
    billing.use("calls", 4, second("2023-11-15"))
    assert billing.totals() == [
        ("2023-11-01", 12, "grace_period"),
        ("2023-12-01", 10, "grace_period"),
        ("2024-01-01", 10, "open"),
    ]
    billing.mock.clock(advance={"days": 1})
    assert [status for _, _, status in billing.totals()] == ["price_locked", "price_locked", "open"]


def test_a_clock_set_back(billing: Billing) -> None:
    """What was locked stays locked when the clock is set back."""
    billing.assign("basic")
    billing.mock.clock(now="2024-02-11T00:00:00Z")
    billing.mock.clock(now="2024-01-11T00:00:00Z")
    billing.use("calls", 4, JANUARY)
    assert billing.totals()[0] == ("2024-01-01", 10, "price_locked")


def test_strict_accounts_are_settled(billing: Billing) -> None:
    """What the clock brings about is never refused for something that was warned of."""
    billing.assign("nothing")
    billing.use("calls", 4, JANUARY)
    billing.mock.clock(now="2024-02-11T00:00:00Z")
    assert billing.totals() == [("2024-01-01", 4, "price_locked"), ("2024-02-01", 0, "open")]
