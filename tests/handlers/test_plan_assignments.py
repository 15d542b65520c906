"""Plan assignments: two forms over the same documents, one plan at a time, and who may take one back."""

from typing import Any

import pytest

from tests.handlers.steps import DAY_MS, NOON_MS, Account, Json, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

PUBLISHED = "/payments-pricing-amberflo-customer-pricing"
LIVE = "/payments/pricing/amberflo/customer-pricing"
QUERY = "/payments/pricing/amberflo/queries/customer-plans"
NOON_S, DAY_S = NOON_MS // 1000, DAY_MS // 1000
ANN = {"CustomerId": "ann"}
CUSTOMER = {"customerId": "ann", "customerName": "Ann"}
BASIC = {"customerId": "ann", "productPlanId": "basic"}
PRO = {"customerId": "ann", "productPlanId": "pro"}
PLAN_UNKNOWN = "productPlanId: unknown-product-plan"
PAGE = {"pageNumber": 1, "pageSize": 100, "pageToken": None, "totalPages": 1}

ROUND_TRIPS = {
    "plan after plan": [
        Step("createCustomer", body=CUSTOMER, clock={"frozen": True, "now": NOON_MS}),
        Step("getLatestCustomerPlan", query=ANN, expect=None),
        Step("listCustomerPlans", query=ANN, expect=[]),
        Step("deleteFutureCustomerPlan", query=ANN, status=404),
        Step(
            "assignCustomerProductPlan",
            body=BASIC,
            expect={
                **BASIC,
                "productId": "1",
                "startTimeInSeconds": NOON_S,
                "createdTimeInSeconds": NOON_S,
                "relationId": ...,
                "endTimeInSeconds": ABSENT,
            },
            save={"first": "relationId"},
        ),
        Step("getLatestCustomerPlan", query=ANN, expect={**BASIC, "relationId": "$first"}),
        Step("deleteFutureCustomerPlan", query=ANN, status=400),
        Step("assignCustomerProductPlan", body={**PRO, "startTimeInSeconds": NOON_S + 9 * DAY_S}),
        Step("getLatestCustomerPlan", query=ANN, expect=PRO),
        Step(
            "listCustomerPlans",
            query=ANN,
            expect=[{**BASIC, "endTimeInSeconds": NOON_S + 9 * DAY_S}, {**PRO, "endTimeInSeconds": ABSENT}],
        ),
        Step(
            "queryCustomerPlans",
            body={"customerIds": ["ann"]},
            expect={"pageInfo": {**PAGE, "totalResults": 2}, "data": [BASIC, PRO]},
        ),
        Step("deleteFutureCustomerPlan", query=ANN, expect=PRO),
        Step("listCustomerPlans", query=ANN, expect=[{**BASIC, "endTimeInSeconds": ABSENT}]),
        Step("getLatestCustomerPlan", query=ANN, expect=BASIC),
        Step("queryCustomerPlans", body={"productPlanIds": ["pro"]}, expect={"data": []}),
    ],
    "written in the published form": [
        Step("assignPricingPlan", body={"customerId": "ann", "productId": "basic", "startTime": NOON_MS - 500}),
        Step(
            "getLatestCustomerPlan",
            query=ANN,
            expect={**BASIC, "productId": "1", "startTimeInSeconds": NOON_S - 1, "relationId": ...},
        ),
        Step("assignCustomerProductPlan", body={**PRO, "startTimeInSeconds": NOON_S}),
        Step("listCustomerPlans", query=ANN, expect=[{**BASIC, "endTimeInSeconds": NOON_S}, PRO]),
        Step("assignPricingPlan", body={"customerId": "ann", "startTime": NOON_MS + 5_000}),
        Step(
            "listCustomerPlans",
            query=ANN,
            expect=[BASIC, {**PRO, "endTimeInSeconds": NOON_S + 5}, {"productPlanId": ABSENT}],
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What one form writes the other reads; a new plan ends the one before, and taking it back opens that again."""
    run(mock, ROUND_TRIPS[name])


def assign(account: Account, **fields: Any) -> Any:
    """Assigns a plan in the live form."""
    return account.take(account.mock.post(LIVE, json={**BASIC, **fields}))


def history(account: Account, customer: str = "ann") -> list[tuple[str, int, int | None]]:
    """A customer's plans: which, from which day on, and until which, counted from the clock's."""
    plans = account.take(account.mock.get(f"{LIVE}/list", params={"CustomerId": customer}))
    ends = [day(each["endTimeInSeconds"]) if "endTimeInSeconds" in each else None for each in plans]
    return [
        (each["productPlanId"], day(each["startTimeInSeconds"]), end) for each, end in zip(plans, ends, strict=True)
    ]


def day(second: int) -> int:
    """The day of a moment, counted from the clock's."""
    return (second - NOON_S) // DAY_S


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({"customerId": "ann", "productId": "p"}, {"customerId": "ann", "productId": "p", "startTime": NOON_MS}),
        ({"customerId": "ann", "productId": "p", "startTime": 5},) * 2,
        ({}, {"startTime": NOON_MS}),
        ({"nonsense": 1}, {"startTime": NOON_MS}),
    ],
    ids=["default-start", "start", "empty", "unknown"],
)
def test_the_published_form_answers_what_it_was_told(account: Account, sent: Json, answered: Json) -> None:
    """An assignment without a start begins at the clock's time; nothing of the live form is in the answer."""
    assert account.take(account.mock.post(PUBLISHED, json=sent)) == answered
    [stored] = account.stored("plan-assignments")
    assert {name: stored[name] for name in answered} == answered


def test_every_published_assignment_is_kept(account: Account) -> None:
    """A second assignment does not overwrite the first, even when it is the same."""
    for plan in ("p", "p", "q"):
        account.take(account.mock.post(PUBLISHED, json={"customerId": "ann", "productId": plan, "startTime": NOON_MS}))
    assert history(account) == [("p", 0, 0), ("p", 0, 0), ("q", 0, None)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("a", 0, None), ("b", 5, None)], [("a", 0, 5), ("b", 5, None)]),
        ([("a", 0, 3), ("b", 5, None)], [("a", 0, 3), ("b", 5, None)]),
        ([("a", 0, None), ("b", 5, None), ("c", 2, None)], [("a", 0, 2), ("c", 2, None), ("b", 5, 5)]),
        ([("a", 0, None), ("b", 0, None)], [("a", 0, 0), ("b", 0, None)]),
        ([("a", 0, None), ("b", -5, None)], [("b", -5, None), ("a", 0, 0)]),
    ],
    ids=["change", "gap", "earlier-than-scheduled", "same-start", "in-the-past"],
)
def test_one_plan_at_a_time(account: Account, given: list[Any], expected: list[Any]) -> None:
    """The plan that is given last holds from its start on; what it replaces whole stays in the history, empty."""
    for plan, start, end in given:
        limits = {} if end is None else {"endTimeInSeconds": NOON_S + end * DAY_S}
        assign(account, productPlanId=plan, startTimeInSeconds=NOON_S + start * DAY_S, **limits)
    assert history(account) == expected


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        (None, NOON_S + DAY_S, None),
        (None, NOON_S + DAY_S - 1, "short-term"),
        (None, NOON_S - 1, "reversed-range"),
        (NOON_S, NOON_S + DAY_S, None),
        (NOON_S, NOON_S, "short-term"),
        (NOON_S, NOON_S - 1, "reversed-range"),
        (NOON_S, 0, "reversed-range"),
        (0, DAY_S, None),
        (2**63 - 1, -(2**63), "reversed-range"),
    ],
)
def test_a_plan_is_held_for_a_day(account: Account, start: int | None, end: int, rule: str | None) -> None:
    """An end before the start, given or not, or less than a day after it, is refused, and nothing is stored."""
    limits = {"startTimeInSeconds": start, "endTimeInSeconds": end}
    body = {**BASIC, **{name: value for name, value in limits.items() if value is not None}}
    response = account.mock.post(LIVE, json=body)
    if rule:
        assert refused(response) == f"endTimeInSeconds: {rule}"
        assert "plan-assignments" not in account.state()["collections"]
    else:
        assert account.take(response)["endTimeInSeconds"] == end


