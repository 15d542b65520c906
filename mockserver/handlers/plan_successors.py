"""Successors: where the customers of a deprecated plan go at the end of their period."""

from mockserver.domain.plan_terms import Standing, Term, heir_of, overlaps
from mockserver.engine.call import Call
from mockserver.engine.locking import DEPRECATED, FIELD
from mockserver.engine.store import JsonObject
from mockserver.handlers.plan_assignments import assignment_to_api, assignments_of, keep_assignment, own_end
from mockserver.handlers.plans import plan_of


def successor_of(call: Call, plan_id: str) -> str | None:
    """The plan that customers of a plan move to: of its successors in line the first one that is not deprecated.

    Returns:
        Its id; None while the plan is not deprecated itself, and where the line ends, or turns in a circle, without
        such a plan.
    """

    def standing_of(plan_id: str) -> Standing | None:
        plan = plan_of(call, plan_id)
        return None if plan is None else Standing(plan[FIELD] == DEPRECATED, plan.get("successorPlanId") or None)

    return heir_of(plan_id, standing_of)


def move_to_successor(call: Call, customer: str, product: str, plan_id: str, at_ms: int) -> JsonObject | None:
    """Puts a customer on a successor for the rest of the term that it holds.

    The successor's term ends when the one that it takes over from was to end: a plan that the customer was given for
    later still comes (our reading).

    Args:
        call: the request, at the time of the move.
        customer: whose plan it is.
        product: the product of the plans.
        plan_id: the plan that it moves to.
        at_ms: from when on, in Unix milliseconds.

    Returns:
        The live form of the new assignment; None when the customer holds no plan of the product at that time, or the
        successor already.
    """
    held = next((each for each in assignments_of(call, customer, product) if _holds(each, at_ms)), None)
    if held is None or held.get("productId") == plan_id:
        return None
    end = own_end(call, held)
    taken_over = {
        "customerId": customer,
        "productId": plan_id,
        "product": product,
        "startTime": at_ms,
        **({} if end is None else {"endTime": end}),
    }
    return assignment_to_api(keep_assignment(call, taken_over, behind=held["relationId"]))


def _holds(assignment: JsonObject, at_ms: int) -> bool:
    return overlaps(Term(assignment["startTime"], assignment.get("endTime")), at_ms, at_ms + 1)
