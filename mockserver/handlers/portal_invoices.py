"""What a customer is invoiced, and what its usage costs, as its portal sees it."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call
from mockserver.handlers import billing_analysis, live_invoices
from mockserver.handlers.billing.cost_query import CUSTOMER_NAMES
from mockserver.handlers.portal_session import CUSTOMER, as_account, by_query, on_behalf, with_filter

FILTERS = "filters"
QUERIED = ("aggregation", "productId", "timeRange", "timeGroupingInterval", "groupBy", "take", FILTERS)
"""What the portal's document knows of such a query, and so has checked."""


def cost_of_own(call: Call, customer: str) -> Call:
    """The query of cost, its filter held to the session's customer. Some clients send the product as a number.

    Raises:
        NotPermitted: the filter names another customer.
    """
    asked = {name: call.body[name] for name in QUERIED if name in call.body}
    if "productId" in asked:
        asked["productId"] = str(asked["productId"])
    return as_account(call, body=with_filter(asked, FILTERS, CUSTOMER_NAMES, customer))


BINDINGS: Mapping[str, Binding] = {
    "portalListInvoices": on_behalf(live_invoices.BINDINGS["listCustomerProductInvoices"], by_query(CUSTOMER)),
    "portalGetInvoice": on_behalf(live_invoices.BINDINGS["getCustomerProductInvoice"], by_query(CUSTOMER)),
    "portalQueryCost": on_behalf(billing_analysis.BINDINGS["getUsageCost"], cost_of_own),
}
