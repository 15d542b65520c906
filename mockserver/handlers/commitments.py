"""Commitments: contracts of customers over a number of billing cycles, and what comes with them.

A contract puts its customer on a plan, gives the promotions that it names, and grants credit as prepaid orders of its
own. What it makes due is billed by the customer's invoices.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mockserver.domain.amounts import with_exact_amounts
from mockserver.domain.obligations import agreed_obligations
from mockserver.domain.terms import CycleInterval, term_end
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import EARLIEST_MS, LATEST_MS
from mockserver.engine.errors import InvalidInput
from mockserver.engine.identifiers import minted
from mockserver.engine.references import warn_of_strangers
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.commitment_credit import grant_credit
from mockserver.handlers.contracts import (
    COLLECTION,
    FORMS,
    HOLDERS,
    PERIOD,
    check_amounts,
    commitments_of,
    contract_from_api,
    obligation_to_api,
)
from mockserver.handlers.currencies import credit_worth
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
from mockserver.handlers.prepaid_draws import card_of
from mockserver.handlers.prepaid_orders import order_to_api
from mockserver.handlers.prepaid_wallet import card_to_api
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

TYPES: Final = frozenset(FORMS) | {
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

CARDS, CARD_ORDERS = "firstCustomerPrepaidCards", "firstPrepaidCardsOrders"
NOT_COMPUTED: Final = ("firstCustomPromotions", "firstOrders", "firstPlanOverrideGenerators")
"""Effects of a contract that are answered as empty lists."""

COMMITMENTS = Resource(COLLECTION, noun="commitment")


def commitment_to_api(call: Call, document: JsonObject) -> JsonObject:
    """The answered contract at the present: the stored one without the keys that it is found by, and its states."""
    kept = {name: value for name, value in document.items() if name not in ("id", "customerId")}
    return {**kept, "commitmentStateHistory": _states_of(call, document)}


def _states_of(call: Call, document: JsonObject) -> JsonObject:
    """The states that a contract has been in by the time of their beginning (our reading)."""
    created_s, contract = document["creationTimeInSeconds"], document["contract"]
    start_s, end_s = contract["startTimeInSeconds"], contract["endTimeInSeconds"]
    begun_s = max(created_s, start_s)
    states = {created_s: "pending", begun_s: "active", max(end_s, begun_s): "completed"}
    return {str(at_s): {"state": state} for at_s, state in states.items() if at_s <= _now_s(call)}


def list_commitments(call: Call) -> Reply:
    """Every contract of the account, or of the query's customer, oldest first."""
    customer = call.query.get("customerId")
    found = COMMITMENTS.documents(call).documents() if customer is None else commitments_of(call, customer)
    return Reply([commitment_to_api(call, document) for document in found])


def create_or_update_commitment(call: Call) -> Reply:
    """Stores a commitment in the generic form."""
    warn_of_type(call, TYPES, COMMITMENTS.noun)
    return _kept(call, call.body)


def create_or_update_by_template(call: Call) -> Reply:
    """Stores what the generic form would with the type of the path; the document refuses another type."""
    return _kept(call, {**call.body, "type": TEMPLATES[call.operation.operation_id]})


def _kept(call: Call, written: JsonObject) -> Reply:
    """Stores a commitment: as a change of the one of the customer that it repeats, else as a new one.

    Raises:
        InvalidInput: it would end before its start, an amount is below 0, or another contract runs at the same time.
        StrictRefusal: the account is strict, and there was something to warn of.
    """
    body = with_exact_amounts(written, AMOUNTS)
    before = _repeated(call, body)
    start_s = body.get("startTimeInSeconds", before["contract"]["startTimeInSeconds"] if before else _now_s(call))
    key = before["id"] if before else minted("commitment-", call.store.next_number("commitment"), length=ID_LENGTH)
    contract = {"id": key, **_agreed(call, body, start_s)}
    _check(call, body, contract)
    document = {
        "id": key,
        "customerId": body["customerId"],
        "contractGenerator": body,
        "contract": contract,
        "creationTimeInSeconds": before["creationTimeInSeconds"] if before else _now_s(call),
    }
    return Reply(commitment_to_api(call, _with_effects(call, document, before)))


def _repeated(call: Call, body: JsonObject) -> JsonObject | None:
    """The commitment that a body changes: of the same customer, type and label, not over, and of the same time.

    That type and label make two commitments the same one is our reading. One that starts when the other is over is
    another one.
    """
    same = [
        each
        for each in commitments_of(call, body["customerId"])
        if _identity(each["contractGenerator"]) == _identity(body)
        and each["contract"]["endTimeInSeconds"] > _now_s(call)
    ]
    if "startTimeInSeconds" not in body:
        return min(same, key=lambda each: int(each["contract"]["startTimeInSeconds"]), default=None)
    asked = _agreed(call, body, body["startTimeInSeconds"])
    return next((each for each in same if _is_at_the_time_of(each["contract"], asked)), None)


def _identity(generator: Mapping[str, Any]) -> tuple[Any, Any]:
    return generator.get("type"), generator["label"]


def _is_at_the_time_of(one: JsonObject, other: JsonObject) -> bool:
    return one["startTimeInSeconds"] == other["startTimeInSeconds"] or _overlap(one, other)


