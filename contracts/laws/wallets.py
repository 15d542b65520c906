"""How the law of prepaid credit is tried."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from contracts.checks.asking import Reply
from contracts.laws import bills, bills_published
from contracts.laws.bills import Invoice, amount, equal
from contracts.laws.invoicing import credit_is_taken_off
from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import HOUR, UNREADABLE
from contracts.laws.trial import Trial

WALLET = "getPrepaidWallet"


@dataclass(frozen=True)
class Prepaid:
    """What is used, and what was prepaid.

    Args:
        units: Used, at the price of `bills`.
        orders: Pairs of what credit costs and what it is worth.
    """

    units: int
    orders: tuple[tuple[int, int], ...]

    @property
    def worth(self) -> int:
        """All credit together."""
        return sum(worth for _, worth in self.orders)


PREPAID = (Prepaid(2, ((10, 10),)), Prepaid(12, ((5, 5), (10, 12))), Prepaid(30, ((20, 25),)))


@st.composite
def some_prepaid(draw: st.DrawFn) -> Prepaid:
    """One to three orders, and usage of less or more than they are worth."""
    orders = st.tuples(st.integers(1, 30), st.integers(0, 10)).map(lambda found: (found[0], sum(found)))
    return Prepaid(draw(st.integers(1, 40)), tuple(draw(st.lists(orders, min_size=1, max_size=3))))


@dataclass(frozen=True)
class Card:
    """A prepaid card.

    Args:
        worth: When it was new.
        used: What invoices drew.
        left: The rest.
        drawn: The draws of each invoice together; None when they are not told.
    """

    worth: float
    used: float
    left: float
    drawn: float | None


def wallet_is_conserved(trial: Trial, prepaid: Prepaid) -> Iterator[None]:
    """Holds a customer's cards to what was ordered, and to what its invoices drew."""
    yield from (_published if trial.metering.published else _live)(trial, prepaid)


def _live(trial: Trial, prepaid: Prepaid) -> Iterator[None]:
    customer, start = trial.key("c"), bills.midnight(trial)
    bills.price_item(trial)
    bills.plan(trial)
    bills.join(trial, customer, start)
    for number, order in enumerate(prepaid.orders):
        bills.prepay(trial, customer, start, order, str(number))
    bills.use(trial, customer, start + HOUR, prepaid.units)
    yield
    trial.hold(lambda: _judge(trial, customer, prepaid))


def _judge(trial: Trial, customer: str, prepaid: Prepaid) -> None:
    cards = _cards(trial, customer)
    wallet = trial.talk.last
    _are_as_ordered(cards, prepaid, wallet)
    for card in cards:
        _is_conserved(card, wallet)
    found = bills.invoices(trial, customer)
    bills.require_lines(found)
    _pay_the_invoices(cards, found, wallet, trial.talk.last)
    _pay_what_they_can(trial, cards, found, wallet)


def _cards(trial: Trial, customer: str) -> tuple[Card, ...]:
    answer = trial.talk.want(WALLET, query={"customerId": customer}).json()
    try:
        return tuple(
            Card(
                amount(each["worth"]),
                amount(each["usedAmount"]),
                amount(each["amountLeft"]),
                sum(amount(draw["amount"]) for draw in each["productInvoices"])
                if each.get("productInvoices")
                else None,
            )
            for each in answer["prepaidCards"]
        )
    except UNREADABLE:
        raise Unclear("the wallet cannot be read; response_schema_conformance looks at its form") from None


def _are_as_ordered(cards: Sequence[Card], prepaid: Prepaid, wallet: Reply) -> None:
    wanted, told = sorted(worth for _, worth in prepaid.orders), sorted(card.worth for card in cards)
    if len(told) != len(wanted) or not all(map(equal, told, wanted)):
        expected = f"that the wallet has a card for each order, worth {_listed(wanted)}"
        raise Broken(expected, f"it has {len(told)} cards, worth {_listed(told)}" if told else "it has none", wallet)


def _is_conserved(card: Card, wallet: Reply) -> None:
    if not equal(card.used + card.left, card.worth) or min(card.used, card.left) < 0:
        expected = (
            f"that what is used of a card and what is left of it, neither below 0, are its worth of {card.worth:g}"
        )
        raise Broken(expected, f"{card.used:g} is used and {card.left:g} is left", wallet)
    if card.drawn is not None and not equal(card.drawn, card.used):
        expected = f"that the draws of the invoices that a card tells are the {card.used:g} used of it"
        raise Broken(expected, f"they are {card.drawn:g}", wallet)


def _pay_the_invoices(cards: Sequence[Card], found: Sequence[Invoice], wallet: Reply, invoices: Reply) -> None:
    used, paid = sum(card.used for card in cards), sum(each.bill.get("prepaid", 0) for each in found)
    if not equal(used, paid):
        expected = f"that what is used of the cards, {used:g}, is what the invoices say is prepaid"
        raise Broken(expected, f"they say {paid:g}", wallet, invoices)
    left, told = sum(card.left for card in cards), [each.left for each in found if each.status == "open"]
    for each in told:
        if each is not None and not equal(each, left):
            expected = f"that the open invoice tells {left:g} as left of the cards, as the wallet does"
            raise Broken(expected, f"it tells {each:g}", wallet, invoices, operation_id=bills.LIST)


def _pay_what_they_can(trial: Trial, cards: Sequence[Card], found: Sequence[Invoice], wallet: Reply) -> None:
    """That usage is paid from credit while there is some, unless something of the account's own makes it cheaper."""
    if not all(each.ours() for each in found):
        return
    cost = sum(each.usage for each in found)
    wanted, used = min(cost, sum(card.worth for card in cards)), sum(card.used for card in cards)
    if not equal(used, wanted):
        expected = f"that usage of {cost:g} takes {wanted:g} from the cards"
        raise Broken(expected, f"{used:g} is used of them", wallet, trial.talk.last)


def _listed(amounts: Sequence[float]) -> str:
    return " and ".join(f"{each:g}" for each in amounts)


def _published(trial: Trial, prepaid: Prepaid) -> Iterator[None]:
    start = bills_published.midnight(trial)
    trial.metering.define(trial.key("m"))
    for customer in (trial.key("c"), trial.key("d")):
        bills_published.join(trial, customer, start)
        bills.use(trial, customer, start, prepaid.units)
    for _, worth in prepaid.orders:
        bills_published.prepay(trial, trial.key("d"), worth)
    yield
    trial.hold(lambda: credit_is_taken_off(trial, prepaid.worth, prepaid.units))
