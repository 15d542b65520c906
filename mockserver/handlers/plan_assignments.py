"""Plan assignments: which plan a customer is on, from when, until when. Both dialects write the same documents.

A document has the published names: `productId` is the plan, and times are in milliseconds. The product that the live
form speaks of is kept as `product`.
"""

from collections.abc import Mapping

from mockserver.domain.plan_terms import SHORTEST_TERM_S, Term, effective_ends, overlaps
from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.clock import EARLIEST_MS, LATEST_MS
from mockserver.engine.errors import InvalidInput, KeyNotFound
from mockserver.engine.identifiers import minted
from mockserver.engine.page_info import numbered_page
from mockserver.engine.paging import Selection
from mockserver.engine.printing import printable
from mockserver.engine.references import Reference, warn_of_strangers
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import is_known, warn_unknown_customer
from mockserver.handlers.product_items import DEFAULT_PRODUCT

COLLECTION = "plan-assignments"
NOUN = "plan assignment"
PLAN = Reference("productPlanId", "product-plans", "product plan")
PUBLISHED = ("customerId", "productId", "startTime")
ALL_TIME_MS = (-(10**22), 10**22)
"""Between them lies every time that is a 64-bit number of seconds."""


def assignments_of(call: Call, customer: str) -> list[JsonObject]:
    """A customer's assignments in the order in which they were made.

    Returns:
        Documents with `customerId`, `productId` (the plan; absent when none was named), `startTime`, `endTime`
        (excluded; absent while open; equal to the start where another plan took the place whole), `relationId`,
        `createTime` and `product`. Times are in Unix milliseconds.
    """
    of_customer = Selection(among={"customerId": frozenset({customer})})
    return _with_ends(call.store.collection(COLLECTION).page(of_customer).documents)


def plans_of(call: Call, customer: str, product: str | None = None) -> list[JsonObject]:
    """A customer's assignments in the live form, in order of time; of one product when it is given."""
    ordered = sorted(_of_product(assignments_of(call, customer), product), key=lambda each: each["startTime"])
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
    stored = _keep(call, assignment, {})
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
        InvalidInput: it would last less than a day.
        StrictRefusal: the account is strict, and a reference names nothing or a time is unlikely.
    """
    repeated = _repeated(call, body)
    assignment = assignment_from_api(call, body, repeated)
    if "endTime" in assignment and assignment["endTime"] // 1000 - assignment["startTime"] // 1000 < SHORTEST_TERM_S:
        message = "'endTimeInSeconds' must come at least 1 day after the start of the plan"
        raise InvalidInput(message, field="endTimeInSeconds", rule="short-term")
    _warn_of_customer(call, body["customerId"])
    warn_of_strangers(call, body, [PLAN])
    for field, name in (("startTimeInSeconds", "startTime"), ("endTimeInSeconds", "endTime")):
        if name in assignment:
            _warn_of_time(call, field, assignment[name])
    return assignment_to_api(_keep(call, assignment, repeated))


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
    """The customer's last assignment when the body gives the same plan from the same start, else an empty object.

    A body with an end alone means the plan that runs: that is how a client of the vendor ends one.
    """
    made = assignments_of(call, body["customerId"])
    latest = made[-1] if made else {}
    same = (latest.get("productId"), latest.get("product")) == (
        body["productPlanId"],
        body.get("productId", DEFAULT_PRODUCT),
    )
    if not same:
        return {}
    if "startTimeInSeconds" in body:
        return latest if body["startTimeInSeconds"] == latest["startTime"] // 1000 else {}
    runs = latest.get("endTime", call.now_ms + 1) > call.now_ms
    return latest if runs and "endTimeInSeconds" in body else {}


def _keep(call: Call, assignment: JsonObject, repeated: JsonObject) -> JsonObject:
    """Stores an assignment, under the key of the one that it repeats, and tells the event log."""
    verb = "updated" if repeated else "created"
    key = repeated.get("relationId") or minted("assignment-", call.store.next_number("plan-assignment"), length=12)
    stored = {**assignment, "relationId": key, "createTime": repeated.get("createTime", call.now_ms)}
    call.store.collection(COLLECTION).put(key, stored)
    record(call, NOUN, key, verb, stored)
    return stored


def get_latest(call: Call) -> Reply:
    """The plan that a customer was given last, future or not; null when there is none."""
    made = _of_product(_asked_for(call), call.query.get("ProductId"))
    return Reply(assignment_to_api(made[-1]) if made else None)


def delete_future(call: Call) -> Reply:
    """Takes back the plan that a customer was given last. The one before has its own end again.

    Raises:
        KeyNotFound: the customer has no plan.
        InvalidInput: the plan has begun.
    """
    made = _of_product(_asked_for(call), call.query.get("ProductId"))
    if not made:
        raise _unknown(call)
    if made[-1]["startTime"] <= call.now_ms:
        message = f"the {NOUN} has begun: only one that starts in the future can be deleted"
        raise InvalidInput(message, field="CustomerId", rule="locked")
    answer = assignment_to_api(made[-1])
    call.store.collection(COLLECTION).delete(answer["relationId"])
    record(call, NOUN, answer["relationId"], "deleted", answer)
    return Reply(answer)


def list_plans(call: Call) -> Reply:
    """Every plan that a customer was given, in order of time."""
    _asked_for(call)
    return Reply(plans_of(call, call.query["CustomerId"]))


def query_plans(call: Call) -> Reply:
    """A page of the assignments of some plans and customers that hold at some time of a range.

    Raises:
        InvalidInput: the range ends before it starts.
    """
    asked = call.body
    start_ms, end_ms = _range_ms(call, asked.get("timeRange"))
    found = [
        assignment_to_api(each)
        for each in _all_assignments(call)
        if overlaps(Term(each["startTime"], each.get("endTime")), start_ms, end_ms)
        and _is_among(each.get("productId"), asked.get("productPlanIds"))
        and _is_among(each["customerId"], asked.get("customerIds"))
    ]
    data, info = numbered_page(found, asked.get("page", {}))
    return Reply({"pageInfo": info, "data": data})


def _with_ends(documents: list[JsonObject]) -> list[JsonObject]:
    """One customer's documents, each with the end that it has in the face of the others."""
    ends = effective_ends([Term(each["startTime"], each.get("endTime")) for each in documents])
    return [each if end is None else {**each, "endTime": end} for each, end in zip(documents, ends, strict=True)]


