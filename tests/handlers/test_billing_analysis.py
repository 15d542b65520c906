"""What usage cost by bucket and group, of customers whose plan is not defined: a unit costs the unit price."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.handlers.steps import NOON_MS, Account, Json, event, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

COST = "/payments/cost/usage-cost"
ITEMS = "/payments/pricing/amberflo/account-pricing/product-items"
NOON_S, HOUR_S, DAY_S = NOON_MS // 1000, 3600, 86_400
JUNE_S, JULY_S = 1_717_200_000, 1_719_792_000
CUSTOMER = {"customerId": "ann", "customerName": "Ann"}
ANN = {"customerId": "ann"}
ASSIGN = "/payments-pricing-amberflo-customer-pricing"
THREE_HOURS = {"startTimeInSeconds": NOON_S - HOUR_S, "endTimeInSeconds": NOON_S + 2 * HOUR_S}
JUNE = {"startTimeInSeconds": JUNE_S, "endTimeInSeconds": JULY_S}
QUERY = {"timeRange": THREE_HOURS, "timeGroupingInterval": "HOUR"}
PLAN = {"customerId": "ann", "productId": "basic", "startTime": JUNE_S * 1000}
EVENTS = [event(meterValue=2), event(meterApiName="bytes", meterValue=0.5, meterTimeInMillis=NOON_MS + 3_600_000)]

ROUND_TRIPS: Mapping[str, Sequence[Step]] = {
    "usage and its cost": [
        Step("createCustomer", body=CUSTOMER, clock={"frozen": True}),
        Step("getUsageCost", body=QUERY, expect={"key": QUERY, "costList": [{"price": 0}], "pageInfo": None}),
        Step("getUsageCost", body={**QUERY, "groupBy": ["customer_id"]}, expect={"costList": []}),
        Step("assignPricingPlan", body=PLAN, clock={"now": NOON_MS}),
        Step("ingestMeterEvents", body=EVENTS),
        Step(
            "getUsageCost",
            body=QUERY,
            expect={
                "secondsSinceEpochIntervals": [NOON_S - HOUR_S, NOON_S, NOON_S + HOUR_S],
                "costList": [
                    {
                        "groupInfos": {},
                        "meteredUnits": 2.5,
                        "price": 2.5,
                        "priceMinusPrepaid": 2.5,
                        "prepaidUsed": 0,
                        "costs": [
                            {"startTimeInSeconds": NOON_S - HOUR_S, "meteredUnits": 0, "price": 0},
                            {"price": 2, "pricePercentageDiff": 0, "priceBeforeDiscounts": 2},
                            {"price": 0.5, "pricePercentageDiff": -75, "meterUnitsPercentageDiff": -75},
                        ],
                    }
                ],
            },
        ),
        Step(
            "getUsageCostBatch",
            body=[{**QUERY, "groupBy": ["product_item_key"]}, {**QUERY, "filters": {"product_item_name": ["bytes"]}}],
            expect=[
                {
                    "costList": [
                        {"groupInfos": {"product_item_key": "bytes"}, "price": 0.5},
                        {"groupInfos": {"product_item_key": "calls"}, "price": 2},
                    ]
                },
                {"costList": [{"price": 0.5}]},
            ],
        ),
        Step("getUsageCostBatch", body=[], expect=[]),
    ],
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """What was used costs what its units cost, in one query and in several."""
    run(mock, ROUND_TRIPS[name])


def asked(account: Account, path: str = COST, **fields: Any) -> Any:
    """The response to a query of three hours around noon."""
    return account.mock.post(path, json={**QUERY, **fields})


def costs(account: Account, **fields: Any) -> Any:
    """The groups of a query of three hours around noon."""
    return account.take(asked(account, **fields))["costList"]


def prices(account: Account, **fields: Any) -> dict[str, float]:
    """What each group costs, by its values."""
    return {" ".join(group["groupInfos"].values()): group["price"] for group in costs(account, **fields)}


def assign(account: Account, customer: str, plan: str = "basic") -> None:
    """Gives a customer a plan from the first of June on."""
    body = {"customerId": customer, "productId": plan, "startTime": JUNE_S * 1000}
    account.take(account.mock.post(ASSIGN, json=body))


@pytest.fixture
def account(account: Account) -> Account:
    """An account whose customer `ann` has a plan."""
    assign(account, "ann")
    return account


@pytest.fixture
def used(account: Account) -> Account:
    """An account in which two customers used two meters in two regions."""
    account.register("bob")
    assign(account, "bob")
    account.define("bytes")
    account.ingest(
        event(meterValue=1, dimensions={"region": "eu"}),
        event(meterValue=2, dimensions={"region": "us"}, customerId="bob"),
        event(meterValue=4, dimensions={"region": "us"}, meterApiName="bytes"),
        event(meterValue=8),
    )
    return account


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"": 15}),
        ({"groupBy": []}, {"": 15}),
        ({"groupBy": ["customer_id"]}, {"ann": 13, "bob": 2}),
        ({"groupBy": ["product_item_key"]}, {"bytes": 4, "calls": 11}),
        ({"groupBy": ["region"]}, {"eu": 1, "us": 6}),
        ({"groupBy": ["product_item_name", "customer_id"]}, {"bytes ann": 4, "calls ann": 9, "calls bob": 2}),
        ({"groupBy": ["customer_id", "customer_id"]}, {"ann": 13, "bob": 2}),
        ({"groupBy": ["nonsense"]}, {}),
        ({"filters": {"customer_id": ["bob"]}}, {"": 2}),
        ({"filters": {"product_item_key": ["bytes"], "region": ["us"]}}, {"": 4}),
        ({"filters": {"region": ["eu", "us"]}, "groupBy": ["customer_id"]}, {"ann": 5, "bob": 2}),
        ({"filters": {"region": [], "customer_id": []}}, {"": 15}),
        ({"filters": None, "take": None}, {"": 15}),
        ({"filters": {"product_item_key": ["none"]}}, {"": 0}),
        ({"groupBy": ["customer_id"], "take": {"limit": 1}}, {"ann": 13}),
        ({"groupBy": ["customer_id"], "take": {"limit": 1, "isAscending": True}}, {"bob": 2}),
        ({"filters": {"customer_id": ["bob", "eve"], "customerId": ["bob", "ann"]}}, {"": 2}),
        ({"filters": {"customer_id": ["bob"], "customerId": ["ann"]}}, {"": 0}),
        ({"productId": "2"}, {"": 0}),
    ],
)
def test_groups_and_filters(used: Account, fields: Json, expected: dict[str, float]) -> None:
    """Costs are grouped and filtered by customer, product item and dimension; what lacks the key is in no group."""
    assert prices(used, **fields) == expected


def test_items_are_called_as_defined(used: Account) -> None:
    """The product item of a meter gives key and name; a meter without one is called by its own name."""
    item = {"id": "item-1", "meterApiName": "calls", "productId": "1", "productItemName": "API calls"}
    used.take(used.mock.post(ITEMS, json=item))
    groups = ["product_item_key", "product_item_name"]
    assert prices(used, groupBy=groups) == {"bytes bytes": 4, "item-1 API calls": 11}
    assert prices(used, filters={"product_item_name": ["API calls"]}) == {"": 11}
    assert prices(used, filters={"product_item_key": ["calls"]}) == {"": 0}


def test_costs_are_of_the_product_of_the_plan(used: Account) -> None:
    """Usage costs in the product that its customer's plan is of; it is metered in the product of its item too."""
    item = {"id": "item-1", "meterApiName": "calls", "productId": "2", "productItemName": "API calls"}
    used.take(used.mock.post(ITEMS, json=item))
    groups = ["product_item_key"]
    assert prices(used, groupBy=groups) == {"bytes": 4, "item-1": 11}
    [group] = costs(used, groupBy=groups, productId="2")
    assert (group["groupInfos"], group["meteredUnits"], group["price"]) == ({"product_item_key": "item-1"}, 11, 0)


