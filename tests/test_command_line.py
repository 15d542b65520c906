"""The `mockserver` command."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from mockserver.__main__ import main

TREE = Path(__file__).parent.parent


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A server process, its URL and its banner."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=TREE) as process:
        assert process.stdout is not None
        banner = [process.stdout.readline() for _ in range(5)]
        found = re.search(r"http://\S+", banner[0])
        assert found, banner
        try:
            yield process, found.group(), banner
        finally:
            process.terminate()


def test_the_banner_says_where_the_server_is_and_its_curl_works() -> None:
    """URL, documentation, a curl that can be pasted, and how many operations there are by tier."""
    with served() as (_process, url, banner):
        assert "serves 183 operations" in banner[0]
        assert f"{url}/_mock/docs/" in banner[1]
        pasted = banner[2].split("try", 1)[1].strip()
        answer = subprocess.run(pasted, shell=True, check=True, capture_output=True, text=True).stdout  # noqa: S602
        assert answer == '"1 records were ingested"'


def test_the_server_stops_cleanly_when_asked_to() -> None:
    """A termination signal ends the process without an error and without a traceback."""
    with served() as (process, url, _banner):
        requests.get(f"{url}/_mock/health", timeout=10)
        process.send_signal(signal.SIGINT)
        _out, errors = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "Traceback" not in errors


def test_the_access_log_is_structured_and_holds_no_key() -> None:
    """One JSON object a request."""
    with served("--log-format", "json") as (process, url, _banner):
        requests.get(f"{url}/customers/none", headers={"X-API-KEY": "test-secret"}, timeout=10)
        process.send_signal(signal.SIGINT)
        _out, errors = process.communicate(timeout=10)
    line = json.loads(errors.splitlines()[0])
    assert {key: line[key] for key in ("method", "path", "operationId", "status")} == {
        "method": "GET",
        "path": "/customers/none",
        "operationId": "getCustomerById",
        "status": 404,
    }
    assert "test-secret" not in errors


def test_settings_reach_the_server() -> None:
    """Keys, clock, strictness and the charge path are those of the command line."""
    options = ["--api-key", "k", "--clock", "2026-01-31T12:00:00Z", "--freeze", "--strict", "--dedup", "record"]
    with served(*options, "--charge-path", "/charges", "--body-limit", "1KB") as (_process, url, _banner):
        key = {"X-API-KEY": "k"}
        clock = requests.get(f"{url}/_mock/clock", headers=key, timeout=10).json()
        assert clock == {"now": "2026-01-31T12:00:00.000Z", "nowInMillis": 1_769_860_800_000, "frozen": True}
        reset = requests.post(f"{url}/_mock/reset", headers=key, timeout=10).json()
        assert reset == {"reset": True, "dedup": "record", "strict": True}
        assert requests.post(f"{url}/charges", headers=key, json={}, timeout=10).status_code == 400
        big = requests.post(f"{url}/ingest", headers=key, json=[{"meterTimeInMillis": 0}] * 100, timeout=10)
        assert big.status_code == 413


def test_a_taken_port_is_one_clear_line_and_exit_2() -> None:
    """No traceback: what is wrong, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "mockserver", "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=TREE, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        f"mockserver: cannot listen on 127.0.0.1:{port}: the port is taken; choose another with --port"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--clock", "yesterday"],
        ["serve", "--clock", "99999-01-01T00:00:00Z"],
        ["serve", "--clock", "999999999999999999"],
        ["serve", "--body-limit", "big"],
        ["serve", "--body-limit", "0"],
        ["serve", "--unit-price", "NaN"],
        ["serve", "--unit-price", "-1"],
        ["serve", "--dedup", "none"],
        ["serve", "--charge-path", "charges"],
        ["serve", "--host", "256.0.0.1"],
        ["serve", "--port", "70000"],
        ["unknown"],
    ],
)
def test_a_bad_argument_is_exit_2_and_says_so(arguments: list[str]) -> None:
    """A usage error names the option; nothing is served."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.output.strip()


def test_operations_are_listed() -> None:
    """Each operation with tier, evidence, document, method and path, as text or as rows of a table."""
    lines = CliRunner().invoke(main, ["operations"]).output.splitlines()
    assert len(lines) == 183
    assert ["behaviour", "published", "amberflo/metering", "POST", "/usage"] in [line.split() for line in lines]
    rows = CliRunner().invoke(main, ["operations", "--format", "markdown"]).output.splitlines()
    assert len(rows) == 183
    assert "| `POST /usage` | amberflo/metering | published | behaviour |" in rows
