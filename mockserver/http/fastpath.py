"""Connexion, stock or prebuilt.

Stock Connexion 3.3 builds validators, security functions and argument lists anew for each request. Here the same layers
are built once an operation: routing happened before, security reads one header, validation runs compiled
validators and the operation calls its behaviour. Both forms end in the same checks and the same behaviours, so they
answer the same; a test holds them side by side. What is subclassed here is not Connexion's public API, which is why the
minor version is pinned and nothing outside this module knows these classes.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from email.message import Message
from functools import partial
from typing import Any

from connexion import AsyncApp
from connexion.apps.asynchronous import AsyncApi
from connexion.context import scope as current_scope
from connexion.datastructures import MediaTypeDict
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware.context import ContextMiddleware
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from connexion.spec import OpenAPISpecification
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mockserver.engine.errors import InvalidInput, Refusal
from mockserver.http.answer import Send
from mockserver.http.auth import KeyRing, StockSecurityHandler
from mockserver.http.bodies import ClientGone, Receive
from mockserver.http.endpoint import Endpoint
from mockserver.http.exchange import Exchange, Scope, exchange_of, header
from mockserver.http.validation import BodyCheck

App = Callable[[Scope, Receive, Send], Awaitable[None]]
ErrorAnswer = Callable[[Exchange, Exception], Any]

DOCS_PREFIX = "/_mock/"
JSON_BODY = "application/json"
DRAINED = {"type": "http.request", "body": b"", "more_body": False}


async def _drained() -> MutableMapping[str, Any]:
    """What is left to receive once the body was read."""
    return dict(DRAINED)


def media_type_of(scope: Scope, accepted: tuple[str, ...]) -> str:
    """The request's media type; the first accepted one when the request names none (it is refused later, by name).

    Raises:
        InvalidInput: the operation does not take this media type, or the charset is not UTF-8.
    """
    content_type = header(scope, b"content-type")
    if content_type is None or content_type in accepted:
        return content_type or accepted[0]
    parsed = Message()
    parsed["content-type"] = content_type
    media_type = parsed.get_content_type()
    if media_type not in accepted or not content_type.lower().lstrip().startswith(media_type):
        raise wrong_media_type(accepted)
    if (parsed.get_content_charset() or "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise InvalidInput("Invalid request: the charset of the body must be utf-8", rule="content-type")
    return media_type


def wrong_media_type(accepted: tuple[str, ...]) -> InvalidInput:
    """The refusal of a media type that the operation does not take."""
    return InvalidInput(f"Invalid request: Content-Type must be {' or '.join(accepted)}", rule="media-type")


# --- prebuilt layers -------------------------------------------------------------------------------------------------


def _noting_status(scope: Scope, send: Send) -> Send:
    """Sends on, and tells the exchange the status, which the access log prints."""

    async def noting(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            exchange_of(scope).status = message["status"]
        await send(message)

    return noting


class Entrance(SwaggerUIMiddleware):  # type: ignore[misc]
    """Lets requests of known operations in, shows Swagger UI, and refuses the rest.

    Connexion's router would redirect an unknown path to where only a slash is missing.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        exchange = exchange_of(scope)
        if exchange.endpoint is not None:
            routing = {"api_base_path": "", "operation_id": exchange.endpoint.operation.operation_id}
            scope.setdefault("extensions", {})["connexion_routing"] = routing
            await self.app(scope, receive, send)
        elif scope["path"].startswith(DOCS_PREFIX):
            await super().__call__(scope, receive, _noting_status(scope, send))
        else:
            raise HTTPException(405 if exchange.allow else 404)

    async def default_fn(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        """A path of no page."""
        raise HTTPException(404)


class PrebuiltErrors:
    """Errors turned into answers, without the request object that Starlette makes for each request."""

    def __init__(self, app: App, error_answer: ErrorAnswer) -> None:
        self.app = app
        self._error_answer = error_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, the client gets an answer
            exchange = exchange_of(scope)
            answer = self._error_answer(exchange, error)
            exchange.status, exchange.response_body = answer.status, answer.body
            await answer.send(send)


class PrebuiltSecurity:
    """Security that reads the operation's credentials and nothing else."""

    def __init__(self, app: App, ring: KeyRing) -> None:
        self.app = app
        self._ring = ring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Opens the account, then goes on."""
        endpoint = exchange_of(scope).answering()
        self._ring.open(scope, endpoint.schemes, may_be_forbidden=endpoint.may_be_forbidden)
        await self.app(scope, receive, send)


class PrebuiltValidation:
    """Request validation on the endpoint's compiled checks."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Checks parameters and body, then goes on."""
        exchange = exchange_of(scope)
        endpoint = exchange.answering()
        exchange.query = endpoint.parameters.read(scope["query_string"])
        if endpoint.body is not None:
            await endpoint.body.read(exchange, scope, receive, media_type_of(scope, endpoint.body.media_types))
        await self.app(scope, _drained, send)


class PrebuiltApi(AsyncApi):  # type: ignore[misc]
    """Operations that run their behaviour at once."""

    def make_operation(self, _operation: Any) -> App:
        """The last step: the behaviour's answer is sent."""

        async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
            exchange = exchange_of(scope)
            answer = await exchange.answering().carry_out(exchange)
            exchange.status, exchange.response_body = answer.status, answer.body
            await answer.send(send)

        return answer


STOCK = (
    ExceptionMiddleware,
    Entrance,
    RoutingMiddleware,
    SecurityMiddleware,
    RequestValidationMiddleware,
    ContextMiddleware,
)


# --- stock Connexion, given the same checks --------------------------------------------------------------------------


class StockParameters:
    """The endpoint's parameter check as a Connexion parameter validator."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        """Connexion's own arguments are not needed."""

    def validate(self, scope: Scope) -> None:
        """Puts converted parameters into the exchange, or refuses them."""
        exchange = exchange_of(scope)
        exchange.query = exchange.answering().parameters.read(scope["query_string"])
        body = exchange.answering().body
        if body is not None:
            media_type_of(scope, body.media_types)
        # Media types have no case, but stock Connexion looks them up as they are spelled.
        scope["headers"][:] = [
            (name, value.lower() if name == b"content-type" else value) for name, value in scope["headers"]
        ]


class StockBody:
    """The endpoint's body check as a Connexion body validator."""

    def __init__(self, **_options: Any) -> None:
        """Connexion's own arguments are not needed."""

    async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Any, Scope]:
        """Reads the body into the exchange; what comes after it finds no more."""
        exchange = exchange_of(scope)
        check = exchange.answering().body
        assert isinstance(check, BodyCheck), "Connexion asks only when there is a body"  # noqa: S101
        await check.read(exchange, scope, receive, media_type_of(scope, check.media_types))
        return _drained, {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"content-type"]}


