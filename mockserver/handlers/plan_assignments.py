"""Plan assignments: which plan a customer is on, from when, until when. Both dialects write the same documents.

A document has the published names: `productId` is the plan, and times are in milliseconds. The product that the live
form speaks of is kept as `product`.
"""

from collections.abc import Mapping

from mockserver.domain.plan_terms import SHORTEST_TERM_S, Term, effective_ends
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.clock import EARLIEST_MS, LATEST_MS
from mockserver.engine.errors import InvalidInput, KeyNotFound
from mockserver.engine.identifiers import minted
from mockserver.engine.printing import printable
from mockserver.engine.references import Reference, warn_of_strangers
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.due import touch
from mockserver.handlers.customers_known import is_known, warn_unknown_customer
from mockserver.handlers.plan_holders import HOLDERS, enter, leave
from mockserver.handlers.product_items import DEFAULT_PRODUCT

COLLECTION = "plan-assignments"
NOUN = "plan assignment"
PLAN = Reference("productPlanId", "product-plans", "product plan")
PUBLISHED = ("customerId", "productId", "startTime")


def assignments_of(call: Call, customer: str, product: str | None = None) -> list[JsonObject]:
    """A customer's assignments in the order in which they were given; of one product when it is given.

    Returns:
        Documents with `customerId`, `productId` (the plan; absent when none was named), `startTime`, `endTime`
        (excluded; absent while open; equal to the start where another plan took the place whole), `relationId`,
        `createTime` and `product`. Times are in Unix milliseconds.
    """
    kept = call.store.collection(COLLECTION)
    documents = [document for key in HOLDERS.of(call, customer) if (document := kept.get(key)) is not None]
    return _of_product(_with_ends(documents), product)


def plans_of(call: Call, customer: str, product: str | None = None) -> list[JsonObject]:
    """A customer's assignments in the live form, in order of time; of one product when it is given."""
    ordered = sorted(assignments_of(call, customer, product), key=lambda each: each["startTime"])
    return [assignment_to_api(each) for each in ordered]


