"""What usage costs under every kind of price: to the cent what the invoices' lines say, in any buckets and groups."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.handlers.priced import ASSIGN, CALENDAR_MONTH, JUNE_S, KINDS, PRICING, TIERED, leaf, plan, take, use
from tests.handlers.steps import DAY_MS, HOUR_MS, NOON_MS, Account, Json, event

COST = "/payments/cost/usage-cost"
INVOICES = "/payments/billing/customer-product-invoice/all"
JULY_S, AUGUST_S = 1_719_792_000, 1_722_470_400
JUNE = {"startTimeInSeconds": JUNE_S, "endTimeInSeconds": JULY_S}
BY_ITEM = {"groupBy": ["product_item_key"]}


def groups(account: Account, **fields: Any) -> dict[str, Json]:
    """The groups of a query of June, by their values."""
    query = {"timeRange": JUNE, "timeGroupingInterval": "MONTH", **fields}
    return {"/".join(group["groupInfos"].values()): group for group in take(account, COST, query)["costList"]}


def prices(account: Account, **fields: Any) -> dict[str, float]:
    """What each group costs."""
    return {name: group["price"] for name, group in groups(account, **fields).items()}


def total(account: Account, **fields: Any) -> float:
    """What everything costs."""
    return sum(prices(account, **fields).values())


def invoices(account: Account, customer: str = "ann", **options: Any) -> list[Json]:
    """A customer's invoices, newest first."""
    found: list[Json] = account.take(account.mock.get(INVOICES, params={"customerId": customer, **options}))
    return found


def lines(invoice: Json) -> dict[str, float]:
    """The price of each line."""
    return {line["productItemId"]: line["totalBill"]["price"] for line in invoice["productItemInvoices"]}


def in_cents(amounts: Mapping[str, float]) -> dict[str, float]:
    """Amounts rounded half up to cents."""
    cent = Decimal("0.01")
    return {name: float(Decimal(repr(amount)).quantize(cent, ROUND_HALF_UP)) for name, amount in amounts.items()}


@pytest.mark.parametrize("interval", ["DAY", "WEEK"])
def test_a_month_costs_what_its_invoice_says(account: Account, interval: str) -> None:
    """Under every kind of price, the costs of a month are the lines of its invoice, open and locked, in any buckets."""
    plan(account, {**KINDS, "bytes": leaf((0, 2))})
    use(account)
    account.ingest(event(meterApiName="bytes", meterValue=1.25))
    for locked in (False, True):
        [invoice] = [each for each in invoices(account) if each["invoiceStartTimeInSeconds"] == JUNE_S]
        assert (invoice["invoicePriceStatus"] == "price_locked") is locked
        found = groups(account, timeGroupingInterval=interval, **BY_ITEM)
        assert in_cents({item: group["price"] for item, group in found.items()}) == lines(invoice)
        for group in found.values():
            assert sum(cost["price"] for cost in group["costs"]) == pytest.approx(group["price"])
        account.mock.clock(now=JULY_S * 1000 + DAY_MS)


def test_hours_cost_what_their_bills_say(account: Account) -> None:
    """The costs of hours are the hourly bills of the invoice, of prices without a flat rate."""
    plan(account, {kind: node for kind, node in KINDS.items() if "flatRate" not in str(node)})
    use(account, part=8)
    [invoice] = invoices(account, withHourlyBills=True)
    day = {"startTimeInSeconds": JUNE_S + 10 * 86_400, "endTimeInSeconds": JUNE_S + 13 * 86_400}
    found = groups(account, timeRange=day, timeGroupingInterval="HOUR", **BY_ITEM)
    for line in invoice["productItemInvoices"]:
        hours = [each for variant in line["productItemVariants"] for each in variant["hourlyBillInfos"]]
        billed = {each["startTimeInSeconds"]: each["price"] for each in hours}
        costs = {cost["startTimeInSeconds"]: cost["price"] for cost in found[line["productItemId"]]["costs"]}
        assert costs == pytest.approx({second: billed.get(second, 0) for second in costs})


