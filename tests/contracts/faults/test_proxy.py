"""The proxy passes everything on as it came, and a fault's alterations as they are."""

import gzip
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contracts.faults.client import Client, connections, event, fresh
from tests.contracts.faults.fault import Answer, Category, Fault, Headers, Request, Send, Wrong, on, operation_of
from tests.contracts.faults.proxy import before
from tests.contracts.recording_server import Account, recording_account
from tests.contracts.recording_server import Answer as Recorded
from tests.support.serving import Server

KEY = b"Host: h\r\nX-API-KEY: test-raw\r\n"
JSON = KEY + b"Content-Type: application/json\r\n"
RAW = (
    b"GET /customers?a=%20&b&a=1 HTTP/1.1\r\n" + KEY + b"\r\n",
    b"GET //customers//x%2Fy HTTP/1.1\r\n" + KEY + b"\r\n",
    b"FROB /customers HTTP/1.1\r\n" + KEY + b"\r\n",
    b"HEAD /customers HTTP/1.1\r\n" + KEY + b"\r\n",
    b"GET /customers/a b\xff HTTP/1.1\r\n" + KEY + b"\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /nothing HTTP/1.1\r\n" + KEY + b"x-api-key: test-other\r\n\r\n",
    b"POST /ingest HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1, 2\r\n1\r\n]\r\n0\r\n\r\n",
    b"POST /usage HTTP/1.1\r\n" + JSON + b"Content-Length: 3\r\n\r\n\xff{}",
    b"DELETE /meter-definition/none HTTP/1.1\r\n" + KEY + b"Content-Length: 0\r\n\r\n",
)


@pytest.fixture
def account() -> Iterator[Account]:
    """A platform that tells what it was asked."""
    with recording_account() as running:
        yield running


def _fault(make: Callable[[], Wrong]) -> Fault:
    nothing: frozenset[str] = frozenset()
    return Fault("some_fault", Category.PROTOCOL, "Something is wrong.", nothing, nothing, make, lambda _: False)


def _raw(url: str, request: bytes) -> bytes:
    """What is answered to these bytes, without what differs from one time to the next."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as side:
        side.sendall(request)
        side.shutdown(socket.SHUT_WR)
        answered = b"".join(iter(lambda: side.recv(65536), b""))
    return re.sub(rb"(date: [^\r]+|connection: close)\r\n|\"(traceId|requestId)\":\"[^\"]*\"", b"", answered)


@pytest.mark.parametrize("request_", RAW, ids=range(len(RAW)))
def test_answers_are_those_of_the_platform(request_: bytes, server: Server) -> None:
    """Odd methods, paths, headers and bodies are answered by the platform itself, byte for byte."""
    with before(server.url, None) as url:
        assert _raw(url, request_) == _raw(server.url, request_)


def test_platform_gets_what_was_sent(account: Account) -> None:
    """Method, raw path, query, headers and body reach the platform as they were sent."""
    account.instead = lambda _: Recorded(200, [])
    body = gzip.compress(b"[]")
    with before(account.url, None) as url, connections() as http:
        http.post(f"{url}/a%2Fb/?x=%20&x", content=body, headers={"Content-Encoding": "gzip", "X-Two": "1, 2"})
    (got,) = account.recorded
    assert (got.method, got.path, got.query, got.body) == ("POST", "/a%2Fb/", "x=%20&x", body)
    assert (got.headers["X-Two"], got.headers["Content-Encoding"]) == ("1, 2", "gzip")


def test_connections_are_kept(server: Server) -> None:
    """Two requests over one connection are both answered."""
    one = b"GET /_mock/health HTTP/1.1\r\nHost: h\r\n\r\n"
    with before(server.url, None) as url:
        assert _raw(url, one * 2).count(b"HTTP/1.1 200 OK") == 2


def test_large_body_is_asked_for(server: Server) -> None:
    """Who waits to be told to send the body is told so."""
    head = (
        b"POST /ingest HTTP/1.1\r\nHost: h\r\nX-API-KEY: test-raw\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    with before(server.url, None) as url:
        assert _raw(url, head + b"[]").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ")


def test_threads_are_served_at_once(server: Server) -> None:
    """Eight threads write through the proxy and nothing is lost."""
    with before(server.url, None) as url, connections() as http, ThreadPoolExecutor(8) as pool:
        client = Client(url, http=http)
        meter = client.meter()
        list(pool.map(lambda _: client.ingest(event(meter)), range(80)))
        assert client.total(meter) == 80


def test_answer_can_be_cut(server: Server) -> None:
    """A cut answer tells its whole length and ends before."""
    cut = _fault(on("listCustomers", reply=lambda answer: Answer(answer.status, answer.headers, b"[1, 2, 3]", cut=4)))
    with before(server.url, cut) as url, connections() as http, pytest.raises(httpx.RemoteProtocolError, match="body"):
        Client(url, http=http).get("/customers")


def test_answer_is_altered_in_its_operation_alone(server: Server) -> None:
    """An alteration of one operation's good answers touches no other operation and no refusal."""
    altered = _fault(on("getCustomerById", answer=lambda customer: customer | {"customerName": "Nobody"}))
    with before(server.url, altered) as url, connections() as http:
        client = Client(url, http=http)
        key = client.customer()
        assert client.get(f"/customers/{key}").json()["customerName"] == "Nobody"
        assert client.get("/customers").json()[0]["customerName"] == "Ada Byron"
        assert client.get(f"/customers/{fresh()}").status_code == 404


