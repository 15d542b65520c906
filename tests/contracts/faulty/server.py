"""A tiny server that keeps its document, and can be told to break it in one way."""

import itertools
import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

import jsonschema_rs
import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.contracts.faulty.document import THINGS

GOOD_KEYS = "test-"
EVERY = 20
"""One request in so many is answered 503 when that is the fault."""


class Fault(StrEnum):
    """The ways in which the server breaks its document."""

    NONE = "none"
    MISSING_FIELD = "a required field is missing"
    WRONG_TYPE = "a field has a wrong type"
    STATUS = "an undocumented status"
    CONTENT_TYPE = "an undocumented media type"
    NO_ALLOW = "405 without Allow"
    WRONG_ALLOW = "Allow leaves a method out"
    ERROR_BODY = "a refusal in another form"
    ANY_KEY = "any key is accepted"
    INVALID_ACCEPTED = "an invalid body is accepted"
    VALID_REFUSED = "a valid body is refused"
    EXAMPLE_REFUSED = "the document's own example is refused where refusing by rule is legal"
    DELETE_KEEPS = "a deletion does nothing"
    CREATE_FORGETS = "a creation stores nothing"
    CUT_BODY = "the body ends early"
    UNAVAILABLE = "one request in twenty is answered 503"
    SLOW = "one operation never answers"
    ONE_ACCOUNT = "every key sees everything"
    WRONG_KEY_DELETES = "a deletion without a good key is refused and carried out"
    HTML_ERROR = "a page in HTML that claims to be JSON"
    NOT_UTF8 = "JSON that is no UTF-8"


Endpoint = Callable[[Request], Awaitable[Response]]
Store = dict[str, dict[str, Any]]


class Faulty:
    """The server's state and its one fault.

    Args:
        fault: How it breaks its document.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._stores: dict[str, Store] = {}
        self._requests = itertools.count(1)
        schemas = yaml.safe_load(THINGS.read_text())["components"]["schemas"]
        self._valid = {name: jsonschema_rs.Draft4Validator(schema) for name, schema in schemas.items()}

    def app(self) -> Starlette:
        """The server as an ASGI app."""
        routes = [
            Route("/things", self._guarded(self._things), methods=["GET", "POST"]),
            Route("/things/{thingId}", self._guarded(self._thing), methods=["GET", "DELETE"]),
            Route("/notes", self._guarded(self._notes), methods=["POST"]),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: self._problem})  # type: ignore[dict-item]
        app.router.redirect_slashes = False
        return app

    async def _problem(self, request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        # Starlette answers HEAD wherever it answers GET, which the document does not say.
        if "Allow" in headers:
            headers["Allow"] = ", ".join(sorted(set(headers["Allow"].split(", ")) - {"HEAD"}))
        if self.fault is Fault.NO_ALLOW:
            headers.pop("Allow", None)
        if self.fault is Fault.WRONG_ALLOW and "Allow" in headers and request.url.path == "/things":
            headers["Allow"] = "GET"
        body = {"message": str(error.detail)}
        if self.fault is Fault.ERROR_BODY and error.status_code == 404:
            body = {"oops": "not here"}
        return JSONResponse(body, error.status_code, headers)

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            if self.fault is Fault.UNAVAILABLE and next(self._requests) % EVERY == 0:
                return JSONResponse({"message": "busy"}, 503)
            good = request.headers.get("X-API-KEY", "").startswith(GOOD_KEYS)
            if not good and self.fault is Fault.WRONG_KEY_DELETES and request.method == "DELETE":
                for store in self._stores.values():
                    store.pop(request.path_params["thingId"], None)
            if not good and self.fault is not Fault.ANY_KEY:
                raise HTTPException(401, "no good key")
            return await endpoint(request)

        return guarded

    def _store(self, request: Request) -> Store:
        key = "one" if self.fault in {Fault.ONE_ACCOUNT, Fault.ANY_KEY} else request.headers["X-API-KEY"]
        return self._stores.setdefault(key, {})

    async def _body(self, request: Request, schema: str) -> Any:
        try:
            body = json.loads(await request.body(), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise HTTPException(400, "the body is no JSON") from None
        lenient = self.fault is Fault.INVALID_ACCEPTED and schema == "Note" and isinstance(body, dict)
        if not lenient and not self._valid[schema].is_valid(body):
            raise HTTPException(400, "the body breaks the document")
        if self.fault is Fault.VALID_REFUSED and schema == "Note" and "important" in body:
            raise HTTPException(400, "nothing is important")
        return body

    async def _things(self, request: Request) -> Response:
        store = self._store(request)
        if request.method == "POST":
            return await self._create(request, store)
        if self.fault is Fault.CUT_BODY:
            return StreamingResponse(
                _few_bytes(), headers={"Content-Length": "100", "Content-Type": "application/json"}
            )
        if self.fault is Fault.CONTENT_TYPE:
            return Response(json.dumps(list(store.values())), media_type="text/csv")
        if self.fault is Fault.HTML_ERROR:
            return Response("<html><body>an error</body></html>", media_type="application/json")
        if self.fault is Fault.NOT_UTF8:
            return Response(b'[{"thingId":"a","name":"\xff\xfe"}]', media_type="application/json")
        return JSONResponse(list(store.values()))

    async def _create(self, request: Request, store: Store) -> Response:
        thing = await self._body(request, "Thing")
        refused = self.fault is Fault.EXAMPLE_REFUSED and thing["name"] == "Anvil"
        if thing["thingId"] in store or refused:
            raise HTTPException(400, "it is there already")
        if self.fault is not Fault.CREATE_FORGETS:
            store[thing["thingId"]] = thing
        return JSONResponse(thing, 201 if self.fault is Fault.STATUS else 200)

    async def _thing(self, request: Request) -> Response:
        if self.fault is Fault.SLOW and request.method == "GET":
            await _gone(request)
        store, key = self._store(request), request.path_params["thingId"]
        if key not in store:
            raise HTTPException(404, "there is no such thing")
        thing = dict(store[key])
        if request.method == "DELETE" and self.fault is not Fault.DELETE_KEEPS:
            del store[key]
        if request.method == "GET" and self.fault is Fault.MISSING_FIELD:
            del thing["name"]
        if request.method == "GET" and self.fault is Fault.WRONG_TYPE:
            thing["name"] = 5
        return JSONResponse(thing)

    async def _notes(self, request: Request) -> Response:
        return JSONResponse(await self._body(request, "Note"))


def _refuse(name: str) -> Any:
    raise ValueError(name)


async def _few_bytes() -> Any:
    yield b"[{"


async def _gone(request: Request) -> None:
    """Waits until the client has had enough."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
