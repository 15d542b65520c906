"""What a customer pays: its portal shows and changes its own plan, invoices, costs and wallet, and no other."""

from typing import Any

import pytest

from tests.handlers.steps import DAY_MS, HOUR_MS, MIDNIGHT_S, NOON_MS, Account, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

AS_ANN = {"X-API-KEY": "Session $ann"}
AS_BOB = {"X-API-KEY": "Session $bob"}
ONE = {"productId": "1"}
NOON_S = NOON_MS // 1000
DAY_S = DAY_MS // 1000
OPENED = [
    Step("createCustomer", body={"customerId": "ann", "customerName": "Ann"}, clock={"frozen": True}),
    Step("createCustomer", body={"customerId": "bob", "customerName": "Bob"}, clock={"now": NOON_MS}),
    Step("createSession", body={"customerId": "ann"}, save={"ann": "sessionToken"}),
    Step("createSession", body={"customerId": "bob"}, save={"bob": "sessionToken"}),
]
PLAN = {
    "id": "pro",
    "productPlanName": "Pro",
    "billingPeriod": {"interval": "month", "intervalsCount": 1},
    "fees": [{"id": "base", "name": "Base", "cost": 9.5}],
}
CHOICE = {"productPlanId": "pro", "productId": 1}
CHOSEN = {"customerId": "ann", "productPlanId": "pro", "productId": "1", "startTimeInSeconds": NOON_S}
ITEM = {"id": "item", "productId": "1", "productItemName": "Calls", "meterApiName": "calls"}
PRICE = {
    "id": "rate",
    "productItemId": "item",
    "price": {"type": "LeafNode", "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 1}]},
}
COST = {
    "timeGroupingInterval": "DAY",
    "timeRange": {"startTimeInSeconds": MIDNIGHT_S, "endTimeInSeconds": MIDNIGHT_S + DAY_S},
    "groupBy": ["customer_id"],
}
ORDER = {"id": "first", "prepaidPrice": 99.95, "productId": 1, "startTimeInSeconds": NOON_S}
LEDGER = {
    "accountId": ...,
    "customerId": "ann",
    "currency": "USD",
    "totalAmount": 99.95,
    "availableAmount": 99.95,
    "consumedAmount": 0,
    "expiredAmount": 0,
    "pastEntries": [],
}
ISSUED = {
    "transactionTimeSeconds": NOON_S,
    "transactionAmount": 99.95,
    "balanceAfterTransaction": 99.95,
    "prepaidTransactionType": "issued",
    "prepaidCardType": "one_time",
    "prepaidUri": "$card",
}

ROUND_TRIPS = {
    "plan": [
        *OPENED,
        Step("portalGetPricingPlan", query=ONE, headers=AS_ANN, expect={"productPlan": ABSENT, "promotions": []}),
        Step("createOrUpdateProductPlan", body=PLAN),
        Step("portalAssignPricingPlan", body=CHOICE, headers=AS_ANN, expect=CHOSEN),
        Step("getLatestCustomerPlan", query={"CustomerId": "ann"}, expect=CHOSEN),
        Step(
            "portalGetPricingPlan",
            query=ONE,
            headers=AS_ANN,
            expect={"productPlan": {"id": "pro", "productPlanName": "Pro", "fees": [{"cost": 9.5}]}},
        ),
        Step("portalGetPricingPlan", query=ONE, headers=AS_BOB, expect={"productPlan": ABSENT}),
        Step("portalGetPricingPlan", query={"productId": "2"}, headers=AS_ANN, expect={"productPlan": ABSENT}),
    ],
    "plan to come": [
        *OPENED,
        Step("createOrUpdateProductPlan", body=PLAN),
        Step("createOrUpdateProductPlan", body={**PLAN, "id": "basic"}),
        Step("portalAssignPricingPlan", body={"productPlanId": "basic"}, headers=AS_ANN),
        Step("portalAssignPricingPlan", body={**CHOICE, "startTimeInSeconds": NOON_S + DAY_S}, headers=AS_ANN),
        Step("portalGetPricingPlan", query=ONE, headers=AS_ANN, expect={"productPlan": {"id": "basic"}}),
        Step(
            "portalGetPricingPlan",
            query={**ONE, "latest": "true"},
            headers=AS_ANN,
            expect={"productPlan": {"id": "pro"}},
        ),
        Step(
            "createSession", body={"customerId": "ann"}, save={"ann": "sessionToken"}, clock={"now": NOON_MS + DAY_MS}
        ),
        Step("portalGetPricingPlan", query=ONE, headers=AS_ANN, expect={"productPlan": {"id": "pro"}}),
    ],
    "promotions": [
        *OPENED,
        Step(
            "createOrUpdatePromotion",
            body={"id": "ten", "promotionName": "Ten off", "type": "time_limited_absolute_product_discount"},
        ),
        Step("applyCustomerPromotion", body={"customerId": "ann", "promotionId": "ten"}, save={"id": "relationId"}),
        Step("applyCustomerPromotion", body={"customerId": "bob", "promotionId": "none"}),
        Step(
            "portalGetPricingPlan",
            query=ONE,
            headers=AS_ANN,
            expect={
                "promotions": [
                    {"relationId": "$id", "appliedTimeInSeconds": NOON_S, "productId": "1", "promotion": {"id": "ten"}}
                ]
            },
        ),
        Step("portalGetPricingPlan", query=ONE, headers=AS_BOB, expect={"promotions": [{"promotion": ABSENT}]}),
    ],
    "product items": [
        *OPENED,
        Step("portalListProductItems", headers=AS_ANN, expect=[]),
        Step("createOrUpdateProductItem", body=ITEM),
        Step("portalListProductItems", headers=AS_ANN, expect=[ITEM]),
    ],
    "invoices and costs": [
        *OPENED,
        Step("portalListInvoices", headers=AS_ANN, expect=[]),
        Step("portalGetInvoice", query={"latest": "true"}, headers=AS_ANN, expect={}),
        Step("createMeterDefinition", body={"meterApiName": "calls", "displayName": "c", "type": "SUM_OF_ALL_USAGE"}),
        Step("createOrUpdateProductItem", body=ITEM),
        Step("createOrUpdateProductItemPrice", body=PRICE),
        Step("createOrUpdateProductPlan", body={**PLAN, "productItemPriceIdsMap": {"item": "rate"}}),
        Step("assignPricingPlan", body={"customerId": "ann", "productId": "pro"}),
        Step("assignPricingPlan", body={"customerId": "bob", "productId": "pro"}),
        Step("ingestMeterEvents", body=[event(meterValue=4), event(meterValue=100, customerId="bob")]),
        Step(
            "portalListInvoices",
            query=ONE,
            headers=AS_ANN,
            expect=[{"invoiceKey": {"customerId": "ann", "productPlanId": "pro"}, "totalBill": {"totalPrice": 4}}],
            save={"day": "0.invoiceKey.day", "uri": "0.invoiceUri"},
        ),
        Step("portalGetInvoice", query={"latest": "true"}, headers=AS_ANN, expect={"invoiceUri": "$uri"}),
        Step(
            "portalGetInvoice",
            query={"productPlanId": "pro", "year": 2024, "month": 6, "day": "$day"},
            headers=AS_ANN,
            expect={"invoiceUri": "$uri"},
        ),
        Step(
            "portalGetInvoice",
            query={"productPlanId": "pro", "year": 2024, "month": 5, "day": "$day"},
            headers=AS_ANN,
            status=404,
        ),
        Step(
            "portalQueryCost",
            body={**COST, "productId": 1},
            headers=AS_ANN,
            expect={
                "key": {"filters": {"customer_id": ["ann"]}},
                "costList": [{"groupInfos": {"customer_id": "ann"}, "price": 4, "meteredUnits": 4}],
            },
        ),
    ],
    "wallet": [
        *OPENED,
        Step("portalGetPrepaidWallet", headers=AS_ANN, expect={"key": {"customerId": "ann"}, "prepaidCards": []}),
        Step("portalGetCreditsLedger", headers=AS_ANN, expect=[]),
        Step("portalGetRewardsHistory", headers=AS_ANN, expect=[]),
        Step(
            "portalOrderPrepaidCard",
            body=ORDER,
            headers=AS_ANN,
            expect={"id": "first", "customerId": "ann", "prepaidPrice": 99.95, "paymentStatus": "settled"},
        ),
        Step("getPrepaidOrder", query={"CustomerId": "ann", "Id": "first"}, expect={"prepaidPrice": 99.95}),
        Step(
            "portalGetPrepaidWallet",
            query=ONE,
            headers=AS_ANN,
            expect={"prepaidCards": [{"worth": 99.95, "amountLeft": 99.95, "startTimeInMillis": NOON_MS}]},
            save={"card": "prepaidCards.0.prepaidUri"},
        ),
        Step("getPrepaidWallet", query={"customerId": "ann"}, expect={"prepaidCards": [{"prepaidUri": "$card"}]}),
        Step("portalGetCreditsLedger", headers=AS_ANN, expect=[{**LEDGER, "currentEntries": [ISSUED]}]),
        Step("portalGetRewardsHistory", headers=AS_ANN, expect=[]),
        Step("portalGetPrepaidWallet", headers=AS_BOB, expect={"prepaidCards": []}),
        Step("portalGetCreditsLedger", headers=AS_BOB, expect=[]),
        Step(
            "extendPrepaidCard",
            body={"customerId": "ann", "prepaidUri": "$card", "newEndTimeInSeconds": NOON_S + 3600},
        ),
        Step(
            "portalGetCreditsLedger",
            headers=AS_ANN,
            clock={"now": NOON_MS + HOUR_MS},
            expect=[
                {
                    **LEDGER,
                    "availableAmount": 0,
                    "expiredAmount": 99.95,
                    "currentEntries": [],
                    "pastEntries": [
                        ISSUED,
                        {
                            "prepaidTransactionType": "expired",
                            "transactionAmount": -99.95,
                            "balanceAfterTransaction": 0,
                        },
                    ],
                }
            ],
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What the account and the customer write, the customer's portal reads back, and another's does not."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("pricing-plan", {**CHOICE, "customerId": "bob"}, "customerId: other-customer"),
        ("prepaid-wallet", {**ORDER, "customerId": "bob"}, "customerId: other-customer"),
        ("usage-cost", {**COST, "filters": {"customer_id": ["bob"]}}, "filters.customer_id: other-customer"),
        ("usage-cost", {**COST, "filters": {"customer_id": ["ann", "bob"]}}, "filters.customer_id: other-customer"),
        ("usage-cost", {**COST, "filters": {"customerId": ["bob"]}}, "filters.customer_id: other-customer"),
        ("usage-cost", {**COST, "filters": {"\0customer": ["bob"]}}, "filters.customer_id: other-customer"),
    ],
)
def test_another_customer_is_refused(account: Account, ann: MockClient, path: str, body: Any, expected: str) -> None:
    """A body that names somebody else is 403, and nothing of it is stored."""
    before = account.state()
    assert refused(ann.post(f"/customer-portal/{path}", json=body), 403) == expected
    assert account.state() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "pricing-plan", {}, "productPlanId: required"),
        ("POST", "pricing-plan", {**CHOICE, "endTimeInSeconds": NOON_S + 60}, "endTimeInSeconds: short-term"),
        ("GET", "pricing-plan/details", None, "productId: required"),
        ("GET", "invoice", None, "productPlanId: incomplete-key"),
        ("GET", "invoice?month=13", None, "month: maximum"),
        ("POST", "prepaid-wallet", {"recurrenceFrequency": {}}, "recurrenceFrequency.interval: required"),
        ("POST", "prepaid-wallet", {"id": ""}, "id: minLength"),
        ("POST", "usage-cost", {"timeGroupingInterval": "DAY"}, "timeRange: required"),
        ("POST", "usage-cost", {**COST, "take": {"limit": "x"}}, "take.limit: type"),
    ],
)
def test_what_is_refused(ann: MockClient, method: str, path: str, body: dict[str, Any] | None, expected: str) -> None:
    """What is missing or too short is 400, by name."""
    assert refused(ann.request(method, f"/customer-portal/{path}", json=body)) == expected


