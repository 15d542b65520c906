"""HTTP/1.1 as bytes: reads and writes messages without an opinion on methods, paths, names or their order."""

import socket
from collections.abc import Sequence
from http import HTTPStatus
from io import BufferedReader

from tests.contracts.faults.fault import Answer, Headers, Request

_LINE = 1 << 17
_HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "expect")
_BODILESS = frozenset({204, 304})


class BrokenError(OSError):
    """The other side ended, or spoke no HTTP."""


class Connection:
    """One side of an open connection.

    Args:
        side: The socket; it is closed with the connection.
    """

    def __init__(self, side: socket.socket) -> None:
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._side = side
        self._reader: BufferedReader = side.makefile("rb")

    def close(self) -> None:
        """Ends it, whatever is under way."""
        self._reader.close()
        self._side.close()

    def read_request(self) -> tuple[Request, bool] | None:
        """The next request, and whether the connection stays open after it; None when there is no more.

        Raises:
            BrokenError: It ended in the middle of one, or this is none.
        """
        line = self._reader.readline(_LINE)
        if not line.strip():
            return None
        method, target, version = _three(line)
        headers = _headers(self._reader)
        if headers.get("expect", "").lower() == "100-continue":
            self._side.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = _body(self._reader, headers) if _announced(headers) else b""
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body), _stays(version, headers)

    def write_request(self, request: Request) -> None:
        """Sends a request."""
        target = f"{request.path}?{request.query}" if request.query else request.path
        length = [("content-length", str(len(request.body)))] if request.body or _announced(request.headers) else []
        head = _head(f"{request.method} {target} HTTP/1.1", [*_kept(request.headers), *length])
        self._side.sendall(head + request.body)

    def read_answer(self, method: str) -> tuple[Answer, bool] | None:
        """The answer to a request of this method, and whether the connection stays open; None when it had ended.

        Raises:
            BrokenError: It ended in the middle of one, or this is none.
        """
        status = 100
        while status < 200:
            line = self._reader.readline(_LINE)
            if not line:
                return None
            version, code, _reason = _three(line)
            status, headers = int(code), _headers(self._reader)
        if method == "HEAD" or status in _BODILESS:
            return Answer(status, headers), _stays(version, headers)
        stays = _stays(version, headers) and _announced(headers)
        return Answer(status, headers, _body(self._reader, headers)), stays

    def write_answer(self, answer: Answer, method: str) -> None:
        """Sends an answer to a request of this method, or as much of it as is not cut."""
        if method == "HEAD" or answer.status in _BODILESS:
            length = [pair for pair in answer.headers.pairs if pair[0].lower() == "content-length"]
            body = b""
        else:
            length = [("content-length", str(len(answer.body)))]
            body = answer.body[: answer.cut]
        head = _head(f"HTTP/1.1 {answer.status} {_reason(answer.status)}", [*_kept(answer.headers), *length])
        self._side.sendall(head + body)


def _three(line: bytes) -> tuple[str, str, str]:
    """The three parts of a first line; bytes that are no ASCII stay what they are."""
    parts = line.decode("latin-1").strip("\r\n").split(" ", 1)
    if len(parts) != 2:
        raise BrokenError(f"no first line: {line[:80]!r}")
    if parts[0].startswith("HTTP/"):
        code, _, reason = parts[1].partition(" ")
        return parts[0], code, reason
    # A target may hold spaces, against the rules: what stands last is the version.
    target, _, version = parts[1].rpartition(" ")
    return parts[0], target, version


def _headers(reader: BufferedReader) -> Headers:
    pairs = []
    while line := reader.readline(_LINE).decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        pairs.append((name, value.strip(" \t")))
    return Headers(pairs)


def _announced(headers: Headers) -> bool:
    """Whether a body comes whose end can be told."""
    return "content-length" in headers or "transfer-encoding" in headers


def _body(reader: BufferedReader, headers: Headers) -> bytes:
    if "transfer-encoding" in headers:
        return _chunks(reader)
    if "content-length" not in headers:
        return reader.read()
    return _exactly(reader, _number(headers["content-length"].split(",")[0], 10))


def _chunks(reader: BufferedReader) -> bytes:
    body = bytearray()
    while size := _number(reader.readline(_LINE).decode("latin-1").partition(";")[0], 16):
        body += _exactly(reader, size)
        reader.readline(_LINE)
    _headers(reader)
    return bytes(body)


def _number(text: str, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise BrokenError(f"no length: {text[:80]!r}") from None


def _exactly(reader: BufferedReader, size: int) -> bytes:
    body = reader.read(size)
    if len(body) < size:
        raise BrokenError("the body ended early")
    return body


def _stays(version: str, headers: Headers) -> bool:
    wish = headers.get("connection", "").lower()
    return "close" not in wish if version == "HTTP/1.1" else "keep-alive" in wish


def _kept(headers: Headers) -> Sequence[tuple[str, str]]:
    return headers.drop(*_HOP_BY_HOP).pairs


def _head(first: str, pairs: Sequence[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in pairs)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
