"""Who is on which plan: assignments found across all customers."""

from collections.abc import Mapping

from mockserver.domain.plan_terms import Term, overlaps
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.page_info import numbered_page
from mockserver.engine.store import JsonObject
from mockserver.handlers.plan_assignments import COLLECTION, assignment_to_api, assignments_of
from mockserver.handlers.plan_holders import HOLDERS

ALL_TIME_MS = (-(10**22), 10**22)
"""Between them lies every time that is a 64-bit number of seconds."""


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


def _all_assignments(call: Call) -> list[JsonObject]:
    """Every assignment that names a customer, in the order in which they were made."""
    ended = {each["relationId"]: each for held in HOLDERS.holders(call) for each in assignments_of(call, held)}
    documents = call.store.collection(COLLECTION).documents()
    return [ended[each["relationId"]] for each in documents if each["relationId"] in ended]


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


BINDINGS: Mapping[str, Binding] = {"queryCustomerPlans": Binding(query_plans)}
