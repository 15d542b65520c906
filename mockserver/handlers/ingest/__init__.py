"""Ingestion of meter events: read, decoded to columns, warned of, filtered, and stored as one batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.domain.exact import LARGEST
from mockserver.domain.filtering import FilteringRule, admits
from mockserver.domain.identity import RESERVED_PREFIX
from mockserver.engine.binding import Binding
from mockserver.engine.call import TEXT, Call, Reply
from mockserver.engine.clock import LATEST_MS
from mockserver.engine.events import EventBatch
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import COLLECTION as CUSTOMERS
from mockserver.handlers.customers import warn_unknown_customer
from mockserver.handlers.default_plans import give_default_plan, has_default_plan
from mockserver.handlers.filtering_rules import has_rules, rules_by_meter
from mockserver.handlers.ingest.cautions import (
    CANCEL,
    cancels,
    conflict_listener,
    missing_listener,
    reserved_names,
    warn_of_batch,
)
from mockserver.handlers.ingest.columns import Columns, Request, columns_from_api
from mockserver.handlers.ingest.payloads import events_of_payload, is_custom
from mockserver.handlers.meters import COLLECTION as METERS
from mockserver.handlers.meters import warn_unknown_meter
from mockserver.handlers.notifications import after_ingest, has_notifications

HEAVY = 5_000
"""A batch of more events is stored by a worker thread."""


def ingest_meter_events(call: Call) -> Reply:
    """Stores a batch whole, and answers how many records were sent, duplicates and dropped ones included.

    Raises:
        InvalidInput: a value is too large for a double, or a custom payload cannot be read; nothing is stored.
    """
    custom = is_custom(call)
    request = Request(events_of_payload(call) if custom else call.body)
    if request.alone and _is_ordinary(call, call.body):
        _ingest_ordinary(call, request, call.body)
    elif request.events:
        _ingest_batch(call, request)
    words = f"{len(request.events)} records were ingested"
    return Reply(words, media_type=TEXT) if call.live_form or custom else Reply(words)


def _is_ordinary(call: Call, event: JsonObject) -> bool:
    """Whether a lone event has one meter, a value and nothing that the checks of batches would have to look into."""
    value, time_ms = event.get("meterValue"), event["meterTimeInMillis"]
    return (
        event.get("meterApiName") is not None
        and value is not None
        and -LARGEST <= value <= LARGEST
        and 0 <= time_ms <= LATEST_MS
        and "values" not in event
        and not any(name.startswith(RESERVED_PREFIX) for name in event.get("dimensions") or ())
        and not has_rules(call)
    )


def _ingest_ordinary(call: Call, request: Request, event: JsonObject) -> None:
    """The same as for a batch, without its columns: most clients send events one by one."""
    meter, customer = event["meterApiName"], event.get("customerId")
    if meter not in call.store.collection(METERS):
        warn_unknown_meter(call, meter, "meterApiName")
    if customer is None or customer not in call.store.collection(CUSTOMERS):
        warn_unknown_customer(call, customer)
    batch = EventBatch(
        meter,
        (customer,),
        (event["meterTimeInMillis"],),
        (event["meterValue"],),
        (event.get("dimensions"),),
        (event.get("uniqueId"),),
    )
    call.store.events.append(batch, call.policy.dedup, conflict_listener(call, request), now_ms=call.now_ms)
    if has_default_plan(call):
        give_default_plan(call, batch.customers)
    if has_notifications(call):
        after_ingest(call, {meter})


def _ingest_batch(call: Call, request: Request) -> None:
    """Everything but a lone ordinary event."""
    columns = columns_from_api(request)
    reserved = reserved_names(columns)
    warn_of_batch(call, request, columns, reserved)
    cancelling = Columns()
    if CANCEL in reserved:
        flags = [cancels(dimensions) for dimensions in columns.dimensions]
        cancelling = columns.chosen(flags)
        columns = columns.chosen([not flag for flag in flags])
    admitted = _admitted(call, columns)
    call.store.events.append(
        admitted.batch(),
        call.policy.dedup,
        conflict_listener(call, request),
        now_ms=call.now_ms,
        cancelling=cancelling.batch() if cancelling.meters else None,
        on_missing=missing_listener(call, request, cancelling),
    )
    if has_default_plan(call):
        give_default_plan(call, admitted.customers)
    if has_notifications(call):
        after_ingest(call, {*admitted.meters, *cancelling.meters})


def _admitted(call: Call, columns: Columns) -> Columns:
    """The events that the filtering rules of their meters let through."""
    rules = rules_by_meter(call)
    if rules.keys().isdisjoint(columns.meters):
        return columns
    verdicts: dict[Any, bool] = {}
    return columns.chosen(
        [
            meter not in rules or _verdict(verdicts, rules[meter], meter, dimensions or {})
            for meter, dimensions in zip(columns.meters, columns.dimensions, strict=True)
        ]
    )


def _verdict(
    verdicts: dict[Any, bool], rules: Sequence[FilteringRule], meter: str, dimensions: Mapping[str, str]
) -> bool:
    """Whether the rules admit the dimensions, decided once for each distinct set of them."""
    key = (meter, *dimensions.items())
    if key not in verdicts:
        verdicts[key] = admits(rules, dimensions)
    return verdicts[key]


def is_heavy(call: Call) -> bool:
    """Whether a batch is so long that a worker thread should store it."""
    if isinstance(call.body, str):
        return call.body.count("\n") > HEAVY
    return isinstance(call.body, list) and len(call.body) > HEAVY


BINDINGS: Mapping[str, Binding] = {"ingestMeterEvents": Binding(ingest_meter_events, heavy=is_heavy)}
