"""Commitments: one active contract a customer, its plan, promotions and credit, what it makes due, what is refused."""

import sys
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
WRITTEN = {"commitments", "plan-assignments", "customer-promotions", "prepaid-orders"}
EMPTY_EFFECTS = (
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
        "contract": {"startTimeInSeconds": NOON_S, "label": body["label"], "type": body["type"]},
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


@pytest.mark.parametrize(
    ("other", "days"),
    [({"label": "Other"}, 0), ({"type": "arrears_commitment_with_true_up"}, 0), ({"label": "Other"}, -364)],
)
def test_two_contracts_do_not_overlap(contracts: MockClient, other: Json, days: int) -> None:
    """A second contract in the time of the first is 400 and changes nothing, whichever starts first."""
    first = made(contracts, promotions=["p"])
    before = Account(contracts).state()
    body = {**TYPED, **other, "promotions": ["q"], "startTimeInSeconds": NOON_S + days * DAY_S}
    assert refused(contracts.post(PATH, json=body)) == "startTimeInSeconds: overlapping-commitment"
    assert (listed(contracts), given(contracts), Account(contracts).state()) == ([first], ["p"], before)


def test_a_contract_may_follow_another_one(contracts: MockClient) -> None:
    """One that starts at the second when the other is over is taken, and one that ends when the other starts."""
    made(contracts)
    made(contracts, startTimeInSeconds=A_YEAR_LATER_S)
    made(contracts, label="Before", cycles=1, startTimeInSeconds=NOON_S - 31 * DAY_S)
    starts = [each["contract"]["startTimeInSeconds"] for each in listed(contracts)]
    assert starts == [NOON_S, A_YEAR_LATER_S, NOON_S - 31 * DAY_S]
    longer = {**TYPED, "cycles": 13}
    assert refused(contracts.post(PATH, json=longer)) == "startTimeInSeconds: overlapping-commitment"
    assert [each["contract"]["startTimeInSeconds"] for each in listed(contracts)] == starts
    assert contracts.rules() == []


def test_an_update_may_move_the_start(contracts: MockClient) -> None:
    """The same type and label at a time that the terms share move the contract; without a start it stays."""
    first = made(contracts)
    moved = made(contracts, startTimeInSeconds=NOON_S - DAY_S)
    assert moved["contract"]["id"] == first["contract"]["id"]
    assert made(contracts)["contract"]["startTimeInSeconds"] == NOON_S - DAY_S
    assert len(listed(contracts)) == 1


def test_contracts_of_different_customers_do_not_meet(contracts: MockClient) -> None:
    """Each customer has one contract at a time, and finds its own alone."""
    Account(contracts).register("bob")
    made(contracts)
    made(contracts, customerId="bob", label="Other")
    assert [each["contract"]["customerId"] for each in listed(contracts)] == ["ann"]
    everyone = Account.take(contracts.get(f"{PATH}/list"))
    assert [each["contract"]["customerId"] for each in everyone] == ["ann", "bob"]


def test_the_states_follow_the_clock(contracts: MockClient) -> None:
    """A contract is pending until its start, then active, and completed when its last cycle is over."""
    start, end = NOON_S + DAY_S, NOON_S + 31 * DAY_S
    made(contracts, cycles=1, startTimeInSeconds=start)
    seen = []
    for days in (0, 1, 29, 1):
        contracts.clock(advance={"days": days})
        (contract,) = listed(contracts)
        seen.append({int(at): each["state"] for at, each in contract["commitmentStateHistory"].items()})
    pending = {NOON_S: "pending"}
    active = {**pending, start: "active"}
    assert seen == [pending, active, active, {**active, end: "completed"}]


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
        ({**TYPED, "type": "upfront_commitment_with_true_up", "trueup": {}}, "trueup.amount: absent-amount"),
        ({**TYPED, "credits": [{"amount": 1}, {"worth": 1}]}, "credits[1].amount: absent-amount"),
        ({**TYPED, "installmentSchedule": {"13": {"amount": 1}}}, "installmentSchedule.13: unlikely-cycle"),
        ({**TYPED, "installmentSchedule": {"0": {"amount": 1}}}, "installmentSchedule.0: unlikely-cycle"),
        ({**TYPED, "installmentSchedule": {"first": {"amount": 1}}}, "installmentSchedule.first: unlikely-cycle"),
    ],
)
def test_doubtful_contracts_are_warned_of(contracts: MockClient, body: Json, details: str) -> None:
    """What can hardly be meant is stored with one warning, and refused in a strict account, where nothing is stored."""
    assert contracts.post(PATH, json=body).status_code == 200
    assert contracts.rules() == [details.rpartition(" ")[2]]
    prepare(contracts, strict=True)
    assert refused(contracts.post(PATH, json=body)) == details
    assert Account(contracts).state()["collections"].keys().isdisjoint(WRITTEN)


