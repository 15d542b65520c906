"""The documentation is true: its commands run, their answers are the ones shown, its tables name what there is."""

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import click
import pytest
import yaml

from mockserver.__main__ import main
from mockserver.app import create_app
from mockserver.engine.event_batch import ConflictKind
from specs import catalog
from tests.support.serving import Server, serving

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONTROL = (ROOT / "docs" / "control.md").read_text()
SHOWN_URL = "http://127.0.0.1:8000"
PATIENCE = 300
"""Seconds after which a command of the documentation hangs."""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!http)([^)#]+)\)")


class Block(NamedTuple):
    """A fenced block: its language and its text."""

    language: str
    text: str


def blocks(document: str, *languages: str) -> list[Block]:
    """The fenced blocks of a document in these languages, in order."""
    found = [Block(*match.groups()) for match in FENCE.finditer(document)]
    return [block for block in found if block.language in languages]


@pytest.fixture(scope="module")
def fresh_server() -> Iterator[Server]:
    """A server that nobody has used."""
    with serving(create_app()) as running:
        yield running


def run(command: str, server: Server) -> str:
    """Runs a command of the documentation in the tree, against the server; its standard output."""
    commands = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with subprocess.Popen(
        ["/bin/bash", "-euo", "pipefail", "-c", command.replace(SHOWN_URL, server.url)],
        cwd=ROOT,
        env={**os.environ, "PATH": commands},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            # All that the command has started: a curl that retries would wait for hours.
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, f"{command}\n{output}\n{errors}"
    return output


@pytest.mark.slow(seconds=50)
def test_the_commands_answer_as_shown(fresh_server: Server) -> None:
    """The README's commands run in order, and each answer that it shows is the answer."""
    shown = blocks(README, "sh", "json", "text")
    answer = ""
    compared = 0
    for block in shown:
        if block.language == "sh" and block.text.strip() != "scripts/serve":
            answer = run(block.text, fresh_server)
        elif block.language == "json":
            assert json.loads(answer) == json.loads(block.text)
            compared += 1
        elif block.language == "text" and answer:
            assert answer == block.text
            compared += 1
    assert compared == 4


def test_the_start_shows_what_is_shown() -> None:
    """`scripts/serve`, as the README gives it, sets up nothing that is there and prints the banner's lines."""
    (shown,) = [block.text for block in blocks(README, "text") if "serves" in block.text]
    with subprocess.Popen(
        [ROOT / "scripts" / "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/"
    ) as server:
        assert server.stdout
        printed = [server.stdout.readline() for _ in shown.splitlines()]
        server.terminate()
    assert re.sub(r"http://127\.0\.0\.1:\d+", SHOWN_URL, "".join(printed)) == shown


def test_the_control_commands_run(fresh_server: Server) -> None:
    """The clock's commands run; the clock then shows the instant that they make."""
    for block in blocks(CONTROL, "sh"):
        answer = run(block.text, fresh_server)
    assert '"now":"2026-04-01T00:00:00.000Z"' in answer


def test_the_sdk_example_runs(fresh_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example with the vendor's SDK runs as it stands."""
    from metering.session import ApiSession, IngestSession  # noqa: PLC0415 - only to have it put back afterwards

    for session in (ApiSession, IngestSession):
        monkeypatch.setattr(session, "root_url", session.root_url)
    (example,) = [block.text for block in blocks(README, "python") if "metering" in block.text]
    exec(example.replace(SHOWN_URL, fresh_server.url), {})  # noqa: S102 - the README's own words


def test_the_pytest_example_runs(fresh_server: Server, tmp_path: Path) -> None:
    """The example test module passes."""
    (example,) = [block.text for block in blocks(README, "python") if "mock_account" in block.text]
    (tmp_path / "test_example.py").write_text(example)
    # What an installation does by itself, and these tests switch off.
    plugins = "-p no:cacheprovider -p mockserver.pytest_plugin"
    command = f"cd {tmp_path} && PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q {plugins} test_example.py"
    assert "1 passed" in run(command, fresh_server)


@pytest.mark.slow
def test_the_ci_job_runs(fresh_server: Server, tmp_path: Path) -> None:
    """The CI job is three lines: it installs the locked Schemathesis, starts a server that answers, and is green."""
    (job,) = [yaml.safe_load(block.text) for block in blocks(README, "yaml")]
    install, start, check = (step["run"] for step in job)
    assert install.removeprefix("pip install . ") in (ROOT / "requirements.lock").read_text()
    port = free_port()
    started = start.replace("serve &", f"serve --port {port} & trap 'kill $!' EXIT;")
    assert '"status":"ok"' in run(started.replace(SHOWN_URL, f"http://127.0.0.1:{port}"), fresh_server)
    run(f"cp scripts/schemathesis/*.* {tmp_path}", fresh_server)
    run(check.replace("scripts/schemathesis", str(tmp_path)) + " --phases examples", fresh_server)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_operations_are_all_listed(fresh_server: Server) -> None:
    """The table of operations is the one that the command prints, each with its document, evidence and tier."""
    table = README.partition("| operation | document | evidence | tier |\n| --- | --- | --- | --- |\n")[2]
    assert table.partition("\n\n")[0] + "\n" == run("mockserver operations --format markdown", fresh_server)


def test_the_inferred_operations_are_counted() -> None:
    """The limits say how many operations are our reading."""
    inferred = sum(operation.evidence == "inferred" for operation in catalog.operations())
    assert f"- {inferred} operations are `inferred`" in README


@pytest.mark.parametrize(("command", "heading"), [("serve", "mockserver serve"), ("seed", "mockserver seed URL")])
def test_the_options_are_all_listed(command: str, heading: str) -> None:
    """Each command's table names its options with their defaults, in the order of --help."""
    table = README.partition(f"| `{heading}` |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(--[a-z-]+)` \| (.*?) \|", table, re.MULTILINE))
    found = main.get_command(click.Context(main), command)
    assert found is not None
    options = [option for option in found.params if isinstance(option, click.Option)]
    assert list(rows) == [option.opts[0] for option in options]
    for option in options:
        if option.default not in (None, False, ()) and not option.multiple and isinstance(option.default, str | int):
            assert rows[option.opts[0]].strip("`") == str(option.default)


@pytest.mark.parametrize(
    "document",
    ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/billing-rules.md", "docs/control.md", "specs/README.md"],
)
def test_the_links_lead_somewhere(document: str) -> None:
    """Every link to a file of the tree names one that is there."""
    for target in LINK.findall((ROOT / document).read_text()):
        assert ((ROOT / document).parent / target).exists(), target


def control_paths(document: str) -> set[str]:
    """The control operations that a document names as `METHOD /_mock/…`."""
    return set(re.findall(r"`((?:GET|PUT|POST) /_mock/[^`?]*)`", document))


def test_the_control_operations_are_all_listed(fresh_server: Server) -> None:
    """README and reference name the same control operations, and each of them is served."""
    assert control_paths(README) == control_paths(CONTROL) - {"GET /_mock/openapi.json"}
    for named in sorted(control_paths(CONTROL)):
        method, path = named.replace("{name}", "amberflo").replace("{collection}", "customers").split()
        call = f"curl -s -o /dev/null -w '%{{http_code}}' -X {method} {SHOWN_URL}{path} -H 'X-API-KEY: test-listed'"
        status = run(f"{call} -d '{{}}'", fresh_server)
        assert (named, status) in {(named, "200"), ("GET /_mock/state/{collection}", "404")}


def warned_rules(code: ast.AST) -> Iterator[str]:
    """The rules that a piece of code warns of with literal names, and those of its references."""
    for node in ast.walk(code):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "warn" and isinstance(node.args[1], ast.Constant):
            yield str(node.args[1].value)
        if isinstance(node.func, ast.Name) and node.func.id == "Reference" and isinstance(node.args[2], ast.Constant):
            yield f"unknown-{str(node.args[2].value).replace(' ', '-')}"


def literals(code: ast.AST) -> set[str]:
    """Every text that stands in a piece of code."""
    return {node.value for node in ast.walk(code) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_warnings_are_all_explained() -> None:
    """The reference explains each rule that is warned of, and none that the code does not know."""
    table = CONTROL.partition("| rule |")[2].partition("\n\n")[0]
    explained = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    code = [ast.parse(path.read_text()) for path in (ROOT / "mockserver").rglob("*.py")]
    warned = {rule for each in code for rule in warned_rules(each)}
    known = warned.union(*map(literals, code), get_args(ConflictKind))
    assert len(explained) == len(set(explained))
    assert sorted({*warned, *get_args(ConflictKind)} - set(explained)) == []
    assert sorted(set(explained) - known) == []
