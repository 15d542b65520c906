"""The `/_mock/` operations: reset, clock, journal and state of an account; health and documents for anyone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
from jsonschema_rs import Draft4Validator
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.domain.identity import Dedup
from mockserver.engine.account import Account
from mockserver.engine.binding import Binding
from mockserver.engine.call import Call
from mockserver.engine.clock import Clock
from mockserver.engine.duties import NO_DUTY, Duty, perform
from mockserver.engine.errors import InvalidInput, KeyNotFound, Refusal
from mockserver.engine.journal import Entry
from mockserver.http.answer import Answer, json_answer
from mockserver.http.auth import API_KEY_SCHEME, KeyRing
from mockserver.http.bodies import parse_json_precisely, receive_body
from mockserver.http.exchange import exchange_of
from mockserver.http.fastpath import ErrorAnswer
from mockserver.http.messages import best_error, invalid_input
from specs import catalog

BODY_LIMIT = 64 * 1024
DAY_MS = 86_400_000
UNITS_MS = {"days": DAY_MS, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000, "milliseconds": 1}
LONGEST_MS = 10_000 * 366 * DAY_MS

INSTANT: Mapping[str, Any] = {"anyOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}]}
SPAN: Mapping[str, Any] = {
    "type": "object",
    "properties": {unit: {"type": "number", "minimum": 0, "maximum": LONGEST_MS} for unit in UNITS_MS},
    "additionalProperties": False,
}
CLOCK_CHANGE = Draft4Validator(
    {
        "type": "object",
        "properties": {"now": INSTANT, "advance": SPAN, "frozen": {"type": "boolean"}},
        "additionalProperties": False,
    },
    validate_formats=True,
)
RESET = Draft4Validator(
    {
        "type": "object",
        "properties": {"dedup": {"enum": [each.value for each in Dedup]}, "strict": {"type": "boolean"}},
        "additionalProperties": False,
    }
)

Operate = Callable[[Request, Account], Any]

CHANGE_OF_CLOCK = catalog.Operation(
    operation_id="changeClock",
    method="PUT",
    path="/_mock/clock",
    document="",
    family="",
    evidence="",
    dialect=None,
    refuses=(),
    node={},
    parameters=(),
)
"""The operation that the event log names for what a change of the clock brought about."""


async def _body(request: Request, validator: Draft4Validator) -> dict[str, Any]:
    raw = await receive_body(request.receive, request.headers.get("content-length"), BODY_LIMIT)
    body = parse_json_precisely(raw) if raw.strip() else {}
    errors = list(validator.iter_errors(body))
    if errors:
        raise invalid_input(best_error(errors))
    fields: dict[str, Any] = body
    return fields


async def reset(request: Request, account: Account) -> Any:
    """Forgets the account's state and journal; the body may set its `dedup` and `strict` anew."""
    changes = await _body(request, RESET)
    if "dedup" in changes:
        changes["dedup"] = Dedup(changes["dedup"])
    async with account.lock:
        account.reset(**changes)
    return {"reset": True, "dedup": account.policy.dedup.value, "strict": account.policy.strict}


async def show_clock(_request: Request, account: Account) -> Any:
    """What the account's clock shows."""
    return clock_document(account.clock)


async def change_clock(request: Request, account: Account, duty: Duty = NO_DUTY) -> Any:
    """Sets (`now`), then advances (`advance`) the account's clock, and freezes or starts it (`frozen`).

    What falls due by then is done in a worker thread, before the answer: no other account waits for it.
    """
    change = await _body(request, CLOCK_CHANGE)
    async with account.lock:
        before = account.clock.now_ms(), account.clock.frozen
        # What fell due before comes first: a clock that is set back would hide it.
        await _perform(account, duty)
        try:
            _change(account.clock, change)
        except ValueError as error:
            _restore(account.clock, *before)
            raise InvalidInput(f"Invalid request: {error}", field="now", rule="clock") from None
        shown = clock_document(account.clock)
        await _perform(account, duty)
        return shown


