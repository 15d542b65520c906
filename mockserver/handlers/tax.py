"""Taxes at made-up rates: the tax on an amount by a customer's address, the check of an address, the product codes."""

from collections.abc import Mapping
from typing import Any, Final

from mockserver.domain.decimals import exactly, within_doubles
from mockserver.domain.tax import (
    PRODUCT_CODES,
    Address,
    ProductCode,
    is_plausible,
    is_product_code,
    rate_of,
    tax_on,
    tidied,
)
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing_account import settings_of
from mockserver.handlers.customers import CUSTOMERS, warn_unknown_customer

ADDRESS_FIELDS: Final[Mapping[str, str]] = {
    "line1": "line1",
    "city": "city",
    "state": "state",
    "postal_code": "postalCode",
    "country": "country",
}
"""The wire's name of each part of an address."""


def address_from_api(document: JsonObject) -> Address:
    """An address in the domain's words; parts that are absent are empty."""
    return Address(**{part: document.get(field, "") for part, field in ADDRESS_FIELDS.items()})


def address_to_api(address: Address, sent: JsonObject) -> JsonObject:
    """The address with the parts that were sent."""
    return {field: getattr(address, part) for part, field in ADDRESS_FIELDS.items() if field in sent}


def product_code_to_api(product: ProductCode) -> JsonObject:
    """A product code as it is listed."""
    return {"name": product.name, "productCode": product.code, "description": product.description}


def calculate_taxes(call: Call) -> Reply:
    """The tax on an amount; a customer without an address is not taxed, and leaves a warning."""
    amount = exactly(call.body["amount"])
    settings = settings_of(call)
    if not settings.get("enableTaxIntegration"):
        call.warn(None, "tax-integration-off", "enableTaxIntegration is not set in the account's settings")
    address = _address_of(call, call.body["customerId"])
    code = _product_code(call, settings)
    taxed = tax_on(amount, rate_of(address, code))
    return Reply(
        {
            "customerId": call.body["customerId"],
            "amount": within_doubles(amount),
            "taxAmount": within_doubles(taxed.tax),
            "taxRate": taxed.rate,
            "totalAmount": within_doubles(taxed.total),
            "taxProductCode": code,
        }
    )


def _address_of(call: Call, customer: str) -> Address | None:
    document = CUSTOMERS.documents(call).get(customer)
    if document is None:
        warn_unknown_customer(call, customer)
    elif "address" not in document:
        call.warn("customerId", "absent-address", "the customer has no address: nothing tells the rate")
    return address_from_api(document["address"]) if document and "address" in document else None


def _product_code(call: Call, settings: Mapping[str, Any]) -> str:
    """The code that is asked for, else the account's, else the first of the list."""
    configured = settings.get("taxProductCode")
    code = call.body.get("productCode", configured if isinstance(configured, str) else PRODUCT_CODES[0].code)
    if not is_product_code(code):
        call.warn("productCode", "unknown-product-code", f"no product code of the list: {printable(code)}")
    return str(code)


def validate_address(call: Call) -> Reply:
    """The address tidied up, and whether it looks like one."""
    address = tidied(address_from_api(call.body))
    return Reply({**address_to_api(address, call.body), "verified": is_plausible(address)})


def list_product_codes(_call: Call) -> Reply:
    """Every product code."""
    return Reply([product_code_to_api(product) for product in PRODUCT_CODES])


BINDINGS: Mapping[str, Binding] = {
    "calculateTaxes": Binding(calculate_taxes),
    "validateAddress": Binding(validate_address),
    "listTaxProductCodes": Binding(list_product_codes),
}
