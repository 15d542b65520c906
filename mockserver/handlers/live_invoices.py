"""The live view of invoices: the same invoices as the published one, with their lines, newest first."""

from collections.abc import Mapping

from mockserver.domain.invoicing import PriceStatus
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import KeyNotFound, MissingField
from mockserver.handlers.billing.books import Books, books_of
from mockserver.handlers.billing.keys import invoice_key
from mockserver.handlers.billing.records import Billed
from mockserver.handlers.billing.telling import Teller
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.product_items import DEFAULT_PRODUCT

KEY_OF_START = ("productPlanId", "year", "month", "day")
"""Query parameters that name an invoice, besides the customer and the product."""


def get_invoice(call: Call) -> Reply:
    """The open invoice of a customer, or an empty object; else the invoice of a plan that starts on a day.

    Raises:
        MissingField: the query neither asks for the latest one nor names a plan and a day.
        KeyNotFound: there is no such invoice.
    """
    if not call.query.get("latest"):
        for name in KEY_OF_START:
            if call.query.get(name, "") == "":
                message = f"Invalid request: without 'latest', query parameter '{name}' is required"
                raise MissingField(message, field=name, rule="incomplete-key")
    books = _books(call)
    if call.query.get("latest"):
        _warn_of_stranger(call)
        found = _open_one(books)
        return Reply({} if found is None else _teller(call, books).to_api(found))
    named = _named(call, books)
    if named is None:
        raise KeyNotFound("no invoice of this plan starts on this day", field="productPlanId", rule="unknown-key")
    return Reply(_teller(call, books).to_api(named))


def list_all(call: Call) -> Reply:
    """Every invoice of a customer, newest first; with `latest` the open one alone."""
    _warn_of_stranger(call)
    books = _books(call)
    found = _open_one(books)
    chosen = ([] if found is None else [found]) if call.query.get("latest") else reversed(books.all)
    teller = _teller(call, books)
    return Reply([teller.to_api(billed) for billed in chosen])


def _warn_of_stranger(call: Call) -> None:
    if not is_known(call, call.query["customerId"]):
        warn_unknown_customer(call, call.query["customerId"])


def _books(call: Call) -> Books:
    return books_of(call, call.query["customerId"], call.query.get("productId", DEFAULT_PRODUCT))


def _teller(call: Call, books: Books) -> Teller:
    asked = call.query
    return Teller(books, hourly=asked.get("withHourlyBills", False), with_payment=asked.get("withPaymentStatus", True))


def _open_one(books: Books) -> Billed | None:
    """The open invoice, which is one or none: a customer is on one plan of a product at a time."""
    return next((billed for billed in reversed(books.live) if books.status(billed) is PriceStatus.OPEN), None)


def _named(call: Call, books: Books) -> Billed | None:
    """The invoice that the query names; of several that start on one day, the last."""
    wanted = {name: call.query[name] for name in KEY_OF_START}
    for billed in reversed(books.all):
        key = invoice_key(call.account_id, books.customer, books.product, billed.invoice.window)
        if wanted.items() <= key.items():
            return billed
    return None


BINDINGS: Mapping[str, Binding] = {
    "getCustomerProductInvoice": Binding(get_invoice),
    "listCustomerProductInvoices": Binding(list_all),
}
