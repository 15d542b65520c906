"""Faults of lists and pages: things that are missing, or stand there twice."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from tests.contracts.faults.client import Client
from tests.contracts.faults.exchange import instead, named, read
from tests.contracts.faults.fault import Answer, Category, Fault, Request, Send, acting, on
from tests.contracts.faults.resources_replaced import hook

PAGE = 25


def _first_page(value: Any) -> Any:
    return value[:PAGE] if isinstance(value, list) else value


def _many_customers_are_listed(client: Client) -> bool:
    made = {client.customer() for _ in range(PAGE + 1)}
    return made <= {each["customerId"] for each in client.get("/customers").json()}


def _overlap(value: Any) -> Any:
    """Pages of ten, put together so that the last of the first is the first of the second again."""
    return [*value[:10], *value[9:]] if isinstance(value, list) and len(value) > 10 else value


def _eleven_meters_are_listed_once(client: Client) -> bool:
    made = {client.meter() for _ in range(11)}
    listed = Counter(each["meterApiName"] for each in client.get("/meter-definition").json())
    return all(listed[name] == 1 for name in made)


def _newest_left_out(value: Any) -> Any:
    return value[:-1] if isinstance(value, list) else value


def _new_subscription_is_listed(client: Client) -> bool:
    made = client.post("/webhook", json=hook()).raise_for_status().json()
    return made["id"] in {each["id"] for each in client.get("/webhook").json()}


def _one_early(request: Request, send: Send) -> Answer:
    """A page that begins where the one before ends, and not after it."""
    answer, asked = send(request), request.parameters()
    page, shown = asked.get("page", ""), answer.json() if answer.good else None
    if not (page.isascii() and page.isdigit() and int(page) > 1 and isinstance(shown, dict) and shown.get("items")):
        return answer
    before = read(request, send, request.path, **{**asked, "page": int(page) - 1})
    if not isinstance(before, dict) or not before.get("items"):
        return answer
    items = [before["items"][-1], *shown["items"][:-1]]
    return answer.with_json({**shown, "items": items})


def _pages_of_customers_meet(client: Client) -> bool:
    made = sorted(client.customer() for _ in range(5))
    asked = {"limit": 2, "sort": "customerId"}
    pages = [client.get("/customers/paging", params={**asked, "page": page}).json()["items"] for page in (1, 2, 3)]
    return [customer["customerId"] for page in pages for customer in page] == made


def _last_page_lost(request: Request, send: Send) -> Answer:
    """How many pages there are is rounded down."""
    answer = send(request)
    shown = answer.json() if answer.good else None
    told = shown.get("metadata") if isinstance(shown, dict) else None
    if not isinstance(shown, dict) or not isinstance(told, dict):
        return answer
    rows, limit = told.get("filteredRowCount", 0), told.get("limit", 0)
    return answer.with_json({**shown, "metadata": {**told, "totalFilteredPages": rows // limit if limit else 0}})


def _pages_of_customers_are_counted(client: Client) -> bool:
    for _ in range(3):
        client.customer()
    told = client.get("/customers/paging", params={"limit": 2}).json()["metadata"]
    return bool(told["totalFilteredPages"] == 2)


def _one_skipped(request: Request, send: Send) -> Answer:
    """A further page is asked for with one event more, and begins with the second."""
    asked = request.parameters()
    limit = asked.get("limit", "100")
    if "nextPageToken" not in asked or not (limit.isascii() and limit.isdigit() and 0 < int(limit) < 1000):
        return send(request)
    more = urlencode({**asked, "limit": int(limit) + 1})
    plain = instead(request, request.method, request.path)
    answer = send(Request(plain.method, plain.path, more, plain.headers, b""))
    events = answer.json() if answer.good else None
    return answer.with_json(events[1:]) if isinstance(events, list) else answer


def _events_of_the_account_follow(client: Client) -> bool:
    made = [client.customer() for _ in range(4)]
    asked: dict[str, Any] = {"domain": "change", "limit": 2}
    seen: list[str] = []
    for _ in range(2):
        events = client.get("/account-event", params=asked).raise_for_status().json()
        seen += [event["customerId"] for event in events]
        asked["nextPageToken"] = events[-1]["id"]
    return seen == made[::-1]


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="list_of_customers_ends_after_a_page",
        category=Category.RESOURCES,
        says=f"The list of all customers ends after {PAGE}, and nothing tells that there are more.",
        operations=named("listCustomers"),
        found_by=named("list_holds_each_once"),
        make=on("listCustomers", answer=_first_page),
        probe=_many_customers_are_listed,
    ),
    Fault(
        name="list_of_meter_definitions_repeats_its_tenth",
        category=Category.RESOURCES,
        says="The list of meter definitions is put together from pages of ten that overlap by one.",
        operations=named("listMeterDefinitions"),
        found_by=named("list_holds_each_once"),
        make=on("listMeterDefinitions", answer=_overlap),
        probe=_eleven_meters_are_listed_once,
    ),
    Fault(
        name="newest_webhook_is_not_listed",
        category=Category.RESOURCES,
        says="The list of webhook subscriptions lacks the one that was created last.",
        operations=named("listWebhookSubscriptions"),
        found_by=named("list_holds_each_once"),
        make=on("listWebhookSubscriptions", answer=_newest_left_out),
        probe=_new_subscription_is_listed,
        dialect="live",
    ),
    Fault(
        name="page_of_customers_begins_with_the_last_of_the_one_before",
        category=Category.RESOURCES,
        says="From the second page on, each page of customers begins one customer early.",
        operations=named("searchCustomers"),
        found_by=named("pages_neither_lose_nor_repeat"),
        make=acting("searchCustomers", _one_early),
        probe=_pages_of_customers_meet,
        dialect="live",
    ),
    Fault(
        name="number_of_pages_is_rounded_down",
        category=Category.RESOURCES,
        says="A last page of customers that is not full is left out of the number of pages.",
        operations=named("searchCustomers"),
        found_by=named("pages_neither_lose_nor_repeat"),
        make=acting("searchCustomers", _last_page_lost),
        probe=_pages_of_customers_are_counted,
        dialect="live",
    ),
    Fault(
        name="next_page_of_account_events_skips_one",
        category=Category.RESOURCES,
        says="A further page of the account's events begins one event too late.",
        operations=named("listAccountEvents"),
        found_by=named("pages_neither_lose_nor_repeat"),
        make=acting("listAccountEvents", _one_skipped),
        probe=_events_of_the_account_follow,
        dialect="live",
    ),
)
