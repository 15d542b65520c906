"""What is special to the laws of ingestion: what they tell and keep silent about, and in which modes they hold."""

from typing import Any

import pytest

from contracts.laws.ingest import LAWS
from contracts.laws.law import Dedup
from contracts.model import Profile, Result
from contracts.runner import run
from contracts.settings import LawOptions, projections
from contracts.settings import Settings as Run
from contracts.target import read_target
from mockserver.app import create_app
from mockserver.domain.identity import Dedup as Mode
from mockserver.settings import Settings
from specs.catalog import DIALECTS
from tests.contracts.faults.fault import Answer, Request, Send, limited
from tests.contracts.faults.ingesting import INGEST, Event, as_another, counting, each
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.accusing import checked, finding, platform
from tests.contracts.laws.halving import Halving
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server, serving

NAMES = tuple(law.name for law in LAWS)
SUMS = ("largest_of_three_is_no_part_of_the_sum", "sum_wraps_at_32_bits", "days_leave_out_their_last_hour")
"""Faults of how usage is added up."""


@pytest.mark.slow(seconds=10)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_the_mock_with_generated_data(server: Server, dialect: str, seed: int) -> None:
    """Whatever data is generated, no law of ingestion accuses the mock, or has nothing to say of it."""
    report = held(server.url, *NAMES, dialect=dialect, profile=Profile.STANDARD, seed=seed, clock=True)
    assert {name for _, name, _ in results(report)} == set(NAMES)
    assert set(results(report).values()) == {Result.CONFORM}


@pytest.mark.slow(seconds=8)
@pytest.mark.parametrize("mode", [Dedup.RECORD, Dedup.LATEST, Dedup.UNIQUE_ID])
def test_laws_hold_under_the_other_rules_of_deduplication(mode: Dedup) -> None:
    """A law holds under each rule that it names, and is not tried under one that it does not."""
    without = {law.name for law in LAWS if mode not in law.modes}
    with serving(create_app(Settings(dedup=Mode(mode)))) as server:
        target = read_target(server.url, document="amberflo", dialect="published", environment={})
        laws = LawOptions(NAMES, strict=True, dedup=mode, clock_url=f"{server.url}/_mock/clock")
        found = results(run(Run(target, projections(target, "amberflo"), Profile.SMOKE, 1, laws=laws)))
    assert {name for (_, name, _), result in found.items() if result is Result.UNTESTED} == without
    assert {result for (_, name, _), result in found.items() if name not in without} == {Result.CONFORM}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_second_halves_judge_alone(server: Server, dialect: str) -> None:
    """The second half of a law needs no more than the trial and the case, and writes nothing."""
    halving = Halving(server.url, dialect, LAWS)
    halving.write()
    written = halving.written()
    judged = halving.judge()
    assert judged
    assert {key: said.result for key, said in judged.items() if said.result is not Result.CONFORM} == {}
    assert halving.written() == written


def test_second_halves_do_not_believe_in_what_was_not_written(server: Server) -> None:
    """Where nothing was ever written, no second half says that its law holds."""
    judged = Halving(server.url, "published", LAWS).judge()
    assert judged
    assert {key: said.result for key, said in judged.items() if said.result is Result.CONFORM} == {}


@pytest.mark.parametrize(
    ("fault", "expected", "got"),
    [
        ("array_of_one_event_is_lost", "a batch of one event with the value 1 is 1", "it is 0, and 0 of 1 are counted"),
        ("event_after_the_fiftieth_is_lost", "a batch of 51 events", "50 of 51 are counted, as if number 51 were lost"),
        ("thousandth_event_is_lost", "a batch of 1000 events", "999 of 1000 are counted, as if number 1000 were lost"),
    ],
)
def test_batch_law_says_which_length_and_which_event(server: Server, fault: str, expected: str, got: str) -> None:
    """When an event of a batch is lost, the length of the batch is told, and the place of the event."""
    found = finding(server, FAULTS[fault], "every_event_of_a_batch_counts")
    assert expected in found.expected
    assert got in found.got


@pytest.mark.parametrize("fault", SUMS)
def test_laws_accuse_nobody_of_wrong_sums(server: Server, fault: str) -> None:
    """Where all events are there and are added up wrongly, no law of ingestion differs."""
    assert checked(server, FAULTS[fault], *NAMES).judgement.open == ()


def test_laws_say_nothing_where_nothing_is_added_up_right(server: Server) -> None:
    """Where even one plain event has the wrong usage, the laws that rest on it are inconclusive."""
    twice = platform(each(lambda one: one | {"meterValue": 2 * one["meterValue"]} if "meterValue" in one else one))
    found = {name: result for (_, name, _), result in results(checked(server, twice, *NAMES)).items()}
    assert found["resend_counts_once"] is Result.INCONCLUSIVE
    assert found["batch_equals_singles"] is Result.INCONCLUSIVE
    assert Result.DIFFERS not in found.values()


