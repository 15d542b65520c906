"""Who holds plans: each customer's assignments in the order in which they were given, and who ever was given one.

Reading one customer's plans must not look at everybody's, and ingestion asks of every event's customer whether it has a
plan: both are kept beside the assignments.
"""

from collections.abc import Iterable

from mockserver.engine.call import Call
from mockserver.engine.holdings import Holdings
from mockserver.engine.store import JsonObject
from mockserver.handlers.product_items import DEFAULT_PRODUCT

HOLDERS = Holdings("plan-holders")
"""The relation ids of each customer's assignments, in order."""

PLANNED = "planned-customers"
"""By customer: how many assignments of the default product it has; who has none is not there."""


def never_planned(call: Call, customers: Iterable[str | None]) -> set[str]:
    """Those of some customers that were never given a plan of the default product."""
    planned = call.store.collection(PLANNED)
    return {customer for customer in customers if customer is not None and customer not in planned}


def enter(call: Call, assignment: JsonObject, behind: str = "") -> None:
    """Notes an assignment that was made; one that names no customer is nobody's.

    Args:
        call: the request that made it.
        assignment: as it is stored.
        behind: the relation id behind which it takes its place; empty for the last place.
    """
    customer = assignment.get("customerId")
    if customer is None:
        return
    HOLDERS.add(call, customer, assignment["relationId"], behind)
    _count(call, assignment, 1)


def leave(call: Call, assignment: JsonObject) -> None:
    """Forgets an assignment that was taken back, as if it had never been made."""
    HOLDERS.remove(call, assignment["customerId"], assignment["relationId"])
    _count(call, assignment, -1)


def _count(call: Call, assignment: JsonObject, change: int) -> None:
    if assignment["product"] != DEFAULT_PRODUCT:
        return
    planned, customer = call.store.collection(PLANNED), assignment["customerId"]
    count = (planned.get(customer) or {"assignments": 0})["assignments"] + change
    if count:
        planned.put(customer, {"customerId": customer, "assignments": count})
    else:
        planned.delete(customer)
