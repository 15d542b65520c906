"""How promotions reduce an invoice: each model by hand, the order of turns, the caps, and what always holds."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import added, to_cents
from mockserver.domain.discounts import (
    Absolute,
    AfterItemPrice,
    Discount,
    Given,
    Offer,
    PromotionType,
    Relative,
    TieredAbsolute,
    TieredRelative,
    apply_offers,
    carried,
)
from mockserver.domain.portions import Portion
from mockserver.domain.reductions import Measure, Model, Step

D = Decimal
CENT = D("0.01")
GRADUATED = (Step(D(0), D("0.1")), Step(D(500), D("0.15")))
AMOUNTS = (Step(D(100), D(10)), Step(D(500), D(25)))


def offer(model: Model | int, **fields: object) -> Offer:
    """An offer with a model, or with an amount, and other fields."""
    known = {"id": "o", "promotion_id": "p", "name": "P", "type": PromotionType.DISCOUNT}
    chosen = Absolute(D(model)) if isinstance(model, int) else model
    return Offer(**{**known, "model": chosen, **fields})  # type: ignore[arg-type]  # the fields are those of a table


def usage(price: Decimal | str | int, item: str = "calls", units: int = 0, **dimensions: str) -> Portion:
    """The portion of a line."""
    return Portion(D(price), item, dimensions, D(units))


def fee(price: str | int, *, discountable: bool = True) -> Portion:
    """The portion of a fee."""
    return Portion(D(price), discountable=discountable)


def taken(portions: Sequence[Portion], *offers: Offer, **given_before: Given) -> list[Decimal]:
    """What each offer takes off, in the order of turns."""
    return [each.amount for each in apply_offers(portions, offers, given_before)[1]]


@pytest.mark.parametrize(
    ("model", "price", "amount"),
    [
        (Absolute(D(1000)), "6794.03", "1000"),
        (Absolute(D(50)), "49.99", "49.99"),
        (Absolute(D(50)), "50", "50"),
        (Absolute(D(50)), "0", "0"),
        (Absolute(D("0.005")), "1", "0.01"),
        (Absolute(D("0.0049")), "1", "0"),
        (Absolute(D(-5)), "100", "0"),
        (Absolute(D("1e308")), "1e308", "1e308"),
        (Absolute(D("5e-324")), "1", "0"),
        (Relative(D("0.2")), "100", "20"),
        (Relative(D("0.2")), "0.02", "0"),
        (Relative(D("0.5")), "0.01", "0.01"),
        (Relative(D("0.3333")), "10", "3.33"),
        (Relative(D(1)), "12.34", "12.34"),
        (Relative(D("1.5")), "100", "100"),
        (Relative(D("-0.1")), "100", "0"),
        (Relative(D(0)), "100", "0"),
        (TieredRelative(GRADUATED), "500", "50"),
        (TieredRelative(GRADUATED), "500.01", "50"),
        (TieredRelative(GRADUATED), "500.04", "50.01"),
        (TieredRelative(GRADUATED), "1000", "125"),
        (TieredRelative(GRADUATED), "300", "30"),
        (TieredRelative(GRADUATED), "0", "0"),
        (TieredRelative(GRADUATED[1:]), "500", "0"),
        (TieredRelative(GRADUATED[1:]), "600", "15"),
        (TieredRelative(()), "600", "0"),
        (TieredRelative(GRADUATED, whole=True), "499.99", "50"),
        (TieredRelative(GRADUATED, whole=True), "500", "75"),
        (TieredRelative(GRADUATED, whole=True), "1000", "150"),
        (TieredRelative(GRADUATED[1:], whole=True), "499", "0"),
        (TieredAbsolute(AMOUNTS), "99.99", "0"),
        (TieredAbsolute(AMOUNTS), "100", "10"),
        (TieredAbsolute(AMOUNTS), "499.99", "10"),
        (TieredAbsolute(AMOUNTS), "500", "25"),
        (TieredAbsolute(AMOUNTS), "9999", "25"),
        (TieredAbsolute((Step(D(0), D(30)),)), "20", "20"),
        (TieredAbsolute(()), "20", "0"),
    ],
)
def test_what_a_model_takes_off(model: Model, price: str, amount: str) -> None:
    """By hand: the reduction of one line, rounded half up to cents once, never more than the line."""
    assert taken([usage(price)], offer(model)) == [D(amount)]


@pytest.mark.parametrize(("units", "amount"), [(0, 0), (99, 0), (100, 10), (499, 10), (500, 25), (10**9, 25)])
def test_tiers_may_be_measured_on_units(units: int, amount: int) -> None:
    """The threshold that the units reach gives the amount, whatever they cost."""
    model = TieredAbsolute(AMOUNTS, Measure.UNITS)
    assert taken([usage(40, units=units), usage(7, "other", units=10**6)], offer(model, item_id="calls")) == [amount]


@pytest.mark.parametrize(
    ("model", "before", "amount", "measured"),
    [
        (TieredRelative(GRADUATED, accumulates=True), 0, 30, 300),
        (TieredRelative(GRADUATED, accumulates=True), 300, 35, 300),
        (TieredRelative(GRADUATED, accumulates=True), 500, 45, 300),
        (TieredRelative(GRADUATED, whole=True, accumulates=True), 199, 30, 300),
        (TieredRelative(GRADUATED, whole=True, accumulates=True), 200, 45, 300),
        (TieredRelative(GRADUATED), 500, 30, 0),
        (TieredAbsolute(AMOUNTS, accumulates=True), 199, 10, 300),
        (TieredAbsolute(AMOUNTS, accumulates=True), 200, 25, 300),
        (TieredAbsolute(AMOUNTS, Measure.UNITS, accumulates=True), 497, 25, 3),
        (TieredAbsolute(AMOUNTS), 1000, 10, 0),
    ],
)
def test_tiers_may_add_up_over_invoices(model: Model, before: int, amount: int, measured: int) -> None:
    """With earlier invoices counted the tiers go on from where those stopped; else each invoice starts anew."""
    _, (discount,) = apply_offers([usage(300, units=3)], [offer(model)], {"o": Given(measured=D(before))})
    assert (discount.amount, discount.measured) == (D(amount), D(measured))


@pytest.mark.parametrize(
    ("fields", "used", "amount", "most"),
    [
        ({}, 0, 80, 80),
        ({"cycle_max": D(30)}, 500, 30, 30),
        ({"cycle_max": D(100)}, 0, 80, 80),
        ({"total_max": D(100)}, 0, 80, 80),
        ({"total_max": D(100)}, 90, 10, 10),
        ({"total_max": D(100)}, 100, 0, 0),
        ({"total_max": D(100)}, 150, 0, 0),
        ({"total_max": D(100), "cycle_max": D(5)}, 90, 5, 5),
        ({"total_max": D(100), "cycle_max": D(50)}, 90, 10, 10),
        ({"cycle_max": D(0)}, 0, 0, 0),
        ({"cycle_max": D(-1)}, 0, 0, 0),
        ({"cycle_max": D("0.009")}, 0, 0, 0),
        ({"cycle_max": D("7.129")}, 0, "7.12", "7.12"),
    ],
)
def test_caps(fields: dict[str, object], used: int, amount: int | str, most: int | str) -> None:
    """No invoice gets more than the cap of a cycle, all together no more than the total, by no fraction of a cent."""
    given_before = {"o": Given(used=D(used))}
    _, (discount,) = apply_offers([usage(100)], [offer(80, **fields)], given_before)
    assert (discount.amount, discount.most) == (D(amount), D(most))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [4, 8, 16, 32, 0]),
        ({"item_id": "calls"}, [4, 8, 0, 0, 0]),
        ({"item_id": "nothing"}, [0, 0, 0, 0, 0]),
        ({"item_id": "c.*", "item_ids": frozenset({"calls", "storage"})}, [4, 8, 16, 0, 0]),
        ({"dimensions": {"region": "eu"}}, [4, 0, 16, 0, 0]),
        ({"dimensions": {"region": "eu", "tier": "hot"}}, [0, 0, 16, 0, 0]),
        ({"item_id": "calls", "dimensions": {"region": "us"}}, [0, 8, 0, 0, 0]),
        ({"dimensions": {"region": "mars"}}, [0, 0, 0, 0, 0]),
    ],
)
def test_what_an_offer_is_for(fields: dict[str, object], expected: list[int]) -> None:
    """An offer reduces the lines of its item, of usage with its dimensions, else the whole but for exempt fees."""
    portions = [
        usage(40, region="eu"),
        usage(80, region="us"),
        usage(160, "storage", region="eu", tier="hot"),
        fee(320),
        fee(640, discountable=False),
    ]
    reduced, _ = apply_offers(portions, [offer(Relative(D("0.1")), **fields)], {})
    assert [portion.discounted for portion in reduced] == expected


def test_fees_that_are_exempt_stay_whole() -> None:
    """Nothing is taken off a fee that promotions do not reduce, however large they are."""
    reduced, discounts = apply_offers([usage(10), fee(100, discountable=False)], [offer(1000)], {})
    assert [portion.left for portion in reduced] == [0, 100]
    assert discounts == [Discount(offer(1000), D(10), D(1000))]


@pytest.mark.parametrize(
    ("portions", "amount"),
    [
        ([usage("100"), usage("0", "storage")], 0),
        ([usage("100.01"), usage("500", "storage")], 5),
        ([usage("100"), fee(900)], 0),
        ([usage("60", region="eu"), usage("60", region="us")], 5),
        ([usage("-200")], 0),
    ],
)
def test_a_condition_on_the_price_of_usage(portions: list[Portion], amount: int) -> None:
    """A threshold is passed by what the usage costs that the offer is for, not by fees or other items."""
    conditional = offer(5, condition=AfterItemPrice(D(100)), item_id="calls")
    assert taken(portions, conditional) == [amount]


def test_a_condition_sees_prices_before_reductions() -> None:
    """What other promotions took off before does not bring a price below its threshold."""
    first = offer(90, id="first", item_id="calls")
    second = offer(5, id="second", condition=AfterItemPrice(D(100)))
    assert taken([usage(110)], second, first) == [90, 5]


def test_a_condition_that_fails_leaves_no_trace() -> None:
    """Then nothing is taken off, nothing could be, and the invoice is the same."""
    portions = [usage(10)]
    reduced, (discount,) = apply_offers(portions, [offer(5, condition=AfterItemPrice(D(100)))], {})
    assert reduced == portions
    assert discount.amount == discount.most == 0


ORDERED = [
    offer(0, id="item-first", item_id="calls", priority=1, applied_s=9),
    offer(0, id="item-second", item_id="calls", priority=1.5, applied_s=1),
    offer(0, id="item-old", item_id="calls", applied_s=1),
    offer(0, id="item-young", item_id="calls", applied_s=2),
    offer(0, id="product-urgent", priority=-1),
    offer(0, id="product-zero", priority=0),
    offer(0, id="product-a", applied_s=5),
    offer(0, id="product-b", applied_s=5),
    offer(0, id="free-tier", type=PromotionType.PLAN_FREE_TIER, applied_s=-9),
]


@pytest.mark.parametrize("seed", range(9))
def test_the_order_of_turns(seed: int) -> None:
    """Items before the whole, then by priority with none last, by time, by id, the free tier last; as stated once."""
    shuffled = [*ORDERED[seed:][::-1], *ORDERED[:seed]]
    _, discounts = apply_offers([usage(1)], shuffled, {})
    assert [each.offer.id for each in discounts] == [each.id for each in ORDERED]


def test_each_sees_what_those_before_it_left() -> None:
    """A fifth of a line and then a tenth of the whole: 100 - 20 = 80, and 10 % of 80 and the fee of 20 are 10."""
    on_item = offer(Relative(D("0.2")), id="item", item_id="calls")
    on_all = offer(Relative(D("0.1")), id="all")
    assert taken([usage(100), fee(20)], on_all, on_item) == [20, 10]


def test_rewards() -> None:
    """The vendor's example: 6,794.03 less 1,000 is 5,794.03."""
    reduced, _ = apply_offers([usage("6000"), usage("794.03", "storage")], [offer(1000)], {})
    assert added(portion.left for portion in reduced) == D("5794.03")


