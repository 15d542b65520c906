"""What is special to the laws of accounts: what they name, what they show, and when they have nothing to say."""

from collections.abc import Callable

import pytest

from contracts.conformance import Conformance
from contracts.keys import AMBERFLO, OTHER
from contracts.laws.accounts import LAWS
from contracts.model import Finding, Profile, Result
from mockserver.app import create_app
from mockserver.settings import Settings
from specs.catalog import DIALECTS
from tests.contracts.faults.accounts import Accounts, mixing
from tests.contracts.faults.client import fresh
from tests.contracts.faults.exchange import keyed, made
from tests.contracts.faults.fault import Answer, Request, Send, Wrong
from tests.contracts.faults.table import FAULTS
from tests.contracts.laws.accusing import checked, finding, platform
from tests.contracts.laws.holding import held, results
from tests.support.serving import Server, serving

NAMES = tuple(law.name for law in LAWS)
WRONG_KEY = "metermock-wrong-key"


def reasons(report: Conformance) -> dict[str, str]:
    """Why there is no verdict, by operation."""
    return {each.cell.operation_id: each.reason for each in report.outcomes}


def found_by_operation(report: Conformance) -> dict[str, Finding]:
    """The findings, by operation."""
    return {each.identity.operation_id: each for each in report.judgement.open}


@pytest.mark.slow(seconds=12)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_laws_hold_on_every_operation_of_the_mock(server: Server, dialect: str) -> None:
    """Beyond the smoke profile every family is tried in all of its operations, and none is accused or says nothing."""
    report = held(server.url, *NAMES, dialect=dialect, profile=Profile.STANDARD)
    assert set(results(report).values()) == {Result.CONFORM}


def test_laws_hold_at_solvimon(server: Server) -> None:
    """The other vendor's operation takes its key from the header alone, and its answers keep it."""
    report = held(server.url, *NAMES, dialect=None, document="solvimon")
    assert set(results(report).values()) == {Result.CONFORM}
    assert {each.cell.check for each in report.outcomes} == {
        "refused_with_key_elsewhere",
        "answers_echo_no_key",
        "answers_show_no_internals",
    }


# Refused


