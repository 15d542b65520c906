"""Product plans: their life, the one default, their prices, and their extension."""

from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import ABSENT, Step, run

PRICING = "/payments/pricing/amberflo/account-pricing"
PATH = f"{PRICING}/product-plans"
EXTENSION = f"{PRICING}/product-plan-extension"
PLAN: dict[str, Any] = {
    "id": "basic",
    "productPlanName": "Basic",
    "billingPeriod": {"interval": "MONTH", "intervalsCount": 1},
}
FEES = {"support": {"id": "support", "cost": 0.1, "isOneTimeFee": False}, "start": {"cost": 50, "isOneTimeFee": True}}
LATER_MS = NOON_MS + 60_000
LEAF = {"type": "LeafNode", "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 1}]}

ROUND_TRIPS = {
    "plan": [
        Step("listProductPlans", expect=[], clock={"frozen": True, "now": NOON_MS}),
        Step("getProductPlan", query={"productPlanId": "basic"}, status=404),
        Step(
            "createOrUpdateProductPlan",
            body={**PLAN, "feeMap": FEES, "planLevelFreeTier": 2.5, "successorPlanId": None},
            expect={
                "id": "basic",
                "productId": "1",
                "billingPeriod": {"interval": "month", "intervalsCount": 1},
                "feeMap": FEES,
                "planLevelFreeTier": 2.5,
                "successorPlanId": None,
                "lockingStatus": "open",
                "lastUpdateTimeInMillis": NOON_MS,
                "isDefault": ABSENT,
            },
        ),
        Step("createOrUpdateProductPlan", body={**PLAN, "id": "pro", "productId": "2"}),
        Step("getProductPlan", query={"productPlanId": "basic"}, expect={"productPlanName": "Basic", "feeMap": FEES}),
        Step("listProductPlans", expect=[{"id": "basic", "feeMap": FEES}, {"id": "pro", "productId": "2"}]),
        Step("getBillingAccountDetails", expect={"productPlans": [{"id": "basic"}, {"id": "pro"}]}),
        Step(
            "createOrUpdateProductPlan",
            body={**PLAN, "lockingStatus": "DEPRECATED", "successorPlanId": "pro"},
            clock={"now": LATER_MS},
        ),
        Step(
            "getProductPlan",
            query={"productPlanId": "basic"},
            expect={
                "lockingStatus": "deprecated",
                "successorPlanId": "pro",
                "feeMap": ABSENT,
                "lastUpdateTimeInMillis": LATER_MS,
            },
        ),
        Step("listProductPlans", expect=[{"lockingStatus": "deprecated"}, {"lockingStatus": "open"}]),
    ],
    "extension": [
        Step(
            "createOrUpdateProductItem",
            body={"id": "item", "meterApiName": "m", "productId": "1", "productItemName": "Item"},
        ),
        Step("createOrUpdateProductItemPrice", body={"id": "price", "productItemId": "item", "price": LEAF}),
        Step("createOrUpdateProductPlan", body=PLAN),
        Step(
            "extendProductPlan",
            body={"productPlanId": "basic", "itemPriceId": "price"},
            expect={"id": "basic", "productItemPriceIdsMap": {"item": "price"}},
        ),
        Step("getProductPlan", query={"productPlanId": "basic"}, expect={"productItemPriceIdsMap": {"item": "price"}}),
        Step("listProductPlans", expect=[{"productItemPriceIdsMap": {"item": "price"}}]),
        Step("createOrUpdateProductItemPrice", body={"id": "price-2", "productItemId": "item", "price": LEAF}),
        Step(
            "extendProductPlan",
            body={"productPlanId": "basic", "itemPriceId": "price-2"},
            expect={"productItemPriceIdsMap": {"item": "price-2"}},
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What is written is read by its id and in the list; an extension adds or replaces the price of one item."""
    run(mock, ROUND_TRIPS[name])


def keep(account: Account, plan: str, **fields: Any) -> Any:
    """Stores a plan."""
    return account.take(account.mock.post(PATH, json={**PLAN, "id": plan, **fields}))


def defaults(account: Account) -> list[str]:
    """The plans that are the default."""
    return [plan["id"] for plan in account.take(account.mock.get(f"{PATH}/list")) if plan.get("isDefault")]


def told_of_plans(account: Account) -> list[Any]:
    """What the account's log has of plans."""
    return [each for each in account.stored("account-events") if each["noun"] == "product plan"]


def test_the_default_moves(account: Account) -> None:
    """Setting the default on one plan takes it from the other, and from no plan of another product."""
    keep(account, "elsewhere", productId="2", isDefault=True)
    keep(account, "a", isDefault=True)
    keep(account, "b")
    assert defaults(account) == ["elsewhere", "a"]
    keep(account, "b", isDefault=True)
    assert defaults(account) == ["elsewhere", "b"]


def test_the_default_stays_when_it_is_not_mentioned(account: Account) -> None:
    """A plan that is written again without isDefault is what it was; only false takes the default away."""
    keep(account, "a", isDefault=True)
    keep(account, "a")
    assert defaults(account) == ["a"]
    keep(account, "a", isDefault=False)
    assert defaults(account) == []


def test_the_only_active_plan_is_the_default(account: Account) -> None:
    """The first plan that is closed to changes becomes the default by itself, a second one does not."""
    keep(account, "draft")
    keep(account, "a", lockingStatus="close_to_changes")
    keep(account, "b", lockingStatus="close_to_changes")
    assert defaults(account) == ["a"]
    assert account.mock.rules() == []


def test_a_deprecated_default_passes_to_the_only_active_plan(account: Account) -> None:
    """While two others are active none follows; as soon as one is alone it is the default, and the account is told."""
    for plan in ("a", "b", "c"):
        keep(account, plan, lockingStatus="close_to_changes")
    keep(account, "a", lockingStatus="deprecated")
    assert defaults(account) == ["a"]
    keep(account, "c", lockingStatus="deprecated")
    assert defaults(account) == ["b"]
    told = [(each["key"], each["verb"], each["document"].get("isDefault")) for each in told_of_plans(account)]
    assert told[-3:] == [("c", "updated", None), ("a", "updated", False), ("b", "updated", True)]


def test_a_deprecated_plan_takes_no_default(account: Account) -> None:
    """A deprecated plan that is written as the default leaves it where it is, and says so."""
    keep(account, "a", isDefault=True)
    assert keep(account, "old", isDefault=True, lockingStatus="deprecated")["isDefault"] is False
    assert defaults(account) == ["a"]


def test_a_plan_that_changes_its_product_leaves_the_default_behind(account: Account) -> None:
    """The default of the product that it leaves is the only active plan there; in the other it takes the place."""
    keep(account, "there", productId="2", isDefault=True)
    keep(account, "a", isDefault=True)
    keep(account, "b", lockingStatus="close_to_changes")
    keep(account, "a", productId="2", isDefault=True)
    assert defaults(account) == ["a", "b"]


def test_a_refused_plan_leaves_the_default_alone(account: Account) -> None:
    """A strict account that refuses a change of an active plan has moved no default."""
    account.mock.reset(strict=True)
    keep(account, "a", isDefault=True)
    keep(account, "b", lockingStatus="close_to_changes")
    response = account.mock.post(PATH, json={**PLAN, "id": "b", "productPlanName": "New", "isDefault": True})
    assert refused(response) == "lockingStatus: closed-to-changes"
    assert defaults(account) == ["a"]


def test_a_chosen_default_is_not_taken_by_an_active_plan(account: Account) -> None:
    """While a draft is the default, activating another plan leaves it so."""
    keep(account, "draft", isDefault=True)
    keep(account, "a", lockingStatus="close_to_changes")
    assert defaults(account) == ["draft"]


def test_moving_the_default_is_told(account: Account) -> None:
    """The account's log has the plan that lost the default beside the one that got it."""
    keep(account, "a", isDefault=True)
    keep(account, "b", isDefault=True)
    told = [(each["key"], each["verb"]) for each in told_of_plans(account)]
    assert told == [("a", "created"), ("b", "created"), ("a", "updated")]


@pytest.fixture
def priced(account: Account) -> Account:
    """An account with two items, and a price of the first."""
    for item in ("item", "other"):
        body = {"id": item, "meterApiName": "calls", "productId": "1", "productItemName": item}
        account.take(account.mock.post(f"{PRICING}/product-items", json=body))
    price = {"id": "price", "productItemId": "item", "price": LEAF}
    account.take(account.mock.post(f"{PRICING}/product-item-price", json=price))
    return account


@pytest.mark.parametrize(
    ("fields", "caution"),
    [
        ({"productItemPriceIdsMap": {"item": "price"}}, None),
        ({"productItemPriceIdsMap": {"none": "price"}}, ("productItemPriceIdsMap.none", "unknown-product-item")),
        ({"productItemPriceIdsMap": {"item": "none"}}, ("productItemPriceIdsMap.item", "unknown-product-item-price")),
        ({"productItemPriceIdsMap": {"other": "price"}}, ("productItemPriceIdsMap.other", "mismatched-price")),
        ({"successorPlanId": "none"}, ("successorPlanId", "unknown-product-plan")),
        ({"successorPlanId": None}, None),
    ],
)
def test_references_to_nothing(priced: Account, fields: dict[str, Any], caution: tuple[str, str] | None) -> None:
    """A price, item or successor that does not exist, or does not belong, is warned of, and refused when strict."""
    keep(priced, "basic", **fields)
    told = priced.mock.journal()[-1]["warnings"]
    assert [(each["field"], each["rule"]) for each in told] == ([caution] if caution else [])


def test_a_strict_account_refuses_strange_prices(account: Account) -> None:
    """The first entry that names nothing is refused, and no plan is stored."""
    account.mock.reset(strict=True)
    response = account.mock.post(PATH, json={**PLAN, "productItemPriceIdsMap": {"item": "price"}})
    assert refused(response) == "productItemPriceIdsMap.item: unknown-product-item"
    assert account.take(account.mock.get(f"{PATH}/list")) == []


def test_an_extension_of_no_plan_is_not_found(priced: Account) -> None:
    """There is nothing to extend."""
    response = priced.mock.post(EXTENSION, json={"productPlanId": "none", "itemPriceId": "price"})
    assert refused(response, 404) == "productPlanId: unknown-key"


@pytest.mark.parametrize("strict", [False, True])
def test_an_extension_by_no_price_changes_nothing(account: Account, *, strict: bool) -> None:
    """A price that does not exist leaves a warning and the plan as it was; a strict account refuses it."""
    account.mock.reset(strict=strict)
    before = keep(account, "basic")
    response = account.mock.post(EXTENSION, json={"productPlanId": "basic", "itemPriceId": "none"})
    if strict:
        assert refused(response) == "itemPriceId: unknown-product-item-price"
    else:
        assert account.take(response) == before
        assert account.mock.rules() == ["unknown-product-item-price"]
    assert account.take(account.mock.get(PATH, params={"productPlanId": "basic"})) == before


def test_extending_an_active_plan_is_warned_of(priced: Account) -> None:
    """An active plan should not change any more; the price is added all the same."""
    keep(priced, "basic", lockingStatus="close_to_changes")
    plan = priced.take(priced.mock.post(EXTENSION, json={"productPlanId": "basic", "itemPriceId": "price"}))
    assert plan["productItemPriceIdsMap"] == {"item": "price"}
    assert priced.mock.rules() == ["closed-to-changes"]


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"id": ""}, "id: minLength"),
        ({"billingPeriod": {"interval": "week", "intervalsCount": 1}}, "billingPeriod.interval: enum"),
        ({"billingPeriod": {"interval": "month"}}, "billingPeriod.intervalsCount: required"),
        ({"billingPeriod": {"interval": "month", "intervalsCount": 2**31}}, "billingPeriod.intervalsCount: maximum"),
        ({"billingPeriod": {"interval": "month", "intervalsCount": 0}}, "billingPeriod.intervalsCount: minimum"),
        ({"billingPeriod": {"interval": "month", "intervalsCount": -1}}, "billingPeriod.intervalsCount: minimum"),
        ({"feeMap": {"a": {}}}, "feeMap.a.cost: required"),
        ({"feeMap": {"a": {"cost": 0}, "b": {"cost": -0.01}}}, "feeMap.b.cost: minimum"),
        ({"feeMap": {"a": {"id": "fee", "cost": 1}, "b": {"id": "fee", "cost": 2}}}, "feeMap.b: repeated-fee"),
        ({"feeMap": {"a": {"id": "b", "cost": 1}, "b": {"cost": 2}}}, "feeMap.b: repeated-fee"),
        ({"feeMap": {"b": {"cost": 2}, "a": {"id": "b", "cost": 1}}}, "feeMap.a: repeated-fee"),
        ({"planLevelFreeTier": -1e-9}, "planLevelFreeTier: minimum"),
        ({"planMinimumPayment": -1}, "planMinimumPayment: minimum"),
        ({"successorPlanId": "basic"}, "successorPlanId: own-successor"),
        ({"productItemPriceIdsMap": {"a": 1}}, "productItemPriceIdsMap.a: type"),
        ({"lockingStatus": "draft"}, "lockingStatus: enum"),
    ],
)
def test_a_bad_plan_is_refused(account: Account, changes: dict[str, Any], details: str) -> None:
    """What breaks the document or cannot be told apart is 400 and names its place; the stored plan stays as it was."""
    before = keep(account, "basic", feeMap=FEES)
    told = account.stored("account-events")
    assert refused(account.mock.post(PATH, json={**PLAN, **changes})) == details
    assert account.take(account.mock.get(PATH, params={"productPlanId": "basic"})) == before
    assert account.stored("account-events") == told


