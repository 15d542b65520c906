"""Faults of the published list of invoices."""

from math import isclose

from tests.contracts.faults.billed import INVOICES, START
from tests.contracts.faults.client import Client, event, fresh
from tests.contracts.faults.exchange import Json, in_each, named, number, read, text
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, Wrong, acting, limited

PUBLISHED = "/payments-billing-customer-product-invoice"


def counted_back(first: dict[tuple[str, ...], float], place: tuple[str, ...], now: float) -> float:
    """What grew since it was first read is taken off, not put on; never below 0."""
    before = first.setdefault(place, now) if now else now
    return max(0, 2 * before - now) if now > before else now


def _falling_total() -> Wrong:
    first: dict[tuple[str, ...], float] = {}

    def fall(request: Request, send: Send) -> Answer:
        def change(invoice: Json) -> None:
            place = (request.key, text(invoice, "invoiceId"))
            invoice["totalAmount"] = counted_back(first, place, number(invoice, "totalAmount"))

        answer = send(request)
        value = answer.json() if answer.good else None
        return answer if value is None else answer.with_json(in_each(change)(value))

    return limited("listInvoices", fall)


class _Published:
    """A customer of a plan that no one defined, in the published form."""

    def __init__(self, client: Client) -> None:
        self._client = client
        client.clock(now=START * 1000, frozen=True)
        self.customer, self._meter = client.customer(), client.meter()
        body = {"customerId": self.customer, "productId": fresh("plan"), "startTime": START * 1000}
        client.post("/payments-pricing-amberflo-customer-pricing", json=body).raise_for_status()

    def use(self, units: float) -> None:
        self._client.ingest(event(self._meter, units, START + 3600, self.customer)).raise_for_status()

    def prepay(self, amount: float) -> None:
        body = {"customerId": self.customer, "amount": amount}
        self._client.post("/payments-pricing-amberflo-customer-prepaid", json=body).raise_for_status()

    def total(self) -> float:
        invoices = self._client.get(PUBLISHED, params={"customerId": self.customer}).raise_for_status().json()
        return float(sum(invoice["totalAmount"] for invoice in invoices))


def _more_is_no_less_in_the_list(client: Client) -> bool:
    customer = _Published(client)
    customer.use(6)
    before = customer.total()
    customer.use(3)
    return customer.total() >= before


def _as_if_nothing_were_prepaid(request: Request, send: Send) -> Answer:
    answer = send(request)
    listed = answer.json() if answer.good else None
    bills = read(request, send, INVOICES, customerId=request.parameters().get("customerId", ""))
    if not isinstance(listed, list) or not isinstance(bills, list):
        return answer
    whole = {bill["invoiceStartTimeInSeconds"]: bill["totalBill"]["totalPriceBeforePrepaid"] for bill in bills}
    for invoice in listed:
        invoice["totalAmount"] = whole.get(invoice["startTime"], invoice["totalAmount"])
    return answer.with_json(listed)


def _prepaid_is_taken_off(client: Client) -> bool:
    customer = _Published(client)
    customer.use(6)
    before = customer.total()
    customer.prepay(2)
    return isclose(customer.total(), max(0, before - 2), abs_tol=1e-6)


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="listed_total_falls_with_usage",
        category=Category.BILLING,
        says="What a listed invoice grew by since it was first read is taken off its total, not put on.",
        operations=named("listInvoices"),
        found_by=named("more_usage_never_bills_less"),
        make=_falling_total,
        probe=_more_is_no_less_in_the_list,
    ),
    Fault(
        name="listed_total_is_as_if_nothing_were_prepaid",
        category=Category.BILLING,
        says="The totals of listed invoices are those before prepaid cards paid their part.",
        operations=named("listInvoices"),
        found_by=named("invoice_total_adds_up", "wallet_is_conserved"),
        make=acting("listInvoices", _as_if_nothing_were_prepaid),
        probe=_prepaid_is_taken_off,
    ),
)
