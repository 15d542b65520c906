"""What is special to the laws of usage: what they tell, and what they rest on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from contracts.conformance import Conformance
from contracts.laws.usage import LAWS
from contracts.model import Finding, Profile, Result
from specs.catalog import DIALECTS
from tests.contracts.faults.counting_groups import FAULTS as GROUPS
from tests.contracts.faults.counting_usage import FAULTS as TIMES
from tests.contracts.faults.fault import Category, Fault, Wrong, on
from tests.contracts.faults.proxy import before
from tests.contracts.faults.querying import Ask, Query, Table, aggregates, answering, answering_live, by_bucket
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server

BY_NAME = {law.name: law for law in LAWS}
USUAL = {fault.name: fault for fault in (*GROUPS, *TIMES)}
ON_PLAIN_SUMS = {law.name for law in LAWS} - {
    "published_and_live_form_agree",
    "sum_sums",
    "finer_intervals_sum_to_coarser",
    "query_after_write_shows_it",
    "numbers_are_numbers",
    "sparse_is_full_without_zeros",
    "batch_query_equals_singles",
}
"""The laws of the published form that say nothing where a plain sum is wrong already."""


def platform(make: Callable[[], Wrong], dialect: str = "published") -> Fault:
    """A platform that is wrong in a way of its own."""
    return Fault(
        name="made_for_a_test",
        category=Category.COUNTING,
        says="It is wrong in the way that a test needs.",
        operations=frozenset({"queryUsage"}),
        found_by=frozenset(),
        make=make,
        probe=lambda _client: True,
        dialect=dialect,
    )


def adding(amount: float, aggregation: str) -> Fault:
    """A platform that answers each bucket with so much more."""
    return platform(answering(by_bucket(lambda _, value: value + amount), aggregates(aggregation)))


def findings(server: Server, fault: Fault, *names: str, profile: Profile = Profile.SMOKE) -> Sequence[Finding]:
    """What laws find under a fault."""
    return checked(server, fault, *names, profile=profile).judgement.open


def checked(server: Server, fault: Fault, *names: str, profile: Profile = Profile.SMOKE) -> Conformance:
    """The report of laws under a fault."""
    with before(server.url, fault) as url:
        return held(url, *names, dialect=fault.dialect, profile=profile)


@pytest.mark.slow(seconds=8)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_the_mock_with_generated_data(server: Server, dialect: str, seed: int) -> None:
    """Whatever data is generated, no law of usage accuses the mock, or has nothing to say of it."""
    report = held(server.url, *BY_NAME, dialect=dialect, profile=Profile.STANDARD, seed=seed)
    assert set(results(report).values()) == {Result.CONFORM}


def test_laws_say_nothing_where_plain_sums_are_wrong(server: Server) -> None:
    """A law that rests on sums accuses nobody of groups, filters or labels when it is the sum that is wrong."""
    found = {name: result for (_, name, _), result in results(checked(server, adding(1, "SUM"), *BY_NAME)).items()}
    assert found["sum_sums"] is Result.DIFFERS
    assert {found[name] for name in ON_PLAIN_SUMS} == {Result.INCONCLUSIVE}


def test_lost_hour_is_told_by_the_interval_that_loses_it(server: Server) -> None:
    """When days alone lose an hour, it is days that are told of, and the answer for days that is shown."""
    (found,) = findings(server, USUAL["days_leave_out_their_last_hour"], "finer_intervals_sum_to_coarser")
    assert "add up to 63 by HOUR, DAY, WEEK and MONTH" in found.expected
    assert found.got == "what is told by DAY adds up to 61"
    assert found.examples[0].curl.count('"timeGroupingInterval": "DAY"') == 1
    assert "HOUR" not in found.examples[0].curl


def test_window_is_told_second_by_second(server: Server) -> None:
    """When the end of a range counts, the law tells the range that is a second too long."""
    (found,) = findings(server, USUAL["end_of_a_window_counts"], "windows_are_half_open")
    assert "the 1 s from " in found.expected
    assert "10:20:29 UTC on is 3" in found.expected
    assert found.got == "it is 15"


def test_labels_are_told_as_times(server: Server) -> None:
    """A label that is wrong stands beside the time that it means."""
    (found,) = findings(server, USUAL["buckets_are_labelled_by_their_end"], "buckets_are_labelled_by_their_start")
    assert "11:00:00 UTC" in found.got
    assert found.expected.count("UTC") >= found.got.count("for")


def test_label_of_a_week_does_not_move_the_week(server: Server) -> None:
    """A week that is named by its end still goes from Monday to Sunday: that law holds."""
    found = checked(server, USUAL["buckets_are_labelled_by_their_end"], "weeks_begin_on_monday")
    assert set(results(found).values()) == {Result.CONFORM}


def test_label_that_is_no_monday_is_told(server: Server) -> None:
    """Weeks that part rightly and are named by another day are told of as such."""

    def a_day_late(_query: Query, right: Table, _ask: Ask) -> Table:
        return {group: {at + 86_400: value for at, value in buckets.items()} for group, buckets in right.items()}

    (found,) = findings(server, platform(answering(a_day_late)), "weeks_begin_on_monday")
    assert "a Monday's" in found.expected
    assert found.got.startswith("it is Tuesday")


def test_filter_is_told_beside_its_group(server: Server) -> None:
    """A filter that lets too much in is shown with the answer in which the group is right."""
    (found,) = findings(server, USUAL["filter_matches_the_beginning"], "filter_equals_its_group")
    assert "filtered by region eu is 9, as that of its group" in found.expected
    assert found.got == "it is 11"
    assert '"groupBy"' in found.examples[0].curl
    assert '"filter"' in found.examples[0].curl


def test_several_values_rest_on_single_ones(server: Server) -> None:
    """Where a filter by one value is wrong, nothing is said of several."""
    found = checked(server, USUAL["customer_filter_is_ignored"], "several_values_add_up")
    assert set(results(found).values()) == {Result.INCONCLUSIVE}


def test_complement_needs_the_filter_by_all_others(server: Server) -> None:
    """The complement is broken by a filter that loses one of three values, as well as by a too wide one."""
    for name in ("last_of_three_filter_values_is_lost", "filter_lets_events_without_the_dimension_in"):
        assert findings(server, USUAL[name], "complement_adds_up"), name


def test_generated_case_is_told_as_small_as_it_gets(server: Server) -> None:
    """What only generated data shows is told by the fewest events that show it."""
    few = platform(answering(by_bucket(lambda _, value: min(value, 3)), aggregates("COUNT")))
    assert not findings(server, few, "count_counts")
    (found,) = findings(server, few, "count_counts", profile=Profile.STANDARD)
    assert "that the COUNT of 4 events" in found.expected
    assert found.got == "it is 3"


def test_group_that_is_told_twice_is_no_partition(server: Server) -> None:
    """Groups are none when one of them comes in two pieces."""

    def twice(report: Any) -> Any:
        groups = report["clientMeters"]
        grouped = bool(groups[0]["group"]["groupInfo"])
        return report | {"clientMeters": [*groups, *groups[: int(grouped)]]}

    (found,) = findings(server, platform(answering_live(twice), "live"), "groups_partition_the_total")
    assert found.got == "it is told twice"


@pytest.mark.parametrize(("amount", "told"), [("7", "'7'"), (True, "True"), (None, "None"), (float("nan"), "nan")])
def test_what_is_no_number_is_told_as_it_stands(server: Server, amount: Any, told: str) -> None:
    """A text, a truth value, null and NaN are no numbers, in the values and in the whole of the live form alike."""

    def odd(report: Any) -> Any:
        groups = [group | {"groupValue": amount} for group in report["clientMeters"]]
        return report | {"clientMeters": groups}

    (found,) = findings(server, platform(answering_live(odd), "live"), "numbers_are_numbers")
    assert found.got == f"{told} stands there"


def test_no_usage_at_all_is_no_number(server: Server) -> None:
    """Where nothing is told, nothing was seen to be a number."""
    empty = platform(answering(lambda _query, _right, _ask: {}))
    assert set(results(checked(server, empty, "numbers_are_numbers")).values()) == {Result.INCONCLUSIVE}


@pytest.mark.parametrize("aggregation", ["SUM", "COUNT", "MAX"])
def test_forms_are_compared_by_every_aggregation(server: Server, aggregation: str) -> None:
    """Whichever aggregation the published form answers otherwise than the live one, the forms do not agree."""
    fault = replace(adding(1, aggregation), dialect="live")
    (found,) = findings(server, fault, "published_and_live_form_agree")
    assert f"the {aggregation} in the live form" in found.expected


def test_sparse_answer_with_zeros_is_not_sparse(server: Server) -> None:
    """An unused bucket that the sparse answer tells is named by its time."""

    def padded(report: Any) -> Any:
        for group in report["clientMeters"]:
            group["values"].append({"secondsSinceEpochUtc": 0, "value": 0, "percentageFromPrevious": 0})
        return report

    fault = replace(platform(on("queryUsageSparse", answer=padded), "live"), operations=frozenset({"queryUsageSparse"}))
    (found,) = findings(server, fault, "sparse_is_full_without_zeros")
    assert found.got == "Thursday 1970-01-01 00:00:00 UTC is there"


@pytest.mark.parametrize(
    ("change", "told"),
    [(lambda reports: reports[:10], "there are 10"), (lambda reports: reports[::-1], "it is ")],
    ids=["cut", "turned"],
)
def test_long_batch_is_compared_query_by_query(server: Server, change: Callable[[Any], Any], told: str) -> None:
    """A batch of a dozen queries has a dozen reports, in the order of the queries."""
    long = platform(
        on("queryUsageBatch", answer=lambda reports: change(reports) if len(reports) > 3 else reports), "live"
    )
    (found,) = findings(server, long, "batch_query_equals_singles")
    assert "12" in found.expected
    assert found.got.startswith(told)
