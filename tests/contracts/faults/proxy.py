"""A reverse proxy that puts a fault before a right platform, and passes on untouched all that the fault is not about.

By hand: ``python -m tests.contracts.faults.proxy UPSTREAM FAULT`` prints the proxy's URL, and serves it until its
standard input ends or it is interrupted.
"""

import contextlib
import select
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.contracts.faults.fault import Answer, Fault, Request, Send, Wrong
from tests.contracts.faults.wire import BrokenError, Connection

_PATIENCE = 60.0


class Upstream:
    """The platform behind the proxy, over a connection that is opened anew when it has ended.

    Args:
        address: Its host and port.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._side: socket.socket | None = None
        self._connection: Connection | None = None

    def send(self, request: Request) -> Answer:
        """Sends a request and waits for the answer.

        Raises:
            OSError: There was none.
        """
        stays = False
        try:
            connection = self._open()
            connection.write_request(request)
            found = connection.read_answer(request.method)
            if found is None:
                raise BrokenError("the platform ended the connection")
            answer, stays = found
            return answer
        finally:
            if not stays:
                self.close()

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._side = None

    def _open(self) -> Connection:
        # One that is at rest and can be read has been ended by the other side.
        if self._side is not None and select.select([self._side], [], [], 0)[0]:
            self.close()
        if self._connection is None:
            self._side = socket.create_connection(self._address, timeout=_PATIENCE)
            self._connection = Connection(self._side)
        return self._connection


class Proxy(socketserver.ThreadingTCPServer):
    """Serves a platform with one fault, a thread for each connection.

    Args:
        upstream: The URL of the right platform.
        wrong: What is done to each exchange; None passes it on.

    Attributes:
        breakdowns: Mistakes of the fault itself, which are none of the platform's.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, upstream: str, wrong: Wrong | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        place = urlsplit(upstream)
        self.wrong: Wrong = wrong or _right
        self.upstream = (place.hostname or "127.0.0.1", place.port or 80)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.breakdowns: list[Exception] = []


class _Handler(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        client, upstream = Connection(self.request), Upstream(self.server.upstream)
        try:
            # Whoever ends a connection in the middle gets no answer, on either side.
            with contextlib.suppress(OSError):
                while self._exchange(client, upstream.send):
                    pass
        except Exception as error:
            self.server.breakdowns.append(error)
            raise
        finally:
            upstream.close()
            client.close()

    def _exchange(self, client: Connection, send: Send) -> bool:
        """Whether another one may follow."""
        found = client.read_request()
        if found is None:
            return False
        request, stays = found
        answer = self.server.wrong(request, send)
        client.write_answer(answer, request.method)
        return stays and answer.cut is None


def _right(request: Request, send: Send) -> Answer:
    return send(request)


@contextlib.contextmanager
def before(upstream: str, fault: Fault | None) -> Iterator[str]:
    """A platform with a fault, on a free port, until the block ends.

    Args:
        upstream: The URL of the right platform.
        fault: The fault; None passes everything on.

    Yields:
        The URL of the faulty platform.

    Raises:
        RuntimeError: The fault itself broke down, so that what was seen says nothing.
    """
    with Proxy(upstream, fault.make() if fault else None) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield proxy.url
        finally:
            proxy.shutdown()
            thread.join(timeout=5)
        if fault and proxy.breakdowns:
            raise RuntimeError(f"the fault {fault.name} broke down: {proxy.breakdowns[0]!r}")


def main(arguments: list[str]) -> int:
    """Serves a fault by name until standard input ends; "none" is no fault."""
    from tests.contracts.faults.table import FAULTS  # noqa: PLC0415, the table needs no proxy, nor a proxy the table

    names = ["none", *FAULTS]
    if len(arguments) != 2 or arguments[1] not in names:
        sys.stderr.write(f"usage: proxy UPSTREAM FAULT, one of {', '.join(names)}\n")
        return 2
    with contextlib.suppress(KeyboardInterrupt), before(arguments[0], FAULTS.get(arguments[1])) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