def test_usage_that_no_plan_bills_costs_nothing(used: Account) -> None:
    """Usage of a customer without a plan, and of a time before the plan, is metered at no cost."""
    used.register("eve")
    before = {"customerId": "ann", "meterTimeInMillis": (JUNE_S - HOUR_S) * 1000, "meterValue": 16}
    used.ingest(event(customerId="eve", meterValue=32), event(**before))
    may_and_june = {"startTimeInSeconds": JUNE_S - DAY_S, "endTimeInSeconds": JULY_S}
    fields: Json = {"timeRange": may_and_june, "timeGroupingInterval": "MONTH", "groupBy": ["customer_id"]}
    found = {group["groupInfos"]["customer_id"]: group for group in costs(used, **fields)}
    assert {name: (group["meteredUnits"], group["price"]) for name, group in found.items()} == {
        "ann": (29, 13),
        "bob": (2, 2),
        "eve": (32, 0),
    }
    assert [cost["price"] for cost in found["ann"]["costs"]] == [0, 13]


@pytest.mark.parametrize("group_by", [[], ["product_item_key"]])
def test_costs_add_up_to_the_invoice(account: Account, group_by: list[str]) -> None:
    """The costs of a month, in whatever buckets and groups, are together what the month's invoice says."""
    for day in range(3):
        time_ms = NOON_MS - 86_400_000 * day
        account.ingest(event(meterValue=0.1, meterTimeInMillis=time_ms))
        account.ingest(event(meterApiName="bytes", meterValue=0.2 + day))
    [invoice] = account.take(account.mock.get("/payments-billing-customer-product-invoice", params=ANN))
    assert invoice["totalAmount"] == 3.9
    for interval in ("hour", "DAY", "week", "MONTH"):
        filters = {"customer_id": ["ann"]}
        groups = costs(account, timeRange=JUNE, timeGroupingInterval=interval, groupBy=group_by, filters=filters)
        assert sum(group["price"] for group in groups) == pytest.approx(3.9, abs=1e-9)
        for group in groups:
            assert sum(cost["price"] for cost in group["costs"]) == pytest.approx(group["price"])


