"""Filtering rules: stored by id, listed by meter, in force from their creation on."""

from typing import Any

import pytest

from tests.handlers.steps import Account, Json, event, refused, values_of

PATH = "/meter-event-filtering-rules"


def rule(**fields: Any) -> Json:
    """A rule that keeps the events of eu; a field given as None is left out."""
    whole = {
        "meterApiName": "calls",
        "ruleId": "r1",
        "dimensionName": "region",
        "dimensionValues": ["eu"],
        "action": "INCLUDE",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


EXCLUDE_EU = rule(ruleId="r2", action="EXCLUDE")
INCLUDE_US = rule(ruleId="r3", dimensionValues=["us"])
INCLUDE_GOLD = rule(ruleId="r4", dimensionName="tier", dimensionValues=["gold"])
EXCLUDE_GOLD = rule(ruleId="r5", dimensionName="tier", dimensionValues=["gold"], action="EXCLUDE")
OTHER_METER = rule(ruleId="r6", meterApiName="other", dimensionValues=[])

EVENTS = {
    "bare": {},
    "eu": {"region": "eu"},
    "us": {"region": "us"},
    "asia": {"region": "asia"},
    "eu-gold": {"region": "eu", "tier": "gold"},
    "us-gold": {"region": "us", "tier": "gold"},
}


def listed(account: Account, meter: str) -> Any:
    """The rules of a meter."""
    return account.take(account.mock.get(PATH, params={"meterApiName": meter}))


def create(account: Account, *rules: Json) -> None:
    """Creates rules that answer as they were sent."""
    for each in rules:
        assert account.take(account.mock.post(PATH, json=each)) == each


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([], set(EVENTS)),
        ([rule()], {"eu", "eu-gold"}),
        ([rule(), INCLUDE_US], {"eu", "us", "eu-gold", "us-gold"}),
        ([EXCLUDE_EU], {"bare", "us", "asia", "us-gold"}),
        ([rule(), EXCLUDE_EU], set()),
        ([INCLUDE_US, INCLUDE_GOLD], {"us-gold"}),
        ([rule(), EXCLUDE_GOLD], {"eu"}),
        ([rule(action=None)], set(EVENTS)),
        ([rule(dimensionName=None)], set(EVENTS)),
        ([rule(dimensionValues=None)], set()),
        ([rule(action="EXCLUDE", dimensionValues=None)], set(EVENTS)),
        ([OTHER_METER], set(EVENTS)),
    ],
    ids=[
        "none", "include", "two-includes", "exclude", "exclude-wins", "two-dimensions", "include-and-exclude",
        "no-action", "no-dimension", "include-nothing", "exclude-nothing", "another-meter",
    ],
)  # fmt: skip
def test_rules_decide_what_is_kept(account: Account, rules: list[Json], kept: set[str]) -> None:
    """EXCLUDE beats INCLUDE, INCLUDE rules of a dimension are joined by OR and dimensions by AND."""
    create(account, *rules)
    for number in range(2):
        # Twice in a batch, so that a decision on equal dimensions is used again.
        ids = [(f"{name}{number}{again}", name) for again in range(2) for name in EVENTS]
        account.ingest(*(event(uniqueId=each, dimensions={**EVENTS[name], "name": name}) for each, name in ids))
    groups = account.usage(groupBy=["name"])
    assert {group["groupInfo"]["name"]: list(values_of(group)) for group in groups} == {name: [4] for name in kept}


def test_rules_see_every_form_of_an_event(account: Account) -> None:
    """A rule drops single events, events without dimensions and events of a map of values alike."""
    create(account, rule())
    for sent in (
        event(),
        event(dimensions={"region": "us"}),
        event(meterApiName=None, meterValue=None, values={"calls": 5, "other": 7}),
    ):
        assert account.take(account.mock.post("/ingest", json=sent)) == "1 records were ingested"
    assert (account.total(), account.total(meterApiName="other")) == (0, 7)


def test_a_rule_acts_from_its_creation_on(account: Account) -> None:
    """Events that were ingested before a rule stay."""
    account.ingest(event(uniqueId="before", dimensions={"region": "us"}))
    create(account, rule())
    account.ingest(event(uniqueId="after", dimensions={"region": "us"}))
    assert account.total() == 1


def test_a_dropped_event_does_not_use_up_its_identity(account: Account) -> None:
    """The same event counts when it is sent again after the rule changed."""
    sent = event(uniqueId="a", dimensions={"region": "us"})
    create(account, rule())
    account.ingest(sent)
    create(account, rule(dimensionValues=["eu", "us"]))
    account.ingest(sent)
    assert (account.total(), account.mock.rules()) == (1, [])


def test_a_rule_is_replaced_by_its_id(account: Account) -> None:
    """The second write of an id replaces the rule whole, and keeps its place in the list."""
    create(account, rule(), INCLUDE_US, rule(action=None))
    assert listed(account, "calls") == [rule(action=None), INCLUDE_US]


def test_a_rule_moves_with_its_meter(account: Account) -> None:
    """An update with another meter takes the rule from the one to the other."""
    account.define("other")
    create(account, rule(), rule(meterApiName="other"))
    assert (listed(account, "calls"), listed(account, "other")) == ([], [rule(meterApiName="other")])
    account.ingest(event(dimensions={"region": "us"}), event(meterApiName="other", dimensions={"region": "us"}))
    assert (account.total(), account.total(meterApiName="other")) == (1, 0)


@pytest.mark.parametrize("absent", [None, ""])
def test_an_absent_id_is_made(account: Account, absent: str | None) -> None:
    """Without an id every write makes a rule with an id of its own, under which it can be replaced."""
    first, second = (account.take(account.mock.post(PATH, json=rule(ruleId=absent))) for _ in range(2))
    assert first["ruleId"].startswith("rule-")
    assert first["ruleId"] != second["ruleId"]
    create(account, rule(ruleId=first["ruleId"], action="EXCLUDE"))
    assert [each["action"] for each in listed(account, "calls")] == ["EXCLUDE", "INCLUDE"]


def test_a_made_id_never_replaces_a_rule(account: Account) -> None:
    """An id that a caller took first is passed over when ids are made."""
    made = account.take(account.mock.post(PATH, json=rule(ruleId=None)))["ruleId"]
    account.mock.reset()
    create(account, rule(ruleId=made))
    other = account.take(account.mock.post(PATH, json=rule(ruleId=None)))["ruleId"]
    assert other != made
    assert [each["ruleId"] for each in listed(account, "calls")] == [made, other]


def test_what_no_document_knows_is_dropped(account: Account) -> None:
    """A rule keeps its documented fields only."""
    assert account.take(account.mock.post(PATH, json={**rule(), "nonsense": 1})) == rule()


def test_the_list_needs_a_meter(account: Account) -> None:
    """A list without its required query parameter is 400; a meter without rules has an empty list."""
    assert refused(account.mock.get(PATH)) == "meterApiName: required"
    assert listed(account, "nobody") == []
