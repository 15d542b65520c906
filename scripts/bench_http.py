"""Measures the mock beside plain Connexion and, where it is installed, Prism, on the published metering document.

Servers have one core and the load the other; rounds of the servers alternate, and the best round of each counts. All
servers get the same requests; only the mock keeps what it is sent.

`scripts/bench` runs it; bench_report.py prints what it found.
"""

import importlib.metadata
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench_load import OK, Load, MakeRequest, drive

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "tests" / "specs" / "published" / "metering.yaml"
PRISM = ROOT / "node_modules" / "@stoplight" / "prism-cli"
SERVER_CORE = "0"
KEY = "test-bench"
PATIENCE_S = 60
MEGABYTE = 1024 * 1024
START_MS = 1718064000000
NUMBER = b"@@@@@@@@"
"""Stands for the request's number in a body, eight digits for eight, so that no two requests hold the same event."""


@dataclass(frozen=True)
class Contender:
    """A server to measure: its name and the command that starts it on a port."""

    name: str
    command: Callable[[int], Sequence[str]]
    version: str


@dataclass
class Measured:
    """The figures of one server by the row they are printed in; larger is better for rates alone."""

    rates: dict[str, float] = field(default_factory=dict)
    start_s: float = 0.0
    memory_mb: float = 0.0


@dataclass(frozen=True)
class Work:
    """A kind of request.

    Attributes:
        name: as it is printed.
        body: what is sent, with `NUMBER` in it where requests must differ; None is a GET.
        path: where to.
        connections: how many requests are under way at once.
        goals: least ratio to the others, by their names.
    """

    name: str
    path: str
    body: bytes | None
    connections: int
    goals: Mapping[str, float]

    def requests(self, port: int, key: str = KEY) -> MakeRequest:
        """Makes the requests for a server, of the account with a key."""
        method = "GET" if self.body is None else "POST"
        head = f"{method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-KEY: {key}\r\n"
        if self.body is None:
            whole = f"{head}\r\n".encode()
            return lambda _number: whole
        head += f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n\r\n"
        template = head.encode() + self.body
        return lambda number: template.replace(NUMBER, b"%08d" % number)


def event(index: int) -> dict[str, object]:
    """An event of the load; its uniqueId holds the number of its request."""
    return {
        "meterApiName": "api-calls",
        "customerId": f"customer-{index % 100}",
        "meterValue": 1 + index % 7,
        "meterTimeInMillis": START_MS + index * 60_000,
        "uniqueId": f"{NUMBER.decode()}-{index}",
        "dimensions": {"region": f"region-{index % 5}", "tier": f"tier-{index % 3}"},
    }


USAGE = {
    "meterApiName": "api-calls",
    "startTimeInSeconds": START_MS // 1000,
    "endTimeInSeconds": START_MS // 1000 + 86_400,
    "aggregation": "SUM",
    "timeGroupingInterval": "DAY",
    "groupBy": ["region"],
}
WORKS = (
    Work("GET list of meters", "/meter-definition", None, 16, {"Prism": 3}),
    Work("ingest 1 event", "/ingest", json.dumps(event(0)).encode(), 16, {"Prism": 3}),
    Work(
        "ingest 1000 events",
        "/ingest",
        json.dumps([event(index) for index in range(1000)]).encode(),
        4,
        {"Prism": 0.8, "Connexion": 12},
    ),
    Work("usage", "/usage", json.dumps(USAGE).encode(), 16, {"Prism": 2}),
)


def contenders() -> Iterator[Contender]:
    """The mock first, then the others that are here."""
    served = (str(Path(sys.executable).with_name("mockserver")), "serve", "--log-format", "off", "--port")
    yield Contender("metermock", lambda port: (*served, str(port)), importlib.metadata.version("metermock"))
    plain = (sys.executable, "-m", "scripts.bench_plain")
    connexion = importlib.metadata.version("connexion")
    yield Contender("Connexion", lambda port: (*plain, str(port), str(DOCUMENT)), connexion)
    node = shutil.which("node")
    if node and PRISM.is_dir():
        prism = (node, str(PRISM / "dist" / "index.js"), "mock", "--verboseLevel", "silent", "--multiprocess", "false")
        version = json.loads((PRISM / "package.json").read_text())["version"]
        yield Contender("Prism", lambda port: (*prism, "--port", str(port), str(DOCUMENT)), version)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether the server answers a GET with 200."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/meter-definition", headers={"X-API-KEY": KEY})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310 - as above
            return bool(response.status == OK)
    except OSError:
        return False


