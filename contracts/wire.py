"""The one place where a socket is opened: one attempt of one request, with an end in time and in size.

urllib3 gives every single read of a socket its own time-out, so that an answer that drips never ends. Here a thread
shuts the connection when the time of the whole exchange is over.
"""

import heapq
import http.client
import io
import itertools
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3
from requests import exceptions
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    InvalidChunkLength,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from contracts.faults import AnswerBroken, FaultKind, Refused, TargetFault, fault

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer's body, once decoded."""

_CHUNK = 64 * 1024


_UNWRITABLE = (
    exceptions.InvalidHeader,
    exceptions.InvalidURL,
    exceptions.InvalidSchema,
    urllib3.exceptions.LocationParseError,
    http.client.InvalidURL,
    UnicodeError,
    ValueError,
)
"""What the libraries raise when a request cannot be written."""

_CLOSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class StaleConnectionError(AnswerBroken):
    """A connection that was kept open between two requests is gone; the request is best sent once more."""


class _Watch:
    """Ends one exchange: when its time is over, the connection that it is on is shut down."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.expired = False
        self.stopped = False
        self.reused = False
        self._lifeline: socket.socket | None = None
        self._lock = threading.Lock()

    def stop(self) -> None:
        self.stopped = True
        with self._lock:
            self._let_go()

    def attach(self, connection: socket.socket, *, reused: bool) -> None:
        """Takes a second handle on a connection: TLS takes the first one over, and `http.client` closes it early."""
        with self._lock:
            self._let_go()
            self._lifeline, self.reused = socket.socket(fileno=os.dup(connection.fileno())), reused
            if self.expired:
                _shut(self._lifeline)

    def _let_go(self) -> None:
        if self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None

    def expire(self) -> None:
        with self._lock:
            self.expired = not self.stopped
            if self._lifeline is not None:
                _shut(self._lifeline)


class _Alarms:
    """One thread for all watches, since a thread for each would cost more than most exchanges.

    It begins with the first watch and ends when none is left.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, _Watch]] = []
        self._numbers = itertools.count()
        self._runs = False

    def add(self, watch: _Watch) -> None:
        """Lets a watch expire when its time is over, unless it is stopped before."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + max(0.0, watch.seconds), next(self._numbers), watch))
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, daemon=True).start()
            elif self._waiting[0][2] is watch:
                self._changed.notify()

    def _run(self) -> None:
        while (watch := self._next()) is not None:
            watch.expire()

    def _next(self) -> _Watch | None:
        """The next watch whose time is over; None when there is nothing to wait for."""
        with self._changed:
            while self._waiting:
                due, _, watch = self._waiting[0]
                left = due - time.monotonic()
                if watch.stopped or left <= 0:
                    heapq.heappop(self._waiting)
                    if not watch.stopped:
                        return watch
                else:
                    self._changed.wait(left)
            self._runs = False
            return None


def _shut(lifeline: socket.socket) -> None:
    try:
        lifeline.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # It is closed already, which is as good.


_local = threading.local()


@contextmanager
def _watching(alarms: _Alarms, seconds: float) -> Iterator[_Watch]:
    watch = _Watch(seconds)
    _local.watch = watch
    alarms.add(watch)
    try:
        yield watch
    finally:
        watch.stop()
        _local.watch = None


class _CutHeadError(http.client.HTTPException):
    """The connection ended within the head of an answer, which `http.client` takes for the end of the head."""


class _LineReader(io.BufferedReader):
    """Remembers the last line that was read."""

    last_line = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last_line = super().readline(size)
        return self.last_line


class _CountedResponse(http.client.HTTPResponse):
    """Sees to it that the head was whole, and notes whether more came than the whole answer."""

    surplus = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp = self._reader = _LineReader(self.fp.detach())

    def begin(self) -> None:
        super().begin()
        if not self._reader.last_line.endswith(b"\n"):
            raise _CutHeadError("the connection was closed within the head of the answer")

    def _close_conn(self) -> None:
        self.surplus = self.surplus or _has_more(self._reader)
        super()._close_conn()  # type: ignore[misc] # typeshed leaves private methods out


def _has_more(stream: io.BufferedReader) -> bool:
    """Whether more bytes are there, without waiting for any."""
    connection: socket.socket | None = getattr(stream.raw, "_sock", None)
    if connection is None:
        return False
    before = connection.gettimeout()
    try:
        connection.settimeout(0)
        return bool(stream.peek(1))
    except (OSError, ValueError):
        return False
    finally:
        connection.settimeout(before)


class _Connection(HTTPConnection):
    """A connection whose exchanges' watches get a hold of its socket."""

    response_class = _CountedResponse
    _fresh = False

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        self._fresh = True
        _local.watch.attach(connection, reused=False)
        return connection

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _local.watch.attach(self.sock, reused=not self._fresh)
        super().request(*args, **kwargs)
        self._fresh = False


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Mapping[str, type[HTTPConnectionPool]] = {"http": _Pool, "https": _SecurePool}


class _WholeResponse(urllib3.HTTPResponse):
    """A body that was read and decoded, under the headers that it came with."""

    def _init_decoder(self) -> None:
        """The body is decoded already."""


@dataclass(frozen=True)
class Way:
    """How a target is reached.

    Args:
        verify: Whether its certificate is verified, or the file of the authorities that may have signed it.
        proxies: The proxy for each scheme.
    """

    verify: bool | str = True
    proxies: Mapping[str, str] = field(default_factory=dict)


