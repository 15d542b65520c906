"""The default plan: what a customer is on that never was given a plan, from the day on which it is first heard of.

Source: the vendor's guides to pricing plans name the first event, and the creation of the customer where there is a
plan by then. That the day is the one of the account's clock in both cases, and that a customer whose plans are over
gets none again, is our reading.
"""

from collections.abc import Sequence

from mockserver.domain.windows import DAY_S
from mockserver.engine.call import Call
from mockserver.handlers.customers_stages import CUSTOMERS
from mockserver.handlers.plan_assignments import assign_plan
from mockserver.handlers.plan_holders import never_planned
from mockserver.handlers.product_items import DEFAULT_PRODUCT

COLLECTION = "default-plans"
"""By product: its default plan, where it has one."""

SLICE = 10_000
"""Events whose customers are looked at in one go: a large batch lets other threads run in between."""


def note_default(call: Call, product: str, plan_id: str | None) -> None:
    """Remembers which plan is the default of a product, or that none is."""
    if plan_id is None:
        call.store.collection(COLLECTION).delete(product)
    else:
        call.store.collection(COLLECTION).put(product, {"productId": product, "productPlanId": plan_id})


def has_default_plan(call: Call) -> bool:
    """Whether customers without a plan get one."""
    return DEFAULT_PRODUCT in call.store.collection(COLLECTION)


def give_default_plan(call: Call, customers: Sequence[str | None]) -> None:
    """Puts customers that exist and never were given a plan on the default one, from the start of the UTC day on.

    Nothing here refuses, so that it may follow what was stored.

    Args:
        call: the request that brought them.
        customers: who may be concerned, in any number and order, None and strangers included.
    """
    waiting: set[str] = set()
    for start in range(0, len(customers), SLICE):
        waiting |= never_planned(call, set(customers[start : start + SLICE]))
    default = call.store.collection(COLLECTION).get(DEFAULT_PRODUCT) if waiting else None
    if default is None:
        return
    known = call.store.collection(CUSTOMERS)
    today_s = call.now_ms // 1000 // DAY_S * DAY_S
    plan = {"productPlanId": default["productPlanId"], "startTimeInSeconds": today_s}
    # Sorted, so that the same requests give the same ids.
    for customer in sorted(each for each in waiting if each in known):
        assign_plan(call, {"customerId": customer, **plan})
