"""What a run left is deleted, all of it that can be, and nothing else."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.cleanup import Cleanup, clean_up_file, cleanup_lines
from contracts.gate import Terms
from contracts.ledger import Ledger, Thing
from contracts.model import RunError
from contracts.policy import HAZARDS, Policy
from contracts.target import TREAT_AS_REMOTE
from tests.contracts.fake_clock import FakeClock
from tests.contracts.gates import OWN_KEY, PREFIX, Gated, ledger, target
from tests.contracts.recording_server import REAL_CUSTOMERS, REAL_METERS, Account, Answer, Recorded, recording_account

ENVIRONMENT = {"AMBERFLO_API_KEY": OWN_KEY, TREAT_AS_REMOTE: "1"}
EVERYTHING = Policy(allow_writes=True, allow=frozenset(HAZARDS))


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's real account."""
    with recording_account() as running:
        yield running


def _customer(name: str) -> dict[str, str]:
    return {"customerId": PREFIX + name, "customerName": "A customer of the run"}


def _meter(name: str) -> dict[str, str]:
    return {"meterApiName": PREFIX + name, "displayName": "A meter of the run", "type": "SUM_OF_ALL_USAGE"}


def _run(account: Account, folder: Path) -> None:
    """A run that makes something of each kind and is then over without a clean-up."""
    with ledger(folder, account.url) as book:
        gated = Gated(target(account.url), policy=EVERYTHING, book=book)
        gated.ask("POST", "/customers", _customer("a"))
        gated.ask("PUT", "/customers", _customer("b"))
        gated.ask("POST", "/meter-definition", _meter("m"))
        rule = {"meterApiName": PREFIX + "m", "ruleId": PREFIX + "r", "dimensionName": PREFIX + "d"}
        gated.ask("POST", "/meter-event-filtering-rules", rule)
        gated.ask("DELETE", f"/customers/{PREFIX}b")


def _clean(folder: Path) -> Cleanup:
    return clean_up_file(folder / "ledger.jsonl", environment=ENVIRONMENT, clock=FakeClock())


def _is_as_before(account: Account) -> bool:
    return set(account.customers) == set(REAL_CUSTOMERS) and set(account.meters) == set(REAL_METERS)


def test_everything_that_can_be_deleted_is(account: Account, tmp_path: Path) -> None:
    """The account is as before but for what no operation deletes, and that is said."""
    _run(account, tmp_path)
    before = len(account.recorded)
    result = _clean(tmp_path)
    assert _is_as_before(account)
    assert result.removed == [Thing("meter", PREFIX + "m"), Thing("customer", PREFIX + "a")]
    assert result.gone == [Thing("customer", PREFIX + "b")]
    assert result.stays == [(Thing("filtering-rule", PREFIX + "r"), HAZARDS["createFilteringRule"].reason)]
    assert result.failed == []
    deleted = [each.path.rpartition("/")[2] for each in account.recorded[before:] if each.method == "DELETE"]
    assert deleted == [PREFIX + "m", PREFIX + "b", PREFIX + "a"]
    assert any("filtering-rule" in line and "no operation deletes it" in line for line in cleanup_lines(result))


def test_cleaning_up_twice_changes_nothing(account: Account, tmp_path: Path) -> None:
    """The second time there is nothing left to ask for."""
    _run(account, tmp_path)
    first = _clean(tmp_path)
    before = len(account.recorded)
    second = _clean(tmp_path)
    assert len(account.recorded) == before
    assert (second.removed, second.gone, second.failed) == ([], [], [])
    assert second.stays == first.stays


def _child(url: str, path: Path) -> subprocess.Popen[str]:
    """A process of its own that makes customers and meters without an end."""
    program = f"""
import itertools
from pathlib import Path
from contracts.clock import SystemClock
from contracts.ledger import Ledger
from contracts.policy import Policy
from tests.contracts.gates import Gated, target
book = Ledger.create(Path({str(path)!r}), target={url!r}, document="amberflo", clock=SystemClock())
gated = Gated(target({url!r}), policy=Policy(allow_writes=True), book=book)
for number in itertools.count():
    gated.ask("POST", "/customers", {{"customerId": f"{{book.prefix}}{{number}}", "customerName": "x"}})
    meter = {{"meterApiName": f"{{book.prefix}}{{number}}", "displayName": "x", "type": "SUM_OF_ALL_USAGE"}}
    gated.ask("PUT", "/meter-definition", meter)
"""
    root = Path(__file__).parents[2]
    return subprocess.Popen([sys.executable, "-c", program], cwd=root, text=True, stderr=subprocess.PIPE)


