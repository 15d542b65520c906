"""A `contracts.toml` gives stable tests, each of which makes its own requests and says what `contracts check` says."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from contracts.conformance import Conformance
from contracts.conformance import Fault as RunFault
from contracts.deviations import Accepted, Judgement
from contracts.focus import Focus
from contracts.items import running
from contracts.items.planning import planned
from contracts.items.reading import read_told
from contracts.items.telling import End, Verdict, verdict
from contracts.keys import AMBERFLO, OTHER, SESSION, SOLVIMON
from contracts.laws.applying import applied
from contracts.laws.table import LAWS
from contracts.model import Result
from contracts.runner import contact
from contracts.settings import Projection, Settings
from contracts.target import TREAT_AS_REMOTE
from specs import catalog
from tests.contracts import made
from tests.contracts.fake_clock import FakeClock
from tests.contracts.faulty.document import THINGS
from tests.contracts.faulty.server import Fault, Faulty
from tests.contracts.recording_server import REAL_CUSTOMERS, recording_account
from tests.support.serving import Server, serving

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
CLOSED = "http://127.0.0.1:1"
LACKS = "which the document does not have; perhaps "
PLUGIN = ("-p", "contracts.pytest_plugin")
OPERATIONS = ("listThings", "createThing", "getThing", "deleteThing", "createNote")
LAW_NAMES = tuple(name for name, law in LAWS.items() if applied({name: law}, catalog.read(THINGS)))
IDS = (
    "contracts.toml::stateful",
    *(f"contracts.toml::operation::{name}" for name in OPERATIONS),
    *(f"contracts.toml::law::{name}" for name in LAW_NAMES),
)

# Serves the tiny server with the fault that a file names, and notes that it was started.
SERVE = """
import os
from pathlib import Path
import uvicorn
from mockserver.__main__ import listen
from tests.contracts.faulty.server import Fault, Faulty

with Path("starts.txt").open("a") as starts:
    starts.write(f"{os.getpid()}\\n")
listener = listen("127.0.0.1", 0)
print(f"things at http://127.0.0.1:{listener.getsockname()[1]}.", flush=True)
app = Faulty(Fault[Path("fault.txt").read_text()]).app()
uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])
"""

# As Ctrl-C while a test waits for its target: the target itself sends the signal, once it is asked.
INTERRUPT = """
import os, signal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        os.kill(os.getppid(), signal.SIGINT)

