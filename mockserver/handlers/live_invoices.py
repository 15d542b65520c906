"""The live view of invoices: the same invoices as the published one, with their lines, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mockserver.domain.decimals import within_doubles
from mockserver.domain.invoicing import Invoice, InvoiceLine, PriceStatus, Variant, price_status
from mockserver.domain.windows import DAY_S, Interval, bucket_of_second, bucket_start
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import KeyNotFound, MissingField
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing_account import UNIT, settings_of
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.invoices import currency_to_api, invoices_of
from mockserver.handlers.plans import PLANS
from mockserver.handlers.prepaid_wallet import balance_of
from mockserver.handlers.product_items import DEFAULT_PRODUCT, ITEMS

KEY_OF_START = ("productPlanId", "year", "month", "day")
"""Query parameters that name an invoice, besides the customer and the product."""

PERIOD = {"interval": "calendar_month", "intervalsCount": 1}
"""Invoices go by the month, whatever the plan."""

NOTHING_APPLIED = ("appliedPromotions", "appliedInvoiceBasedFees", "appliedCommitments", "productPlanFees")
"""Parts of an invoice besides usage."""

ZEROS = (
    "fixPrice", "invoiceBasedFees", "commitmentsFees", "totalDiscount", "prepaid", "discountableFixPrice",
    "prepaidableFixPrice", "prepayableNotDiscountableFees",
)  # fmt: skip
TOTALS = (
    "itemPrice", "totalPriceBeforeDiscount", "totalPriceBeforePrepaid", "totalPrice", "discountableBasePrice",
    "totalPrepayablePrice",
)  # fmt: skip
"""Amounts of a bill that are the price of usage; `ZEROS` are those that something else would make."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How an answer calls things: product items by their meter, plans by their id."""

    items: Mapping[str, JsonObject]
    plans: Mapping[str, JsonObject]

    def item_of(self, meter: str) -> tuple[str, str]:
        """Id and name of the product item that bills a meter; the meter's name where there is none (our reading)."""
        item = self.items.get(meter, {})
        return item.get("id", meter), item.get("productItemName", meter)

    def plan(self, plan_id: str) -> str:
        """The name of a plan; its id where it is not defined."""
        name: str = self.plans.get(plan_id, {}).get("productPlanName", plan_id)
        return name


def naming_of(call: Call) -> Naming:
    """The names of the account."""
    # The first item of a meter is the one that is made with the meter.
    items = {each["meterApiName"]: each for each in reversed(ITEMS.documents(call).documents())}
    return Naming(items, {each["id"]: each for each in PLANS.documents(call).documents()})


def get_invoice(call: Call) -> Reply:
    """The open invoice of a customer, or an empty object; else the invoice of a plan that starts on a day.

    Raises:
        MissingField: the query neither asks for the latest one nor names a plan and a day.
        KeyNotFound: there is no such invoice.
    """
    if call.query.get("latest"):
        return Reply(next(iter(_open_ones(call)), {}))
    for name in KEY_OF_START:
        if call.query.get(name, "") == "":
            message = f"Invalid request: without 'latest', query parameter '{name}' is required"
            raise MissingField(message, field=name, rule="incomplete-key")
    wanted = {name: call.query[name] for name in KEY_OF_START}
    found = (each for each in live_invoices(call) if wanted.items() <= each["invoiceKey"].items())
    invoice = next(found, None)
    if invoice is None:
        raise KeyNotFound("no invoice of this plan starts on this day", field="productPlanId", rule="unknown-key")
    return Reply(invoice)


def list_all(call: Call) -> Reply:
    """Every invoice of a customer, newest first; with `latest` the open one alone."""
    return Reply(_open_ones(call) if call.query.get("latest") else _known_live_invoices(call))


def live_invoices(call: Call) -> list[JsonObject]:
    """The invoices of the query's customer and product in the live shape, newest first."""
    customer, product = call.query["customerId"], call.query.get("productId", DEFAULT_PRODUCT)
    teller = _Teller(call, customer, product)
    return [teller.to_api(invoice) for invoice in reversed(invoices_of(call, customer, product))]


def item_to_api(naming: Naming, key: JsonObject, plan_name: str, line: InvoiceLine) -> JsonObject:
    """The line of a product item.

    Args:
        naming: how the account calls things.
        key: what the line belongs to, `customerId` among it where it is one customer's.
        plan_name: of the plan that priced it.
        line: what the usage of the item's meter costs.
    """
    item_id, item_name = naming.item_of(line.meter)
    customer = {"customerId": key["customerId"]} if "customerId" in key else {}
    return {
        "key": {**key, "productItemKey": item_id},
        "productItemId": item_id,
        "productItemName": item_name,
        "meterApiName": line.meter,
        "productPlanName": plan_name,
        "productItemVariants": [_variant_to_api(customer, variant) for variant in line.variants],
        "totalBill": bill_to_api(line.units, line.price),
    }