def test_order_law_tells_the_order(server: Server) -> None:
    """When what is older is lost, the order in which the days were sent is told, and that a day is missing."""
    found = finding(server, FAULTS["events_out_of_order_are_lost"], "order_is_free")
    assert "2 events of together 3, of days sent in the order 2, 1, is 3" in found.expected
    assert found.got == "it is 1"


@pytest.mark.parametrize(
    ("fault", "meant"),
    [
        ("zero_is_no_event", "the number of two events of 5 and 0 is 2"),
        ("negative_values_count_as_zero", "the usage of two events of 5 and -2 is 3"),
        ("fractions_are_cut_off", "the usage of two events of 0.5 and 1.5 is 2"),
    ],
)
def test_odd_value_is_named(server: Server, fault: str, meant: str) -> None:
    """Which of the odd values is miscounted is told."""
    assert meant in finding(server, FAULTS[fault], "odd_values_count").expected


def test_refused_batch_that_counts_is_told_from_one_that_is_remembered(server: Server) -> None:
    """What is left of a refused batch is told by the day that it is left on."""
    law = "invalid_batch_stores_nothing"
    kept = finding(server, FAULTS["good_events_of_a_refused_batch_count"], law)
    used_up = finding(server, FAULTS["refused_batch_uses_up_its_events"], law)
    assert "which is refused, is 0" in kept.expected
    assert kept.got == "it is 3"
    assert "and then sent again without it, is 3" in used_up.expected
    assert used_up.got == "it is 0"


def test_batch_that_is_not_refused_says_nothing_of_what_is_stored(server: Server) -> None:
    """A platform that takes an invalid batch is not accused of storing it: that it takes it is told elsewhere."""

    def takes_all(request: Request, send: Send) -> Answer:
        answer = send(request)
        return Answer(200, answer.headers, b'"1 records were ingested"') if answer.status == 400 else answer

    report = checked(server, platform(lambda: limited(INGEST, takes_all)), "invalid_batch_stores_nothing")
    (outcome,) = report.outcomes
    assert outcome.result is Result.INCONCLUSIVE
    assert "negative_data_rejection" in outcome.reason


def test_single_events_that_are_lost_are_told_by_both_ways(server: Server) -> None:
    """When events count in batches alone, the law that compares both ways differs, and says how much came by which."""

    def lost(request: Request, events: list[Event]) -> list[Event]:
        return events if isinstance(request.json(), list) else []

    found = finding(server, platform(counting(lambda: lost)), "batch_equals_singles")
    assert found.got == "it is 0 one by one, and 7 as one batch"


def test_later_hours_need_a_clock(server: Server) -> None:
    """Without a clock that can be set, nothing is said of hours, and no request goes out."""
    report = held(server.url, "resend_hours_later_counts_once")
    (outcome,) = report.outcomes
    assert outcome.result is Result.NOT_REACHABLE
    assert "--clock-url" in outcome.reason


def test_later_hours_pass_on_the_targets_clock(server: Server) -> None:
    """The commands that show what is counted again hours later move the clock between the two events."""
    fault = FAULTS["event_resent_hours_later_counts_again"]
    with before(server.url, fault) as url:
        (found,) = held(url, "resend_hours_later_counts_once", clock=True).judgement.open
    lines = found.examples[0].curl.splitlines()
    moves = [number for number, line in enumerate(lines) if "/_mock/clock" in line]
    events = [number for number, line in enumerate(lines) if "/ingest" in line]
    assert len(moves) == 1
    assert events[-2] < moves[0] < events[-1]
    assert "sent again 4 hours later, is 3" in found.expected


def test_smallest_case_is_shown(server: Server) -> None:
    """Of the generated cases that break a law the smallest one is shown."""

    def third_meter_is_lost(one: Event) -> Event:
        values: dict[str, Any] = one.get("values", {})
        return one | {"values": dict(list(values.items())[:2])} if values else one

    fault = platform(each(third_meter_is_lost))
    assert checked(server, fault, "values_are_separate_events").judgement.open == ()
    found = finding(server, fault, "values_are_separate_events", Profile.STANDARD)
    assert "the usage of meter 3 of 3, for which one event has 1 among its values, is 1" in found.expected
    assert found.examples[0].curl.count("\n") < 12


def test_repeats_inside_generated_batches_are_found(server: Server) -> None:
    """A repeat that only the third event of a batch can be is found among generated batches, and made small."""

    def change(_: Request, events: list[Event]) -> list[Event]:
        return [*events[:3], *(as_another(one) for one in events[3:])]

    found = finding(server, platform(counting(lambda: change)), "resend_in_one_batch_counts_once", Profile.STANDARD)
    assert "sent in one batch of 4" in found.expected
