"""Laws of billing: what an invoice comes to, and what becomes of credit."""

from collections.abc import Iterator

from contracts.laws import bills, bills_published
from contracts.laws.bills import DISCOUNTS, PREPAYS
from contracts.laws.costing import AMOUNTS as COSTED
from contracts.laws.costing import COST, usage_cost_adds_up_to_the_invoice
from contracts.laws.costing import some_amounts as some_costed
from contracts.laws.invoicing import (
    BILLS,
    CUSTOMER,
    MORE,
    invoice_total_adds_up,
    more_usage_never_bills_less,
    some_bills,
    some_more,
)
from contracts.laws.law import Evidence, Family, Law, Need, Subject, Subjects
from contracts.laws.locking import SETTINGS, locked_invoices_never_change
from contracts.laws.wallets import PREPAID, WALLET, some_prepaid, wallet_is_conserved
from contracts.model import Severity
from specs.catalog import Document

_NEEDS = frozenset({Need.WRITES, Need.BILLING})
_USAGE = "queryUsage"
_SOLD = frozenset({*bills.SELLS, bills.LIST, _USAGE})
_SOLD_PUBLISHED = frozenset({*bills_published.SELLS, bills_published.LIST, _USAGE})


def _where_there_is(*possible: Subject) -> Subjects:
    """Those of the subjects of which a document has every operation."""

    def subjects(document: Document) -> Iterator[Subject]:
        names = {each.operation_id for each in document.operations}
        return (each for each in possible if each.asks <= names)

    return subjects


LAWS: tuple[Law, ...] = (
    Law(
        name="invoice_total_adds_up",
        family=Family.BILLING,
        expects="that an invoice comes to its lines of usage and its fees, less what promotions take off and prepaid "
        "credit pays",
        why="An invoice is a sum that its reader can check, and that accounting, dunning and the next system rely on. "
        "Where a total is something else than its parts, somebody pays for what is nowhere on the paper. The law "
        "puts a customer on a plan with a price by the unit, gives it a fee, a discount, credit or a minimum, sends "
        "usage, and adds the invoice up. The published form tells a total alone and defines no plans: there two "
        "customers have the same usage and one has credit, by which its invoice is lower.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's interface adds a printed invoice up in this order, and its page on rewards and prepaid "
        "credits works an example",
        severity=Severity.CRITICAL,
        subjects=_where_there_is(
            Subject(bills.LIST, _SOLD | DISCOUNTS | {PREPAYS, bills.LATEST, CUSTOMER}),
            Subject(bills_published.LIST, _SOLD_PUBLISHED | {bills_published.PREPAY}),
        ),
        play=invoice_total_adds_up,
        needs=_NEEDS,
        cases=BILLS,
        generated=some_bills,
        examples=6,
    ),
    Law(
        name="more_usage_never_bills_less",
        family=Family.BILLING,
        expects="that a customer who uses more is not charged less",
        why="The units beyond a threshold may be cheaper, but never below nothing. Where more usage comes to a smaller "
        "invoice, units were lost between the meter and the bill, or a threshold was applied to the wrong ones. The "
        "law sends usage bit by bit, up to a threshold and beyond it, and reads the charge after each bit.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's page on prices: units times their rate, each tier for the units within it",
        severity=Severity.CRITICAL,
        subjects=_where_there_is(Subject(bills.LIST, _SOLD), Subject(bills_published.LIST, _SOLD_PUBLISHED)),
        play=more_usage_never_bills_less,
        needs=_NEEDS,
        cases=MORE,
        generated=some_more,
        examples=6,
    ),
    Law(
        name="wallet_is_conserved",
        family=Family.BILLING,
        expects="that what invoices took of prepaid credit and what is left of it are together what it was worth, and "
        "that usage takes it as long as there is some",
        why="Credit is money that a customer has paid already. Credit that is drawn twice, or vanishes, is the "
        "customer's loss; credit that is never used up is the seller's. The law orders one or more cards, sends "
        "usage of less or more than they are worth, and holds the wallet to the orders and to the invoices. The "
        "published form shows no wallet: there the invoices tell how much of the credit was used. Which card pays "
        "first is not looked at.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's pages on prepaid credit: it is drawn from the running invoice as usage comes",
        severity=Severity.CRITICAL,
        subjects=_where_there_is(
            Subject(WALLET, _SOLD | {PREPAYS, WALLET}),
            Subject(bills_published.LIST, _SOLD_PUBLISHED | {bills_published.PREPAY}),
        ),
        play=wallet_is_conserved,
        needs=_NEEDS,
        cases=PREPAID,
        generated=some_prepaid,
        examples=6,
    ),
    Law(
        name="usage_cost_adds_up_to_the_invoice",
        family=Family.BILLING,
        expects="that what usage cost in the time of an invoice is, item by item, what the lines of the invoice "
        "charge, and that its days and hours add up to it",
        why="The cost of usage is what customers watch during the month, and the invoice is what they get at its end. "
        "Where the two differ, every budget and alarm that was built on the first is wrong. The law sends events of "
        "one or two product items, hours apart and over a threshold of the price, and compares the two.",
        evidence=Evidence.READING,
        source="the vendor's clients ask for costs by product item; that they are those of the invoice is our reading",
        severity=Severity.HIGH,
        subjects=_where_there_is(Subject(COST, _SOLD | {COST})),
        play=usage_cost_adds_up_to_the_invoice,
        needs=_NEEDS,
        cases=COSTED,
        generated=some_costed,
        examples=4,
    ),
    # Last, since it moves the account's clock by days, and what comes after it finds itself in the future.
    Law(
        name="locked_invoices_never_change",
        family=Family.BILLING,
        expects="that an invoice whose price is locked stays as it is, whatever comes late or is changed afterwards",
        why="A locked invoice has been sent, and often been paid. Where it changes afterwards, what the platform says "
        "is no longer what the customer was told. The law bills a day with a fee, a discount and credit, lets the "
        "clock pass its end and its grace period, and then sends late usage, triples the price, raises the fee, and "
        "reads the invoice again, at once and a day later. Where the grace period is longer than a week it is set to a "
        "day before.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's page on the grace period of invoices: late events count until the price is locked",
        severity=Severity.CRITICAL,
        subjects=_where_there_is(Subject(bills.LIST, _SOLD | DISCOUNTS | {PREPAYS, *SETTINGS})),
        play=locked_invoices_never_change,
        needs=_NEEDS | {Need.CLOCK},
    ),
)
