"""A printed command sends the same request again, and never holds a key."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from contracts.curl import curl
from contracts.keys import AMBERFLO, OTHER, SESSION, SOLVIMON, WRONG_KEY
from contracts.model import BODY_LIMIT

BASH = shutil.which("bash") or "bash"
KEY_HEADER = "X-API-KEY"
UNSHOWN = {"Host", "User-Agent", "Accept-Encoding", "Connection", KEY_HEADER}


class Echo(BaseHTTPRequestHandler):
    """Takes any request and remembers it."""

    seen: tuple[str, str, dict[str, str], bytes]

    def take(self) -> None:
        """Any request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).seen = (self.command, self.path, dict(self.headers.items()), body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"):
    setattr(Echo, f"do_{_method}", Echo.take)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where requests are remembered."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(timeout=5)


def run(command: str) -> tuple[str, str, dict[str, str], bytes]:
    """What the server sees of a command."""
    keys = {AMBERFLO: "key-one", OTHER: "key-two", SOLVIMON: "key-three", SESSION: "a-token"}
    environment = {**keys, "PATH": "/usr/bin:/bin"}
    subprocess.run([BASH, "-c", command], env=environment, check=True, capture_output=True, timeout=20)
    return Echo.seen


REQUESTS: list[tuple[str, str, dict[str, str], bytes]] = [
    ("GET", "/customers", {}, b""),
    ("GET", "/customers/a%2Fb%20'\"$HOME`id`?x=[1]&y={a,b}&z=a%20b", {"Accept": "*/*"}, b""),
    ("GET", "/a/../b/./c", {}, b""),
    ("POST", "/customers", {"Content-Type": "application/json"}, b'{"a": "it\'s $HOME `id` \\\\ \\n \xc3\xa9"}'),
    ("POST", "/customers", {}, b"@/etc/passwd"),
    ("POST", "/customers", {"Content-Length": "0"}, b""),
    ("PUT", "/customers", {"Content-Type": "text/plain", "X-Empty": "", "X-Odd": "a'b\"c;d"}, b"\nline\n\nline\n"),
    ("DELETE", "/customers/a", {"Content-Type": "application/json"}, b"{}"),
    ("OPTIONS", "/customers", {}, b""),
    ("QUERY", "/customers", {}, b""),
    ("HEAD", "/customers", {}, b""),
]


@pytest.mark.parametrize(("method", "path", "headers", "body"), REQUESTS)
def test_the_same_request(url: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    """Method, path, headers and body arrive as they were."""
    prepared = requests.Request(method, url, headers=headers, data=body or None).prepare()
    prepared.url = url + path
    if "Content-Length" in headers:
        prepared.headers["Content-Length"] = "0"
    seen = run(curl(prepared, key_header=KEY_HEADER))
    assert seen[:2] == (method, path)
    assert seen[3] == body
    expected = dict(prepared.headers)
    assert {name: value for name, value in seen[2].items() if name not in UNSHOWN} == expected
    assert seen[2][KEY_HEADER] == "key-one"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "key-one"),
        ({"auth": "other"}, "key-two"),
        ({"vendor": "solvimon"}, "key-three"),
        ({"auth": "wrong"}, WRONG_KEY),
        ({"auth": "none"}, None),
        ({"portal": True}, "Session a-token"),
        ({"portal": True, "auth": "account"}, "key-one"),
        ({"portal": True, "auth": "wrong"}, f"Session {WRONG_KEY}"),
    ],
)
def test_the_key_comes_from_the_environment(url: str, more: dict[str, Any], expected: str | None) -> None:
    """Each key is read from its variable, and one that stood in the request is not in the command."""
    prepared = requests.Request("GET", f"{url}/customers", headers={"x-api-key": "canary"}).prepare()
    command = curl(prepared, key_header=KEY_HEADER, **more)
    assert "canary" not in command
    assert run(command)[2].get(KEY_HEADER) == expected


@pytest.mark.parametrize("body", [b"a\0b", b"\xff\xfe", b"x" * (BODY_LIMIT + 1)])
def test_what_no_command_can_say(body: bytes) -> None:
    """A body that a shell cannot pass on, or that nobody would paste, makes no command."""
    assert curl(requests.Request("POST", "http://127.0.0.1/x", data=body).prepare(), key_header=KEY_HEADER) == ""
