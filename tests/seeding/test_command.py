"""`mockserver seed` and a running server: what it writes can be read back, and each failure is one line and exit 2."""

import json
import re
import socket
import subprocess
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockserver.app import create_app
from mockserver.seeding.command import is_loopback, last_midnight, progress, seed
from mockserver.seeding.plan import Plan, SeedOptions, plan
from mockserver.settings import Settings
from tests.support.client import MockClient
from tests.support.serving import Server, serving

FEBRUARY = {"startTimeInSeconds": 1_769_904_000, "endTimeInSeconds": 1_772_323_200, "timeGroupingInterval": "MONTH"}
"""The 28 days before `END`."""
END = "2026-03-01"


def run(url: str, *arguments: str, key: str = "test-seed") -> Result:
    """Runs the command for a few customers and a known end."""
    few = ["--customers", "8", "--days", "28", "--events", "2500", "--end", END, "--api-key", key]
    return CliRunner().invoke(seed, [url, *few, *arguments])


def account() -> Plan:
    """The account that the command is asked for."""
    return plan(SeedOptions(customers=8, days=28, events=2500, seed=1, end=datetime(2026, 3, 1, tzinfo=UTC)))


def usage(mock: MockClient, meter: str, aggregation: str, *group_by: str) -> dict[str, float]:
    """A meter's February by the values of its groups."""
    query = {"meterApiName": meter, "aggregation": aggregation, "groupBy": group_by, **FEBRUARY}
    groups = mock.post("/usage", json=query).json()["clientMeters"][meter]
    return {" ".join(group["groupInfo"].values()): next(iter(group["records"][0].values())) for group in groups}


def test_usage_is_the_plans(mock: MockClient) -> None:
    """A seeded account answers usage queries with the sums of the events that were planned."""
    assert run(mock.url, key=mock.key).exit_code == 0
    planned: Counter[str] = Counter()
    for batch in account().batches():
        for event in batch:
            if event["meterApiName"] == "api-calls":
                planned[event["customerId"]] += event["meterValue"]
    assert usage(mock, "api-calls", "SUM", "customerId") == dict(planned)


def test_customers_and_meters_are_the_plans(mock: MockClient) -> None:
    """Every customer and meter of the plan can be read back with all its fields."""
    run(mock.url, key=mock.key)
    read = {customer["customerId"]: customer for customer in mock.get("/customers").json()}
    assert all(body.items() <= read[body["customerId"]].items() for body in account().customers)
    meters = {meter["meterApiName"]: meter for meter in mock.get("/meter-definition").json()}
    assert all(body.items() <= meters[body["meterApiName"]].items() for body in account().meters)


def test_seeding_twice_changes_nothing(mock: MockClient) -> None:
    """A second run finds its events there already: counts and sums stay, and nothing is warned of."""
    for _ in range(2):
        assert run(mock.url, key=mock.key).exit_code == 0
        counts = {meter["meterApiName"]: usage(mock, meter["meterApiName"], "COUNT") for meter in account().meters}
        assert sum(counts[name][""] for name in ("api-calls", "llm-tokens", "storage-gb")) == sum(
            event["meterApiName"] != "active-customers" for batch in account().batches() for event in batch
        )
    assert mock.rules() == []


def test_a_strict_account_can_be_seeded(mock: MockClient) -> None:
    """Nothing that is written leaves a warning, so strict mode refuses none of it."""
    mock.reset(strict=True)
    assert run(mock.url, key=mock.key).exit_code == 0


def test_the_printed_query_runs(mock: MockClient) -> None:
    """The closing usage query, pasted, answers with the last week's usage of each tier."""
    output = run(mock.url, key=mock.key).stdout
    pasted = subprocess.run(
        ["/bin/sh", "-c", output[output.index("curl") :]], capture_output=True, text=True, check=True
    )
    answer = json.loads(pasted.stdout)
    assert {group["groupInfo"]["tier"] for group in answer["clientMeters"]["api-calls"]} == {
        "business", "enterprise", "starter",
    }  # fmt: skip


