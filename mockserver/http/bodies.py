"""Request bodies: received within a limit, inflated, parsed.

A parser of thirty megabytes would hold the interpreter for a tenth of a second, and with it every other account. Large
arrays are therefore parsed in pieces, so that a worker thread that does it lets the event loop run in between.
"""

import json
import math
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NoReturn

import orjson

from mockserver.engine.errors import InvalidInput, Refusal

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

PIECE = 256 * 1024
"""Bytes of an array that are parsed in one call."""
NDJSON_PIECE = 2000
"""Lines of NDJSON that are parsed in one call."""
INFLATE_PIECE = 1024 * 1024
DRAINED = 8
"""Bodies up to this many times the limit are read to their end, so that the client can read the 413."""


DEEPEST = 200
"""Levels of lists and objects that a body may have: what is stored is copied, on a stack of a thousand frames."""


class BodyTooLarge(Refusal):
    """The body, sent or inflated, is over the limit."""


class ClientGone(Exception):  # noqa: N818 - nobody's error
    """The client closed the connection before its body was complete."""


def malformed(message: str, rule: str = "malformed-json") -> InvalidInput:
    """The refusal of a body that cannot be read."""
    return InvalidInput(f"Invalid request: {message}", rule=rule)


def too_deep() -> InvalidInput:
    """The refusal of a body that is nested too deeply."""
    return malformed("the JSON is nested too deeply")


def depth(value: Any) -> int:
    """How deeply lists and objects are nested in a JSON value."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        node, level = waiting.pop()
        if isinstance(node, dict | list):
            deepest = max(deepest, level)
            waiting.extend((each, level + 1) for each in (node.values() if isinstance(node, dict) else node))
    return deepest


async def receive_body(receive: Receive, content_length: str | None, limit: int) -> bytes:
    """The body's bytes as they were sent.

    Raises:
        BodyTooLarge: more than `limit` bytes were announced or came.
        ClientGone: the connection closed in the middle.
    """
    announced = int(content_length) if content_length and content_length.isdigit() else 0
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if max(size, announced) <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        more = message.get("more_body", False) and size <= DRAINED * limit
    if max(size, announced) > limit:
        raise _too_large(limit)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"Invalid request: the body is larger than {limit} bytes", rule="body-limit")


def inflate(raw: bytes, encoding: str, limit: int) -> bytes:
    """The body without its `Content-Encoding`, which is gzip or identity.

    Raises:
        InvalidInput: another encoding, or bytes that are no gzip.
        BodyTooLarge: more than `limit` bytes come out; the rest is not inflated.
    """
    if encoding in ("", "identity"):
        return raw
    if encoding not in ("gzip", "x-gzip"):
        raise malformed("Content-Encoding must be gzip or identity", "content-encoding")
    pieces: list[bytes] = []
    size = 0
    while raw:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                piece = member.decompress(raw, INFLATE_PIECE)
            except zlib.error:
                raise malformed("the body is not valid gzip", "gzip") from None
            raw = member.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            if not piece and not raw and not member.eof:
                raise malformed("the gzip body is cut off", "gzip")
            pieces.append(piece)
        raw = member.unused_data
    return b"".join(pieces)


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text, read by orjson; whatever that refuses is read once more, precisely.

    Raises:
        InvalidInput: the text is no JSON, no UTF-8, or nested too deeply.
    """
    try:
        return orjson.loads(raw) if len(raw) <= PIECE else _parse_in_pieces(raw)
    except orjson.JSONDecodeError:
        return parse_json_precisely(raw)


def parse_json_precisely(raw: bytes) -> Any:
    """As `parse_json`, by the standard library: integers of any size stay integers, lone surrogates are strings."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed(f"the body is not valid UTF-8 (byte {error.start})", "utf-8") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise too_deep() from None
    except json.JSONDecodeError as error:
        raise malformed(
            f"the body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except ValueError as error:
        raise malformed(f"the body is not valid JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large for a double")
    return number


def _parse_in_pieces(raw: bytes) -> Any:
    """A large array, piece by piece; any other large value at once.

    A piece is cut behind a `}` that a comma follows. When the cut was not between two items (it stood inside a nested
    value or a string), the piece alone is no valid list of items, and the next candidate is tried.
    """
    text = raw.strip(b" \t\r\n")
    if not (text.startswith(b"[") and text.endswith(b"]")):
        return orjson.loads(raw)
    view, items = text[1:-1], []
    start = 0
    while len(view) - start > PIECE:
        cut = view.find(b"},", start + PIECE)
        piece = None
        while cut != -1 and piece is None:
            try:
                piece = orjson.loads(b"[" + view[start : cut + 1] + b"]")
            except orjson.JSONDecodeError:
                cut = view.find(b"},", cut + 1) if cut - start < 2 * PIECE else -1
        if piece is None:
            break
        items.extend(piece)
        start = cut + 2
        if not view[start:].strip(b" \t\r\n"):
            raise orjson.JSONDecodeError("trailing comma", "", 0)
    items.extend(orjson.loads(b"[" + view[start:] + b"]"))
    return items


def parse_ndjson(raw: bytes) -> list[Any]:
    """The values of a text with one JSON value a line; blank lines are skipped.

    Raises:
        InvalidInput: a line is no JSON, or there is no line at all; the message names the line.
    """
    lines = [line for line in raw.splitlines() if line.strip()]
    if not lines:
        raise malformed("the body has no lines", "required")
    values: list[Any] = []
    for start in range(0, len(lines), NDJSON_PIECE):
        piece = lines[start : start + NDJSON_PIECE]
        try:
            values.extend(_parse_line(line) for line in piece)
        except InvalidInput as error:
            number = len(values) + 1
            raise malformed(f"line {number}: {error.message.removeprefix('Invalid request: ')}") from None
    return values


def _parse_line(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return parse_json_precisely(line)
