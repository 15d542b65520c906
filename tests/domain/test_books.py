"""The books of a customer: the same however time passes, and conserving what was bought and granted."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.domain.billing_periods import Assignment, BillingPeriod, billing_windows
from mockserver.domain.books import Billable, Carry, bill
from mockserver.domain.discounts import Absolute, Offer, PromotionType, Relative
from mockserver.domain.drawdown import PayingCard
from mockserver.domain.fees import Fee
from mockserver.domain.invoicing import BilledItem, Charges, Invoice
from mockserver.domain.obligations import Contract, ContractKind
from mockserver.domain.price_machine import PriceMachine
from mockserver.domain.rating import MeteredUsage
from mockserver.domain.terms import CycleInterval

DAY = 86_400
YEARS_S = 730 * DAY
ITEM = BilledItem("calls", "calls", PriceMachine.per_unit(Decimal("0.07")))
ASSIGNMENT = Assignment("plan", 0, period=BillingPeriod(CycleInterval.MONTH))
CONTRACT = Contract(
    id="contract",
    label="Two years",
    kind=ContractKind.ARREARS,
    start_s=0,
    cycles=24,
    interval=CycleInterval.MONTH,
    length=1,
    true_ups=(Decimal(5000),),
    end_s=[*billing_windows(ASSIGNMENT, (YEARS_S + 10 * DAY) * 1000)][23].end_s,
)

SETTINGS = settings(max_examples=40)
"""Two years of books take a while."""

events = st.lists(st.tuples(st.integers(0, YEARS_S - 1), st.integers(0, 5000)), max_size=12)
cards = st.lists(
    st.builds(
        PayingCard,
        uri=st.uuids().map(str),
        start_s=st.integers(0, YEARS_S),
        end_s=st.integers(0, YEARS_S),
        worth=st.decimals(0, 500, places=2),
    ),
    max_size=3,
    unique_by=lambda card: card.uri,
)
offers = st.lists(
    st.builds(
        Offer,
        id=st.uuids().map(str),
        promotion_id=st.just("p"),
        name=st.just("p"),
        type=st.just(PromotionType.DISCOUNT),
        model=st.builds(Absolute, st.decimals(0, 50, places=2)) | st.builds(Relative, st.decimals(0, 1, places=2)),
        total_max=st.decimals(0, 100, places=2),
    ),
    max_size=2,
    unique_by=lambda offer: offer.id,
)


class Customer:
    """A customer whose invoices are locked as time goes by."""

    def __init__(self, used: Sequence[tuple[int, int]], wallet: Sequence[PayingCard], held: Sequence[Offer]) -> None:
        self.used, self.wallet, self.held = used, wallet, held
        self.carry, self.locked = Carry(), list[Invoice]()

    def pass_until(self, now_s: int) -> None:
        """Locks the invoices of windows that have ended."""
        until_s = self.locked[-1].window.end_s if self.locked else None
        ended = [each for each in billing_windows(ASSIGNMENT, now_s * 1000, until_s) if each.end_s <= now_s]
        for invoice, carry in bill(map(self._billable, ended), self.carry, now_s):
            self.locked.append(invoice)
            self.carry = carry

    def _billable(self, window: object) -> Billable:
        def usage_of(_item: BilledItem, until_s: int) -> list[MeteredUsage]:
            start_s = window.start_s  # type: ignore[attr-defined]
            units = sum(units for second, units in self.used if start_s <= second < until_s)
            return [MeteredUsage((), ((start_s, Decimal(units)),))] if units else []

        charges = Charges([ITEM], [Fee("fee", "Fee", "", Decimal(3))])
        return Billable(window, charges, usage_of, self.held, self.wallet, [CONTRACT])  # type: ignore[arg-type]


@SETTINGS
@given(events, cards, offers, st.lists(st.integers(0, YEARS_S), max_size=30))
def test_any_steps_give_the_same_books(
    used: list[tuple[int, int]], wallet: list[PayingCard], held: list[Offer], stops: list[int]
) -> None:
    """Two years that pass at once leave the same invoices as two years that pass in steps."""
    at_once, stepwise = Customer(used, wallet, held), Customer(used, wallet, held)
    at_once.pass_until(YEARS_S + 10 * DAY)
    for stop in [*sorted(stops), YEARS_S + 10 * DAY]:
        stepwise.pass_until(stop)
    assert at_once.locked == stepwise.locked
    assert at_once.carry == stepwise.carry


@SETTINGS
@given(events, cards, offers)
def test_what_was_bought_is_conserved(used: list[tuple[int, int]], wallet: list[PayingCard], held: list[Offer]) -> None:
    """Over all invoices a card pays at most its worth, and exactly what is carried on as drawn; promotions likewise."""
    customer = Customer(used, wallet, held)
    customer.pass_until(YEARS_S + 10 * DAY)
    for card in wallet:
        drawn = sum(draw.amount for each in customer.locked for draw in each.draws if draw.uri == card.uri)
        assert drawn == customer.carry.drawn.get(card.uri, 0) <= card.worth
    for offer in held:
        taken = sum(each.amount for one in customer.locked for each in one.discounts if each.offer.id == offer.id)
        assert taken == customer.carry.given[offer.id].used <= (offer.total_max or 0)


@SETTINGS
@given(events, cards, offers)
def test_a_contract_is_paid_as_agreed(used: list[tuple[int, int]], wallet: list[PayingCard], held: list[Offer]) -> None:
    """The true-up of a contract falls due once, and lifts what was spent to what was promised."""
    customer = Customer(used, wallet, held)
    customer.pass_until(YEARS_S + 10 * DAY)
    due = [each.amount for invoice in customer.locked for each in invoice.obligations]
    spent = sum(invoice.before_prepaid for invoice in customer.locked)
    assert sum(due) == max(5000 - spent, 0)


@SETTINGS
@given(events)
def test_a_card_moves_no_price(used: list[tuple[int, int]]) -> None:
    """Prepaid credit changes who pays, never what is charged."""
    plain = Customer(used, [], [])
    paying = Customer(used, [PayingCard("card", 0, YEARS_S, Decimal(100))], [])
    for each in (plain, paying):
        each.pass_until(YEARS_S)
    assert [each.before_prepaid for each in plain.locked] == [each.before_prepaid for each in paying.locked]
    assert [replace(each, draws=()) for each in paying.locked] == plain.locked
