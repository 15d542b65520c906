"""Which promotions reduce which invoices, over HTTP: every kind, every limit in time, every cap, on a bill of 1,000."""

from typing import Any

import pytest

from mockserver.domain.promotions import KINDS
from tests.handlers.steps import DAY_MS, NOON_MS, Account, Json, event, stop_clock
from tests.support.client import MockClient

PRICING = "/payments/pricing/amberflo/account-pricing"
APPLIED = "/payments/pricing/amberflo/customer-promotions"
INVOICE = "/payments/billing/customer-product-invoice"
JUNE_S = 1_717_200_000
"""2024-06-01T00:00:00Z."""
JULY_S = 1_719_792_000
PER_UNIT = {"type": "PricePerUnitLeafNode", "tiers": [{"startAfterUnit": 0, "batchSize": 1, "pricePerBatch": 1}]}
BY_REGION = {
    "type": "DimensionMatrixNode",
    "dimensionKeys": ["region"],
    "dimensionsPrices": [{"dimensionValues": [region], "leafNode": PER_UNIT} for region in ("eu", "us")],
}
FEE = {
    "id": "base", "name": "Base", "description": "", "cost": 100,
    "isOneTimeFee": False, "discountable": True, "prepayable": True, "isProrated": False, "prorateToDay": False,
}  # fmt: skip
MONTHLY = {"interval": "calendar_month", "intervalsCount": 1}


class Shop:
    """An account with the plan `basic`: a unit of `calls` or `storage` costs 1, a fee 100 a month.

    Args:
        account: with the meter `calls`.
    """

    def __init__(self, account: Account) -> None:
        self.mock = account.mock
        self.account = account
        account.define("storage")
        self.post("product-items", id="calls", meterApiName="calls", productId="1", productItemName="Calls")
        self.post("product-items", id="storage", meterApiName="storage", productId="1", productItemName="Storage")
        for item in ("calls", "storage"):
            self.price(item, PER_UNIT)
        self.plan()
        account.take(self.mock.put("/customers", json={**ANN, "traits": {"segment": "startup", "level": "gold"}}))
        self.assign()

    def post(self, family: str, **body: Any) -> Json:
        """Stores a definition."""
        stored: Json = Account.take(self.mock.post(f"{PRICING}/{family}", json=body))
        return stored

    def price(self, item: str, node: Json) -> None:
        """Sets the price of an item."""
        named = {"id": f"{item}-price", "productItemId": item, "productItemPriceName": item}
        self.post("product-item-price", **named, price=node)

    def plan(self, **fields: Any) -> None:
        """Stores a plan with these fields, else the plan `basic`."""
        prices = {"calls": "calls-price", "storage": "storage-price"}
        usual = {"id": "basic", "productPlanName": "Basic", "billingPeriod": MONTHLY, "feeMap": {"base": FEE}}
        self.post("product-plans", **{**usual, "productItemPriceIdsMap": prices, **fields})

    def assign(self, plan: str = "basic", start_s: int = JUNE_S) -> None:
        """Gives the customer a plan."""
        body = {"customerId": "ann", "productPlanId": plan, "startTimeInSeconds": start_s}
        Account.take(self.mock.post("/payments/pricing/amberflo/customer-pricing", json=body))

    def promote(self, kind: str, **fields: Any) -> None:
        """Stores the promotion `p`."""
        self.post("promotions", **{"id": "p", "promotionName": "P", "type": kind, **fields})

    def give(self, start_s: int | None = None, end_s: int | None = None, **fields: Any) -> Json:
        """Applies the promotion `p` to the customer, over a range or from now on."""
        times = {"startTimeInSeconds": start_s, "endTimeInSeconds": end_s}
        asked = {} if start_s is None else {"appliedTimeRange": times}
        body = {"customerId": "ann", "promotionId": "p", **asked, **fields}
        given: Json = Account.take(self.mock.post(APPLIED, json=body))
        return given

    def use(self, calls: int = 600, storage: int = 300, at_ms: int = NOON_MS) -> None:
        """Reports usage of both items."""
        self.account.ingest(
            event(meterValue=calls, meterTimeInMillis=at_ms),
            event(meterApiName="storage", meterValue=storage, meterTimeInMillis=at_ms),
        )

    def advance(self, days: int) -> None:
        """Lets days pass."""
        self.mock.clock(advance={"days": days})

    def invoices(self) -> list[Json]:
        """The customer's invoices, oldest first."""
        asked = {"customerId": "ann", "productId": "1"}
        found: list[Json] = Account.take(self.mock.get(f"{INVOICE}/all", params=asked))
        return sorted(found, key=lambda each: int(each["invoiceStartTimeInSeconds"]))

    def discounts(self) -> list[float]:
        """What each of the invoices is reduced by, oldest first."""
        return [each["totalBill"]["totalDiscount"] for each in self.invoices()]

    def listed(self) -> list[Json]:
        """The active promotions of the customer."""
        found: list[Json] = Account.take(self.mock.get(f"{APPLIED}/list", params={"CustomerId": "ann"}))
        return found