def test_request_is_altered_compressed_as_it_came(account: Account) -> None:
    """An altered body that came compressed is sent on compressed."""
    account.instead = lambda _: Recorded(200, {})
    altered = _fault(on("createCustomer", request=lambda customer: customer | {"customerName": "Nobody"}))
    with before(account.url, altered) as url, connections() as http:
        body = gzip.compress(b'{"customerId": "a"}')
        http.post(f"{url}/customers", content=body, headers={"Content-Encoding": "gzip"})
    assert json.loads(gzip.decompress(account.recorded[0].body)) == {"customerId": "a", "customerName": "Nobody"}


def test_message_with_the_same_content_is_the_same() -> None:
    """An alteration that changes nothing keeps every byte."""
    request = Request("POST", "/customers", "", Headers(), b'{ "a":1e0 }')
    assert request.with_json({"a": 1.0}) is request
    assert request.with_json({"a": 1}).body == b'{"a": 1}'


def test_breakdown_of_a_fault_is_told(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    """A mistake in a fault is no finding: it is raised when the proxy ends."""

    def broken(_request: Request, _send: Send) -> Answer:
        raise KeyError("oops")

    def ask() -> None:
        with connections() as http, before(server.url, _fault(lambda: broken)) as url:
            client = Client(url, http=http)
            with pytest.raises(httpx.RemoteProtocolError):
                client.get("/customers")

    with pytest.raises(RuntimeError, match="oops"):
        ask()
    assert "oops" in capfd.readouterr().err


def test_headers_keep_repeated_ones() -> None:
    """A header that is there twice is read as one and passed on as two."""
    headers = Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X", "1")])
    assert headers["set-cookie"] == "a=1, b=2"
    assert len(headers.put("X", "2").pairs) == 3
    assert headers.drop("set-cookie").pairs == (("X", "1"),)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/usage", "queryUsage"),
        ("POST", "/ingest/", "ingestMeterEvents"),
        ("GET", "/customers/paging", "searchCustomers"),
        ("GET", "/customers/a%2Fb", "getCustomerById"),
        ("PATCH", "/usage", ""),
        ("GET", "/nothing", ""),
    ],
)
def test_operation_of_a_path(method: str, path: str, operation: str) -> None:
    """A raw path belongs to the operation that the documents have for it, a fixed path before one with a key."""
    assert operation_of(method, path) == operation


def test_command_serves_a_fault(server: Server) -> None:
    """The command prints the URL of the faulty platform, and ends with its input."""
    command = [sys.executable, "-m", "tests.contracts.faults.proxy", server.url, "count_is_the_sum"]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        with connections() as http:
            client = Client(running.stdout.readline().strip(), http=http)
            meter = client.meter()
            client.ingest(event(meter, 7))
            assert client.total(meter, aggregation="COUNT") == 7
        running.stdin.close()
    assert running.returncode == 0


def test_command_names_the_faults() -> None:
    """An unknown fault is refused with the names of the known ones."""
    command = [sys.executable, "-m", "tests.contracts.faults.proxy", "http://127.0.0.1:1", "no_such_fault"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 2
    assert "count_is_the_sum" in done.stderr
