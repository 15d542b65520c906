"""Tables of exchange rates: edited while open, activated when closed, deleted only while open."""

from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

PATH = "/payments/pricing/amberflo/account-pricing/currencies-exchange-rate"
TABLE: dict[str, Any] = {"id": "t", "productId": "1", "name": "Rates", "exchangeRateTable": {"EUR": 0.92, "YEN": 157}}
NOON_S = NOON_MS // 1000
LATER_MS = NOON_MS + 60_000

ROUND_TRIPS = {
    "table": [
        Step("listCurrencyExchangeRateTables", expect=[], clock={"frozen": True, "now": NOON_MS}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, status=404),
        Step("deleteCurrencyExchangeRateTable", query={"id": "t"}, status=404),
        Step(
            "createOrUpdateCurrencyExchangeRateTable",
            body={**TABLE, "activationTimeSeconds": 5, "lastUpdateTimeInMillis": 6},
            expect={
                **TABLE,
                "lockingStatus": "open",
                "activationTimeSeconds": None,
                "lastUpdateTimeInMillis": NOON_MS,
            },
        ),
        Step("createOrUpdateCurrencyExchangeRateTable", body={**TABLE, "id": "u", "productId": "2"}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, expect=TABLE),
        Step("listCurrencyExchangeRateTables", expect=[TABLE, {"id": "u"}]),
        Step("listCurrencyExchangeRateTables", query={"productId": "2"}, expect=[{"id": "u"}]),
        Step("createOrUpdateCurrencyExchangeRateTable", body={**TABLE, "exchangeRateTable": {}}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, expect={"exchangeRateTable": {}}),
        Step("deleteCurrencyExchangeRateTable", query={"id": "t"}, expect={"id": "t", "exchangeRateTable": {}}),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, status=404),
        Step("listCurrencyExchangeRateTables", expect=[{"id": "u"}]),
    ],
    "activation": [
        Step(
            "createOrUpdateCurrencyExchangeRateTable",
            body={**TABLE, "lockingStatus": "CLOSE_TO_CHANGES"},
            clock={"frozen": True, "now": NOON_MS},
            expect={"lockingStatus": "close_to_changes", "activationTimeSeconds": NOON_S},
        ),
        Step(
            "createOrUpdateCurrencyExchangeRateTable",
            body={**TABLE, "lockingStatus": "deprecated"},
            clock={"now": LATER_MS},
            expect={"activationTimeSeconds": NOON_S, "lastUpdateTimeInMillis": LATER_MS},
        ),
        Step("getCurrencyExchangeRateTable", query={"id": "t"}, expect={"activationTimeSeconds": NOON_S}),
        Step("listCurrencyExchangeRateTables", expect=[{"lockingStatus": "deprecated"}]),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A table is written, read, listed and deleted; the time of its activation is set once, by closing it."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize("status", ["close_to_deletions", "close_to_changes", "deprecated"])
def test_a_locked_table_stays(account: Account, status: str) -> None:
    """Only an open table is deleted; a deprecated one belongs to the history."""
    account.take(account.mock.post(PATH, json={**TABLE, "lockingStatus": status}))
    response = account.mock.delete(PATH, params={"id": "t"})
    assert refused(response) == "lockingStatus: locked"
    assert f"'lockingStatus' {status} prevents" in response.json()["errorMessage"]
    assert account.take(account.mock.get(PATH, params={"id": "t"}))["lockingStatus"] == status


def test_a_deletion_is_told(account: Account) -> None:
    """The account's log has the creation and the deletion."""
    account.take(account.mock.post(PATH, json=TABLE))
    account.take(account.mock.delete(PATH, params={"id": "t"}))
    noun = "currency exchange rate table"
    told = [(each["key"], each["verb"]) for each in account.stored("account-events") if each["noun"] == noun]
    assert told == [("t", "created"), ("t", "deleted")]


def test_writing_a_closed_table_again_changes_nothing(account: Account) -> None:
    """The same table, sent again, is no change; other rates are, and leave a warning."""
    closed = {**TABLE, "lockingStatus": "close_to_changes"}
    first = account.take(account.mock.post(PATH, json=closed))
    assert account.take(account.mock.post(PATH, json=closed)) == first
    assert account.mock.rules() == []
    account.take(account.mock.post(PATH, json={**closed, "exchangeRateTable": {"EUR": 1}}))
    assert account.mock.rules() == ["closed-to-changes"]


@pytest.mark.parametrize(("rate", "warned"), [(0.92, False), (0, True), (-1.5, True)])
def test_rates_are_above_nothing(account: Account, rate: float, *, warned: bool) -> None:
    """A rate that makes no money is kept with a warning; a strict account refuses it by its currency."""
    body = {**TABLE, "exchangeRateTable": {"USD": 1, "EUR": rate}}
    assert account.take(account.mock.post(PATH, json=body))["exchangeRateTable"]["EUR"] == rate
    assert account.mock.rules() == ["non-positive-rate"] * warned
    account.mock.reset(strict=True)
    response = account.mock.post(PATH, json=body)
    assert response.status_code == 200 or refused(response) == "exchangeRateTable.EUR: non-positive-rate"
    assert (response.status_code == 400) is warned


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"id": ""}, "id: minLength"),
        ({"name": 1}, "name: type"),
        ({"exchangeRateTable": {"EUR": "1"}}, "exchangeRateTable.EUR: type"),
        ({"lockingStatus": "locked"}, "lockingStatus: enum"),
    ],
)
def test_a_bad_table_is_refused(account: Account, changes: dict[str, Any], details: str) -> None:
    """What breaks the document is 400 and names its place."""
    assert refused(account.mock.post(PATH, json={**TABLE, **changes})) == details


