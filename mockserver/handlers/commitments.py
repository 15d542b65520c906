"""Commitments: contracts of customers over a number of billing cycles, and what comes with them.

A contract puts its customer on a plan and gives the promotions that it names. Cards, orders and obligations are lists
that stay empty until they are computed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mockserver.domain.amounts import with_exact_amounts
from mockserver.domain.terms import CycleInterval, term_end
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import EARLIEST_MS, LATEST_MS
from mockserver.engine.identifiers import minted
from mockserver.engine.references import warn_of_strangers
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.customer_promotions import (
    ID_LENGTH,
    LATEST_S,
    active_promotions,
    apply_promotion,
    remove_promotion,
    warn_of_promotion,
)
from mockserver.handlers.plan_assignments import assign_plan
from mockserver.handlers.plans import PLANS
from mockserver.handlers.promotions import warn_of_type

SUBSCRIPTION: Final = "subscription_commitment"
"""The only form that has no promotions."""

TEMPLATES: Final[Mapping[str, str]] = {
    "createOrUpdateArrearsCommitmentWithTrueUp": "arrears_commitment_with_true_up",
    "createOrUpdateCustomCommitment": "custom_commitment",
    "createOrUpdateInstallmentsCommitment": "installments_commitment",
    "createOrUpdateSubscriptionCommitment": SUBSCRIPTION,
    "createOrUpdateUpfrontCommitmentWithTrueUp": "upfront_commitment_with_true_up",
}
"""The type of commitment that each template operation takes."""

TYPES: Final = frozenset(TEMPLATES.values()) | {
    "installments_by_usage_commitment",
    "min_cycle_price_true_up",
    "subscription_usage_commitment",
    "true_up_by_usage_commitment",
}
"""Every type that the vendor's pages name; some have no path of their own."""

AMOUNTS: Final = frozenset({"amount", "cycleSubscriptionFee"})

REFERENCES: Final = (
    Reference("customerId", "customers", "customer"),
    Reference("planId", PLANS.collection, PLANS.noun),
)

NOT_COMPUTED: Final = (
    "firstCustomerPrepaidCards",
    "firstPrepaidCardsOrders",
    "firstCustomPromotions",
    "firstOrders",
    "firstPlanOverrideGenerators",
)
"""Effects of a contract that are answered as empty lists."""


def commitment_to_api(document: JsonObject) -> JsonObject:
    """The answered contract: the stored one without the keys that it is found by."""
    return {name: value for name, value in document.items() if name not in ("id", "customerId")}


COMMITMENTS = Resource("commitments", noun="commitment", to_api=commitment_to_api)


def create_or_update_commitment(call: Call) -> Reply:
    """Stores a commitment in the generic form."""
    warn_of_type(call, TYPES, COMMITMENTS.noun)
    return _kept(call, call.body)


def create_or_update_by_template(call: Call) -> Reply:
    """Stores what the generic form would with the type of the path; the document refuses another type."""
    return _kept(call, {**call.body, "type": TEMPLATES[call.operation.operation_id]})


def _kept(call: Call, body: JsonObject) -> Reply:
    """Stores a commitment: as a change of the customer's active one of the same type and label, else as a new one."""
    active = _active_of(call, body["customerId"])
    updated = active if active and _identity(active["contractGenerator"]) == _identity(body) else None
    key = updated["id"] if updated else minted("commitment-", call.store.next_number("commitment"), length=ID_LENGTH)
    start_s = body.get("startTimeInSeconds", updated["contract"]["startTimeInSeconds"] if updated else _now_s(call))
    _warn_of(call, body, start_s, key)
    if active and not updated:
        call.warn("label", "active-commitment", "the customer has an active commitment already: this one replaces it")
    plan = _assigned(call, body, start_s)
    if active and not updated:
        _replace(call, active, key)
    promotions = _given(call, body, start_s, key)
    document = _contract(call, body, updated, {"id": key, "startTimeInSeconds": start_s})
    document = {**document, "firstCustomerPlan": plan, "firstCustomerAppliedPromotions": promotions}
    return Reply(commitment_to_api(COMMITMENTS.store(call, key, document)))


def _identity(generator: Mapping[str, Any]) -> tuple[Any, Any]:
    """What makes two commitments of a customer the same one: type and label (our reading)."""
    return generator.get("type"), generator["label"]


def _now_s(call: Call) -> int:
    return call.now_ms // 1000


def _active_of(call: Call, customer: str) -> JsonObject | None:
    """The customer's contract that runs or is going to, and was not replaced."""
    for document in COMMITMENTS.documents(call).documents():
        contract = document["contract"]
        ended = contract["endTimeInSeconds"] * 1000 <= call.now_ms
        if document["customerId"] == customer and not ended and "replacedBy" not in contract:
            return document
    return None


