"""When alerts fire: what more usage cannot undo as usage comes in, what only a whole period shows once it is over.

An alert fires once a period, for all customers as one or for each of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mockserver.domain.alerts import NEEDS_PREVIOUS, ended_periods, previous_start, running_period
from mockserver.engine.call import Call
from mockserver.engine.clock import EARLIEST_MS
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import COLLECTION as CUSTOMERS
from mockserver.handlers.notifications.firing import fire
from mockserver.handlers.notifications.watching import Usage, Watch, interval_of, usage_of, watch_of

PROGRESS = "notification-progress"
"""By alert: until when ended periods were judged, and for whom it fired in the running one."""
MOST_ALERTS = 1_000
"""How often one alert fires at one look."""


def begin(call: Call, document: JsonObject) -> None:
    """Lets an alert begin with the running period, in which it did not fire yet."""
    start, _ = running_period(call.now_ms // 1000, interval_of(document))
    call.store.collection(PROGRESS).put(document["id"], {"until": start, "period": start, "fired": []})


def forget(call: Call, document: JsonObject) -> None:
    """Forgets when an alert fired."""
    call.store.collection(PROGRESS).delete(document["id"])


def judge_running(call: Call, watch: Watch) -> None:
    """Fires an alert for those who crossed the threshold in the running period, and for whom it did not fire yet."""
    now_s = call.now_ms // 1000
    start, end = running_period(now_s, watch.interval)
    progress = _progress(call, watch.alert)
    fired = set(progress["fired"]) if progress["period"] == start else set()
    if watch.customer in fired:
        # There is only one to fire for, and no need to add up the usage again.
        return
    before = previous_start(start, watch.interval)
    usage = usage_of(call, watch, before if watch.threshold.condition in NEEDS_PREVIOUS else start, end)
    crossing = [
        (customer, values.get(start, 0.0))
        for customer, values in usage.items()
        if customer not in fired and watch.threshold.is_crossed_already(values.get(start, 0.0), values.get(before, 0.0))
    ][:MOST_ALERTS]
    if crossing:
        fired.update(customer for customer, _ in crossing)
        everyone = sorted(fired, key=lambda customer: (customer is not None, customer))
        call.store.collection(PROGRESS).put(watch.alert["id"], {**progress, "period": start, "fired": everyone})
    for customer, value in crossing:
        fire(call, watch, customer, value)


def judge_ended(call: Call, document: JsonObject) -> None:
    """Fires an alert for each period that ended since it was judged last, at the time of its end."""
    progress = _progress(call, document)
    periods = ended_periods(progress["until"], call.now_ms // 1000, interval_of(document))
    if not periods:
        return
    call.store.collection(PROGRESS).put(document["id"], {**progress, "until": periods[-1][1]})
    watch = watch_of(call, document)
    if watch is None:
        return
    usage = usage_of(call, watch, previous_start(periods[0][0], watch.interval), periods[-1][1])
    since = _expected(call, watch)
    usage = {**{customer: {} for customer in since}, **usage}
    for told, (start, end, customer) in enumerate(_shown_at_last(watch, periods, usage, since)):
        if told == MOST_ALERTS:
            return
        fire(replace(call, now_ms=end * 1000), watch, customer, usage[customer].get(start, 0.0))


def _shown_at_last(
    watch: Watch, periods: Iterable[tuple[int, int]], usage: Usage, since: Mapping[str | None, int]
) -> Iterator[tuple[int, int, str | None]]:
    """Start, end and customer of each crossing that an ended period shows, oldest period first.

    Nothing is missed of a customer in a period that was over before it came.
    """
    for start, end in periods:
        before = previous_start(start, watch.interval)
        for customer, values in usage.items():
            used, earlier = values.get(start, 0.0), values.get(before, 0.0)
            was_there = start in values or since.get(customer, start) < end
            if was_there and watch.threshold.is_crossed_at_last(used, earlier):
                yield start, end, customer


def _expected(call: Call, watch: Watch) -> dict[str | None, int]:
    """Who is judged even without any usage, and since which second."""
    if not watch.each:
        return {watch.customer: EARLIEST_MS // 1000}
    customers = call.store.collection(CUSTOMERS).distinct("customerId", "createTime")
    return {customer: created_ms // 1000 for customer, created_ms in customers}


def _progress(call: Call, document: JsonObject) -> JsonObject:
    return call.store.collection(PROGRESS).get(document["id"]) or {"until": 0, "period": 0, "fired": []}
