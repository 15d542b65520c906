"""What usage would bring: given usage, and past usage that is changed by rules."""

from collections.abc import Mapping, Sequence

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

RULES, RAW = "/payments/cost/revenue-calculator/by-rule", "/payments/cost/revenue-calculator/raw"
PRICING = "/payments/pricing/amberflo/account-pricing"
MONTH = {"interval": "month", "intervalsCount": 1}
NOON_S = NOON_MS // 1000
USERS = [("a", 4), ("b", 5), ("a", 3)]
CUSTOMER = {"customerId": "ann", "customerName": "Ann"}
ANN = {"customerId": "ann"}
JUNE = {"startTimeInSeconds": 1_717_200_000, "endTimeInSeconds": 1_719_792_000}
EVENTS = [event(meterValue=2), event(meterApiName="bytes", meterValue=0.5, meterTimeInMillis=NOON_MS + 3_600_000)]


ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "usage and what it would bring": [
        Step("createCustomer", body=CUSTOMER, clock={"frozen": True}),
        Step("ingestMeterEvents", body=EVENTS, clock={"now": NOON_MS}),
        Step(
            "calculateRevenueByRule",
            body={**ANN, "timeRange": JUNE, "rules": [{"growthPercentage": 50}]},
            expect={"totalPrice": 3.75, "productItemInvoices": [{"productItemId": "calls"}, {"meterApiName": "bytes"}]},
        ),
        Step(
            "calculateRevenueRaw",
            body={"usages": [{"meterApiName": "calls", "units": 10}]},
            expect={"totalPrice": 10, "productItemInvoices": [{"totalBill": {"meterUnits": 10, "price": 10}}]},
        ),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What past usage and given usage would bring is told, whether or not a plan bills it."""
    run(mock, ROUND_TRIPS[name])


@pytest.mark.parametrize(
    ("rules", "fields", "total"),
    [
        ([], {}, 11.5),
        ([{"growthPercentage": 10}], {}, 12.65),
        ([{"growthPercentage": 100}, {"growthPercentage": -50}], {}, 11.5),
        ([{"meterApiName": "bytes", "growthPercentage": -100}], {}, 11),
        ([{"meterApiName": "bytes"}], {}, 11.5),
        ([{"growthPercentage": 0.1}], {"customerId": "bob"}, 2),
        ([], {"timeRange": {"startTimeInSeconds": NOON_S + 1}}, 0),
        ([], {"timeRange": {"startTimeInSeconds": NOON_S}}, 11.5),
        ([], {"timeRange": {"startTimeInSeconds": 0, "endTimeInSeconds": NOON_S}}, 0),
    ],
)
def test_rules_change_past_usage(account: Account, rules: list[Json], fields: Json, total: float) -> None:
    """Rules grow or shrink the usage of all meters or of one, one after the other; lines are rounded to cents."""
    account.register("bob")
    account.define("bytes")
    account.ingest(
        event(meterValue=9), event(meterValue=2, customerId="bob"), event(meterApiName="bytes", meterValue=0.5)
    )
    before = account.state()
    answer = account.take(account.mock.post(RULES, json={"rules": rules, **fields}))
    assert answer["totalPrice"] == total
    assert sum(line["totalBill"]["price"] for line in answer["productItemInvoices"]) == total
    assert account.state() == before
    assert account.mock.rules() == []


def tiers(*starts_and_prices: tuple[float, float]) -> list[Json]:
    """Tiers of single units."""
    return [{"startAfterUnit": start, "batchSize": 1, "pricePerBatch": price} for start, price in starts_and_prices]


BY_REGION = {
    "type": "DimensionMatrixNode",
    "dimensionKeys": ["region"],
    "dimensionsPrices": [
        {"dimensionValues": ["eu"], "leafNode": {"type": "LeafNode", "tiers": tiers((0, 3))}},
        {"dimensionValues": ["us"], "leafNode": {"type": "LeafNode", "tiers": tiers((1, 2))}},
    ],
}
"""A unit of `eu` for 3, of `us` for 2 with one free."""

GRADUATED = {"type": "LeafNode", "tiers": tiers((0, 10), (5, 1))}
SEATS = {"type": "distinct_resource_reducer", "distinctDimensions": ["user"], "nextNode": GRADUATED}
LARGEST_HOUR = {"type": "max_reducer", "nextNode": GRADUATED}


def price(account: Account, node: Json, item: str = "calls") -> None:
    """A product item of a meter of the same name, its price `rate-` and its name, and the plan `pro` that has it."""
    body: Json = {"id": item, "meterApiName": item, "productId": "1", "productItemName": f"The {item}"}
    account.take(account.mock.post(f"{PRICING}/product-items", json=body))
    body = {"id": f"rate-{item}", "productItemId": item, "price": node}
    account.take(account.mock.post(f"{PRICING}/product-item-price", json=body))
    plan = {"id": "pro", "productPlanName": "Pro", "productItemPriceIdsMap": {item: f"rate-{item}"}}
    account.take(account.mock.post(f"{PRICING}/product-plans", json={**plan, "billingPeriod": MONTH}))


def parts(line: Json) -> list[tuple[Json, float, float]]:
    """Of each part of a line its dimensions, units and price."""
    return [
        (part["itemDimensions"], part["totalBill"]["meterUnits"], part["totalBill"]["price"])
        for part in line["productItemVariants"]
    ]


@pytest.mark.parametrize("plan", [{"id": "pro"}, {"productItemPriceIdsMap": {"calls": "rate-calls", "odd": 5}}])
def test_given_usage_is_priced_by_a_plan(account: Account, plan: Json) -> None:
    """A plan that is defined, or prices of the request, rate the usage: one line, a part for each priced value."""
    price(account, BY_REGION)
    usages = [
        {"meterApiName": "calls", "units": 1.5, "dimensions": {"region": "eu", "user": "a"}},
        {"meterApiName": "calls", "units": 3, "dimensions": {"region": "us"}},
        {"meterApiName": "calls", "units": 1, "dimensions": {"region": "eu"}},
        {"meterApiName": "calls", "units": 8, "dimensions": {"region": "mars"}},
        {"meterApiName": "calls", "units": 8},
        {"meterApiName": "bytes", "units": 8},
    ]
    answer = account.take(account.mock.post(RAW, json={**ANN, "usages": usages, "productPlan": plan}))
    [line] = answer["productItemInvoices"]
    assert (answer["totalPrice"], line["totalBill"]["meterUnits"], line["totalBill"]["price"]) == (11.5, 5.5, 11.5)
    assert parts(line) == [({"region": "eu", **ANN}, 2.5, 7.5), ({"region": "us", **ANN}, 3, 4)]
    assert (line["productItemId"], line["productItemName"]) == ("calls", "The calls")


def test_usage_without_a_plan_costs_the_unit_price(account: Account) -> None:
    """Without a plan, or with one that does not exist, each meter is one line at the unit price."""
    usages = [
        {"meterApiName": "calls", "units": 1.5, "dimensions": {"region": "eu"}},
        {"meterApiName": "calls", "units": 2},
    ]
    plan = {"id": "trial", "productPlanName": "Trial"}
    answer = account.take(account.mock.post(RAW, json={**ANN, "usages": usages, "productPlan": plan}))
    [line] = answer["productItemInvoices"]
    assert (answer["totalPrice"], line["productPlanName"], line["key"]["productPlanId"]) == (3.5, "Trial", "trial")
    assert parts(line) == [(ANN, 3.5, 3.5)]
    assert account.mock.rules() == ["unknown-product-plan"]


@pytest.mark.parametrize(
    ("node", "total"),
    [
        (GRADUATED, 50 + 7),
        (SEATS, 20),
        (LARGEST_HOUR, 50 + 7),
        ({"type": "average_reducer", "nextNode": GRADUATED}, 50 + 7),
        ({"type": "LeafNode", "flatRate": 20}, 20),
    ],
)
def test_given_usage_is_of_one_hour(account: Account, node: Json, total: float) -> None:
    """Reducers see the usage of a request as that of one hour."""
    price(account, node)
    usages = [{"meterApiName": "calls", "units": units, "dimensions": {"user": user}} for user, units in USERS]
    answer = account.take(account.mock.post(RAW, json={"usages": usages, "productPlan": {"id": "pro"}}))
    assert answer["totalPrice"] == total


@pytest.mark.parametrize(
    ("node", "fields", "total", "of_ann"),
    [
        (GRADUATED, {}, 52 + 20, 52),
        (GRADUATED, {"rules": [{"growthPercentage": 100}]}, 59 + 40, 59),
        (GRADUATED, {"customerId": "ann"}, 52, 52),
        (LARGEST_HOUR, {}, 40 + 20, 40),
        (SEATS, {"rules": [{"growthPercentage": 100}]}, 20 + 10, 20),
    ],
)
def test_past_usage_is_rated_customer_by_customer(
    account: Account, node: Json, fields: Json, total: float, of_ann: float
) -> None:
    """The range is rated as one billing period of each customer, whose parts say whose they are."""
    account.register("bob")
    price(account, node)
    later = NOON_MS + 3_600_000
    account.ingest(
        event(meterValue=4, dimensions={"user": "a"}),
        event(meterValue=3, dimensions={"user": "b"}, meterTimeInMillis=later),
        event(meterValue=2, dimensions={"user": "a"}, customerId="bob"),
    )
    body = {"productPlan": {"id": "pro"}, "timeRange": JUNE, **fields}
    answer = account.take(account.mock.post(RULES, json=body))
    [line] = answer["productItemInvoices"]
    assert answer["totalPrice"] == line["totalBill"]["price"] == total
    assert {part["itemDimensions"]["customerId"]: part["totalBill"]["price"] for part in line["productItemVariants"]}[
        "ann"
    ] == of_ann


@pytest.mark.parametrize(
    ("path", "body", "details"),
    [
        (RAW, {"usages": [{"meterApiName": "wild", "units": 1}]}, "usages[0].meterApiName: unknown-meter"),
        (RAW, {"usages": [{"meterApiName": "calls"}]}, "usages[0]: incomplete-usage"),
        (RAW, {"customerId": "bob"}, "customerId: unknown-customer"),
        (RAW, {"productPlan": {"id": "p"}}, "productPlan.id: unknown-product-plan"),
        (RULES, {"rules": [{"meterApiName": "wild"}]}, "rules[0].meterApiName: unknown-meter"),
        (RULES, {"customerId": "bob"}, "customerId: unknown-customer"),
    ],
)
def test_strangers_are_warned_of(account: Account, path: str, body: Json, details: str) -> None:
    """A name that names nothing, and usage that says too little, leave a warning, a refusal in a strict account."""
    account.take(account.mock.post(path, json=body))
    assert account.mock.rules() == [details.rpartition(": ")[2]]
    account.mock.reset(strict=True)
    account.define("calls")
    assert refused(account.mock.post(path, json=body)) == details


def test_a_reversed_range_is_refused(account: Account) -> None:
    """A calculation over a range that ends before it starts is refused."""
    body = {"timeRange": {"startTimeInSeconds": 2, "endTimeInSeconds": 1}}
    assert refused(account.mock.post(RULES, json=body)) == "timeRange.endTimeInSeconds: reversed-range"


@pytest.mark.parametrize("path", [RAW, RULES])
@pytest.mark.parametrize("plan", [{"id": 5, "productPlanName": None}, {}])
def test_an_open_plan_may_hold_anything(account: Account, path: str, plan: Json) -> None:
    """The plan of a calculation is open: what is no name is not taken for one."""
    body = {"productPlan": plan, "usages": [{"meterApiName": "calls", "units": 1}]}
    account.ingest(event())
    answer = account.take(account.mock.post(path, json=body))
    assert [line["productPlanName"] for line in answer["productItemInvoices"]] == [""]


@pytest.mark.parametrize("value", [1.7976931348623157e308, -1.7976931348623157e308])
def test_more_than_a_double_holds_is_cut(account: Account, value: float) -> None:
    """A total beyond the doubles is answered as the largest one, never as null; usage below 0 costs nothing."""
    raw = {"usages": [{"meterApiName": name, "units": value} for name in "ab"]}
    assert account.take(account.mock.post(RAW, json=raw))["totalPrice"] == max(value, 0)
