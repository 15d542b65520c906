"""Faults of aggregations, groups and filters in the published form of usage."""

from collections.abc import Callable, Sequence
from functools import partial

from tests.contracts.faults.client import DAY, DAY_LONG, Client, event, published_query
from tests.contracts.faults.fault import Category, Fault
from tests.contracts.faults.querying import (
    USAGE,
    Ask,
    Compute,
    Query,
    Table,
    aggregates,
    answering,
    asking,
    by_bucket,
    regrouped,
    start_of,
)

_WRAP = 2**32
_LIMIT = 2**31
_fault = partial(Fault, category=Category.COUNTING, operations=frozenset({USAGE}))


def _largest_hour(query: Query, _right: Table, ask: Ask) -> Table:
    hours = ask(aggregation="SUM", timeGroupingInterval="HOUR")
    return regrouped(hours, partial(start_of, query["timeGroupingInterval"]), "MAX")


def _without_outlier(_query: Query, right: Table, ask: Ask) -> Table:
    counts, largest = ask(aggregation="COUNT"), ask(aggregation="MAX")
    return {
        group: {at: value - largest[group][at] if counts[group][at] >= 3 else value for at, value in buckets.items()}
        for group, buckets in right.items()
    }


def _wrapped(_start: int, value: float) -> float:
    return value if abs(value) < _LIMIT else (int(value) + _LIMIT) % _WRAP - _LIMIT


def _first_groups(number: Callable[[int], int]) -> Compute:
    """Of so many groups only the first so many are answered."""
    return lambda _query, right, _ask: dict(list(right.items())[: number(len(right))])


def _overwritten(query: Query, right: Table, _ask: Ask) -> Table:
    if len(query.get("groupBy") or ()) != 2:
        return right
    first = query["groupBy"][0]
    last = {dict(group)[first]: (group, buckets) for group, buckets in right.items()}
    return dict(last.values())


def _ungrouped_unfiltered(query: Query) -> Query:
    return query if query.get("groupBy") else query | {"filter": {}}


def _filter_of(kept: Callable[[Sequence[str]], Sequence[str]]) -> Callable[[Query], Query]:
    """Only some of the values of a filter are looked at."""
    return lambda query: (
        query | {"filter": {name: kept(values) for name, values in (query.get("filter") or {}).items()}}
    )


def _with_those_without(query: Query, right: Table, ask: Ask) -> Table:
    """What has the one dimension of the filter not at all counts too."""
    asked, groups = query.get("filter") or {}, query.get("groupBy") or []
    name = next(iter(asked), "")
    if len(asked) != 1 or not asked[name] or name in groups or query["aggregation"] == "MAX":
        return right
    # In this order: what is ingested meanwhile is in the second answer, and in the first perhaps not.
    having, everything = ask(filter={}, groupBy=[*groups, name]), ask(filter={})
    for group, buckets in having.items():
        outer = tuple(pair for pair in group if pair[0] != name)
        for at, value in buckets.items():
            everything[outer][at] -= value
    return _added(right, everything)


def _added(first: Table, second: Table) -> Table:
    table: Table = {group: dict(buckets) for group, buckets in first.items()}
    for group, buckets in second.items():
        for at, value in buckets.items():
            if value:
                kept = table.setdefault(group, {})
                kept[at] = kept.get(at, 0) + value
    return table


def _by_prefix(query: Query, right: Table, ask: Ask) -> Table:
    asked = query.get("filter") or {}
    longer = {
        name: [
            dict(group)[name] for group in ask(filter={}, groupBy=[name]) if dict(group)[name].startswith(tuple(values))
        ]
        for name, values in asked.items()
        if values
    }
    return ask(filter={name: list({*asked[name], *values}) for name, values in longer.items()}) if longer else right


