"""Commitments: one active contract a customer, its plan and promotions, what is refused or warned of."""

from typing import Any

import pytest

from mockserver.handlers.commitments import TEMPLATES
from specs import catalog
from tests.handlers.steps import NOON_MS, Account, Json, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

PATH = "/payments/pricing/amberflo/customer-commitment"
PROMOTIONS = "/payments/pricing/amberflo/account-pricing/promotions"
PLANS = "/payments/pricing/amberflo/account-pricing/product-plans"
NOON_S = NOON_MS // 1000
DAY_S = 86_400
OPERATIONS = {operation.operation_id: operation for operation in catalog.operations()}
YEAR = {"customerId": "ann", "planId": "plan", "label": "Year", "cycles": 12}
TYPED = {**YEAR, "type": "custom_commitment"}
PROMOTION = {"id": "p", "promotionName": "P", "type": "time_limited_absolute_product_discount", "discount": 5}
A_DAY = {"advance": {"days": 1}}
STOPPED = {"frozen": True, "now": NOON_MS}
WRITTEN = {"commitments", "plan-assignments", "customer-promotions"}
EMPTY_EFFECTS = (
    "firstCustomerPrepaidCards",
    "firstPrepaidCardsOrders",
    "firstCustomPromotions",
    "firstOrders",
    "firstPlanOverrideGenerators",
)
A_YEAR_LATER_S = 1_749_729_600
"""2025-06-12T12:00:00Z."""


def example_of(operation_id: str) -> Json:
    """The body that the document shows for an operation."""
    content = OPERATIONS[operation_id].node["requestBody"]["content"]["application/json"]
    value: Json = content["examples"]["typical"]["value"]
    return value


def life_of(operation_id: str) -> list[Step]:
    """A commitment written by its form, read by every reader of what it made, changed, and read again."""
    body = example_of(operation_id)
    of_customer = {"customerId": body["customerId"]}
    promotions = [{"promotionId": name, "commitmentId": "$id"} for name in body.get("promotions", [])]
    answered = {
        "contractGenerator": body,
        "contract": {"startTimeInSeconds": NOON_S, "label": body["label"], "type": body["type"], "obligations": []},
        "firstCustomerPlan": {**of_customer, "productPlanId": body["planId"], "startTimeInSeconds": NOON_S},
        "creationTimeInSeconds": NOON_S,
        "commitmentStateHistory": {str(NOON_S): {"state": "active"}},
        "customerId": ABSENT,
        **{name: [] for name in EMPTY_EFFECTS},
    }
    changed = {**body, "cycles": 24}
    return [
        Step("listCommitments", expect=[], clock=STOPPED),
        Step(operation_id, body=body, expect=answered, save={"id": "contract.id"}),
        Step("listCommitments", expect=[{**answered, "firstCustomerAppliedPromotions": promotions}]),
        Step("listCommitments", query={"customerId": "nobody"}, expect=[]),
        Step("listCustomerPromotions", query={"CustomerId": body["customerId"]}, expect=promotions),
        Step("listCustomerPlans", query={"CustomerId": body["customerId"]}, expect=[{"productPlanId": body["planId"]}]),
        Step(operation_id, body=changed, expect={"contractGenerator": {"cycles": 24}}, clock=A_DAY),
        Step(
            "listCommitments",
            query=of_customer,
            expect=[{"contract": {"id": "$id", "cycles": 24}, "creationTimeInSeconds": NOON_S}],
        ),
    ]