def _overlap(one: JsonObject, other: JsonObject) -> bool:
    """Whether two contracts have a second in common."""
    first = max(one["startTimeInSeconds"], other["startTimeInSeconds"])
    return bool(first < min(one["endTimeInSeconds"], other["endTimeInSeconds"]))


def _now_s(call: Call) -> int:
    return call.now_ms // 1000


def _agreed(call: Call, body: JsonObject, start_s: int) -> JsonObject:
    """What a contract fixes besides its amounts. The members are our reading.

    A cycle is a billing period of the plan, or a month when the plan does not tell (our reading).
    """
    period = (PLANS.documents(call).get(body["planId"]) or {}).get(PERIOD) or {}
    interval = CycleInterval(period.get("interval", CycleInterval.MONTH))
    length = period.get("intervalsCount", 1)
    end_s = term_end(start_s, body["cycles"], interval, length)
    return {
        **{name: body[name] for name in ("type", "customerId", "planId", "label", "cycles") if name in body},
        PERIOD: {"interval": interval.value, "intervalsCount": length},
        "startTimeInSeconds": start_s,
        "endTimeInSeconds": max(-LATEST_S, min(LATEST_S, end_s)),
    }


def _check(call: Call, body: JsonObject, contract: JsonObject) -> None:
    """Refuses what cannot be, then warns of what is doubtful, before anything is written."""
    if body["cycles"] < 0:
        message = "Invalid request: cycles is below 0: the commitment would end before its start"
        raise InvalidInput(message, field="cycles", rule="reversed-range")
    for other in commitments_of(call, body["customerId"]):
        if other["id"] != contract["id"] and _overlap(other["contract"], contract):
            message = "Invalid request: the customer has another commitment at that time; a customer has one at a time"
            raise InvalidInput(message, field="startTimeInSeconds", rule="overlapping-commitment")
    check_amounts(call, body)
    warn_of_strangers(call, body, REFERENCES)
    if body["cycles"] == 0:
        call.warn("cycles", "no-cycles", "cycles is 0: the commitment is over when it begins")
    if not EARLIEST_MS <= contract["startTimeInSeconds"] * 1000 <= LATEST_MS:
        call.warn("startTimeInSeconds", "unlikely-time", "startTimeInSeconds lies outside the years 1 to 9999")
    given = {each["promotionId"] for each in _promotions_of(call, body["customerId"], contract["id"])}
    for promotion in _named_promotions(body):
        if promotion not in given:
            warn_of_promotion(call, body["customerId"], promotion, "promotions")


def _named_promotions(body: JsonObject) -> list[str]:
    """The promotions that come with a commitment, each once."""
    return [] if body.get("type") == SUBSCRIPTION else list(dict.fromkeys(body.get("promotions", ())))


def _promotions_of(call: Call, customer: str, key: str) -> list[JsonObject]:
    """The active promotions that came with a commitment."""
    return [each for each in active_promotions(call, customer) if each["commitmentId"] == key]


def _with_effects(call: Call, document: JsonObject, before: JsonObject | None) -> JsonObject:
    """Stores a commitment with what it makes due, and brings about its plan, promotions and credit."""
    obligations = agreed_obligations(contract_from_api(document))
    contract = {**document["contract"], "obligations": [obligation_to_api(each) for each in obligations]}
    orders = grant_credit(_quiet(call), document, before[CARD_ORDERS] if before else ())
    if before is None:
        HOLDERS.add(call, document["customerId"], document["id"])
    effects = {
        "firstCustomerPlan": _assigned(call, contract),
        "firstCustomerAppliedPromotions": _given(call, document),
        CARD_ORDERS: [order_to_api(call, order) for order in orders],
        CARDS: [card_to_api(card_of(call, order, 1), {}, credit_worth(call)) for order in orders],
        **{name: [] for name in NOT_COMPUTED},
    }
    return COMMITMENTS.store(call, document["id"], {**document, "contract": contract, **effects})


def _quiet(call: Call) -> Call:
    """The call for what a commitment brings about: what it could warn of was warned of under the contract's names."""
    return replace(call, warnings=[], policy=replace(call.policy, strict=False))


def _assigned(call: Call, contract: JsonObject) -> JsonObject:
    """The assignment of the contract's plan."""
    asked = {
        "customerId": contract["customerId"],
        "productPlanId": contract["planId"],
        "startTimeInSeconds": contract["startTimeInSeconds"],
    }
    return assign_plan(_quiet(call), asked)


def _given(call: Call, document: JsonObject) -> list[JsonObject]:
    """The promotions of the contract: those that it has still, and the new ones; what it names no more is removed."""
    key, customer, named = document["id"], document["customerId"], _named_promotions(document["contractGenerator"])
    held = {each["promotionId"]: each for each in _promotions_of(call, customer, key)}
    for promotion, applied in held.items():
        if promotion not in named:
            remove_promotion(call, applied, {"commitmentId": key})
    start_s = document["contract"]["startTimeInSeconds"]
    fresh = {"customerId": customer, "appliedTimeRange": {"startTimeInSeconds": start_s}}
    return [
        held.get(promotion) or apply_promotion(call, {**fresh, "promotionId": promotion}, commitment=key)
        for promotion in named
    ]


BINDINGS: Mapping[str, Binding] = {
    "listCommitments": Binding(list_commitments, Tier.RESOURCE),
    "createOrUpdateCommitment": Binding(create_or_update_commitment),
    **{operation_id: Binding(create_or_update_by_template) for operation_id in TEMPLATES},
}