@contextmanager
def running(contender: Contender, measured: Measured) -> Iterator[int]:
    """A started server's port; notes how long it took and the memory that it then has."""
    port = free_port()
    command = ["taskset", "-c", SERVER_CORE, *contender.command(port)]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while not answers(port):
                if server.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                    raise SystemExit(f"{contender.name} does not start: {' '.join(command)}")
                time.sleep(0.005)
            took = time.perf_counter() - began
            measured.start_s = min(measured.start_s or took, took)
            measured.memory_mb = resident_mb(server.pid)
            yield port
        finally:
            server.terminate()


def resident_mb(process: int) -> float:
    """Resident memory of a process in megabytes."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def call(  # noqa: PLR0913  # what a request consists of
    port: int, method: str, path: str, body: object = None, *, key: str = KEY, patience_s: float = PATIENCE_S
) -> bytes:
    """One request; the answer's body."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-API-KEY": key, "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=patience_s) as response:  # noqa: S310 - as above
        answer: bytes = response.read()
        return answer


def prepare(port: int) -> None:
    """The mock's account has a meter, its customers and a thousand events, as much as the others' constant answers."""
    call(port, "POST", "/_mock/reset")
    for customer in {str(event(index)["customerId"]) for index in range(1000)}:
        call(port, "POST", "/customers", {"customerId": customer, "customerName": customer})
    meter = {"meterApiName": "api-calls", "displayName": "API calls", "type": "SUM_OF_ALL_USAGE"}
    call(port, "POST", "/meter-definition", {**meter, "dimensions": ["region", "tier"]})
    call(port, "POST", "/ingest", [event(index) for index in range(1000)])


def measure(everyone: Sequence[Contender], rounds: int, seconds: float) -> dict[str, Measured]:
    """Every figure of every server, rounds of the servers alternating."""
    measured = {contender.name: Measured() for contender in everyone}
    number = 0
    for _ in range(rounds):
        for contender in everyone:
            mine = measured[contender.name]
            with running(contender, mine) as port:
                for work in WORKS:
                    if contender.name == "metermock":
                        prepare(port)
                    load = one_round(work, port, number, seconds)
                    number += load.requests + work.connections
                    mine.rates[work.name] = max(mine.rates.get(work.name, 0.0), load.rate)
    return measured


def one_round(work: Work, port: int, number: int, seconds: float) -> Load:
    """A short warm-up, then the round that counts."""
    options = {"connections": work.connections}
    address, requests = ("127.0.0.1", port), work.requests(port)
    warm = drive(address, requests, first=number, seconds=seconds / 5, **options)
    return drive(address, requests, first=number + warm.requests + work.connections, seconds=seconds, **options)


@dataclass(frozen=True)
class Health:
    """How the health check answers while another account ingests."""

    worst_ms: float
    median_ms: float
    sent_mb: float
    seconds: float


def large_body(limit: int = 30 * MEGABYTE) -> bytes:
    """A batch of a little less than so many bytes."""
    one = json.dumps(event(0)).replace(NUMBER.decode(), "one")
    events = [event(index) for index in range(limit // len(one))]
    body = json.dumps(events).replace(NUMBER.decode(), "one").encode()
    return body if len(body) <= limit else body[: body.rindex(b"}, {", 0, limit)] + b"}]"


def health_under_load(mock: Contender) -> Health:
    """Asks for health without a pause while another account sends 30 MB."""
    body = large_body()
    took: list[float] = []
    with running(mock, Measured()) as port:

        def send() -> None:
            began = time.perf_counter()
            headers = {"X-API-KEY": "test-other", "Content-Type": "application/json"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/ingest", body, headers)
            with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310 - http on this machine
                took.append(time.perf_counter() - began)

        sender = threading.Thread(target=send)
        health = Work("health", "/_mock/health", None, 1, {}).requests(port)
        probes = Load()
        sender.start()
        while sender.is_alive():
            probes.latencies += drive(("127.0.0.1", port), health, first=0, seconds=0.02, connections=1).latencies
        sender.join()
    return Health(1000 * max(probes.latencies), 1000 * probes.quantile(0.5), len(body) / MEGABYTE, took[0])
