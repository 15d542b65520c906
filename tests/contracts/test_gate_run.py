"""Whole runs against somebody's account: whatever is generated, only what is allowed arrives."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.cleanup import clean_up_file
from contracts.conformance import Conformance
from contracts.ledger import Ledger
from contracts.model import LIMITS, Profile
from contracts.policy import HAZARDS, READ_ONLY, Policy, unsendable
from contracts.routing import Router
from contracts.runner import run
from contracts.settings import Settings, projections
from contracts.target import TREAT_AS_REMOTE, read_target
from specs import catalog
from tests.contracts.fake_clock import FakeClock
from tests.contracts.gates import OWN_KEY
from tests.contracts.recording_server import REAL_CUSTOMERS, REAL_METERS, Account, Answer, Recorded, recording_account

ENVIRONMENT = {"AMBERFLO_API_KEY": OWN_KEY, TREAT_AS_REMOTE: "1"}
QUOTA = 15
"""Requests an operation; enough for every phase to have its turn, and quick."""


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's real account."""
    with recording_account() as running:
        yield running


def _run(  # noqa: PLR0913 - as a command line has that many options
    account: Account,
    profile: Profile,
    seed: int,
    policy: Policy = READ_ONLY,
    ledger: Path | None = None,
    *,
    dialect: str = "published",
) -> Conformance:
    """A run as the command line makes it, but for its rate and the number of requests."""
    where = read_target(account.url, document="amberflo", dialect=dialect, environment=ENVIRONMENT)
    limits = replace(LIMITS[profile], max_examples=5, seconds=40, requests=QUOTA)
    return run(
        Settings(where, projections(where, "amberflo"), profile, seed, policy, 5000, ledger=ledger, limits=limits)
    )


def _operation(recorded: Recorded) -> str:
    """The operation that a request is, as the document's own paths say, or its method and path."""
    for each in catalog.project("published").operations:
        before, _, _ = each.path.partition("{")
        fits = recorded.path == each.path or ("{" in each.path and recorded.path.removeprefix(before).count("/") == 0)
        if each.method == recorded.method and fits and recorded.path.startswith(before):
            return each.operation_id
    return f"{recorded.method} {recorded.path}"


READS = {"listCustomers", "getCustomerById", "listMeterDefinitions", "getMeterDefinitionById"}
READS |= {"listInvoices", "listFilteringRules", "queryUsage"}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_read_only_run_only_reads(account: Account, profile: Profile, seed: int) -> None:
    """In every profile, of all that the engine makes up only reads of the document arrive, and each of them does."""
    _run(account, profile, seed)
    assert {_operation(each) for each in account.recorded} == READS
    assert set(account.customers) == set(REAL_CUSTOMERS)
    assert set(account.meters) == set(REAL_METERS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("allow", [frozenset(), frozenset(HAZARDS)])
def test_writing_run_names_no_key_of_the_account(
    account: Account, tmp_path: Path, seed: int, allow: frozenset[str]
) -> None:
    """With links, examples and generated data, a write names only what the run made; and its ledger clears it away."""
    path = tmp_path / "ledger.jsonl"
    _run(account, Profile.STANDARD, seed, Policy(allow_writes=True, allow=allow), path)
    writes = account.writes()
    assert {_operation(each) for each in writes} >= {"createCustomer", "updateCustomer", "createMeterDefinition"}
    assert {_operation(each) for each in account.recorded} & {name.partition(".")[0] for name in HAZARDS} <= {
        *(name.partition(".")[0] for name in allow),
        "createCustomer",
    }
    assert not [each for each in writes if "REAL" in each.path + each.query or b"REAL" in each.body]
    assert not [each for each in writes if "stripe" in each.query.lower() and not allow]
    clean_up_file(path, environment=ENVIRONMENT, clock=FakeClock())
    assert set(account.customers) == set(REAL_CUSTOMERS)
    assert set(account.meters) == set(REAL_METERS)
    with Ledger.resume(path) as left:
        assert {each.thing.kind for each in left.entries()} <= {
            "event",
            "filtering-rule",
            "prepaid-order",
            "plan-assignment",
        }


@pytest.mark.slow
def test_writing_run_in_the_live_form(account: Account, tmp_path: Path) -> None:
    """Of the whole reference only what may be written arrives, about the run's own customers; and all is tidied up."""
    path = tmp_path / "ledger.jsonl"
    account.instead = lambda request: Answer(200, {"sessionToken": "a-token"}) if request.path == "/session" else None
    report = _run(account, Profile.SMOKE, 1, Policy(allow_writes=True), path, dialect="live")
    router = Router(catalog.project("live").operations)
    writes = account.writes()
    found = {match.operation.operation_id for each in writes if (match := router.match(each.method, each.path))}
    assert found >= {"createCustomer", "createSession", "updateCustomerLifecycleStage", "deleteCustomer"}
    assert not [name for name in found if unsendable(catalog.document("amberflo").operation(name)) or name in HAZARDS]
    assert not [each for each in writes if "REAL" in each.path + each.query or b"REAL" in each.body]
    assert report.requests.operations["portalListMeters"]
    assert set(account.customers) == set(REAL_CUSTOMERS)


def test_run_on_an_overloaded_target_has_no_security_finding(account: Account) -> None:
    """Every third request is too many: that says nothing of the target's security, and is counted."""
    asked = iter(range(1, 1_000_000))

    def answer(request: Recorded) -> Answer | None:
        if next(asked) % 3 == 0:
            return Answer(429, {"message": "slow down"}, {"Retry-After": "0"})
        key = {name.lower(): value for name, value in request.headers.items()}.get("x-api-key")
        return None if key == OWN_KEY else Answer(401, {"message": "no such key"})

    account.instead = answer
    report = _run(account, Profile.SMOKE, 1)
    assert report.requests.environment.keys() == {"429"}
    assert report.requests.attempts == len(account.recorded) > report.requests.sent
    checks = {each.identity.check for each in report.judgement.open}
    assert not [name for name in checks if "key" in name or "auth" in name]
    assert not [each for each in report.judgement.open if each.identity.status == 429]