def test_the_running_plan_can_be_ended(account: Account) -> None:
    """The same plan with an end alone ends the one that runs, under its own relation."""
    first = assign(account, startTimeInSeconds=NOON_S - 5 * DAY_S)
    ended = assign(account, endTimeInSeconds=NOON_S)
    assert ended == {**first, "endTimeInSeconds": NOON_S}
    assert history(account) == [("basic", -5, 0)]
    assign(account, startTimeInSeconds=NOON_S - 5 * DAY_S)
    assert history(account) == [("basic", -5, None)]


@pytest.mark.parametrize(
    "fields",
    [
        {"productPlanId": "pro", "endTimeInSeconds": NOON_S + DAY_S},
        {"productId": "2", "endTimeInSeconds": NOON_S + DAY_S},
        {"startTimeInSeconds": NOON_S + 1},
        {},
    ],
    ids=["other-plan", "other-product", "other-start", "no-end"],
)
def test_anything_else_is_a_new_assignment(account: Account, fields: Json) -> None:
    """Another plan, product or start, or the plan with neither start nor end, begins anew."""
    first = assign(account, startTimeInSeconds=NOON_S - 5 * DAY_S)
    assert assign(account, **fields)["relationId"] != first["relationId"]
    assert len(history(account)) == 2


def test_a_plan_that_is_over_begins_anew(account: Account) -> None:
    """The same plan with an end alone does not prolong an assignment that has ended."""
    assign(account, startTimeInSeconds=NOON_S - 5 * DAY_S, endTimeInSeconds=NOON_S - DAY_S)
    assign(account, endTimeInSeconds=NOON_S + DAY_S)
    assert history(account) == [("basic", -5, -1), ("basic", 0, 1)]