def test_costs_are_exact(account: Account) -> None:
    """Units are priced as the decimals they are written as: ten dimes of different hours are a dollar."""
    account.ingest(*(event(meterValue=0.1, meterTimeInMillis=NOON_MS - 3_600_000 * hour) for hour in range(10)))
    day = {"startTimeInSeconds": NOON_S - DAY_S, "endTimeInSeconds": NOON_S + HOUR_S}
    assert costs(account, timeRange=day)[0]["price"] == 1
    assert costs(account, timeRange=day)[0]["meteredUnits"] == 1


@pytest.mark.parametrize(("kind", "total"), [("MAX_IN_PERIOD", 3), ("UNIQUE_CUSTOMERS_COUNT", 1)])
def test_what_does_not_add_up_costs_its_whole(account: Account, kind: str, total: float) -> None:
    """The largest value and the number of customers of the range are its units, not the sum of the buckets."""
    account.define("typed", kind)
    later = NOON_MS + 3_600_000
    account.ingest(
        event(meterApiName="typed", meterValue=2), event(meterApiName="typed", meterValue=3, meterTimeInMillis=later)
    )
    [group] = costs(account)
    assert (group["meteredUnits"], group["price"]) == (total, total)
    assert sum(cost["meteredUnits"] for cost in group["costs"]) > total