SETTINGS = "/payments/pricing/amberflo/account-pricing/settings"
CLOSED = {**TABLE, "lockingStatus": "close_to_changes"}


def pay_in(account: Account, currency: str | None, fee: float = 100) -> None:
    """Puts `ann` on a plan with a monthly fee, to be paid in a currency."""
    traits = {} if currency is None else {"traits": {"paymentCurrency": currency}}
    account.take(account.mock.put("/customers", json={"customerId": "ann", "customerName": "ann", **traits}))
    plan = {
        "id": "plan",
        "productPlanName": "Plan",
        "billingPeriod": {"interval": "month", "intervalsCount": 1},
        "feeMap": {"f": {"id": "f", "name": "Fee", "cost": fee}},
    }
    account.take(account.mock.post("/payments/pricing/amberflo/account-pricing/product-plans", json=plan))
    assigned = {"customerId": "ann", "productPlanId": "plan"}
    account.take(account.mock.post("/payments/pricing/amberflo/customer-pricing", json=assigned))


def paid(account: Account) -> tuple[str, float, float, float]:
    """The running invoice of `ann`: its currency, the rate, what is due in it, and what is due in the base currency."""
    query = {"customerId": "ann", "latest": "true"}
    invoice = account.take(account.mock.get("/payments/billing/customer-product-invoice", params=query))
    info = invoice["paymentCurrencyInfo"]
    assert info["basePlanCurrency"] == "USD"
    base = invoice["invoiceBillInBaseCurrency"]["totalPrice"]
    return info["paymentCurrency"], info["exchangeRate"], invoice["totalBill"]["totalPrice"], base


@pytest.mark.parametrize(
    ("currency", "table", "expected"),
    [
        ("EUR", CLOSED, ("EUR", 0.92, 92, 100)),
        ("eur", CLOSED, ("EUR", 0.92, 92, 100)),
        ("EUR", {**CLOSED, "exchangeRateTable": {"eur": 0.33333}}, ("EUR", 0.33333, 33.33, 100)),
        ("YEN", CLOSED, ("YEN", 157, 15700, 100)),
        ("GBP", CLOSED, ("USD", 1, 100, 100)),
        ("USD", {**CLOSED, "exchangeRateTable": {"USD": 2}}, ("USD", 1, 100, 100)),
        (None, CLOSED, ("USD", 1, 100, 100)),
        ("EUR", TABLE, ("USD", 1, 100, 100)),
        ("EUR", {**TABLE, "lockingStatus": "deprecated"}, ("USD", 1, 100, 100)),
        ("EUR", {**CLOSED, "productId": "2"}, ("USD", 1, 100, 100)),
        ("EUR", {**CLOSED, "exchangeRateTable": {"EUR": -1}}, ("USD", 1, 100, 100)),
    ],
)
def test_a_customer_pays_in_its_currency(
    account: Account, currency: str | None, table: dict[str, Any], expected: tuple[str, float, float, float]
) -> None:
    """The closed table of the product has the rate; without one the invoice is in the base currency."""
    account.take(account.mock.post(PATH, json=table))
    pay_in(account, currency)
    assert paid(account) == expected


def test_the_table_that_was_closed_last_counts(account: Account) -> None:
    """A new table takes the place of the one before when it is activated, and gives it back when it is deprecated."""
    account.take(account.mock.post(PATH, json=CLOSED))
    pay_in(account, "EUR")
    account.mock.clock(advance={"hours": 1})
    newer = {**TABLE, "id": "newer", "exchangeRateTable": {"EUR": 0.5}}
    account.take(account.mock.post(PATH, json=newer))
    assert paid(account)[1] == 0.92
    account.take(account.mock.post(PATH, json={**newer, "lockingStatus": "close_to_changes"}))
    assert paid(account) == ("EUR", 0.5, 50, 100)
    account.take(account.mock.post(PATH, json={**newer, "lockingStatus": "deprecated"}))
    assert paid(account)[1] == 0.92


@pytest.mark.parametrize(
    ("unit", "price"),
    [
        ({"shortName": "c", "ratioToCurrency": 0.5, "active": True}, 200),
        ({"shortName": "c", "ratioToCurrency": 3}, 100 / 3),
        ({"shortName": "c", "ratioToCurrency": 0.5, "active": False}, None),
        ({"shortName": "c", "ratioToCurrency": 0, "active": True}, None),
        ({"shortName": "c", "ratioToCurrency": -1, "active": True}, None),
        (None, None),
    ],
)
def test_invoices_count_in_credits(account: Account, unit: dict[str, Any] | None, price: float | None) -> None:
    """An amount in credits is the amount in the base currency divided by what one credit is worth."""
    pay_in(account, None)
    account.take(account.mock.post(SETTINGS, json={"creditUnit": unit} if unit else {}))
    query = {"customerId": "ann", "latest": "true"}
    invoice = account.take(account.mock.get("/payments/billing/customer-product-invoice", params=query))
    counted = invoice.get("invoiceBillInCredits")
    assert (None if counted is None else counted["totalPrice"]) == price
