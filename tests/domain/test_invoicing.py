"""Invoices: the order of the steps, and that everything adds up to the cent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.discounts import Absolute, Offer, PromotionType, Relative
from mockserver.domain.drawdown import Condition, PayingCard
from mockserver.domain.fees import Fee
from mockserver.domain.invoicing import (
    BilledItem,
    Charges,
    Invoice,
    PriceStatus,
    Reductions,
    build_invoice,
    price_status,
)
from mockserver.domain.portions import NOTHING
from mockserver.domain.price_machine import PriceMachine
from mockserver.domain.rating import MeteredUsage

START, END = 0, 30 * 86_400
WINDOW = BillingWindow("plan", START, END, period_end_s=END)
CENT = Decimal("0.01")

Usage = Mapping[str, Sequence[tuple[int, Decimal]]]


def invoice(usage: Usage, reductions: Reductions | None = None, now_s: int = END, **charges: object) -> Invoice:
    """An invoice of items that cost their price a unit; usage is (second, units) by item."""
    items = [BilledItem(name, name, PriceMachine.per_unit(Decimal(name.partition("@")[2]))) for name in usage]

    def usage_of(item: BilledItem, until_s: int) -> list[MeteredUsage]:
        units = [units for second, units in usage[item.item_id] if second < until_s]
        return [MeteredUsage((), ((START, sum(units, NOTHING)),))] if units else []

    return build_invoice(WINDOW, Charges(items, **charges), reductions or Reductions(), usage_of, now_s)  # type: ignore[arg-type]


def used(**units: str) -> Usage:
    """Usage in the first second: `a_50="100"` is 100 units of an item at 50 each."""
    return {name.replace("_", "@").replace("c", "."): [(START, Decimal(each))] for name, each in units.items()}


def fee(cost: str, **terms: bool) -> Fee:
    """A fee of a plan."""
    return Fee(f"fee-{cost}", "Fee", "", Decimal(cost), **terms)


def absolute(amount: str, name: str = "offer") -> Offer:
    """An amount off the whole invoice."""
    return Offer(name, name, name, PromotionType.DISCOUNT, Absolute(Decimal(amount)))


def card(worth: str, start_s: int = START, end_s: int = END, uri: str = "card", **terms: object) -> PayingCard:
    """A card that was paid for."""
    return PayingCard(uri, start_s, end_s, Decimal(worth), **terms)  # type: ignore[arg-type]


OUT_OF_REACH = fee("9", discountable=False, prepayable=False)
FREE_TIER = Offer("free", "free", "free", PromotionType.PLAN_FREE_TIER, Absolute(Decimal(20)))

CASES = {
    "usage alone": (invoice(used(a_50="100")), ("5000", "0", "0", "0", "0", "5000")),
    "two items": (invoice(used(a_50="1", b_2="3")), ("56", "0", "0", "0", "0", "56")),
    "fees": (invoice(used(a_1="1"), fees=[fee("9.99"), fee("5")]), ("1", "14.99", "0", "0", "0", "15.99")),
    "minimum": (invoice(used(a_1="1"), fees=[fee("2")], minimum=Decimal(10)), ("1", "2", "7", "0", "0", "10")),
    "minimum reached": (invoice(used(a_1="12"), minimum=Decimal(10)), ("12", "0", "0", "0", "0", "12")),
    "rewards and prepaid": (
        invoice(used(a_1="6794.03"), Reductions([absolute("1000")])),
        ("6794.03", "0", "0", "1000", "0", "5794.03"),
    ),
    "free tier": (invoice(used(a_1="100"), free_tier=FREE_TIER), ("100", "0", "0", "20", "0", "80")),
    "free tier alone": (invoice(used(a_1="7"), free_tier=FREE_TIER), ("7", "0", "0", "7", "0", "0")),
    "a fee out of reach": (
        invoice({}, Reductions([absolute("50")], cards=[card("50")]), fees=[OUT_OF_REACH]),
        ("0", "9", "0", "0", "0", "9"),
    ),
    "prepaid after discounts": (
        invoice(used(a_1="100"), Reductions([absolute("30")], cards=[card("50")])),
        ("100", "0", "0", "30", "50", "20"),
    ),
    "prepaid covers all": (
        invoice(used(a_1="100"), Reductions([absolute("30")], cards=[card("90")])),
        ("100", "0", "0", "30", "70", "0"),
    ),
    "the minimum is not prepaid": (
        invoice(used(a_1="1"), Reductions(cards=[card("90")]), minimum=Decimal(10)),
        ("1", "0", "9", "0", "1", "9"),
    ),
    "a card pays what it had seen": (
        invoice({"a@1": [(START, Decimal(10)), (1000, Decimal(5))]}, Reductions(cards=[card("90", end_s=1000)])),
        ("15", "0", "0", "0", "10", "5"),
    ),
    "a card for one item": (
        invoice(used(a_1="10", b_1="4"), Reductions(cards=[card("90", conditions=(Condition(frozenset({"b@1"})),))])),
        ("14", "0", "0", "0", "4", "10"),
    ),
    "half a cent": (invoice(used(a_0c005="1")), ("0.01", "0", "0", "0", "0", "0.01")),
    "below zero": (invoice(used(a_5="-3")), ("0", "0", "0", "0", "0", "0")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_steps(name: str) -> None:
    """Lines, fees, minimum, discounts, prepaid, total: each step takes what the one before has left."""
    found, expected = CASES[name]
    amounts = (
        found.item_price,
        found.fix_price,
        found.minimum_fee,
        found.total_discount,
        found.prepaid,
        found.total,
    )
    assert amounts == tuple(map(Decimal, expected))


money = st.decimals(0, 10_000, places=3)
offers = st.lists(
    st.builds(
        Offer,
        id=st.uuids().map(str),
        promotion_id=st.just("p"),
        name=st.just("p"),
        type=st.just(PromotionType.DISCOUNT),
        model=st.builds(Absolute, money) | st.builds(Relative, st.decimals(0, 1, places=2)),
        item_id=st.none() | st.sampled_from(["a@0.07", "b@3"]),
        cycle_max=st.none() | money,
        total_max=st.none() | money,
        priority=st.none() | st.integers(0, 3),
        applied_s=st.integers(0, 5),
    ),
    max_size=4,
    unique_by=lambda offer: offer.id,
)
cards = st.lists(
    st.builds(
        PayingCard,
        uri=st.uuids().map(str),
        start_s=st.integers(-10, END),
        end_s=st.integers(0, END + 10),
        worth=money,
        used_before=st.just(NOTHING),
    ),
    max_size=3,
    unique_by=lambda each: each.uri,
)
fees = st.lists(st.builds(fee, money.map(str), discountable=st.booleans(), prepayable=st.booleans()), max_size=3)
usages = st.fixed_dictionaries(
    {
        name: st.lists(st.tuples(st.integers(START, END - 1), st.decimals(0, 1000, places=2)), max_size=4)
        for name in ("a@0.07", "b@3")
    }
)


@given(usages, offers, cards, fees, money)
def test_it_adds_up(
    usage: Usage, held: list[Offer], wallet: list[PayingCard], charged: list[Fee], minimum: Decimal
) -> None:
    """Total = lines + fees + minimum - discounts - prepaid to the cent; nothing is taken off twice or below zero."""
    found = invoice(usage, Reductions(held, cards=wallet), fees=charged, minimum=minimum)
    parts = [line.price for line in found.lines] + [each.cost for each in found.fees] + [found.minimum_fee]
    taken = [each.amount for each in found.discounts] + [draw.amount for draw in found.draws]
    assert found.total == sum(parts) - sum(taken) >= 0
    assert all(amount == amount.quantize(CENT) and amount >= 0 for amount in [*parts, *taken])
    assert found.total_discount <= found.discountable <= found.item_price + found.fix_price
    assert found.prepaid <= found.prepayable
    assert found.item_price + found.fix_price + found.minimum_fee >= minimum.quantize(CENT)
    worth = {each.uri: each.worth for each in wallet}
    assert all(draw.amount <= worth[draw.uri] for draw in found.draws)


@given(usages, offers.filter(lambda held: all(isinstance(each.model, Absolute) for each in held)), fees)
def test_more_usage_never_bills_less(usage: Usage, held: list[Offer], charged: list[Fee]) -> None:
    """Under prices that rise with usage, and amounts off, one more unit does not make the invoice smaller."""
    more = {**usage, "b@3": [*usage["b@3"], (START, Decimal(1))]}
    less, greater = (invoice(each, Reductions(held), fees=charged) for each in (usage, more))
    assert greater.total >= less.total


@given(usages, offers, cards, st.randoms())
def test_order_of_events_is_immaterial(
    usage: Usage, held: list[Offer], wallet: list[PayingCard], chance: object
) -> None:
    """The same usage in another order, with the same promotions and cards in another order, is the same invoice."""
    mixed = {name: list(events) for name, events in usage.items()}
    turned, cards_turned = list(held), list(wallet)
    for each in (*mixed.values(), turned, cards_turned):
        chance.shuffle(each)  # type: ignore[attr-defined]
    assert invoice(usage, Reductions(held, cards=wallet)) == invoice(mixed, Reductions(turned, cards=cards_turned))


@pytest.mark.parametrize(
    ("now_s", "locked", "status"),
    [
        (END - 1, False, PriceStatus.OPEN),
        (END, False, PriceStatus.GRACE_PERIOD),
        (END, True, PriceStatus.PRICE_LOCKED),
        (START, True, PriceStatus.PRICE_LOCKED),
    ],
)
def test_status(now_s: int, locked: bool, status: PriceStatus) -> None:  # noqa: FBT001 - a case
    """An invoice is open until its window ends, and locked for good once it was locked."""
    assert price_status(WINDOW, now_s * 1000, locked=locked) is status
