"""Promotions of customers: which definition was given to whom, when, and what its caps still allow.

What they took off invoices only the books know, which need this module: `applied_promotions` joins the two.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mockserver.domain.decimals import added, within_doubles
from mockserver.domain.portions import NOTHING
from mockserver.domain.terms import months_later
from mockserver.engine.call import Call
from mockserver.engine.errors import KeyNotFound
from mockserver.engine.holdings import Holdings
from mockserver.engine.identifiers import minted
from mockserver.engine.locking import DEPRECATED, FIELD
from mockserver.engine.printing import printable
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.product_items import DEFAULT_PRODUCT
from mockserver.handlers.promotions import PROMOTIONS, require_forward

APPLIED = Resource("customer-promotions", noun="customer promotion")

HOLDERS = Holdings("promotion-holders")
"""By customer: the ids of the promotions that were ever applied to it, oldest first. Reading one customer's promotions
must not look at everybody's."""

PROMOTION = Reference("promotionId", PROMOTIONS.collection, PROMOTIONS.noun)

LATEST_S = 2**63 - 1
"""The last second that the wire's 64-bit numbers can name."""

ID_LENGTH = 12


def apply_customer_promotion(call: Call) -> JsonObject:
    """Gives a customer the promotion of the request; whatever names nothing, or has it already, leaves a warning.

    Raises:
        InvalidInput: the range ends before or when it starts.
    """
    body = call.body
    require_forward(body.get("appliedTimeRange"), "appliedTimeRange")
    if not is_known(call, body["customerId"]):
        warn_unknown_customer(call, body["customerId"])
    warn_of_promotion(call, body["customerId"], body["promotionId"], "promotionId")
    return apply_promotion(call, body)


def warn_of_promotion(call: Call, customer: str, promotion: str, field: str) -> None:
    """Warns of a promotion that cannot take effect when it is given to a customer, or takes effect twice.

    Raises:
        StrictRefusal: the account is strict.
    """
    definition = PROMOTIONS.documents(call).get(promotion)
    if definition is None:
        call.warn(field, "unknown-promotion", f"no promotion exists with this id: {printable(promotion)}")
    elif definition[FIELD] == DEPRECATED:
        call.warn(field, "deprecated-promotion", "the promotion is deprecated and should not be given any more")
    if any(each["promotionId"] == promotion for each in active_promotions(call, customer)):
        call.warn(field, "already-applied", "the customer has the promotion already: it will apply twice")


def apply_promotion(call: Call, body: JsonObject, commitment: str | None = None) -> JsonObject:
    """Stores an applied promotion, which starts at once unless the body says otherwise.

    Args:
        call: the request that asks for it, whatever its operation.
        body: `customerId`, `promotionId`, and where they are known `productId`, `appliedTimeRange`, `priority`.
        commitment: the id of the commitment that it comes with.

    Returns:
        The applied promotion. Nothing was drawn from its caps, which are the definition's; null is no cap.
    """
    now_s = call.now_ms // 1000
    definition = PROMOTIONS.documents(call).get(body["promotionId"]) or {}
    applied_range = dict(body.get("appliedTimeRange") or {"startTimeInSeconds": now_s})
    if applied_range.get("endTimeInSeconds") is None:
        applied_range["endTimeInSeconds"] = _end_of_limit(definition, applied_range["startTimeInSeconds"])
    number = call.store.next_number(APPLIED.collection)
    document = {
        "productId": body.get("productId", DEFAULT_PRODUCT),
        "customerId": body["customerId"],
        "promotionId": body["promotionId"],
        "appliedTimeInSeconds": applied_range["startTimeInSeconds"],
        "addedTimeInSeconds": now_s,
        "removedTimeInSeconds": None,
        "relationId": minted("promotion-relation-", number, length=ID_LENGTH),
        "appliedTimeRange": applied_range,
        "priority": body.get("priority"),
        "removalContext": None,
        "commitmentId": commitment,
        "entityProductInvoices": [],
        "amountLeftInCycle": definition.get("cycleMaxDiscount", definition.get("discount")),
        "totalAmountLeft": definition.get("totalMaxDiscount"),
    }
    applied = APPLIED.store(call, minted("applied-promotion-", number, length=ID_LENGTH), document)
    HOLDERS.add(call, body["customerId"], applied["id"])
    return applied


