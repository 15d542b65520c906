"""A tiny server with a portal, keys that it chooses itself, and deletions that have to wait; breakable in some ways."""

import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema_rs
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from specs import catalog
from specs.projecting import resolve

GADGETS = Path(__file__).with_name("gadgets.yaml")
"""Its document."""

_SESSION = "Session "


class Flaw(StrEnum):
    """The ways in which the server breaks its document."""

    NONE = "none"
    ACCOUNT_KEY = "the portal takes the account's key"
    ANY_TOKEN = "the portal takes any token"
    KEEPS = "a deletion does nothing"
    FORGETS = "a creation stores nothing"
    ONE_ACCOUNT = "every key sees everything"
    WRONG_KEY_DELETES = "a deletion with a wrong key is refused and carried out"
    PART = "an answer that only a link leads to breaks its schema"


@dataclass
class _Store:
    customers: set[str] = field(default_factory=set)
    gadgets: dict[str, dict[str, Any]] = field(default_factory=dict)


Endpoint = Callable[[Request, _Store], Awaitable[Any]]


class Gadgets:
    """The server's state and its one flaw.

    Args:
        flaw: How it breaks its document.
    """

    def __init__(self, flaw: Flaw) -> None:
        self.flaw = flaw
        self._stores: dict[str, _Store] = {}
        self._sessions: dict[str, str] = {}
        self._numbers = itertools.count(1)
        document = catalog.read(GADGETS)
        bodies = {each.operation_id: each.node["requestBody"]["content"]["application/json"]["schema"]
                  for each in document.operations if "requestBody" in each.node}  # fmt: skip
        self._valid = {
            name: jsonschema_rs.Draft4Validator(dict(resolve(document.spec, each))) for name, each in bodies.items()
        }

    def app(self) -> Starlette:
        """The server as an ASGI app."""
        rows: list[tuple[str, str, Endpoint]] = [
            ("POST", "/customers", self._customer),
            ("POST", "/session", self._session),
            ("GET", "/gadgets", self._read),
            ("GET", "/gadgets/{id}", self._read),
            ("POST", "/gadgets", self._create),
            ("PUT", "/gadgets", self._replace),
            ("DELETE", "/gadgets", self._delete),
            ("GET", "/parts/{partId}", self._part),
        ]
        paths = dict.fromkeys(path for _, path, _ in rows)
        routes = [
            Route(path, self._guarded({method: each for method, at, each in rows if at == path}), methods=_EVERY)
            for path in paths
        ]
        routes.append(Route("/portal/greeting", self._greeting, methods=_EVERY))
        return Starlette(routes=routes, exception_handlers={HTTPException: _problem})  # type: ignore[dict-item]

    def _guarded(self, endpoints: dict[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            key = request.headers.get("X-API-KEY", "")
            if not key.startswith("test-"):
                if self.flaw is Flaw.WRONG_KEY_DELETES and request.method == "DELETE":
                    for store in self._stores.values():
                        store.gadgets.pop(request.query_params.get("id", ""), None)
                raise HTTPException(401, "no good key")
            _require_method(request, endpoints)
            shared = "one" if self.flaw is Flaw.ONE_ACCOUNT else key
            return JSONResponse(await endpoints[request.method](request, self._stores.setdefault(shared, _Store())))

        return guarded

    async def _body(self, request: Request, operation_id: str) -> Any:
        try:
            body = json.loads(await request.body())
        except (ValueError, RecursionError):
            raise HTTPException(400, "the body is no JSON") from None
        if not self._valid[operation_id].is_valid(body):
            raise HTTPException(400, "the body breaks the document")
        return body

    async def _customer(self, request: Request, store: _Store) -> Any:
        body = await self._body(request, "createCustomer")
        store.customers.add(body["customerId"])
        return body

    async def _session(self, request: Request, store: _Store) -> Any:
        body = await self._body(request, "createSession")
        if body["customerId"] not in store.customers:
            raise HTTPException(400, "there is no such customer")
        token = f"token-{next(self._numbers):08}"
        self._sessions[token] = body["customerId"]
        return {"sessionToken": token}

    async def _greeting(self, request: Request) -> Response:
        key = request.headers.get("X-API-KEY", "")
        known = self._sessions.get(key.removeprefix(_SESSION)) if key.startswith(_SESSION) else None
        lenient = self.flaw is Flaw.ANY_TOKEN and key.startswith(_SESSION)
        lenient = lenient or (self.flaw is Flaw.ACCOUNT_KEY and key.startswith("test-"))
        if known is None and not lenient:
            raise HTTPException(401, "no open session")
        _require_method(request, {"GET": None})
        return JSONResponse({"customerId": known or "anybody"})

    async def _read(self, request: Request, store: _Store) -> Any:
        key = request.path_params.get("id", request.query_params.get("id"))
        if key is None:
            raise HTTPException(400, "id is missing")
        return store.gadgets.get(key, {})

    async def _create(self, request: Request, store: _Store) -> Any:
        asked, number = await self._body(request, "createGadget"), next(self._numbers)
        made = {"lockingStatus": "open", **asked, "id": f"gadget-{number}", "partId": f"part-{number}"}
        if self.flaw is not Flaw.FORGETS:
            store.gadgets[made["id"]] = made
        return made

    async def _replace(self, request: Request, store: _Store) -> Any:
        asked = await self._body(request, "replaceGadget")
        if asked["id"] not in store.gadgets:
            raise HTTPException(404, "there is no such gadget")
        store.gadgets[asked["id"]] |= asked
        return store.gadgets[asked["id"]]

    async def _delete(self, request: Request, store: _Store) -> Any:
        key = request.query_params.get("id")
        if key is None:
            raise HTTPException(400, "id is missing")
        found = store.gadgets.get(key)
        if found is None:
            raise HTTPException(404, "there is no such gadget")
        if found["lockingStatus"] != "deprecated":
            raise HTTPException(400, "it has to be deprecated first")
        return found if self.flaw is Flaw.KEEPS else store.gadgets.pop(key)

    async def _part(self, request: Request, store: _Store) -> Any:
        key = request.path_params["partId"]
        if key not in {each["partId"] for each in store.gadgets.values()}:
            raise HTTPException(404, "there is no such part")
        return {"part": key} if self.flaw is Flaw.PART else {"partId": key}


_EVERY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]


def _require_method(request: Request, known: Any) -> None:
    if request.method not in known:
        raise HTTPException(405, "not here", {"Allow": ", ".join(sorted(known))})


async def _problem(_request: Request, error: HTTPException) -> Response:
    return JSONResponse({"message": str(error.detail)}, error.status_code, error.headers)
