"""Giving promotions to customers over HTTP: each answered with what it took off which invoices, and what is left."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from mockserver.domain.decimals import added
from mockserver.domain.discounts import Discount
from mockserver.domain.invoicing import PriceStatus
from mockserver.domain.portions import NOTHING
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.books import Books, books_of
from mockserver.handlers.customer_promotions import (
    active_promotions,
    applied_to_api,
    apply_customer_promotion,
    remove_customer_promotion,
    share_to_api,
)
from mockserver.handlers.product_items import DEFAULT_PRODUCT


def list_customer_promotions(call: Call) -> Reply:
    """A customer's active promotions on a product."""
    customer, product = call.query["CustomerId"], call.query.get("ProductId", DEFAULT_PRODUCT)
    active = [each for each in active_promotions(call, customer) if each["productId"] == product]
    return Reply(_with_amounts(call, active))


def apply(call: Call) -> Reply:
    """Gives a customer a promotion."""
    return Reply(_with_amounts(call, [apply_customer_promotion(call)])[0])


def remove(call: Call) -> Reply:
    """Ends an applied promotion now."""
    return Reply(_with_amounts(call, [remove_customer_promotion(call)])[0])


def _with_amounts(call: Call, applied: Iterable[JsonObject]) -> list[JsonObject]:
    """Applied promotions of one customer and product, with what they did to its invoices."""
    documents = list(applied)
    if not documents:
        return []
    books = books_of(call, documents[0]["customerId"], documents[0]["productId"])
    return [_told(call, each, books) for each in documents]


def _told(call: Call, applied: JsonObject, books: Books) -> JsonObject:
    shares, used, in_cycle = [], [], NOTHING
    for billed in books.all:
        amount = _taken_by(applied["id"], billed.invoice.discounts)
        if amount:
            start_s = max(billed.invoice.window.start_s, applied["appliedTimeInSeconds"])
            shares.append(share_to_api(books.uri(billed), start_s, amount, billed.invoice.before_discount))
            used.append(amount)
            if books.status(billed) is PriceStatus.OPEN:
                in_cycle = amount
    return applied_to_api(call, applied, in_cycle, added(used), shares)


def _taken_by(offer: str, discounts: Iterable[Discount]) -> Decimal:
    """What an offer took off an invoice."""
    return added(each.amount for each in discounts if each.offer.id == offer)


BINDINGS: Mapping[str, Binding] = {
    "applyCustomerPromotion": Binding(apply),
    "removeCustomerPromotion": Binding(remove),
    "listCustomerPromotions": Binding(list_customer_promotions),
}