@pytest.mark.parametrize(
    ("cut_s", "more"),
    [(JUNE_S + 11 * 86_400, []), (NOON_MS // 1000 + 1234, []), (JUNE_S + 11 * 86_400, ["region"])],
    ids=["midnight", "inside an hour", "regions"],
)
def test_ranges_that_meet_cost_the_whole(account: Account, cut_s: int, more: list[str]) -> None:
    """A month costs what its two parts cost, wherever it is cut: what came before a range counts for its tiers."""
    plan(account, KINDS)
    use(account)
    by: Json = {"groupBy": ["product_item_key", *more], "timeGroupingInterval": "DAY"}
    early = prices(account, timeRange={"startTimeInSeconds": JUNE_S, "endTimeInSeconds": cut_s}, **by)
    late = prices(account, timeRange={"startTimeInSeconds": cut_s, "endTimeInSeconds": JULY_S}, **by)
    assert {name: early[name] + late[name] for name in early} == pytest.approx(prices(account, **by))


def test_tiers_go_on_over_buckets_and_before_the_range(account: Account) -> None:
    """50 units a day at 0.11, from 40 on at 0.07, from 90 on at 0.05: 5.10, then 3.30, then 2.50."""
    plan(account, {"calls": TIERED})
    account.ingest(*(event(meterValue=50, meterTimeInMillis=NOON_MS + day * DAY_MS) for day in range(3)))
    start = NOON_MS // 1000 - 43_200
    range_of_three = {"startTimeInSeconds": start, "endTimeInSeconds": start + 3 * 86_400}
    [group] = groups(account, timeRange=range_of_three, timeGroupingInterval="DAY").values()
    assert [cost["price"] for cost in group["costs"]] == [5.1, 3.3, 2.5]
    last = {**range_of_three, "startTimeInSeconds": start + 86_400 * 2}
    assert prices(account, timeRange=last) == {"": 2.5}


def test_a_flat_rate_belongs_to_the_start_of_its_window(account: Account) -> None:
    """A flat rate costs on the first day of the window, with usage or without, and nothing on the others."""
    plan(account, {"calls": KINDS["flat rate with overages"]}, ("ann", "bob"))
    account.ingest(event(meterValue=55))
    by_customer = groups(account, timeGroupingInterval="DAY", groupBy=["customer_id"])
    costs = {name: [cost["price"] for cost in group["costs"]] for name, group in by_customer.items()}
    assert costs["bob"] == [10] + [0] * 29
    assert costs["ann"] == [10] + [0] * 10 + [1] + [0] * 18
    later = {"startTimeInSeconds": JUNE_S + 86_400, "endTimeInSeconds": JULY_S}
    assert prices(account, timeRange=later, groupBy=["customer_id"]) == {"ann": 1, "bob": 0}


@pytest.mark.parametrize("by", [["customer_id"], ["region"], ["customer_id", "region", "user"]], ids="-".join)
def test_groups_part_the_whole(account: Account, by: list[str]) -> None:
    """Groups of customers and dimensions cost together what the item does, under every kind of price."""
    plan(account, {**KINDS, "bytes": leaf((0, 2))}, ("ann", "bob"))
    use(account)
    use(account, customer="bob", count=30, seed=8)
    parts: dict[str, float] = {}
    for name, price in prices(account, groupBy=["product_item_key", *by], timeGroupingInterval="WEEK").items():
        item = name.split("/")[0]
        parts[item] = parts.get(item, 0) + price
    assert parts == pytest.approx(prices(account, **BY_ITEM))


def test_a_filter_gives_the_share_of_its_group(account: Account) -> None:
    """What filters admit costs what its group does, and is parted like everything else."""
    plan(account, KINDS, ("ann", "bob"))
    use(account)
    use(account, customer="bob", count=30, seed=8)
    shares = prices(account, groupBy=["product_item_key", "customer_id", "region"])
    filters = {"customer_id": ["bob"], "region": ["eu"]}
    of_bob = {name.split("/")[0]: share for name, share in shares.items() if name.endswith("/bob/eu")}
    assert prices(account, filters=filters, **BY_ITEM) == pytest.approx(of_bob)
    assert total(account, filters=filters, groupBy=["user"]) == pytest.approx(sum(of_bob.values()))
    one = {**filters, "product_item_name": ["The seats"]}
    assert total(account, filters=one) == pytest.approx(of_bob["seats"])


def test_shares_go_by_units(account: Account) -> None:
    """A price that does not part by region is shared out by units; usage without a region is in no group of it."""
    plan(account, {"calls": TIERED})
    for units, dimensions in ((30, {"region": "eu"}), (60, {"region": "us"}), (10, None)):
        account.ingest(event(meterValue=units, dimensions=dimensions))
    assert total(account) == pytest.approx(40 * 0.11 + 50 * 0.07 + 10 * 0.05)
    assert prices(account, groupBy=["region"]) == pytest.approx({"eu": 2.52, "us": 5.04})
    assert prices(account, filters={"region": ["eu", "us"]}) == pytest.approx({"": 7.56})


@pytest.mark.parametrize(("kind", "total_units"), [("MAX_IN_PERIOD", 9), ("UNIQUE_CUSTOMERS_COUNT", 1)])
def test_meters_that_do_not_add_up(account: Account, kind: str, total_units: float) -> None:
    """A bucket costs by how much it lifts what is billed; shares of dimensions go by the number of events."""
    account.define("bytes", kind)
    plan(account, {"calls": TIERED, "bytes": leaf((0, 10))})
    for day, value in enumerate((4, 3, 9)):
        account.ingest(
            event(meterApiName="bytes", meterValue=value, meterTimeInMillis=NOON_MS + day * DAY_MS,
                  dimensions={"region": "eu" if day else "us"})
        )  # fmt: skip
    [group] = groups(account, timeGroupingInterval="DAY").values()
    steps = {"MAX_IN_PERIOD": [40, 0, 50], "UNIQUE_CUSTOMERS_COUNT": [10, 0, 0]}[kind]
    assert [cost["price"] for cost in group["costs"]][11:14] == steps
    assert (group["price"], group["meteredUnits"]) == (total_units * 10, total_units)
    assert prices(account, groupBy=["region"], timeGroupingInterval="DAY") == {"eu": sum(steps[1:]), "us": steps[0]}


def test_a_locked_window_costs_what_was_billed(account: Account) -> None:
    """Late usage and another price change what a locked window's costs are shared out by, and never their sum."""
    plan(account, {"calls": leaf((0, 1))})
    account.ingest(event(meterValue=4), event(meterValue=6, meterTimeInMillis=NOON_MS + DAY_MS))
    account.mock.clock(now=JULY_S * 1000 + DAY_MS)
    account.ingest(event(meterValue=30, meterTimeInMillis=NOON_MS + DAY_MS, uniqueId="late"), event(
        meterValue=5, meterTimeInMillis=(JULY_S + 3600) * 1000))  # fmt: skip
    assert lines(invoices(account)[-1]) == {"calls": 10}
    [group] = groups(account, timeGroupingInterval="DAY").values()
    assert [cost["price"] for cost in group["costs"]][11:13] == [1, 9]
    assert (group["price"], group["meteredUnits"]) == (10, 40)
    plan(account, {"calls": leaf((0, 2))})
    two_months = {"startTimeInSeconds": JUNE_S, "endTimeInSeconds": AUGUST_S}
    [group] = groups(account, timeRange=two_months).values()
    assert [cost["price"] for cost in group["costs"]] == [10, 10]


def test_a_locked_window_outlives_its_price(account: Account) -> None:
    """What a plan no longer bills costs what was billed, at the start of the window for want of anything better."""
    plan(account, {"calls": leaf((0, 1))})
    account.ingest(event(meterValue=4))
    account.mock.clock(now=JULY_S * 1000 + DAY_MS)
    assert lines(invoices(account)[-1]) == {"calls": 4}
    body = {"id": "pro", "productPlanName": "Pro", "billingPeriod": CALENDAR_MONTH, "productItemPriceIdsMap": {}}
    take(account, f"{PRICING}/product-plans", body)
    [group] = groups(account, timeGroupingInterval="DAY", **BY_ITEM).values()
    assert [cost["price"] for cost in group["costs"]] == [4] + [0] * 29


def test_a_change_of_plans_is_priced_by_each(account: Account) -> None:
    """Usage before a change of plans costs what the first plan says, after it what the other does, each from anew."""
    plan(account, {"calls": TIERED})
    take(account, ASSIGN, {"customerId": "ann", "productId": "other", "startTime": NOON_MS})
    account.ingest(event(meterValue=50, meterTimeInMillis=NOON_MS - HOUR_MS), event(meterValue=50))
    [group] = groups(account, timeGroupingInterval="DAY").values()
    assert group["costs"][11]["price"] == 5.1 + 50
    assert sorted(sum(lines(each).values()) for each in invoices(account)) == [5.1, 50]


def test_reductions_are_told_of_whole_invoices(account: Account) -> None:
    """What cards paid and promotions took is told with invoices that lie in the range whole, by their end, not by item.

    Of usage for 5, the free tier takes 1 and the card pays 3.
    """
    plan(account, {"calls": leaf((0, 1))}, free=1)
    order = {"id": "o", "customerId": "ann", "prepaidPrice": 3, "startTimeInSeconds": JUNE_S}
    take(account, "/payments/pricing/amberflo/customer-prepaid", order)
    account.ingest(event(meterValue=5, meterTimeInMillis=NOON_MS + HOUR_MS))
    [invoice] = invoices(account)
    bill = invoice["totalBill"]
    [group] = groups(account, timeGroupingInterval="DAY").values()
    assert (
        (group["prepaidUsed"], group["payAsYouGoPromotionUsed"]) == (3, 1) == (bill["prepaid"], bill["totalDiscount"])
    )
    assert (group["price"], group["priceMinusPrepaid"], group["priceAfterPayAsYouGoPromotion"]) == (5, 2, 4)
    assert [cost["prepaidUsed"] for cost in group["costs"]] == [0] * 29 + [3]
    assert groups(account, groupBy=["customer_id"])["ann"]["prepaidUsed"] == 3
    assert groups(account, **BY_ITEM)["calls"]["prepaidUsed"] == 0
    assert groups(account, timeRange={**JUNE, "endTimeInSeconds": JULY_S - 86_400})[""]["prepaidUsed"] == 0


def test_a_batch_answers_what_its_queries_do(account: Account) -> None:
    """Queries in a batch are answered as each of them alone, also when they look at many customers."""
    customers = tuple(f"c{number}" for number in range(25))
    plan(account, {"calls": TIERED}, customers)
    for number, customer in enumerate(customers):
        use(account, customer=customer, count=4, seed=number)
    queries = [
        {"timeRange": JUNE, "timeGroupingInterval": "MONTH", **fields}
        for fields in ({}, {"groupBy": ["customer_id"]}, {"groupBy": ["region"], "filters": {"customer_id": ["c3"]}})
    ]
    assert take(account, f"{COST}/batch", queries) == [take(account, COST, query) for query in queries]
    found = prices(account, groupBy=["customer_id"])
    assert in_cents(found) == {name: lines(invoices(account, name)[0])["calls"] for name in customers}