@pytest.mark.parametrize(
    "fields",
    [
        {"feeMap": {"a": {"id": "b", "cost": 0}, "b": {"id": "a", "cost": 1e308}}, "planLevelFreeTier": 0},
        {"planMinimumPayment": 0, "successorPlanId": ""},
        {"planMinimumPayment": None, "feeMap": {}, "billingPeriod": {"interval": "day", "intervalsCount": 2**31 - 1}},
    ],
)
def test_the_edges_of_a_good_plan(account: Account, fields: dict[str, Any]) -> None:
    """Amounts of nothing, fees under each other's names and very long periods are kept without a warning."""
    plan = keep(account, "basic", **fields)
    assert {name: plan[name] for name in fields} == fields
    assert account.mock.rules() == []


def test_a_strict_account_names_the_own_successor(account: Account) -> None:
    """A new plan that is its own successor is refused for that, not for naming a plan that does not exist yet."""
    account.mock.reset(strict=True)
    assert (
        refused(account.mock.post(PATH, json={**PLAN, "successorPlanId": "basic"})) == "successorPlanId: own-successor"
    )


def test_a_plan_is_read_by_path_too(account: Account) -> None:
    """The key may stand in the path; the list beside it is no plan."""
    keep(account, "basic")
    assert account.unjudged("GET", f"{PATH}/basic").json()["id"] == "basic"
    assert refused(account.unjudged("GET", f"{PATH}/none"), 404) == "id: unknown-key"
    assert account.unjudged("GET", f"{PATH}/list").json()[0]["id"] == "basic"


def test_a_closed_plan_can_be_steered(account: Account) -> None:
    """Which plan comes after a plan may be said of one that is closed to changes, in a strict account too."""
    plan = {"productPlanName": "Old", "billingPeriod": {"interval": "month", "intervalsCount": 1}}
    path = "/payments/pricing/amberflo/account-pricing/product-plans"
    account.take(account.mock.post(path, json={"id": "new", **plan, "lockingStatus": "close_to_changes"}))
    account.take(account.mock.post(path, json={"id": "old", **plan, "lockingStatus": "close_to_changes"}))
    heir = {"successorPlanId": "new", "lockingStatus": "deprecated"}
    account.take(account.mock.post(path, json={"id": "old", **plan, **heir}))
    assert "closed-to-changes" not in account.mock.rules()
