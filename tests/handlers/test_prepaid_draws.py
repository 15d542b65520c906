"""Prepaid cards pay invoices: what is drawn stands in the wallet and on the invoice alike, to the cent."""

from collections.abc import Mapping
from typing import Any

import pytest

from mockserver.engine.account import Policy
from mockserver.engine.call import Call
from mockserver.engine.store import MemoryStore
from mockserver.handlers.prepaid_cards import change_card
from mockserver.handlers.prepaid_draws import END, card_of, paying_cards
from mockserver.handlers.prepaid_orders import place_order
from specs import catalog
from tests.handlers.portals import portal_of
from tests.handlers.steps import DAY_MS, NOON_MS, Account, Json, event, refused

ORDERS = "/payments/pricing/amberflo/customer-prepaid"
PUBLISHED_ORDERS = "/payments-pricing-amberflo-customer-prepaid"
PLANS = "/payments/pricing/amberflo/customer-pricing"
WALLET = "/payments/billing/customer-prepaid-wallet"
INVOICES = "/payments/billing/customer-product-invoice"
PAYMENT = "/payments/external/prepaid-payment-status"
PRICING = "/payments/pricing/amberflo/account-pricing"
BY_MONTH = {"interval": "calendar_month", "intervalsCount": 1}
EU, US = {"region": "eu"}, {"region": "us"}
ANN = {"customerId": "ann"}
DAY_S = 86_400
NOON_S = NOON_MS // 1000
JUNE_S, JULY_S = 1_717_200_000, 1_719_792_000
"""2024-06-01 and 2024-07-01; noon is that of 2024-06-12."""