ANN = {"customerId": "ann", "customerName": "Ann"}


@pytest.fixture
def shop(account: Account) -> Shop:
    """The shop on 2024-06-12, whose customer `ann` has had the plan since the first of June."""
    return Shop(account)


STARTUPS = {"customerTags": {"segment": "startup"}}
IN_JUNE = {"acceptablePromotionTimeRange": {"startTimeInSeconds": JUNE_S - 100, "endTimeInSeconds": JUNE_S + 1}}
AMOUNTS = {"discountMap": {"0": 10, "500": 25, "950": 40}}
SHARES = {"priceToDiscountMap": {"0": 0.1, "500": 0.15}}
ON_CALLS, ON_ITEM = {"targetProductItemId": "calls"}, {"targetItemId": "calls"}
LIMIT = {"promotionTimeLimit": {"cycles": 1}}
PASSED = {"condition": {"type": "AfterItemPriceThreshold", "threshold": 500}}

BILLS: dict[str, tuple[Json, float]] = {
    "absolute_product_automatic_promotion": ({"discount": 50, **STARTUPS}, 50),
    "absolute_product_item_automatic_promotion": ({"discount": 700, **ON_CALLS, **STARTUPS}, 600),
    "absolute_product_item_sales_event_promotion": ({"discount": 45, **ON_CALLS, **IN_JUNE, **STARTUPS}, 45),
    "absolute_product_sales_event_promotion": ({"discount": 2000, **IN_JUNE}, 1000),
    "generic_item_promotion": ({**ON_ITEM, **PASSED, "promotionModel": {"type": "Absolute", "discount": 12.5}}, 12.5),
    "generic_product_promotion": ({**PASSED, "promotionModel": {"type": "Relative", "discountRatio": 0.25}}, 250),
    "product_absolute_partner_discount": ({"discount": 60, "partnerTag": "gold"}, 60),
    "product_item_absolute_partner_discount": ({"discount": 61, **ON_CALLS, "partnerTag": "level"}, 61),
    "product_item_relative_partner_discount": ({"discountRatio": 0.5, **ON_CALLS, **STARTUPS}, 300),
    "relative_product_automatic_promotion": ({"discountRatio": 0.2, "cycleMaxDiscount": 150}, 150),
    "relative_product_item_automatic_promotion": ({"discountRatio": 0.2, **ON_CALLS, **STARTUPS}, 120),
    "relative_product_item_sales_event_promotion": ({"discountRatio": 0.1, **ON_CALLS, **IN_JUNE}, 60),
    "relative_product_partner_automatic_promotion": ({"discountRatio": 0.1, **STARTUPS}, 100),
    "relative_product_sales_event_promotion": ({"discountRatio": 0.3, **IN_JUNE}, 300),
    "sample_currency_promotion": ({"discount": 80, "totalMaxDiscount": 70}, 70),
    "tiered_absolute_product_automatic_promotion": ({**AMOUNTS, **STARTUPS}, 40),
    "tiered_absolute_product_item_automatic_promotion": (
        {**AMOUNTS, "measure": {"type": "PerUnitBatch"}, "targetProductItemId": "c.*|x", "isRegEx": True},
        25,
    ),
    "tiered_relative_product_automatic_promotion": ({**SHARES, **STARTUPS}, 125),
    "tiered_relative_product_item_automatic_promotion": ({**SHARES, **ON_CALLS}, 65),
    "time_limited_absolute_item_discount": ({"discount": 33, **ON_ITEM, **LIMIT}, 33),
    "time_limited_absolute_product_discount": ({"discount": 34, **LIMIT}, 34),
    "time_limited_relative_item_discount": ({"discountRatio": 0.25, **ON_ITEM, **LIMIT}, 150),
    "time_limited_relative_product_discount": ({"discountRatio": 0.25, **LIMIT}, 250),
    "time_limited_relative_product_full_discount": ({"discountRatio": 1, **LIMIT}, 1000),
    "time_limited_tiered_absolute_item_discount": ({**AMOUNTS, **ON_ITEM, **LIMIT}, 25),
    "time_limited_tiered_absolute_product_discount": ({**AMOUNTS, **LIMIT}, 40),
    "time_limited_tiered_relative_item_discount": ({**SHARES, **ON_ITEM, **LIMIT}, 65),
    "time_limited_tiered_relative_product_discount": (
        {**SHARES, **LIMIT, "discountCalculationStrategy": "WHOLE_AMOUNT", "acrossBillingPeriods": True},
        150,
    ),
    "unconditioned_absolute_plan_promotion": ({"discount": 99, "targetPlanId": "basic"}, 99),
}
"""For each kind the fields of a promotion, and what it takes off 600 calls, 300 of storage and a fee of 100."""


