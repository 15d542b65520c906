"""What is special to the laws of rules: which rules each form of the API knows, and what is told of whom."""

import pytest

from contracts.laws.rules import LAWS
from contracts.laws.rules_written import EXCLUDE, INCLUDE, Rule, Values, passes
from contracts.model import Profile, Result
from specs.catalog import DIALECTS
from tests.contracts.faults.fault import Answer, Request, Send, limited, on
from tests.contracts.faults.ingesting import each
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.accusing import checked, finding, platform
from tests.contracts.laws.halving import Halving
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server

NAMES = tuple(law.name for law in LAWS)
CUSTOM, LIST = "createOrUpdateCustomFilteringRule", "listFilteringRules"
TOLD_OF = {
    "published": {
        ("exclude_drops_matches", "createFilteringRule"),
        ("include_keeps_matches_alone", "createFilteringRule"),
        ("rule_with_several_values_matches_each", "createFilteringRule"),
        ("rule_acts_from_its_creation_on", "createFilteringRule"),
        ("rule_update_replaces", "createFilteringRule"),
        ("rule_list_selects_by_meter", LIST),
    },
    "live": {
        ("cancellation_undoes_one_event", "ingestMeterEvents"),
        ("cancellation_undoes_one_event", CUSTOM),
        ("rule_with_several_values_matches_each", CUSTOM),
        ("rule_update_replaces", CUSTOM),
        ("rule_list_selects_by_meter", "listCustomFilteringRules"),
    },
}
EU = Rule(EXCLUDE, ("eu",))
ONLY_EU, ONLY_US, ONLY_PAID = (
    Rule(INCLUDE, (value,), dimension) for value, dimension in (("eu", "d"), ("us", "d"), ("paid", "e"))
)


@pytest.mark.slow(seconds=6)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_the_mock_with_generated_data(server: Server, dialect: str, seed: int) -> None:
    """Each form is held to the laws of its own rules, and whatever data is generated, the mock is not accused."""
    found = results(held(server.url, *NAMES, dialect=dialect, profile=Profile.STANDARD, seed=seed))
    assert {(name, operation) for _, name, operation in found} == TOLD_OF[dialect]
    assert set(found.values()) == {Result.CONFORM}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_second_halves_judge_alone(server: Server, dialect: str) -> None:
    """The second half of a law needs no more than the trial and the case, and writes nothing."""
    halving = Halving(server.url, dialect, LAWS)
    halving.write()
    written = halving.written()
    assert {said.result for said in halving.judge().values()} == {Result.CONFORM}
    assert halving.written() == written


@pytest.mark.parametrize("dialect", DIALECTS)
def test_second_halves_do_not_believe_in_what_was_not_written(server: Server, dialect: str) -> None:
    """Where nothing was ever written, no second half says that its law holds."""
    assert {said.result for said in Halving(server.url, dialect, LAWS).judge().values()} == {Result.DIFFERS}


@pytest.mark.parametrize(
    ("rules", "values", "expected"),
    [
        ((), {}, True),
        ((EU,), {"d": "eu"}, False),
        ((EU,), {"d": "us"}, True),
        ((EU,), {}, True),
        ((ONLY_EU,), {"d": "eu"}, True),
        ((ONLY_EU,), {"d": "us"}, False),
        ((ONLY_EU,), {}, False),
        ((ONLY_EU, ONLY_US), {"d": "us"}, True),
        ((ONLY_EU, ONLY_PAID), {"d": "eu"}, False),
        ((ONLY_EU, ONLY_PAID), {"d": "eu", "e": "paid"}, True),
        ((ONLY_PAID, EU), {"d": "eu", "e": "paid"}, False),
    ],
)
def test_passing(rules: tuple[Rule, ...], values: Values, *, expected: bool) -> None:
    """An excluding rule drops what it names; of each dimension with including rules one has to name the event."""
    assert passes(rules, values) is expected


def test_rule_and_events_are_told_in_words(server: Server) -> None:
    """A finding names the rule, the events with what each counts, and whether they came in a batch."""
    alone = finding(server, FAULTS["excluding_rules_do_nothing"], "exclude_drops_matches")
    batched = finding(server, FAULTS["rules_spare_batches"], "exclude_drops_matches")
    told = "after a rule that excludes eu, and events eu (1), us (2), without a value (4)"
    assert f"{told}, is 6" in alone.expected
    assert f"{told}, in one batch, is 6" in batched.expected
    assert alone.got == batched.got == "it is 7"


@pytest.mark.parametrize(
    ("fault", "got"), [("rule_acts_on_what_was_counted", "it is 4"), ("rule_spares_the_next_request", "it is 7")]
)
def test_both_sides_of_a_rules_creation_are_looked_at(server: Server, fault: str, got: str) -> None:
    """A rule that reaches back loses what was counted; one that comes late lets the next event in."""
    assert finding(server, FAULTS[fault], "rule_acts_from_its_creation_on").got == got


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        ("cancelling_event_does_nothing", "ingestMeterEvents"),
        ("cancelling_event_cancels_the_customer", "ingestMeterEvents"),
        ("cancelling_rule_ignores_its_filter", CUSTOM),
    ],
)
def test_each_way_of_cancelling_is_told_by_itself(server: Server, fault: str, operation: str) -> None:
    """A cancellation that fails is told of the operation that cancels, and the other way is not accused."""
    assert finding(server, FAULTS[fault], "cancellation_undoes_one_event").identity.operation_id == operation


def test_custom_rule_that_stays_as_it_was_is_found(server: Server) -> None:
    """In the live form, too, a rule that is sent again has to act as it says now."""
    ids: set[object] = set()

    def first_alone(request: Request, send: Send) -> Answer:
        rule = request.json()
        known = rule["id"] in ids
        ids.add(rule["id"])
        # What it answers is right; what it does is not.
        return send(request.with_json(rule | {"filter": {"nothing": ["at all"]}})) if known else send(request)

    found = finding(server, platform(lambda: limited(CUSTOM, first_alone), "live"), "rule_update_replaces")
    assert found.identity.operation_id == CUSTOM
    assert "excludes eu and us, and excluded eu before, is 4" in found.expected
    assert found.got == "it is 6"


def test_rule_that_is_kept_twice_is_found_in_the_list(server: Server) -> None:
    """A rule that acts right after it was sent again, and is listed twice, is found as well."""
    twice = on(LIST, answer=lambda rules: [*rules, *rules])
    found = finding(server, platform(twice), "rule_update_replaces")
    assert found.got == "it is listed 2 times"


def test_laws_accuse_nobody_of_wrong_sums(server: Server) -> None:
    """Where the right events are let in and are added up wrongly, no rule is accused."""
    assert checked(server, FAULTS["largest_of_three_is_no_part_of_the_sum"], *NAMES).judgement.open == ()


def test_laws_say_nothing_where_nothing_is_added_up_right(server: Server) -> None:
    """Where even one plain event has the wrong usage, no rule is accused."""
    twice = each(lambda one: one | {"meterValue": 2 * one["meterValue"]} if "meterValue" in one else one)
    found = {name: result for (_, name, _), result in results(checked(server, platform(twice), *NAMES)).items()}
    assert found.pop("rule_list_selects_by_meter") is Result.CONFORM
    assert set(found.values()) == {Result.INCONCLUSIVE}