BY_UNIT = {"type": "PricePerUnitLeafNode", "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 1}]}
BY_REGION = {
    "type": "DimensionMatrixNode",
    "dimensionKeys": ["region"],
    "dimensionsPrices": [{"dimensionValues": [region], "leafNode": BY_UNIT} for region in ("eu", "us")],
}
PRICES = {"calls": BY_UNIT, "bytes": BY_REGION}


@pytest.fixture(autouse=True)
def _billed(account: Account) -> None:
    """From the first of June on `ann` pays 1 for each unit of `calls` and, by region, of `bytes`, month by month."""
    account.define("bytes")
    for name, price in PRICES.items():
        item = {"id": name, "meterApiName": name, "productId": "1", "productItemName": name}
        account.take(account.mock.post(f"{PRICING}/product-items", json=item))
        priced = {"id": f"price-{name}", "productItemId": name, "price": price}
        account.take(account.mock.post(f"{PRICING}/product-item-price", json=priced))
    plan = {"id": "plan", "productId": "1", "productPlanName": "Plan", "billingPeriod": BY_MONTH}
    prices = {name: f"price-{name}" for name in PRICES}
    account.take(account.mock.post(f"{PRICING}/product-plans", json={**plan, "productItemPriceIdsMap": prices}))
    account.take(account.mock.post(PLANS, json={**ANN, "productPlanId": "plan", "startTimeInSeconds": JUNE_S}))


def bought(account: Account, order_id: str, worth: float, **fields: Any) -> str:
    """The first card of an order from the first of June on."""
    body = {**ANN, "id": order_id, "startTimeInSeconds": JUNE_S, "prepaidPrice": worth, **fields}
    uri: str = account.take(account.mock.post(ORDERS, json=body))["firstInvoiceUri"]
    return uri


def used(account: Account, units: float, at_s: int = NOON_S, **fields: Any) -> None:
    """Uses units at some moment."""
    account.ingest(event(meterValue=units, meterTimeInMillis=at_s * 1000, **fields))


def cards(account: Account) -> list[Json]:
    """The cards of `ann`, after it was seen that each adds up."""
    found: list[Json] = account.take(account.mock.get(WALLET, params=ANN))["prepaidCards"]
    for card in found:
        assert card["usedAmount"] == pytest.approx(sum(each["amount"] for each in card["productInvoices"]), abs=1e-9)
        assert card["usedAmount"] + card["amountLeft"] == pytest.approx(card["worth"], abs=1e-9)
        assert card["amountLeft"] >= 0
    return found


def amounts(account: Account) -> list[tuple[float, float]]:
    """What was used of each card, and what is left."""
    return [(card["usedAmount"], card["amountLeft"]) for card in cards(account)]


def invoices(account: Account) -> list[Json]:
    """The invoices, oldest first, after it was seen that the cards paid what they say was paid by cards."""
    found: list[Json] = account.take(account.mock.get(f"{INVOICES}/all", params=ANN))[::-1]
    drawn: dict[str, float] = {}
    for card in cards(account):
        for each in card["productInvoices"]:
            drawn[each["invoiceUri"]] = drawn.get(each["invoiceUri"], 0) + each["amount"]
    for invoice in found:
        bill = invoice["totalBill"]
        assert bill["prepaid"] == pytest.approx(drawn.pop(invoice["invoiceUri"], 0), abs=1e-9)
        assert bill["totalPrice"] == pytest.approx(bill["totalPriceBeforePrepaid"] - bill["prepaid"], abs=1e-9)
    assert drawn == {}
    return found


def totals(account: Account) -> list[tuple[float, float]]:
    """What cards paid of each invoice, and what is still due."""
    return [(each["totalBill"]["prepaid"], each["totalBill"]["totalPrice"]) for each in invoices(account)]


def changed(account: Account, what: str, uri: str, **fields: Any) -> Any:
    """The answer to a change of a card."""
    return account.take(account.mock.post(f"{ORDERS}/{what}", json={**ANN, "prepaidUri": uri, **fields}))


def test_a_running_invoice_draws(account: Account) -> None:
    """Usage is paid as it comes, until the card is empty; the rest is due."""
    bought(account, "one", 10)
    assert (amounts(account), totals(account)) == ([(0, 10)], [(0, 0)])
    used(account, 4)
    assert (amounts(account), totals(account)) == ([(4, 6)], [(4, 0)])
    used(account, 9.5)
    assert (amounts(account), totals(account)) == ([(10, 0)], [(10, 3.5)])


def test_a_card_names_its_invoices(account: Account) -> None:
    """A card says what each invoice drew of it, oldest first; a locked invoice draws no more."""
    bought(account, "one", 100)
    used(account, 30)
    account.mock.clock(now=(JULY_S + DAY_S) * 1000)
    used(account, 20, JULY_S + 60)
    used(account, 5, JUNE_S + 60)
    (card,) = cards(account)
    june, july = (invoice["invoiceUri"] for invoice in invoices(account))
    assert card["productInvoices"] == [{"invoiceUri": june, "amount": 30}, {"invoiceUri": july, "amount": 20}]
    assert totals(account) == [(30, 0), (20, 0)]


def test_what_is_left_is_what_the_invoice_says(account: Account) -> None:
    """The open invoice tells what can still be spent of cards."""
    bought(account, "one", 10)
    bought(account, "later", 10, startTimeInSeconds=NOON_S + DAY_S)
    used(account, 4)
    (invoice,) = invoices(account)
    assert invoice["availablePrepaidLeft"] == 6


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"prepaidPriority": "HIGHEST_PRIORITY"}, {}),
        ({}, {"prepaidPriority": "lowest_priority"}),
        ({"customPriority": 1.5}, {"customPriority": 2}),
        ({"customPriority": 7}, {}),
        ({"prepaidConditions": {"productItemIds": ["calls"]}}, {}),
        ({"startTimeInSeconds": JUNE_S - 1}, {}),
        ({"recurrenceFrequency": {"interval": "month", "intervalsCount": 1}}, {}),
    ],
)
def test_the_order_of_draws(account: Account, first: Json, second: Json) -> None:
    """Priority, custom priority, condition, expiry and start decide who pays first, not who was bought first."""
    bought(account, "second", 10, label="second", **second)
    bought(account, "first", 10, label="first", **first)
    used(account, 13)
    assert {card["label"]: card["usedAmount"] for card in cards(account)} == {"first": 10, "second": 3}


def test_of_equal_cards_the_earlier_order_pays(account: Account) -> None:
    """Where nothing else decides, the order that was made first does, ended or not."""
    bought(account, "a", 10, label="a")
    bought(account, "b", 10, label="b")
    account.take(account.mock.delete(ORDERS, params={"Id": "b", "CustomerId": "ann"}))
    used(account, 13)
    assert {card["label"]: card["usedAmount"] for card in cards(account)} == {"a": 10, "b": 3}