def test_every_kind_has_a_bill() -> None:
    """No kind of promotion is left untried."""
    assert set(BILLS) == set(KINDS)


@pytest.mark.parametrize("kind", BILLS)
def test_what_each_kind_takes_off(shop: Shop, kind: str) -> None:
    """A promotion of each kind reduces the open invoice by its worked amount, once it is given where it must be."""
    fields, amount = BILLS[kind]
    shop.use()
    shop.promote(kind, **fields)
    applied = not any(word in kind for word in ("automatic", "partner", "sales_event"))
    if applied:
        assert shop.discounts() == [0]
        shop.give()
    (invoice,) = shop.invoices()
    bill = invoice["totalBill"]
    assert bill["totalPriceBeforeDiscount"] == 1000
    assert bill["totalDiscount"] == amount
    assert bill["totalPrice"] == 1000 - amount
    (told,) = invoice["appliedPromotions"]
    assert (told["promotionId"], told["discount"]) == ("p", amount)
    assert told["promotionType"] == ("discount" if applied else "automatic_promotion")
    assert shop.mock.rules() == []


KIND = "absolute_product_automatic_promotion"
PARTNERS = "product_absolute_partner_discount"
SALE = "absolute_product_sales_event_promotion"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (KIND, {"customerTags": {"segment": "enterprise"}}),
        (KIND, {"customerTags": {"segment": "startup", "region": "eu"}}),
        (KIND, {"targetProductId": "2"}),
        (KIND, {"lockingStatus": "deprecated"}),
        (PARTNERS, {"partnerTag": "silver"}),
        (PARTNERS, {}),
        (SALE, {"acceptablePromotionTimeRange": {"startTimeInSeconds": JULY_S}}),
        (SALE, {"acceptablePromotionTimeRange": {"startTimeInSeconds": JUNE_S - 9, "endTimeInSeconds": JUNE_S}}),
        (SALE, {**IN_JUNE, "customerTags": {"segment": "enterprise"}}),
        ("absolute_product_item_automatic_promotion", {"targetProductItemId": "c+", "isRegEx": True}),
        ("absolute_product_item_automatic_promotion", {**ON_CALLS, "dimensionConstraintMap": {"region": "eu"}}),
        ("absolute_product_item_automatic_promotion", {}),
        ("unheard_of", {}),
    ],
)  # fmt: skip
def test_promotions_that_do_not_apply(shop: Shop, kind: str, fields: Json) -> None:
    """Other tags, products, times and items, and what cannot be read, reduce nothing."""
    shop.use()
    shop.promote(kind, discount=50, **fields)
    assert shop.discounts() == [0]