async def stock_operation(**_arguments: Any) -> Response:
    """The function behind every operation of stock Connexion; its arguments are in the exchange already."""
    exchange = exchange_of(current_scope)
    answer = await exchange.answering().carry_out(exchange)
    exchange.status, exchange.response_body = answer.status, answer.body
    response = Response(answer.body, answer.status)
    response.raw_headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode("ascii")),
        *answer.headers,
    ]
    return response


def connexion_app(
    document: Mapping[str, Any],
    endpoints: Mapping[str, Endpoint],
    ring: KeyRing,
    error_answer: ErrorAnswer,
    *,
    fast: bool,
) -> App:
    """Connexion over one document.

    Args:
        document: the OpenAPI document that is served.
        endpoints: every operation's endpoint by operationId.
        ring: opens accounts.
        error_answer: makes the answer to a request that failed.
        fast: whether the prebuilt layers stand in for the stock ones.
    """
    handler = type("SecurityHandler", (StockSecurityHandler,), {"ring": ring})
    prebuilt = (
        partial(PrebuiltErrors, error_answer=error_answer),
        Entrance,
        partial(PrebuiltSecurity, ring=ring),
        PrebuiltValidation,
    )
    app = AsyncApp(
        __name__,
        middlewares=list(prebuilt if fast else STOCK),
        resolver=Resolver(lambda operation_id: stock_operation if operation_id in endpoints else None),
        security_map={"apiKey": handler, "bearer": handler},
        validator_map={
            "parameter": StockParameters,
            "body": MediaTypeDict({"*/*": StockBody, "*/*json": StockBody}),
        },
        swagger_ui_options=SwaggerUIOptions(swagger_ui_path="/_mock/docs", spec_path="/_mock/openapi.json"),
    )
    if fast:
        app._middleware_app.api_cls = PrebuiltApi  # noqa: SLF001 - AsyncApp has no seam for its operation class
    for cls in (Refusal, ClientGone, ProblemException, HTTPException, Exception):
        app.add_error_handler(cls, _error_handler(error_answer))
    _trust_documents()
    app.add_api(_for_connexion(document))
    return app  # type: ignore[no-any-return]


def _error_handler(error_answer: ErrorAnswer) -> Any:
    async def handle(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        exchange = exchange_of(request.scope)
        answer = error_answer(exchange, error)
        exchange.status, exchange.response_body = answer.status, answer.body
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
        return ConnexionResponse(answer.status, mimetype=JSON_BODY, body=answer.body, headers=headers)

    return handle


def _trust_documents() -> None:
    """Leaves out Connexion's own document check: the tests hold the documents, and it would cost each start."""
    OpenAPISpecification._validate_spec = classmethod(lambda _cls, _spec: None)  # noqa: SLF001


def _for_connexion(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every parameter a string.

    Connexion fails on alternatives in parameter schemas; our own `Parameters` converts and checks them anyway.
    """
    paths = {
        path: {method: _with_string_parameters(operation) for method, operation in item.items()}
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths}


def _with_string_parameters(operation: Any) -> Any:
    if not isinstance(operation, Mapping):
        return [_string_parameter(each) for each in operation]
    if "parameters" not in operation:
        return operation
    return {**operation, "parameters": [_string_parameter(each) for each in operation["parameters"]]}


def _string_parameter(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    return parameter if "$ref" in parameter else {**parameter, "schema": {"type": "string"}}