def _warn_of(call: Call, body: JsonObject, start_s: int, key: str) -> None:
    """Warns of all that is doubtful in a commitment, before anything is written."""
    warn_of_strangers(call, body, REFERENCES)
    if body["cycles"] <= 0:
        call.warn("cycles", "no-cycles", "cycles is not above 0: the commitment is over before it begins")
    if not EARLIEST_MS <= start_s * 1000 <= LATEST_MS:
        call.warn("startTimeInSeconds", "unlikely-time", "startTimeInSeconds lies outside the years 1 to 9999")
    given = {each["promotionId"] for each in _promotions_of(call, body["customerId"], key)}
    for promotion in _named_promotions(body):
        if promotion not in given:
            warn_of_promotion(call, body["customerId"], promotion, "promotions")


def _named_promotions(body: JsonObject) -> list[str]:
    """The promotions that come with a commitment, each once."""
    return [] if body.get("type") == SUBSCRIPTION else list(dict.fromkeys(body.get("promotions", ())))


def _promotions_of(call: Call, customer: str, key: str) -> list[JsonObject]:
    """The active promotions that came with a commitment."""
    return [each for each in active_promotions(call, customer) if each["commitmentId"] == key]


def _assigned(call: Call, body: JsonObject, start_s: int) -> JsonObject:
    """The assignment of the contract's plan; what it could warn of has been warned of under the contract's names."""
    asked = {"customerId": body["customerId"], "productPlanId": body["planId"], "startTimeInSeconds": start_s}
    return assign_plan(replace(call, warnings=[]), asked)


def _given(call: Call, body: JsonObject, start_s: int, key: str) -> list[JsonObject]:
    """The promotions of the contract: those that it has still, and the new ones; what it names no more is removed."""
    named = _named_promotions(body)
    held = {each["promotionId"]: each for each in _promotions_of(call, body["customerId"], key)}
    for promotion, applied in held.items():
        if promotion not in named:
            remove_promotion(call, applied, {"commitmentId": key})
    fresh = {"customerId": body["customerId"], "appliedTimeRange": {"startTimeInSeconds": start_s}}
    return [
        held.get(promotion) or apply_promotion(call, {**fresh, "promotionId": promotion}, commitment=key)
        for promotion in named
    ]


def _replace(call: Call, active: JsonObject, successor: str) -> None:
    """Ends a contract, and the promotions that came with it, in favour of another one."""
    for applied in _promotions_of(call, active["customerId"], active["id"]):
        remove_promotion(call, applied, {"commitmentId": active["id"]})
    ended = {**active["contract"], "replacedBy": successor}
    history = {**active["commitmentStateHistory"], str(_now_s(call)): {"state": "replaced"}}
    COMMITMENTS.store(call, active["id"], {**active, "contract": ended, "commitmentStateHistory": history})


def _contract(call: Call, body: JsonObject, updated: JsonObject | None, known: JsonObject) -> JsonObject:
    """The document without its plan and promotions; the members of `contract` and the history are our reading."""
    now_s = _now_s(call)
    agreed = {name: body[name] for name in ("type", "customerId", "planId", "label", "cycles") if name in body}
    end_s = _end_of(call, body, known["startTimeInSeconds"])
    return {
        "customerId": body["customerId"],
        "contractGenerator": with_exact_amounts(body, AMOUNTS),
        "contract": {**known, **agreed, "endTimeInSeconds": end_s, "obligations": []},
        **{name: [] for name in NOT_COMPUTED},
        "creationTimeInSeconds": updated["creationTimeInSeconds"] if updated else now_s,
        "commitmentStateHistory": updated["commitmentStateHistory"] if updated else {str(now_s): {"state": "active"}},
    }


def _end_of(call: Call, body: JsonObject, start_s: int) -> int:
    """When the last cycle ends: by the plan's billing period, by months when the plan does not tell (our reading)."""
    plan = PLANS.documents(call).get(body["planId"]) or {}
    period = plan.get("billingPeriod") or {}
    interval = CycleInterval(period.get("interval", CycleInterval.MONTH))
    end_s = term_end(start_s, body["cycles"], interval, period.get("intervalsCount", 1))
    return max(-LATEST_S, min(LATEST_S, end_s))


BINDINGS: Mapping[str, Binding] = {
    "listCommitments": COMMITMENTS.list("customerId"),
    "createOrUpdateCommitment": Binding(create_or_update_commitment),
    **{operation_id: Binding(create_or_update_by_template) for operation_id in TEMPLATES},
}