@pytest.mark.parametrize(
    "fields",
    [
        {"promotionModel": {"type": "Absolute"}},
        {"promotionModel": {"type": "Magic", "discount": 5}},
        {"promotionModel": {"discount": 5}},
        {"promotionModel": {"type": "Absolute", "discount": True}},
        {"promotionModel": {"type": "TieredAbsolute", "discountMap": [1]}},
        {"promotionModel": {"type": "Absolute", "discount": 5}, "condition": {"type": "FullMoon"}},
        {"promotionModel": {"type": "Absolute", "discount": 5}, "condition": {"type": "AfterItemPriceThreshold"}},
        {"promotionModel": {"type": "Absolute", "discount": 5},
         "condition": {"type": "AfterItemPriceThreshold", "threshold": 900}},
        {},
    ],
)  # fmt: skip
def test_composed_promotions_that_do_not_apply(shop: Shop, fields: Json) -> None:
    """A composed promotion whose model or condition is not known, or whose threshold is not passed, reduces nothing."""
    shop.use()
    shop.promote("generic_product_promotion", **fields)
    shop.give()
    assert shop.discounts() == [0]


@pytest.mark.parametrize(
    ("model", "amount"),
    [
        ({"type": "Absolute", "discount": 5}, 5),
        ({"type": "relative", "discountRatio": 0.1, "cycleMaxDiscount": 30}, 30),
        ({"type": "TieredAbsolute", **AMOUNTS}, 40),
        ({"type": "TieredRelative", **SHARES}, 125),
    ],
)
def test_the_models_of_composed_promotions(shop: Shop, model: Json, amount: float) -> None:
    """A composed promotion may have any of the four models; without a condition it always holds."""
    shop.use()
    shop.promote("generic_product_promotion", promotionModel=model, promotionType="COUPON")
    shop.give()
    (told,) = shop.invoices()[0]["appliedPromotions"]
    assert (told["discount"], told["promotionType"]) == (amount, "coupon")


def test_an_automatic_promotion_cannot_be_given(shop: Shop) -> None:
    """It applies once, by its tags, whether it is applied to a customer as well or not."""
    shop.use()
    shop.promote(KIND, discount=50)
    shop.give()
    assert shop.discounts() == [50]


def test_usage_with_some_dimensions(shop: Shop) -> None:
    """Where a price tells dimensions apart a promotion may reduce the usage of one value alone."""
    shop.price("calls", BY_REGION)
    shop.account.ingest(*(event(meterValue=100, dimensions={"region": region}) for region in ("eu", "us")))
    shop.promote("relative_product_automatic_promotion", discountRatio=0.5, dimensionConstraintMap={"region": "eu"})
    assert shop.discounts() == [50]


def test_other_plans_are_not_reduced(shop: Shop) -> None:
    """A promotion of a plan reduces the invoices of that plan, and of no other that the customer has later."""
    shop.plan(id="large")
    shop.promote("unconditioned_absolute_plan_promotion", discount=10, targetPlanId="large")
    shop.give(JUNE_S)
    shop.assign("large", JUNE_S + 86_400)
    assert shop.discounts() == [0, 10]


LIMITED = "time_limited_absolute_product_discount"


