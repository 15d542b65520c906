"""The command line: what it prints, what it writes, and its exit status."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from contracts.__main__ import main
from contracts.keys import AMBERFLO, OTHER, SESSION, SOLVIMON
from contracts.target import TREAT_AS_REMOTE
from tests.contracts.bad_targets import unused_url
from tests.contracts.faulty.document import THINGS
from tests.contracts.faulty.server import Fault, Faulty
from tests.contracts.recording_server import Account, Answer, recording_account
from tests.support.serving import Server, serving

CANARY = "canary-key-of-somebody-77"
ROOT = Path(__file__).parents[2]


def contracts(
    *arguments: str | Path, folder: Path, answer: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder, without the keys of whoever runs the tests."""
    cleared = {name: value for name, value in os.environ.items() if name not in {AMBERFLO, OTHER, SESSION, SOLVIMON}}
    return subprocess.run(
        [sys.executable, "-m", "contracts", *(str(word) for word in arguments)],
        cwd=folder,
        env={**cleared, "PYTHONPATH": str(ROOT), **environment},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def broken() -> Iterator[Server]:
    """The tiny server with a wrong status."""
    with serving(Faulty(Fault.STATUS).app()) as server:
        yield server


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's account."""
    with recording_account() as found:
        yield found


def test_findings_are_one(broken: Server, tmp_path: Path) -> None:
    """A check with findings prints them, writes every report and nothing else, and ends with 1."""
    done = contracts(
        "check", broken.url, "--document", THINGS, "--profile", "smoke", "--seed", "3", "--report-dir", "out",
        folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[0].startswith("contracts ")
    assert "createThing: status_code_conformance" in done.stdout
    assert "things.yaml:" in done.stdout
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "out",
        "out/junit.xml",
        "out/report.html",
        "out/report.json",
        "out/report.md",
        "out/report.sarif",
    ]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["exit_code"], report["seed"], report["profile"]) == (1, 3, "smoke")


def test_what_is_accepted_is_zero(broken: Server, tmp_path: Path) -> None:
    """With the finding accepted the same check ends with 0, and shows it."""
    (tmp_path / "deviations.yaml").write_text(
        "version: 1\n"
        "deviations:\n"
        "  - {target: loopback, document: things, check: status_code_conformance, operation: createThing,\n"
        "     status: 201, reason: an old habit, owner: somebody, until: 2999-12-31}\n"
    )
    done = contracts(
        "check", broken.url, "--document", THINGS, "--profile", "smoke", "--deviations", "deviations.yaml",
        folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "accepted (an old habit; somebody, until 2999-12-31)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "ftp://127.0.0.1"], "no http or https URL"),
        (["check", "http://user:canary@127.0.0.1"], "user name or a password"),
        (["check", "http://example.invalid"], "its dialect must be said"),
        (["check", "http://127.0.0.1:1", "--document", "none.yaml"], "none.yaml"),
        (["check", "http://127.0.0.1:1", "--deviations", "none.yaml"], "cannot be read"),
        (["check", "http://127.0.0.1:1", "--allow", "nothing"], "names no operation"),
        (["check", "http://example.invalid", "--dialect", "live", "--api-key", "x"], "--api-key is for targets"),
        (["cleanup", "none.ledger"], "cannot be opened"),
    ],
)
def test_what_cannot_be_run_is_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    """A fault of the command line is one line without a traceback, and 2."""
    done = contracts(*arguments, folder=tmp_path)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("contracts: ")
    assert words in last
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr


def test_a_dead_target_is_two(tmp_path: Path) -> None:
    """A target that is not there ends with 2, and nothing is shown as passed."""
    done = contracts("check", unused_url(), "--profile", "smoke", folder=tmp_path)
    assert done.returncode == 2
    assert "could not run amberflo published: the target gives no answer" in done.stdout
    assert "It could not be checked." in done.stdout
    assert "Traceback" not in done.stderr


def test_elsewhere_it_asks_first(account: Account, tmp_path: Path) -> None:
    """Off this machine the plan is shown, and without a yes nothing is sent."""
    environment = {TREAT_AS_REMOTE: "1", AMBERFLO: CANARY}
    command = ("check", account.url, "--dialect", "published", "--profile", "smoke")
    done = contracts(*command, folder=tmp_path, answer="n\n", **environment)
    assert done.returncode == 2
    assert "Would be sent" in done.stderr
    assert "nothing was sent" in done.stderr
    assert account.recorded == []
    nobody = contracts(*command, folder=tmp_path, answer="", **environment)
    assert nobody.returncode == 2
    assert account.recorded == []


def test_the_plan_sends_nothing(account: Account, tmp_path: Path) -> None:
    """`contracts plan` shows the operations and sends no request."""
    done = contracts(
        "plan", account.url, "--dialect", "live", folder=tmp_path, **{TREAT_AS_REMOTE: "1", AMBERFLO: CANARY}
    )
    assert done.returncode == 0, done.stderr
    assert "queryUsage (POST /usage)" in done.stdout
    assert account.recorded == []


def test_no_canary_is_printed_or_written(account: Account, tmp_path: Path) -> None:
    """The key is in no line and no file of a run, neither raw nor in another form, even when the target echoes it."""
    forms = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode().rstrip("="))
    token = "tok-canary-9f8e7d6c5b4a"
    portal = f"https://portal.example/session/{token}"
    body = {"message": " ".join(forms), "sessionToken": token, "url": portal}
    account.instead = lambda _request: Answer(418, body, {"X-Echo": CANARY, "Set-Cookie": f"sid={token}"})
    done = contracts(
        "check", account.url, "--dialect", "published", "--profile", "smoke", "--yes", "--rate", "500", "--seed", "1",
        "--fail-fast", "--report-dir", "out",
        folder=tmp_path,
        **{TREAT_AS_REMOTE: "1", AMBERFLO: CANARY},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert any(each.headers.get("X-API-KEY") == CANARY for each in account.recorded)
    written = [path.read_text() for path in (tmp_path / "out").iterdir()]
    for text in (done.stdout, done.stderr, *written):
        assert not [form for form in (*forms, token) if form in text]


def test_a_fault_of_our_own_is_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody expected is one line without its text, and 2: Python's own status would say findings."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("contracts.command_line.projections", broken)
    done = CliRunner().invoke(main, ["plan", "http://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "a fault of our own, ValueError at test_cli.py:" in done.output
    assert CANARY not in done.output


def test_help_names_the_commands(tmp_path: Path) -> None:
    """`contracts --help` says what there is and what the statuses mean."""
    done = contracts("--help", folder=tmp_path)
    assert all(word in done.stdout for word in ("check", "plan", "cleanup", "Exit status"))
