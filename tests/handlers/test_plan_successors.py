"""Successors of plans: which one follows, and for how long it takes a term over."""

from typing import Any

import pytest

from mockserver.engine.account import Policy
from mockserver.engine.call import Call
from mockserver.engine.store import MemoryStore, Store
from mockserver.handlers.plan_assignments import assign_plan, assignments_of
from mockserver.handlers.plan_successors import move_to_successor, successor_of
from mockserver.handlers.plans import upsert_plan
from specs import catalog
from tests.handlers.steps import DAY_MS, MIDNIGHT_S, Account
from tests.support.copying_store import CopyingStore

NOW_MS = 100 * DAY_MS
OPERATION = next(each for each in catalog.served().operations if each.operation_id == "createOrUpdateProductPlan")
ANN, ONE = "ann", "1"


@pytest.fixture(params=[MemoryStore, CopyingStore], ids=["memory", "copying"])
def call(request: pytest.FixtureRequest) -> Call:
    """A request on the hundredth day, in an account of its own."""
    store: Store = request.param()
    return Call(OPERATION, {}, {}, None, False, NOW_MS, store, Policy())  # noqa: FBT003


def keep(call: Call, plan_id: str, successor: str | None = None, *, deprecated: bool = True) -> None:
    """Stores a plan, deprecated unless told otherwise."""
    body = {"id": plan_id, "productPlanName": plan_id, "billingPeriod": {"interval": "month", "intervalsCount": 1}}
    status = "deprecated" if deprecated else "open"
    call.body = {**body, "lockingStatus": status, "successorPlanId": successor}
    upsert_plan(call)


def assign(call: Call, plan_id: str, start_day: int, end_day: int | None = None, **fields: Any) -> None:
    """Gives a plan from one day until another."""
    end = {} if end_day is None else {"endTimeInSeconds": end_day * DAY_MS // 1000}
    start_s = start_day * DAY_MS // 1000
    assign_plan(call, {"customerId": ANN, "productPlanId": plan_id, "startTimeInSeconds": start_s, **end, **fields})


def terms(call: Call) -> list[tuple[str, int, int | None]]:
    """Which plans are held from which day until which, in order of time."""
    found = [
        (each["productId"], each["startTime"] // DAY_MS, each["endTime"] // DAY_MS if "endTime" in each else None)
        for each in assignments_of(call, ANN)
    ]
    return sorted(found, key=lambda term: term[1])


@pytest.mark.parametrize(("deprecated", "successor"), [(True, "new"), (False, None)])
def test_a_successor_follows_a_deprecated_plan(call: Call, successor: str | None, *, deprecated: bool) -> None:
    """Only a plan that is deprecated is followed by the one that it names."""
    keep(call, "new", deprecated=False)
    keep(call, "old", "new", deprecated=deprecated)
    assert successor_of(call, "old") == successor


@pytest.mark.parametrize("named", [None, "", "missing", "older"])
def test_nothing_follows(call: Call, named: str | None) -> None:
    """A plan without a successor, with one that does not exist, or in a circle with it, is followed by none."""
    keep(call, "older", "old")
    keep(call, "old", named)
    assert successor_of(call, "old") is None
    assert successor_of(call, "never-heard-of") is None


def test_a_deprecated_successor_sends_on(call: Call) -> None:
    """The first plan in the line that is not deprecated is the one."""
    keep(call, "newest", deprecated=False)
    keep(call, "newer", "newest", deprecated=False)
    keep(call, "new", "newer")
    keep(call, "old", "new")
    assert successor_of(call, "old") == "newer"


def test_a_move(call: Call) -> None:
    """The new assignment begins where the old one ends, is made at the request's time, and is told of."""
    assign(call, "old", 10)
    call.now_ms = 40 * DAY_MS
    moved = move_to_successor(call, ANN, ONE, "new", 40 * DAY_MS)
    assert moved is not None
    assert {name: value for name, value in moved.items() if name != "relationId"} == {
        "customerId": ANN,
        "productId": ONE,
        "productPlanId": "new",
        "startTimeInSeconds": 40 * DAY_MS // 1000,
        "createdTimeInSeconds": 40 * DAY_MS // 1000,
    }
    assert terms(call) == [("old", 10, 40), ("new", 40, None)]
    told = call.store.collection("account-events").documents()[-1]
    assert (told["key"], told["verb"], told["time"]) == (moved["relationId"], "created", 40 * DAY_MS)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("old", 10, None)], [("old", 10, 40), ("new", 40, None)]),
        ([("old", 10, 60)], [("old", 10, 40), ("new", 40, 60)]),
        ([("old", 10, None), ("later", 70, None)], [("old", 10, 40), ("new", 40, 70), ("later", 70, None)]),
        ([("old", 10, 60), ("later", 70, None)], [("old", 10, 40), ("new", 40, 60), ("later", 70, None)]),
        ([("old", 10, 80), ("later", 70, None)], [("old", 10, 40), ("new", 40, 70), ("later", 70, None)]),
        ([("before", 0, None), ("old", 10, None)], [("before", 0, 10), ("old", 10, 40), ("new", 40, None)]),
        ([("later", 70, None), ("old", 10, None)], [("old", 10, 40), ("new", 40, None), ("later", 70, 70)]),
    ],
    ids=["open", "ending", "one-later", "gap", "cut", "one-before", "replaced-before"],
)
def test_a_term_is_taken_over(call: Call, given: list[Any], expected: list[Any]) -> None:
    """A successor has what was left of the term: the term's end stays, and a plan for later still comes."""
    for plan_id, start_day, end_day in given:
        assign(call, plan_id, start_day, end_day)
    assert move_to_successor(call, ANN, ONE, "new", 40 * DAY_MS) is not None
    assert terms(call) == expected