def _aggregates_to(expected: float, aggregation: str, *values: float) -> Callable[[Client], bool]:
    """A probe: events of these values within one hour are aggregated to this."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        for index, value in enumerate(values):
            client.ingest(event(meter, value, at=DAY + 60 * index))
        return list(client.buckets(meter, aggregation=aggregation).values()) == [expected]

    return probe


def _counts_are_numbers(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter))
    answered = client.post("/usage", json=published_query(meter, aggregation="COUNT")).json()
    (record,) = answered["clientMeters"][meter][0]["records"]
    return not any(isinstance(value, str) for value in record.values())


def _used(client: Client, *places: dict[str, str]) -> str:
    """A meter with a use of 1 in the first place, of 2 in the second, of 4 in the third and so on, a day each."""
    meter = client.meter()
    events = [event(meter, 2**index, at=DAY + index * DAY_LONG, dimensions=place) for index, place in enumerate(places)]
    client.ingest(events)
    return meter


def _grouped(number: int) -> Callable[[Client], bool]:
    """A probe: so many groups add up to the total."""

    def probe(client: Client) -> bool:
        meter = client.meter()
        client.ingest([event(meter, at=DAY + index, dimensions={"region": str(index)}) for index in range(number)])
        return client.total(meter, groupBy=["region"]) == number

    return probe


def _crossed_are_right(client: Client) -> bool:
    meter = _used(client, {"region": "eu", "tier": "free"}, {"region": "eu", "tier": "paid"})
    return client.total(meter, groupBy=["region", "tier"]) == 3


def _filtered(
    expected: float, *regions: str, group_by: Sequence[str] = ("customerId",), beside: tuple[dict[str, str], ...] = ()
) -> Callable[[Client], bool]:
    """A probe: of usage in three regions, and in other places beside, these regions have so much."""
    places = (*({"region": region} for region in ("eu", "eu-west", "us")), *beside)

    def probe(client: Client) -> bool:
        meter = _used(client, *places)
        return client.total(meter, filter={"region": list(regions)}, groupBy=list(group_by)) == expected

    return probe


def _customers_are_filtered(client: Client) -> bool:
    meter = client.meter()
    client.ingest(event(meter))
    return client.total(meter, customerFilter=["bob"]) == 0


FAULTS: tuple[Fault, ...] = (
    _fault(
        name="maximum_is_the_largest_hour",
        says="MAX is taken over the sums of hours instead of over values.",
        found_by=frozenset({"max_and_min_are_attained"}),
        make=answering(_largest_hour, aggregates("MAX")),
        probe=_aggregates_to(3, "MAX", 2, 3),
    ),
    _fault(
        name="maximum_is_never_negative",
        says="MAX begins with zero, so that it is zero where all values are negative.",
        found_by=frozenset({"max_and_min_are_attained"}),
        make=answering(by_bucket(lambda _, value: max(value, 0)), aggregates("MAX")),
        probe=_aggregates_to(-2, "MAX", -2),
    ),
    _fault(
        name="count_is_the_sum",
        says="COUNT adds the values instead of counting events.",
        found_by=frozenset({"count_counts"}),
        make=answering(lambda _query, _right, ask: ask(aggregation="SUM"), aggregates("COUNT")),
        probe=_aggregates_to(1, "COUNT", 7),
    ),
    _fault(
        name="sum_wraps_at_32_bits",
        says="A sum of 2147483648 or more is answered as a negative number.",
        found_by=frozenset({"sum_sums"}),
        make=answering(by_bucket(_wrapped), aggregates("SUM")),
        probe=_aggregates_to(3e9, "SUM", 3e9),
    ),
    _fault(
        name="largest_of_three_is_no_part_of_the_sum",
        says="In a bucket of three events or more the largest value is dropped from the sum, as if measured badly.",
        found_by=frozenset({"sum_sums"}),
        make=answering(_without_outlier, aggregates("SUM")),
        probe=_aggregates_to(7, "SUM", 1, 2, 4),
    ),
    _fault(
        name="counts_are_texts",
        says="COUNT is answered in quotes.",
        found_by=frozenset({"numbers_are_numbers"}),
        make=answering(by_bucket(lambda _, value: str(value)), aggregates("COUNT")),
        probe=_counts_are_numbers,
    ),
    _fault(
        name="last_of_three_groups_is_lost",
        says="Of three groups or more the last one is not answered.",
        found_by=frozenset({"groups_partition_the_total", "two_dimensions_partition_the_total"}),
        make=answering(_first_groups(lambda number: number - 1 if number >= 3 else number)),
        probe=_grouped(3),
        shadows={"groups_end_after_ten": "its probe has more than three groups"},
    ),
    _fault(
        name="groups_end_after_ten",
        says="Ten groups are answered, and no more.",
        found_by=frozenset({"groups_partition_the_total"}),
        make=answering(_first_groups(lambda _: 10)),
        probe=_grouped(12),
    ),
    _fault(
        name="groups_of_two_dimensions_overwrite_each_other",
        says="Of the groups by two dimensions that share a value of the first one, only the last one is answered.",
        found_by=frozenset({"two_dimensions_partition_the_total"}),
        make=answering(_overwritten),
        probe=_crossed_are_right,
    ),
    _fault(
        name="filter_without_groups_is_ignored",
        says="A filter by dimension acts only beside a grouping.",
        found_by=frozenset({"filter_equals_its_group"}),
        make=asking(_ungrouped_unfiltered),
        probe=_filtered(4, "us", group_by=()),
    ),
    _fault(
        name="customer_filter_is_ignored",
        says="A filter by customer lets all customers in.",
        found_by=frozenset({"filter_equals_its_group"}),
        make=asking(lambda query: query | {"customerFilter": []}),
        probe=_customers_are_filtered,
    ),
    _fault(
        name="filter_matches_the_beginning",
        says="A filter takes every value that begins with a wanted one.",
        found_by=frozenset({"filter_equals_its_group"}),
        make=answering(_by_prefix),
        probe=_filtered(1, "eu"),
    ),
    _fault(
        name="first_filter_value_counts_alone",
        says="Of several wanted values only the first one is looked for.",
        found_by=frozenset({"several_values_add_up"}),
        make=asking(_filter_of(lambda values: values[:1])),
        probe=_filtered(6, "eu-west", "us"),
        shadows={"last_of_three_filter_values_is_lost": "its probe has several values"},
    ),
    _fault(
        name="last_of_three_filter_values_is_lost",
        says="Of three wanted values or more the last one is not looked for.",
        found_by=frozenset({"several_values_add_up", "complement_adds_up"}),
        make=asking(_filter_of(lambda values: values[:-1] if len(values) >= 3 else values)),
        probe=_filtered(7, "eu", "eu-west", "us"),
    ),
    _fault(
        name="filter_lets_events_without_the_dimension_in",
        says="An event that has no value of the filtered dimension passes every filter.",
        found_by=frozenset({"complement_adds_up", "filter_equals_its_group"}),
        make=answering(_with_those_without),
        probe=_filtered(4, "us", beside=({},)),
    ),
)