async def _perform(account: Account, duty: Duty) -> None:
    """Does what has fallen due in an account whose lock is held."""
    call = Call(
        operation=CHANGE_OF_CLOCK,
        path={},
        query={},
        body=None,
        live_form=False,
        now_ms=account.clock.now_ms(),
        store=account.store,
        policy=account.policy,
        account_id=account.public_id,
    )
    if account.store.blocking or duty.is_due(account.store, call.now_ms):
        await asyncio.to_thread(_perform_if_due, call, duty)


def _perform_if_due(call: Call, duty: Duty) -> None:
    if duty.is_due(call.store, call.now_ms):
        perform(duty, call)


def _change(clock: Clock, change: Mapping[str, Any]) -> None:
    # Freezing comes first and starting last, so that a clock which is set and frozen shows exactly what it was set to.
    if change.get("frozen") is True:
        clock.freeze()
    if "now" in change:
        clock.set(instant_ms(change["now"]))
    if "advance" in change:
        clock.advance(round(sum(UNITS_MS[unit] * amount for unit, amount in change["advance"].items())))
    if change.get("frozen") is False:
        clock.run()


def _restore(clock: Clock, now_ms: int, frozen: bool) -> None:  # noqa: FBT001 - a pair that was read together
    clock.set(now_ms)
    (clock.freeze if frozen else clock.run)()


