"""The live view of invoices: the same bills as the published one, found by key, by `latest`, or all of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

ONE, ALL = "/payments/billing/customer-product-invoice", "/payments/billing/customer-product-invoice/all"
PUBLISHED = "/payments-billing-customer-product-invoice"
NOON_S = NOON_MS // 1000
MAY_S, JUNE_S, JULY_S = 1_714_521_600, 1_717_200_000, 1_719_792_000
CUSTOMER = {"customerId": "ann", "customerName": "Ann"}
ANN = {"customerId": "ann"}
LATEST = {**ANN, "latest": "true"}
JUNE = {**ANN, "productPlanId": "basic", "year": 2024, "month": 6, "day": 1}
BASIC = {"customerId": "ann", "productPlanId": "basic"}
OLD_EVENT = event(meterTimeInMillis=(MAY_S + 864_000) * 1000, meterValue=3)

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "from a plan to invoices": [
        Step("createCustomer", body=CUSTOMER, clock={"frozen": True}),
        Step("getCustomerProductInvoice", query=LATEST, expect={}, clock={"now": NOON_MS}),
        Step("listCustomerProductInvoices", query=ANN, expect=[]),
        Step("assignCustomerProductPlan", body={**BASIC, "startTimeInSeconds": MAY_S + 432_000}),
        Step("ingestMeterEvents", body=[OLD_EVENT, event(meterValue=2), event(meterApiName="bytes", meterValue=0.5)]),
        Step(
            "listCustomerProductInvoices",
            query=ANN,
            expect=[
                {"invoiceKey": {"month": 6, "day": 1}, "totalBill": {"totalPrice": 2.5}, "invoicePriceStatus": "open"},
                {
                    "invoiceKey": {"month": 5, "day": 6},
                    "totalBill": {"totalPrice": 3},
                    "invoicePriceStatus": "grace_period",
                    "paymentStatus": "pre_payment",
                    "availablePrepaidLeft": ABSENT,
                },
            ],
            save={"uri": "0.invoiceUri", "day": "1.invoiceKey.day"},
        ),
        Step("getCustomerProductInvoice", query=LATEST, expect={"invoiceUri": "$uri", "totalBill": {"itemPrice": 2.5}}),
        Step("getCustomerProductInvoice", query={**JUNE, "productId": "1"}, expect={"invoiceUri": "$uri"}),
        Step("getCustomerProductInvoice", query={**JUNE, "month": 5, "day": "$day"}, expect={"invoiceKey": {"day": 6}}),
        Step("listInvoices", query=ANN, expect=[{"totalAmount": 3}, {"totalAmount": 2.5}]),
        Step("ingestMeterEvents", body=[event(uniqueId="more")]),
        Step("getCustomerProductInvoice", query=JUNE, expect={"totalBill": {"totalPrice": 3.5}}),
        Step("listCustomerProductInvoices", query=LATEST, expect=[{"totalBill": {"totalPrice": 3.5}}]),
        Step(
            "getCustomerProductInvoice",
            query=LATEST,
            expect={"invoiceKey": {"month": 7}},
            clock={"advance": {"days": 20}},
        ),
        Step("getCustomerProductInvoice", query=JUNE, expect={"invoicePriceStatus": "price_locked"}),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What was used under a plan is read by each reader of invoices, in either dialect."""
    run(mock, ROUND_TRIPS[name])


def assigned(account: Account, start_s: int = JUNE_S, **fields: Any) -> None:
    """Puts `ann` on the plan `basic`."""
    body = {**BASIC, "startTimeInSeconds": start_s, **fields}
    account.take(account.mock.post("/payments/pricing/amberflo/customer-pricing", json=body))


def invoice(account: Account, **query: Any) -> Any:
    """The open invoice of `ann`, or another one."""
    return account.take(account.mock.get(ONE, params=query or LATEST))


def posted(account: Account, path: str, **body: Any) -> Any:
    """The answer to a definition."""
    return account.take(account.mock.post(f"/payments/pricing/amberflo/account-pricing/{path}", json=body))