@pytest.mark.parametrize("at_day", [5, 60, 65])
def test_no_term_is_begun_where_none_is_held(call: Call, at_day: int) -> None:
    """Before a plan is held, and from its end on, there is nothing to take over."""
    assign(call, "old", 10, 60)
    assert move_to_successor(call, ANN, ONE, "new", at_day * DAY_MS) is None
    assert move_to_successor(call, "bob", ONE, "new", 40 * DAY_MS) is None
    assert terms(call) == [("old", 10, 60)]


def test_nobody_moves_twice(call: Call) -> None:
    """Who holds the successor already keeps the assignment that it has."""
    assign(call, "old", 10)
    for _ in range(2):
        move_to_successor(call, ANN, ONE, "new", 40 * DAY_MS)
    assert terms(call) == [("old", 10, 40), ("new", 40, None)]


def test_another_product_stays(call: Call) -> None:
    """A move concerns the plans of one product alone."""
    assign(call, "old", 10)
    assign(call, "side", 20, productId="2")
    assert move_to_successor(call, ANN, "2", "new", 40 * DAY_MS) is not None
    assert terms(call) == [("old", 10, None), ("side", 20, 40), ("new", 40, None)]


def test_a_plan_given_after_the_move_counts(call: Call) -> None:
    """A plan that is given from before the move on replaces the successor whole."""
    assign(call, "old", 10)
    move_to_successor(call, ANN, ONE, "new", 40 * DAY_MS)
    assign(call, "other", 30)
    assert terms(call) == [("old", 10, 30), ("other", 30, None), ("new", 40, 40)]


@pytest.mark.parametrize("days", [(100,), (10, 20, 30, 40), (25, 75)], ids=["at-once", "in-steps", "in-two"])
def test_the_clock_moves_customers(account: Account, days: tuple[int, ...]) -> None:
    """Customers move at the end of the period in which their plan was deprecated, however the time passes."""
    pricing = "/payments/pricing/amberflo"
    plans = f"{pricing}/account-pricing/product-plans"
    old = {"id": "old", "productPlanName": "Old", "billingPeriod": {"interval": "day", "intervalsCount": 30}}
    for plan in (old, {**old, "id": "new"}):
        account.take(account.mock.post(plans, json=plan))
    given = {"customerId": ANN, "productPlanId": "old", "startTimeInSeconds": MIDNIGHT_S}
    account.take(account.mock.post(f"{pricing}/customer-pricing", json=given))
    account.mock.clock(advance={"days": 40})
    account.take(account.mock.post(plans, json={**old, "lockingStatus": "deprecated", "successorPlanId": "new"}))
    for passed in days:
        account.mock.clock(advance={"days": passed})
    move_s = MIDNIGHT_S + 60 * DAY_MS // 1000
    found = account.take(account.mock.get(f"{pricing}/customer-pricing/list", params={"CustomerId": ANN}))
    told = [(each["productPlanId"], each["startTimeInSeconds"], each.get("endTimeInSeconds")) for each in found]
    assert told == [("old", MIDNIGHT_S, move_s), ("new", move_s, None)]
