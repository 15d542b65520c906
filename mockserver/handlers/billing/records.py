"""Locked invoices as they are kept: everything that was decided, so that nothing is ever computed again.

A record holds what the domain made of the window, and the names and rates that held then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from mockserver.domain.billing_periods import BillingPeriod, BillingWindow
from mockserver.domain.books import Carry
from mockserver.domain.discounts import Absolute, Discount, Given, Offer, PromotionType
from mockserver.domain.drawdown import Draw
from mockserver.domain.exchange import Exchange
from mockserver.domain.fees import ChargedFee, Fee
from mockserver.domain.invoicing import Invoice, Line
from mockserver.domain.obligations import Obligation
from mockserver.domain.portions import NOTHING
from mockserver.domain.rating import RatedVariant
from mockserver.domain.terms import CycleInterval
from mockserver.engine.store import JsonObject

INVOICES: Final = "invoices"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an invoice is told with besides its amounts.

    Attributes:
        plan_name: of its plan.
        items: the names of its product items by their ids.
        period: the billing period of the plan.
        exchange: from the account's currency to the one that the customer pays in.
        grace_hours: the grace period that held.
        unit_ratio: what a credit unit is worth in the account's currency; None without one.
    """

    plan_name: str
    items: Mapping[str, str]
    period: BillingPeriod
    exchange: Exchange
    grace_hours: int = 0
    unit_ratio: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice with what it is told with, and whether it is locked."""

    invoice: Invoice
    terms: Terms
    is_locked: bool = False


def record_key(customer: str, product: str, start_s: int) -> str:
    """The key of a locked invoice: a customer has no two of one product that start at the same second."""
    return f"{customer}\x00{product}\x00{start_s}"


def record_of(customer: str, product: str, billed: Billed) -> JsonObject:
    """The document of a locked invoice."""
    invoice, terms = billed.invoice, billed.terms
    window = invoice.window
    # Of tuples, which a store need not copy.
    return {
        "customerId": customer,
        "productId": product,
        "planId": window.plan_id,
        "startS": window.start_s,
        "window": (window.end_s, window.number, window.period_start_s, window.period_end_s, window.made_ms),
        "lines": tuple(map(_line_to_record, invoice.lines)),
        "fees": tuple(map(_fee_to_record, invoice.fees)),
        "minimumFee": invoice.minimum_fee,
        "discounts": tuple(_discount_to_record(each) for each in invoice.discounts if each.amount),
        "draws": tuple((draw.uri, draw.amount) for draw in invoice.draws),
        "obligations": tuple((each.contract_id, each.id, each.name, each.amount) for each in invoice.obligations),
        "prepayable": (invoice.prepayable, invoice.discountable),
        "planName": terms.plan_name,
        "itemNames": tuple(terms.items.items()),
        "period": (terms.period.interval.value, terms.period.length),
        "exchange": (terms.exchange.base, terms.exchange.payment, terms.exchange.rate),
        "graceHours": terms.grace_hours,
        "unitRatio": terms.unit_ratio,
    }


def billed_from_record(record: JsonObject) -> Billed:
    """The invoice that a document keeps."""
    end_s, number, period_start_s, period_end_s, made_ms = record["window"]
    prepayable, discountable = record["prepayable"]
    invoice = Invoice(
        window=BillingWindow(record["planId"], record["startS"], end_s, number, period_start_s, period_end_s, made_ms),
        lines=tuple(_line_from_record(each) for each in record["lines"]),
        fees=tuple(_fee_from_record(each) for each in record["fees"]),
        minimum_fee=record["minimumFee"],
        discounts=tuple(_discount_from_record(each) for each in record["discounts"]),
        draws=tuple(Draw(uri, amount) for uri, amount in record["draws"]),
        obligations=tuple(Obligation(*each) for each in record["obligations"]),
        prepayable=prepayable,
        discountable=discountable,
    )
    interval, length = record["period"]
    terms = Terms(
        plan_name=record["planName"],
        items=dict(record["itemNames"]),
        period=BillingPeriod(CycleInterval(interval), length),
        exchange=Exchange(*record["exchange"]),
        grace_hours=record["graceHours"],
        unit_ratio=record["unitRatio"],
    )
    return Billed(invoice, terms, is_locked=True)


def carry_to_record(carry: Carry) -> JsonObject:
    """What is carried on, as it is kept with the customer's book."""
    return {
        "drawn": dict(carry.drawn),
        "given": {offer: [given.used, given.measured] for offer, given in carry.given.items()},
        "spent": dict(carry.spent),
        "lastStartS": carry.last_start_s,
    }


def carry_from_record(record: JsonObject | None) -> Carry:
    """What is carried on; nothing before the first locked invoice."""
    if record is None:
        return Carry()
    given = {offer: Given(*amounts) for offer, amounts in record["given"].items()}
    return Carry(record["drawn"], given, record["spent"], record["lastStartS"])


def _line_to_record(line: Line) -> tuple[Any, ...]:
    variants = tuple((each.dimensions, each.units, each.price, each.units_per_tier) for each in line.variants)
    return line.item_id, line.meter, line.price, variants


def _line_from_record(record: Sequence[Any]) -> Line:
    item_id, meter, price, variants = record
    rated = (
        RatedVariant(_tuples(dimensions), units, variant_price, _tuples(per_tier), ())
        for dimensions, units, variant_price, per_tier in variants
    )
    return Line(item_id, meter, tuple(rated), price)


def _tuples(pairs: Sequence[Sequence[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((name, value) for name, value in pairs)


def _fee_to_record(charged: ChargedFee) -> tuple[Any, ...]:
    fee = charged.fee
    return fee.id, fee.name, fee.description, fee.is_one_time, fee.discountable, fee.prepayable, charged.cost


def _fee_from_record(record: Sequence[Any]) -> ChargedFee:
    fee_id, name, description, is_one_time, discountable, prepayable, cost = record
    fee = Fee(fee_id, name, description, cost, is_one_time, discountable, prepayable)
    return ChargedFee(fee, cost)


def _discount_to_record(discount: Discount) -> tuple[Any, ...]:
    offer = discount.offer
    told = (offer.id, offer.promotion_id, offer.name, offer.type.value, offer.item_id, tuple(offer.dimensions.items()))
    return *told, offer.applied_s, discount.amount, discount.most, discount.measured


def _discount_from_record(record: Sequence[Any]) -> Discount:
    offer_id, promotion_id, name, kind, item_id, dimensions, applied_s, amount, most, measured = record
    offer = Offer(
        id=offer_id,
        promotion_id=promotion_id,
        name=name,
        type=PromotionType(kind),
        # How large it was is in the amounts: the model is needed no more.
        model=Absolute(NOTHING),
        item_id=item_id,
        dimensions=dict(dimensions),
        applied_s=applied_s,
    )
    return Discount(offer, amount, most, measured)
