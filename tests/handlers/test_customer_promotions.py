"""Promotions of customers: applied, listed while they last, removed; what is refused or warned of."""

import calendar
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

PATH = "/payments/pricing/amberflo/customer-promotions"
DEFINITIONS = "/payments/pricing/amberflo/account-pricing/promotions"
NOON_S = NOON_MS // 1000
ANN = {"customerId": "ann", "promotionId": "p"}
CAPPED = {
    "id": "p",
    "promotionName": "P",
    "type": "time_limited_relative_product_discount",
    "discountRatio": 0.2,
    "cycleMaxDiscount": 12.5,
    "totalMaxDiscount": 100,
}
OF_ANN = {"CustomerId": "ann"}
APPLIED: Json = {
    **ANN,
    "productId": "1",
    "appliedTimeInSeconds": NOON_S,
    "addedTimeInSeconds": NOON_S,
    "removedTimeInSeconds": None,
    "appliedTimeRange": {"startTimeInSeconds": NOON_S, "endTimeInSeconds": None},
    "priority": 2,
    "removalContext": None,
    "commitmentId": None,
    "entityProductInvoices": [],
    "amountLeftInCycle": 12.5,
    "totalAmountLeft": 100,
    "id": ...,
    "relationId": ...,
}

ROUND_TRIPS = {
    "customer promotion": [
        Step("createCustomer", body={"customerId": "ann", "customerName": "Ann"}),
        Step("createOrUpdatePromotion", body=CAPPED, clock={"frozen": True, "now": NOON_MS}),
        Step("listCustomerPromotions", query=OF_ANN, expect=[]),
        Step("applyCustomerPromotion", body={**ANN, "priority": 2}, expect=APPLIED, save={"id": "id"}),
        Step("listCustomerPromotions", query=OF_ANN, expect=[{**APPLIED, "id": "$id"}]),
        Step("listCustomerPromotions", query={"CustomerId": "bob"}, expect=[]),
        Step("removeCustomerPromotion", query={"CustomerId": "bob", "Id": "$id"}, status=404),
        Step(
            "removeCustomerPromotion",
            query={**OF_ANN, "Id": "$id"},
            expect={**APPLIED, "id": "$id", "removedTimeInSeconds": NOON_S + 60},
            clock={"now": NOON_MS + 60_000},
        ),
        Step("listCustomerPromotions", query=OF_ANN, expect=[]),
        Step("removeCustomerPromotion", query={**OF_ANN, "Id": "$id"}, status=404),
    ]
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """A promotion is given to a customer, listed as that customer's alone, and removed once."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def ann(account: Account) -> MockClient:
    """An account whose clock stands at noon of 2024-06-12, with the customer `ann` and the promotion `p`."""
    define(account.mock)
    return account.mock


def define(mock: MockClient, **fields: Any) -> None:
    """Stores the promotion `p` with these fields."""
    Account.take(mock.post(DEFINITIONS, json={**CAPPED, **fields}))


def second_of(year: int, *rest: int) -> int:
    """Unix seconds of an instant: a year, a month, a day and perhaps a time."""
    return calendar.timegm((year, *rest, 0, 0, 0)[:6])


def listed(mock: MockClient, **query: str) -> list[str]:
    """The ids of the active promotions of `ann`."""
    return [each["id"] for each in Account.take(mock.get(f"{PATH}/list", params={"CustomerId": "ann", **query}))]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2024, 6, 12, 12), 1, (2024, 7, 12, 12)),
        ((2024, 1, 31), 1, (2024, 2, 29)),
        ((2023, 11, 30, 23, 59, 59), 3, (2024, 2, 29, 23, 59, 59)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
    ],
)
def test_a_limit_in_months_counts_from_the_start(
    ann: MockClient, start: tuple[int, ...], months: int, end: tuple[int, ...]
) -> None:
    """The range of an applied promotion ends on the same day so many months later, or on the month's last day."""
    define(ann, promotionTimeLimit={"months": months})
    start_s, end_s = second_of(*start), second_of(*end)
    answered = ann.post(PATH, json={**ANN, "appliedTimeRange": {"startTimeInSeconds": start_s}}).json()
    assert answered["appliedTimeRange"] == {"startTimeInSeconds": start_s, "endTimeInSeconds": end_s}
    assert answered["appliedTimeInSeconds"] == start_s


@pytest.mark.parametrize(
    ("limit", "asked", "end"),
    [
        ({"cycles": 2}, None, None),
        ({"months": 0}, None, None),
        ({"months": 1}, NOON_S + 5, NOON_S + 5),
        ({"months": 10**20}, None, 2**63 - 1),
    ],
)
def test_other_ends_of_an_applied_promotion(ann: MockClient, limit: Json, asked: int | None, end: int | None) -> None:
    """The caller's end goes before the limit's; cycles have none that is known; an end fits into 64 bits."""
    define(ann, promotionTimeLimit=limit)
    given = {"startTimeInSeconds": NOON_S, "endTimeInSeconds": asked}
    answered = ann.post(PATH, json={**ANN, "appliedTimeRange": given}).json()
    assert answered["appliedTimeRange"]["endTimeInSeconds"] == end


def test_a_promotion_is_active_until_it_ends(ann: MockClient) -> None:
    """An applied promotion is listed before its start and until its end on the account's clock, that excluded."""
    times = {"startTimeInSeconds": NOON_S + 10, "endTimeInSeconds": NOON_S + 20}
    made = ann.post(PATH, json={**ANN, "appliedTimeRange": times}).json()["id"]
    seen = []
    for second in (0, 10, 19, 20):
        ann.clock(now=NOON_MS + second * 1000)
        seen.append(listed(ann))
    assert seen == [[made], [made], [made], []]


def test_products_are_listed_apart(ann: MockClient) -> None:
    """Without a product the list is that of product 1."""
    first = ann.post(PATH, json=ANN).json()["id"]
    second = ann.post(PATH, json={**ANN, "productId": "2"}).json()["id"]
    assert (listed(ann), listed(ann, productid="1"), listed(ann, ProductId="2")) == ([first], [first], [second])


@pytest.mark.parametrize(
    ("fields", "in_cycle", "in_all"),
    [
        ({}, 12.5, 100),
        ({"type": "time_limited_absolute_product_discount", "discount": 5}, 5, 100),
        ({"type": "generic_product_promotion"}, None, None),
    ],
)
def test_the_caps_are_the_definitions(
    ann: MockClient, fields: Json, in_cycle: float | None, in_all: float | None
) -> None:
    """Nothing was drawn yet: what is left is what the definition allows, in a cycle and in all; null is no cap."""
    define(ann, **fields)
    answered = ann.post(PATH, json=ANN).json()
    assert (answered["amountLeftInCycle"], answered["totalAmountLeft"]) == (in_cycle, in_all)


@pytest.mark.parametrize("end", [NOON_S, NOON_S - 1])
def test_a_range_that_ends_before_it_starts_is_refused(ann: MockClient, end: int) -> None:
    """A reversed or empty range is 400, and nothing is applied."""
    body = {**ANN, "appliedTimeRange": {"startTimeInSeconds": NOON_S, "endTimeInSeconds": end}}
    assert refused(ann.post(PATH, json=body)) == "appliedTimeRange.endTimeInSeconds: reversed-range"
    assert listed(ann) == []


@pytest.mark.parametrize(
    ("method", "path", "details"),
    [
        ("get", f"{PATH}/list", "CustomerId: required"),
        ("delete", f"{PATH}?Id=x", "CustomerId: required"),
        ("delete", f"{PATH}?CustomerId=ann", "Id: required"),
    ],
)
def test_query_parameters_are_required(ann: MockClient, method: str, path: str, details: str) -> None:
    """A read or removal that does not say of whom, or what, is 400."""
    assert refused(getattr(ann, method)(path)) == details


def test_an_unknown_promotion_is_not_removed(ann: MockClient) -> None:
    """An id that names nothing is 404, also in the spelling of other clients."""
    assert refused(ann.delete(f"{PATH}?customerId=ann&id=x"), 404) == "Id: unknown-key"


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ({**ANN, "customerId": "nobody"}, "customerId", "unknown-customer"),
        ({**ANN, "promotionId": "nothing"}, "promotionId", "unknown-promotion"),
        ({**ANN, "promotionId": "old"}, "promotionId", "deprecated-promotion"),
        ({**ANN, "promotionId": "twice"}, "promotionId", "already-applied"),
    ],
)
def test_doubtful_promotions_are_warned_of(ann: MockClient, body: Json, field: str, rule: str) -> None:
    """A promotion that cannot take effect, or would twice, is applied with a warning, and refused in strict mode."""
    for strict in (False, True):
        ann.reset(strict=strict)
        Account(ann).register("ann")
        define(ann)
        define(ann, id="old", lockingStatus="deprecated")
        define(ann, id="twice")
        ann.post(PATH, json={**ANN, "promotionId": "twice"})
        response = ann.post(PATH, json=body)
        if strict:
            assert refused(response) == f"{field}: {rule}"
            assert len(Account(ann).stored("customer-promotions")) == 1
        else:
            assert response.status_code == 200
            assert ann.rules() == [rule]
