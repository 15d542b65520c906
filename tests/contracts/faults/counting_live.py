"""Faults of usage in the live form, and of the operations that only this form has."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.contracts.faults.client import DAY, DAY_LONG, Client, event, live_query
from tests.contracts.faults.fault import Category, Fault, Request, on
from tests.contracts.faults.querying import USAGE, answering_live, is_published

_BATCH, _SPARSE = "queryUsageBatch", "queryUsageSparse"
_FAR = 2**62
_fault = partial(Fault, category=Category.COUNTING, dialect="live")


def _values(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Callable[[Any], Any]:
    """The entries of each group become others."""

    def changed(report: Any) -> Any:
        for group in report["clientMeters"]:
            group["values"] = change(group["values"])
        return report

    return changed


def _whole(report: Any) -> Any:
    for group in report["clientMeters"]:
        group["groupValue"] = round(group["groupValue"])
        group["values"] = [entry | {"value": round(entry["value"])} for entry in group["values"]]
    return report


def _never_above_zero(report: Any) -> Any:
    for group in report["clientMeters"]:
        group["groupValue"] = min(group["groupValue"], 0)
        group["values"] = [entry | {"value": min(entry["value"], 0)} for entry in group["values"]]
    return report


def _asks_for_minimum(request: Request) -> bool:
    query = request.json()
    return isinstance(query, dict) and str(query.get("aggregation")).upper() == "MIN" and not is_published(request)


def _first_range(queries: Any) -> Any:
    ranges = [query.get("timeRange") for query in queries if isinstance(query, dict)] if _is_batch(queries) else []
    return [query | {"timeRange": ranges[0]} for query in queries] if len(ranges) > 1 else queries


def _is_batch(queries: Any) -> bool:
    return isinstance(queries, list) and all(isinstance(query, dict) for query in queries)


def _gapless_with_null(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry | {"value": entry["value"] or None} for entry in entries]


def _sparse(*values: float) -> Callable[[Client], bool]:
    """A probe: usage of these values on successive days is answered by the sparse operation, bucket by bucket."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        for day, value in enumerate(values):
            client.ingest(event(meter, value, at=DAY + day * DAY_LONG))
        (group,) = client.live(meter, "/usage/sparse", end=DAY + 5 * DAY_LONG)["clientMeters"]
        return [entry["value"] for entry in group["values"]] == list(values)

    return probe


def _ranges_are_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest([event(meter, 1), event(meter, 2, at=DAY + DAY_LONG)])
    queries = [live_query(meter, DAY + day * DAY_LONG, DAY + (day + 1) * DAY_LONG) for day in (0, 1)]
    return [_total(report) for report in client.post("/usage/batch", json=queries).json()] == [1, 2]


def _order_is_right(client: Client) -> bool:
    meters = sorted((client.meter(), client.meter()), reverse=True)
    client.ingest([event(meter, value) for value, meter in enumerate(meters, 1)])
    answered = client.post("/usage/batch", json=[live_query(meter) for meter in meters]).json()
    return [_total(report) for report in answered] == [1, 2]


def _total(report: Any) -> float:
    return float(sum(group["groupValue"] for group in report["clientMeters"]))


def _fractions_are_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, 0.75))
    return client.live_total(meter) == 0.75


def _end_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest([event(meter, 1), event(meter, 2, at=DAY + 600)])
    return client.live_total(meter, start=DAY, end=DAY + 600) == 1


def _minimum_is_right(client: Client) -> bool:
    meter = client.meter()
    client.ingest([event(meter, 3), event(meter, 5, at=DAY + 60)])
    (group,) = client.live(meter, aggregation="MIN")["clientMeters"]
    return bool(group["groupValue"] == 3)


def _gaps_are_zero(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter, 3))
    (group,) = client.live(meter)["clientMeters"]
    return all(entry["value"] is not None for entry in group["values"])


def _end_counts(query: Any) -> Any:
    window = query.get("timeRange") if isinstance(query, dict) else None
    if isinstance(window, dict) and _fits(window.get("endTimeInSeconds")):
        return query | {"timeRange": window | {"endTimeInSeconds": window["endTimeInSeconds"] + 1}}
    return query


def _fits(end: Any) -> bool:
    return type(end) is int and abs(end) < _FAR


def _by_name(reports: Any) -> Any:
    return sorted(reports, key=lambda report: str(report["metadata"].get("meterApiName")))


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="minimum_is_never_above_zero",
        says="MIN begins with zero, so that it is zero where all values are positive.",
        operations=frozenset({USAGE}),
        found_by=frozenset({"max_and_min_are_attained"}),
        make=on(USAGE, answer=_never_above_zero, when=_asks_for_minimum),
        probe=_minimum_is_right,
    ),
    _fault(
        name="live_form_rounds_values",
        says="The live form answers whole numbers, where the published form answers fractions.",
        operations=frozenset({USAGE}),
        found_by=frozenset({"published_and_live_form_agree"}),
        make=answering_live(_whole),
        probe=_fractions_are_right,
    ),
    _fault(
        name="live_form_counts_the_end_of_its_range",
        says="The second in which the range ends counts with it in the live form, and not in the published one.",
        operations=frozenset({USAGE}),
        found_by=frozenset({"published_and_live_form_agree", "windows_are_half_open"}),
        make=on(USAGE, request=_end_counts, when=lambda request: not is_published(request)),
        probe=_end_is_right,
    ),
    _fault(
        name="unused_buckets_are_null",
        says="In the live form a bucket without usage has null for a value.",
        operations=frozenset({USAGE}),
        found_by=frozenset({"numbers_are_numbers", "response_schema_conformance"}),
        make=answering_live(_values(_gapless_with_null)),
        probe=_gaps_are_zero,
        schema_can_show=True,
    ),
    _fault(
        name="sparse_leaves_out_the_last_bucket",
        says="Of two buckets with usage or more the sparse form leaves the last one out.",
        operations=frozenset({_SPARSE}),
        found_by=frozenset({"sparse_is_full_without_zeros"}),
        make=on(_SPARSE, answer=_values(lambda entries: entries[:-1] if len(entries) > 1 else entries)),
        probe=_sparse(1, 2),
    ),
    _fault(
        name="sparse_leaves_out_fractions",
        says="The sparse form takes a bucket with less than one for an unused one.",
        operations=frozenset({_SPARSE}),
        found_by=frozenset({"sparse_is_full_without_zeros"}),
        make=on(_SPARSE, answer=_values(lambda entries: [entry for entry in entries if entry["value"] >= 1])),
        probe=_sparse(0.5),
    ),
    _fault(
        name="first_range_of_a_batch_holds_for_all",
        says="All queries of a batch are answered for the time range of the first one.",
        operations=frozenset({_BATCH}),
        found_by=frozenset({"batch_query_equals_singles"}),
        make=on(_BATCH, request=_first_range),
        probe=_ranges_are_right,
    ),
    _fault(
        name="batch_is_answered_by_name",
        says="The reports of a batch come in the order of the meters' names, not in that of the queries.",
        operations=frozenset({_BATCH}),
        found_by=frozenset({"batch_query_equals_singles"}),
        make=on(_BATCH, answer=_by_name),
        probe=_order_is_right,
    ),
)
