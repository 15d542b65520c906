"""How the laws of what an invoice comes to are tried."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contracts.laws import bills, bills_published
from contracts.laws.bills import RATE, Invoice, Line, equal
from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import DAY, HOUR, WEEK, same
from contracts.laws.trial import Trial

CUSTOMER = "getCustomerById"
_ITEMS = ("a", "b")


@dataclass(frozen=True)
class Bill:
    """What a customer is to be charged for.

    Args:
        units: What is used of each product item, at `RATE` a unit.
        fee: Of the plan.
        discount: What a promotion takes off.
        credit: What is prepaid.
        minimum: The least that the plan charges; 0 for none.
    """

    units: tuple[int, ...]
    fee: int = 0
    discount: int = 0
    credit: int = 0
    minimum: int = 0

    @property
    def usage(self) -> int:
        """What the usage costs."""
        return RATE * sum(self.units)

    @property
    def total(self) -> float:
        """What is due, as long as discount and credit are for usage alone: what else they pay, nobody says."""
        return max(self.usage + self.fee, self.minimum) - self.discount - self.credit

    @property
    def words(self) -> str:
        """What it is for."""
        named = (
            (f"a fee of {self.fee}", self.fee),
            (f"a discount of {self.discount}", self.discount),
            (f"{self.credit} that was prepaid", self.credit),
            (f"a plan that charges {self.minimum} at least", self.minimum),
        )
        return ", ".join([f"usage of {self.usage}", *(words for words, amount in named if amount)])


BILLS = (Bill((3,)), Bill((10, 2), 5, 4, 3), Bill((1,), 3, minimum=20))


@st.composite
def some_bills(draw: st.DrawFn) -> Bill:
    """Bills of which nothing rests on the order in which discount, credit and minimum come."""
    units = tuple(draw(st.lists(st.integers(1, 40), min_size=1, max_size=len(_ITEMS))))
    fee = draw(st.integers(0, 30))
    if draw(st.booleans()):
        return Bill(units, fee, minimum=draw(st.integers(0, 120)))
    taken = draw(st.integers(0, RATE * sum(units)))
    return Bill(units, fee, taken, draw(st.integers(0, RATE * sum(units) - taken)))


def invoice_total_adds_up(trial: Trial, bill: Bill) -> Iterator[None]:
    """Holds every total of a customer's invoices to what it is made of."""
    yield from (_published_total if trial.metering.published else _live_total)(trial, bill)


def _live_total(trial: Trial, bill: Bill) -> Iterator[None]:
    customer, start = trial.key("c"), bills.midnight(trial)
    words = _ITEMS[: len(bill.units)]
    for word in words:
        bills.price_item(trial, word=word)
    bills.plan(trial, *words, fee=bill.fee, minimum=bill.minimum)
    bills.join(trial, customer, start)
    if bill.discount:
        bills.discount(trial, customer, start, bill.discount)
    if bill.credit:
        bills.prepay(trial, customer, start, (bill.credit, bill.credit))
    for word, units in zip(words, bill.units, strict=True):
        bills.use(trial, customer, start + HOUR, units, word=word)
    yield
    trial.hold(lambda: _judge(trial, customer, bill))


def _judge(trial: Trial, customer: str, bill: Bill) -> None:
    for operation_id in (bills.LIST, bills.LATEST):
        found = bills.invoices(trial, customer, operation_id)
        for invoice in found:
            _adds_up(invoice, operation_id)
        if operation_id == bills.LIST:
            for word, units in zip(_ITEMS, bill.units, strict=False):
                _is_billed(trial, found, word, units)
        for invoice in found:
            _is_due(trial, invoice, bill, operation_id)


def _adds_up(invoice: Invoice, operation_id: str) -> None:
    for name, parts, wanted in bills.sums(invoice):
        told = invoice.bill.get(name, 0)
        if not equal(told, wanted):
            expected = f"that {name} of the invoice is {wanted:g}, as {parts} come to"
            raise Broken(expected, f"it is {told:g}", invoice.reply, operation_id=operation_id)


def _is_billed(trial: Trial, found: tuple[Invoice, ...], word: str, sent: int) -> None:
    """That usage is on one invoice, all of it, at its price."""
    item, answer = trial.key(f"i{word}"), trial.talk.last
    lines = [(each, each.lines[item]) for each in found if item in each.lines]
    if len(lines) != 1:
        _require_usage(trial, word, sent)
        told = f"{len(lines)} of the customer's {len(found)} invoices have a line of it"
        raise Broken(f"that the usage of {item}, which is one event, is on one invoice", told, answer)
    invoice, line = lines[0]
    if not equal(line.price, line.units * RATE):
        expected = f"that {line.units:g} units cost {line.units * RATE:g}, at {RATE} each"
        raise Broken(expected, f"the line of the invoice is {line.price:g}", answer)
    if not same(line.units, sent):
        bills.require_counted(trial, trial.key("c"), sent, (invoice.start, invoice.end), word)
        expected = f"that the invoice charges for the {sent:g} units which the usage query tells"
        raise Broken(expected, f"it charges for {line.units:g}", trial.talk.last, answer)


