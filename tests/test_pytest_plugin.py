"""The pytest plugin as its users meet it: whole sessions in processes of their own."""

import re
import runpy
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "pytest-plugin.md").read_text()
TITLED = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
TEST = re.compile(r"^def test_", re.MULTILINE)
SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLUGIN = ("-p", "mockserver.pytest_plugin", "-p", "no:cacheprovider")
SPOILT = ["test_failing.py"]
"""Examples of the guide that fail, as it says."""
OPTIONS = ["pyproject.toml", "conftest.py", "test_strict.py"]
"""Examples of the guide that make each account strict, and so are a project of their own."""


class Example(NamedTuple):
    """A file that the guide shows."""

    name: str
    text: str


EXAMPLES = [Example(*match.groups()) for match in TITLED.finditer(GUIDE)]


class Session:
    """A user's project in a folder of its own, where no other plugin is loaded.

    Args:
        pytester: makes the folder and runs pytest in it.
    """

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def write(self, **files: str) -> None:
        """Writes Python files by their names without the ending."""
        self.pytester.makepyfile(**files)

    def examples(self, names: list[str]) -> None:
        """Writes files that the guide shows."""
        for example in EXAMPLES:
            if example.name in names:
                (self.pytester.path / example.name).write_text(example.text)

    def run(self, *arguments: str) -> pytest.RunResult:
        """Runs the session; each warning is an error in it, as strict projects have it."""
        return self.pytester.runpytest_subprocess(*PLUGIN, "-W", "error", *arguments)


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Session:
    """An empty project."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Session(pytester)


def test_it_is_an_entry_point() -> None:
    """An installed package brings the plugin along."""
    found = {entry.name: entry.value for entry in entry_points(group="pytest11")}
    assert found["metermock-mock"] == "mockserver.pytest_plugin"


def test_it_costs_nothing_unused(session: Session) -> None:
    """A session without the fixtures imports of the product the plugin alone, and none of the libraries behind it."""
    session.write(
        conftest="""
            import sys

            def pytest_sessionfinish():
                ours = [name for name in sys.modules if name.split(".")[0] in ("mockserver", "contracts", "specs")]
                heavy = {"httpx", "uvicorn", "connexion", "starlette", "numpy", "click", "asyncio"} & set(sys.modules)
                print("IMPORTED", sorted(ours), sorted(heavy))
        """,
        test_own="def test_own(): pass",
    )
    outcome = session.run("-s")
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(["*IMPORTED [[]'mockserver', 'mockserver.pytest_plugin'[]] [[][]]"])


def test_it_lives_beside_the_checker_s(session: Session) -> None:
    """Both plugins of the package load together, and every fixture says what it is."""
    outcome = session.run("-p", "contracts.pytest_plugin", "--fixtures", "-q")
    assert outcome.ret in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    shown = outcome.stdout.str()
    for fixture in ("mock_options", "mock_server", "mock_account", "mock_clock", "mock_journal", "mock_transport"):
        assert re.search(rf"^{fixture}\b.*-- .*pytest_plugin.py:\d+\n    \w", shown, re.MULTILINE), fixture


@pytest.mark.slow(seconds=15)
def test_the_guide_s_examples_pass(session: Session) -> None:
    """Every example of the guide runs as it stands, with the vendors' SDKs too, and the last one without pytest."""
    names = [example.name for example in EXAMPLES if example.name not in (*SPOILT, *OPTIONS)]
    tests = [len(TEST.findall(example.text)) for example in EXAMPLES if example.name in names]
    session.examples(names)
    outcome = session.run("--strict-markers")
    outcome.assert_outcomes(passed=sum(tests))
    runpy.run_path("without_pytest.py")


def test_the_guide_s_options_are_taken(session: Session) -> None:
    """Options of the settings and of the overridden fixture reach the server."""
    session.examples(OPTIONS)
    session.write(
        test_settings="""
            def test_settings(mock_server):
                assert (mock_server.settings.strict, mock_server.settings.dedup.value) == (True, "unique-id")
        """
    )
    session.run().assert_outcomes(passed=2)


