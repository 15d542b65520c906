"""How the law of what usage costs is tried."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contracts.laws import bills
from contracts.laws.bills import Invoice, amount, equal
from contracts.laws.law import Broken, Unclear
from contracts.laws.metering import HOUR, UNREADABLE
from contracts.laws.trial import Trial

COST = "getUsageCost"
_ITEM = "product_item_key"
_WORDS = ("a", "b")
_APART = 17 * HOUR

Amounts = tuple[tuple[int, ...], ...]
"""What is used of each item, an event an amount."""

AMOUNTS: tuple[Amounts, ...] = (((3,),), ((8, 7, 5), (4,)))


def some_amounts() -> SearchStrategy[Amounts]:
    """One or two items, with one to four events each."""
    events = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple)
    return st.lists(events, min_size=1, max_size=2).map(tuple)


@dataclass(frozen=True)
class Cost:
    """What usage of a group costs: over the whole range, and the buckets of it added up."""

    item: str
    whole: float
    buckets: float


def usage_cost_adds_up_to_the_invoice(trial: Trial, used: Amounts) -> Iterator[None]:
    """Asks what the usage of an invoice costs, by item and by time, and compares it with the lines."""
    customer, start = trial.key("c"), bills.midnight(trial)
    words = _WORDS[: len(used)]
    for word in words:
        bills.price_item(trial, bills.FALLING, word)
    bills.plan(trial, *words)
    bills.join(trial, customer, start)
    for word, amounts in zip(words, used, strict=True):
        bills.use(trial, customer, start + HOUR, *amounts, word=word, apart=_APART)
    yield
    trial.hold(lambda: _judge(trial, customer))


def _judge(trial: Trial, customer: str) -> None:
    found = bills.invoices(trial, customer)
    bills.require_lines(found)
    for invoice in found:
        if invoice.lines:
            for interval in ("DAY", "HOUR"):
                _costs_as_billed(trial, customer, invoice, interval)


def _costs_as_billed(trial: Trial, customer: str, invoice: Invoice, interval: str) -> None:
    costs = _costs(trial, customer, invoice, interval)
    shown = invoice.reply, trial.talk.last
    for cost in costs:
        if not equal(cost.whole, cost.buckets):
            expected = f"that the cost of an item is what its {interval.lower()}s add up to, {cost.buckets:g}"
            raise Broken(expected, f"it is {cost.whole:g}", *shown)
    told = {cost.item: cost.whole for cost in costs}
    for item, line in invoice.lines.items():
        if not equal(told.get(item, 0), line.price):
            expected = f"that {line.units:g} units of an item cost the {line.price:g} that the line of the invoice is"
            raise Broken(expected, f"they cost {told.get(item, 0):g}", *shown)


def _costs(trial: Trial, customer: str, invoice: Invoice, interval: str) -> tuple[Cost, ...]:
    """The cost of each item over the time of an invoice."""
    body = {
        "productId": bills.PRODUCT,
        "timeRange": {"startTimeInSeconds": invoice.start, "endTimeInSeconds": invoice.end},
        "timeGroupingInterval": interval,
        "groupBy": [_ITEM],
        "filters": {"customer_id": [customer]},
    }
    answer = trial.talk.want(COST, body).json()
    try:
        return tuple(
            Cost(
                each["groupInfos"][_ITEM],
                amount(each["price"]),
                sum(amount(bucket["price"]) for bucket in each["costs"]),
            )
            for each in answer["costList"]
        )
    except UNREADABLE:
        raise Unclear("the costs cannot be read; response_schema_conformance looks at their form") from None