@pytest.mark.parametrize(
    ("limit", "applied", "discounts"),
    [
        ({}, {}, [7, 7, 7, 7]),
        ({"promotionTimeLimit": {"cycles": 1}}, {}, [7, 0, 0, 0]),
        ({"promotionTimeLimit": {"cycles": 2}}, {}, [7, 7, 0, 0]),
        ({"promotionTimeLimit": {"cycles": 2}}, {"start_s": JUNE_S - 10**7}, [7, 7, 0, 0]),
        ({"promotionTimeLimit": {"cycles": 2}}, {"start_s": JULY_S}, [0, 7, 7, 0]),
        ({"promotionTimeLimit": {"cycles": 3}}, {"start_s": JUNE_S, "end_s": JULY_S + 1}, [7, 7, 0, 0]),
        ({"promotionTimeLimit": {"months": 1}}, {"start_s": JUNE_S}, [7, 0, 0, 0]),
        ({"promotionTimeLimit": {"months": 1}}, {}, [7, 7, 0, 0]),
        ({}, {"start_s": JULY_S - 1, "end_s": JULY_S}, [7, 0, 0, 0]),
        ({}, {"start_s": JUNE_S - 20, "end_s": JUNE_S}, [0, 0, 0, 0]),
        ({"totalMaxDiscount": 16}, {}, [7, 7, 2, 0]),
        ({}, {"productId": "2"}, [0, 0, 0, 0]),
    ],
)
def test_how_long_an_applied_promotion_lasts(shop: Shop, limit: Json, applied: Json, discounts: list[float]) -> None:
    """It reduces the invoices whose time it overlaps, so many cycles from the first one on, until its total is used."""
    shop.promote(LIMITED, discount=7, **limit)
    shop.give(**applied)
    shop.advance(92)
    assert shop.discounts() == discounts


def test_a_limit_of_cycles_counts_the_plans_periods(shop: Shop) -> None:
    """Two cycles of a plan of ten days are twenty days, though the plan was given after the promotion."""
    shop.plan(id="decades", billingPeriod={"interval": "day", "intervalsCount": 10})
    shop.promote(LIMITED, discount=7, promotionTimeLimit={"cycles": 2})
    shop.give(JUNE_S)
    shop.assign("decades")
    shop.advance(20)
    assert shop.discounts() == [7, 7, 0, 0]


def test_a_removed_promotion_reduces_what_had_ended(shop: Shop) -> None:
    """Taking it away spares the invoices of periods that are over, and no other."""
    shop.promote(LIMITED, discount=7)
    given = shop.give()
    shop.advance(30)
    assert shop.discounts() == [7, 7]
    asked = {"CustomerId": "ann", "Id": given["id"]}
    Account.take(shop.mock.delete(APPLIED, params=asked))
    assert shop.discounts() == [7, 0]


@pytest.mark.parametrize(
    ("repeat", "discounts"),
    [
        ({}, [50, 0, 0, 0]),
        ({"intervalLength": "month", "intervalLengthCount": 1}, [50, 50, 50, 50]),
        ({"intervalLength": "MONTH", "intervalLengthCount": 2, "maxRecurrence": 5}, [50, 0, 50, 0]),
        ({"intervalLength": "month", "maxRecurrence": 1}, [50, 50, 0, 0]),
        ({"intervalLength": "year", "intervalLengthCount": 1}, [50, 0, 0, 0]),
        ({"intervalLength": "blue moon"}, [50, 0, 0, 0]),
    ],
)
def test_a_sale_comes_again(shop: Shop, repeat: Json, discounts: list[float]) -> None:
    """Each time that a sale is on, the invoice of that time is reduced."""
    sale = {"acceptablePromotionTimeRange": {"startTimeInSeconds": JUNE_S + 100, "endTimeInSeconds": JUNE_S + 200}}
    shop.promote(SALE, discount=50, **sale, **({"recurrenceInterval": repeat} if repeat else {}))
    shop.advance(92)
    assert shop.discounts() == discounts


def test_deprecating_ends_what_applies_by_itself(shop: Shop) -> None:
    """A deprecated automatic promotion reduces the periods that were over by then, and those to come no more."""
    shop.promote(KIND, discount=50)
    shop.advance(20)
    shop.promote(KIND, discount=50, lockingStatus="deprecated")
    shop.advance(30)
    assert shop.discounts() == [50, 0, 0]


def test_deprecating_leaves_what_was_given(shop: Shop) -> None:
    """Who has a promotion keeps it when it is deprecated, until it is deleted."""
    shop.promote(LIMITED, discount=50)
    shop.give()
    shop.promote(LIMITED, discount=50, lockingStatus="deprecated")
    assert shop.discounts() == [50]
    Account.take(shop.mock.delete(f"{PRICING}/promotions", params={"id": "p"}))
    assert shop.discounts() == [0]