@pytest.mark.slow
def test_tests_at_once_are_apart(session: Session) -> None:
    """Under -n 2 each process has a server, and no test sees another's account, clock or journal."""
    session.write(
        test_many="""
            import os

            import pytest

            @pytest.mark.parametrize("number", range(20))
            def test_alone(mock_server, mock_account, mock_clock, mock_journal, number, tmp_path_factory):
                (tmp_path_factory.getbasetemp().parent / f"{os.getpid()}.url").write_text(mock_server.url)
                assert mock_account.client.get("/customers").json() == []
                body = {"customerId": f"c{number}", "customerName": "A"}
                assert mock_account.client.post("/customers", json=body).status_code == 200
                mock_clock.freeze("2030-01-01")
                mock_journal.assert_requested("POST", "/customers", times=1, body=body)

            def test_clocks(mock_clock):
                assert not mock_clock.frozen and mock_clock.now.year < 2030
        """
    )
    base = session.pytester.path / "base"
    outcome = session.run("-p", "xdist", "-n", "2", f"--basetemp={base}")
    outcome.assert_outcomes(passed=21)
    urls = [path.read_text() for path in base.glob("*.url")]
    assert len(urls) == len(set(urls)) == 2


def test_a_server_that_cannot_start_is_one_line(session: Session) -> None:
    """A mistake in the options is told once a test in one line, without a traceback; other tests run."""
    session.pytester.makeini("[pytest]\nmetermock_options = --strict --clock soon\n")
    session.write(
        test_mistake="""
            def test_server(mock_server): pass
            def test_journal(mock_journal): pass
            def test_own(): pass
        """
    )
    outcome = session.run()
    outcome.assert_outcomes(passed=1, errors=2)
    told = [line for line in outcome.outlines if line.startswith("the mock cannot start")]
    reason = "Invalid value for '--clock': 'soon' is no instant of the years 1 to 9999; write 2026-01-31T12:00:00Z"
    advice = "`mockserver serve --help` lists the options (metermock_options or mock_options)"
    assert told == [f"the mock cannot start: {reason}; {advice}"] * 2
    assert "Traceback" not in outcome.stdout.str()
    assert "options.py" not in outcome.stdout.str()


def test_failures_are_told_and_leave_nothing_behind(session: Session) -> None:
    """A session with failures says what the guide shows, warns of nothing, logs no request, and comes to its end."""
    session.examples(["reporting.py", *SPOILT])
    session.write(
        test_rough="""
            import logging
            import httpx

            left_open = []

            def test_open(mock_account):
                left_open.append(httpx.Client(base_url=mock_account.url, headers=mock_account.headers))
                left_open[0].get("/customers")
                raise RuntimeError("rough")

            def test_logs(mock_account, caplog):
                caplog.set_level(logging.DEBUG)
                mock_account.client.get("/customers")
                assert [each for each in caplog.records if each.name.startswith("mockserver")] == []
        """,
        test_keys="""
            import pytest
            from mockserver.testing import MockServer

            @pytest.fixture(scope="module")
            def mock_server():
                with MockServer(api_key=["mine"]) as server:
                    yield server

            def test_given(mock_server):
                account = mock_server.account("mine")
                assert account.client.get("/customers").json() == []
                account.close()

            def test_fresh(mock_account): pass
        """,
    )
    outcome = session.run()
    outcome.assert_outcomes(passed=2, failed=2, errors=1)
    said = outcome.stdout.str()
    (shown,) = SHOWN.findall(GUIDE)
    assert shown in said
    outcome.stdout.fnmatch_lines(["the mock accepts only the keys of --api-key*leave the option out"])
    assert not re.search("warning|journal.py|account.py|Traceback", said)
    assert outcome.errlines == []
