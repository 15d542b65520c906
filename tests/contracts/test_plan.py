"""The plan says what a run would send, and the gate holds it to that."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.faults import Refused
from contracts.gate import Terms
from contracts.model import LIMITS, Keys, Profile
from contracts.plan import Plan, plan, plan_lines
from contracts.policy import HAZARDS, READ_ONLY, Policy, is_read
from contracts.portal import is_portal
from contracts.secrets import Secret
from specs import catalog
from tests.contracts.gates import OTHER_KEY, OWN_KEY, PREFIX, Gated, ledger, target
from tests.contracts.recording_server import Account, recording_account

URL = "https://app.example.com"
OPERATIONS = catalog.project("published").operations
WRITES = Policy(allow_writes=True)
EVERYTHING = Policy(allow_writes=True, allow=frozenset(HAZARDS))
READS = {"listCustomers", "getCustomerById", "listMeterDefinitions", "getMeterDefinitionById"}
READS |= {"listInvoices", "listFilteringRules", "queryUsage"}
OWN = {"createCustomer", "updateCustomer", "deleteCustomer"}
OWN |= {"createMeterDefinition", "updateMeterDefinition", "deleteMeterDefinition"}


METER = {"meterApiName": PREFIX + "m"}
BODIES = {
    "/meter-definition": METER,
    "/ingest": {**METER, "customerId": PREFIX + "a", "uniqueId": PREFIX + "e"},
    "/meter-event-filtering-rules": {**METER, "ruleId": PREFIX + "r", "dimensionName": PREFIX + "d"},
}
"""Good bodies of writes; the customer is enough for all others."""


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's real account."""
    with recording_account() as running:
        yield running


def _sent(made: Plan) -> set[str]:
    return {each.operation.operation_id for each in made.operations if not each.reason}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        (READ_ONLY, READS),
        (WRITES, READS | OWN),
        (EVERYTHING, {each.operation_id for each in OPERATIONS}),
    ],
)
def test_plan_names_what_is_sent(profile: Profile, policy: Policy, sent: set[str]) -> None:
    """Elsewhere only reads, unless more is allowed."""
    made = plan(target(URL), OPERATIONS, profile, policy)
    assert _sent(made) == sent
    assert all(each.reason for each in made.operations if each.operation.operation_id not in sent)
    assert [each.operation for each in made.operations] == list(OPERATIONS)


def test_plan_and_gate_agree(account: Account, tmp_path: Path) -> None:
    """What the plan does not name is refused, and what it names is sent as often as it says and no more."""
    for number, policy in enumerate((READ_ONLY, WRITES, EVERYTHING)):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = plan(target(account.url), OPERATIONS, Profile.SMOKE, policy)
        terms = Terms(quota=LIMITS[Profile.SMOKE].requests)
        book = ledger(folder, account.url)
        gated = Gated(target(account.url), policy=policy, book=book, terms=terms, operations=OPERATIONS)
        # What is written about is created first.
        for each in sorted(made.operations, key=lambda each: "create" not in each.operation.operation_id):
            assert _times(gated, each.operation) == each.most, each.operation.operation_id


def _times(gated: Gated, operation: catalog.Operation) -> int:
    """How often a good request of the operation is sent before it is refused."""
    path = operation.path.format(customerId=PREFIX + "a", meterApiName=PREFIX + "m")
    body = BODIES.get(path, {"customerId": PREFIX + "a"}) if operation.method in {"POST", "PUT"} else None
    for number in range(1000):
        try:
            gated.ask(operation.method, path, body)
        except Refused:
            return number
    return 1000


def test_total_is_what_the_rate_leaves(account: Account) -> None:
    """No more can be sent than the rate allows in the time of the run."""
    slow = plan(target(account.url), OPERATIONS, Profile.SMOKE, READ_ONLY, rate=0.5)
    assert (slow.most, slow.rate) == (LIMITS[Profile.SMOKE].seconds / 2, 0.5)
    usual = plan(target(account.url), OPERATIONS, Profile.SMOKE, READ_ONLY)
    assert (usual.most, usual.rate) == (len(READS) * LIMITS[Profile.SMOKE].requests, 5)


