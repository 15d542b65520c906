"""Request bodies held against the documents."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema_rs import Draft4Validator

from mockserver.engine.errors import InvalidInput
from mockserver.http.bodies import (
    DEEPEST,
    PIECE,
    Receive,
    depth,
    inflate,
    malformed,
    parse_json,
    parse_json_precisely,
    parse_ndjson,
    receive_body,
    too_deep,
)
from mockserver.http.exchange import Exchange, Scope, header
from mockserver.http.messages import best_error, invalid_input
from mockserver.http.schemas import Compiler, Schema

JSON_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str}
SLICE = 5000
"""Items of an array that are validated in one call; see `mockserver.http.bodies` for why."""
JSON = "application/json"
NDJSON = "application/x-ndjson"


class BodyCheck:
    """Reads, parses and validates the bodies of one operation.

    A schema of alternatives for an object and an array (one event or many) is decided by the body's JSON type, so that
    an error in one event of a thousand is told of that event.

    Args:
        compiler: compiles the document's schemas.
        request_body: the operation's `requestBody`.
        limit: bytes a body may have.
    """

    def __init__(self, compiler: Compiler, request_body: Mapping[str, Any], limit: int) -> None:
        self.media_types = tuple(request_body["content"])
        self.required = bool(request_body.get("required"))
        self._limit = limit
        self._compiler = compiler
        self._content: Mapping[str, Any] = request_body["content"]
        self._schema: Schema = request_body["content"].get(JSON, {}).get("schema", {})
        self._free_with: tuple[str, ...] = tuple(request_body.get("x-free-with", ()))
        self._validators: dict[type | None, Draft4Validator] = {}

    async def read(self, exchange: Exchange, scope: Scope, receive: Receive, media_type: str) -> None:
        """Puts the parsed body into the exchange: a valid one, or one that a query parameter frees from the schema.

        Raises:
            InvalidInput: the body breaks the document; nothing of it was used.
            BodyTooLarge: it is over the limit.
        """
        content_type = header(scope, b"content-type")
        raw = await receive_body(receive, header(scope, b"content-length"), self._limit)
        encoding = (header(scope, b"content-encoding") or "").strip().lower()
        exchange.live_form = exchange.live_form or "gzip" in encoding or media_type != JSON
        exchange.media_type, exchange.content_type = media_type, content_type or media_type
        if len(raw) <= PIECE and not encoding:
            exchange.raw_body = raw
            exchange.body, fault = self.parse(raw, media_type, content_type)
        else:
            exchange.raw_body, (exchange.body, fault) = await asyncio.to_thread(
                self._inflate_and_parse, raw, encoding, media_type, content_type
            )
        if fault is not None:
            if not any(name in exchange.query for name in self._free_with):
                raise fault
            exchange.body_fault = fault

    def _inflate_and_parse(
        self, raw: bytes, encoding: str, media_type: str, content_type: str | None
    ) -> tuple[bytes, tuple[Any, InvalidInput | None]]:
        inflated = inflate(raw, encoding, self._limit)
        return inflated, self.parse(inflated, media_type, content_type)

    def parse(self, raw: bytes, media_type: str, content_type: str | None) -> tuple[Any, InvalidInput | None]:
        """The parsed body, and how it breaks the schema when it does.

        Raises:
            InvalidInput: it cannot be parsed.
        """
        if not raw:
            if self.required:
                raise InvalidInput("Invalid request: the body is required", rule="required")
            return None, None
        if content_type is None:
            raise malformed("Content-Type is required", "content-type")
        if media_type not in (JSON, NDJSON):
            return (self._text(raw) if self._is_text(media_type) else raw), None
        body = parse_ndjson(raw) if media_type == NDJSON else parse_json(raw)
        if type(body) is dict and raw.count(b"{") + raw.count(b"[") > DEEPEST and depth(body) > DEEPEST:
            raise too_deep()
        if self.first_error(body) is None:
            return body, None
        if media_type == NDJSON:
            body = [parse_json_precisely(line) for line in raw.splitlines() if line.strip()]
        else:
            body = parse_json_precisely(raw)
        return body, self.first_error(body)

    def _is_text(self, media_type: str) -> bool:
        return self._compiler.resolved(self._content[media_type]["schema"]).get("format") != "binary"

    @staticmethod
    def _text(raw: bytes) -> str:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise malformed(f"the body is not valid UTF-8 (byte {error.start})", "utf-8") from None

    def first_error(self, body: Any) -> InvalidInput | None:
        """What is wrong with a body, or None."""
        validator = self._validator(type(body))
        if isinstance(body, list) and len(body) > SLICE:
            slices = (body[start : start + SLICE] for start in range(0, len(body), SLICE))
            for number, piece in enumerate(slices):
                if not validator.is_valid(piece):
                    return self._error(validator, piece, number * SLICE)
            return None
        return None if validator.is_valid(body) else self._error(validator, body, 0)

    def _error(self, validator: Draft4Validator, body: Any, offset: int) -> InvalidInput:
        if not isinstance(body, list):
            return invalid_input(best_error(list(validator.iter_errors(body))))
        # One bad item in thousands: the others would only make the error report slow and large.
        for index, item in enumerate(body):
            if not validator.is_valid([item]):
                error = best_error(list(validator.iter_errors([item])))
                return invalid_input(error, [index + offset, *error.instance_path[1:]])
        return invalid_input(best_error(list(validator.iter_errors(body))))

    def _validator(self, body_type: type) -> Draft4Validator:
        known = self._validators.get(body_type)
        if known is None:
            schema = self._compiler.resolved(self._schema)
            known = self._compiler.compile_prepared(self._branch(schema, body_type) or schema)
            self._validators[body_type] = known
        return known

    def _branch(self, schema: Schema, body_type: type) -> Schema | None:
        """The one alternative whose JSON type the body has, when exactly one has it."""
        alternatives: Sequence[Schema] = schema.get("oneOf") or schema.get("anyOf") or ()
        fitting = [
            each for each in alternatives if JSON_TYPES.get(self._compiler.followed(each).get("type", "")) is body_type
        ]
        return fitting[0] if len(fitting) == 1 else None
