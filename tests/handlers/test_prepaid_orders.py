"""Prepaid orders: bought in either dialect, once or each cycle, kept exactly."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

ORDERS = "/payments-pricing-amberflo-customer-prepaid"
LIVE = "/payments/pricing/amberflo/customer-prepaid"
WALLET = "/payments/billing/customer-prepaid-wallet"
NOON_S, DAY_S = NOON_MS // 1000, 86_400
NO_END_MS = 253_402_300_799_999
CUSTOMER = {"customerId": "ann", "customerName": "Ann"}
ANN = {"customerId": "ann"}
OF_ANN = {"CustomerId": "ann"}
ONE = {"Id": "one", "CustomerId": "ann"}
ORDER = {"id": "one", "customerId": "ann", "startTimeInSeconds": NOON_S, "prepaidPrice": 100}
MONTHLY = {"interval": "MONTH", "intervalsCount": 1}

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "an order by price": [
        Step("createCustomer", body=CUSTOMER, clock={"frozen": True, "now": NOON_MS}),
        Step("getPrepaidOrder", query=ONE, status=404),
        Step(
            "createCustomerPrepaidOrder",
            body={**ORDER, "label": "hundred", "mine": [1]},
            expect={**ORDER, "label": "hundred", "mine": [1], "originalWorth": 100, "paymentStatus": "settled"},
            save={"uri": "firstInvoiceUri", "relation": "relationId"},
        ),
        Step("getPrepaidOrder", query=ONE, expect={**ORDER, "firstInvoiceUri": "$uri", "recurrenceFrequency": None}),
        Step("listOpenPrepaidOrders", query=OF_ANN, expect=[{**ORDER, "label": "hundred"}]),
        Step(
            "getPrepaidWallet",
            query=ANN,
            expect={
                "key": {**ANN, "productId": "1"},
                "prepaidCards": [{"prepaidUri": "$uri", "cardType": "one_time", "worth": 100, "amountLeft": 100}],
            },
        ),
        Step("createCustomerPrepaidOrder", body={**ORDER, "prepaidPrice": 50}, expect={"relationId": "$relation"}),
        Step("getPrepaidOrder", query=ONE, expect={"prepaidPrice": 50, "originalWorth": 50, "label": ABSENT}),
        Step("getPrepaidWallet", query=ANN, expect={"prepaidCards": [{"prepaidUri": "$uri", "worth": 50}]}),
        Step("deletePrepaidOrder", query=ONE, expect={**ORDER, "prepaidPrice": 50}),
        Step("deletePrepaidOrder", query=ONE, status=404),
        Step("getPrepaidOrder", query=ONE, status=404),
        Step("listOpenPrepaidOrders", query=OF_ANN, expect=[]),
        Step("getPrepaidWallet", query=ANN, expect={"prepaidCards": [{"prepaidUri": "$uri", "worth": 50}]}),
    ],
    "an order by usage": [
        Step(
            "createPrepaidOrderByUsage",
            body={**ANN, "id": "one", "startTimeInSeconds": 1, "prepaidUsage": {"calls": 1000, "bytes": 0.5}},
            expect={"prepaidPrice": 1000.5, "originalWorth": 1000.5, "prepaidUsage": {"calls": 1000, "bytes": 0.5}},
        ),
        Step("getPrepaidOrder", query=ONE, expect={"type": "by_usage", "prepaidPrice": 1000.5}),
        Step("getPrepaidWallet", query=ANN, expect={"prepaidCards": [{"price": 1000.5, "worth": 1000.5}]}),
    ],
    "an order of the published form": [
        Step(
            "createPrepaidOrder",
            body={**ANN, "amount": 7.5, "currency": "EUR", "expirationTime": NOON_MS + 1500},
            expect={"amount": 7.5},
            save={"id": "orderId"},
            clock={"frozen": True, "now": NOON_MS},
        ),
        Step(
            "getPrepaidOrder",
            query={"id": "$id", "customerid": "ann"},
            expect={
                "id": "$id",
                "prepaidPrice": 7.5,
                "originalCurrency": "EUR",
                "startTimeInSeconds": NOON_S,
                "endTimeInSeconds": NOON_S + 1,
                "type": "by_price",
                "recurrenceFrequency": None,
            },
        ),
        Step("listOpenPrepaidOrders", query={**OF_ANN, "ProductId": "1"}, expect=[{"id": "$id"}]),
        Step(
            "getPrepaidWallet",
            query=ANN,
            expect={"prepaidCards": [{"worth": 7.5, "expirationTimeInMillis": NOON_MS + 1500}]},
        ),
        Step("listOpenPrepaidOrders", query=OF_ANN, expect=[], clock={"now": NOON_MS + 1500}),
        Step("deletePrepaidOrder", query={**OF_ANN, "Id": "$id"}, expect={"id": "$id"}),
        Step("getPrepaidOrder", query={**OF_ANN, "Id": "$id"}, status=404),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """An order is read back by its key, in the list and as a card, changed, and gone once it was deleted."""
    run(mock, ROUND_TRIPS[name])


def ordered(account: Account, **fields: Any) -> Any:
    """The answered order of the published form."""
    return account.take(account.mock.post(ORDERS, json={"customerId": "ann", "amount": 500.0, **fields}))


def bought(account: Account, path: str = LIVE, **fields: Any) -> Any:
    """The answered order of the live form."""
    return account.take(account.mock.post(path, json={**ORDER, **fields}))


def cards(account: Account, **query: Any) -> Any:
    """The cards of `ann`."""
    return account.take(account.mock.get(WALLET, params={**ANN, **query}))["prepaidCards"]


def ms(text: str) -> int:
    """Unix milliseconds of a UTC day."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({}, {"currency": "USD"}),
        ({"currency": "EUR"}, {"currency": "EUR"}),
        ({"expirationTime": 1_749_686_400_000}, {"currency": "USD", "expirationTime": 1_749_686_400_000}),
        ({"orderId": "mine", "createTime": 1, "nonsense": True}, {"currency": "USD"}),
    ],
    ids=["minimal", "currency", "expiration", "server-owned-and-unknown"],
)
def test_an_order_is_answered_whole(account: Account, sent: dict[str, Any], answered: dict[str, Any]) -> None:
    """An order has an id and the clock's time; currency is USD unless another one is named."""
    order = ordered(account, **sent)
    order_id = order.pop("orderId")
    assert order_id.startswith("order-")
    assert order == {"customerId": "ann", "amount": 500, "createTime": NOON_MS, **answered}


