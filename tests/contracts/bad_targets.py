"""Servers that answer badly: each takes connections, and does one wrong thing with every one of them."""

import contextlib
import re
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

TYPE = b"Content-Type: application/json\r\n"
MEGABYTE = 1024 * 1024
WHOLE = b"HTTP/1.1 200 OK\r\n" + TYPE + b"Content-Length: 2\r\n\r\n[]"


class Talk:
    """One connection, and whether the test is over."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self.connection = connection
        self.over = over

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        self.connection.sendall(data)

    def drip(self, data: bytes, pause: float = 0.02) -> None:
        """Sends a byte now and then, until somebody has enough."""
        for number in range(len(data)):
            if self.over.wait(pause):
                return
            self.send(data[number : number + 1])


def hang(talk: Talk) -> None:
    """Says nothing."""
    talk.over.wait()


def hang_in_the_head(talk: Talk) -> None:
    """Begins, and says no more."""
    talk.send(b"HTTP/1.1 200 OK\r\nContent-")
    talk.over.wait()


def hang_in_the_body(talk: Talk) -> None:
    """Promises a body."""
    talk.send(WHOLE.replace(b"h: 2", b"h: 20"))
    talk.over.wait()


def drip_the_head(talk: Talk) -> None:
    """Always has another header to send."""
    talk.send(b"HTTP/1.1 200 OK\r\n")
    while not talk.over.is_set():
        talk.drip(b"X-More: 1\r\n")


def drip_the_body(talk: Talk) -> None:
    """Always has another byte to send."""
    talk.send(WHOLE.replace(b"h: 2", b"h: 200000"))
    while not talk.over.is_set():
        talk.drip(b" ")


def drip_chunks(talk: Talk) -> None:
    """Always has another chunk to send."""
    talk.send(b"HTTP/1.1 200 OK\r\n" + TYPE + b"Transfer-Encoding: chunked\r\n\r\n")
    while not talk.over.is_set():
        talk.drip(b"1\r\n \r\n")


def drip_events(talk: Talk) -> None:
    """Never ends a stream of events."""
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    while not talk.over.is_set():
        talk.drip(b"data: 1\n\n")


def flood(talk: Talk) -> None:
    """Never ends, and is fast."""
    talk.send(b"HTTP/1.1 200 OK\r\n" + TYPE + b"\r\n")
    while not talk.over.is_set():
        talk.send(b" " * MEGABYTE)


def bomb(talk: Talk) -> None:
    """Is small on the wire, and large once it is decoded."""
    packer = zlib.compressobj(wbits=31)
    data = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(64)) + packer.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(data)
    talk.send(head + data)


def large(talk: Talk) -> None:
    """Sends exactly ten megabytes."""
    talk.send(WHOLE.replace(b"h: 2\r\n\r\n[]", b"h: %d\r\n\r\n" % (10 * MEGABYTE)))
    for _ in range(10):
        talk.send(b"7" * MEGABYTE)


def close_at_once(talk: Talk) -> None:
    """Closes without a word."""


def reset(talk: Talk) -> None:
    """Breaks the connection off."""
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def close_in_the_head(talk: Talk) -> None:
    """Closes within the first line."""
    talk.send(b"HTTP/1.1 20")


def close_in_a_header(talk: Talk) -> None:
    """Closes within a header."""
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: appl")


def close_in_the_body(talk: Talk) -> None:
    """Closes before the promised end."""
    talk.send(WHOLE.replace(b"h: 2", b"h: 20"))


def close_in_a_chunk(talk: Talk) -> None:
    """Closes before the last chunk."""
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n")


def promise_too_little(talk: Talk) -> None:
    """Sends more than it said."""
    talk.send(WHOLE.replace(b"[]", b"[1, 2, 3]"))
    talk.over.wait()


def body_where_none_may_be(talk: Talk) -> None:
    """Sends a body with 204."""
    talk.send(b"HTTP/1.1 204 No Content\r\n\r\n[]")
    talk.over.wait()


def promise_nonsense(talk: Talk) -> None:
    """Gives a length that is no number."""
    talk.send(WHOLE.replace(b"h: 2", b"h: many"))


def promise_negative(talk: Talk) -> None:
    """Gives a length below zero."""
    talk.send(WHOLE.replace(b"h: 2", b"h: -2"))


def promise_twice(talk: Talk) -> None:
    """Gives two lengths."""
    talk.send(WHOLE.replace(b"h: 2", b"h: 2\r\nContent-Length: 3"))


def speak_something_else(talk: Talk) -> None:
    """Is no HTTP server."""
    talk.send(b"220 mail.example.com ESMTP\r\n")


def bad_chunk(talk: Talk) -> None:
    """Gives a chunk without a size."""
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n")


def bad_gzip(talk: Talk) -> None:
    """Says that the body is compressed, which it is not."""
    talk.send(WHOLE.replace(b"Content-Length", b"Content-Encoding: gzip\r\nContent-Length"))


def endless_headers(talk: Talk) -> None:
    """Sends more headers than anybody reads."""
    talk.send(b"HTTP/1.1 200 OK\r\n" + b"X-More: 1\r\n" * 5000 + b"\r\n")


def endless_header(talk: Talk) -> None:
    """Sends a header without an end."""
    talk.send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * MEGABYTE)


def html(talk: Talk) -> None:
    """Answers with a page."""
    body = b"<html>404</html>"
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def no_utf8(talk: Talk) -> None:
    """Answers with JSON that is no text."""
    talk.send(WHOLE.replace(b"[]", b"\xff\xfe"))


def redirect(talk: Talk) -> None:
    """Sends everybody in a circle."""
    talk.send(b"HTTP/1.1 302 Found\r\nLocation: /customers\r\nContent-Length: 0\r\n\r\n")


def old_http(talk: Talk) -> None:
    """Ends the body by closing, as HTTP/1.0 does."""
    talk.send(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[]")


def _take_request(connection: socket.socket) -> None:
    """Reads a whole request: what is left unread when a connection is closed takes the answer with it."""
    data = b""
    while b"\r\n\r\n" not in data and (more := connection.recv(65536)):
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: *(\d+)", head)
    while len(body) < int(found.group(1) if found else 0) and (more := connection.recv(65536)):
        body += more


@contextlib.contextmanager
def bad_target(
    behave: Callable[[Talk], None], context: ssl.SSLContext | None = None, *, listens: bool = True
) -> Iterator[str]:
    """The URL of a server that behaves in one way to every connection; with TLS when there is a context.

    It reads the request first, unless it does not listen.
    """
    over = threading.Event()
    open_ones: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            talker = context.wrap_socket(connection, server_side=True) if context else connection
            with contextlib.closing(talker):
                if listens:
                    _take_request(talker)
                behave(Talk(talker, over))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_ones.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        scheme = "https" if context else "http"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        for connection in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        listener.shutdown(socket.SHUT_RDWR)


def unused_url() -> str:
    """The URL of a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that nobody vouches for."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(["openssl", "req", *kind, *files, *subject], check=True, capture_output=True)  # noqa: S607
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