def test_priority_decides_between_two(shop: Shop) -> None:
    """A fifth and then 500 is not 500 and then a fifth; the lower number comes first, whichever was given first."""
    shop.use()
    shop.promote("time_limited_relative_product_discount", discountRatio=0.2)
    shop.give(priority=2)
    shop.promote(LIMITED, id="q", discount=500)
    shop.give(promotionId="q", priority=1)
    told = [(each["promotionId"], each["discount"]) for each in shop.invoices()[0]["appliedPromotions"]]
    assert told == [("q", 500), ("p", 100)]


def test_the_free_tier_of_a_plan_comes_last(shop: Shop) -> None:
    """A share is taken of the whole, and the free tier off what is left."""
    shop.plan(planLevelFreeTier=300)
    shop.use()
    shop.promote("relative_product_automatic_promotion", discountRatio=0.1)
    told = [(each["promotionType"], each["discount"]) for each in shop.invoices()[0]["appliedPromotions"]]
    assert told == [("automatic_promotion", 100), ("plan_free_tier", 300)]


def test_tiers_across_periods(shop: Shop) -> None:
    """What June spent fills the first tier, so that July's share is the higher one from its first unit on."""
    shop.plan(feeMap={})
    shop.promote("time_limited_tiered_relative_product_discount", **SHARES, acrossBillingPeriods=True)
    shop.give()
    shop.use(calls=500, storage=0)
    shop.advance(30)
    shop.use(calls=100, storage=0, at_ms=NOON_MS + 30 * DAY_MS)
    assert shop.discounts() == [50, 15]


def test_what_an_applied_promotion_has_left(shop: Shop) -> None:
    """The list tells what was taken off which invoices, and what the caps allow in this cycle and in all."""
    shop.promote("time_limited_relative_product_discount", discountRatio=0.5, cycleMaxDiscount=60, totalMaxDiscount=100)
    given = shop.give()
    # The fee of 100 is there from the first day on.
    assert (given["amountLeftInCycle"], given["totalAmountLeft"]) == (10, 50)
    shop.use(calls=2, storage=0)
    shop.advance(30)
    (left,) = shop.listed()
    june, july = shop.invoices()
    assert left["entityProductInvoices"] == [
        {
            "invoiceUri": june["invoiceUri"],
            "createdTimeInSeconds": NOON_MS // 1000,
            "amount": 51,
            "invoiceAmount": 102,
        },
        {"invoiceUri": july["invoiceUri"], "createdTimeInSeconds": JULY_S, "amount": 49, "invoiceAmount": 100},
    ]
    assert (left["amountLeftInCycle"], left["totalAmountLeft"]) == (0, 0)


def test_a_removal_tells_what_was_taken(shop: Shop) -> None:
    """The answer to a removal counts the invoices that keep their reduction."""
    shop.promote(LIMITED, discount=30, totalMaxDiscount=100)
    given = shop.give()
    shop.advance(30)
    gone = Account.take(shop.mock.delete(APPLIED, params={"CustomerId": "ann", "Id": given["id"]}))
    assert [each["amount"] for each in gone["entityProductInvoices"]] == [30]
    assert (gone["amountLeftInCycle"], gone["totalAmountLeft"]) == (30, 70)


def test_steps_of_the_clock_change_no_discount(mock: MockClient) -> None:
    """Three months in one step and day by day leave the same reductions."""
    seen = []
    for step in (92, 1):
        mock.reset()
        stop_clock(mock, NOON_MS)
        account = Account(mock)
        account.define("calls")
        account.register("ann")
        shop = Shop(account)
        shop.promote("time_limited_relative_product_discount", discountRatio=0.5, totalMaxDiscount=170)
        shop.give()
        for _ in range(92 // step):
            shop.advance(step)
        seen.append(shop.discounts())
    assert seen == [[50, 50, 50, 20]] * 2