def test_only_a_future_plan_is_taken_back(account: Account) -> None:
    """A plan can be deleted until the moment it starts, and an earlier one never."""
    assign(account)
    assign(account, productPlanId="pro", startTimeInSeconds=NOON_S + 1)
    account.mock.clock(now=NOON_MS + 1000)
    assert refused(account.mock.delete(LIVE, params=ANN)) == "CustomerId: locked"
    account.mock.clock(now=NOON_MS + 999)
    assert account.take(account.mock.delete(LIVE, params=ANN))["productPlanId"] == "pro"
    assert refused(account.mock.delete(LIVE, params=ANN)) == "CustomerId: locked"
    told = [(each["verb"]) for each in account.stored("account-events") if each["noun"] == "plan assignment"]
    assert told == ["created", "created", "deleted"]


def test_plans_of_two_products_are_held_side_by_side(account: Account) -> None:
    """A plan of another product ends none, and the plan that is given again is the last one of its product."""
    first = assign(account, startTimeInSeconds=NOON_S - 5 * DAY_S)
    assign(account, productId="2", productPlanId="pro", startTimeInSeconds=NOON_S - 3 * DAY_S)
    assert history(account) == [("basic", -5, None), ("pro", -3, None)]
    assert assign(account, endTimeInSeconds=NOON_S)["relationId"] == first["relationId"]
    assert history(account) == [("basic", -5, 0), ("pro", -3, None)]


def test_what_is_taken_back_was_never_there(account: Account) -> None:
    """After a future plan was taken back, another one may be given and taken back just so."""
    for plan in ("pro", "max"):
        assign(account, productPlanId=plan, startTimeInSeconds=NOON_S + DAY_S)
        assert history(account) == [(plan, 1, None)]
        assert account.take(account.mock.delete(LIVE, params=ANN))["productPlanId"] == plan
        assert history(account) == []
    assert account.state()["collections"].keys().isdisjoint({"plan-assignments", "plan-holders", "planned-customers"})