def test_an_invoice_has_the_live_shape(account: Account) -> None:
    """An invoice has its key and URI, its period, a line a meter with one variant, and a bill that adds up."""
    assigned(account)
    account.ingest(event(meterValue=2), event(meterApiName="bytes", meterValue=0.25))
    found = invoice(account)
    key = found["invoiceKey"]
    assert key == {"accountId": key["accountId"], "productId": "1", **JUNE}
    assert found["invoiceUri"] == (
        f"payments/invoices/account_id={key['accountId']}/customer_id=ann/product_id=1/product_plan_id=basic"
        "/year=2024/month=06/day=01"
    )
    assert (found["invoiceStartTimeInSeconds"], found["invoiceEndTimeInSeconds"]) == (JUNE_S, JULY_S)
    assert (found["planName"], found["gracePeriodInHours"]) == ("basic", 0)
    lines = found["productItemInvoices"]
    assert [(line["meterApiName"], line["totalBill"]["meterUnits"]) for line in lines] == [
        ("calls", 2),
        ("bytes", 0.25),
    ]
    [variant] = lines[0]["productItemVariants"]
    assert variant["itemDimensions"] == ANN
    assert variant["totalBill"] == {**lines[0]["totalBill"], "meteredUnitsPerTier": {"0": 2}}
    assert lines[0]["key"] == {**key, "productItemKey": "calls"}
    bill = found["totalBill"]
    assert bill["itemPrice"] == sum(line["totalBill"]["price"] for line in lines) == bill["totalPrice"] == 2.25
    assert bill["totalPriceBeforeDiscount"] - bill["totalDiscount"] == bill["totalPriceBeforePrepaid"]
    assert bill["totalPriceBeforePrepaid"] - bill["prepaid"] == bill["totalPrice"]
    assert found["invoiceBillInBaseCurrency"] == bill


def test_both_views_say_the_same(account: Account) -> None:
    """Periods and totals of the live view are those of the published one, in the opposite order."""
    assigned(account, MAY_S)
    account.ingest(OLD_EVENT, event(meterValue=0.005), event(meterApiName="bytes", meterValue=0.004))
    live = account.take(account.mock.get(ALL, params=ANN))
    published = account.take(account.mock.get(PUBLISHED, params=ANN))
    assert [
        (each["invoiceStartTimeInSeconds"], each["invoiceEndTimeInSeconds"], each["totalBill"]["totalPrice"])
        for each in reversed(live)
    ] == [(each["startTime"], each["endTime"], each["totalAmount"]) for each in published]
    assert published[-1]["totalAmount"] == 0.01


def test_definitions_give_the_names(account: Account) -> None:
    """A line is called as its product item, and the plan by its name."""
    define_basic(account)
    assigned(account)
    account.ingest(event())
    found = invoice(account)
    [line] = found["productItemInvoices"]
    assert (line["productItemId"], line["productItemName"], line["meterApiName"]) == ("item-1", "API calls", "calls")
    assert found["planName"] == line["productPlanName"] == "Basic"
    assert line["key"]["productItemKey"] == "item-1"
    assert line["totalBill"]["price"] == 0.25


