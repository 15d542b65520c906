"""The default plan: who gets it, from when on, and who does not."""

from typing import Any

import pytest

from tests.handlers.steps import DAY_MS, MIDNIGHT_S, NOON_MS, Account, Json, event, refused

PLANS = "/payments/pricing/amberflo/account-pricing/product-plans"
PRICING = "/payments/pricing/amberflo/customer-pricing"
DAY_S = DAY_MS // 1000
BOB = {"customerId": "bob", "customerName": "Bob"}


def plan(account: Account, plan_id: str = "free", **fields: Any) -> None:
    """Stores a plan, the default one unless told otherwise."""
    body = {"id": plan_id, "productPlanName": plan_id, "billingPeriod": {"interval": "month", "intervalsCount": 1}}
    account.take(account.mock.post(PLANS, json={**body, "isDefault": True, **fields}))


def plans_of(account: Account, customer: str = "ann") -> list[tuple[str, int, int | None]]:
    """A customer's plans: which, and from which second on until which."""
    found = account.take(account.mock.get(f"{PRICING}/list", params={"CustomerId": customer}))
    return [(each["productPlanId"], each["startTimeInSeconds"], each.get("endTimeInSeconds")) for each in found]


def assign(account: Account, **fields: Any) -> None:
    """Gives ann the plan `basic`."""
    account.take(account.mock.post(PRICING, json={"customerId": "ann", "productPlanId": "basic", **fields}))


TODAY: list[tuple[str, int, int | None]] = [("free", MIDNIGHT_S, None)]
"""On the default plan since the day began on which the clock of these tests stands."""


@pytest.mark.parametrize("method", ["post", "put"])
def test_a_new_customer_is_on_the_default_plan(account: Account, method: str) -> None:
    """A customer that is created while there is a default plan has it from the start of the UTC day on."""
    plan(account)
    account.take(getattr(account.mock, method)("/customers", json=BOB))
    assert plans_of(account, "bob") == TODAY
    told = [(each["noun"], each["key"], each["verb"]) for each in account.stored("account-events")[-2:]]
    [stored] = account.stored("plan-assignments")
    assert told == [("customer", "bob", "created"), ("plan assignment", stored["relationId"], "created")]
    assert account.mock.rules() == []


def test_an_older_customer_waits_for_its_first_event(account: Account) -> None:
    """Neither the plan nor a change of the customer gives it to one that was there before; an event does, once."""
    plan(account)
    account.take(account.mock.put("/customers", json={"customerId": "ann", "customerName": "Anna"}))
    assert plans_of(account) == []
    account.ingest(event(meterTimeInMillis=NOON_MS - 9 * DAY_MS))
    assert plans_of(account) == TODAY
    account.mock.clock(advance={"days": 2})
    account.ingest(event(meterTimeInMillis=NOON_MS), event())
    assert plans_of(account) == TODAY


@pytest.mark.parametrize(
    "sent",
    [
        event(),
        [event()],
        event(meterApiName=None, meterValue=None, values={"calls": 1, "other": 2}),
        [event(customerId="bob"), event(customerId=None), event(customerId="ann"), event(customerId="stranger")],
        event(meterApiName="unheard-of"),
        event(meterTimeInMillis=0),
        event(dimensions={"aflo.unknown": "1"}),
    ],
    ids=["alone", "batch", "fanned-out", "of-many", "of-no-meter", "long-ago", "reserved"],
)
def test_any_event_counts(account: Account, sent: Any) -> None:
    """Whatever form an event comes in, and of whatever time it tells, its customer has the plan from today on."""
    plan(account)
    account.take(account.mock.post("/ingest", json=sent))
    assert plans_of(account) == TODAY
    assert [each["customerId"] for each in account.stored("plan-assignments")] == ["ann"]


def test_customers_of_one_batch_get_it_in_a_fixed_order(account: Account) -> None:
    """Those that wait for a plan get it by the order of their names, and the others keep theirs."""
    for customer in ("cy", "bob", "dan"):
        account.register(customer)
    plan(account)
    assign(account, customerId="dan")
    account.ingest(*(event(customerId=customer) for customer in ("dan", "cy", "ann", "bob", "ann")))
    assert [each["customerId"] for each in account.stored("plan-assignments")] == ["dan", "ann", "bob", "cy"]


def test_a_long_batch_is_looked_through_to_its_end(account: Account) -> None:
    """The last of more events than are looked at in one go has its customer's plan given too."""
    plan(account)
    account.ingest(*(event(customerId=None, uniqueId=str(number)) for number in range(10_000)), event())
    assert plans_of(account) == TODAY


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"startTimeInSeconds": MIDNIGHT_S + 90 * DAY_S},
        {"startTimeInSeconds": 0, "endTimeInSeconds": 30 * DAY_S},
    ],
    ids=["running", "future", "over"],
)
def test_who_ever_had_a_plan_gets_none(account: Account, given: Json) -> None:
    """A plan that runs, is still to come or is long over keeps its customer from the default one."""
    assign(account, **given)
    before = plans_of(account)
    plan(account)
    account.ingest(event())
    assert plans_of(account) == before