ROUND_TRIPS = {operation_id: life_of(operation_id) for operation_id in ("createOrUpdateCommitment", *TEMPLATES)}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Each form is stored, read back with its plan and promotions, and changed in its place."""
    run(mock, ROUND_TRIPS[name])


@pytest.fixture
def contracts(account: Account) -> MockClient:
    """An account at noon of 2024-06-12 with the customer `ann`, the plan `plan` and the promotions `p` and `q`."""
    prepare(account.mock, strict=False)
    return account.mock


def prepare(mock: MockClient, *, strict: bool) -> None:
    """Resets the account to the customer, plan and promotions of the tests."""
    mock.reset(strict=strict)
    Account(mock).register("ann")
    define_plan(mock, interval="month", intervalsCount=1)
    for name in ("p", "q"):
        Account.take(mock.post(PROMOTIONS, json={**PROMOTION, "id": name}))


def define_plan(mock: MockClient, **period: Any) -> None:
    """Stores the plan `plan` with a billing period."""
    Account.take(mock.post(PLANS, json={"id": "plan", "productPlanName": "Plan", "billingPeriod": period}))


def made(mock: MockClient, **fields: Any) -> Json:
    """Stores a commitment and answers it."""
    answered: Json = Account.take(mock.post(PATH, json={**TYPED, **fields}))
    return answered


def listed(mock: MockClient) -> list[Json]:
    """The contracts of `ann`."""
    found: list[Json] = Account.take(mock.get(f"{PATH}/list", params={"customerId": "ann"}))
    return found


def given(mock: MockClient) -> list[str]:
    """The active promotions of `ann`."""
    answered = mock.get("/payments/pricing/amberflo/customer-promotions/list", params={"CustomerId": "ann"})
    return [each["promotionId"] for each in Account.take(answered)]


@pytest.mark.parametrize("operation_id", TEMPLATES)
def test_a_form_stores_what_the_generic_one_stores(contracts: MockClient, operation_id: str) -> None:
    """The list gives the same after either; a type that contradicts the path is 400 and stores nothing."""
    path, body = OPERATIONS[operation_id].path, {**example_of(operation_id), "customerId": "ann", "planId": "plan"}
    assert refused(contracts.post(path, json={**body, "type": "other"})) == "type: enum"
    assert listed(contracts) == []
    contracts.post(path, json={name: value for name, value in body.items() if name != "type"})
    by_form = listed(contracts)
    prepare(contracts, strict=False)
    contracts.post(PATH, json=body)
    assert listed(contracts) == by_form


@pytest.mark.parametrize(
    ("period", "cycles", "end"),
    [
        ({"interval": "month", "intervalsCount": 1}, 12, A_YEAR_LATER_S),
        ({"interval": "month", "intervalsCount": 3}, 4, A_YEAR_LATER_S),
        ({"interval": "YEAR", "intervalsCount": 1}, 1, A_YEAR_LATER_S),
        ({"interval": "day", "intervalsCount": 2}, 3, NOON_S + 6 * DAY_S),
        ({"interval": "calendar_month", "intervalsCount": 1}, 1, 1_719_792_000),
    ],
)
def test_a_contract_ends_after_its_last_cycle(contracts: MockClient, period: Json, cycles: int, end: int) -> None:
    """The cycles are the plan's billing periods, counted from the start."""
    define_plan(contracts, **period)
    assert made(contracts, cycles=cycles)["contract"]["endTimeInSeconds"] == end


@pytest.mark.parametrize("start", [2**63 - 1, -(2**63)])
def test_times_beyond_the_calendar_are_taken(contracts: MockClient, start: int) -> None:
    """Any 64-bit start is stored, with a warning; the end fits into 64 bits."""
    contract = made(contracts, startTimeInSeconds=start, cycles=2_147_483_647)["contract"]
    assert contract["startTimeInSeconds"] == start
    assert start <= contract["endTimeInSeconds"] <= 2**63 - 1
    assert contracts.rules() == ["unlikely-time"]


def test_a_plan_that_is_unknown_has_months(contracts: MockClient) -> None:
    """Without a billing period a cycle is a month."""
    assert made(contracts, planId="nothing")["contract"]["endTimeInSeconds"] == A_YEAR_LATER_S


def test_an_update_changes_the_contract_in_its_place(contracts: MockClient) -> None:
    """The same type and label of a customer are the same contract: it keeps its id, start and first times."""
    first = made(contracts, promotions=["p"])
    contracts.clock(**A_DAY)
    second = made(contracts, cycles=1, promotions=["p", "q", "q"])
    assert listed(contracts) == [second]
    assert second["contract"] == {**first["contract"], "cycles": 1, "endTimeInSeconds": NOON_S + 30 * DAY_S}
    assert second["creationTimeInSeconds"] == NOON_S
    assert second["firstCustomerPlan"] == first["firstCustomerPlan"]
    assert second["firstCustomerAppliedPromotions"][0] == first["firstCustomerAppliedPromotions"][0]
    assert given(contracts) == ["p", "q"]
    assert contracts.rules() == []