def _require_usage(trial: Trial, word: str, sent: int) -> None:
    """That there is usage to be billed: what was sent is counted, and lies in the account's present.

    Raises:
        Unclear: There is not.
    """
    found = trial.talk.want(CUSTOMER, path={"customerId": trial.key("c")}).json()
    created = found.get("createTime") if isinstance(found, dict) else None
    moment = created // 1000 if isinstance(created, int) else int(trial.terms.now)
    if trial.terms.target is None and abs(moment - trial.terms.now) > DAY / 2:
        # The plan has not begun for the account.
        raise Unclear("the account's clock shows another day than this machine's, and --clock-url does not name it")
    bills.require_counted(trial, trial.key("c"), sent, (moment - WEEK, moment + DAY), word)


def _is_due(trial: Trial, invoice: Invoice, bill: Bill, operation_id: str) -> None:
    """That an invoice comes to what it is for, unless something of the account's own is on it too."""
    lines = {trial.key(f"i{word}"): Line(units, units * RATE) for word, units in zip(_ITEMS, bill.units, strict=False)}
    if invoice.lines != lines or not invoice.ours(trial.key("f")):
        return
    told = invoice.bill.get("totalPrice", 0)
    if not equal(told, bill.total):
        expected = f"that the invoice comes to {bill.total:g}: {bill.words}"
        raise Broken(expected, f"it comes to {told:g}", invoice.reply, operation_id=operation_id)


def _published_total(trial: Trial, bill: Bill) -> Iterator[None]:
    start = bills_published.midnight(trial)
    trial.metering.define(trial.key("m"))
    for customer, credit in ((trial.key("c"), 0), (trial.key("d"), bill.credit)):
        bills_published.join(trial, customer, start)
        if credit:
            bills_published.prepay(trial, customer, credit)
        bills.use(trial, customer, start, *bill.units, apart=1)
    yield
    trial.hold(lambda: credit_is_taken_off(trial, bill.credit, sum(bill.units)))


def credit_is_taken_off(trial: Trial, credit: float, sent: float) -> None:
    """That the customer "d" is charged less by its credit, never below 0, than "c" with the same usage and none."""
    payers = trial.key("c"), trial.key("d")
    found = [bills_published.invoices(trial, customer) for customer in payers]
    shown = trial.talk.replies[-len(payers) :]
    full, told = (sum(each.total for each in invoices) for invoices in found)
    bills.require_charged(full)
    wanted = max(full - credit, 0)
    if equal(told, wanted):
        return
    times = min(each.start for each in found[0]), max(each.end for each in found[0])
    for customer in payers:
        bills.require_counted(trial, customer, sent, times)
    paid = f" and paid {credit:g} in advance" if credit else ""
    expected = f"that a customer who used as much as one who is charged {full:g}{paid} is charged {wanted:g}"
    raise Broken(expected, f"it is charged {told:g}", *shown)


MORE = ((3, 2), (9, 1, 1), (0.5,))


def some_more() -> SearchStrategy[tuple[float, ...]]:
    """One to three amounts of usage that come one after the other."""
    return st.lists(st.integers(1, 60).map(lambda quarters: quarters / 4), min_size=1, max_size=3).map(tuple)


def more_usage_never_bills_less(trial: Trial, amounts: tuple[float, ...]) -> None:
    """Sends usage bit by bit, and reads after each what the customer is charged."""
    customer, start, charge = _begin(trial)
    charged, used = charge(), 0.0
    for number, amount in enumerate(amounts):
        trial.talk.tell_here()
        bills.use(trial, customer, start + number, amount)
        now = charge()
        if now < charged and not equal(now, charged):
            shown = trial.talk.last
            bills.require_counted(trial, customer, used + amount, (start, start + DAY))
            expected = f"that {used + amount:g} units are charged with {charged:g} at least, as {used:g} units were"
            raise Broken(expected, f"they are charged with {now:g}", shown)
        charged, used = now, used + amount
    bills.require_charged(charged)


def _begin(trial: Trial) -> tuple[str, int, Callable[[], float]]:
    """A customer on a plan, the first second of its usage, and what reads the charge."""
    customer = trial.key("c")
    if trial.metering.published:
        start = bills_published.midnight(trial)
        trial.metering.define(trial.key("m"))
        bills_published.join(trial, customer, start)
        return customer, start, lambda: bills_published.total(trial, customer)
    start = bills.midnight(trial)
    bills.price_item(trial, bills.FALLING)
    bills.plan(trial, fee=1)
    bills.join(trial, customer, start)
    return customer, start, lambda: _total(trial, customer)


def _total(trial: Trial, customer: str) -> float:
    return sum(each.bill.get("totalPrice", 0) for each in bills.invoices(trial, customer))