def assignment_to_api(document: JsonObject) -> JsonObject:
    """The live form of an assignment that `assignments_of` gave."""
    plan = {"productPlanId": document["productId"]} if "productId" in document else {}
    end = {"endTimeInSeconds": document["endTime"] // 1000} if "endTime" in document else {}
    return {
        "customerId": document["customerId"],
        "productId": document["product"],
        **plan,
        "startTimeInSeconds": document["startTime"] // 1000,
        **end,
        "relationId": document["relationId"],
        "createdTimeInSeconds": document["createTime"] // 1000,
    }


def assign_pricing_plan(call: Call) -> Reply:
    """Stores an assignment of the published form; what it leaves open or names wrongly leaves a warning."""
    given = {name: call.body[name] for name in ("customerId", "productId") if name in call.body}
    assignment = {**given, "startTime": call.body.get("startTime", call.now_ms), "product": DEFAULT_PRODUCT}
    _warn_of_customer(call, assignment.get("customerId"))
    if "productId" not in assignment:
        call.warn("productId", "absent-plan", "productId is absent: the assignment names no plan")
    _warn_of_time(call, "startTime", assignment["startTime"])
    stored = keep_assignment(call, assignment)
    return Reply({name: stored[name] for name in PUBLISHED if name in stored})


def assign_product_plan(call: Call) -> Reply:
    """Stores an assignment of the live form."""
    return Reply(assign_plan(call, call.body))


def assign_plan(call: Call, body: JsonObject) -> JsonObject:
    """Puts a customer on a plan, or changes when the plan that was given last ends.

    Args:
        call: the request that asks for it, whatever its operation.
        body: `customerId`, `productPlanId`, `productId`, `startTimeInSeconds`, `endTimeInSeconds`, as the live form has
            them; the last three may be absent.

    Returns:
        The live form of the assignment.

    Raises:
        InvalidInput: it would end before its start, or last less than a day.
        StrictRefusal: the account is strict, and a reference names nothing or a time is unlikely.
    """
    repeated = _repeated(call, body)
    assignment = assignment_from_api(call, body, repeated)
    _require_a_day(assignment)
    _warn_of_customer(call, body["customerId"])
    warn_of_strangers(call, body, [PLAN])
    for field, name in (("startTimeInSeconds", "startTime"), ("endTimeInSeconds", "endTime")):
        if name in assignment:
            _warn_of_time(call, field, assignment[name])
    return assignment_to_api(keep_assignment(call, assignment, repeated))


def _require_a_day(assignment: JsonObject) -> None:
    """Does nothing with an assignment that is open, or lasts for a day at least."""
    if "endTime" not in assignment:
        return
    lasts_s = assignment["endTime"] // 1000 - assignment["startTime"] // 1000
    if lasts_s < 0:
        message = "Invalid request: the plan would end at 'endTimeInSeconds', before its start"
        raise InvalidInput(message, field="endTimeInSeconds", rule="reversed-range")
    if lasts_s < SHORTEST_TERM_S:
        message = "'endTimeInSeconds' must come at least 1 day after the start of the plan"
        raise InvalidInput(message, field="endTimeInSeconds", rule="short-term")


def assignment_from_api(call: Call, body: JsonObject, repeated: JsonObject) -> JsonObject:
    """The document that a live body asks for, without what is the server's.

    Args:
        call: the request.
        body: the live form.
        repeated: the assignment that it repeats, whose start it has, or nothing.
    """
    given_ms = body["startTimeInSeconds"] * 1000 if "startTimeInSeconds" in body else call.now_ms
    end = {"endTime": body["endTimeInSeconds"] * 1000} if "endTimeInSeconds" in body else {}
    return {
        "customerId": body["customerId"],
        "productId": body["productPlanId"],
        "product": body.get("productId", DEFAULT_PRODUCT),
        "startTime": repeated.get("startTime", given_ms),
        **end,
    }


def _repeated(call: Call, body: JsonObject) -> JsonObject:
    """The last assignment of the customer and product when the body gives its plan from its start, else nothing.

    A body with an end alone means the plan that runs: that is how a client of the vendor ends one.
    """
    made = assignments_of(call, body["customerId"], body.get("productId", DEFAULT_PRODUCT))
    latest = made[-1] if made else {}
    if latest.get("productId") != body["productPlanId"]:
        return {}
    if "startTimeInSeconds" in body:
        return latest if body["startTimeInSeconds"] == latest["startTime"] // 1000 else {}
    runs = latest.get("endTime", call.now_ms + 1) > call.now_ms
    return latest if runs and "endTimeInSeconds" in body else {}


def keep_assignment(
    call: Call, assignment: JsonObject, repeated: JsonObject | None = None, behind: str = ""
) -> JsonObject:
    """Stores an assignment and tells the event log.

    Args:
        call: the request.
        assignment: `customerId`, `productId` (the plan), `product`, `startTime` and `endTime`, as `assignments_of` has
            them; the first two and the end may be absent.
        repeated: the assignment whose place and key it takes, or none.
        behind: the relation id of the customer's assignment behind which a new one is taken for given; empty for the
            last one.

    Returns:
        The stored document.
    """
    key, made_ms = (repeated["relationId"], repeated["createTime"]) if repeated else (_unused_key(call), call.now_ms)
    stored = {**assignment, "relationId": key, "createTime": made_ms}
    call.store.collection(COLLECTION).put(key, stored)
    if not repeated:
        enter(call, stored, behind)
    if "customerId" in stored:
        touch(call, stored["customerId"], stored["product"])
    record(call, NOUN, key, "updated" if repeated else "created", stored)
    return stored


def _unused_key(call: Call) -> str:
    return minted("assignment-", call.store.next_number("plan-assignment"), length=12)


def own_end(call: Call, assignment: JsonObject) -> int | None:
    """When an assignment was to end, whatever others came after it (Unix milliseconds); None when it was left open."""
    end: int | None = (call.store.collection(COLLECTION).get(assignment["relationId"]) or {}).get("endTime")
    return end


def get_latest(call: Call) -> Reply:
    """The plan that a customer was given last, future or not; null when there is none."""
    made = _asked_for(call)
    return Reply(assignment_to_api(made[-1]) if made else None)


def delete_future(call: Call) -> Reply:
    """Takes back the plan that a customer was given last. The one before has its own end again.

    Raises:
        KeyNotFound: the customer has no plan.
        InvalidInput: the plan has begun.
    """
    made = _asked_for(call)
    if not made:
        raise _unknown(call)
    if made[-1]["startTime"] <= call.now_ms:
        message = f"the {NOUN} has begun: only one that starts in the future can be deleted"
        raise InvalidInput(message, field="CustomerId", rule="locked")
    answer = assignment_to_api(made[-1])
    call.store.collection(COLLECTION).delete(answer["relationId"])
    leave(call, made[-1])
    touch(call, answer["customerId"], answer["productId"])
    record(call, NOUN, answer["relationId"], "deleted", answer)
    return Reply(answer)


def list_plans(call: Call) -> Reply:
    """Every plan that a customer was given, in order of time."""
    _asked_for(call)
    return Reply(plans_of(call, call.query["CustomerId"]))


def _with_ends(documents: list[JsonObject]) -> list[JsonObject]:
    """One customer's documents, each with the end that it has in the face of the others of its product."""
    ends: dict[str, int | None] = {}
    for product in {each["product"] for each in documents}:
        rivals = _of_product(documents, product)
        terms = [Term(each["startTime"], each.get("endTime")) for each in rivals]
        ends.update(zip((each["relationId"] for each in rivals), effective_ends(terms), strict=True))
    return [each if (end := ends[each["relationId"]]) is None else {**each, "endTime": end} for each in documents]


def _of_product(documents: list[JsonObject], product: str | None) -> list[JsonObject]:
    return [each for each in documents if product is None or each["product"] == product]


def _asked_for(call: Call) -> list[JsonObject]:
    """The assignments of the customer in the query, of the product in the query where it names one.

    Raises:
        KeyNotFound: there is no such customer, and nothing was ever assigned to one.
    """
    customer = call.query["CustomerId"]
    if not is_known(call, customer) and not HOLDERS.of(call, customer):
        raise _unknown(call)
    return assignments_of(call, customer, call.query.get("ProductId"))


def _unknown(call: Call) -> KeyNotFound:
    message = f"no {NOUN} of a customer with 'customerId': {printable(call.query['CustomerId'])}"
    return KeyNotFound(message, field="CustomerId", rule="unknown-key")


def _warn_of_customer(call: Call, customer: str | None) -> None:
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)


def _warn_of_time(call: Call, field: str, time_ms: int) -> None:
    if not EARLIEST_MS <= time_ms <= LATEST_MS:
        call.warn(field, "unlikely-time", f"{field} lies outside the years 1 to 9999")


BINDINGS: Mapping[str, Binding] = {
    "assignPricingPlan": Binding(assign_pricing_plan, Tier.RESOURCE),
    "assignCustomerProductPlan": Binding(assign_product_plan),
    "getLatestCustomerPlan": Binding(get_latest, Tier.RESOURCE),
    "deleteFutureCustomerPlan": Binding(delete_future),
    "listCustomerPlans": Binding(list_plans, Tier.RESOURCE),
}