def instant_ms(value: int | str) -> int:
    """Unix milliseconds of an instant given as such or as an ISO 8601 text; no zone means UTC.

    Raises:
        ValueError: the text is no instant.
    """
    if isinstance(value, int):
        return value
    moment = datetime.fromisoformat(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def iso(now_ms: int) -> str:
    """ISO 8601 text of an instant, in UTC, to the millisecond."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=now_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock_document(clock: Clock) -> dict[str, Any]:
    """A clock as JSON."""
    now_ms = clock.now_ms()
    return {"now": iso(now_ms), "nowInMillis": now_ms, "frozen": clock.frozen}


async def show_journal(request: Request, account: Account) -> Any:
    """The last requests, oldest first; `operationId`, `status`, `warnings=true` select, `limit` keeps the last."""
    wanted = request.query_params
    entries = [entry for entry in account.journal if _selected(entry, wanted)]
    limit = wanted.get("limit", "")
    if limit and not (limit.isascii() and limit.isdigit()):
        raise InvalidInput("Invalid request: limit must be a whole number", field="limit", rule="type")
    kept = entries[-int(limit) :] if limit and int(limit) else entries
    return {"entries": [] if limit == "0" else [journal_document(entry) for entry in kept]}


def _selected(entry: Entry, wanted: Mapping[str, str]) -> bool:
    return (
        wanted.get("operationId") in (None, entry.operation_id)
        and wanted.get("status") in (None, str(entry.status))
        and (wanted.get("warnings") != "true" or bool(entry.warnings))
    )


def journal_document(entry: Entry) -> dict[str, Any]:
    """A journal entry as JSON; bodies are cut at `EXCERPT` bytes and no header is kept, so no key is."""
    return {
        "sequence": entry.sequence,
        "time": iso(entry.time_ms),
        "operationId": entry.operation_id,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "durationInMicros": entry.duration_us,
        "request": _excerpt(entry.request_body, entry.request_size),
        "response": _excerpt(entry.response_body, entry.response_size),
        "warnings": [caution._asdict() for caution in entry.warnings],
    }


def _excerpt(kept: bytes, size: int) -> dict[str, Any]:
    return {"body": kept.decode("utf-8", "replace"), "size": size, "cut": size > len(kept)}


async def show_state(_request: Request, account: Account) -> Any:
    """How much the account holds: documents by collection, and events."""
    store = account.store
    counts = {name: len(store.collection(name)) for name in store.collections()}
    return {"collections": counts, "events": store.events.count()}


async def show_collection(request: Request, account: Account) -> Any:
    """The documents of one collection as they are stored, oldest first."""
    name = request.path_params["collection"]
    if name not in account.store.collections():
        raise KeyNotFound("there is no such collection, or nothing in it", field="collection", rule="unknown-key")
    return account.store.collection(name).documents()


class Control:
    """The control operations as an ASGI app.

    Args:
        ring: opens accounts.
        bindings: what is served, to be listed.
        served: the merged document.
        error_answer: makes the answer to a request that failed.
        duty: what the clock brings about.
    """

    def __init__(
        self,
        ring: KeyRing,
        bindings: Mapping[str, Binding],
        served: catalog.Document,
        error_answer: ErrorAnswer,
        duty: Duty = NO_DUTY,
    ) -> None:
        self._ring = ring
        self._bindings = bindings
        self._served = served
        self._error_answer = error_answer
        self._duty = duty
        self._documents: dict[str, bytes] = {}

    def app(self) -> Starlette:
        """The ASGI app."""
        routes = [
            Route("/_mock/health", self._health),
            Route("/_mock/operations", self._operations),
            Route("/_mock/documents/{name}.json", self._document),
            Route("/_mock/openapi.json", self._document),
            self._route("/_mock/reset", "POST", reset),
            self._route("/_mock/clock", "GET", show_clock),
            self._route("/_mock/clock", "PUT", partial(change_clock, duty=self._duty)),
            self._route("/_mock/journal", "GET", show_journal),
            self._route("/_mock/state", "GET", show_state),
            self._route("/_mock/state/{collection}", "GET", show_collection),
        ]
        handlers: dict[Any, Any] = dict.fromkeys((Refusal, HTTPException, Exception), self._failed)
        return Starlette(routes=routes, exception_handlers=handlers)

    def _route(self, path: str, method: str, operate: Operate) -> Route:
        async def endpoint(request: Request) -> Response:
            self._ring.open(request.scope, [API_KEY_SCHEME])
            account = exchange_of(request.scope).account
            assert account is not None, "the ring opened it"  # noqa: S101 - for the type checker
            return self._sent(request, json_answer(await operate(request, account)))

        return Route(path, endpoint, methods=[method])

    async def _health(self, request: Request) -> Response:
        return self._sent(request, json_answer({"status": "ok", "operations": len(self._bindings)}))

    async def _operations(self, request: Request) -> Response:
        listed = [self._described(operation) for operation in self._served.operations]
        return self._sent(request, json_answer(listed))

    def _described(self, operation: catalog.Operation) -> dict[str, Any]:
        binding = self._bindings[operation.operation_id]
        return {
            "operationId": operation.operation_id,
            "method": operation.method,
            "path": operation.path,
            "document": f"{operation.document}/{operation.family}",
            "evidence": operation.evidence,
            "tier": binding.tier.value,
            **({"reason": binding.reason} if binding.reason else {}),
        }

    async def _document(self, request: Request) -> Response:
        # Connexion's own answer would have every reference opened, and schemas that hold themselves never end.
        name = request.path_params.get("name", "served")
        if name not in self._documents:
            self._documents[name] = orjson.dumps(document_named(name, self._served).spec)
        return self._sent(request, Answer(200, b"application/json", self._documents[name]))

    async def _failed(self, request: Request, error: Exception) -> Response:
        return self._sent(request, self._error_answer(exchange_of(request.scope), error))

    @staticmethod
    def _sent(request: Request, answer: Answer) -> Response:
        exchange_of(request.scope).status = answer.status
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
        return Response(answer.body, answer.status, headers, answer.content_type.decode("ascii"))


def document_named(name: str, served: catalog.Document) -> catalog.Document:
    """`served`, a vendor's name, or a vendor's name and a dialect: `amberflo.published`.

    Raises:
        KeyNotFound: there is no such document; the message lists them.
    """
    vendor, _, dialect = name.partition(".")
    if name == "served":
        return served
    if vendor in catalog.VENDORS and dialect in ("", *catalog.DIALECTS):
        return catalog.project(catalog.Dialect(dialect), vendor) if dialect else catalog.document(vendor)
    known: Sequence[str] = [vendor + end for vendor in catalog.VENDORS for end in ("", ".published", ".live")]
    raise KeyNotFound(f"there are the documents {', '.join(['served', *known])}", field="name", rule="unknown-key")
