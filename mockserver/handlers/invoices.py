"""Invoices: computed at each reading from a customer's plan assignments and usage, never stored."""

from collections.abc import Mapping
from decimal import Decimal

from mockserver.domain.aggregation import DEFAULT_AGGREGATION, MeterKind
from mockserver.domain.exact import LARGEST
from mockserver.domain.invoicing import Assignment, BillingWindow, Invoice, billing_windows, build_invoice
from mockserver.domain.usage import CUSTOMER, UsageGroup, UsageQuery
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.meters import kind_of
from mockserver.handlers.plan_assignments import assignments_of

ALL_TIME_S = 2**63
"""Seconds before and after 1970 between which every event lies."""

MOST_MONEY = Decimal(LARGEST)
"""A JSON number beyond it could not be read as a double."""


def list_invoices(call: Call) -> Reply:
    """A customer's invoices, oldest first: one a month with usage and the running one, from the assignment on."""
    customer = call.query["customerId"]
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)
    assignments = [assignment_from_document(each) for each in assignments_of(call, customer)]
    if not assignments:
        return Reply([])
    usage = _CustomerUsage(call, customer)
    windows = billing_windows(assignments, call.now_ms, usage.months())
    invoices = [build_invoice(window, usage.units(window), call.policy.unit_price) for window in windows]
    return Reply([invoice_to_api(call, customer, invoice) for invoice in invoices])


def assignment_from_document(document: JsonObject) -> Assignment:
    """A stored assignment in the domain's words; one that names no plan is billed all the same."""
    return Assignment(document.get("productId", ""), document["startTime"])


def invoice_to_api(call: Call, customer: str, invoice: Invoice) -> JsonObject:
    """The published shape. The id follows from what is invoiced, so that it is the same at each reading."""
    return {
        "invoiceId": minted("inv-", customer, invoice.plan_id, invoice.start_s, length=12),
        "customerId": customer,
        "startTime": invoice.start_s,
        "endTime": invoice.end_s,
        "totalAmount": max(-MOST_MONEY, min(MOST_MONEY, invoice.total)),
        "currency": call.policy.currency,
        "status": invoice.status.value.upper(),
    }


class _CustomerUsage:
    """What a customer used of every meter, each by its own aggregation, at one price a unit (our reading)."""

    def __init__(self, call: Call, customer: str) -> None:
        self._call = call
        self._customer = customer
        self._kinds = {name: kind_of(call, name) or MeterKind.SUM for name in call.store.events.meters()}
        self._by_month = self._monthly()

    def months(self) -> list[int]:
        """Ordinals of the months with usage."""
        return list(self._by_month)

    def units(self, window: BillingWindow) -> Decimal:
        """Units of all meters in the window."""
        month = bucket_of_second(window.start_s, Interval.MONTH)
        edges = (bucket_start(month, Interval.MONTH), bucket_start(month + 1, Interval.MONTH))
        if (window.start_s, window.end_s) == edges or month not in self._by_month:
            return self._by_month.get(month, Decimal(0))
        groups = self._groups(window.start_s, window.end_s)
        return sum((_exactly(group.total) for group in groups), Decimal(0))

    def _monthly(self) -> dict[int, Decimal]:
        units: dict[int, Decimal] = {}
        for group in self._groups(-ALL_TIME_S, ALL_TIME_S):
            for start, value in group.buckets:
                month = bucket_of_second(start, Interval.MONTH)
                units[month] = units.get(month, Decimal(0)) + _exactly(value)
        return units

    def _groups(self, start_s: int, end_s: int) -> list[UsageGroup]:
        """The customer's usage in a range, one group a meter that has some."""
        filters = {CUSTOMER: frozenset({self._customer})}
        queries = [
            (UsageQuery(name, start_s, end_s, DEFAULT_AGGREGATION[kind], Interval.MONTH, filters=filters), kind)
            for name, kind in self._kinds.items()
        ]
        return [group for query, kind in queries for group in self._call.store.events.aggregate(query, kind).groups]


def _exactly(value: float) -> Decimal:
    """The shortest decimal that reads back as the same double, so that 0.1 is billed as 0.1."""
    return Decimal(repr(value))


BINDINGS: Mapping[str, Binding] = {"listInvoices": Binding(list_invoices)}
