"""What is special to the laws of billing: what they tell, what they leave to others, and what they do to an account."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from contracts.conformance import Conformance
from contracts.laws.billing import LAWS
from contracts.model import Finding, Profile, Result
from specs import catalog
from specs.catalog import DIALECTS
from tests.contracts.faults.billing import FAULTS, SUMS
from tests.contracts.faults.exchange import Json, in_each, named
from tests.contracts.faults.fault import Answer, Fault, Send, acting, on
from tests.contracts.faults.fault import Request as Sent
from tests.contracts.faults.proxy import before
from tests.contracts.laws.accusing import platform
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server

NAMES = tuple(law.name for law in LAWS)
USUAL = {fault.name: fault for fault in FAULTS}
LIST, LATEST, WALLET = "listCustomerProductInvoices", "getCustomerProductInvoice", "getPrepaidWallet"
READERS = named(LIST, LATEST)
TOTAL, LOCKED, MORE, CARDS, COST = (
    "invoice_total_adds_up",
    "locked_invoices_never_change",
    "more_usage_never_bills_less",
    "wallet_is_conserved",
    "usage_cost_adds_up_to_the_invoice",
)


def altered(operations: str | frozenset[str], change: Callable[[Json], object]) -> Fault:
    """A platform that answers each invoice, card list or cost otherwise."""
    return platform(on(operations, answer=in_each(change)), "live")


def checked(server: Server, fault: Fault, *names: str, **more: Any) -> Conformance:
    """The report of laws under a fault."""
    with before(server.url, fault) as url:
        return held(url, *names, dialect=fault.dialect, clock=True, **more)


def finding(server: Server, fault: Fault, name: str, **more: Any) -> Finding:
    """The one difference that a law finds under a fault."""
    (found,) = checked(server, fault, name, **more).judgement.open
    return found


@pytest.mark.slow(seconds=10)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_the_mock_with_generated_data(server: Server, dialect: str, seed: int) -> None:
    """Whatever data is generated, no law of billing accuses the mock, or has nothing to say of it."""
    names = [name for name in NAMES if dialect == "live" or name not in {COST, LOCKED}]
    report = held(server.url, *names, dialect=dialect, profile=Profile.STANDARD, seed=seed, clock=True)
    assert {name for _, name, _ in results(report)} == set(names)
    assert set(results(report).values()) == {Result.CONFORM}


@pytest.mark.parametrize("document", [catalog.document("solvimon"), catalog.project("published")])
def test_laws_ask_what_a_document_has(document: catalog.Document) -> None:
    """A law has no subject in a document that lacks an operation that it asks."""
    operations = {each.operation_id for each in document.operations}
    asked = [subject.asks for law in LAWS for subject in law.subjects(document)]
    assert all(asks <= operations for asks in asked)
    assert len(asked) == (3 if document.name == "amberflo" else 0)


@pytest.mark.slow(seconds=8)
@pytest.mark.parametrize("name", sorted(USUAL))
def test_the_first_law_that_differs_names_the_fault(server: Server, name: str) -> None:
    """Of all laws of billing, the first that differs under a fault is one that the fault names, at its operation."""
    fault = USUAL[name]
    found = [each.identity for each in checked(server, fault, *NAMES).judgement.open]
    first = min(found, key=lambda each: NAMES.index(each.check))
    assert first.check in fault.found_by
    assert first.operation_id in fault.operations


@pytest.mark.parametrize(
    "total",
    [
        "itemPrice",
        "fixPrice",
        "invoiceBasedFees",
        "totalDiscount",
        "totalPriceBeforeDiscount",
        "totalPriceBeforePrepaid",
        "totalPrice",
    ],
)
def test_each_total_is_held_to_its_parts(server: Server, total: str) -> None:
    """A total that is a cent too high is told by its name, with what its parts come to."""

    def dearer(invoice: Json) -> None:
        invoice["totalBill"][total] = round((invoice["totalBill"][total] or 0) + 0.01, 2)

    found = finding(server, altered(READERS, dearer), TOTAL)
    assert f"here that {total} of the invoice is " in found.expected
    assert found.got.startswith("it is ")


def test_the_operation_that_adds_up_wrongly_is_told(server: Server) -> None:
    """Where the open invoice alone is wrong, it is not the list that is told of."""

    def dearer(invoice: Json) -> None:
        invoice["totalBill"]["totalPrice"] += 1

    found = finding(server, altered(LATEST, dearer), TOTAL)
    assert found.identity.operation_id == LATEST


def _without_credit(invoice: Json) -> None:
    bill = invoice["totalBill"]
    bill["totalPrice"] += bill["prepaid"]
    bill["prepaid"] = 0


def test_a_total_that_agrees_with_itself_is_held_to_what_was_agreed(server: Server) -> None:
    """An invoice that leaves out the credit and adds up without it is told with all that it is for."""
    found = finding(server, altered(READERS, _without_credit), TOTAL)
    assert "comes to 22: usage of 24, a fee of 5, a discount of 4, 3 that was prepaid" in found.expected
    assert found.got == "it comes to 25"


def _without_lines(invoice: Json) -> None:
    invoice["productItemInvoices"] = []
    bill = invoice["totalBill"]
    usage = bill["itemPrice"]
    for name in SUMS:
        bill[name] -= usage


def test_usage_that_is_on_no_invoice_is_told(server: Server) -> None:
    """Usage that is counted and on no invoice makes it one that does not add up, and leaves the other laws silent."""
    report = checked(server, altered(READERS, _without_lines), *NAMES)
    (found,) = report.judgement.open
    assert found.identity.check == TOTAL
    assert "of the customer's 1 invoices have a line of it" in found.got
    assert {result for (_, name, _), result in results(report).items() if name in {COST, CARDS, LOCKED}} == {
        Result.INCONCLUSIVE
    }


def _lost(request: Sent, send: Send) -> Answer:
    return send(request.with_json([]))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_usage_that_is_not_counted_is_no_matter_of_billing(server: Server, dialect: str) -> None:
    """Where events get lost, bills without them are right, and no law of billing accuses them."""
    report = checked(server, platform(acting("ingestMeterEvents", _lost), dialect), *NAMES)
    assert not report.judgement.open
    said = {name: result for (_, name, _), result in results(report).items()}
    assert said[TOTAL] is Result.INCONCLUSIVE
    assert set(said.values()) <= {Result.INCONCLUSIVE, Result.CONFORM}


def _some(cards: list[Json], change: Callable[[Json], object]) -> None:
    for card in cards[:1]:
        change(card)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda card: card.update(amountLeft=card["amountLeft"] + 1), "are its worth of 10"),
        (lambda card: card.update(usedAmount=-1, amountLeft=card["worth"] + 1), "neither below 0"),
        (lambda card: card.update(worth=1, usedAmount=1, amountLeft=0), "a card for each order, worth 10"),
        (lambda card: card.update(productInvoices=[{"amount": 1}]), "are the 4 used of it"),
        (lambda card: card.update(usedAmount=3, amountLeft=7, productInvoices=[]), "is what the invoices say"),
    ],
    ids=["left", "below-zero", "worth", "draws", "invoices"],
)
def test_a_wallet_is_held_to_orders_and_invoices(server: Server, change: Callable[[Json], object], words: str) -> None:
    """Each figure of a card that is wrong is told by what it has to be."""
    fault = altered(WALLET, lambda wallet: _some(wallet["prepaidCards"], change))
    assert words in finding(server, fault, CARDS).expected


def _unspent(value: Json) -> None:
    for card in value.get("prepaidCards", ()):
        card.update(usedAmount=0, amountLeft=card["worth"], productInvoices=[])
    if "totalBill" in value:
        _without_credit(value)
        value["availablePrepaidLeft"] += value["totalBill"]["totalPrice"]


def test_credit_that_pays_nothing_is_told(server: Server) -> None:
    """Where wallet and invoices agree that nothing of the credit was used, that it should have been is told."""
    found = finding(server, altered(READERS | {WALLET}, _unspent), CARDS)
    assert "usage of 4 takes 4 from the cards" in found.expected
    assert found.got == "0 is used of them"


def test_what_an_invoice_tells_as_left_is_told_of_the_invoice(server: Server) -> None:
    """Where the open invoice tells another rest than the wallet, it is the invoices that are told of."""

    def richer(invoice: Json) -> None:
        if invoice["availablePrepaidLeft"] is not None:
            invoice["availablePrepaidLeft"] += 1

    found = finding(server, altered(READERS, richer), CARDS)
    assert found.identity.operation_id == LIST
    assert (found.got, "tells 6 as left" in found.expected) == ("it tells 7", True)


def test_cost_of_days_is_held_to_the_whole(server: Server) -> None:
    """A group whose buckets lose something that its whole has is told by the interval."""

    def shorter(costs: Json) -> None:
        for group in costs["costList"]:
            used = [bucket for bucket in group["costs"] if bucket["price"]]
            used[-1]["price"] -= 1

    fault = altered("getUsageCost", shorter)
    assert "is what its days add up to, 5" in finding(server, fault, COST).expected


def test_generated_bill_is_told_as_small_as_it_gets(server: Server) -> None:
    """What only generated data shows is told by the smallest bill that shows it."""

    def capped(invoice: Json) -> None:
        bill = invoice["totalBill"]
        bill["totalPrice"] -= max(0, bill["fixPrice"] - 20)

    fault = altered(READERS, capped)
    assert not checked(server, fault, TOTAL).judgement.open
    found = finding(server, fault, TOTAL, profile=Profile.STANDARD)
    assert "totalPrice of the invoice is 23, as" in found.expected
    assert found.got == "it is 22"


def asked(found: Finding) -> list[str]:
    """The last words of the paths that the commands of a difference ask, in order."""
    urls = [line.split()[-1].strip("'") for line in found.examples[0].curl.splitlines()]
    return [urlsplit(url).path.rpartition("/")[2] for url in urls]


def test_what_was_read_before_is_told_in_its_place(server: Server) -> None:
    """The commands read the charge between the two lots of usage, so that whoever sends them sees it fall."""
    found = finding(server, USUAL["usage_after_the_first_reading_is_credited"], MORE)
    assert asked(found)[-5:] == ["all", "ingest", "all", "ingest", "all"]


def test_the_locked_invoice_is_read_before_the_late_usage(server: Server) -> None:
    """The commands move the clock, read the invoice, and only then send what comes late and read it again."""
    found = finding(server, USUAL["late_usage_is_put_on_a_locked_invoice"], LOCKED)
    assert "totalPrice 6" in found.expected
    assert "totalPrice 20" in found.got
    assert asked(found)[-6:] == ["clock", "all", "ingest", "product-item-price", "product-plans", "all"]


@pytest.mark.parametrize("fault", ["late_usage_is_put_on_a_locked_invoice", "late_usage_opens_a_locked_invoice"])
def test_without_a_clock_nothing_is_said_of_locks(server: Server, fault: str) -> None:
    """Without --clock-url the law of locked invoices is not reachable, whatever the platform does."""
    with before(server.url, USUAL[fault]) as url:
        report = held(url, LOCKED, TOTAL, dialect="live")
    assert results(report)["live", LOCKED, LIST] is Result.NOT_REACHABLE
    assert not report.judgement.open
