"""The credits ledger: its sums, its order, its balance."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.credits_ledger import CreditCard, Transaction, credits_ledgers
from mockserver.domain.decimals import added

NOW = 1000
AMOUNTS = st.one_of(
    st.decimals(min_value=0, max_value=10**9, places=2),
    st.floats(0, allow_nan=False, allow_infinity=False).map(lambda value: Decimal(repr(value))),
)
"""Usual amounts, and whatever a JSON number may be: sums have to be exact all the same."""


@st.composite
def cards(draw: st.DrawFn) -> CreditCard:
    """A card that begins and ends anywhere around the present, used up to its worth."""
    parts = draw(st.lists(AMOUNTS, max_size=3))
    start = draw(st.integers(0, 2 * NOW))
    return CreditCard(
        currency=draw(st.sampled_from(["USD", "EUR"])),
        worth=added([*parts, draw(AMOUNTS)]),
        consumed=tuple((f"invoice-{place}", part) for place, part in enumerate(parts)),
        start_s=start,
        expiration_s=draw(st.none() | st.integers(start + 1, start + NOW)),
    )


def whole(*amounts: Decimal) -> Fraction:
    """The exact sum."""
    return sum(map(Fraction, amounts), Fraction(0))


def card(worth: int, used: int, start: int, expiration: int | None) -> CreditCard:
    """A card in dollars."""
    consumed = (("invoice", Decimal(used)),) if used else ()
    return CreditCard("USD", Decimal(worth), consumed, start, expiration)


@given(st.lists(cards(), max_size=8))
def test_what_was_issued_is_available_consumed_or_expired(held: list[CreditCard]) -> None:
    """The three parts are the whole exactly, and the whole is the worth of the cards that have begun."""
    for ledger in credits_ledgers(held, NOW):
        own = [each for each in held if each.currency == ledger.currency and each.start_s <= NOW]
        assert whole(ledger.total) == whole(ledger.available, ledger.consumed, ledger.expired)
        assert whole(ledger.total) == whole(*(each.worth for each in own))
        assert ledger.available >= 0


@given(st.lists(cards(), max_size=8))
def test_the_balance_runs_through_all_entries(held: list[CreditCard]) -> None:
    """Current and past entries together, in order of time, add up to what is available, each to its own balance."""
    for ledger in credits_ledgers(held, NOW):
        entries = [*ledger.current, *ledger.past]
        assert whole(*(entry.amount for entry in entries)) == whole(ledger.available)
        assert ledger.available in [entry.balance for entry in entries if entry.time_s <= NOW]
        for part in (ledger.current, ledger.past):
            times = [entry.time_s for entry in part]
            assert times == sorted(times)


@given(st.lists(cards(), max_size=8))
def test_currencies_are_told_apart(held: list[CreditCard]) -> None:
    """There is one ledger for each currency with a card that has begun, by name, and none else."""
    expected = sorted({each.currency for each in held if each.start_s <= NOW})
    assert [ledger.currency for ledger in credits_ledgers(held, NOW)] == expected


@pytest.mark.parametrize(
    ("held", "current", "past"),
    [
        (card(100, 0, 10, None), [(10, "issued", 100, 100)], []),
        (card(100, 0, NOW, None), [(NOW, "issued", 100, 100)], []),
        (card(100, 40, 10, NOW + 1), [(10, "issued", 100, 100), (NOW, "consumed", -40, 60)], []),
        (card(100, 0, 10, NOW), [], [(10, "issued", 100, 100), (NOW, "expired", -100, 0)]),
        (
            card(100, 40, 10, 20),
            [],
            [(10, "issued", 100, 100), (20, "consumed", -40, 60), (20, "expired", -60, 0)],
        ),
        (card(100, 100, 10, 20), [], [(10, "issued", 100, 100), (20, "consumed", -100, 0)]),
    ],
    ids=["fresh", "just begun", "in use", "ran out", "ran out half used", "used up"],
)
def test_the_entries_of_a_card(
    held: CreditCard, current: list[tuple[int, str, int, int]], past: list[tuple[int, str, int, int]]
) -> None:
    """A card is issued, consumed and expires, each at its time; once over, its entries are past ones."""
    (ledger,) = credits_ledgers([held], NOW)
    for entries, expected in ((ledger.current, current), (ledger.past, past)):
        told = [(each.time_s, each.transaction.value, int(each.amount), int(each.balance)) for each in entries]
        assert told == expected


def test_each_invoice_has_its_entry() -> None:
    """What several invoices drew of a card is told one by one, in their order, each with its invoice."""
    drawn = (("may", Decimal(30)), ("june", Decimal(20)))
    (ledger,) = credits_ledgers([CreditCard("USD", Decimal(100), drawn, 10, None)], NOW)
    told = [(each.invoice, int(each.amount), int(each.balance)) for each in ledger.current]
    assert told == [("", 100, 100), ("may", -30, 70), ("june", -20, 50)]
    assert (int(ledger.consumed), int(ledger.available)) == (50, 50)


def test_a_card_that_has_not_begun_is_in_no_ledger() -> None:
    """What begins in the future was not issued yet."""
    assert credits_ledgers([card(100, 0, NOW + 1, None)], NOW) == []


def test_entries_of_one_second_are_told_in_order() -> None:
    """What is issued in the second in which something else runs out comes first: the balance never dips below 0."""
    (ledger,) = credits_ledgers([card(50, 0, 10, 500), card(70, 0, 500, None)], NOW)
    told = sorted(
        [*ledger.current, *ledger.past], key=lambda entry: (entry.time_s, list(Transaction).index(entry.transaction))
    )
    assert [int(entry.balance) for entry in told] == [50, 120, 70]