def test_nothing_is_limited_on_this_machine() -> None:
    """A mock is asked everything, as often as it takes."""
    made = plan(target("http://127.0.0.1:1", loopback=True), OPERATIONS, Profile.DEEP, READ_ONLY)
    assert _sent(made) == {each.operation_id for each in OPERATIONS}
    assert (made.most, made.rate) == (None, None)
    assert any("Everything is allowed" in line for line in plan_lines(made))


def test_missing_key_is_a_reason() -> None:
    """What cannot be asked for want of a key is said beforehand."""
    made = plan(target(URL, keys=Keys()), OPERATIONS, Profile.SMOKE, EVERYTHING)
    assert _sent(made) == set()
    assert {each.reason for each in made.operations} == {"there is no key: AMBERFLO_API_KEY is not set"}


LIVE = catalog.project("live").operations
PORTAL = [each for each in LIVE if is_portal(each)]


def test_the_portal_is_planned_with_a_session_alone() -> None:
    """Elsewhere its reads need a token from the environment, or the writes that open a session; its writes stay."""
    given = Keys(amberflo=target(URL).keys.amberflo, session=Secret("a-token-of-a-session"))
    reads = {each.operation_id for each in PORTAL if is_read(each)}
    names = {each.operation_id for each in PORTAL}
    for where, policy, sent in (
        (target(URL), READ_ONLY, set()),
        (target(URL, keys=given), READ_ONLY, reads),
        (target(URL), WRITES, reads),
        (target(URL), EVERYTHING, reads),
        (target(URL, loopback=True), READ_ONLY, names),
    ):
        made = plan(where, LIVE, Profile.SMOKE, policy)
        assert _sent(made) & names == sent
    unsent = [
        each for each in plan(target(URL), LIVE, Profile.SMOKE, READ_ONLY).operations if is_portal(each.operation)
    ]
    assert {each.reason for each in unsent} == {
        "there is no session: AMBERFLO_SESSION is not set, and without --allow-writes none is opened"
    }


def test_a_document_that_opens_no_session_needs_one() -> None:
    """Even on this machine, where nothing but a token could open the portal."""
    made = plan(target(URL, loopback=True), PORTAL, Profile.SMOKE, READ_ONLY)
    assert {each.reason for each in made.operations} == {
        "there is no session: AMBERFLO_SESSION is not set, and the document cannot open one"
    }


def test_charge_events_are_not_planned_elsewhere() -> None:
    """Not even when everything is allowed."""
    keys = Keys(solvimon=target(URL).keys.amberflo)
    made = plan(target(URL, keys=keys), catalog.document("solvimon").operations, Profile.SMOKE, EVERYTHING)
    assert _sent(made) == set()


def test_lines_say_what_stays() -> None:
    """A reader sees what cannot be taken back, what is cleaned up, and what is not sent and why."""
    text = "\n".join(plan_lines(plan(target(URL), OPERATIONS, Profile.STANDARD, EVERYTHING)))
    assert "Stays for ever: things of the kinds event, filtering-rule, plan-assignment, prepaid-order" in text
    assert "deleted by a clean-up: customer, meter" in text
    text = "\n".join(plan_lines(plan(target(URL), OPERATIONS, Profile.STANDARD, READ_ONLY)))
    assert "Nothing stays for ever" in text
    limits = LIMITS[Profile.STANDARD]
    most = len(READS) * limits.requests
    assert f"at most {most} requests, at most 5 in a second, within {limits.seconds:g} s" in text
    assert "--allow ingestMeterEvents would send it" in text
    for operation in OPERATIONS:
        assert f"{operation.operation_id} ({operation.method} {operation.path})" in text


def test_lines_hold_no_key_and_warn_of_plain_http() -> None:
    """The plan can be shown to anybody."""
    where = replace(target("http://app.example.com"), name="x")
    text = "\n".join(plan_lines(plan(where, OPERATIONS, Profile.SMOKE, READ_ONLY)))
    assert OWN_KEY not in text
    assert OTHER_KEY not in text
    assert "unencrypted" in text