def test_products_are_told_apart_on_request(account: Account) -> None:
    """ProductId, when it is given, selects the plans of one product."""
    assign(account, startTimeInSeconds=NOON_S + 1)
    assign(account, productId="2", productPlanId="pro", startTimeInSeconds=NOON_S + 2)
    for product, plan in (("1", "basic"), ("2", "pro"), (None, "pro")):
        query = {**ANN, **({} if product is None else {"ProductId": product})}
        assert account.take(account.mock.get(LIVE, params=query))["productPlanId"] == plan
    assert account.take(account.mock.get(LIVE, params={**ANN, "ProductId": "3"})) is None
    assert account.take(account.mock.delete(LIVE, params={**ANN, "ProductId": "1"}))["productPlanId"] == "basic"
    assert refused(account.mock.delete(LIVE, params={**ANN, "ProductId": "1"}), 404) == "CustomerId: unknown-key"


@pytest.mark.parametrize("name", ["CustomerId", "customerId", "customerid"])
def test_the_query_is_taken_in_any_case(account: Account, name: str) -> None:
    """The vendor's clients write CustomerId, others customerId."""
    assign(account)
    for path in (LIVE, f"{LIVE}/list"):
        assert account.unjudged("GET", f"{path}?{name}=ann").status_code == 200


def test_a_stranger_has_no_plans(account: Account) -> None:
    """A customer that neither exists nor ever had a plan is 404; one that only had plans is read."""
    for method, path in (("get", LIVE), ("delete", LIVE), ("get", f"{LIVE}/list")):
        response = getattr(account.mock, method)(path, params={"CustomerId": "bob"})
        assert refused(response, 404) == "CustomerId: unknown-key"
    assign(account, customerId="bob")
    assert history(account, "bob") == [("basic", 0, None)]


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({"customerId": "bob"}, "customerId", "unknown-customer"),
        ({}, "productPlanId", "unknown-product-plan"),
        ({"startTimeInSeconds": 2**63 - 1}, "startTimeInSeconds", "unlikely-time"),
        ({"endTimeInSeconds": 2**63 - 1}, "endTimeInSeconds", "unlikely-time"),
    ],
)
def test_assignments_that_look_wrong(account: Account, fields: Json, field: str, rule: str) -> None:
    """What names nothing, or lies outside the calendar, is kept with a warning, and refused when strict."""
    if rule != "unknown-product-plan":
        period = {"interval": "month", "intervalsCount": 1}
        plan = {"id": "basic", "productPlanName": "Basic", "billingPeriod": period}
        account.take(account.mock.post("/payments/pricing/amberflo/account-pricing/product-plans", json=plan))
    assign(account, **fields)
    told = account.mock.journal()[-1]["warnings"]
    assert [(each["field"], each["rule"]) for each in told] == [(field, rule)]


@pytest.mark.parametrize(("known", "details"), [(False, "customerId: unknown-customer"), (True, PLAN_UNKNOWN)])
def test_a_strict_account_refuses(account: Account, details: str, *, known: bool) -> None:
    """A warning is a refusal in a strict account, and nothing is stored."""
    account.mock.reset(strict=True)
    if known:
        account.register("ann")
    assert refused(account.mock.post(LIVE, json=BASIC)) == details
    assert "plan-assignments" not in account.state()["collections"]


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"customerId": ""}, "customerId: minLength"),
        ({"productPlanId": ""}, "productPlanId: minLength"),
        ({"startTimeInSeconds": 1.5}, "startTimeInSeconds: type"),
        ({"startTimeInSeconds": 2**63}, "startTimeInSeconds: maximum"),
        ({"productId": 1}, "productId: type"),
    ],
)
def test_a_bad_assignment_is_refused(account: Account, changes: Json, details: str) -> None:
    """What breaks the document is 400 and names the field."""
    assert refused(account.mock.post(LIVE, json={**BASIC, **changes})) == details