def test_amounts_beyond_doubles_are_told_as_the_largest(contracts: MockClient) -> None:
    """Payments that fall into one cycle add up to what no double holds: contract, card and invoice have the largest."""
    most = sys.float_info.max
    schedule = {"1": {"amount": most}, "01": {"amount": most}}
    contract = made(contracts, type="installments_commitment", installmentCycleSchedule=schedule)
    assert [each["amount"] for each in contract["contract"]["obligations"]] == [most]
    assert [card["worth"] for card in contract["firstCustomerPrepaidCards"]] == [most]
    assert fees(contracts) == [[("payment-1", most)]]


UPFRONT, INSTALLMENTS = "upfront_commitment_with_true_up", "installments_commitment"


@pytest.mark.parametrize(
    ("form", "due"),
    [
        ({"type": "arrears_commitment_with_true_up", "trueup": {"amount": 12.5}}, [("true-up-1", "true_up", 12.5, 12)]),
        (
            {"type": UPFRONT, "upfrontPayment": {"amount": 100}, "trueup": {"amount": 120}},
            [("payment-1", "payment", 100, 1), ("true-up-1", "true_up", 120, 12)],
        ),
        (
            {"type": INSTALLMENTS, "installmentCycleSchedule": {"7": {"amount": 0.015}, "1": {"amount": 5}}},
            [("payment-1", "payment", 5, 1), ("payment-7", "payment", 0.02, 7)],
        ),
        (
            {"type": "subscription_commitment", "cycleSubscriptionFee": 9.99},
            [("subscription-fee", "subscription_fee", 9.99, None)],
        ),
        (
            {
                "upfrontPayments": [{"amount": 1}, {"amount": 2}],
                "installmentSchedule": {"1": {"amount": 4}, "2": {"amount": 8}},
                "trueups": [{"amount": 30}, {"amount": 40}],
            },
            [
                ("payment-1", "payment", 7, 1),
                ("payment-2", "payment", 8, 2),
                ("true-up-1", "true_up", 30, 12),
                ("true-up-2", "true_up", 40, 12),
            ],
        ),
        ({"type": "min_cycle_price_true_up", "trueup": {"amount": 6}}, [("true-up-1", "true_up", 6, 12)]),
        ({"type": "subscription_commitment", "trueup": {"amount": 6}}, []),
        ({}, []),
    ],
)
def test_a_contract_lists_what_it_makes_due(
    contracts: MockClient, form: Json, due: list[tuple[str, str, float, int | None]]
) -> None:
    """Each form has the amounts of its own fields: fees of every cycle, payments by cycle, amounts promised."""
    obligations = made(contracts, **form)["contract"]["obligations"]
    assert [(each["id"], each["type"], each["amount"], each["cycle"]) for each in obligations] == due