def unkeyed(
    operation: str, key: str, wrong: Callable[[Accounts, Request, Answer, Send], Answer]
) -> Callable[[], Wrong]:
    """A platform that does something else than to refuse one operation; only with this key, where there is one."""

    def mixed(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
        return wrong(accounts, request, answer, send) if answer.status == 401 and request.key == key else answer

    return mixing(frozenset({operation}), mixed)


def shown_in_refusal(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    """The refusal has what was asked for in it."""
    shown = send(keyed(request, accounts.last)).body.decode() if accounts.last else ""
    return made(answer.status, {"message": "refused", "code": "UNAUTHORIZED", "details": shown})


def carried_out(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
    """What is refused is done."""
    send(keyed(request, accounts.last))
    return answer


@pytest.mark.parametrize("operation", ["listCustomers", "queryUsage", "getMeterDefinitionById"])
def test_refusal_that_shows_what_was_asked_for_is_none(server: Server, operation: str) -> None:
    """A status of 401 does not help when the answer holds what only the owner may see."""
    found = finding(server, platform(unkeyed(operation, "", shown_in_refusal)), "refused_without_key")
    assert found.identity.operation_id == operation
    assert found.got == "it is refused with 401, and the answer shows what only the owner may see"


@pytest.mark.parametrize(
    ("operation", "got"),
    [
        ("createCustomer", "what it asked to be made is there"),
        ("updateCustomer", "customerName is another one"),
        ("deleteMeterDefinition", "what was there before is there no more"),
        ("createFilteringRule", "what it asked to be made is there"),
        ("ingestMeterEvents", "it is 8"),
    ],
)
@pytest.mark.parametrize("key", ["", WRONG_KEY], ids=["none", "wrong"])
def test_refused_write_that_was_carried_out_is_named(server: Server, operation: str, got: str, key: str) -> None:
    """It is told which write has changed something, though both of making, changing and removing were asked for."""
    found = finding(server, platform(unkeyed(operation, key, carried_out)), "refused_write_changes_nothing")
    assert found.identity.operation_id == operation
    assert found.got == got


def test_accepted_write_is_another_laws_matter(server: Server) -> None:
    """Where a write without a key is taken, nothing can be said of refused ones."""

    def let_in(accounts: Accounts, request: Request, _answer: Answer, send: Send) -> Answer:
        return send(keyed(request, accounts.last))

    report = checked(server, platform(unkeyed("createCustomer", "", let_in)), "refused_write_changes_nothing")
    assert results(report)["published", "refused_write_changes_nothing", "createCustomer"] is Result.INCONCLUSIVE
    assert "so it was not refused" in reasons(report)["createCustomer"]


@pytest.mark.parametrize(
    ("fault", "place"), [("key_is_taken_from_the_query", "the query"), ("key_is_taken_from_a_cookie", "a cookie")]
)
def test_place_of_a_key_is_named(server: Server, fault: str, place: str) -> None:
    """Both places are asked at once, and the one that counts is told; every operation is."""
    found = found_by_operation(checked(server, FAULTS[fault], "refused_with_key_elsewhere"))
    assert len(found) == 17
    assert all(f"though {place} has one" in each.expected for each in found.values())


def test_key_elsewhere_says_nothing_where_made_up_keys_are_none() -> None:
    """A target that takes listed keys alone refuses a made-up key anywhere, so that its refusal says nothing."""
    keys = {AMBERFLO: fresh("own"), OTHER: fresh("other")}
    with serving(create_app(Settings(api_keys=frozenset(keys.values())))) as running:
        report = held(running.url, *NAMES, environment=keys)
    found = results(report)
    elsewhere = {result for (_, law, _), result in found.items() if law == "refused_with_key_elsewhere"}
    assert elsewhere == {Result.NOT_REACHABLE}
    assert {result for (_, law, _), result in found.items() if law != "refused_with_key_elsewhere"} == {Result.CONFORM}


def test_operation_without_any_key_takes_none_elsewhere(server: Server) -> None:
    """What is answered without a key is not said to take it from the query."""
    report = checked(server, FAULTS["list_of_customers_needs_no_key"], "refused_with_key_elsewhere")
    assert not report.judgement.open


# The second account


def test_second_account_may_not_remove(server: Server) -> None:
    """A deletion by another account is told of the deletion."""

    def removes(accounts: Accounts, request: Request, answer: Answer, send: Send) -> Answer:
        owner = accounts.owner(request, "meterApiName", request.keys["meterApiName"])
        return send(keyed(request, owner)) if owner != request.key else answer

    fault = platform(mixing(frozenset({"deleteMeterDefinition"}), removes))
    assert finding(server, fault, "second_account_sees_nothing").identity.operation_id == "deleteMeterDefinition"


@pytest.mark.parametrize("operation", ["queryUsage", "queryUsageSparse", "queryUsageBatch", "listUsageEvents"])
def test_usage_of_another_account_is_told_by_its_operation(server: Server, operation: str) -> None:
    """Each of the ways to usage is asked by the other account."""

    def make() -> Wrong:
        keys: list[str] = []

        def show(request: Request, send: Send) -> Answer:
            if request.operation == "ingestMeterEvents":
                keys.append(request.key)
            return send(keyed(request, keys[-1]) if request.operation == operation else request)

        return show

    found = finding(server, platform(make, "live"), "second_account_sees_nothing")
    assert found.identity.operation_id == operation


def test_without_a_second_key_nothing_is_said(server: Server) -> None:
    """A law that needs two accounts is not reachable with one."""
    report = held(server.url, "second_account_sees_nothing", environment={AMBERFLO: fresh("test")})
    assert set(results(report).values()) == {Result.NOT_REACHABLE}


@pytest.mark.parametrize("law", ["second_account_sees_nothing", "refused_write_changes_nothing"])
def test_what_is_made_up_shows_nothing(server: Server, law: str) -> None:
    """A platform that answers for what is not there is not accused of showing or making it."""
    report = checked(server, FAULTS["absent_notification_is_made_up"], law, profile=Profile.STANDARD)
    assert not report.judgement.open


@pytest.mark.slow(seconds=4)
def test_families_are_tried_whole_beyond_smoke(server: Server) -> None:
    """The smoke profile takes one kind of the live platform's own; the standard profile takes all, and shows one."""

    def shared() -> Wrong:
        keys: list[str] = []

        def share(request: Request, send: Send) -> Answer:
            if request.operation == "createWebhookSubscription":
                keys.append(request.key)
            return send(keyed(request, keys[-1]) if keys and request.operation == "getWebhookSubscription" else request)

        return share

    fault = platform(shared, "live")
    assert not checked(server, fault, "second_account_sees_nothing").judgement.open
    found = finding(server, fault, "second_account_sees_nothing", Profile.STANDARD)
    assert found.identity.operation_id == "getWebhookSubscription"
    assert found.examples[0].curl.count("curl") == 2