def define_basic(account: Account, **fields: Any) -> None:
    """Defines the plan `basic`, which bills calls at a quarter each."""
    posted(account, "product-items", id="item-1", meterApiName="calls", productId="1", productItemName="API calls")
    tier = {"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 0.25}
    price = {"type": "PricePerUnitLeafNode", "tiers": [tier]}
    posted(account, "product-item-price", id="price-1", productItemId="item-1", price=price)
    period = {"interval": "calendar_month", "intervalsCount": 1}
    plan = {"id": "basic", "productId": "1", "productPlanName": "Basic", "billingPeriod": period}
    posted(account, "product-plans", **plan, productItemPriceIdsMap={"item-1": "price-1"}, **fields)


@pytest.mark.parametrize(
    ("now", "value", "price_status", "payment_status"),
    [
        ("2024-06-30T23:59:59Z", 1, "open", "pre_payment"),
        ("2024-07-01T00:00:00Z", 1, "grace_period", "pre_payment"),
        ("2024-07-02T11:59:59Z", 1, "grace_period", "pre_payment"),
        ("2024-07-02T12:00:00Z", 1, "price_locked", "pending"),
        ("2024-07-02T12:00:00Z", 0, "price_locked", "not_needed"),
    ],
)
def test_an_invoice_runs_its_course(
    account: Account, now: str, value: float, price_status: str, payment_status: str
) -> None:
    """An invoice is open, then in the grace period of the settings, then locked and to be paid, if it is anything."""
    posted(account, "settings", baseCurrency="EUR", gracePeriodInHours=36)
    assigned(account)
    account.ingest(event(meterValue=value))
    account.mock.clock(now=now)
    found = invoice(account, **JUNE)
    assert (found["invoicePriceStatus"], found["paymentStatus"]) == (price_status, payment_status)
    assert found["gracePeriodInHours"] == 36
    assert found["paymentCurrencyInfo"]["paymentCurrency"] == "EUR"
    assert account.take(account.mock.get(PUBLISHED, params=ANN))[0]["currency"] == "EUR"


def test_late_usage(account: Account) -> None:
    """An event that comes in the grace period is on the invoice; one that comes later is counted beside it."""
    define_basic(account)
    posted(account, "settings", gracePeriodInHours=2)
    assigned(account)
    account.mock.clock(now="2024-07-01T01:00:00Z")
    account.ingest(event(meterValue=4))
    assert invoice(account, **JUNE)["totalBill"]["totalPrice"] == 1
    account.mock.clock(now="2024-07-01T02:00:00Z")
    account.ingest(event(meterValue=8, uniqueId="late"))
    locked = invoice(account, **JUNE)
    assert (locked["totalBill"]["totalPrice"], locked["invoicePriceStatus"]) == (1, "price_locked")
    [variant] = locked["productItemInvoices"][0]["productItemVariants"]
    assert (variant["totalBill"]["meterUnits"], variant["lateArrivalMeters"]) == (4, 8)


def test_usage_that_is_late_altogether(account: Account) -> None:
    """A locked invoice without a line tells of late units on a line that costs nothing."""
    define_basic(account)
    assigned(account)
    account.mock.clock(now="2024-07-01T00:00:00Z")
    account.ingest(event(meterValue=8))
    locked = invoice(account, **JUNE)
    [line] = locked["productItemInvoices"]
    assert (line["totalBill"]["price"], line["productItemVariants"][0]["lateArrivalMeters"]) == (0, 8)
    assert locked["totalBill"]["totalPrice"] == 0


def test_a_locked_price_stays(account: Account) -> None:
    """What is defined after an invoice was locked changes nothing on it: neither its amounts nor its names."""
    define_basic(account)
    assigned(account)
    account.ingest(event(meterValue=4))
    account.mock.clock(now="2024-07-01T00:00:00Z")
    before = invoice(account, **JUNE)
    define_basic(account, planMinimumPayment=100)
    posted(account, "product-items", id="item-1", meterApiName="calls", productId="1", productItemName="Renamed")
    posted(account, "settings", baseCurrency="EUR", gracePeriodInHours=48)
    after = invoice(account, **JUNE)
    assert after["totalBill"]["totalPrice"] == 1
    assert {**after, "creditUnit": None} == {**before, "creditUnit": None}
    assert invoice(account)["totalBill"]["totalPrice"] == 100


def test_hours(account: Account) -> None:
    """On request a variant tells what each hour added to its bill; the hours add up to it."""
    define_basic(account)
    assigned(account)
    account.ingest(event(meterValue=4), event(meterValue=1, meterTimeInMillis=NOON_MS + 3_600_000))
    [variant] = invoice(account)["productItemInvoices"][0]["productItemVariants"]
    assert variant["hourlyBillInfos"] is None
    [variant] = invoice(account, **LATEST, withHourlyBills="true")["productItemInvoices"][0]["productItemVariants"]
    hours = [
        (each["startTimeInSeconds"], each["endTimeInSeconds"], each["meterUnits"], each["price"])
        for each in variant["hourlyBillInfos"]
    ]
    assert hours == [(NOON_S, NOON_S + 3600, 4, 1), (NOON_S + 3600, NOON_S + 7200, 1, 0.25)]


def test_the_payment_provider_need_not_be_asked(account: Account) -> None:
    """Without the provider the payment status is not known; `fromCache` changes nothing."""
    assigned(account)
    assert invoice(account, **LATEST, withPaymentStatus="False", fromCache="True")["paymentStatus"] == "unknown"


def test_the_open_invoice_tells_what_is_left(account: Account) -> None:
    """The open invoice tells what cards that were paid and run hold, and no other invoice does."""
    assigned(account, MAY_S)
    account.ingest(OLD_EVENT)
    order = {**ANN, "startTimeInSeconds": NOON_S}
    orders = [
        {"id": "a", "prepaidPrice": 0.1},
        {"id": "b", "prepaidPrice": 10, "originalWorth": 20.2},
        {"id": "c", "prepaidPrice": 100, "externalPayment": True},
        {"id": "d", "prepaidPrice": 100, "startTimeInSeconds": NOON_S + 1},
    ]
    for each in orders:
        account.take(account.mock.post("/payments/pricing/amberflo/customer-prepaid", json={**order, **each}))
    latest, former = account.take(account.mock.get(ALL, params=ANN))
    assert latest["availablePrepaidLeft"] == latest["availablePayAsYouGoMoney"] == 20.3
    assert latest["availablePrepaidLeftBaseCurrency"] == latest["availablePayAsYouGoMoneyInBaseCurrency"] == 20.3
    assert "availablePrepaidLeft" not in former


@pytest.mark.parametrize(
    ("missing", "details"),
    [(name, f"{name}: incomplete-key") for name in ("productPlanId", "year", "month", "day")]
    + [("customerId", "customerId: required")],
)
def test_a_key_must_be_whole(account: Account, missing: str, details: str) -> None:
    """Without `latest` an invoice is named by its plan and the day on which it starts; what is missing is named."""
    query = {name: value for name, value in JUNE.items() if name != missing}
    assert refused(account.mock.get(ONE, params=query)) == details


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"day": 2}, 404),
        ({"productPlanId": "pro"}, 404),
        ({"productId": "2"}, 404),
        ({"customerId": "bob"}, 404),
        ({"month": 2, "day": 31}, 404),
        ({"year": 10**30}, 404),
        ({"year": "-2024"}, 404),
        ({"month": 13}, 400),
        ({"day": 0}, 400),
        ({"year": "now"}, 400),
    ],
)
def test_a_key_names_one_invoice(account: Account, changes: Json, status: int) -> None:
    """A key that names nothing is 404; one that could never name a day is 400."""
    assigned(account)
    assert account.mock.get(ONE, params={**JUNE, **changes}).status_code == status