@pytest.mark.parametrize(
    ("filters", "price"),
    [({"customer_id": ["ann"]}, 4), ({"customer_id": []}, 4), ({}, 4), (None, 4), ({"region": ["eu"]}, 1)],
)
def test_costs_are_the_customers_own(
    account: Account, ann: MockClient, filters: dict[str, list[str]] | None, price: int
) -> None:
    """However the query is filtered, only the customer's own usage costs."""
    Account.take(ann.post("/customer-portal/pricing-plan", json=CHOICE))
    account.ingest(
        event(meterValue=3), event(dimensions={"region": "eu"}), event(customerId="bob", dimensions={"region": "eu"})
    )
    answer = Account.take(ann.post("/customer-portal/usage-cost", json={**COST, "filters": filters}))
    assert [group["price"] for group in answer["costList"]] == [price]


def test_a_field_that_the_portal_does_not_know_is_passed_over(ann: MockClient) -> None:
    """The account's own query has pages; in the portal such a field means nothing, whatever it holds."""
    assert ann.post("/customer-portal/usage-cost", json={**COST, "page": "x"}).status_code == 200


def test_an_undefined_plan_is_shown_as_far_as_it_is_known(account: Account, ann: MockClient) -> None:
    """A plan that nobody defined can be chosen with a warning, and has an id and nothing more."""
    Account.take(ann.post("/customer-portal/pricing-plan", json=CHOICE))
    assert account.mock.rules() == ["unknown-product-plan"]
    shown = Account.take(ann.get("/customer-portal/pricing-plan/details?productId=1"))
    assert shown["productPlan"] == {"id": "pro", "productId": "1"}