def test_a_credit_line_counts_against_the_others() -> None:
    """A line below zero lessens what there is to discount, so that the invoice does not get below zero."""
    assert taken([usage(100), usage(-30, "storage")], offer(90)) == [70]
    assert taken([usage(100), usage(-30, "storage")], offer(90, item_id="calls")) == [70]
    assert taken([usage(-30)], offer(90)) == [0]


def test_what_is_carried_on() -> None:
    """Each invoice adds to what its offers used and measured; other offers keep theirs."""
    known = {"o": Given(D(5), D(300)), "other": Given(D(1))}
    discounts = [Discount(offer(1), D(2), D(9), D(40)), Discount(offer(1, id="new"), D(3), D(9))]
    assert carried(known, discounts) == {"o": Given(D(7), D(340)), "other": Given(D(1)), "new": Given(D(3))}
    assert known == {"o": Given(D(5), D(300)), "other": Given(D(1))}


MONEY = st.integers(0, 10**6).map(lambda cents: D(cents) / 100)
ANY_MONEY = st.integers(-(10**5), 10**6).map(lambda cents: D(cents) / 100)
SHARES = st.integers(0, 1000).map(lambda mille: D(mille) / 1000)
ITEMS = st.sampled_from([None, "calls", "storage"])
PORTIONS = st.lists(
    st.builds(
        Portion,
        price=ANY_MONEY,
        item_id=ITEMS,
        dimensions=st.sampled_from([{}, {"region": "eu"}, {"region": "us"}]),
        units=st.integers(0, 1000).map(D),
        discountable=st.booleans(),
    ),
    max_size=6,
)