@pytest.mark.parametrize(("value", "price"), [(1.7976931348623157e308, 1.7976931348623157e308), (-1e308, 0)])
def test_more_than_a_double_holds_is_cut(account: Account, value: float, price: float) -> None:
    """A cost beyond the doubles is answered as the largest one, never as null; usage below 0 costs nothing."""
    account.ingest(*(event(meterValue=value, meterApiName=name) for name in ("calls", "bytes")))
    [group] = costs(account)
    assert group["price"] == group["costs"][1]["price"] == price


def test_an_open_range_ends_with_its_last_bucket(account: Account) -> None:
    """Without an end the range reaches to the end of the bucket that holds the present, or the latest event."""
    opened = {"startTimeInSeconds": NOON_S - HOUR_S}
    assert len(costs(account, timeRange=opened)[0]["costs"]) == 2
    account.ingest(event(meterTimeInMillis=NOON_MS + 3 * 3_600_000))
    [group] = costs(account, timeRange={**opened, "endTimeInSeconds": None})
    assert (len(group["costs"]), group["price"]) == (5, 1)


def test_pages_neither_lose_nor_repeat(account: Account) -> None:
    """Pages of groups follow by number and by token, with exact counts; one behind the last is empty."""
    account.ingest(*(event(customerId=f"c{number}", uniqueId=str(number)) for number in range(5)))
    found: list[str] = []
    page: Json = {"size": 2}
    for number in (1, 2, 3):
        answer = account.take(asked(account, groupBy=["customer_id"], page=page))
        found += [group["groupInfos"]["customer_id"] for group in answer["costList"]]
        info = answer["pageInfo"]
        assert (info["pageNumber"], info["pageSize"], info["totalPages"], info["totalResults"]) == (number, 2, 3, 5)
        page = {"token": info["pageToken"]} if number < 3 else {"number": 9, "size": 2}
    assert info["pageToken"] is None
    assert found == [f"c{number}" for number in range(5)]
    assert costs(account, groupBy=["customer_id"], page=page) == []


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ({"timeRange": {}}, "timeRange.startTimeInSeconds: required"),
        ({"timeRange": {"startTimeInSeconds": 5, "endTimeInSeconds": 4}},
         "timeRange.endTimeInSeconds: reversed-range"),
        ({"timeRange": {"startTimeInSeconds": 0, "endTimeInSeconds": 360_000_001}}, "timeRange: too-many-rows"),
        ({"timeRange": {"startTimeInSeconds": -(2**63), "endTimeInSeconds": 2**63 - 1}}, "timeRange: too-many-rows"),
        ({"timeGroupingInterval": "year"}, "timeGroupingInterval: enum"),
        ({"page": {"number": 0}}, "page.number: minimum"),
        ({"page": {"size": -1}}, "page.size: minimum"),
        ({"page": {"token": "x"}}, "page.token: pattern"),
        ({"groupBy": "customer_id"}, "groupBy: type"),
        ({"filters": {"region": "eu"}}, "filters.region: type"),
    ],
)  # fmt: skip
def test_bad_queries_are_refused(account: Account, fields: Json, details: str) -> None:
    """A query that breaks the document or asks for too much is refused, alone and in a batch by its place."""
    assert refused(asked(account, **fields)) == details
    batch = account.mock.post(f"{COST}/batch", json=[QUERY, {**QUERY, **fields}])
    assert refused(batch) == f"[1].{details}"


def test_rows_are_counted_over_groups_and_queries(account: Account) -> None:
    """An answer may have a hundred thousand values, over the groups of its page and the queries of a batch."""
    account.ingest(*(event(customerId=f"c{number}", uniqueId=str(number)) for number in range(3)))
    hours = {"startTimeInSeconds": NOON_S, "endTimeInSeconds": NOON_S + 40_000 * HOUR_S}
    long: Json = {"timeRange": hours, "groupBy": ["customer_id"]}
    assert refused(asked(account, **long)) == "timeRange: too-many-rows"
    batch = [{**QUERY, **long, "page": {"size": 2}}] * 2
    assert refused(account.mock.post(f"{COST}/batch", json=batch)) == "[1].timeRange: too-many-rows"