@pytest.mark.parametrize("amount", [0.1, 1e-300, 1.7976931348623157e308, 3, -2.5, 10**20, 10**400])
def test_any_amount_comes_back_as_it_was(account: Account, amount: float) -> None:
    """No amount is rounded, neither small ones nor whole ones beyond the doubles, in either form."""
    assert ordered(account, amount=amount)["amount"] == amount
    order = bought(account, prepaidPrice=amount, originalWorth=amount)
    assert order["prepaidPrice"] == order["originalWorth"] == amount
    assert [card["worth"] for card in cards(account)] == ([amount] * 2 if amount > 0 else [])


def test_orders_are_kept_apart(account: Account) -> None:
    """Two equal orders are two purchases, each stored under its own id as it was answered."""
    orders = [ordered(account), ordered(account)]
    assert orders[0]["orderId"] != orders[1]["orderId"]
    assert account.state()["collections"]["prepaid-orders"] == 2


def test_a_live_order_is_answered_whole(account: Account) -> None:
    """An order has the server's times, ids and payment; a card that names no end expires with the year 9999."""
    order = bought(account, prepaidPriority="highest_priority", prepaidConditions=[{"productItemId": "calls"}])
    assert order.pop("relationId").startswith("prepaid-")
    assert order.pop("firstInvoiceUri").endswith("/cycle=1")
    assert order == {
        **ORDER,
        "productId": "1",
        "endTimeInSeconds": None,
        "firstCardEndTimeSeconds": NO_END_MS // 1000,
        "prepaidOfferVersion": -1,
        "originalWorth": 100,
        "originalCurrency": "USD",
        "recurrenceFrequency": None,
        "externalPayment": False,
        "prepaidConditions": [{"productItemId": "calls"}],
        "prepaidPriority": "HIGHEST_PRIORITY",
        "startAtMidCycle": False,
        "realTimePricing": False,
        "paymentStatus": "settled",
        "paymentId": None,
        "prepaidPaymentTimeInSeconds": None,
        "createdTimeInSeconds": NOON_S,
        "modifiedTimeInSeconds": NOON_S,
        "type": "by_price",
        "actualPrepaidChargePrice": 100,
    }