def wallet(mock: MockClient) -> list[tuple[str, str, float, int, int]]:
    """The cards of `ann`: type, payment, worth, and from when until when in days after noon."""
    answered = mock.get("/payments/billing/customer-prepaid-wallet", params={"customerId": "ann"})
    return [
        (
            card["cardType"],
            card["paymentStatus"],
            card["worth"],
            (card["startTimeInMillis"] // 1000 - NOON_S) // DAY_S,
            (card["expirationTimeInMillis"] // 1000 - NOON_S) // DAY_S,
        )
        for card in Account.take(answered)["prepaidCards"]
    ]


CREDIT = ("credit_one_time", "not_needed")
REWARD = ("commitment_rewards", "not_needed")


@pytest.mark.parametrize(
    ("form", "cards"),
    [
        ({"type": UPFRONT, "upfrontPayment": {"amount": 100.5}}, [(*CREDIT, 100.5, 0, 365)]),
        (
            {"type": UPFRONT, "upfrontPayment": {"amount": 100}, "reward": {"amount": 5}},
            [(*CREDIT, 100, 0, 365), (*REWARD, 5, 0, 365)],
        ),
        (
            {"type": INSTALLMENTS, "installmentCycleSchedule": {"3": {"amount": 20}, "1": {"amount": 10}}},
            [(*CREDIT, 10, 0, 365), (*CREDIT, 20, 61, 365)],
        ),
        (
            {
                "type": INSTALLMENTS,
                "installmentCycleSchedule": {"3": {"amount": 20}},
                "credits": [{"amount": 30}, {"amount": 0}],
            },
            [(*CREDIT, 30, 0, 365)],
        ),
        (
            {"upfrontPayments": [{"amount": 1}], "credits": [{"amount": 2}], "rewards": [{"amount": 3}, {"amount": 4}]},
            [(*CREDIT, 2, 0, 365), (*REWARD, 3, 0, 365), (*REWARD, 4, 0, 365)],
        ),
        ({"type": "arrears_commitment_with_true_up", "reward": {"amount": 5}}, [(*REWARD, 5, 0, 365)]),
        ({"type": "subscription_commitment", "reward": {"amount": 5}}, []),
    ],
)
def test_credit_comes_with_a_contract(
    contracts: MockClient, form: Json, cards: list[tuple[str, str, float, int, int]]
) -> None:
    """What is paid in advance comes back as credit until the contract's end; custom contracts name theirs."""
    contract = made(contracts, **form)
    assert wallet(contracts) == cards
    orders, first = contract["firstPrepaidCardsOrders"], contract["firstCustomerPrepaidCards"]
    assert [(card["cardType"], card["worth"]) for card in first] == [(kind, worth) for kind, _, worth, _, _ in cards]
    assert [order["firstInvoiceUri"] for order in orders] == [card["prepaidUri"] for card in first]
    assert {order["commitmentId"] for order in orders} <= {contract["contract"]["id"]}
    assert {order["prepaidPrice"] for order in orders} <= {0}


def test_an_update_changes_the_credit_in_its_place(contracts: MockClient) -> None:
    """The same card gets its new worth and end; credit that is granted no more expires, or goes before it has begun."""
    form = {"type": INSTALLMENTS, "reward": {"amount": 5}}
    schedule = {"1": {"amount": 10}, "3": {"amount": 20}, "5": {"amount": 30}}
    first = made(contracts, **form, installmentCycleSchedule=schedule)
    contracts.clock(**A_DAY)
    second = made(
        contracts, type=INSTALLMENTS, installmentCycleSchedule={"1": {"amount": 11}, "3": {"amount": 20}}, cycles=3
    )
    assert wallet(contracts) == [(*CREDIT, 11, 0, 92), (*REWARD, 5, 0, 1), (*CREDIT, 20, 61, 92)]
    uris = [each["prepaidUri"] for each in first["firstCustomerPrepaidCards"]]
    assert [each["prepaidUri"] for each in second["firstCustomerPrepaidCards"]] == uris[:2]
    contracts.clock(**A_DAY)
    made(contracts, type=INSTALLMENTS, cycles=3)
    assert wallet(contracts) == [(*CREDIT, 11, 0, 2), (*REWARD, 5, 0, 1)]


def test_credit_that_was_deleted_comes_back_with_an_update(contracts: MockClient) -> None:
    """An order that somebody ended is none that an update could end: what it grants is ordered anew."""
    form = {"type": UPFRONT, "upfrontPayment": {"amount": 10}}
    order = made(contracts, **form)["firstPrepaidCardsOrders"][0]
    named = {"CustomerId": "ann", "Id": order["id"]}
    Account.take(contracts.delete("/payments/pricing/amberflo/customer-prepaid", params=named))
    again = made(contracts, **form)["firstPrepaidCardsOrders"][0]
    assert (again["id"], again["relationId"] != order["relationId"]) == (order["id"], True)
    Account.take(contracts.delete("/payments/pricing/amberflo/customer-prepaid", params=named))
    assert made(contracts, type=UPFRONT)["firstPrepaidCardsOrders"] == []


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"type": UPFRONT, "upfrontPayment": {"amount": -1}}, "upfrontPayment.amount: negative-amount"),
        ({"trueup": {"amount": -0.01}, "type": UPFRONT}, "trueup.amount: negative-amount"),
        ({"trueups": [{"amount": 1}, {"amount": -1}]}, "trueups[1].amount: negative-amount"),
        ({"rewards": [{"amount": -1}]}, "rewards[0].amount: negative-amount"),
        (
            {"type": INSTALLMENTS, "installmentCycleSchedule": {"7": {"amount": -5}}},
            "installmentCycleSchedule.7.amount: negative-amount",
        ),
        ({"type": "subscription_commitment", "cycleSubscriptionFee": -5}, "cycleSubscriptionFee: negative-amount"),
        ({"cycles": -1}, "cycles: reversed-range"),
        ({"credits": [{"amount": "5"}]}, "credits[0].amount: type"),
        ({"installmentSchedule": {"first": 5}}, "installmentSchedule.first: type"),
    ],
)
def test_amounts_below_nothing_are_refused(contracts: MockClient, body: Json, details: str) -> None:
    """An amount below 0, or an end before the start, is 400 that names field and rule, and nothing is stored."""
    assert refused(contracts.post(PATH, json={**TYPED, **body, "promotions": ["p"]})) == details
    assert Account(contracts).state()["collections"].keys().isdisjoint(WRITTEN)


