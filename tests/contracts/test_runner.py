"""Runs as a whole: on the mock, on somebody's account, and on targets that cannot be checked."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.conformance import Conformance
from contracts.exitcodes import ExitCode
from contracts.keys import AMBERFLO, OTHER, SESSION
from contracts.model import Limits, Profile, Result
from contracts.policy import HAZARDS, Policy, is_read
from contracts.report.reading import read_report
from contracts.results import totals
from contracts.routing import Router
from contracts.runner import run
from contracts.settings import LawOptions, Settings, projections
from contracts.target import TREAT_AS_REMOTE, read_target
from specs import catalog
from tests.contracts import bad_targets
from tests.contracts.bad_targets import Talk, bad_target, self_signed, unused_url
from tests.contracts.fake_clock import FakeClock
from tests.contracts.faulty.document import THINGS
from tests.contracts.recording_server import REAL_CUSTOMERS, REAL_METERS, Account, Answer, Recorded, recording_account
from tests.support.serving import ROOT, Server

OWN_KEY = "canary-of-the-account-1"
ELSEWHERE = {TREAT_AS_REMOTE: "1", AMBERFLO: OWN_KEY, OTHER: "canary-of-another-2"}
REAL = (*REAL_CUSTOMERS, *REAL_METERS)
BAD: tuple[Callable[[Talk], None], ...] = (
    bad_targets.hang,
    bad_targets.drip_the_body,
    bad_targets.flood,
    bad_targets.close_at_once,
    bad_targets.close_in_the_body,
    bad_targets.promise_too_little,
    bad_targets.speak_something_else,
    bad_targets.bad_gzip,
    bad_targets.html,
    bad_targets.redirect,
    bad_targets.large,
)
SHORT = Limits(3, 60, ("examples", "coverage"), 15)


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's account."""
    with recording_account() as found:
        yield found


def elsewhere(account: Account, profile: Profile = Profile.SMOKE, seed: int = 1, **more: Any) -> Settings:
    """A run on an account that is not on this machine, on a clock of its own."""
    target = read_target(account.url, dialect="published", environment=ELSEWHERE)
    return Settings(target, projections(target, "amberflo"), profile, seed, clock=FakeClock(), **more)


def here(url: str, profile: Profile = Profile.SMOKE, seed: int = 1, **more: Any) -> Settings:
    """A run on this machine, with keys of its own, held to every law, and with the account's clock in its hand."""
    target = read_target(url, environment={})
    laws = LawOptions(strict=True, clock_url=f"{url}/_mock/clock")
    return Settings(target, projections(target, None), profile, seed, **{"laws": laws, **more})


def refusing(good: str) -> Any:
    """What makes an account refuse every key but one."""

    def refuse(request: Recorded) -> Answer | None:
        found = {name.lower(): value for name, value in request.headers.items()}.get("x-api-key")
        return None if found == good else Answer(401, {"message": "no good key"})

    return refuse


def published(settings: Settings) -> Settings:
    """The same run, held against what is quick to check: the published form, and Solvimon."""
    return replace(settings, projections=tuple(each for each in settings.projections if each.dialect != "live"))


LOCKED = "its document lets it refuse, and nothing shows how it would not"
DEEP = "it is tried from the profile deep on"


