"""Raw events: the account's events as a table of strings, page by page.

A page token is the position of the last event that was told, so that nothing is kept between two pages: events that
arrive meanwhile stand behind all others. It also says how many events were told, for the limit over all pages, and
carries a digest of the question, since it would be wrong for any other.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from mockserver.domain.selection import EventSelection, RawEvent
from mockserver.domain.usage import CUSTOMER
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import InvalidInput
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import COLLECTION as CUSTOMERS
from mockserver.handlers.customers import warn_unknown_customer
from mockserver.handlers.meters import kind_of, warn_unknown_meter

COLUMNS = ("customerId", "meterApiName", "measure_name", "measure_value::double", "sourceTimeInMillis")
"""The columns that every page has. Source: what a public client reads of the answer."""
ECHOED = ("customerId", "meterApiName", "nextPageToken")
PAGE_SIZE = 1_000
"""Events of a page when the caller does not say (our reading)."""
MOST_CELLS = 1_000_000
"""A page is cut when events without a common dimension would make it larger."""
HEAVY = 200_000
"""With more events, looking through them may take long: a worker thread does it."""

TOKEN = re.compile(r"(\d{1,18})\.(\d{1,18})\.([0-9a-f]{16})")


class Token(NamedTuple):
    """How far the pages have come: the position of the last event told, and how many were."""

    position: int
    told: int


def list_usage_events(call: Call) -> Reply:
    """One page of the events that the query selects.

    Raises:
        InvalidInput: the dimensions are no JSON object of strings, the range is reversed, or the token is not one that
            an answer to this question gave.
    """
    selection = _selection(call)
    _warn_of_strangers(call)
    ascending: bool = call.query.get("isAscending", True)
    digest = _digest(selection, ascending=ascending)
    token = _token_from_api(call.query.get("nextPageToken", ""), digest)
    told, limit = (token.told if token else 0), call.query.get("limit")
    size: int = call.query.get("pageSize", PAGE_SIZE)
    size = size if limit is None else min(size, max(limit - told, 0))
    page = call.store.events.page(selection, size, token.position if token else None, ascending=ascending)
    events = _fitting(page.events)
    told += len(events)
    following = None
    if (page.more or len(events) < len(page.events)) and (limit is None or told < limit):
        following = _token_to_api(Token(events[-1].position, told), digest)
    return Reply({"query": _query_to_api(call), **table_to_api(events), "nextPageToken": following})


def table_to_api(events: Sequence[RawEvent]) -> JsonObject:
    """Events as columns and rows; dimensions, in the order of their names, follow the columns that are always there."""
    names = sorted({name for event in events for name in event.dimensions})
    rows = [
        [
            event.customer,
            event.meter,
            event.meter,
            repr(event.value),
            str(event.time_ms),
            *map(event.dimensions.get, names),
        ]
        for event in events
    ]
    return {"columns": [*COLUMNS, *names], "rows": rows}


def is_heavy(call: Call) -> bool:
    """Whether the account has so many events that a worker thread should look through them."""
    return call.store.events.count() > HEAVY


def _fitting(events: Sequence[RawEvent]) -> Sequence[RawEvent]:
    """The first events, as many as make a table of at most MOST_CELLS cells, but one event always."""
    names: set[str] = set()
    for count, event in enumerate(events):
        names.update(event.dimensions)
        if count and (len(COLUMNS) + len(names)) * (count + 1) > MOST_CELLS:
            return events[:count]
    return events


def _selection(call: Call) -> EventSelection:
    start, end = call.query.get("startTimeInSeconds"), call.query.get("endTimeInSeconds")
    if start is not None and end is not None and end < start:
        message = f"Invalid request: the range ends at {end}, before it starts at {start}"
        raise InvalidInput(message, field="endTimeInSeconds", rule="reversed-range")
    filters = {name: frozenset({value}) for name, value in _dimensions(call).items()}
    if "customerId" in call.query:
        filters[CUSTOMER] = frozenset({call.query["customerId"]})
    return EventSelection(call.query.get("meterApiName"), start, end, filters)


def _dimensions(call: Call) -> dict[str, str]:
    """The asked dimensions, by name; none when the parameter is absent or empty."""
    text: str = call.query.get("dimensions", "")
    if not text:
        return {}
    try:
        dimensions = orjson.loads(text)
    except orjson.JSONDecodeError:
        dimensions = None
    if isinstance(dimensions, dict) and all(isinstance(value, str) for value in dimensions.values()):
        return dimensions
    message = 'Invalid request: dimensions must be a JSON object of strings, such as {"region":"us-east-1"}'
    raise InvalidInput(message, field="dimensions", rule="malformed-dimensions")


def _warn_of_strangers(call: Call) -> None:
    meter, customer = call.query.get("meterApiName"), call.query.get("customerId")
    if meter is not None and kind_of(call, meter) is None:
        warn_unknown_meter(call, meter, "meterApiName")
    if customer is not None and customer not in call.store.collection(CUSTOMERS):
        warn_unknown_customer(call, customer)


def _query_to_api(call: Call) -> JsonObject:
    """The question as it was understood."""
    asked = call.query
    answer: JsonObject = {name: asked[name] for name in ECHOED if name in asked}
    answer["isAscending"] = str(asked.get("isAscending", True)).lower()
    answer |= {"pageSize": str(asked.get("pageSize", PAGE_SIZE))} | (
        {"limit": str(asked["limit"])} if "limit" in asked else {}
    )
    edges = {name: asked[name] for name in ("startTimeInSeconds", "endTimeInSeconds") if name in asked}
    dimensions = _dimensions(call)
    return answer | ({"timeRange": edges} if edges else {}) | ({"dimensions": dimensions} if dimensions else {})


def _digest(selection: EventSelection, *, ascending: bool) -> str:
    """Sixteen digits that follow from what selects events, and in which order."""
    filters = sorted((name, sorted(values)) for name, values in selection.filters.items())
    question: list[Any] = [selection.meter, str(selection.start_s), str(selection.end_s), ascending, filters]
    return hashlib.sha256(orjson.dumps(question)).hexdigest()[:16]


def _token_to_api(token: Token, digest: str) -> str:
    return base64.urlsafe_b64encode(f"{token.position}.{token.told}.{digest}".encode()).decode().rstrip("=")


def _token_from_api(text: str, digest: str) -> Token | None:
    """What a token says; None for the empty one.

    Raises:
        InvalidInput: no answer to this question gave the token.
    """
    if not text:
        return None
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        plain = ""
    found = TOKEN.fullmatch(plain)
    if found is None or found[3] != digest:
        message = "Invalid request: nextPageToken is none that was answered to this question"
        raise InvalidInput(message, field="nextPageToken", rule="unknown-page-token")
    return Token(int(found[1]), int(found[2]))


BINDINGS: Mapping[str, Binding] = {"listUsageEvents": Binding(list_usage_events, heavy=is_heavy)}