def applied_to(call: Call, customer: str) -> list[JsonObject]:
    """Every promotion that was ever applied to a customer, oldest first."""
    documents = APPLIED.documents(call)
    found = (documents.get(key) for key in HOLDERS.of(call, customer))
    return [each for each in found if each is not None]


def _end_of_limit(definition: JsonObject, start_s: int) -> int | None:
    """When the duration of a promotion is over; None without one, and for billing cycles, which only invoices count."""
    months = definition.get("promotionTimeLimit", {}).get("months", 0)
    return min(LATEST_S, months_later(start_s, months)) if months > 0 else None


def remove_customer_promotion(call: Call) -> JsonObject:
    """Ends the applied promotion that the request names, now.

    Raises:
        KeyNotFound: the customer has no such promotion, or has it no more.
    """
    document = APPLIED.documents(call).get(call.query["Id"])
    if (
        document is None
        or document["customerId"] != call.query["CustomerId"]
        or document["removedTimeInSeconds"] is not None
    ):
        message = f"the customer has no applied promotion with 'id': {printable(call.query['Id'])}"
        raise KeyNotFound(message, field="Id", rule="unknown-key")
    return remove_promotion(call, document)


def remove_promotion(call: Call, document: JsonObject, context: JsonObject | None = None) -> JsonObject:
    """Ends an applied promotion now; `context` says why, where it was not asked for by itself."""
    gone = {**document, "removedTimeInSeconds": call.now_ms // 1000, "removalContext": context}
    return APPLIED.store(call, document["id"], gone)


def active_promotions(call: Call, customer: str) -> Iterable[JsonObject]:
    """A customer's applied promotions that were not removed and have not run out, oldest first."""
    return (each for each in applied_to(call, customer) if _runs(call, each))


def _runs(call: Call, applied: Mapping[str, Any]) -> bool:
    end = applied["appliedTimeRange"]["endTimeInSeconds"]
    return applied["removedTimeInSeconds"] is None and (end is None or end * 1000 > call.now_ms)


def applied_to_api(
    call: Call, applied: JsonObject, used_in_cycle: Decimal, used_total: Decimal, shares: Sequence[JsonObject]
) -> JsonObject:
    """An applied promotion with what its definition's caps still allow, null where there is no cap.

    Args:
        call: the request that asks.
        applied: as it is stored.
        used_in_cycle: what it takes off the open invoice.
        used_total: what it takes off all invoices.
        shares: the invoices that it reduces, each as `share_to_api` tells it, oldest first.
    """
    definition = PROMOTIONS.documents(call).get(applied["promotionId"]) or {}
    total_left = _left(definition.get("totalMaxDiscount"), used_total)
    cycle_left = _left(definition.get("cycleMaxDiscount", definition.get("discount")), used_in_cycle)
    if cycle_left is not None and total_left is not None:
        cycle_left = min(cycle_left, total_left)
    return {
        **applied,
        "entityProductInvoices": list(shares),
        "amountLeftInCycle": cycle_left,
        "totalAmountLeft": total_left,
    }


def _left(cap: Decimal | int | None, used: Decimal) -> Decimal | None:
    return None if cap is None else within_doubles(max(NOTHING, added([Decimal(cap), used.copy_negate()])))


def share_to_api(invoice_uri: str, start_s: int, amount: Decimal, invoice_amount: Decimal) -> JsonObject:
    """What an applied promotion takes off an invoice.

    Args:
        invoice_uri: which one.
        start_s: since when (Unix seconds): the start of the invoice, or of the promotion where that is later (our
            reading).
        amount: what it takes off.
        invoice_amount: what the invoice is before any reduction.
    """
    return {
        "invoiceUri": invoice_uri,
        "createdTimeInSeconds": start_s,
        "amount": within_doubles(amount),
        "invoiceAmount": within_doubles(invoice_amount),
    }
