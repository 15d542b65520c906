"""The books of one customer: invoices in order of time, each of which starts from what the ones before left over.

The same windows give the same books, whether they are billed one by one as time goes by or all at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from mockserver.domain.billing_periods import BillingWindow
from mockserver.domain.decimals import added
from mockserver.domain.discounts import Given, Offer, carried
from mockserver.domain.drawdown import PayingCard
from mockserver.domain.invoicing import Charges, Invoice, Reductions, UsageOf, build_invoice
from mockserver.domain.obligations import Contract, contract_cycle, obligations_due
from mockserver.domain.portions import NOTHING


@dataclass(frozen=True, slots=True)
class Carry:
    """What earlier invoices used up.

    Attributes:
        drawn: of each card, by its id.
        given: of each offer, by its id.
        spent: under each contract, by its id.
        last_start_s: when the last of them starts (Unix seconds); None before the first.
    """

    drawn: Mapping[str, Decimal] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    spent: Mapping[str, Decimal] = field(default_factory=dict)
    last_start_s: int | None = None


@dataclass(frozen=True, slots=True)
class Billable:
    """One window with everything that its invoice depends on, but for what earlier invoices used up."""

    window: BillingWindow
    charges: Charges
    usage_of: UsageOf
    offers: Sequence[Offer] = ()
    cards: Sequence[PayingCard] = ()
    contracts: Sequence[Contract] = ()


def bill(windows: Iterable[Billable], carry: Carry, now_s: int) -> Iterator[tuple[Invoice, Carry]]:
    """The invoices of windows in order of time, each with what is carried on to the next.

    Args:
        windows: of one customer, oldest first.
        carry: what the invoices before them used up.
        now_s: the present (Unix seconds).
    """
    for billable in windows:
        invoice = _invoice_of(billable, carry, now_s)
        carry = _carried(billable, invoice, carry)
        yield invoice, carry


def _invoice_of(billable: Billable, carry: Carry, now_s: int) -> Invoice:
    window = billable.window
    # Looked at before anything is made of them: a customer may have a card for each of a thousand days.
    running = (card for card in billable.cards if card.start_s < window.end_s and card.end_s > window.start_s)
    cards = [
        replace(card, used_before=added([card.used_before, carry.drawn[card.uri]])) if card.uri in carry.drawn else card
        for card in running
    ]
    reductions = Reductions(billable.offers, carry.given, cards)
    invoice = build_invoice(window, billable.charges, reductions, billable.usage_of, now_s)
    if not billable.contracts:
        return invoice
    due = (
        obligation
        for contract in billable.contracts
        for obligation in obligations_due(
            contract,
            window.start_s,
            window.end_s,
            _is_first_in_cycle(contract, window, carry),
            added([carry.spent.get(contract.id, NOTHING), _counts(contract, invoice)]),
        )
    )
    return replace(invoice, obligations=tuple(due))


def _is_first_in_cycle(contract: Contract, window: BillingWindow, carry: Carry) -> bool:
    before = carry.last_start_s
    return before is None or contract_cycle(contract, before) != contract_cycle(contract, window.start_s)


def _counts(contract: Contract, invoice: Invoice) -> Decimal:
    """What of an invoice was spent under a contract: all of one that starts within its term."""
    window = invoice.window
    return invoice.before_prepaid if contract.start_s <= window.start_s < contract.end_s else NOTHING


def _carried(billable: Billable, invoice: Invoice, carry: Carry) -> Carry:
    drawn = {draw.uri: added([carry.drawn.get(draw.uri, NOTHING), draw.amount]) for draw in invoice.draws}
    spent = {
        contract.id: added([carry.spent.get(contract.id, NOTHING), _counts(contract, invoice)])
        for contract in billable.contracts
    }
    return Carry(
        {**carry.drawn, **drawn} if drawn else carry.drawn,
        carried(carry.given, invoice.discounts) if invoice.discounts else carry.given,
        {**carry.spent, **spent} if spent else carry.spent,
        invoice.window.start_s,
    )