def test_a_trailing_slash_is_no_matter(mock: MockClient) -> None:
    """The server's URL may end with a slash."""
    assert run(f"{mock.url}/", "--events", "1", key=mock.key).exit_code == 0


def test_progress_in_lines(mock: MockClient) -> None:
    """Without a terminal each tenth of the way is a line, on standard error."""
    lines = run(mock.url, key=mock.key).stderr.splitlines()
    assert lines[0] == "customers: 1 of 8"
    assert lines[-3:] == ["events: 1,000 of 2,500", "events: 2,000 of 2,500", "events: 2,500 of 2,500"]


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal one line is drawn over and over, and ends with a line break."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    report = progress()
    report("events", 1000, 2000)
    report("events", 2000, 2000)
    assert capsys.readouterr().err == "\revents: 1,000 of 2,000\revents: 2,000 of 2,000\n"


def test_nobody_listens() -> None:
    """A port that nobody listens on is one line and exit 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = run(url)
    assert result.exit_code == 2
    assert re.fullmatch(rf"Error: {url} does not answer: .+\n", result.stderr)


def test_a_key_that_is_not_accepted(server: Server) -> None:
    """A refused key is reported with the server's own words, and exit 2."""
    result = run(server.url, key="live-key")
    assert result.exit_code == 2
    assert f"Error: PUT {server.url}/customers was refused with 401: " in result.stderr


def test_a_refused_batch() -> None:
    """A refusal half-way is reported with the request and the server's reason, and exit 2."""
    with serving(create_app(Settings(body_limit=2000))) as small:
        result = run(small.url)
    assert result.exit_code == 2
    assert f"POST {small.url}/ingest was refused with 413: " in result.stderr


async def gateway(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Something that is not the API: it answers everything with a page."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 502, "headers": []})
    await send({"type": "http.response.body", "body": b"<h1>Bad gateway</h1>"})


def test_an_answer_that_is_not_the_vendors() -> None:
    """An error without the vendor's body is shown as it came."""
    with serving(gateway) as other:
        result = run(other.url)
    assert result.exit_code == 2
    assert "was refused with 502: <h1>Bad gateway</h1>" in result.stderr


@pytest.mark.parametrize(
    "url",
    ["https://app.amberflo.io", "http://192.168.1.20:8000", "http://localhost.example", "http://127.0.0.1.example"],
)
def test_other_machines_are_refused(url: str) -> None:
    """A URL that is not on this machine is refused before anything is sent."""
    result = run(url)
    assert result.exit_code == 2
    assert "--yes-write-to-remote" in result.stderr


def test_other_machines_on_request() -> None:
    """With --yes-write-to-remote another machine is called."""
    result = run("http://metermock.invalid", "--yes-write-to-remote")
    assert result.exit_code == 2
    assert "http://metermock.invalid does not answer" in result.stderr


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("10.0.0.1", False),
    ],
)
def test_what_is_this_machine(host: str, local: bool) -> None:  # noqa: FBT001 - the expected verdict
    """Loopback names and addresses are this machine; others are not."""
    assert is_loopback(host) is local


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://[::1", "http://127.0.0.1:port"]
)
def test_what_is_no_url(url: str) -> None:
    """A URL without http or without a host is one clear line and exit 2."""
    result = run(url)
    assert result.exit_code == 2
    assert f"{url} is no" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--end", "tomorrow"], "is no ISO 8601 instant"),
        (["--end", "0001-01-02", "--days", "3000"], "make no history"),
        (["--customers", "0"], "--customers"),
        (["--days", "0"], "--days"),
        (["--events", "-1"], "--events"),
    ],
)
def test_impossible_options(server: Server, arguments: list[str], said: str) -> None:
    """Options that stand for no account end the command with exit 2 and say which."""
    result = run(server.url, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_default_end_is_a_midnight() -> None:
    """Without --end the history ends at a UTC midnight that has passed, so that a day's runs write one account."""
    end = last_midnight()
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    assert end <= datetime.now(UTC)
