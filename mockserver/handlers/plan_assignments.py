"""Plan assignments: which plan a customer is on, and from when."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import EARLIEST_MS, LATEST_MS
from mockserver.engine.identifiers import minted
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import is_known, warn_unknown_customer

COLLECTION = "plan-assignments"


def assignment_from_api(call: Call, body: JsonObject) -> JsonObject:
    """The document to keep: who, which plan, and the start, which is the present when none is given (our reading)."""
    assignment: JsonObject = {name: body[name] for name in ("customerId", "productId") if name in body}
    return {**assignment, "startTime": body.get("startTime", call.now_ms)}


def assign_pricing_plan(call: Call) -> Reply:
    """Stores an assignment; what it leaves open or names wrongly leaves a warning."""
    assignment = assignment_from_api(call, call.body)
    if not is_known(call, assignment.get("customerId")):
        warn_unknown_customer(call, assignment.get("customerId"))
    if "productId" not in assignment:
        call.warn("productId", "absent-plan", "productId is absent: the assignment names no plan")
    if not EARLIEST_MS <= assignment["startTime"] <= LATEST_MS:
        call.warn("startTime", "unlikely-time", "startTime lies outside the years 1 to 9999")
    key = minted("assignment-", call.store.next_number("plan-assignment"), length=12)
    call.store.collection(COLLECTION).put(key, assignment)
    return Reply(assignment)


def assignments_of(call: Call, customer: str) -> list[JsonObject]:
    """A customer's assignments, oldest first."""
    documents = call.store.collection(COLLECTION).documents()
    return [document for document in documents if document.get("customerId") == customer]


BINDINGS: Mapping[str, Binding] = {"assignPricingPlan": Binding(assign_pricing_plan, Tier.RESOURCE)}
