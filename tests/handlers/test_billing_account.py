"""The billing side of the account: settings, and all that is defined."""

from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

PATH = "/payments/pricing/amberflo/account-pricing/settings"
UNIT = {"shortName": "CR", "name": "Credit", "ratioToCurrency": 0.1, "active": True}
STAMPED = {**UNIT, "lastUpdateTimeInMillis": NOON_MS}
SETTINGS = {
    "id": "mine",
    "baseCurrency": "EUR",
    "gracePeriodInHours": 24,
    "creditUnit": UNIT,
    "invoiceConfiguration": [{"name": "Usage", "productItemsIds": ["item"]}],
    "displayCachedInvoices": True,
    "more": {"kept": 1},
}
PROMOTION = {
    "id": "ten",
    "type": "absolute_product_automatic_promotion",
    "promotionName": "Ten off",
    "targetProductId": "1",
    "discount": 10,
}
FAMILIES = ("productItems", "productItemPrices", "productPlans", "promotions")
UNSET = {
    "id": ...,
    "baseCurrency": "USD",
    "gracePeriodInHours": 0,
    "creditUnit": None,
    "invoiceConfiguration": [],
    "displayCachedInvoices": False,
}

ROUND_TRIPS = {
    "settings": [
        Step("getBillingSettings", expect=UNSET, clock={"frozen": True, "now": NOON_MS}),
        Step("updateBillingSettings", body=SETTINGS, expect={**SETTINGS, "creditUnit": STAMPED}),
        Step("getBillingSettings", expect={**SETTINGS, "creditUnit": STAMPED}),
        Step("getBillingAccountDetails", expect={"creditUnit": STAMPED}),
        Step("updateBillingSettings", body={"gracePeriodInHours": 2}),
        Step("getBillingSettings", expect={**UNSET, "gracePeriodInHours": 2, "more": ABSENT}),
        Step("getBillingAccountDetails", expect={"creditUnit": None}),
    ],
    "details": [
        Step(
            "getBillingAccountDetails",
            expect={"accountId": ..., **{name: [] for name in FAMILIES}},
            save={"account": "accountId"},
        ),
        Step(
            "createOrUpdateProductItem",
            body={"id": "item", "meterApiName": "m", "productId": "1", "productItemName": "Item"},
        ),
        Step("createOrUpdatePromotion", body=PROMOTION),
        Step(
            "getBillingAccountDetails",
            expect={"accountId": "$account", "productItems": [{"id": "item"}], "promotions": [{"id": "ten"}]},
        ),
        Step("getBillingSettings", expect={"id": "$account"}),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Settings are replaced whole, what is left out has its default again; the details show what is defined."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"gracePeriodInHours": -1}, "gracePeriodInHours: minimum"),
        ({"baseCurrency": ""}, "baseCurrency: minLength"),
        ({"creditUnit": 5}, "creditUnit: type"),
        ({"invoiceConfiguration": [{"productItemsIds": [1]}]}, "invoiceConfiguration[0].productItemsIds[0]: type"),
    ],
)
def test_bad_settings_are_refused(account: Account, body: dict[str, Any], details: str) -> None:
    """What breaks the document is 400, and the settings stay as they were."""
    before = account.take(account.mock.get(PATH))
    assert refused(account.mock.post(PATH, json=body)) == details
    assert account.take(account.mock.get(PATH)) == before


def test_settings_are_told(account: Account) -> None:
    """The account's log has each change of the settings."""
    for _ in range(2):
        account.take(account.mock.post(PATH, json={}))
    told = [each["verb"] for each in account.stored("account-events") if each["noun"] == "billing settings"]
    assert told == ["created", "updated"]


def test_accounts_have_settings_of_their_own(account: Account) -> None:
    """What one account sets, another does not see; their ids differ."""
    account.take(account.mock.post(PATH, json={"baseCurrency": "EUR"}))
    other = MockClient(account.mock.url)
    settings = account.take(other.get(PATH))
    other.close()
    assert settings["baseCurrency"] == "USD"
    assert settings["id"] != account.take(account.mock.get(PATH))["id"]
