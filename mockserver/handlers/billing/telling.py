"""Invoices in the words of the live platform."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from mockserver.domain.decimals import added, exact_arithmetic, within_doubles
from mockserver.domain.discounts import Discount
from mockserver.domain.invoicing import Invoice, Line, PriceStatus
from mockserver.domain.portions import NOTHING
from mockserver.domain.rating import RatedVariant, UnitsBill
from mockserver.domain.windows import HOUR_S
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.books import Books
from mockserver.handlers.billing.keys import invoice_key, invoice_uri
from mockserver.handlers.billing.money import Money, exchange_to_api
from mockserver.handlers.billing.records import Billed
from mockserver.handlers.billing_account import UNIT

MINIMUM: Final = "plan-minimum"
"""The id of the fee that makes up for what is missing to a plan's minimum."""

Dimensions = tuple[tuple[str, str], ...]
Hours = Mapping[Dimensions, Sequence[UnitsBill]]


class Teller:
    """Tells the invoices of one customer and product.

    Args:
        books: the customer's.
        hourly: whether each variant has its hours.
        with_payment: whether the payment status is told.
        late: whether units are looked for that came after an invoice was locked.
    """

    def __init__(self, books: Books, *, hourly: bool = False, with_payment: bool = True, late: bool = True) -> None:
        self._books = books
        self._late = late
        self._hourly = hourly
        self._with_payment = with_payment
        self._settings = books.account.settings

    def brief(self, billed: Billed) -> JsonObject:
        """Which invoice it is, and what it comes to."""
        call, window = self._books.account.call, billed.invoice.window
        key = invoice_key(call.account_id, self._books.customer, self._books.product, window)
        return {
            "invoiceUri": invoice_uri(key),
            "invoiceKey": key,
            "totalBill": bill_to_api(billed.invoice, _money_of(billed).paid),
            "invoicePriceStatus": self._books.status(billed).value,
        }

    def to_api(self, billed: Billed) -> JsonObject:
        """The invoice with its key, its lines, its bill and how far it is."""
        # Entered once, and not for each of its many sums.
        with exact_arithmetic():
            return self._told(billed)

    def _told(self, billed: Billed) -> JsonObject:
        invoice, terms, money = billed.invoice, billed.terms, _money_of(billed)
        status, window = self._books.status(billed), invoice.window
        brief = self.brief(billed)
        return {
            **brief,
            "planBillingPeriod": {"interval": terms.period.interval.value, "intervalsCount": terms.period.length},
            "planName": terms.plan_name,
            "invoiceStartTimeInSeconds": window.start_s,
            "invoiceEndTimeInSeconds": window.end_s,
            "gracePeriodInHours": terms.grace_hours,
            "productItemInvoices": self._lines(billed, brief["invoiceKey"], money),
            "appliedPromotions": [
                _promotion_to_api(each, money, window.start_s) for each in invoice.discounts if each.amount
            ],
            "appliedInvoiceBasedFees": _minimum_to_api(invoice, money),
            "appliedCommitments": _obligations_to_api(invoice, money),
            "productPlanFees": _fees_to_api(invoice, money),
            "invoiceBillInBaseCurrency": bill_to_api(invoice, within_doubles),
            **({"invoiceBillInCredits": bill_to_api(invoice, money.credits)} if terms.unit_ratio else {}),
            "paymentStatus": payment_status(status, invoice) if self._with_payment else "unknown",
            "paymentCreatedInSeconds": None,
            "externalSystemStatus": None,
            UNIT: self._settings[UNIT],
            "paymentCurrencyInfo": exchange_to_api(terms.exchange),
            **(self._available(billed, money) if status is PriceStatus.OPEN else {}),
        }

    def _lines(self, billed: Billed, key: JsonObject, money: Money) -> list[JsonObject]:
        """The lines; of a locked invoice with the units that came too late."""
        lines = list(billed.invoice.lines)
        names = dict(billed.terms.items)
        look_for_late = billed.is_locked and self._late
        if look_for_late:
            billed_items = {line.item_id for line in lines}
            late = [line for line in self._books.lines_now(billed) if line.item_id not in billed_items]
            lines += [Line(line.item_id, line.meter, (), NOTHING) for line in late]
            names |= {line.item_id: self._books.account.catalogue.naming.item(line.item_id) for line in late}
        return [
            {
                **line_to_api(
                    line,
                    {**key, "productItemKey": line.item_id},
                    names[line.item_id],
                    money,
                    Details(
                        self._books.hours(line, billed) if self._hourly else None,
                        self._books.late_units(line, billed) if look_for_late else {},
                    ),
                ),
                "productPlanName": billed.terms.plan_name,
            }
            for line in lines
        ]

    def _available(self, billed: Billed, money: Money) -> JsonObject:
        """What is left to spend on the open invoice: on cards, and with the plan's free tier."""
        left = self._books.spendable
        spendable = added([left, self._books.free_left(billed)])
        return {
            **money.told("availablePrepaidLeft", left, base="BaseCurrency"),
            **money.told("availablePayAsYouGoMoney", spendable),
        }


@dataclass(frozen=True, slots=True)
class Details:
    """What else is told of the variants of a line, by their dimensions.

    Attributes:
        hours: the bills of each by the hour; None when they are not told.
        late: units that came after the invoice was locked.
    """

    hours: Hours | None = None
    late: Mapping[Dimensions, Decimal] = field(default_factory=dict)