@pytest.fixture
def held(account: Account) -> Account:
    """Three customers: `ann` changed her plan on day 5, `bob` has one from day 2 to 4, `cy` one replaced whole."""
    assign(account, startTimeInSeconds=NOON_S)
    assign(account, productPlanId="pro", startTimeInSeconds=NOON_S + 5 * DAY_S)
    assign(account, customerId="bob", startTimeInSeconds=NOON_S + 2 * DAY_S, endTimeInSeconds=NOON_S + 4 * DAY_S)
    assign(account, customerId="cy", startTimeInSeconds=NOON_S)
    assign(account, customerId="cy", productPlanId="pro", startTimeInSeconds=NOON_S - DAY_S)
    account.take(account.mock.post(PUBLISHED, json={"productId": "basic"}))
    return account


def found(account: Account, **query: Any) -> list[str]:
    """Who and which plan a query finds."""
    return [
        f"{each['customerId']} {each['productPlanId']}"
        for each in account.take(account.mock.post(QUERY, json=query))["data"]
    ]


ALL = ["ann basic", "ann pro", "bob basic", "cy pro"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ALL),
        ({"productPlanIds": [], "customerIds": []}, ALL),
        ({"productPlanIds": ["pro"]}, ["ann pro", "cy pro"]),
        ({"customerIds": ["bob", "none"]}, ["bob basic"]),
        ({"productPlanIds": ["pro"], "customerIds": ["bob"]}, []),
        ({"timeRange": {"startTimeInSeconds": NOON_S}}, ["ann basic", "cy pro"]),
        ({"timeRange": {"startTimeInSeconds": NOON_S + 1}}, []),
        ({"timeRange": {"startTimeInSeconds": NOON_S - DAY_S, "endTimeInSeconds": NOON_S}}, ["cy pro"]),
        ({"timeRange": {"startTimeInSeconds": NOON_S + 4 * DAY_S, "endTimeInSeconds": NOON_S + 5 * DAY_S}},
         ["ann basic", "cy pro"]),
        ({"timeRange": {"startTimeInSeconds": NOON_S, "endTimeInSeconds": NOON_S}}, []),
        ({"timeRange": {"startTimeInSeconds": -(2**63), "endTimeInSeconds": 2**63 - 1}}, ALL),
    ],
)  # fmt: skip
def test_a_query_finds_who_is_on_a_plan(held: Account, query: Json, expected: list[str]) -> None:
    """Plans, customers and range all restrict; ends are excluded, and a plan that never held is not found."""
    assert found(held, **query) == expected


def test_pages_follow_each_other(held: Account) -> None:
    """Tokens lead through all results, each once; a page beyond the last is empty."""
    seen, page, pages = [], {"size": 3}, 0
    while True:
        answer = held.take(held.mock.post(QUERY, json={"page": page}))
        seen += [f"{each['customerId']} {each['productPlanId']}" for each in answer["data"]]
        pages += 1
        info = answer["pageInfo"]
        assert (info["pageNumber"], info["pageSize"], info["totalPages"], info["totalResults"]) == (pages, 3, 2, 4)
        if info["pageToken"] is None:
            break
        page = {"token": info["pageToken"]}
    assert (seen, pages) == (ALL, 2)
    assert found(held, page={"number": 3, "size": 3}) == []


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"page": {"number": 0}}, "page.number: minimum"),
        ({"page": {"number": -1}}, "page.number: minimum"),
        ({"page": {"number": 10**9}}, "page.number: maximum"),
        ({"page": {"size": 0}}, "page.size: minimum"),
        ({"page": {"size": 10**9}}, "page.size: maximum"),
        ({"page": {"token": "next"}}, "page.token: pattern"),
        ({"page": {"token": "0-5"}}, "page.token: pattern"),
        ({"timeRange": {"startTimeInSeconds": 5, "endTimeInSeconds": 4}}, "timeRange.endTimeInSeconds: reversed-range"),
        ({"timeRange": {}}, "timeRange.startTimeInSeconds: required"),
        ({"customerIds": "ann"}, "customerIds: type"),
    ],
)
def test_a_bad_query_is_refused(account: Account, body: Json, details: str) -> None:
    """Bad pages, tokens and ranges are 400 and name the field."""
    assert refused(account.mock.post(QUERY, json=body)) == details