def steps_of(values: st.SearchStrategy[Decimal]) -> st.SearchStrategy[tuple[Step, ...]]:
    """Tiers in order."""
    return st.dictionaries(MONEY, values, max_size=4).map(lambda tiers: tuple(map(Step._make, sorted(tiers.items()))))


MODELS = st.one_of(
    st.builds(Absolute, st.decimals(-10, 10**4, places=4)),
    st.builds(Relative, st.decimals("-0.5", "1.5", places=4)),
    st.builds(TieredAbsolute, steps_of(MONEY), st.sampled_from(Measure), st.booleans()),
    st.builds(TieredRelative, steps_of(SHARES), st.booleans(), st.booleans()),
)
CAPS = st.none() | st.decimals(-1, 1000, places=3)


def offers_with(ids: Sequence[str]) -> st.SearchStrategy[list[Offer]]:
    """Some offers of any kind."""
    one = st.builds(
        Offer,
        id=st.just(""),
        promotion_id=st.just("p"),
        name=st.just("P"),
        type=st.sampled_from(PromotionType),
        model=MODELS,
        item_id=ITEMS,
        dimensions=st.sampled_from([{}, {"region": "eu"}]),
        cycle_max=CAPS,
        total_max=CAPS,
        priority=st.none() | st.integers(0, 3),
        applied_s=st.integers(0, 3),
        condition=st.none() | st.builds(AfterItemPrice, MONEY),
    )
    return st.lists(one, max_size=len(ids)).map(
        lambda found: [
            offer(each.model, **{**fields_of(each), "id": id_}) for id_, each in zip(ids, found, strict=False)
        ]
    )