def bill_to_api(units: Decimal, price: Decimal) -> JsonObject:
    """Units and what they cost; the account's currency is the one that is paid in."""
    money = within_doubles(price)
    return {"meterUnits": within_doubles(units), "price": money, "priceInBaseCurrency": money, "priceInCredits": None}


def _variant_to_api(customer: JsonObject, variant: Variant) -> JsonObject:
    dimensions = {**variant.dimensions, **customer}
    return {
        "key": "/".join(f"{name}={value}" for name, value in sorted(dimensions.items())),
        "itemDimensions": dimensions,
        "dimensionLabel": None,
        "hourlyBillInfos": None,
        "totalBill": bill_to_api(variant.units, variant.price),
        "lateArrivalMeters": 0,
    }


def _known_live_invoices(call: Call) -> list[JsonObject]:
    if not is_known(call, call.query["customerId"]):
        warn_unknown_customer(call, call.query["customerId"])
    return live_invoices(call)


def _open_ones(call: Call) -> list[JsonObject]:
    """The open invoice, which is one or none: a customer is on one plan of a product at a time."""
    return [each for each in _known_live_invoices(call) if each["invoicePriceStatus"] == PriceStatus.OPEN][:1]


class _Teller:
    """Tells the invoices of one customer and product in the live shape."""

    def __init__(self, call: Call, customer: str, product: str) -> None:
        self._call = call
        self._customer = customer
        self._product = product
        self._naming = naming_of(call)
        self._settings = settings_of(call)

    def to_api(self, invoice: Invoice) -> JsonObject:
        """The invoice with its key, its lines, its bill and how far it is."""
        window, grace = invoice.window, self._settings.get("gracePeriodInHours") or 0
        key = self._key(invoice)
        plan_name = self._naming.plan(window.plan_id)
        status = price_status(window, self._call.now_ms, grace)
        bill = total_bill_to_api(invoice)
        return {
            "invoiceUri": invoice_uri(key),
            "invoiceKey": key,
            "planBillingPeriod": PERIOD,
            "planName": plan_name,
            "invoiceStartTimeInSeconds": window.start_s,
            "invoiceEndTimeInSeconds": window.end_s,
            "gracePeriodInHours": grace,
            "productItemInvoices": [item_to_api(self._naming, key, plan_name, line) for line in invoice.lines],
            **{name: [] for name in NOTHING_APPLIED},
            "totalBill": bill,
            "invoiceBillInBaseCurrency": bill,
            "invoicePriceStatus": status.value,
            "paymentStatus": self._payment_status(status, invoice),
            "paymentCreatedInSeconds": None,
            "externalSystemStatus": None,
            UNIT: self._settings[UNIT],
            "paymentCurrencyInfo": currency_to_api(self._settings["baseCurrency"]),
            **(self._available() if status is PriceStatus.OPEN else {}),
        }

    def _key(self, invoice: Invoice) -> JsonObject:
        """Whose invoice it is, and the UTC day on which it starts, for any number of seconds."""
        start_s = invoice.window.start_s
        month = bucket_of_second(start_s, Interval.MONTH)
        return {
            "accountId": self._call.account_id,
            "customerId": self._customer,
            "productId": self._product,
            "productPlanId": invoice.window.plan_id,
            "year": 1970 + month // 12,
            "month": month % 12 + 1,
            "day": (start_s - bucket_start(month, Interval.MONTH)) // DAY_S + 1,
        }

    def _payment_status(self, status: PriceStatus, invoice: Invoice) -> str:
        """Nothing is paid before the price is locked; nothing ever, when it is nothing (our reading)."""
        if not self._call.query.get("withPaymentStatus", True):
            return "unknown"
        if status is not PriceStatus.PRICE_LOCKED:
            return "pre_payment"
        return "pending" if invoice.total > 0 else "not_needed"

    def _available(self) -> JsonObject:
        """What is left to spend; the prices of a plan have no free tier here."""
        left = within_doubles(balance_of(self._call, self._customer, self._product))
        names = ("availablePrepaidLeft", "availablePayAsYouGoMoney")
        currencies = ("BaseCurrency", "InBaseCurrency")
        return {**dict.fromkeys(names, left), **{name + end: left for name, end in zip(names, currencies, strict=True)}}


def total_bill_to_api(invoice: Invoice) -> JsonObject:
    """The bill of usage alone: nothing is added to its price and nothing is taken off."""
    times = {"startTimeInSeconds": invoice.window.start_s, "endTimeInSeconds": invoice.window.end_s}
    return {**times, **dict.fromkeys(ZEROS, 0), **dict.fromkeys(TOTALS, within_doubles(invoice.total))}


def invoice_uri(key: JsonObject) -> str:
    """The key as one text, with two digits for month and day."""
    return (
        f"payments/invoices/account_id={key['accountId']}/customer_id={key['customerId']}"
        f"/product_id={key['productId']}/product_plan_id={key['productPlanId']}"
        f"/year={key['year']:04}/month={key['month']:02}/day={key['day']:02}"
    )


BINDINGS: Mapping[str, Binding] = {
    "getCustomerProductInvoice": Binding(get_invoice),
    "listCustomerProductInvoices": Binding(list_all),
}