class Wire(HTTPAdapter):
    """Sends prepared requests and reads their whole answers; never retries, never follows.

    Args:
        largest: Bytes of a body after which it is not read on.
    """

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._alarms = _Alarms()
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Makes the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = dict(_POOLS)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Makes the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = dict(_POOLS)
        return manager

    def exchange(self, request: requests.PreparedRequest, seconds: float, way: Way) -> requests.Response:
        """Sends a request once and gives its whole answer, read and decoded.

        Raises:
            StaleConnectionError: The connection was an old one, and the target had closed it or closes it unread.
            TargetFault: There is no whole answer.
            Refused: The request cannot be written as HTTP.
        """
        with _watching(self._alarms, seconds) as watch:
            response = self._send(request, watch, way)
            try:
                whole = _read(response, self._largest)
            except TargetFault:
                response.raw.close()
                raise
            except (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException) as error:
                response.raw.close()
                raise _fault_of(error, watch, response.status_code) from error
            if watch.expired:
                # The end of a body without a length looks like the end that the watch made.
                raise fault(FaultKind.TIMEOUT, _in_time(watch), response.status_code)
            return whole

    def _send(self, request: requests.PreparedRequest, watch: _Watch, way: Way) -> requests.Response:
        """The answer's head; its body is still on the way."""
        try:
            return super().send(
                request, stream=True, timeout=watch.seconds, verify=way.verify, proxies=dict(way.proxies)
            )
        except _UNWRITABLE as error:
            # This one is about a header of the answer.
            if any(isinstance(each, urllib3.exceptions.InvalidHeader) for each in _causes(error)):
                raise _fault_of(error, watch) from error
            raise Refused(f"it cannot be written as HTTP: {error}", request) from error
        except (urllib3.exceptions.HTTPError, OSError, http.client.HTTPException) as error:
            if watch.reused and not watch.expired and any(isinstance(each, _CLOSED) for each in _causes(error)):
                raise StaleConnectionError(FaultKind.CUT, "the target closed a connection that was kept") from error
            raise _fault_of(error, watch) from error


def _read(response: requests.Response, largest: int) -> requests.Response:
    """The response with its whole body, and nothing left on the wire."""
    raw, connection = response.raw, response.raw.connection
    _require_length(response)
    body = bytearray()
    for chunk in raw.stream(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > largest:
            raise fault(FaultKind.TOO_LARGE, f"the body is longer than {largest:,} bytes", response.status_code)
    if getattr(getattr(raw, "_original_response", None), "surplus", False):
        # It is back in the pool by now, and the next request would wait for an answer behind the rest of this one.
        if connection is not None:
            connection.close()
        raise fault(FaultKind.BAD_LENGTH, "more was sent than the answer says it is long", response.status_code)
    raw.release_conn()
    response.raw = _WholeResponse(
        body=io.BytesIO(body),
        headers=raw.headers,
        status=raw.status,
        version=raw.version,
        reason=raw.reason,
        preload_content=False,
    )
    # What `Response.content` would fill in from the wire.
    response._content = bytes(body)  # noqa: SLF001
    response._content_consumed = True  # type: ignore[attr-defined] # noqa: SLF001
    return response


def _require_length(response: requests.Response) -> None:
    lengths = set(response.raw.headers.getlist("content-length"))
    if len(lengths) > 1 or not all(length.strip().isdecimal() and length.isascii() for length in lengths):
        shown = ", ".join(sorted(lengths))[:60]
        raise fault(FaultKind.BAD_LENGTH, f"the Content-Length is {shown!r}", response.status_code)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that is inside it: its causes, its reasons, and the errors in its arguments."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if any(each is other for other in seen):
            continue
        seen.append(each)
        yield each
        inside = [getattr(each, "reason", None), each.__cause__, each.__context__, *each.args]
        waiting += [inner for inner in inside if isinstance(inner, BaseException)]


_FAULTS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], FaultKind, str], ...] = (
    (DecodeError, FaultKind.BAD_ENCODING, ""),
    (NameResolutionError, FaultKind.DEAD, "the host's name is not known"),
    (ConnectionRefusedError, FaultKind.DEAD, "nothing listens there"),
    (NewConnectionError, FaultKind.DEAD, "there is no way to it"),
    (ConnectTimeoutError, FaultKind.TIMEOUT, "there was no connection in time"),
    (ReadTimeoutError, FaultKind.TIMEOUT, "there was no whole answer in time"),
    ((ssl.SSLError, urllib3.exceptions.SSLError, exceptions.SSLError), FaultKind.TLS, ""),
    (exceptions.ProxyError, FaultKind.DEAD, "the proxy gives no connection"),
    (http.client.RemoteDisconnected, FaultKind.CUT, "the connection was closed without an answer"),
    (ConnectionError, FaultKind.CUT, "the connection was broken off"),
    (urllib3.exceptions.InvalidHeader, FaultKind.BAD_LENGTH, ""),
    (InvalidChunkLength, FaultKind.BAD_HTTP, ""),
    (http.client.IncompleteRead, FaultKind.CUT, "the body ended early"),
    (_CutHeadError, FaultKind.CUT, ""),
    (http.client.HTTPException, FaultKind.BAD_HTTP, ""),
    (urllib3.exceptions.HeaderParsingError, FaultKind.BAD_HTTP, ""),
)
"""What the libraries raise, what it is, and what to say; the libraries' own words where there are none."""


def _fault_of(error: BaseException, watch: _Watch, status: int | None = None) -> TargetFault:
    """The typed fault of whatever the libraries raised; the first row of the table that fits."""
    found = list(_causes(error))
    if watch.expired:
        return fault(FaultKind.TIMEOUT, _in_time(watch), status)
    for kinds, kind, words in _FAULTS:
        for each in found:
            if isinstance(each, kinds):
                return fault(kind, words or _one_line(each), status)
    return fault(FaultKind.CUT, _one_line(error), status)


def _in_time(watch: _Watch) -> str:
    return f"there was no whole answer within {watch.seconds:.3g} s"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
