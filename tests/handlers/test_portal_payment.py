"""How a customer pays: setup intents and the default card, without a payment provider."""

from typing import Any

import pytest

from tests.handlers.portals import opened
from tests.handlers.steps import NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

AS_ANN = {"X-API-KEY": "Session $ann"}
AS_BOB = {"X-API-KEY": "Session $bob"}
OPENED = [
    Step("createCustomer", body={"customerId": "ann", "customerName": "Ann", "traits": {"stripeId": "cus_1"}}),
    Step("createCustomer", body={"customerId": "bob", "customerName": "Bob"}),
    Step("createSession", body={"customerId": "ann"}, save={"ann": "sessionToken"}),
    Step("createSession", body={"customerId": "bob"}, save={"bob": "sessionToken"}),
]
STRIPE = {"provider": "stripe"}

ROUND_TRIPS = {
    "card": [
        *OPENED,
        Step("portalCreateSetupIntent", body=STRIPE, headers=AS_ANN, expect={"clientSecret": ...}),
        Step("portalGetPaymentMethod", query=STRIPE, headers=AS_ANN, expect={}),
        Step(
            "portalSetPaymentMethod",
            body={**STRIPE, "paymentMethodId": "pm_card_amex"},
            headers=AS_ANN,
            expect={"brand": "amex"},
        ),
        Step("portalGetPaymentMethod", query=STRIPE, headers=AS_ANN, expect={"brand": "amex", "last4": "0005"}),
        Step("portalSetPaymentMethod", body={**STRIPE, "paymentMethodId": "pm_1a2b"}, headers=AS_ANN),
        Step("portalGetPaymentMethod", query=STRIPE, headers=AS_ANN, expect={"brand": "visa", "last4": "4242"}),
        Step("portalGetPaymentMethod", query=STRIPE, headers=AS_BOB, expect={}),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A card is set, read back and replaced; another customer has none."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/customer-portal/setup-intent", {}, "provider: required"),
        ("POST", "/customer-portal/setup-intent", {"provider": "paypal"}, "provider: enum"),
        ("POST", "/customer-portal/payment-method", STRIPE, "paymentMethodId: required"),
        ("POST", "/customer-portal/payment-method", {**STRIPE, "paymentMethodId": ""}, "paymentMethodId: minLength"),
        ("GET", "/customer-portal/payment-method", None, "provider: required"),
        ("GET", "/customer-portal/payment-method?provider=paypal", None, "provider: enum"),
    ],
)
def test_what_is_refused(mock: MockClient, method: str, path: str, body: dict[str, Any] | None, expected: str) -> None:
    """A provider that is not known, or a card without an id, is 400."""
    saved = run(mock, OPENED)
    answer = mock.request(method, path, json=body, headers={"X-API-KEY": f"Session {saved['ann']}"})
    assert refused(answer) == expected


def test_each_intent_has_a_secret_of_its_own(mock: MockClient) -> None:
    """Secrets look like the provider's, and differ by intent and by customer."""
    saved = run(mock, OPENED)
    secrets = [
        mock.post("/customer-portal/setup-intent", json=STRIPE, headers={"X-API-KEY": f"Session {saved[each]}"}).json()[
            "clientSecret"
        ]
        for each in ("ann", "ann", "bob")
    ]
    assert len(set(secrets)) == 3
    assert all(each.startswith("seti_") and "_secret_" in each for each in secrets)


def test_a_customer_whom_the_provider_does_not_know_is_warned_of(mock: MockClient) -> None:
    """Without the trait stripeId the intent is made all the same, and refused when the account is strict."""
    saved = run(mock, OPENED)
    headers = {"X-API-KEY": f"Session {saved['bob']}"}
    assert mock.post("/customer-portal/setup-intent", json=STRIPE, headers=headers).status_code == 200
    assert mock.rules() == ["unknown-payer"]
    mock.reset(strict=True)
    saved = run(mock, OPENED)
    headers = {"X-API-KEY": f"Session {saved['bob']}"}
    refusal = mock.post("/customer-portal/setup-intent", json=STRIPE, headers=headers)
    assert refused(refusal) == "traits.stripeId: unknown-payer"


def test_a_card_is_valid_for_some_years_of_the_clock(account: Account) -> None:
    """The expiry follows the account's clock, so that the same steps give the same card."""
    token = opened(account.mock)
    body = {**STRIPE, "paymentMethodId": "pm_card_mastercard"}
    answer = account.mock.post("/customer-portal/payment-method", json=body, headers={"X-API-KEY": f"Session {token}"})
    year = 1970 + NOON_MS // 31_556_952_000
    assert answer.json() == {"brand": "mastercard", "expMonth": 12, "expYear": year + 4, "last4": "4444"}