def test_a_promotion_that_is_named_no_more_is_removed(contracts: MockClient) -> None:
    """An update takes back what it leaves out, and only what came with the contract."""
    contracts.post("/payments/pricing/amberflo/customer-promotions", json={"customerId": "ann", "promotionId": "q"})
    contract = made(contracts, promotions=["p"])["contract"]
    made(contracts)
    assert given(contracts) == ["q"]
    removed = Account(contracts).stored("customer-promotions")[1]
    assert (removed["removedTimeInSeconds"], removed["removalContext"]) == (NOON_S, {"commitmentId": contract["id"]})


def test_a_subscription_has_no_promotions(contracts: MockClient) -> None:
    """The subscription form does not know the field, whatever it holds."""
    body = {name: value for name, value in TYPED.items() if name != "type"}
    answered = Account.take(contracts.post(f"{PATH}/subscription_commitment", json={**body, "promotions": 5}))
    assert answered["firstCustomerAppliedPromotions"] == []
    assert given(contracts) == []


def test_a_second_contract_replaces_the_active_one(contracts: MockClient) -> None:
    """A customer has one active contract: the other stays listed as replaced, and its promotions go."""
    first = made(contracts, promotions=["p"])
    contracts.clock(**A_DAY)
    second = made(contracts, label="Other", promotions=["q"])
    assert contracts.rules() == ["active-commitment"]
    old, new = listed(contracts)
    assert new == second
    assert old["contract"] == {**first["contract"], "replacedBy": second["contract"]["id"]}
    assert old["commitmentStateHistory"] == {
        str(NOON_S): {"state": "active"},
        str(NOON_S + DAY_S): {"state": "replaced"},
    }
    assert given(contracts) == ["q"]
    # What was replaced does not come back: its label makes a contract of its own.
    third = made(contracts)
    assert third["contract"]["id"] not in {first["contract"]["id"], second["contract"]["id"]}


def test_a_contract_that_has_ended_is_followed_by_a_new_one(contracts: MockClient) -> None:
    """After the last cycle the same type and label are a new contract, without a warning."""
    first = made(contracts, cycles=1)
    contracts.clock(advance={"days": 30})
    second = made(contracts, cycles=1)
    assert [each["contract"]["id"] for each in listed(contracts)] == [
        first["contract"]["id"],
        second["contract"]["id"],
    ]
    assert first["contract"]["id"] != second["contract"]["id"]
    assert contracts.rules() == []


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({**TYPED, "cycles": None}, "cycles: not-null"),
        ({**TYPED, "cycles": 2**31}, "cycles: maximum"),
        ({**TYPED, "customerId": ""}, "customerId: minLength"),
        ({**TYPED, "startTimeInSeconds": "now"}, "startTimeInSeconds: type"),
        ({**TYPED, "promotions": [5]}, "promotions[0]: type"),
        ({name: value for name, value in TYPED.items() if name != "label"}, "label: required"),
    ],
)
def test_refusals(contracts: MockClient, body: Json, details: str) -> None:
    """A body that breaks the document is 400 that names the field, and nothing is stored."""
    assert refused(contracts.post(PATH, json=body)) == details
    assert listed(contracts) == []


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (YEAR, "type: absent-type"),
        ({**TYPED, "type": "new_kind"}, "type: unknown-type"),
        ({**TYPED, "customerId": "nobody"}, "customerId: unknown-customer"),
        ({**TYPED, "planId": "nothing"}, "planId: unknown-product-plan"),
        ({**TYPED, "promotions": ["nothing"]}, "promotions: unknown-promotion"),
        ({**TYPED, "cycles": 0}, "cycles: no-cycles"),
    ],
)
def test_doubtful_contracts_are_warned_of(contracts: MockClient, body: Json, details: str) -> None:
    """What can hardly be meant is stored with one warning, and refused in a strict account, where nothing is stored."""
    assert contracts.post(PATH, json=body).status_code == 200
    assert contracts.rules() == [details.rpartition(" ")[2]]
    prepare(contracts, strict=True)
    assert refused(contracts.post(PATH, json=body)) == details
    assert Account(contracts).state()["collections"].keys().isdisjoint(WRITTEN)


def test_a_strict_account_keeps_the_active_contract(contracts: MockClient) -> None:
    """A second contract is refused before anything of it is stored."""
    prepare(contracts, strict=True)
    first = made(contracts, promotions=["p"])
    second = {**TYPED, "label": "Other", "promotions": ["q"]}
    assert refused(contracts.post(PATH, json=second)) == "label: active-commitment"
    assert (listed(contracts), given(contracts)) == ([first], ["p"])