def fields_of(one: Offer) -> dict[str, object]:
    """The fields of an offer by their names, but for its model."""
    return {name: getattr(one, name) for name in Offer.__slots__ if name != "model"}


OFFERS = offers_with(["a", "b", "c", "d"])
GIVENS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.builds(Given, MONEY, MONEY))


@given(PORTIONS, OFFERS, GIVENS)
def test_an_invoice_adds_up_to_the_cent(portions: list[Portion], offers: list[Offer], known: dict[str, Given]) -> None:
    """What the offers took off is what the portions lost, in whole cents, and nothing else of them has changed."""
    reduced, discounts = apply_offers(portions, offers, known)
    assert added(each.discounted for each in reduced) == added(each.amount for each in discounts)
    assert all(each.amount == to_cents(each.amount) for each in discounts)
    assert [each.price for each in reduced] == [each.price for each in portions]
    assert len(discounts) == len(offers)


@given(PORTIONS, OFFERS, GIVENS)
def test_discounts_never_exceed_what_is_discountable(
    portions: list[Portion], offers: list[Offer], known: dict[str, Given]
) -> None:
    """No portion gets below zero, none that is exempt is reduced, and all together no more than the invoice."""
    reduced, _ = apply_offers(portions, offers, known)
    for portion in reduced:
        assert 0 <= portion.discounted <= (max(portion.price, D(0)) if portion.discountable else 0)
    whole = added(portion.price for portion in portions if portion.discountable)
    assert added(portion.discounted for portion in reduced) <= max(whole, D(0))


