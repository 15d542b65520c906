"""Faults of bills: sums that do not add up, cards that are not drawn from, and invoices that move."""

from math import isclose

from tests.contracts.faults import billing_listed
from tests.contracts.faults.billed import Bill
from tests.contracts.faults.billing_listed import counted_back
from tests.contracts.faults.client import Client
from tests.contracts.faults.exchange import Json, in_each, named, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, limited, on

READERS = named("getCustomerProductInvoice", "listCustomerProductInvoices")
BILLS = ("totalBill", "invoiceBillInBaseCurrency")
SUMS = ("itemPrice", "totalPriceBeforeDiscount", "totalPriceBeforePrepaid", "totalPrice")


def _without_discount(invoice: Json) -> None:
    for bill in (invoice[name] for name in BILLS if name in invoice):
        bill["totalPrice"] = round(bill["totalPrice"] + bill["totalDiscount"], 10)


def _without_fees(invoice: Json) -> None:
    for bill in (invoice[name] for name in BILLS if name in invoice):
        bill["totalPrice"] = max(0, round(bill["totalPrice"] - bill["fixPrice"], 10))


def _without_last_line(invoice: Json) -> None:
    lines = invoice.get("productItemInvoices")
    if isinstance(lines, list) and len(lines) > 1:
        del lines[-1]


def _adds_up(invoice: Json) -> bool:
    bill = invoice["totalBill"]
    lines = sum(line["totalBill"]["price"] for line in invoice["productItemInvoices"])
    due = lines + bill["fixPrice"] - bill["totalDiscount"] - bill["prepaid"]
    return isclose(due, bill["totalPrice"], abs_tol=1e-6)


def _discounts_are_taken_off(client: Client) -> bool:
    bill = Bill(client, discount=0.1)
    bill.use(12)
    return _adds_up(bill.first())


def _fees_are_billed(client: Client) -> bool:
    bill = Bill(client, fee=7)
    bill.use(12)
    return _adds_up(bill.first())


def _lines_are_all_there(client: Client) -> bool:
    bill = Bill(client, items=2)
    for meter in range(2):
        bill.use(5, meter=meter)
    return _adds_up(bill.first())


def _full_again(wallet: Json) -> None:
    for card in wallet.get("prepaidCards") or []:
        card["amountLeft"] = card["worth"]


def _wallet_is_conserved(client: Client) -> bool:
    bill = Bill(client, prepaid=15)
    bill.use(6)
    cards = bill.cards()
    return all(isclose(card["worth"], card["usedAmount"] + card["amountLeft"], abs_tol=1e-6) for card in cards)


def _without_first_cost(costs: Json) -> None:
    """The first bucket in which anything costs is left out, of the buckets and of their sum."""
    for group in costs.get("costList") or []:
        bucket = next((each for each in group.get("costs") or [] if each["price"]), None)
        if bucket is not None:
            group["price"] = round(group["price"] - bucket["price"], 10)
            bucket["price"] = 0


def _usage_costs_what_is_billed(client: Client) -> bool:
    bill = Bill(client)
    for day in (2, 20):
        bill.use(8, day)
    return isclose(bill.cost(), bill.first()["totalBill"]["itemPrice"], abs_tol=1e-6)


def _raise(invoice: Json, line: Json, by: float) -> None:
    """Makes a line dearer, and everything that is summed of it."""
    places = [line["totalBill"], *(variant["totalBill"] for variant in line["productItemVariants"][:1])]
    for place in places:
        place["price"] = place["priceInBaseCurrency"] = round(place["price"] + by, 10)
    for bill in (invoice[name] for name in BILLS if name in invoice):
        for name in SUMS:
            bill[name] = round(bill[name] + by, 10)


def _with_late_usage(invoice: Json) -> None:
    """What came after the lock is billed at the average of what came before it."""
    if invoice.get("invoicePriceStatus") != "price_locked":
        return
    for line in invoice["productItemInvoices"]:
        late = sum(variant["lateArrivalMeters"] or 0 for variant in line["productItemVariants"])
        bill = line["totalBill"]
        if late:
            _raise(invoice, line, late * (bill["price"] / bill["meterUnits"] if bill["meterUnits"] else 1))


def _locked_stays(client: Client) -> bool:
    bill = Bill(client)
    bill.use(6)
    client.clock(advance={"days": 35})
    locked = bill.first()["totalBill"]
    bill.use(4)
    return bool(bill.first()["totalBill"] == locked)