def checked_apart(url: str, folder: Path, *arguments: str) -> Conformance:
    """What `contracts check` reports of the mock, run as users run it: in a process that no coverage slows down."""
    command = [sys.executable, "-m", "contracts", "check", url, *arguments]
    command += ["--strict-laws", "--clock-url", f"{url}/_mock/clock", "--report-dir", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (folder / "report.json").is_file(), ended.stderr
    found = read_report(folder / "report.json")
    assert ended.returncode == found.exit_code
    return found


@pytest.mark.slow(seconds=400)
def test_the_mock_conforms(server_apart: Server, tmp_path: Path) -> None:
    """On the mock there is no finding in either dialect; every operation has a success, and every check has a verdict.

    But for a deletion that its document lets it refuse, where nothing says how it would not.
    """
    found = checked_apart(server_apart.url, tmp_path, "--profile", "standard", "--seed", "1")
    assert found.judgement.open == ()
    assert found.exit_code is ExitCode.CONFORMS
    assert found.unreached == ()
    assert {each.dialect for each in found.documents} == {"published", "live", ""}
    assert {outcome.cell.operation_id for outcome in found.outcomes} == {
        each.operation_id for each in catalog.operations()
    }
    without = [each for each in found.outcomes if each.result is not Result.CONFORM]
    assert [each for each in without if each.result is not Result.UNTESTED or each.reason not in (LOCKED, DEEP)] == []


@pytest.mark.slow
def test_the_mock_conforms_to_another_seed(server_apart: Server) -> None:
    """Whatever is generated of the published form, nothing is found and nothing is left out."""
    found = run(published(here(server_apart.url, Profile.STANDARD, 2)))
    assert found.judgement.open == ()
    assert {each.reason for each in found.outcomes if each.result is not Result.CONFORM} == {DEEP}


def test_smoke_on_the_mock(server_apart: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smoke finds nothing on the mock, and leaves nothing where it was called."""
    monkeypatch.chdir(tmp_path)
    found = run(published(here(server_apart.url, seed=7)))
    assert found.exit_code is ExitCode.CONFORMS
    assert found.unreached == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_read_only_in_the_live_form(account: Account) -> None:
    """Elsewhere, without --allow-writes, every request reads; with a session the portal's operations are read too."""
    target = read_target(account.url, dialect="live", environment={**ELSEWHERE, SESSION: "canary-token-of-a-session"})
    limits = Limits(2, 600, ("examples", "coverage", "stateful"), 4, alike=1)
    found = run(Settings(target, projections(target, "amberflo"), rate=5000, limits=limits))
    router = Router([each for each in catalog.document("amberflo").operations if is_read(each)])
    assert [each for each in account.recorded if router.match(each.method, each.path) is None] == []
    asked = {each.operation_id for each in catalog.project("live").operations if is_read(each)}
    assert {name for name, sent in found.requests.operations.items() if sent} == asked
    assert sorted(account.customers) == sorted(REAL_CUSTOMERS)


@pytest.mark.slow
def test_writes_touch_nobody_elses_things(account: Account, tmp_path: Path) -> None:
    """With --allow-writes no write names a key of the account, no operation of the table is sent, and all is tidied."""
    account.instead = refusing(OWN_KEY)
    found = run(elsewhere(account, Profile.STANDARD, policy=Policy(allow_writes=True), ledger=tmp_path / "run.ledger"))
    writes = account.writes()
    assert writes
    for write in writes:
        text = f"{write.path}?{write.query} {write.body.decode()}"
        assert not any(key in text for key in REAL), write
    # The gate would refuse what the account has shown; the engine is not even to make requests of it.
    assert not [reason for reason in found.requests.refused if "has shown" in reason]
    router = Router(catalog.document("amberflo").operations)
    sent = {match.operation.operation_id for each in writes if (match := router.match(each.method, each.path))}
    assert sent.isdisjoint(HAZARDS)
    assert not any("stripe" in write.query.lower() for write in writes)
    assert sorted(account.customers) == sorted(REAL_CUSTOMERS)
    assert sorted(account.meters) == sorted(REAL_METERS)
    assert any(note.startswith("Deleted: ") for note in found.notes)


def test_a_busy_target_is_no_finding(account: Account) -> None:
    """Elsewhere, a 429 to every third request is put off and counted; nothing is found for its sake."""
    refuse = refusing(OWN_KEY)
    counted = iter(range(1, 100_000))

    def busy(request: Recorded) -> Answer | None:
        return Answer(429, {"message": "slowly"}, {"Retry-After": "1"}) if next(counted) % 3 == 0 else refuse(request)

    account.instead = busy
    found = run(elsewhere(account))
    assert found.requests.environment["429"] > 5
    checks = {finding.identity.check for finding in found.judgement.open}
    assert checks <= {"negative_data_rejection"}
    assert found.faults == ()


def test_a_target_that_stays_busy_is_inconclusive(account: Account) -> None:
    """Elsewhere, an operation that is never answered but with 503 is inconclusive, and not one of its checks passed."""
    refuse = refusing(OWN_KEY)

    def down(request: Recorded) -> Answer | None:
        return Answer(503, {"message": "down"}) if request.path == "/usage" else refuse(request)

    account.instead = down
    found = run(elsewhere(account))
    results = {each.result for each in found.outcomes if each.cell.operation_id == "queryUsage"}
    assert Result.INCONCLUSIVE in results
    assert results <= {Result.INCONCLUSIVE, Result.UNTESTED}
    assert not any(finding.identity.operation_id == "queryUsage" for finding in found.judgement.open)


def test_the_time_is_kept(account: Account) -> None:
    """A slow target is left when the time is over, and what is not finished is untested, with the reason."""
    settings = elsewhere(account, limits=replace(SHORT, seconds=30))
    clock = settings.clock
    account.after = lambda _request: clock.sleep(5)
    found = run(settings)
    assert found.seconds <= 35
    assert totals(found.outcomes)["untested"] > 50
    assert any("time of the run" in outcome.reason for outcome in found.outcomes)


def test_a_dead_target_could_not_be_run() -> None:
    """Where nothing listens, the run says so in one line for each document, and passes nothing."""
    found = run(here(unused_url()))
    assert found.exit_code is ExitCode.COULD_NOT_RUN
    assert all("no answer" in fault.message for fault in found.faults)
    assert set(Counter(outcome.result for outcome in found.outcomes)) == {Result.UNTESTED}


def test_a_wrong_key_could_not_be_run(account: Account) -> None:
    """A target that refuses the key of the run is not examined further."""
    account.instead = refusing("another key")
    found = run(elsewhere(account))
    assert found.exit_code is ExitCode.COULD_NOT_RUN
    assert "refuses the key" in found.faults[0].message
    assert len(account.recorded) == 1


def test_nothing_to_send_could_not_be_run(account: Account) -> None:
    """A document none of whose operations may be sent is no success."""
    target = read_target(account.url, document="solvimon", dialect="live", environment=ELSEWHERE)
    found = run(Settings(target, projections(target, "solvimon"), clock=FakeClock()))
    assert found.exit_code is ExitCode.COULD_NOT_RUN
    assert account.recorded == []
    assert {outcome.result for outcome in found.outcomes} == {Result.NOT_REACHABLE}


def test_an_absent_key_makes_its_document_unreachable(server: Server) -> None:
    """Without a key for Solvimon its operation is not reachable, and the rest is checked all the same."""
    target = read_target(server.url, environment={AMBERFLO: "test-alone"})
    found = run(published(Settings(target, projections(target, None), Profile.SMOKE, limits=SHORT)))
    by_document = {each.cell.document: each.result for each in found.outcomes}
    assert by_document["solvimon"] is Result.NOT_REACHABLE
    isolation = [each for each in found.outcomes if each.cell.check == "account_isolation"]
    assert {each.result for each in isolation} == {Result.NOT_REACHABLE}


def test_the_first_finding_ends_a_fast_run(account: Account) -> None:
    """With --fail-fast the run ends with its first finding, and the rest is untested."""
    found = run(elsewhere(account, fail_fast=True))
    assert found.exit_code is ExitCode.FINDINGS
    assert len(found.judgement.open) == 1
    assert any("first finding" in outcome.reason for outcome in found.outcomes)


def identities(found: Conformance) -> list[Any]:
    """What was found, without counts and examples."""
    return [finding.identity for finding in found.judgement.open]


def test_a_seed_repeats_a_run(account: Account) -> None:
    """Two runs of one seed send the same requests and find the same."""
    first = run(elsewhere(account, limits=SHORT, seed=5))
    asked = [(each.method, each.path, each.query, each.body) for each in account.recorded]
    account.recorded.clear()
    second = run(elsewhere(account, limits=SHORT, seed=5))
    assert [(each.method, each.path, each.query, each.body) for each in account.recorded] == asked
    assert identities(first) == identities(second)


def test_no_key_is_in_what_a_run_says(account: Account) -> None:
    """An account that repeats the key in everything that it answers does not get it into the report."""

    def echo(request: Recorded) -> Answer | None:
        key = request.headers.get("X-API-KEY", "")
        return Answer(400, {"message": f"{key} {key[::-1]}", "code": key}, {"X-Echo": key})

    account.instead = echo
    found = run(elsewhere(account, limits=SHORT))
    assert found.judgement.open
    assert not re.search(re.escape(OWN_KEY), repr(found))


@pytest.mark.parametrize("talk", BAD, ids=lambda each: each.__name__)
def test_a_bad_target_never_passes(talk: Callable[[Talk], None]) -> None:
    """Whatever a target does instead of answering, it is a finding or one clear line, and no schema held."""
    with bad_target(talk) as url:
        target = read_target(url, document=str(THINGS), environment={})
        limits = Limits(1, 20, ("examples",), 10)
        found = run(Settings(target, projections(target, str(THINGS)), Profile.SMOKE, limits=limits, seconds=0.2))
    assert found.exit_code in {ExitCode.FINDINGS, ExitCode.COULD_NOT_RUN}
    schema = [each.result for each in found.outcomes if each.cell.check == "response_schema_conformance"]
    assert Result.CONFORM not in schema
    for fault in found.faults:
        assert "\n" not in fault.message


def test_an_untrusted_certificate_is_one_clear_line(tmp_path: Path) -> None:
    """A target whose certificate nobody vouches for could not be checked."""
    with bad_target(bad_targets.html, self_signed(tmp_path)) as url:
        found = run(here(url, limits=SHORT))
    assert found.exit_code is ExitCode.COULD_NOT_RUN
    assert "certificate" in found.faults[0].message.lower()
