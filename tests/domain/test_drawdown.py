"""What cards pay of an invoice: never twice, never too much, in one order, and only what has accrued by their end."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.decimals import added
from mockserver.domain.drawdown import Condition, Draw, PayingCard, Priority, draw_down
from mockserver.domain.portions import Portion

START, END = 0, 30
LATER = 10**6
"""When the invoice is over and nothing goes on."""


class Usage(NamedTuple):
    """What came to an invoice at some moment, in cents; `dimension` is the region that it was used in."""

    time_s: int
    item: str
    cents: int
    region: str = "eu"


def accrued(usages: Sequence[Usage]) -> Callable[[int], list[Portion]]:
    """The portions of an invoice as time goes by: one for each item and region."""

    def portions_until(until_s: int) -> list[Portion]:
        cents: dict[tuple[str, str], int] = {}
        for usage in usages:
            if usage.time_s < until_s:
                key = usage.item, usage.region
                cents[key] = cents.get(key, 0) + usage.cents
        return [
            Portion(Decimal(sum_).scaleb(-2), item, {"region": region})
            for (item, region), sum_ in sorted(cents.items())
        ]

    return portions_until


def card(uri: str, worth: float | str, start_s: int = START, end_s: int = END, **fields: Any) -> PayingCard:
    """A card that is worth so much, in whole units of money."""
    return PayingCard(uri, start_s, end_s, Decimal(str(worth)), **fields)


def for_items(*items: str) -> tuple[Condition, ...]:
    """The condition that only these items are paid."""
    return (Condition(frozenset(items)),)


def drawn(usages: Sequence[Usage], cards: Sequence[PayingCard], now_s: int = LATER) -> dict[str, Decimal]:
    """What each card pays of an invoice."""
    return {draw.uri: draw.amount for draw in draw_down(accrued(usages), cards, START, END, now_s)[1]}


def amounts(expected: Mapping[str, float]) -> dict[str, Decimal]:
    """Amounts of a table."""
    return {uri: Decimal(str(amount)) for uri, amount in expected.items()}


TEN_AT_5 = [Usage(5, "calls", 1000)]
TEN_AND_TEN = [Usage(5, "calls", 1000), Usage(20, "calls", 1000)]
TWO_ITEMS = [Usage(5, "calls", 1000), Usage(5, "bytes", 3000)]
IN_US = (Condition(None, {"region": frozenset({"us"})}),)

CASES: Mapping[str, tuple[Sequence[Usage], Sequence[PayingCard], Mapping[str, float]]] = {
    "nothing to pay": ([], [card("a", 5)], {}),
    "no card": (TEN_AT_5, [], {}),
    "part is paid": (TEN_AT_5, [card("a", 4)], {"a": 4}),
    "all is paid, and no more": (TEN_AT_5, [card("a", 10.01)], {"a": 10}),
    "exactly all": (TEN_AT_5, [card("a", 10)], {"a": 10}),
    "what was used before is gone": (TEN_AT_5, [card("a", 10, used_before=Decimal("9.99"))], {"a": 0.01}),
    "used up": (TEN_AT_5, [card("a", 10, used_before=Decimal(10))], {}),
    "used more than it is worth now": (TEN_AT_5, [card("a", 5, used_before=Decimal(10))], {}),
    "less than a cent pays nothing": (TEN_AT_5, [card("a", "0.009")], {}),
    "fractions of a cent stay": (TEN_AT_5, [card("a", "3.019")], {"a": 3.01}),
    "a worth beyond any price": (TEN_AT_5, [card("a", "1e308")], {"a": 10}),
    "a worth below any price": (TEN_AT_5, [card("a", "5e-324")], {}),
    "one card after the other": (TEN_AT_5, [card("a", 4), card("b", 4), card("c", 4)], {"a": 4, "b": 4, "c": 2}),
    "ends as usage comes": (TEN_AT_5, [card("a", 4, end_s=5)], {}),
    "ends a second later": (TEN_AT_5, [card("a", 4, end_s=6)], {"a": 4}),
    "starts after usage": (TEN_AT_5, [card("a", 4, start_s=29)], {"a": 4}),
    "starts with the next invoice": (TEN_AT_5, [card("a", 4, start_s=30, end_s=60)], {}),
    "ended with the last invoice": (TEN_AT_5, [card("a", 4, start_s=-9, end_s=0)], {}),
    "ends before it starts": (TEN_AT_5, [card("a", 4, start_s=20, end_s=10)], {}),
    "pays what has accrued by its end": (TEN_AND_TEN, [card("a", 15, end_s=20)], {"a": 10}),
    "the next pays the rest": (TEN_AND_TEN, [card("a", 15, end_s=20), card("b", 99)], {"a": 10, "b": 10}),
    "a card in turn pays what the last one left": (
        TEN_AND_TEN,
        [card("a", 4, end_s=10), card("b", 99, start_s=10)],
        {"a": 4, "b": 16},
    ),
    "a gap between cards": (
        TEN_AND_TEN,
        [card("a", 4, end_s=8), card("b", 3, start_s=12, end_s=15), card("c", 1, start_s=25)],
        {"a": 4, "b": 3, "c": 1},
    ),
    "only its item": (TWO_ITEMS, [card("a", 99, conditions=for_items("bytes"))], {"a": 30}),
    "an item that was not used": (TWO_ITEMS, [card("a", 99, conditions=for_items("x"))], {}),
    "any of several conditions": (
        TWO_ITEMS,
        [card("a", 99, conditions=(*for_items("calls"), *for_items("bytes")))],
        {"a": 40},
    ),
    "only its dimension": (
        [Usage(5, "calls", 700, "us"), *TWO_ITEMS],
        [card("a", 99, conditions=IN_US), card("b", 99, conditions=for_items("calls"))],
        {"a": 7, "b": 10},
    ),
    "conditional before general": (
        TWO_ITEMS,
        [card("general", 10), card("bytes", 30, conditions=for_items("bytes"))],
        {"bytes": 30, "general": 10},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cards_pay(name: str) -> None:
    """A card pays what has accrued and is unpaid, up to what it has left, while it can be spent."""
    usages, cards, expected = CASES[name]
    assert drawn(usages, cards) == amounts(expected)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (card("z", 9, priority=Priority.HIGHEST), card("a", 9)),
        (card("z", 9, priority=Priority.USUAL), card("a", 9, priority=Priority.LOWEST)),
        (card("z", 9, priority=Priority.HIGHEST), card("a", 9, custom_priority=Decimal(-1))),
        (card("z", 9, custom_priority=Decimal(1)), card("a", 9, custom_priority=Decimal(2))),
        (card("z", 9, custom_priority=Decimal("1e308")), card("a", 9)),
        (card("z", 9, custom_priority=Decimal(1)), card("a", 9, conditions=for_items("calls"))),
        (card("z", 9, end_s=LATER, conditions=for_items("calls")), card("a", 9)),
        (card("z", 9), card("a", 9, end_s=END + 1)),
        (card("z", 9, end_s=END, start_s=1), card("a", 9, start_s=0, end_s=END + 1)),
        (card("z", 9, start_s=-1), card("a", 9)),
        (card("z", 9, order=1), card("a", 9, order=2)),
        (card("a", 9, order=1), card("b", 9, order=1)),
    ],
    ids=[
        "highest priority first", "lowest priority last", "priority before custom priority", "lower custom priority",
        "any custom priority before none", "custom priority before conditions", "conditional before general",
        "earliest expiry", "expiry before start", "earliest start", "earlier order", "by name",
    ],
)  # fmt: skip
def test_the_order_of_draws(first: PayingCard, second: PayingCard) -> None:
    """Priority, custom priority, conditional before general, earliest expiry, earliest start, earlier order, id."""
    expected = [Draw(first.uri, Decimal(9)), Draw(second.uri, Decimal(1))]
    for cards in ([first, second], [second, first]):
        assert draw_down(accrued(TEN_AT_5), cards, START, END, LATER)[1] == expected


@pytest.mark.parametrize(
    ("now_s", "expected"),
    [(-1, {}), (0, {"a": 4}), (9, {"a": 4}), (10, {"a": 4, "b": 6}), (12, {"a": 4, "b": 16}), (99, {"a": 4, "b": 16})],
)
def test_what_starts_later_has_no_effect_yet(now_s: int, expected: Mapping[str, float]) -> None:
    """Of a running invoice a card pays from the very second of its start on; what lies ahead does nothing."""
    cards = [card("a", 4), card("b", 99, start_s=10)]
    usages = TEN_AND_TEN if now_s > 10 else TEN_AT_5
    assert drawn(usages, cards, now_s) == amounts(expected)


@pytest.mark.parametrize(("now_s", "expected"), [(14, {"a": 10}), (15, {"a": 10}), (16, {"a": 10, "b": 1})])
def test_a_card_that_ends_keeps_what_it_paid(now_s: int, expected: Mapping[str, float]) -> None:
    """From the second of its end on a card pays no more, and what it paid stays paid."""
    usages = [*TEN_AT_5, Usage(15, "calls", 100)] if now_s > 15 else TEN_AT_5
    assert drawn(usages, [card("a", 99, end_s=15), card("b", 99)], now_s) == amounts(expected)


def test_a_price_that_falls_gives_the_last_draws_back_first() -> None:
    """What was paid beyond the final price goes back, to the card that paid last before the one that paid first."""

    def falling(until_s: int) -> list[Portion]:
        return [Portion(Decimal(100 if until_s < END else 60), "calls")]

    cards = [card("a", 50, end_s=10), card("b", 30, end_s=20), card("c", 99, start_s=20)]
    portions, draws = draw_down(falling, cards, START, END, LATER)
    assert draws == [Draw("a", Decimal(50)), Draw("b", Decimal(10))]
    assert [portion.left for portion in portions] == [0]


def test_what_is_given_back_can_be_spent_again() -> None:
    """A card that gets something back, and has not ended, pays other parts of the invoice with it."""

    def shifting(until_s: int) -> list[Portion]:
        prices = (100, 0) if until_s < END else (30, 50)
        return [Portion(Decimal(price), item) for price, item in zip(prices, ("calls", "bytes"), strict=True)]

    cards = [
        card("first", 40, end_s=10, conditions=for_items("calls")),
        card("second", 60, conditions=for_items("calls", "bytes")),
    ]
    assert draw_down(shifting, cards, START, END, LATER)[1] == [Draw("first", Decimal(30)), Draw("second", Decimal(50))]


def test_fees_are_paid_by_cards_without_conditions_alone() -> None:
    """A fee has neither item nor dimensions; one that is not prepayable is paid by no card."""
    portions = [Portion(Decimal(5)), Portion(Decimal(7), prepayable=False)]
    cards = [card("general", 99), card("items", 99, conditions=for_items("calls")), card("us", 99, conditions=IN_US)]
    paid, draws = draw_down(lambda _: portions, cards, START, END, LATER)
    assert draws == [Draw("general", Decimal(5))]
    assert [portion.prepaid for portion in paid] == [5, 0]


def test_what_promotions_took_off_is_not_paid() -> None:
    """A card pays what is left of a portion; of one that is below 0, nothing."""
    portions = [Portion(Decimal(10), discounted=Decimal(4)), Portion(Decimal(-3))]
    assert draw_down(lambda _: portions, [card("a", 99)], START, END, LATER)[1] == [Draw("a", Decimal(6))]


@pytest.mark.parametrize(
    ("cards", "asked"),
    [
        ([], [END]),
        ([card("a", 9)], [END]),
        ([card("a", 9, -99, LATER), card("b", 9, 0, 99)], [END]),
        ([card("spent", 0, 3, 5), card("gone", 9, -5, 0), card("ahead", 9, END, 99)], [END]),
        ([card("a", 9, start_s=12)], [END]),
        ([card("a", 9, end_s=12)], [12, END]),
        ([card("a", 99), card("b", 9, start_s=4, end_s=12)], [4, 12, END]),
        ([card("a", 9, end_s=LATER + 1)], [END]),
    ],
)
def test_the_invoice_is_rated_no_more_often_than_needed(cards: Sequence[PayingCard], asked: Sequence[int]) -> None:
    """The whole is rated once, and what had accrued once for each moment in the window up to which some card pays."""
    moments: list[int] = []

    def portions_until(until_s: int) -> list[Portion]:
        moments.append(until_s)
        return accrued(TEN_AT_5)(until_s)

    draw_down(portions_until, cards, START, END, LATER)
    assert moments == asked


ITEMS = ("calls", "bytes", "seats")
USAGES = st.lists(
    st.builds(
        Usage, st.integers(START, END - 1), st.sampled_from(ITEMS), st.integers(0, 5000), st.sampled_from(["eu", "us"])
    ),
    max_size=12,
)
CONDITIONS = st.builds(
    Condition,
    st.none() | st.frozensets(st.sampled_from(ITEMS), min_size=1),
    st.just({}) | st.just({"region": frozenset({"us"})}),
)


def cards_of(conditions: st.SearchStrategy[tuple[Condition, ...]]) -> st.SearchStrategy[list[PayingCard]]:
    """Cards that begin and end anywhere around the invoice."""
    return st.lists(
        st.builds(
            PayingCard,
            uri=st.text("abcdefgh", min_size=3, max_size=3),
            start_s=st.integers(START - 9, END + 5),
            end_s=st.integers(START - 5, END + 9),
            worth=st.decimals(0, 200, places=3),
            used_before=st.decimals(0, 100, places=2),
            priority=st.sampled_from(Priority),
            custom_priority=st.none() | st.decimals(0, 2, places=0),
            order=st.integers(0, 2),
            conditions=conditions,
        ),
        max_size=5,
        unique_by=lambda each: each.uri,
    )


CARDS = cards_of(st.lists(CONDITIONS, max_size=2).map(tuple))
GENERAL_CARDS = cards_of(st.just(()))
MOMENTS = st.integers(START - 3, END + 3)


@given(USAGES, CARDS, MOMENTS)
def test_credit_is_conserved(usages: list[Usage], cards: list[PayingCard], now_s: int) -> None:
    """What cards gave is what the portions got, to the cent; no card gives more than it has, none is named twice."""
    due = accrued(usages)
    portions, draws = draw_down(due, cards, START, END, now_s)
    available = {each.uri: each.available for each in cards}
    assert added(draw.amount for draw in draws) == added(portion.prepaid for portion in portions)
    assert all(0 < draw.amount <= available[draw.uri] for draw in draws)
    assert len({draw.uri for draw in draws}) == len(draws)
    assert all(0 <= portion.prepaid <= whole.left_to_prepay for portion, whole in zip(portions, due(END), strict=True))


@given(USAGES, CARDS, MOMENTS)
def test_a_card_pays_what_it_may(usages: list[Usage], cards: list[PayingCard], now_s: int) -> None:
    """A card never pays more than there is of what it admits, and has accrued by its end."""
    usages = [usage for usage in usages if usage.time_s <= now_s]
    paid = drawn(usages, cards, now_s)
    for each in cards:
        admitted = [
            portion.price
            for portion in accrued(usages)(min(END, each.end_s))
            if not each.conditions or any(condition.admits(portion) for condition in each.conditions)
        ]
        assert paid.get(each.uri, 0) <= added(admitted)


@given(USAGES, CARDS, MOMENTS, st.randoms(use_true_random=False))
def test_the_order_of_a_list_is_no_order_of_draws(
    usages: list[Usage], cards: list[PayingCard], now_s: int, chance: Any
) -> None:
    """However the cards are listed, the same is paid of the same."""
    listed = list(cards)
    chance.shuffle(listed)
    assert draw_down(accrued(usages), cards, START, END, now_s) == draw_down(accrued(usages), listed, START, END, now_s)


@given(USAGES, CARDS)
def test_an_invoice_that_is_covered_is_paid(usages: list[Usage], cards: list[PayingCard]) -> None:
    """With one card that is large enough, lasts and pays for everything, nothing is left to pay."""
    portions, _ = draw_down(accrued(usages), [*cards, card("whole", 10**9)], START, END, LATER)
    assert [portion.left for portion in portions] == [0] * len(portions)


@given(USAGES, GENERAL_CARDS)
def test_second_by_second_gives_the_same(usages: list[Usage], cards: list[PayingCard]) -> None:
    """Walking from moment to moment pays what a walk of single seconds pays, with cards that pay for everything."""
    portions_until = accrued(usages)
    ranked = [draw.uri for draw in draw_down(lambda _: [Portion(Decimal(10**9))], _unbounded(cards), 0, 1, 0)[1]]
    by_uri = {each.uri: each for each in cards}
    left = {each.uri: each.available for each in cards}
    unpaid, accrued_before = Decimal(0), Decimal(0)
    for second in range(START, END):
        whole = added(portion.price for portion in portions_until(second + 1))
        unpaid, accrued_before = unpaid + whole - accrued_before, whole
        for uri in (uri for uri in ranked if by_uri[uri].is_spendable(second)):
            paid = min(left[uri], unpaid)
            left[uri], unpaid = left[uri] - paid, unpaid - paid
    expected = {uri: by_uri[uri].available - rest for uri, rest in left.items() if rest != by_uri[uri].available}
    assert drawn(usages, cards) == expected


def _unbounded(cards: Sequence[PayingCard]) -> list[PayingCard]:
    """Cards in the same order of draws that can all pay something of one second, as far as times do not decide it."""
    by_time = sorted(cards, key=lambda each: (each.end_s, each.start_s, each.order, each.uri))
    return [
        PayingCard(
            each.uri,
            0,
            1,
            Decimal(1),
            priority=each.priority,
            custom_priority=each.custom_priority,
            order=by_time.index(each),
        )
        for each in cards
    ]


@given(USAGES, GENERAL_CARDS, st.integers(0, 11), st.integers(1, 99))
def test_a_split_event_changes_nothing(usages: list[Usage], cards: list[PayingCard], which: int, percent: int) -> None:
    """Usage that comes in two parts at one moment is paid as if it came as one."""
    place = which % max(1, len(usages))
    parts = []
    for whole in usages[place : place + 1]:
        first = whole.cents * percent // 100
        parts = [whole._replace(cents=first), whole._replace(cents=whole.cents - first, item="other")]
    assert drawn([*usages[:place], *parts, *usages[place + 1 :]], cards) == drawn(usages, cards)


@given(USAGES, GENERAL_CARDS)
def test_nothing_is_given_back_while_usage_grows(usages: list[Usage], cards: list[PayingCard]) -> None:
    """As time goes by the draws of a running invoice only grow, of every card."""
    before: dict[str, Decimal] = {}
    for now_s in range(START, END + 2):
        after = drawn([usage for usage in usages if usage.time_s < now_s], cards, now_s)
        assert all(after.get(uri, 0) >= amount for uri, amount in before.items())
        before = after