def _reopened(invoice: Json) -> None:
    lines = invoice.get("productItemInvoices") or []
    late = any(variant["lateArrivalMeters"] for line in lines for variant in line["productItemVariants"])
    if late and invoice["invoicePriceStatus"] == "price_locked":
        invoice["invoicePriceStatus"] = "open"


def _locked_stays_locked(client: Client) -> bool:
    bill = Bill(client)
    client.clock(advance={"days": 35})
    bill.use(4)
    return bool(bill.first()["invoicePriceStatus"] == "price_locked")


def _falling() -> Wrong:
    first: dict[tuple[str, ...], float] = {}

    def fall(request: Request, send: Send) -> Answer:
        def change(invoice: Json) -> None:
            for line in invoice.get("productItemInvoices") or []:
                now = line["totalBill"]["price"]
                place = (request.key, text(invoice, "invoiceUri"), text(line, "productItemId"))
                by = max(counted_back(first, place, now) - now, -invoice["totalBill"]["totalPrice"])
                if by:
                    _raise(invoice, line, by)

        answer = send(request)
        value = answer.json() if answer.good else None
        return answer if value is None else answer.with_json(in_each(change)(value))

    return limited(READERS, fall)


def _more_costs_no_less(client: Client) -> bool:
    bill = Bill(client)
    bill.use(6)
    before = bill.first()["totalBill"]["totalPrice"]
    bill.use(3, day=1)
    return bool(bill.first()["totalBill"]["totalPrice"] >= before)


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="discount_is_not_taken_off_the_total",
        category=Category.BILLING,
        says="An invoice tells its discount, and its total is as high as without it.",
        operations=READERS,
        found_by=named("invoice_total_adds_up"),
        make=on(READERS, answer=in_each(_without_discount)),
        probe=_discounts_are_taken_off,
        dialect="live",
    ),
    Fault(
        name="fees_are_left_out_of_the_total",
        category=Category.BILLING,
        says="An invoice tells the fees of its plan, and does not count them in its total.",
        operations=READERS,
        found_by=named("invoice_total_adds_up"),
        make=on(READERS, answer=in_each(_without_fees)),
        probe=_fees_are_billed,
        dialect="live",
    ),
    Fault(
        name="last_line_of_an_invoice_is_missing",
        category=Category.BILLING,
        says="An invoice of several product items counts all of them and does not show the last.",
        operations=READERS,
        found_by=named("invoice_total_adds_up"),
        make=on(READERS, answer=in_each(_without_last_line)),
        probe=_lines_are_all_there,
        dialect="live",
    ),
    Fault(
        name="card_that_paid_is_full_again",
        category=Category.BILLING,
        says="A prepaid card that paid a part of an invoice still has its whole worth left.",
        operations=named("getPrepaidWallet"),
        found_by=named("wallet_is_conserved"),
        make=on("getPrepaidWallet", answer=in_each(_full_again)),
        probe=_wallet_is_conserved,
        dialect="live",
    ),
    Fault(
        name="usage_cost_leaves_out_its_first_bucket",
        category=Category.BILLING,
        says="What usage cost in the first bucket that has any is missing from the answer.",
        operations=named("getUsageCost"),
        found_by=named("usage_cost_adds_up_to_the_invoice"),
        make=on("getUsageCost", answer=in_each(_without_first_cost)),
        probe=_usage_costs_what_is_billed,
        dialect="live",
    ),
    Fault(
        name="late_usage_is_put_on_a_locked_invoice",
        category=Category.BILLING,
        says="Usage that came after an invoice was locked makes the locked invoice dearer.",
        operations=READERS,
        found_by=named("locked_invoices_never_change"),
        make=on(READERS, answer=in_each(_with_late_usage)),
        probe=_locked_stays,
        dialect="live",
    ),
    Fault(
        name="late_usage_opens_a_locked_invoice",
        category=Category.BILLING,
        says="An invoice that was locked is open again once late usage has come.",
        operations=READERS,
        found_by=named("locked_invoices_never_change"),
        make=on(READERS, answer=in_each(_reopened)),
        probe=_locked_stays_locked,
        dialect="live",
    ),
    Fault(
        name="usage_after_the_first_reading_is_credited",
        category=Category.BILLING,
        says="What a line of an invoice grew by since it was first read is taken off it, not put on.",
        operations=READERS,
        found_by=named("more_usage_never_bills_less"),
        make=_falling,
        probe=_more_costs_no_less,
        dialect="live",
    ),
    *billing_listed.FAULTS,
)