Path("starts.txt").write_text(str(os.getpid()))
server = HTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
server.serve_forever()
"""


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment has neither keys nor options of pytest."""
    for name in (AMBERFLO, OTHER, SOLVIMON, SESSION, TREAT_AS_REMOTE, "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def write(folder: Path, target: str, more: str = "", *, profile: str = "smoke") -> Path:
    """A `contracts.toml` about the tiny server's document."""
    path = folder / "contracts.toml"
    path.write_text(f'[target]\n{target}\ndocument = "{THINGS}"\nprofile = "{profile}"\n{more}\n')
    return path


@dataclass(frozen=True)
class Seen:
    """What became of the tests of a session: their outcomes and their words, by id."""

    outcomes: dict[str, str]
    words: dict[str, str]


def run_here(pytester: pytest.Pytester, *arguments: str) -> Seen:
    """A session of pytest in this process, where the engine has been imported before."""
    found = pytester.inline_run(*PLUGIN, "-p", "no:cacheprovider", *arguments)
    reports = [each for each in found.getreports("pytest_runtest_logreport") if each.when == "call" or not each.passed]
    return Seen(
        {each.nodeid: each.outcome for each in reports},
        {each.nodeid: str(each.longrepr or "") for each in reports},
    )


def collect_error(pytester: pytest.Pytester) -> str:
    """The words with which the collection of the file fails."""
    found = pytester.inline_run(*PLUGIN, "--collect-only", "contracts.toml")
    (failed,) = (each for each in found.getreports("pytest_collectreport") if each.failed)
    return str(failed.longrepr)


@pytest.fixture
def things() -> Iterator[Callable[[Fault], str]]:
    """Serves the tiny server with a fault, and gives its URL."""
    opened = []

    def serve(fault: Fault) -> str:
        opened.append(serving(Faulty(fault).app()))
        return opened[-1].__enter__().url

    yield serve
    for each in opened:
        each.__exit__(None, None, None)


def test_ids_come_from_the_document_and_the_table_of_laws(pytester: pytest.Pytester) -> None:
    """A test an operation, one a law that the document has anything of, and one for the chains; nobody is asked."""
    write(pytester.path, f'url = "{CLOSED}"')
    found = pytester.inline_run(*PLUGIN, "--collect-only")
    items = [item.nodeid for report in found.getcalls("pytest_collection_modifyitems") for item in report.items]
    assert tuple(items) == IDS


def test_only_and_skip_choose(pytester: pytest.Pytester) -> None:
    """What is left out has no test, and neither have the chains when they are not wanted."""
    more = '[operations]\nonly = ["getThing", "createNote"]\nskip = ["createNote"]\nstateful = false\n'
    write(pytester.path, f'url = "{CLOSED}"', more + '[laws]\nonly = ["deleted_is_gone"]')
    found = pytester.inline_run(*PLUGIN, "--collect-only")
    items = [item.nodeid for report in found.getcalls("pytest_collection_modifyitems") for item in report.items]
    assert items == ["contracts.toml::operation::getThing", "contracts.toml::law::deleted_is_gone"]


def test_a_server_that_keeps_its_document_passes(pytester: pytest.Pytester, things: Callable[[Fault], str]) -> None:
    """Every operation and every law passes; the chains, which the profile leaves out, are skipped and say so."""
    write(pytester.path, f'url = "{things(Fault.NONE)}"')
    found = run_here(pytester)
    assert found.outcomes == {each: "skipped" if each.endswith("stateful") else "passed" for each in IDS}
    assert "the profile smoke sends no chains of requests" in found.words["contracts.toml::stateful"]


@pytest.mark.parametrize(
    ("fault", "operation"),
    [(Fault.CONTENT_TYPE, "listThings"), (Fault.STATUS, "createThing")],
)
def test_a_fault_turns_its_operation_red_alone(
    pytester: pytest.Pytester, things: Callable[[Fault], str], fault: Fault, operation: str
) -> None:
    """Of all operations exactly the one that is broken fails."""
    write(pytester.path, f'url = "{things(fault)}"')
    found = run_here(pytester, *(each for each in IDS if "::operation::" in each))
    failed = {each for each, outcome in found.outcomes.items() if outcome != "passed"}
    assert failed == {f"contracts.toml::operation::{operation}"}


def test_a_law_that_is_broken_fails(pytester: pytest.Pytester, things: Callable[[Fault], str]) -> None:
    """A law is selected by its id, and fails by its own words where the server breaks it."""
    write(pytester.path, f'url = "{things(Fault.MISSING_FIELD)}"')
    name = "contracts.toml::law::read_back_equals_written"
    found = run_here(pytester, name)
    assert found.outcomes == {name: "failed"}
    assert "name was written as" in found.words[name]


def test_the_chains_find_what_is_not_gone(pytester: pytest.Pytester, things: Callable[[Fault], str]) -> None:
    """The stateful run is one test, and finds a deletion that does nothing."""
    write(pytester.path, f'url = "{things(Fault.DELETE_KEEPS)}"', profile="standard")
    found = run_here(pytester, "contracts.toml::stateful")
    assert found.outcomes == {"contracts.toml::stateful": "failed"}
    assert "deleteThing: use_after_free" in found.words["contracts.toml::stateful"]


def test_a_failure_shows_the_finding_and_no_traceback(
    pytester: pytest.Pytester, things: Callable[[Fault], str]
) -> None:
    """What was expected, what came, why it matters and how to ask again; no line of Python, and no key."""
    write(pytester.path, f'url = "{things(Fault.INVALID_ACCEPTED)}"')
    name = "contracts.toml::operation::createNote"
    words = run_here(pytester, name).words[name]
    assert "medium  createNote: negative_data_rejection" in words
    for heading in ("  expected  that invalid data is refused", "  got       ", "  matters   ", "  seen      "):
        assert heading in words
    assert "  again:\ncurl -sS" in words
    assert '"X-API-KEY: $AMBERFLO_API_KEY"' in words
    assert "Traceback" not in words
    assert ".py" not in words


def test_the_requests_of_a_test_are_its_own(
    pytester: pytest.Pytester, things: Callable[[Fault], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of an operation that stands alone asks it, and but for the first contact no other one."""
    url = things(Fault.NONE)
    found = planned(read_told(write(pytester.path, f'url = "{url}"')))
    seen = []

    def told(conformance: Conformance) -> Verdict:
        seen.append(conformance)
        return verdict(conformance)

    monkeypatch.setattr(running, "verdict", told)
    assert running.Runs(found, url).result(Focus("createNote")).end is End.PASSED
    (conformance,) = seen
    assert {each.cell.operation_id for each in conformance.outcomes} == {"createNote"}
    assert conformance.requests.operations["listThings"] == 1
    assert {*conformance.requests.operations} <= {"listThings", "createNote", ""}


def test_every_dialect_is_in_one_test(pytester: pytest.Pytester, server: Server) -> None:
    """Operations and laws of the mock, whose document has two forms, are held against both in one test."""
    path = pytester.path / "contracts.toml"
    path.write_text(f'[target]\nurl = "{server.url}"\nprofile = "smoke"\n')
    names = [f"contracts.toml::operation::{each}" for each in ("listCustomers", "ingestChargeEvents")]
    names += ["contracts.toml::law::resend_counts_once"]
    assert run_here(pytester, *names).outcomes == dict.fromkeys(names, "passed")


def test_a_dead_target_is_told_of_and_not_asked_again(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each test of a target that is not there fails with one line, and only the first one asks."""
    write(pytester.path, f'url = "{CLOSED}"')
    asked = []

    def ask(settings: Settings, projection: Projection) -> None:
        asked.append(projection)
        contact(settings, projection)

    monkeypatch.setattr(running, "contact", ask)
    found = run_here(pytester, *(each for each in IDS if not each.endswith("stateful")))
    assert {*found.outcomes.values()} == {"failed"}
    assert len(asked) == 1
    (words,) = {*found.words.values()}
    assert words.startswith("could not run: the target gives no answer: ")
    assert words.endswith("; look at its URL, and whether it runs")
    assert "\n" not in words


def test_a_key_that_is_refused_is_one_line(
    pytester: pytest.Pytester, things: Callable[[Fault], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong key is told of as such, never as findings, and never shown."""
    monkeypatch.setenv(AMBERFLO, "canary-key")
    write(pytester.path, f'url = "{things(Fault.NONE)}"')
    found = run_here(pytester, "contracts.toml::operation::getThing", "contracts.toml::law::deleted_is_gone")
    assert {*found.outcomes.values()} == {"failed"}
    (words,) = {*found.words.values()}
    assert words.startswith("could not run: the target refuses the key: GET /things is answered 401")
    assert "canary-key" not in words


@pytest.mark.parametrize(
    ("target", "more", "error"),
    [
        ("", "", "[target] has neither url nor command; say where the target is, or what starts it"),
        (f'url = "{CLOSED}"\nurll = "x"', "", "[target] urll means nothing; perhaps url"),
        (f'url = "{CLOSED}"\napi_key = "x"', "", "[target] api_key means nothing; keys come from the environment: "),
        (f'url = "{CLOSED}"', "[env]\nA = 1", "[env] means nothing; keys come from the environment"),
        (f'url = "{CLOSED}"', "[law]", "[law] means nothing; perhaps laws"),
        ("url = 5", "", "[target] url is 5, no text"),
        ('command = "mockserver serve"', "", "[target] command is no list of words"),
        ('url = "ftp://x"', "", "the target is no http or https URL"),
        ('url = "http://me:secret@x"', "", "the target's URL holds a user name or a password"),
        (f'url = "{CLOSED}"\nseed = -1', "", "[target] seed is -1, no whole number from 0 on"),
        (f'url = "{CLOSED}"\nyes = 1', "", "[target] yes is 1, neither true nor false"),
        (f'url = "{CLOSED}"\nrate = 0', "", "[target] rate is 0, with which nothing is sent"),
        (f'url = "{CLOSED}"\ndeviations = "none.yaml"', "", "none.yaml cannot be read: No such file"),
        (f'url = "{CLOSED}"\ndialect = "old"', "", "[target] dialect is 'old', none of published, live"),
        (f'url = "{CLOSED}"\nallow = ["all"]', "", "contracts.toml: --allow all names no operation"),
        (f'url = "{CLOSED}"', "[laws]\ndedup = 5", "[laws] dedup is 5, none of event, "),
        (f'url = "{CLOSED}"', "[laws]\nsettle = -1", "[laws] settle is -1, no number from 0 on"),
        (f'url = "{CLOSED}"', '[laws]\nonly = ["deleted_is_gon"]', f"names 'deleted_is_gon', {LACKS}deleted_is_gone"),
        (f'url = "{CLOSED}"', '[operations]\nskip = ["getThings"]', f"[operations] skip names 'getThings', {LACKS}"),
        (f'url = "{CLOSED}"', '[operations]\nonly = "getThing"', "[operations] only is no list of texts"),
        (f'url = "{CLOSED}" x', "", "contracts.toml cannot be read: "),
        ('url = "https://api.example.com"', "", "see what `contracts plan https://api.example.com` says, then"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_one_clear_error(pytester: pytest.Pytester, target: str, more: str, error: str) -> None:
    """An entry that is unknown, wrong or about nothing ends the collection with its name, and no traceback."""
    write(pytester.path, target, more)
    words = collect_error(pytester)
    assert error in words
    assert "contracts.toml" in words
    assert "\n" not in words.strip()
    assert "secret" not in words


def test_the_documented_examples_are_read(tmp_path: Path) -> None:
    """Both examples of the documentation say what they seem to say."""
    blocks = (ROOT / "docs/contracts-toml.md").read_text().split("```toml\n")[1:]
    short, long = tmp_path / "short.toml", tmp_path / "contracts.toml"
    for path, block in zip((short, long), blocks, strict=True):
        path.write_text(block.partition("```")[0])
    assert len(planned(read_told(short)).operations) == len(catalog.served().operations)
    found = planned(read_told(long))
    assert tuple(found.operations) == ("listInvoices", "ingestMeterEvents", "queryUsage")
    assert found.at(CLOSED).laws.clock_url == f"{CLOSED}/_mock/clock"
    assert (found.settings.seed, found.settings.laws.strict, found.stateful) == (7, True, None)
    assert "sum_sums" not in found.laws


def test_a_vendor_elsewhere_needs_a_dialect(pytester: pytest.Pytester) -> None:
    """Where the platform's own document is meant, the form of a target elsewhere has to be said."""
    (pytester.path / "contracts.toml").write_text('[target]\nurl = "https://api.example.com"\nyes = true\n')
    assert 'give dialect = "published" or "live" under [target]' in collect_error(pytester)


def test_elsewhere_nothing_is_written(
    pytester: pytest.Pytester, things: Callable[[Fault], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target elsewhere is read; what would write is skipped with the reason, unless the file allows it."""
    monkeypatch.setenv(TREAT_AS_REMOTE, "1")
    monkeypatch.setenv(AMBERFLO, "test-elsewhere")
    write(pytester.path, f'url = "{things(Fault.NONE)}"\nyes = true\nrate = 100')
    read, written = "contracts.toml::operation::listThings", "contracts.toml::operation::createThing"
    found = run_here(pytester, read, written)
    assert found.outcomes == {read: "passed", written: "skipped"}
    assert "untested: nothing says what it leaves behind" in found.words[written]


def test_elsewhere_a_key_is_needed(
    pytester: pytest.Pytester, things: Callable[[Fault], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any key nothing is skipped quietly: the test fails with the name of the variable."""
    monkeypatch.setenv(TREAT_AS_REMOTE, "1")
    write(pytester.path, f'url = "{things(Fault.NONE)}"\nyes = true')
    name = "contracts.toml::operation::listThings"
    found = run_here(pytester, name)
    assert found.outcomes == {name: "failed"}
    assert f"there is no key: {AMBERFLO} is not set" in found.words[name]


def test_elsewhere_the_requests_of_a_plan_are_shared(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tests of all processes together send an operation no more than a run of the profile may."""
    monkeypatch.setenv(TREAT_AS_REMOTE, "1")
    monkeypatch.setenv(AMBERFLO, "test-elsewhere")
    found = planned(read_told(write(pytester.path, f'url = "{CLOSED}"\nyes = true\nrate = 6')))
    runs = running.Runs(found, CLOSED, processes=3)
    one, other, law = (runs.settings(each) for each in (Focus("getThing"), Focus("listThings"), Focus(law="x")))
    assert one.allowed.requests + law.allowed.requests == found.settings.allowed.requests // 3
    assert one.counts is other.counts
    assert one.counts is not law.counts
    assert one.rate == 2


def test_elsewhere_a_test_tidies_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests write where others work they delete, with the ledger that told of it, and no more than that."""
    monkeypatch.setenv(TREAT_AS_REMOTE, "1")
    monkeypatch.setenv(AMBERFLO, "canary-of-the-account")
    with recording_account() as account:
        path = tmp_path / "contracts.toml"
        path.write_text(
            f'[target]\nurl = "{account.url}"\ndialect = "published"\nprofile = "smoke"\n'
            "yes = true\nallow_writes = true\n"
        )
        found = planned(read_told(path))
        runs = running.Runs(replace(found, settings=replace(found.settings, clock=FakeClock())), account.url)
        for name in ("createCustomer", "getCustomerById"):
            assert runs.result(Focus(name)).end is not End.SKIPPED
    creations = [each for each in account.writes() if (each.method, each.path) == ("POST", "/customers")]
    assert 0 < len(creations) <= found.settings.allowed.requests // 2
    assert sorted(account.customers) == sorted(REAL_CUSTOMERS)
    assert [each.name for each in tmp_path.iterdir()] == ["contracts.toml"]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (["no-such-program"], "there is no program 'no-such-program'; look at [target] command"),
        (["python", "-c", "print('no luck'); raise SystemExit(3)"], "ended with status 3: no luck"),
    ],
)
def test_a_command_that_starts_nothing_is_one_line(pytester: pytest.Pytester, command: list[str], error: str) -> None:
    """Why the target could not be started is told, with the last that it said."""
    write(pytester.path, f"command = {json.dumps(command)}")
    names = ["contracts.toml::operation::getThing", "contracts.toml::operation::listThings"]
    found = run_here(pytester, *names)
    assert found.outcomes == dict.fromkeys(names, "failed")
    (words,) = {*found.words.values()}
    assert words.startswith("could not run: ")
    assert words.endswith(error)


@pytest.fixture
def serving_itself(pytester: pytest.Pytester) -> Path:
    """A folder whose `contracts.toml` starts the tiny server."""
    (pytester.path / "serve.py").write_text(SERVE)
    write(pytester.path, 'command = ["python", "serve.py"]')
    return pytester.path


def is_running(number: str) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow(seconds=15)
def test_two_processes_share_a_target_and_what_failed_is_run_again(
    pytester: pytest.Pytester, serving_itself: Path
) -> None:
    """The target is started once and ends with the session; JUnit, CTRF and --lf know the tests by their names."""
    (serving_itself / "fault.txt").write_text(Fault.INVALID_ACCEPTED.name)
    options = ("-p", "xdist", "-p", "ctrf.main", "-n", "2", "--junitxml", "junit.xml", "--ctrf", "ctrf.json")
    names = [f"contracts.toml::operation::{each}" for each in ("listThings", "createNote")]
    names += [f"contracts.toml::law::{each}" for each in ("deleted_is_gone", "refused_without_key")]
    first = pytester.runpytest_subprocess(*PLUGIN, *options, *names)
    first.assert_outcomes(passed=len(names) - 1, failed=1)
    (number,) = (serving_itself / "starts.txt").read_text().split()
    assert not is_running(number)

    cases = ET.parse(serving_itself / "junit.xml").iter("testcase")  # noqa: S314 - our own
    by_name = {f"{case.get('classname')}.{case.get('name')}": case for case in cases}
    assert {*by_name} == {name.replace("::", ".") for name in names}
    failure = by_name["contracts.toml.operation.createNote"].find("failure")
    assert failure is not None
    assert "createNote: negative_data_rejection" in (failure.text or "")
    told = json.loads((serving_itself / "ctrf.json").read_text())["results"]
    assert told["summary"]["tests"] == len(names)
    assert [each["name"] for each in told["tests"] if each["status"] == "failed"] == [
        "contracts.toml::operation::createNote"
    ]

    (serving_itself / "fault.txt").write_text(Fault.NONE.name)
    pytester.runpytest_subprocess(*PLUGIN, "--lf").assert_outcomes(passed=1)
    assert len((serving_itself / "starts.txt").read_text().split()) == 2


def test_an_interrupted_session_leaves_nothing_running(pytester: pytest.Pytester) -> None:
    """After Ctrl-C the target that the session started has ended, too."""
    (pytester.path / "serve.py").write_text(INTERRUPT)
    # A shell lets what it runs in the background ignore Ctrl-C.
    pytester.makeconftest("import signal; signal.signal(signal.SIGINT, signal.default_int_handler)")
    write(pytester.path, 'command = ["python", "serve.py"]')
    found = pytester.runpytest_subprocess(*PLUGIN, "contracts.toml::operation::listThings")
    assert found.ret == pytest.ExitCode.INTERRUPTED
    assert not is_running((pytester.path / "starts.txt").read_text())


def test_a_session_without_the_file_imports_nothing_of_ours(pytester: pytest.Pytester) -> None:
    """The plugin costs those nothing who do not use it."""
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            ours = {each for each in sys.modules if each.partition(".")[0] in {"contracts", "mockserver", "specs"}}
            assert ours == {"contracts", "contracts.pytest_plugin"}
            assert not {"hypothesis", "requests", "schemathesis"} & sys.modules.keys()
        """
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


def test_collecting_imports_no_engine(pytester: pytest.Pytester) -> None:
    """Whoever only lists the tests does not wait for Schemathesis."""
    write(pytester.path, f'url = "{CLOSED}"')
    pytester.makeconftest(
        """
        import sys

        def pytest_collection_finish(session):
            assert len(session.items) > 1
            assert not {"schemathesis", "contracts.runner"} & sys.modules.keys()
        """
    )
    assert pytester.runpytest_subprocess(*PLUGIN, "--collect-only", "-q").ret == pytest.ExitCode.OK


# What becomes of a test, from the report of its run


def test_a_pass_needs_something_that_holds() -> None:
    """A test passes when something was seen to hold and nothing differs; what has no verdict is skipped with why."""
    holds, unknown = made.outcome(Result.CONFORM), made.outcome(Result.NOT_REACHABLE, reason="there is no key")
    nothing = Judgement(open=())
    found = verdict(made.conformance(nothing, faults=(), readings=(), outcomes=(holds, unknown)))
    assert found.end is End.PASSED
    found = verdict(made.conformance(nothing, faults=(), readings=(), outcomes=(unknown,)))
    assert (found.end, found.words) == (End.SKIPPED, "not-reachable: there is no key")


def test_an_accepted_finding_is_skipped_with_the_words_of_the_agreement() -> None:
    """It is no failure, and no pass either; when its day has passed it is a failure that says so."""
    accepted = Accepted(made.finding(), made.deviation())
    outcomes = (made.outcome(Result.DIFFERS), made.outcome(Result.CONFORM))
    agreed = Judgement(open=(), accepted=(accepted,))
    found = verdict(made.conformance(agreed, faults=(), readings=(), outcomes=outcomes))
    assert found.end is End.SKIPPED
    assert found.words == f"accepted until 2030-01-31 by billing team: known since spring ({made.CHECK})"
    late = Judgement(open=(accepted.finding,), expired=(accepted,))
    found = verdict(made.conformance(late, faults=(), readings=(), outcomes=outcomes))
    assert found.end is End.FAILED
    assert "  was accepted until 2030-01-31 by billing team" in found.words


def test_nothing_of_a_target_reaches_the_terminal_unseen() -> None:
    """Control characters of an answer are shown as escapes, whichever way a test ends."""
    failed = verdict(made.conformance(Judgement(open=(made.finding(),)), faults=(), readings=()))
    assert failed.end is End.FAILED
    assert 'customerName is missing \\x00\\x1b "<&>" \\ud800' in failed.words
    assert not {*failed.words} & {"\x00", "\x1b", "\ud800"}
    noted = verdict(made.conformance(Judgement(open=()), faults=(), readings=(), notes=("stays: \x1b[31m",)))
    assert noted.notes == ("stays: \\x1b[31m",)


def test_another_reading_is_no_failure() -> None:
    """A difference from what nobody says but us is skipped, with both sides of it."""
    found = verdict(
        made.conformance(
            judgement=Judgement(open=()),
            faults=(),
            readings=(made.finding(),),
            outcomes=(made.outcome(Result.READING), made.outcome(Result.CONFORM)),
        )
    )
    assert found.end is End.SKIPPED
    assert found.words.startswith("differs from our reading, which is no finding: expected a body that fits; got ")


def test_what_could_not_be_run_fails() -> None:
    """A fault of the run is a failure in one line, with what to do."""
    fault = RunFault("amberflo", "published", "the target was there and then was gone", "look at why it ended")
    found = verdict(made.conformance(judgement=Judgement(open=()), faults=(fault,), readings=()))
    assert found.end is End.FAILED
    assert found.words == "could not run: the target was there and then was gone; look at why it ended"