def _of_product(documents: list[JsonObject], product: str | None) -> list[JsonObject]:
    return [each for each in documents if product is None or each["product"] == product]


def _all_assignments(call: Call) -> list[JsonObject]:
    """Every assignment that names a customer, in the order in which they were made."""
    documents = [each for each in call.store.collection(COLLECTION).documents() if "customerId" in each]
    by_customer: dict[str, list[JsonObject]] = {}
    for each in documents:
        by_customer.setdefault(each["customerId"], []).append(each)
    ended = {each["relationId"]: each for group in by_customer.values() for each in _with_ends(group)}
    return [ended[each["relationId"]] for each in documents]


def _asked_for(call: Call) -> list[JsonObject]:
    """The assignments of the customer in the query.

    Raises:
        KeyNotFound: there is no such customer, and nothing was ever assigned to one.
    """
    customer = call.query["CustomerId"]
    made = assignments_of(call, customer)
    if not made and not is_known(call, customer):
        raise _unknown(call)
    return made


def _unknown(call: Call) -> KeyNotFound:
    message = f"no {NOUN} of a customer with 'customerId': {printable(call.query['CustomerId'])}"
    return KeyNotFound(message, field="CustomerId", rule="unknown-key")


def _warn_of_customer(call: Call, customer: str | None) -> None:
    if not is_known(call, customer):
        warn_unknown_customer(call, customer)


def _warn_of_time(call: Call, field: str, time_ms: int) -> None:
    if not EARLIEST_MS <= time_ms <= LATEST_MS:
        call.warn(field, "unlikely-time", f"{field} lies outside the years 1 to 9999")


def _range_ms(call: Call, asked: JsonObject | None) -> tuple[int, int]:
    """The range of a query in Unix milliseconds; without an end it goes until now, that included."""
    if asked is None:
        return ALL_TIME_MS
    start, end = asked["startTimeInSeconds"], asked.get("endTimeInSeconds")
    if end is not None and end < start:
        message = "Invalid request: timeRange.endTimeInSeconds lies before its startTimeInSeconds"
        raise InvalidInput(message, field="timeRange.endTimeInSeconds", rule="reversed-range")
    return start * 1000, call.now_ms + 1 if end is None else end * 1000


def _is_among(value: str | None, wanted: list[str] | None) -> bool:
    return not wanted or value in wanted


BINDINGS: Mapping[str, Binding] = {
    "assignPricingPlan": Binding(assign_pricing_plan, Tier.RESOURCE),
    "assignCustomerProductPlan": Binding(assign_product_plan),
    "getLatestCustomerPlan": Binding(get_latest, Tier.RESOURCE),
    "deleteFutureCustomerPlan": Binding(delete_future),
    "listCustomerPlans": Binding(list_plans, Tier.RESOURCE),
    "queryCustomerPlans": Binding(query_plans),
}