def test_unknown_customers(account: Account) -> None:
    """A customer that does not exist has no invoices, and lists leave a warning, a refusal in a strict account."""
    assert invoice(account, customerId="bob", latest="true") == {}
    assert account.take(account.mock.get(ALL, params={"customerId": "bob"})) == []
    assert account.mock.rules() == ["unknown-customer"] * 2
    account.mock.reset(strict=True)
    assert refused(account.mock.get(ALL, params={"customerId": "bob"})) == "customerId: unknown-customer"


def test_a_plan_that_ended_leaves_no_open_invoice(account: Account) -> None:
    """After the end of the last plan nothing is open; what was used under it stays invoiced, and no more."""
    assigned(account, MAY_S, endTimeInSeconds=NOON_S - 3600)
    account.ingest(OLD_EVENT, event(), event(meterTimeInMillis=NOON_MS - 7_200_000, meterValue=5))
    assert invoice(account) == {}
    totals = [each["totalBill"]["totalPrice"] for each in account.take(account.mock.get(ALL, params=ANN))]
    assert totals == [5, 3]


def test_reading_changes_nothing(account: Account) -> None:
    """Invoices are computed, never stored."""
    assigned(account)
    account.ingest(event())
    before = account.state()
    invoice(account)
    account.take(account.mock.get(ALL, params=ANN))
    assert account.state() == before