def line_to_api(line: Line, key: JsonObject, name: str, money: Money, details: Details | None = None) -> JsonObject:
    """The line of a product item.

    Args:
        line: what the usage of its meter costs.
        key: what the line belongs to, `customerId` among it where it is one customer's.
        name: of the item.
        money: how amounts are told.
        details: what else is told of its variants.
    """
    hours, late = (details.hours, details.late) if details else (None, {})
    customer = {"customerId": key["customerId"]} if "customerId" in key else {}
    known = {variant.dimensions for variant in line.variants}
    only_late = [RatedVariant(dimensions, NOTHING, NOTHING, (), ()) for dimensions in late if dimensions not in known]
    return {
        "key": key,
        "productItemId": line.item_id,
        "productItemName": name,
        "meterApiName": line.meter,
        "productItemVariants": [
            {
                **_variant_to_api(customer, variant, money),
                "hourlyBillInfos": _hours_to_api(hours.get(variant.dimensions), money) if hours is not None else None,
                "lateArrivalMeters": within_doubles(late.get(variant.dimensions, NOTHING)),
            }
            for variant in (*line.variants, *only_late)
        ],
        "totalBill": {"meterUnits": within_doubles(line.units), **money.told("price", line.price)},
    }


def _variant_to_api(customer: JsonObject, variant: RatedVariant, money: Money) -> JsonObject:
    dimensions = {**dict(variant.dimensions), **customer}
    per_tier = {_number(start): within_doubles(units) for start, units in variant.units_per_tier}
    return {
        "key": "/".join(f"{name}={value}" for name, value in sorted(dimensions.items())),
        "itemDimensions": dimensions,
        "dimensionLabel": None,
        "totalBill": {
            "meterUnits": within_doubles(variant.units),
            **money.told("price", variant.price),
            "meteredUnitsPerTier": per_tier,
        },
    }


def _hours_to_api(bills: Iterable[UnitsBill] | None, money: Money) -> list[JsonObject] | None:
    if bills is None:
        return None
    return [
        {
            "startTimeInSeconds": each.start_s,
            "endTimeInSeconds": each.start_s + HOUR_S,
            "meterUnits": within_doubles(each.units),
            **money.told("price", each.price),
        }
        for each in bills
    ]


def bill_to_api(invoice: Invoice, told: Callable[[Decimal], Any]) -> JsonObject:
    """What an invoice adds up to, each amount as `told` gives it."""
    fees = [(charged.fee, charged.cost) for charged in invoice.fees]
    amounts = {
        "itemPrice": invoice.item_price,
        "fixPrice": invoice.fix_price,
        "invoiceBasedFees": invoice.minimum_fee,
        "commitmentsFees": invoice.commitments_fees,
        "totalDiscount": invoice.total_discount,
        "totalPriceBeforeDiscount": invoice.before_discount,
        "totalPriceBeforePrepaid": invoice.before_prepaid,
        "prepaid": invoice.prepaid,
        "totalPrice": invoice.total,
        "discountableBasePrice": invoice.discountable,
        "discountableFixPrice": added(cost for fee, cost in fees if fee.discountable),
        "prepaidableFixPrice": added(cost for fee, cost in fees if fee.prepayable),
        "prepayableNotDiscountableFees": added(cost for fee, cost in fees if fee.prepayable and not fee.discountable),
        "totalPrepayablePrice": invoice.prepayable,
    }
    times = {"startTimeInSeconds": invoice.window.start_s, "endTimeInSeconds": invoice.window.end_s}
    return {**times, **{name: told(amount) for name, amount in amounts.items()}}


def payment_status(status: PriceStatus, invoice: Invoice) -> str:
    """Nothing is paid before the price is locked; nothing ever, when it is nothing (our reading)."""
    if status is not PriceStatus.PRICE_LOCKED:
        return "pre_payment"
    return "pending" if invoice.total > 0 else "not_needed"


def _promotion_to_api(discount: Discount, money: Money, start_s: int) -> JsonObject:
    """A reduction; what holds without having been applied, holds from the invoice's start on."""
    offer = discount.offer
    return {
        "promotionId": offer.promotion_id,
        "promotionName": offer.name,
        "promotionType": offer.type.value,
        **money.told("discount", discount.amount),
        "maxDiscountPossible": money.paid(discount.most),
        "maxDiscountInBaseCurrency": within_doubles(discount.most),
        "promotionAppliedTimeInSeconds": offer.applied_s or start_s,
        "canBeUsedForPayAsYouGo": True,
        "granularity": "product" if offer.item_id is None else "product_item",
        "dimensions": dict(offer.dimensions) or None,
        "entityId": offer.item_id,
    }


def _minimum_to_api(invoice: Invoice, money: Money) -> list[JsonObject]:
    if not invoice.minimum_fee:
        return []
    return [{"feeId": MINIMUM, "feeName": "Plan minimum", **money.told("feeAmount", invoice.minimum_fee, stem="fee")}]


def _obligations_to_api(invoice: Invoice, money: Money) -> list[JsonObject]:
    return [
        {
            "commitmentId": each.contract_id,
            "obligationId": each.id,
            "obligationName": each.name,
            **money.told("feeAmount", each.amount, stem="fee"),
        }
        for each in invoice.obligations
    ]


def _fees_to_api(invoice: Invoice, money: Money) -> list[JsonObject]:
    return [
        {
            "id": charged.fee.id,
            "name": charged.fee.name,
            "description": charged.fee.description,
            **money.told("cost", charged.cost),
            "isOneTimeFee": charged.fee.is_one_time,
        }
        for charged in invoice.fees
    ]


def _money_of(billed: Billed) -> Money:
    return Money(billed.terms.exchange, billed.terms.unit_ratio)


def _number(start: Decimal) -> str:
    """A tier's start as a key: without an exponent where it is short, and without needless zeros."""
    whole = start.to_integral_value()
    return str(int(whole)) if start == whole and whole.adjusted() < 20 else str(start.normalize())  # noqa: PLR2004