@given(PORTIONS, OFFERS, GIVENS)
def test_discounts_never_exceed_their_caps(
    portions: list[Portion], offers: list[Offer], known: dict[str, Given]
) -> None:
    """Each takes from nothing to what it could at most, which is within the caps of a cycle and in total."""
    for each in apply_offers(portions, offers, known)[1]:
        used = known.get(each.offer.id, Given()).used
        assert 0 <= each.amount <= each.most
        assert each.offer.cycle_max is None or each.most <= max(each.offer.cycle_max, D(0))
        assert each.offer.total_max is None or each.most <= max(each.offer.total_max - used, D(0))


@given(PORTIONS, OFFERS, GIVENS, st.randoms(use_true_random=False))
def test_the_order_in_which_offers_come_is_immaterial(
    portions: list[Portion], offers: list[Offer], known: dict[str, Given], chance: object
) -> None:
    """The order of turns is theirs, not that of a list."""
    shuffled = list(offers)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis' own kind of random.Random
    assert apply_offers(portions, shuffled, known) == apply_offers(portions, offers, known)


@given(PORTIONS, st.lists(MONEY, min_size=1, max_size=3))
def test_the_turns_of_equal_amounts_are_immaterial(portions: list[Portion], amounts: list[Decimal]) -> None:
    """Whichever of several amounts off the whole invoice comes first, together they take off as much."""
    totals = set()
    for turns in permutations(range(len(amounts))):
        offers = [
            offer(Absolute(amount), id=str(turn), priority=turn) for turn, amount in zip(turns, amounts, strict=True)
        ]
        totals.add(added(taken(portions, *offers)))
    assert len(totals) == 1


@given(
    st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=4),
    st.lists(st.builds(Absolute, MONEY) | st.builds(Relative, SHARES), max_size=4),
    st.data(),
)
def test_more_usage_never_bills_less(
    lines: list[tuple[Decimal, Decimal]], models: list[Model], data: st.DataObject
) -> None:
    """Under amounts and flat shares, capped or not, an invoice of larger lines never comes to less."""
    offers = [offer(model, id=str(place), cycle_max=data.draw(st.none() | MONEY)) for place, model in enumerate(models)]
    less, more = [usage(price) for price, _ in lines], [usage(price + grown) for price, grown in lines]
    due = [added(each.left for each in apply_offers(portions, offers, {})[0]) for portions in (less, more)]
    assert due[0] <= due[1]


@given(st.lists(MONEY, min_size=1, max_size=6), steps_of(SHARES), MONEY)
def test_splitting_usage_over_lines_changes_no_total(
    prices: list[Decimal], steps: tuple[Step, ...], absolute: Decimal
) -> None:
    """What is taken off the whole invoice depends on its sum alone."""
    offers = [offer(TieredRelative(steps), id="tiers"), offer(Absolute(absolute), id="amount")]
    apart = taken([usage(price) for price in prices], *offers)
    assert taken([usage(added(prices))], *offers) == apart


@given(st.lists(MONEY, min_size=1, max_size=5), steps_of(SHARES))
def test_tiers_over_invoices_are_those_of_one_large_invoice(prices: list[Decimal], steps: tuple[Step, ...]) -> None:
    """Graduated shares that add up over invoices come to those of the sum, but for the rounding of each."""
    one = offer(TieredRelative(steps, accumulates=True))
    known: dict[str, Given] = {}
    for price in prices:
        known = carried(known, apply_offers([usage(price)], [one], known)[1])
    (whole,) = taken([usage(added(prices))], one)
    assert abs(known["o"].used - whole) <= CENT / 2 * (len(prices) + 1)
    assert known["o"].measured == added(prices)


@given(st.lists(MONEY, min_size=1, max_size=8), MODELS, MONEY)
def test_a_total_cap_holds_over_all_invoices(prices: list[Decimal], model: Model, cap: Decimal) -> None:
    """However many invoices there are, together they are reduced by no more than the total."""
    one, known = offer(model, total_max=cap), {"o": Given()}
    for price in prices:
        known = carried(known, apply_offers([usage(price)], [one], known)[1])
    assert 0 <= known["o"].used <= cap
