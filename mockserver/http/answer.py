"""An answer as bytes, and how it is sent."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON_TYPE = b"application/json"
TEXT_TYPE = b"text/plain; charset=utf-8"
CONTENT_TYPES = {"application/json": JSON_TYPE, "text/plain": TEXT_TYPE}


class Answer(NamedTuple):
    """Status, headers and body, ready to be sent."""

    status: int
    content_type: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Sends the answer over ASGI."""
        headers = [
            (b"content-type", self.content_type),
            (b"content-length", str(len(self.body)).encode("ascii")),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, JSON_TYPE, json_bytes(value), encoded(headers))


def encoded(headers: Mapping[str, str] | None) -> tuple[tuple[bytes, bytes], ...]:
    """Headers as ASGI wants them."""
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items())


def json_bytes(value: Any) -> bytes:
    """JSON text. Decimals are numbers; integers of any size and lone surrogates, which orjson refuses, are kept."""
    try:
        return orjson.dumps(value, default=_number)
    except TypeError:
        return json.dumps(value, default=_number, separators=(",", ":"), allow_nan=False).encode("ascii")


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON type")