def test_a_plan_of_the_published_form_counts(account: Account) -> None:
    """An assignment in the published form keeps its customer from the default plan; one of nobody keeps none."""
    plan(account)
    for body in ({"productId": "p"}, {"customerId": "bob", "productId": "p"}):
        account.take(account.mock.post("/payments-pricing-amberflo-customer-pricing", json=body))
    account.take(account.mock.post("/customers", json=BOB))
    account.ingest(event(), event(customerId="bob"))
    assert plans_of(account) == TODAY
    assert [each[0] for each in plans_of(account, "bob")] == ["p"]


def test_a_future_plan_that_was_taken_back_counts_for_nothing(account: Account) -> None:
    """Once its only plan is taken back, a customer is one that never had a plan."""
    plan(account)
    assign(account, startTimeInSeconds=MIDNIGHT_S + DAY_S)
    account.take(account.mock.delete(PRICING, params={"CustomerId": "ann"}))
    account.ingest(event())
    assert plans_of(account) == TODAY


def test_a_plan_of_another_product_is_no_plan_of_this_one(account: Account) -> None:
    """Customers have plans of several products side by side, and only the default product has a plan for everybody."""
    plan(account, "elsewhere", productId="2")
    account.ingest(event())
    assert plans_of(account) == []
    assign(account, productId="2", startTimeInSeconds=MIDNIGHT_S)
    plan(account)
    account.ingest(event(uniqueId="2"))
    assert sorted(plans_of(account)) == [("basic", MIDNIGHT_S, None), *TODAY]


def test_a_customer_that_is_not_there_gets_none(account: Account) -> None:
    """Events of strangers and of deleted customers bring no plan; who is made later has one at once."""
    plan(account)
    account.take(account.mock.delete("/customers/ann"))
    account.ingest(event(), event(customerId="bob"))
    assert "plan-assignments" not in account.state()["collections"]
    account.take(account.mock.post("/customers", json=BOB))
    assert plans_of(account, "bob") == TODAY


@pytest.mark.parametrize("status", ["open", "close_to_deletions", "close_to_changes"])
def test_a_draft_may_be_the_default(account: Account, status: str) -> None:
    """Every status but the last one lets a default plan be given."""
    plan(account, lockingStatus=status)
    account.ingest(event())
    assert plans_of(account) == TODAY


@pytest.mark.parametrize("change", [{"lockingStatus": "deprecated"}, {"isDefault": False}, {"productId": "2"}])
def test_a_default_plan_that_is_none_any_more(account: Account, change: Json) -> None:
    """A plan that is deprecated, was taken the default or went to another product is given to nobody."""
    plan(account)
    plan(account, **change)
    account.register("bob")
    account.ingest(event())
    assert plans_of(account) == plans_of(account, "bob") == []


def test_the_default_of_the_day_is_given(account: Account) -> None:
    """A default that moved is given to whoever comes after, from their own day on."""
    plan(account)
    account.ingest(event())
    plan(account, "other")
    account.mock.clock(advance={"days": 1, "hours": 11, "minutes": 59, "seconds": 59, "milliseconds": 999})
    account.take(account.mock.post("/customers", json=BOB))
    assert (plans_of(account), plans_of(account, "bob")) == (TODAY, [("other", MIDNIGHT_S + DAY_S, None)])


@pytest.mark.parametrize("alone", [True, False])
def test_a_refused_batch_gives_no_plan(account: Account, *, alone: bool) -> None:
    """An event that a strict account refuses, for what it is or for an earlier one, brings no plan."""
    account.mock.reset(strict=True)
    account.define("calls")
    account.register("ann")
    account.register("bob")
    account.ingest(event(customerId="bob", uniqueId="1"))
    plan(account)
    for wrong, rule in (({"meterApiName": "none"}, "unknown-meter"), ({"uniqueId": "1"}, "reused-unique-id")):
        sent = event(**wrong)
        assert refused(account.mock.post("/ingest", json=sent if alone else [event(), sent])).endswith(rule)
    assert "plan-assignments" not in account.state()["collections"]
    account.ingest(event())
    assert plans_of(account) == TODAY


def test_a_refused_customer_gets_no_plan(account: Account) -> None:
    """A customer that exists already, or whose body is refused, brings nothing about."""
    plan(account)
    assert refused(account.mock.post("/customers", json={"customerId": "ann", "customerName": "Ann"})) != ""
    assert refused(account.mock.post("/customers", json={"customerId": "", "customerName": "Nobody"})) != ""
    assert "plan-assignments" not in account.state()["collections"]


def test_a_dropped_event_gives_no_plan(account: Account) -> None:
    """What a filtering rule drops, or what undoes another event, was never ingested."""
    plan(account)
    rule = {"meterApiName": "calls", "dimensionName": "test", "dimensionValues": ["yes"], "action": "EXCLUDE"}
    account.take(account.mock.post("/meter-event-filtering-rules", json=rule))
    account.ingest(event(dimensions={"test": "yes"}))
    account.ingest(event(dimensions={"aflo.cancel_previous_resource_event": "true"}))
    assert plans_of(account) == []
    account.ingest(event(dimensions={"test": "no"}))
    assert plans_of(account) == TODAY


def test_a_default_plan_can_be_replaced(account: Account) -> None:
    """Whoever chooses a plan leaves the default one then."""
    plan(account)
    account.ingest(event())
    assign(account, startTimeInSeconds=MIDNIGHT_S + DAY_S)
    assert plans_of(account) == [("free", MIDNIGHT_S, MIDNIGHT_S + DAY_S), ("basic", MIDNIGHT_S + DAY_S, None)]