@pytest.mark.parametrize("number", [1, 2, 7, 20])
def test_run_that_was_killed_is_cleaned_up(account: Account, tmp_path: Path, number: int) -> None:
    """A SIGKILL while a create is on its way: the ledger knows of it, and the account is as before."""
    arrived, go_on = threading.Event(), threading.Event()

    def hold(_request: Recorded) -> None:
        if len(account.recorded) >= number:
            arrived.set()
            go_on.wait(30)

    account.after = hold
    child = _child(account.url, tmp_path / "ledger.jsonl")
    try:
        assert arrived.wait(30), child.stderr
        with pytest.raises(RunError, match="in use"):
            _clean(tmp_path)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate(timeout=30)
    go_on.set()
    account.after = lambda _request: None
    assert len(account.customers) + len(account.meters) == len(REAL_CUSTOMERS) + len(REAL_METERS) + number
    result = _clean(tmp_path)
    assert _is_as_before(account)
    assert len(result.removed) == number
    assert result.failed == []


def test_deletion_that_deletes_nothing_is_noticed(account: Account, tmp_path: Path) -> None:
    """What is still there was not deleted, whatever the target says; the next clean-up tries again."""
    _run(account, tmp_path)
    account.instead = lambda request: Answer(200, {}) if request.method == "DELETE" else None
    result = _clean(tmp_path)
    assert result.removed == [Thing("customer", PREFIX + "b")]
    assert [thing.key for thing, _ in result.failed] == [PREFIX + "m", PREFIX + "a"]
    assert all("reading it then with 200" in why for _, why in result.failed)
    account.instead = lambda _request: None
    assert len(_clean(tmp_path).removed) == 2
    assert _is_as_before(account)


@pytest.mark.parametrize("left", [Answer(404), Answer(200, {}), Answer(200, {"customerId": "x", "deleteTime": 1})])
def test_deletion_may_leave_a_mark(account: Account, tmp_path: Path, left: Answer) -> None:
    """A thing that is found no more, or says that it was deleted, is gone."""
    _run(account, tmp_path)
    account.instead = lambda request: left if request.method == "GET" else None
    assert len(_clean(tmp_path).removed) == 2


def test_target_in_trouble_is_tried_again_later(account: Account, tmp_path: Path) -> None:
    """What could not be asked stays in the ledger."""
    _run(account, tmp_path)
    account.instead = lambda request: Answer(503) if PREFIX + "m" in request.path else None
    result = _clean(tmp_path)
    assert [thing.kind for thing, _ in result.failed] == ["meter"]
    assert "Clean up again to delete the rest." in cleanup_lines(result)
    account.instead = lambda request: Answer(500) if request.method == "DELETE" else None
    assert [why for _, why in _clean(tmp_path).failed] == ["the deletion was answered with 500"]
    account.instead = lambda _request: None
    assert _clean(tmp_path).removed == [Thing("meter", PREFIX + "m")]


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_key_ends_it(account: Account, tmp_path: Path, status: int) -> None:
    """A key that is not accepted is said once, and nothing is forgotten."""
    _run(account, tmp_path)
    account.instead = lambda _request: Answer(status)
    with pytest.raises(RunError, match="not accepted"):
        _clean(tmp_path)
    account.instead = lambda _request: None
    assert len(_clean(tmp_path).removed) == 2


@pytest.mark.parametrize("environment", [{TREAT_AS_REMOTE: "1"}, {}, {"SOLVIMON_API_KEY": "x"}])
def test_missing_key_ends_it(account: Account, tmp_path: Path, environment: dict[str, str]) -> None:
    """No key is made up: it would open another account than the ledger's."""
    _run(account, tmp_path)
    before = len(account.recorded)
    with pytest.raises(RunError, match="AMBERFLO_API_KEY is not set"):
        clean_up_file(tmp_path / "ledger.jsonl", environment=environment)
    assert len(account.recorded) == before


def test_forged_ledger_deletes_nothing_of_the_account(account: Account, tmp_path: Path) -> None:
    """A line with somebody's key in a ledger is refused by the gate like any other."""
    _run(account, tmp_path)
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write('{"create": "customer", "key": "REAL-1", "by": "createCustomer"}\n')
        file.write('{"create": "customer", "key": "../meter-definition", "by": "createCustomer"}\n')
    result = _clean(tmp_path)
    assert [thing.key for thing, _ in result.failed] == ["../meter-definition", "REAL-1"]
    assert _is_as_before(account)


def test_clean_up_keeps_the_rate(account: Account, tmp_path: Path) -> None:
    """Cleaning up is as polite as the run."""
    with ledger(tmp_path, account.url) as book:
        gated = Gated(target(account.url), policy=EVERYTHING, book=book, terms=Terms(rate=1000))
        for number in range(10):
            gated.ask("POST", "/customers", _customer(str(number)))
    clock = FakeClock()
    clean_up_file(tmp_path / "ledger.jsonl", environment=ENVIRONMENT, clock=clock)
    assert sum(clock.slept) == pytest.approx(3)


def test_ledger_of_a_document_that_is_gone(account: Account, tmp_path: Path) -> None:
    """A file that cannot be read any more is one clear line."""
    path = tmp_path / "ledger.jsonl"
    Ledger.create(path, target=account.url, document=str(tmp_path / "api.yaml"), clock=FakeClock()).close()
    with pytest.raises(RunError, match="document cannot be read"):
        clean_up_file(path, environment=ENVIRONMENT)