def test_what_the_server_writes_is_not_taken_from_the_body(account: Account) -> None:
    """Fields of the answer that a caller does not write are dropped, however wrong their type."""
    for name in ("paymentStatus", "firstInvoiceUri", "relationId", "type", "startTimeInMillis", "senderPrepaidUri"):
        written: Json = {name: ["x"]}
        order = bought(account, **written)
        assert order.get(name) != ["x"]
    assert cards(account)[0]["startTimeInMillis"] == NOON_MS


def test_a_repeat_keeps_what_it_is(account: Account) -> None:
    """The same id once more is the same order with another content: its number and its creation stay."""
    first = bought(account)
    account.mock.clock(now=NOON_MS + 5000)
    again = bought(account, prepaidPrice=7)
    kept = ("relationId", "createdTimeInSeconds", "firstInvoiceUri")
    assert [again[name] for name in kept] == [first[name] for name in kept]
    assert again["modifiedTimeInSeconds"] == NOON_S + 5
    assert account.state()["collections"]["prepaid-orders"] == 1


def test_an_id_is_the_customers_own(account: Account) -> None:
    """Two customers may have orders of one id; neither sees the other's."""
    account.register("bob")
    bought(account)
    bought(account, customerId="bob", prepaidPrice=3)
    assert [card["price"] for card in cards(account)] == [100]
    found = account.take(account.mock.get(LIVE, params={"Id": "one", "CustomerId": "bob"}))
    assert found["prepaidPrice"] == 3
    account.take(account.mock.delete(LIVE, params={"Id": "one", "CustomerId": "bob"}))
    assert account.mock.get(LIVE, params=ONE).status_code == 200


def test_products_are_apart(account: Account) -> None:
    """An order of another product is in that product's list and wallet alone."""
    bought(account, productId="2")
    lists = [
        account.take(account.mock.get(f"{LIVE}/list", params={**OF_ANN, **query})) for query in ({}, {"ProductId": "2"})
    ]
    assert [[each["id"] for each in found] for found in lists] == [[], ["one"]]
    assert (cards(account), len(cards(account, productId="2"))) == ([], 1)