CONDITIONS: Mapping[str, tuple[Any, float, list[str]]] = {
    "none": (None, 14, []),
    "an item": ({"productItemIds": ["calls"]}, 7, []),
    "items": ({"productItemIds": ["calls", "bytes"]}, 14, []),
    "an item that there is not": ({"productItemIds": ["x", "bytes"]}, 7, ["unknown-product-item"]),
    "a dimension": ({"dimensions": {"region": ["eu"]}}, 4, []),
    "values of a dimension": ({"dimensions": {"region": ["eu", "us", "asia"]}}, 7, []),
    "an item in a dimension": ({"productItemIds": ["bytes"], "dimensions": {"region": ["us"]}}, 3, []),
    "an item without the dimension": ({"productItemIds": ["calls"], "dimensions": {"region": ["us"]}}, 0, []),
    "any one of several": ([{"productItemIds": ["calls"]}, {"dimensions": {"region": ["us"]}}], 10, []),
    "a list of none": ([], 14, []),
    "an empty condition": ({}, 14, []),
    "an empty list of items": ({"productItemIds": []}, 14, []),
    "one of which restricts nothing": ([{"productItemIds": ["bytes"]}, {}], 14, []),
    "an unknown field": ({"items": ["calls"]}, 14, ["unread-condition"]),
    "a known field of another form": ({"productItemIds": "calls"}, 14, ["unread-condition"]),
    "a dimension of another form": ({"dimensions": {"region": "eu"}}, 14, ["unread-condition"]),
    "an unknown field beside a known one": ({"productItemIds": ["bytes"], "x": 1}, 7, ["unread-condition"]),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_what_a_card_may_pay(account: Account, name: str) -> None:
    """A card pays the items and dimensions of its conditions; what is not read restricts nothing and is warned of."""
    conditions, expected, rules = CONDITIONS[name]
    bought(account, "one", 100, prepaidConditions=conditions)
    assert account.mock.rules() == rules
    used(account, 7)
    used(account, 4, meterApiName="bytes", dimensions=EU)
    used(account, 3, meterApiName="bytes", dimensions=US)
    assert amounts(account) == [(expected, 100 - expected)]
    assert totals(account) == [(expected, 14 - expected)]


def test_a_condition_is_changed(account: Account) -> None:
    """What is not locked is paid anew by the conditions that a card has now, and they are warned of too."""
    uri = bought(account, "one", 100)
    used(account, 7)
    used(account, 4, meterApiName="bytes", dimensions=EU)
    changed(account, "condition", uri, prepaidConditions=[{"productItemIds": ["bytes"], "y": 2}])
    assert account.mock.rules() == ["unread-condition"]
    assert amounts(account) == [(4, 96)]
    changed(account, "condition", uri)
    assert amounts(account) == [(11, 89)]


def test_a_card_pays_what_has_accrued_by_its_end(account: Account) -> None:
    """Usage before a card's end is paid by it, later usage by the next one; what is left of it has expired."""
    uri = bought(account, "one", 10)
    changed(account, "extend", uri, newEndTimeInSeconds=NOON_S + DAY_S)
    bought(account, "two", 10)
    used(account, 4, NOON_S)
    account.mock.clock(now=NOON_MS + 2 * DAY_MS)
    used(account, 3, NOON_S + DAY_S)
    used(account, 1, NOON_S + DAY_S - 1)
    assert amounts(account) == [(5, 5), (3, 7)]
    with portal_of(account.mock) as ann:
        (ledger,) = account.take(ann.get("/customer-portal/credits-ledger"))
    assert (ledger["totalAmount"], ledger["consumedAmount"]) == (20, 8)
    assert (ledger["expiredAmount"], ledger["availableAmount"]) == (5, 7)


def test_the_ledger_names_invoices(account: Account) -> None:
    """What was consumed of a card is told invoice by invoice, with the balance after it."""
    bought(account, "one", 100)
    used(account, 30)
    account.mock.clock(now=(JULY_S + DAY_S) * 1000)
    used(account, 20, JULY_S + 60)
    with portal_of(account.mock) as ann:
        (ledger,) = account.take(ann.get("/customer-portal/credits-ledger"))
    told = [
        (each.get("invoiceUrl"), each["transactionAmount"], each["balanceAfterTransaction"])
        for each in ledger["currentEntries"]
    ]
    june, july = (invoice["invoiceUri"] for invoice in invoices(account))
    assert told == [(None, 100, 100), (june, -30, 70), (july, -20, 50)]


def test_an_extended_card_pays_what_is_not_locked(account: Account) -> None:
    """A card that lasts longer, or begins earlier, pays the running invoice anew; a locked one stays as it was."""
    uri = bought(account, "one", 100)
    changed(account, "extend", uri, newEndTimeInSeconds=NOON_S + 3600)
    account.mock.clock(now=NOON_MS + DAY_MS)
    used(account, 8, NOON_S + 7200)
    assert totals(account) == [(0, 8)]
    second = bought(account, "two", 50, startTimeInSeconds=JULY_S + DAY_S)
    account.mock.clock(now=(JULY_S + DAY_S) * 1000)
    changed(account, "start-time", second, newStartTimeInSeconds=JUNE_S)
    used(account, 5, JULY_S + 60)
    assert totals(account) == [(0, 8), (5, 0)]


def test_a_recurring_order_pays_month_by_month(account: Account) -> None:
    """Each cycle's card pays its own month; what is left of one is not carried over."""
    bought(account, "one", 10, recurrenceFrequency={"interval": "month", "intervalsCount": 1})
    used(account, 4)
    account.mock.clock(now=(JULY_S + DAY_S) * 1000)
    used(account, 12, JULY_S + 60)
    assert amounts(account) == [(4, 6), (10, 0)]
    assert totals(account) == [(4, 0), (10, 2)]


def test_a_card_pays_once_it_is_paid(account: Account) -> None:
    """A card that is paid elsewhere pays nothing until its settlement is told, and then what is unpaid."""
    uri = bought(account, "one", 10, externalPayment=True)
    used(account, 4)
    assert totals(account) == [(0, 4)]
    told = {"prepaidUri": uri, "paymentStatus": "settled", "systemName": "bank", "paymentId": "p"}
    account.take(account.mock.post(PAYMENT, json=told))
    assert totals(account) == [(4, 0)]


def test_a_split_keeps_what_was_drawn(account: Account) -> None:
    """Parts add up to what is left; the card keeps what was drawn of it, and the invoice does not change."""
    uri = bought(account, "one", 10)
    used(account, 4)
    before = totals(account)
    parts = [{"id": "a", "prepaidPrice": 2}, {"id": "b", "prepaidPrice": 4}]
    answered = changed(account, "split", uri, customerPrepaidOrders=parts)
    assert [(card["worth"], card["usedAmount"]) for card in answered] == [(2, 0), (4, 0)]
    assert [(card["prepaidUri"] == uri, card["worth"]) for card in cards(account)] == [
        (True, 4),
        (False, 2),
        (False, 4),
    ]
    assert (amounts(account), totals(account)) == ([(4, 0), (0, 2), (0, 4)], before)
    used(account, 5)
    assert (amounts(account), totals(account)) == ([(4, 0), (2, 0), (3, 1)], [(9, 0)])
    account.mock.clock(now=(JULY_S + DAY_S) * 1000)
    assert (amounts(account), totals(account)) == ([(4, 0), (2, 0), (3, 1)], [(9, 0), (0, 0)])


@pytest.mark.parametrize("prices", [[10], [2, 4.01], [2, 3.99], [6, 4]])
def test_parts_of_more_than_is_left_are_refused(account: Account, prices: list[float]) -> None:
    """Parts that are worth together what the card was worth, or anything but what is left, are 400."""
    uri = bought(account, "one", 10)
    used(account, 4)
    before = account.state(), cards(account)
    orders = [{"id": f"part-{place}", "prepaidPrice": price} for place, price in enumerate(prices)]
    body = {**ANN, "prepaidUri": uri, "customerPrepaidOrders": orders}
    assert refused(account.mock.post(f"{ORDERS}/split", json=body)) == "customerPrepaidOrders: unequal-split"
    assert (account.state(), cards(account)) == before


def test_a_smaller_order_does_not_undo_what_is_locked(account: Account) -> None:
    """A card is worth at least what locked invoices drew of it, and what runs is paid anew."""
    bought(account, "one", 100)
    used(account, 30)
    account.mock.clock(now=(JULY_S + DAY_S) * 1000)
    used(account, 20, JULY_S + 60)
    bought(account, "one", 10)
    assert (amounts(account), totals(account)) == ([(30, 0)], [(30, 0), (0, 20)])


def test_credits_are_counted(account: Account) -> None:
    """In an account with a credit unit a card's amounts are told in credits too."""
    unit = {"creditUnit": {"shortName": "CR", "ratioToCurrency": 0.5, "active": True}}
    account.take(account.mock.post(f"{PRICING}/settings", json=unit))
    bought(account, "one", 10)
    used(account, 4)
    (card,) = cards(account)
    names = ("price", "worth", "amountLeft", "usedAmount")
    assert [card[f"{name}InCredits"] for name in names] == [20, 20, 12, 8]


@pytest.mark.parametrize(
    ("fields", "rules", "prepaid"),
    [
        ({}, [], 4),
        ({"currency": "USD"}, [], 4),
        ({"currency": "EUR"}, ["foreign-currency"], 0),
        ({"expirationTime": NOON_MS}, ["reversed-range"], 0),
        ({"expirationTime": NOON_MS + 1000}, [], 4),
    ],
)
def test_published_orders_pay_too(account: Account, fields: Json, rules: list[str], prepaid: float) -> None:
    """Credit of the published form pays in the account's currency, until it expires; what cannot pay is warned of."""
    account.take(account.mock.post(PUBLISHED_ORDERS, json={**ANN, "amount": 10, **fields}))
    assert account.mock.rules() == rules
    used(account, 4)
    assert totals(account) == [(prepaid, 4 - prepaid)]


def test_products_are_paid_by_their_own_cards(account: Account) -> None:
    """A card of another product pays nothing of this one."""
    bought(account, "one", 10, productId="2")
    used(account, 4)
    assert totals(account) == [(0, 4)]


def test_the_wallet_adds_up_at_every_instant(account: Account) -> None:
    """Day by day, cards and invoices say the same, each card adds up, and nothing that was paid is taken back."""
    bought(account, "monthly", 5, recurrenceFrequency={"interval": "month", "intervalsCount": 1})
    bought(account, "general", 12, startTimeInSeconds=NOON_S + DAY_S)
    bought(account, "bytes", 6, prepaidConditions={"productItemIds": ["bytes"]}, prepaidPriority="HIGHEST_PRIORITY")
    paid = 0.0
    for day in range(0, 42, 3):
        account.mock.clock(now=NOON_MS + day * DAY_MS)
        used(account, 1.25, NOON_S + day * DAY_S - 60)
        used(account, 0.8, NOON_S + day * DAY_S - 60, meterApiName="bytes", dimensions=EU)
        drawn = sum(prepaid for prepaid, _ in totals(account))
        assert drawn >= paid
        paid = drawn
    assert totals(account) == [(14.35, 0), (13.65, 0.7)]
    assert amounts(account) == [(5, 0), (6, 0), (12, 0), (5, 0)]


@pytest.mark.parametrize(
    ("since_days", "left"), [(None, [1, 2, 3, 4, 5, 6]), (-1, [1, 2, 3, 4, 5, 6]), (3, [2, 4, 5, 6]), (99, [2, 6])]
)
def test_cards_that_are_over_are_passed_over(since_days: int | None, left: list[int]) -> None:
    """Of a recurring order the cards that had ended by a moment may be left out, but for those that last longer now."""
    operation = catalog.document("amberflo").operation("createCustomerPrepaidOrder")
    now_ms = (JUNE_S + 5 * DAY_S) * 1000
    call = Call(operation, {}, {}, None, live_form=False, now_ms=now_ms, store=MemoryStore(), policy=Policy())
    daily = {"interval": "day", "intervalsCount": 1}
    body = {**ANN, "id": "one", "startTimeInSeconds": JUNE_S, "prepaidPrice": 1, "recurrenceFrequency": daily}
    order = place_order(call, body)
    change_card(call, card_of(call, order, 2), **{END: (JULY_S + 365 * DAY_S) * 1000})
    since_s = None if since_days is None else JUNE_S + since_days * DAY_S
    found = paying_cards(call, "ann", "1", since_s)
    assert [int(card.uri.rpartition("=")[2]) for card in found] == left
