"""Taxes: the product codes, the tax on an amount by a customer's address, the check of an address."""

from typing import Any

import pytest

from tests.handlers.steps import Account, Json, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

LARGEST = 1.7976931348623157e308
PAAS = "81162100A9000"
EXEMPT = "00000003A0000"
CHICAGO = {"line1": "420 W Surf St", "city": "Chicago", "state": "IL", "postalCode": "60657", "country": "US"}
CUSTOMER = {"customerId": "ann", "customerName": "Ann", "address": CHICAGO}
SETTINGS = "/payments/pricing/amberflo/account-pricing/settings"
ASKED = {"customerId": "ann", "amount": 99.95}

ROUND_TRIPS = {
    "tax": [
        Step("listTaxProductCodes", expect=[{"productCode": PAAS, "name": ..., "description": ...}, ..., ..., ...]),
        Step("validateAddress", body=CHICAGO, expect={**CHICAGO, "verified": True}),
        Step("createCustomer", body=CUSTOMER),
        Step(
            "calculateTaxes",
            body=ASKED,
            expect={
                "customerId": "ann",
                "amount": 99.95,
                "taxRate": 0.07,
                "taxAmount": 7,
                "totalAmount": 106.95,
                "taxProductCode": PAAS,
            },
        ),
        Step("updateBillingSettings", body={"enableTaxIntegration": True, "taxProductCode": EXEMPT}),
        Step(
            "calculateTaxes",
            body=ASKED,
            expect={"taxRate": 0, "taxAmount": 0, "totalAmount": 99.95, "taxProductCode": EXEMPT},
        ),
        Step("calculateTaxes", body={**ASKED, "productCode": PAAS}, expect={"taxAmount": 7, "taxProductCode": PAAS}),
        Step("updateCustomer", body={**CUSTOMER, "address": {**CHICAGO, "state": "OR"}}),
        Step("calculateTaxes", body={**ASKED, "productCode": PAAS}, expect={"taxRate": 0}),
    ]
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """The tax follows the customer's address, the product and the account's settings."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def taxes(mock: MockClient) -> MockClient:
    """An account with the customer `ann` in Chicago, whose tax integration is on."""
    prepare(mock, strict=False)
    return mock


def prepare(mock: MockClient, *, strict: bool) -> None:
    """Resets the account to the customer `ann`, with tax integration on."""
    mock.reset(strict=strict)
    Account.take(mock.post("/customers", json=CUSTOMER))
    Account.take(mock.post(SETTINGS, json={"enableTaxIntegration": True}))


@pytest.mark.parametrize(
    ("amount", "tax", "total"),
    [
        (0, 0, 0),
        (0.07, 0, 0.07),
        (0.5, 0.04, 0.54),
        (-0.5, -0.04, -0.54),
        (1.234, 0.09, 1.324),
        (1e300, 7e298, 1.07e300),
        (1.7e308, 1.19e307, LARGEST),
    ],
)
def test_amounts(taxes: MockClient, amount: float, tax: float, total: float) -> None:
    """The tax is rounded once, half up, to cents; the total is exact, and nothing is larger than a double."""
    answered = Account.take(taxes.post("/tax", json={**ASKED, "amount": amount}))
    assert (answered["amount"], answered["taxAmount"], answered["totalAmount"]) == (amount, tax, total)


@pytest.mark.parametrize("digits", [308, 4000])
def test_amounts_beyond_the_doubles(taxes: MockClient, digits: int) -> None:
    """A whole number may have any length; what is answered can be read as a double."""
    answered = Account.take(taxes.post("/tax", json={**ASKED, "amount": -(10**digits) * 9}))
    assert (answered["amount"], answered["totalAmount"]) == (-LARGEST, -LARGEST)


@pytest.mark.parametrize(
    ("sent", "answered", "verified"),
    [
        ({**CHICAGO, "line1": "  420  W Surf\tSt ", "state": "il", "country": "us"}, CHICAGO, True),
        (
            {"line1": "1 High St", "city": "Leeds", "country": "gb", "postalCode": "ls1 4ap"},
            {"postalCode": "LS1 4AP"},
            True,
        ),
        ({"line1": "Rue 1", "city": "Mons", "country": "BE"}, {"state": ABSENT, "postalCode": ABSENT}, True),
        ({**CHICAGO, "postalCode": "6065"}, {"postalCode": "6065"}, False),
        ({**CHICAGO, "country": "Oz Land"}, {"country": "Oz Land"}, False),
        ({**CHICAGO, "city": "  "}, {"city": ""}, False),
    ],
)
def test_addresses(mock: MockClient, sent: Json, answered: Json, *, verified: bool) -> None:
    """An address is answered tidied up, with the parts that were sent, and with whether it looks like one."""
    run(mock, [Step("validateAddress", body=sent, expect={**answered, "verified": verified})])


@pytest.mark.parametrize(
    ("path", "body", "details"),
    [
        ("/tax", {"customerId": "ann"}, "amount: required"),
        ("/tax", {"amount": 1}, "customerId: required"),
        ("/tax", {**ASKED, "amount": "1"}, "amount: type"),
        ("/tax/validate-address", {"line1": "a", "city": "b"}, "country: required"),
    ],
)
def test_refusals(taxes: MockClient, path: str, body: Json, details: str) -> None:
    """A body that breaks the document is 400 that names the field."""
    assert refused(taxes.post(path, json=body)) == details


@pytest.mark.parametrize(
    ("fields", "details", "settings"),
    [
        ({"customerId": "nobody"}, "customerId: unknown-customer", {"enableTaxIntegration": True}),
        ({"customerId": "bob"}, "customerId: absent-address", {"enableTaxIntegration": True}),
        ({"productCode": "x"}, "productCode: unknown-product-code", {"enableTaxIntegration": True}),
        ({}, "tax-integration-off", {}),
    ],
)
def test_what_prevents_a_tax_is_warned_of(mock: MockClient, fields: Json, details: str, settings: Any) -> None:
    """Without an address nothing is taxed; that, a strange code, and an account without taxes leave a warning."""
    for strict in (False, True):
        prepare(mock, strict=strict)
        Account(mock).register("bob")
        Account.take(mock.post(SETTINGS, json=settings))
        response = mock.post("/tax", json={**ASKED, **fields})
        if strict:
            assert refused(response) == details
        else:
            assert response.status_code == 200
            assert mock.rules() == [details.rpartition(" ")[2]]
            assert (response.json()["taxAmount"] == 0) is ("customerId" in fields)