def test_a_customer_cannot_say_what_its_credit_is_worth(ann: MockClient) -> None:
    """What an account alone may say of an order is passed over."""
    more = {"originalWorth": 1000, "paymentStatus": "settled", "prepaidPriority": "HIGHEST_PRIORITY"}
    order = Account.take(ann.post("/customer-portal/prepaid-wallet", json={**ORDER, **more}))
    assert (order["originalWorth"], order.get("prepaidPriority")) == (99.95, None)
    (card,) = Account.take(ann.get("/customer-portal/prepaid-wallet"))["prepaidCards"]
    assert card["worth"] == 99.95


def test_an_order_may_leave_everything_open(account: Account, ann: MockClient) -> None:
    """Id, start and price are filled in; an order that buys nothing leaves a warning. Each gets an id of its own."""
    orders = [Account.take(ann.post("/customer-portal/prepaid-wallet", json={})) for _ in range(2)]
    assert orders[0]["id"] != orders[1]["id"]
    assert [(each["startTimeInSeconds"], each["prepaidPrice"]) for each in orders] == [(NOON_S, 0)] * 2
    assert set(account.mock.rules()) == {"non-positive-amount"}
    assert Account.take(ann.get("/customer-portal/prepaid-wallet"))["prepaidCards"] == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"interval": "MONTH", "intervalsCount": 2}, {"interval": "month", "intervalsCount": 2}),
        ({"interval": "year"}, {"interval": "year", "intervalsCount": 1}),
        ({"interval": "week", "intervalsCount": 2}, {"interval": "day", "intervalsCount": 14}),
        (None, None),
    ],
)
def test_an_order_may_recur(ann: MockClient, sent: dict[str, Any] | None, kept: dict[str, Any] | None) -> None:
    """The interval is taken in either case, one is the usual count, and a week is seven days."""
    body = {**ORDER, "recurrenceFrequency": sent}
    order = Account.take(ann.post("/customer-portal/prepaid-wallet", json=body))
    assert order["recurrenceFrequency"] == kept


def test_a_card_that_awaits_its_payment_is_in_no_ledger(account: Account, ann: MockClient) -> None:
    """Paid elsewhere, a card is in the wallet at once, and in the ledger when its payment was told."""
    Account.take(ann.post("/customer-portal/prepaid-wallet", json={**ORDER, "externalPayment": True}))
    (card,) = Account.take(ann.get("/customer-portal/prepaid-wallet"))["prepaidCards"]
    assert (card["paymentStatus"], Account.take(ann.get("/customer-portal/credits-ledger"))) == ("requires_action", [])
    told = {"prepaidUri": card["prepaidUri"], "paymentStatus": "settled", "systemName": "bank", "paymentId": "p"}
    Account.take(account.mock.post("/payments/external/prepaid-payment-status", json=told))
    (ledger,) = Account.take(ann.get("/customer-portal/credits-ledger"))
    assert ledger["availableAmount"] == 99.95
