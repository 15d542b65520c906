"""The published view of invoices: the same invoices as the live one has, in a few fields, oldest first."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.books import Account, Books
from mockserver.handlers.billing.money import Money
from mockserver.handlers.billing.records import Billed
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.plan_assignments import assignments_of

DRAFT, PENDING = "DRAFT", "PENDING"
"""An invoice whose period runs, and one whose period has ended: the mock is told of no payment of invoices."""


def list_invoices(call: Call) -> Reply:
    """A customer's invoices for all products, oldest first."""
    customer = call.query["customerId"]
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)
    products = {each["product"]: None for each in assignments_of(call, customer)}
    account = Account(call)
    found = [billed for product in products for billed in Books(account, customer, product).all]
    found.sort(key=lambda billed: billed.invoice.window.start_s)
    return Reply([invoice_to_api(call, customer, billed) for billed in found])


def invoice_to_api(call: Call, customer: str, billed: Billed) -> JsonObject:
    """The published shape. The id follows from what is invoiced, so that it is the same at each reading."""
    window, exchange = billed.invoice.window, billed.terms.exchange
    return {
        "invoiceId": minted("inv-", customer, window.plan_id, window.start_s, length=12),
        "customerId": customer,
        "startTime": window.start_s,
        "endTime": window.end_s,
        "totalAmount": Money(exchange, None).paid(billed.invoice.total),
        "currency": exchange.payment,
        "status": DRAFT if window.end_s * 1000 > call.now_ms else PENDING,
    }


BINDINGS: Mapping[str, Binding] = {"listInvoices": Binding(list_invoices)}
