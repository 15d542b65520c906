"""What the portal shows of the account and of the customer itself."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.handlers.billing_account import settings_of
from mockserver.handlers.company_logo import logo_as_text
from mockserver.handlers.customers import CUSTOMERS
from mockserver.handlers.portal_session import portal

SHOWN_SETTINGS = ("displayCachedInvoices", "invoiceConfiguration")


def show_settings(call: Call, _customer: str) -> Reply:
    """Those of the account's settings that the portal needs."""
    settings = settings_of(call)
    return Reply({name: settings[name] for name in SHOWN_SETTINGS})


def show_customer(call: Call, customer: str) -> Reply:
    """Name and address of the customer; what of the address is no text, is not shown."""
    document = CUSTOMERS.documents(call).get(customer) or {}
    address = {name: line for name, line in (document.get("address") or {}).items() if isinstance(line, str)}
    name = {"name": document["customerName"]} if "customerName" in document else {}
    return Reply({**name, "address": address})


BINDINGS: Mapping[str, Binding] = {
    "portalGetAccountSettings": portal(show_settings, tier=Tier.RESOURCE),
    "portalGetCustomerDetails": portal(show_customer, tier=Tier.RESOURCE),
    "portalDownloadCompanyLogo": portal(logo_as_text),
}
