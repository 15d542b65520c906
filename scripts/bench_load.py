"""A load generator small enough to be read: keep-alive connections, one request at a time on each, on one core.

Requests are bytes that the caller has made; the answers' statuses are checked and their times kept. It is written here
since 1000 events in a request must differ from request to request, which the usual tools do only through a slow script.
"""

import gc
import re
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MakeRequest = Callable[[int], bytes]
"""The bytes of the request with that number; the caller sees to it that numbers never repeat."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
PIECE = 1 << 18
OK = 200


class LoadError(Exception):
    """The server closed a connection or answered with another status than was asked for."""


@dataclass
class Load:
    """What came of a load.

    Attributes:
        requests: answered ones.
        seconds: from the first request to the last answer.
        latencies: seconds of each request, in order of their answers.
    """

    requests: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def quantile(self, part: float) -> float:
        """The latency in seconds that this part of the requests stayed below."""
        ordered = sorted(self.latencies)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


class Connection:
    """One connection and the request that is under way on it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)  # noqa: FBT003 - the socket API's own
        self._unsent = memoryview(b"")
        self._received = bytearray()
        self.began = 0.0

    def begin(self, request: bytes) -> None:
        """Sends a request, or as much of it as goes now."""
        self.began = time.perf_counter()
        self._unsent = memoryview(request)
        self.send()

    def send(self) -> None:
        """Sends as much of the rest as goes now."""
        try:
            while self._unsent:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except BlockingIOError:
            return

    def wanted(self) -> int:
        """What it waits for, as epoll names it."""
        return select.EPOLLOUT if self._unsent else select.EPOLLIN

    def receive(self) -> int | None:
        """The status, once the whole answer is there.

        Raises:
            LoadError: the server closed the connection.
        """
        try:
            piece = self.socket.recv(PIECE)
        except BlockingIOError:
            return None
        if not piece:
            raise LoadError("the server closed a connection")
        self._received += piece
        if not self._whole():
            return None
        status = int(self._received[9:12])
        self._received.clear()
        return status

    def _whole(self) -> bool:
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = LENGTH.search(self._received, 0, head)
        if length:
            return len(self._received) >= head + 4 + int(length[1])
        return self._received.endswith(b"0\r\n\r\n")


class Drive:
    """A load under way; `run` carries it out."""

    def __init__(self, address: tuple[str, int], make_request: MakeRequest, first: int, connections: int) -> None:
        self._make_request = make_request
        self._number = first
        self._poll = select.epoll()
        self._live: dict[int, Connection] = {}
        self._load = Load()
        for _ in range(connections):
            connection = Connection(address)
            self._live[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, 0)

    def run(self, seconds: float) -> Load:
        """Begins requests for so many seconds and waits for the last answers."""
        began = time.perf_counter()
        for connection in self._live.values():
            self._begin(connection)
        while self._live:
            for descriptor, event in self._poll.poll():
                connection = self._live[descriptor]
                if event == select.EPOLLOUT:
                    connection.send()
                    self._poll.modify(descriptor, connection.wanted())
                elif self._answered(connection):
                    self._go_on(connection, time.perf_counter() - began < seconds)
        self._load.seconds = time.perf_counter() - began
        return self._load

    def close(self) -> None:
        """Gives up what is under way."""
        self._poll.close()
        for connection in self._live.values():
            connection.socket.close()

    def _begin(self, connection: Connection) -> None:
        connection.begin(self._make_request(self._number))
        self._number += 1
        self._poll.modify(connection.socket, connection.wanted())

    def _answered(self, connection: Connection) -> bool:
        status = connection.receive()
        if status is None:
            return False
        if status != OK:
            raise LoadError(f"a request was answered with {status}")
        self._load.requests += 1
        self._load.latencies.append(time.perf_counter() - connection.began)
        return True

    def _go_on(self, connection: Connection, more: bool) -> None:  # noqa: FBT001 - the clock's verdict
        if more:
            self._begin(connection)
        else:
            self._poll.unregister(connection.socket)
            del self._live[connection.socket.fileno()]
            connection.socket.close()


def drive(address: tuple[str, int], make_request: MakeRequest, *, first: int, seconds: float, connections: int) -> Load:
    """Puts a load on a server.

    Args:
        address: host and port.
        make_request: makes the requests.
        first: the number of the first one.
        seconds: how long new requests are begun.
        connections: how many are under way at once.

    Raises:
        LoadError: an answer was not a 200, or a connection was closed.
    """
    load = Drive(address, make_request, first, connections)
    gc.disable()
    try:
        return load.run(seconds)
    finally:
        gc.enable()
        load.close()
