"""Customers: the life of one, two ways to read it, the payment provider's id."""

from typing import Any

import pytest

from tests.handlers.steps import Account, refused, stop_clock
from tests.support.client import MockClient

CREATED_MS = 1_718_153_645_993
LATER_MS = CREATED_MS + 60_000

MINIMAL = {"customerId": "ann", "customerName": "Ann Ltd"}
STORED = {**MINIMAL, "createTime": CREATED_MS, "updateTime": CREATED_MS}
FULL = {
    **MINIMAL,
    "customerEmail": "billing@ann.example",
    "description": "the first",
    "enabled": True,
    "test": True,
    "lifecycleStage": "ACTIVE",
    "traits": {"crm": "7"},
    "address": {"line1": "1 Main Street", "city": "Ghent", "country": "BE", "postalCode": "9000", "verified": False},
}
PATH = "/customers/ann"


@pytest.fixture
def customers(mock: MockClient) -> MockClient:
    """A client whose clock stands still."""
    stop_clock(mock, CREATED_MS)
    return mock


def stripe_id(response: Any) -> str | None:
    """The payment provider's id in an answered customer."""
    found: str | None = response.json().get("traits", {}).get("stripeId")
    return found


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (MINIMAL, STORED),
        (FULL, {**FULL, **STORED}),
        ({**MINIMAL, "createTime": 1, "updateTime": 2, "deleteTime": 3, "deactivateTimeStamp": 4}, STORED),
        ({**MINIMAL, "nonsense": [1]}, STORED),
    ],
    ids=["minimal", "full", "server-owned", "unknown"],
)
def test_create_answers_the_whole_customer(
    customers: MockClient, sent: dict[str, Any], answered: dict[str, Any]
) -> None:
    """Documented fields are kept, times are the clock's whatever is sent, other fields are dropped."""
    response = customers.post("/customers", json=sent)
    assert (response.status_code, response.json()) == (200, answered)
    assert customers.get(PATH).json() == answered
    assert customers.get("/customers").json() == [answered]


def test_a_duplicate_id_is_refused(customers: MockClient) -> None:
    """A second create of an id is 400, and changes nothing."""
    customers.post("/customers", json=MINIMAL)
    assert refused(customers.post("/customers", json=FULL)) == "customerId: duplicate-key"
    assert customers.get("/customers").json() == [STORED]


@pytest.mark.parametrize("method", ["post", "put"])
def test_an_empty_id_is_refused(customers: MockClient, method: str) -> None:
    """A customer without an id could not be read back."""
    response = getattr(customers, method)("/customers", json={**MINIMAL, "customerId": ""})
    assert refused(response) == "customerId: empty-key"


def test_update_replaces_everything_but_the_creation_time(customers: MockClient) -> None:
    """PUT leaves nothing of the old fields, traits included; only the creation time stays."""
    customers.post("/customers", json=FULL)
    customers.clock(now=LATER_MS)
    response = customers.put("/customers", json={**MINIMAL, "description": "new", "createTime": 1})
    expected = {**MINIMAL, "description": "new", "createTime": CREATED_MS, "updateTime": LATER_MS}
    assert (response.status_code, response.json()) == (200, expected)
    assert customers.get(PATH).json() == expected


def test_update_of_an_absent_customer_creates_it_without_a_warning(customers: MockClient) -> None:
    """PUT is documented to create, so nothing is to be warned of."""
    assert customers.put("/customers", json=MINIMAL).json() == STORED
    assert customers.rules() == []


def test_delete_answers_the_customer_as_it_went(customers: MockClient) -> None:
    """The deleted customer is answered with its deletion time, off-boarded; then it is gone."""
    customers.post("/customers", json={**MINIMAL, "lifecycleStage": "ACTIVE"})
    customers.clock(now=LATER_MS)
    response = customers.delete(PATH)
    gone = {"deleteTime": LATER_MS, "updateTime": LATER_MS, "deactivateTimeStamp": LATER_MS}
    assert (response.status_code, response.json()) == (200, {**STORED, **gone, "lifecycleStage": "OFFBOARDED"})
    assert customers.get("/customers").json() == []
    for again in (customers.get(PATH), customers.delete(PATH)):
        assert refused(again, 404) == "customerId: unknown-key"