def test_a_recurring_order_buys_a_card_each_cycle(account: Account) -> None:
    """A card is there for the first cycle and for each one that has begun, without a gap, on the same day a month."""
    start_ms = ms("2024-05-31")
    order = bought(
        account, startTimeInSeconds=start_ms // 1000, recurrenceFrequency=MONTHLY, originalWorth=120, label="monthly"
    )
    assert order["recurrenceFrequency"] == {"interval": "month", "intervalsCount": 1}
    assert (order["endTimeInSeconds"], order["firstCardEndTimeSeconds"]) == (None, ms("2024-06-30") // 1000)
    assert len(cards(account)) == 1
    account.mock.clock(now=ms("2024-08-01"))
    found = cards(account)
    starts = [ms(day) for day in ("2024-05-31", "2024-06-30", "2024-07-31")]
    assert [card["startTimeInMillis"] for card in found] == starts
    assert [card["expirationTimeInMillis"] for card in found] == [*starts[1:], ms("2024-08-31")]
    assert {(card["cardType"], card["price"], card["worth"], card["paymentStatus"]) for card in found} == {
        ("recurrence", 100, 120, "settled")
    }
    assert len({card["prepaidUri"] for card in found}) == 3
    assert {card["sourceUri"] for card in found} == {found[0]["prepaidUri"].removesuffix("/cycle=1")}
    assert [each["id"] for each in account.take(account.mock.get(f"{LIVE}/list", params=OF_ANN))] == ["one"]


def test_a_deleted_order_buys_no_more(account: Account) -> None:
    """After a delete no cycle begins; what was paid stays, what waits for its payment goes, for good."""
    daily: Json = {"recurrenceFrequency": {"interval": "day", "intervalsCount": 1}}
    bought(account, **daily)
    bought(account, id="outside", externalPayment=True, **daily)
    bought(account, id="later", startTimeInSeconds=NOON_S + 9 * DAY_S)
    account.mock.clock(now=NOON_MS + 2 * DAY_S * 1000)
    assert len(cards(account)) == 7
    for order_id in ("one", "outside", "later"):
        account.take(account.mock.delete(LIVE, params={"Id": order_id, **OF_ANN}))
    account.mock.clock(now=NOON_MS + 99 * DAY_S * 1000)
    assert [card["startTimeInMillis"] for card in cards(account)] == [NOON_MS + day * DAY_S * 1000 for day in range(3)]
    bought(account, prepaidPrice=1)
    assert len({card["prepaidUri"] for card in cards(account)}) == 4


def test_a_wallet_is_not_endless(account: Account) -> None:
    """Of an order that began long ago the latest thousand cards are listed."""
    bought(account, startTimeInSeconds=1, recurrenceFrequency={"interval": "day", "intervalsCount": 1})
    found = account.take(account.unjudged("GET", WALLET, params=ANN))["prepaidCards"]
    assert len(found) == 1000
    assert found[-1]["startTimeInMillis"] <= NOON_MS < found[-1]["expirationTimeInMillis"]


@pytest.mark.parametrize("start", [2**63 - 1, -(2**63)])
@pytest.mark.parametrize("interval", [None, "year"])
def test_any_start_can_be_answered(account: Account, start: int, interval: str | None) -> None:
    """A start of any size is taken with a warning; times beyond the int64 milliseconds are cut to them."""
    frequency: Json = {"recurrenceFrequency": {"interval": interval, "intervalsCount": 2**31 - 1}} if interval else {}
    order = bought(account, startTimeInSeconds=start, **frequency)
    assert order["startTimeInSeconds"] == start
    assert all(-(2**63) <= card["startTimeInMillis"] < 2**63 for card in cards(account))
    assert account.mock.rules() == ["unlikely-time"]


@pytest.mark.parametrize(
    ("fields", "price", "worth"),
    [
        ({"prepaidUsage": {"a": 3}}, 3, 3),
        ({"prepaidUsage": {"a": 3}, "prepaidPrice": 2}, 2, 3),
        ({"prepaidUsage": {"a": 3}, "prepaidFullPrice": 9.5}, 9.5, 9.5),
        ({"prepaidUsage": {"a": 3}, "prepaidFullPrice": 9.5, "prepaidPrice": 4}, 4, 9.5),
        ({"prepaidUsage": {"a": 3}, "prepaidFullPrice": 9, "prepaidPrice": 4, "originalWorth": 5}, 4, 5),
        ({"prepaidUsage": {"a": 0.001, "b": 0.004}}, 0.01, 0.01),
        ({"prepaidUsage": {"a": 1e308, "b": 1e308}}, 1.7976931348623157e308, 1.7976931348623157e308),
    ],
)
def test_units_are_worth_their_list_price(account: Account, fields: Json, price: float, worth: float) -> None:
    """Units are worth their list price, given or of the unit price, and that is paid unless a price is given."""
    body = {name: value for name, value in ORDER.items() if name != "prepaidPrice"}
    order = account.take(account.mock.post(f"{LIVE}/usage", json={**body, **fields}))
    assert (order["prepaidPrice"], order["originalWorth"]) == (price, worth)


@pytest.mark.parametrize(
    ("names", "rules"), [(["calls"], []), (["item"], []), (["calls", "x", "y"], ["unknown-product-item"] * 2)]
)
def test_units_are_of_something(account: Account, names: list[str], rules: list[str]) -> None:
    """Units are bought of product items or meters; others are taken with a warning, and refused by a strict account."""
    item = {"id": "item", "meterApiName": "calls", "productId": "1", "productItemName": "item"}
    account.take(account.mock.post("/payments/pricing/amberflo/account-pricing/product-items", json=item))
    body = {**ANN, "id": "one", "startTimeInSeconds": NOON_S, "prepaidUsage": dict.fromkeys(names, 1)}
    account.take(account.mock.post(f"{LIVE}/usage", json=body))
    assert account.mock.rules() == rules


def test_a_strict_account_buys_units_of_something(account: Account) -> None:
    """Units of what is neither a product item nor a meter are refused by a strict account, by their name."""
    account.mock.reset(strict=True)
    account.register("ann")
    body = {**ANN, "id": "one", "startTimeInSeconds": NOON_S, "prepaidUsage": {"x": 1}}
    assert refused(account.mock.post(f"{LIVE}/usage", json=body)) == "prepaidUsage.x: unknown-product-item"
    assert account.state()["collections"].get("prepaid-orders", 0) == 0


@pytest.mark.parametrize(
    ("fields", "status", "has_card"),
    [
        ({"prepaidPrice": 0, "originalWorth": 5}, "not_needed", True),
        ({"prepaidPrice": 5, "originalWorth": 0}, "settled", False),
        ({"prepaidPrice": -5}, "not_needed", False),
    ],
)
def test_worthless_orders_are_warned_of(account: Account, fields: Json, status: str, has_card: bool) -> None:  # noqa: FBT001
    """A price or worth that is not above 0 leaves a warning; without any worth there is no card."""
    order = bought(account, **fields)
    assert (order["paymentStatus"], order["firstInvoiceUri"] is not None) == (status, has_card)
    assert len(cards(account)) == has_card
    assert account.mock.rules() == ["non-positive-amount"]


@pytest.mark.parametrize(
    ("path", "fields", "details"),
    [
        (LIVE, {"id": ""}, "id: minLength"),
        (LIVE, {"customerId": None}, "customerId: not-null"),
        (LIVE, {"prepaidPrice": "5"}, "prepaidPrice: type"),
        (LIVE, {"startTimeInSeconds": 1.5}, "startTimeInSeconds: type"),
        (LIVE, {"recurrenceFrequency": {"interval": "week", "intervalsCount": 1}},
         "recurrenceFrequency.interval: enum"),
        (LIVE, {"recurrenceFrequency": {"interval": "DAY", "intervalsCount": 0}},
         "recurrenceFrequency.intervalsCount: minimum"),
        (LIVE, {"recurrenceFrequency": {"interval": "DAY"}}, "recurrenceFrequency.intervalsCount: required"),
        (LIVE, {"prepaidPriority": "highest"}, "prepaidPriority: enum"),
        (f"{LIVE}/usage", {}, "prepaidUsage: required"),
        (f"{LIVE}/usage", {"prepaidUsage": {"a": "1"}}, "prepaidUsage.a: type"),
    ],
)  # fmt: skip
def test_bad_orders_are_refused(account: Account, path: str, fields: Json, details: str) -> None:
    """A body that breaks the document is refused by field and rule, and nothing is stored."""
    assert refused(account.mock.post(path, json={**ORDER, **fields})) == details
    assert "prepaid-orders" not in account.state()["collections"]


@pytest.mark.parametrize(
    ("method", "path", "options", "details"),
    [
        ("POST", LIVE, {"json": {**ORDER, "customerId": "bob"}}, "customerId: unknown-customer"),
        ("POST", LIVE, {"json": {**ORDER, "prepaidPrice": 0}}, "prepaidPrice: non-positive-amount"),
        ("POST", LIVE, {"json": {**ORDER, "originalWorth": 0}}, "originalWorth: non-positive-amount"),
        ("POST", LIVE, {"json": {**ORDER, "startTimeInSeconds": 2**60}}, "startTimeInSeconds: unlikely-time"),
        ("POST", ORDERS, {"json": {**ANN, "amount": 0}}, "amount: non-positive-amount"),
        ("GET", f"{LIVE}/list", {"params": {"CustomerId": "bob"}}, "CustomerId: unknown-customer"),
        ("GET", WALLET, {"params": {"customerId": "bob"}}, "customerId: unknown-customer"),
    ],
)
def test_strict_accounts_refuse_what_others_warn_of(
    account: Account, method: str, path: str, options: Json, details: str
) -> None:
    """What leaves a warning is a refusal that names the field in a strict account; nothing is stored."""
    account.mock.reset(strict=True)
    account.register("ann")
    assert refused(account.mock.request(method, path, **options)) == details
    assert "prepaid-orders" not in account.state()["collections"]


@pytest.mark.parametrize(
    ("path", "query", "details"),
    [
        (LIVE, {"Id": "one"}, "CustomerId: required"),
        (LIVE, {"CustomerId": "ann"}, "Id: required"),
        (f"{LIVE}/list", {}, "CustomerId: required"),
        (WALLET, {}, "customerId: required"),
    ],
)
def test_queries_must_be_whole(account: Account, path: str, query: Json, details: str) -> None:
    """A query without its customer or its order is 400."""
    assert refused(account.mock.get(path, params=query)) == details


def test_purchases_stand_in_the_event_log(account: Account) -> None:
    """An order that is made, changed and deleted leaves three events with what it was."""
    bought(account)
    bought(account, prepaidPrice=3)
    account.take(account.mock.delete(LIVE, params=ONE))
    ordered(account)
    events = [each for each in account.stored("account-events") if each["noun"] == "prepaid order"]
    assert [(each["verb"], each["document"]["prepaidPrice"]) for each in events] == [
        ("created", 100), ("updated", 3), ("deleted", 3), ("created", 500),
    ]  # fmt: skip