def fees(mock: MockClient) -> list[list[tuple[str, float]]]:
    """What commitments add to the invoices of `ann`, oldest invoice first."""
    answered = mock.get("/payments/billing/customer-product-invoice/all", params={"customerId": "ann"})
    invoices = sorted(Account.take(answered), key=lambda each: int(each["invoiceStartTimeInSeconds"]))
    for each in invoices:
        assert each["totalBill"]["commitmentsFees"] == sum(fee["feeAmount"] for fee in each["appliedCommitments"])
    return [[(fee["obligationId"], fee["feeAmount"]) for fee in each["appliedCommitments"]] for each in invoices]


@pytest.mark.parametrize(
    ("form", "billed"),
    [
        (
            {"type": "arrears_commitment_with_true_up", "trueup": {"amount": 99.5}},
            [[], [], [("true-up-1", 99.5)], []],
        ),
        (
            {"type": UPFRONT, "upfrontPayment": {"amount": 60}, "trueup": {"amount": 100}},
            [[("payment-1", 60)], [], [("true-up-1", 40)], []],
        ),
        (
            {"type": INSTALLMENTS, "installmentCycleSchedule": {"1": {"amount": 10}, "3": {"amount": 20}}},
            [[("payment-1", 10)], [], [("payment-3", 20)], []],
        ),
        (
            {"type": "subscription_commitment", "cycleSubscriptionFee": 9.99},
            [*[[("subscription-fee", 9.99)]] * 3, []],
        ),
    ],
)
def test_invoices_bill_what_falls_due(contracts: MockClient, form: Json, billed: list[list[tuple[str, float]]]) -> None:
    """Payments are on the invoices of their cycles and a true-up on the last, in one step of the clock or many."""
    made(contracts, **form, cycles=3)
    contracts.clock(advance={"days": 100})
    assert fees(contracts) == billed
    prepare(contracts, strict=False)
    contracts.clock(now=NOON_MS)
    made(contracts, **form, cycles=3)
    for _ in range(20):
        contracts.clock(advance={"days": 5})
    assert fees(contracts) == billed


def test_a_strict_account_takes_a_contract_with_all_its_effects(contracts: MockClient) -> None:
    """What a contract brings about by itself, such as credit that costs nothing, is nothing to warn of."""
    prepare(contracts, strict=True)
    made(contracts, type=UPFRONT, upfrontPayment={"amount": 5}, reward={"amount": 1}, promotions=["p"])
    assert wallet(contracts) == [(*CREDIT, 5, 0, 365), (*REWARD, 1, 0, 365)]