def test_a_create_after_a_delete_makes_a_new_customer(customers: MockClient) -> None:
    """Nothing of the deleted customer comes back."""
    customers.post("/customers", json=FULL)
    customers.delete(PATH)
    customers.clock(now=LATER_MS)
    response = customers.post("/customers", json=MINIMAL)
    assert response.json() == {**MINIMAL, "createTime": LATER_MS, "updateTime": LATER_MS}


@pytest.mark.parametrize("stage", ["ONBOARDING", "TRAIL", "ACTIVE", "OFFBOARDED", "TRIAL", "trial", "active"])
def test_stages_are_answered_in_upper_case(customers: MockClient, stage: str) -> None:
    """Either case is taken, and both spellings of the trial stage are kept as they were written."""
    response = customers.post("/customers", json={**MINIMAL, "lifecycleStage": stage})
    assert response.json()["lifecycleStage"] == stage.upper()


def test_offboarding_is_timed(customers: MockClient) -> None:
    """The first offboarding sets the deactivation time, a later update keeps it, the next offboarding renews it."""
    seen = []
    for minute, stage in enumerate(["ACTIVE", "OFFBOARDED", "OFFBOARDED", "ACTIVE", "OFFBOARDED"]):
        customers.clock(now=CREATED_MS + minute)
        response = customers.put("/customers", json={**MINIMAL, "lifecycleStage": stage})
        seen.append(response.json().get("deactivateTimeStamp"))
    assert seen == [None, CREATED_MS + 1, CREATED_MS + 1, CREATED_MS + 1, CREATED_MS + 4]


@pytest.mark.parametrize(
    ("query", "created"),
    [
        ("", False),
        ("?autoCreateCustomerInStripe=if_payment_provider", True),
        ("?autoCreateCustomerInStripe=true", True),
        ("?autocreatecustomerinstripe=True", True),
        ("?autoCreateCustomerInStripe=1", True),
        ("?autoCreateCustomerInStripe=false", False),
        ("?autoCreateCustomerInStripe=0", False),
    ],
)
def test_the_payment_provider_is_told_on_request(customers: MockClient, query: str, *, created: bool) -> None:
    """Every spelling of yes adds the trait `stripeId`; without one nothing is added."""
    response = customers.post(f"/customers{query}", json=FULL)
    assert (stripe_id(response) is not None) is created
    assert response.json()["traits"]["crm"] == "7"


def test_each_customer_gets_a_payment_id_of_its_own(customers: MockClient) -> None:
    """Ids look like the provider's and differ; one that the caller brings is kept."""
    path = "/customers?autoCreateCustomerInStripe=true"
    first = stripe_id(customers.post(path, json=MINIMAL))
    second = stripe_id(customers.post(path, json={**MINIMAL, "customerId": "bob"}))
    third = stripe_id(customers.post(path, json={**MINIMAL, "customerId": "cy", "traits": {"stripeId": "cus_mine"}}))
    assert first is not None
    assert first.startswith("cus_")
    assert (first != second, third) == (True, "cus_mine")


def test_accounts_mint_the_same_ids(customers: MockClient) -> None:
    """The same steps in a fresh account give the same ids: a test can rely on them."""
    path = "/customers?autoCreateCustomerInStripe=true"
    first = stripe_id(customers.post(path, json=MINIMAL))
    customers.reset()
    assert stripe_id(customers.post(path, json=MINIMAL)) == first


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?customerId=ann", STORED),
        ("?CustomerId=ann", STORED),
        ("?customerId=nobody", {}),
        ("?customerId=", {}),
        ("?other=ann", [STORED]),
        ("", [STORED]),
    ],
)
def test_the_collection_answers_one_customer_by_query(customers: MockClient, query: str, expected: Any) -> None:
    """With `customerId` the live form answers that customer or an empty object, without it the published list."""
    customers.post("/customers", json=MINIMAL)
    assert customers.get(f"/customers{query}").json() == expected
    # The SDK sends a slash, with which no document has the path: nothing can judge that exchange but this test.
    response = Account(customers).unjudged("GET", f"/customers/{query}")
    assert (response.status_code, response.json()) == (200, expected)
