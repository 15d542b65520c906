"""Invoices: computed at each reading from a customer's plan assignments and usage, never stored.

Both views, the published one here and the live one in `live_invoices`, are made of what `invoices_of` computes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mockserver.domain.aggregation import DEFAULT_AGGREGATION, MeterKind
from mockserver.domain.counting import Counting, Statistic, count_usage
from mockserver.domain.decimals import exactly, within_doubles
from mockserver.domain.invoicing import (
    Assignment,
    BillingWindow,
    Invoice,
    MeteredUnits,
    billing_windows,
    build_invoice,
)
from mockserver.domain.usage import CUSTOMER, UsageGroup, UsageQuery
from mockserver.domain.windows import Interval, bucket_of_second, bucket_start
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing_account import settings_of
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.meters import counting_of
from mockserver.handlers.plan_assignments import assignments_of

ALL_TIME_S = 2**63
"""Seconds before and after 1970 between which every event lies."""


def list_invoices(call: Call) -> Reply:
    """A customer's invoices, oldest first: one a month with usage and the running one, from the assignment on."""
    customer = call.query["customerId"]
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)
    return Reply([invoice_to_api(call, customer, invoice) for invoice in invoices_of(call, customer)])


def invoices_of(call: Call, customer: str, product: str | None = None) -> list[Invoice]:
    """What a customer is charged, oldest first: under the plans of one product when it is given."""
    documents = [each for each in assignments_of(call, customer) if product is None or each["product"] == product]
    if not documents:
        return []
    usage = _CustomerUsage(call, customer)
    windows = billing_windows([assignment_from_document(each) for each in documents], call.now_ms, usage.months())
    return [build_invoice(window, usage.in_window(window), call.policy.unit_price) for window in windows]


def assignment_from_document(document: JsonObject) -> Assignment:
    """A stored assignment in the domain's words; one that names no plan is billed all the same."""
    return Assignment(document.get("productId", ""), document["startTime"], document.get("endTime"))


def invoice_to_api(call: Call, customer: str, invoice: Invoice) -> JsonObject:
    """The published shape. The id follows from what is invoiced, so that it is the same at each reading."""
    window = invoice.window
    return {
        "invoiceId": minted("inv-", customer, window.plan_id, window.start_s, length=12),
        "customerId": customer,
        "startTime": window.start_s,
        "endTime": window.end_s,
        "totalAmount": within_doubles(invoice.total),
        "currency": settings_of(call)["baseCurrency"],
        "status": window.status.value.upper(),
    }


def currency_to_api(currency: str) -> JsonObject:
    """What is paid in the currency of the plan."""
    return {"basePlanCurrency": currency, "paymentCurrency": currency, "exchangeRate": 1}


def metered(call: Call, question: UsageQuery) -> list[UsageGroup]:
    """Usage of a meter counted as it is billed, each by its own aggregation; the question's own does not matter."""
    counting = counting_of(call, question.meter) or Counting(MeterKind.SUM)
    statistic = Statistic(DEFAULT_AGGREGATION[counting.kind].value)
    return count_usage(call.store.events.aggregate, question, counting, statistic).groups


def question_of(meter: str, start_s: int, end_s: int, interval: Interval) -> UsageQuery:
    """A question about all usage of a meter."""
    return UsageQuery(meter, start_s, end_s, DEFAULT_AGGREGATION[MeterKind.SUM], interval)


class _CustomerUsage:
    """What a customer used of every meter, at one price a unit (our reading)."""

    def __init__(self, call: Call, customer: str) -> None:
        self._call = call
        self._customer = customer
        self._by_month = self._monthly()

    def months(self) -> list[int]:
        """Ordinals of the months with usage."""
        return list(self._by_month)

    def in_window(self, window: BillingWindow) -> list[MeteredUnits]:
        """Units of each meter that was used in the window."""
        month = bucket_of_second(window.start_s, Interval.MONTH)
        edges = (bucket_start(month, Interval.MONTH), bucket_start(month + 1, Interval.MONTH))
        if (window.start_s, window.end_s) == edges or month not in self._by_month:
            return self._by_month.get(month, [])
        groups = self._groups(window.start_s, window.end_s)
        return [MeteredUnits(meter, exactly(group.total)) for meter, group in groups]

    def _monthly(self) -> dict[int, list[MeteredUnits]]:
        units: dict[int, list[MeteredUnits]] = {}
        for meter, group in self._groups(-ALL_TIME_S, ALL_TIME_S):
            for start, value in group.buckets:
                month = bucket_of_second(start, Interval.MONTH)
                units.setdefault(month, []).append(MeteredUnits(meter, exactly(value)))
        return units

    def _groups(self, start_s: int, end_s: int) -> Iterable[tuple[str, UsageGroup]]:
        """The customer's usage in a range, one group a meter that has some."""
        filters = {CUSTOMER: frozenset({self._customer})}
        for meter in self._call.store.events.meters():
            question = replace(question_of(meter, start_s, end_s, Interval.MONTH), filters=filters)
            for group in metered(self._call, question):
                yield meter, group


BINDINGS: Mapping[str, Binding] = {"listInvoices": Binding(list_invoices)}
