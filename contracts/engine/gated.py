"""Schemathesis' classes with every way to a socket replaced by the gate's."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import responses as reasons
from types import MappingProxyType
from typing import Any, cast

import requests
from hypothesis import reject
from schemathesis.core.transport import Response
from schemathesis.engine import events
from schemathesis.engine.context import EngineContext
from schemathesis.engine.core import Engine, EventStream, ExecutionPlan, preflight_error
from schemathesis.engine.run import INTERNAL_PHASES, Phase, PhaseName
from schemathesis.generation.case import Case
from schemathesis.generation.meta import CoveragePhaseData
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport

from contracts.credentials import AUTH_HEADER

NOT_ANSWERED = 599
"""The status of what stands in for an answer that there was not; no check of ours looks at it."""

_SHARES = {PhaseName.EXAMPLES: 2, PhaseName.COVERAGE: 4, PhaseName.FUZZING: 4, PhaseName.STATEFUL_TESTING: 1}
"""How the time is shared out among the phases; what one does not need goes to those after it."""

_NDJSON = ("application/x-ndjson",)

AnyCase = Case[Any]
"""A case of any kind of document."""

Asking = Callable[[AnyCase, Callable[[], Response]], Response | None]


class Unanswered(Response):
    """Stands in for an answer, so that the engine goes on to the next case instead of ending the phase."""

    __slots__ = ()

    def __init__(self, request: requests.PreparedRequest) -> None:
        super().__init__(
            NOT_ANSWERED, MappingProxyType({}), b"", request, 0.0, verify=True, message=reasons.get(NOT_ANSWERED, "")
        )


class GatedTransport(RequestsTransport):
    """Sends every case through one session, whichever one it is handed.

    Args:
        session: The gate's.
        asking: Does the sending and decides about what there is no answer to.
    """

    def __init__(self, session: requests.Session, asking: Asking) -> None:
        super().__init__()
        self._session = session
        self._asking = asking
        self.in_state_machine = False
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        self.serializer(*_NDJSON)(lambda _context, value: {"data": _as_bytes(value)})

    def send(self, case: AnyCase, *, session: requests.Session | None = None, **kwargs: Any) -> Response:
        """Sends a case; whatever session the engine or one of its checks brings along is left aside."""
        del session
        kwargs["headers"] = {**(kwargs.get("headers") or {}), AUTH_HEADER: "own"}
        # A limit of the engine's own would only shadow the gate's.
        kwargs.pop("timeout", None)
        answer = self._asking(case, lambda: RequestsTransport.send(self, case, session=self._session, **kwargs))
        if answer is not None:
            return answer
        if self.in_state_machine:
            reject()
        return Unanswered(_prepared(case, kwargs))


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _prepared(case: AnyCase, kwargs: dict[str, Any]) -> requests.PreparedRequest:
    """The request as far as it can be written; only its address is looked at."""
    del kwargs
    return requests.Request(case.method, str(case.operation.base_url or "http://unknown/")).prepare()


class GatedSchema(OpenApiSchema):
    """A document whose operations are called through the gate."""

    gated: GatedTransport
    alike: int | None

    def iter_coverage_cases(self, operation: APIOperation[Any, Any, Any, Any], **options: Any) -> Iterator[AnyCase]:
        """The cases that the schema gives, of each kind no more than are wanted."""
        seen: Counter[tuple[Any, ...]] = Counter()
        for case in super().iter_coverage_cases(operation, **options):
            kind = _kind(case)
            seen[kind] += 1
            if self.alike is None or seen[kind] <= self.alike:
                yield case

    @property
    def transport(self) -> GatedTransport:
        """The gated one."""
        return self.gated


def _kind(case: AnyCase) -> tuple[Any, ...]:
    """What a case of the coverage phase is about: what is done to which part of the request, and by which method."""
    data: Any = case.meta.phase.data if case.meta is not None else None
    if not isinstance(data, CoveragePhaseData):
        return (case.method,)
    return data.scenario, data.parameter_location, case.method


class GatedContext(EngineContext):
    """An engine's context that opens no session and no socket of its own."""

    __slots__ = ("gate_session",)

    gate_session: requests.Session

    def get_session(self, *, operation: APIOperation[Any, Any, Any, Any] | None = None) -> requests.Session:
        """The gate's session."""
        del operation
        return self.gate_session

    def detect_server_outage(self, exc: requests.ConnectionError) -> bool:
        """Never; the engine would look for itself, past the gate. Our own driver notices."""
        del exc
        return False


class GatedPlan(ExecutionPlan):
    """The engine's phases that test, each once.

    The engine itself would begin with probes of its own sessions, and repeat its later phases until the time is over.
    """

    def execute(self, engine: EngineContext) -> events.EventGenerator:
        """Runs the phases in order."""
        transport = cast("GatedSchema", engine.schema).gated
        yield events.EngineStarted()
        error = preflight_error(engine)
        if error is not None:
            yield error
        for phase in self.phases if error is None else ():
            if phase.name in INTERNAL_PHASES:
                continue
            transport.in_state_machine = phase.name is PhaseName.STATEFUL_TESTING
            yield from self._run_phase(engine, phase)
            if engine.is_interrupted:
                break
        yield from self._finish(engine)

    def _time_to_reserve_after(self, phase: Phase, engine: EngineContext) -> float:
        """What a phase leaves to those after it, so that no phase takes the time of them all."""
        left = engine.control.remaining_time or 0.0
        later = [each for each in self.phases[self.phases.index(phase) + 1 :] if each.is_enabled]
        queued = sum(_SHARES.get(each.name, 0) for each in later)
        return left * queued / (queued + _SHARES.get(phase.name, 1))


@dataclass(frozen=True)
class Bounds:
    """How long and how far a run of the engine goes.

    Args:
        seconds: After which no new request is made; each operation gets its share.
        learns: Whether requests may be made of what the target answered.
        alike: See `contracts.model.Limits`.
    """

    seconds: float
    learns: bool
    alike: int | None = None


def gated_stream(
    schema: OpenApiSchema,
    session: requests.Session,
    asking: Asking,
    bounds: Bounds,
) -> tuple[EventStream, GatedContext]:
    """The events of a run of the engine, all of whose requests pass one session.

    Args:
        schema: The loaded document.
        session: The gate's.
        asking: See `GatedTransport`.
        bounds: How long and how far.
    """
    transport = GatedTransport(session, asking)
    schema.__class__ = type("_Schema", (GatedSchema,), {"gated": transport, "alike": bounds.alike})
    plan = GatedPlan(Engine(schema)._create_execution_plan().phases)  # noqa: SLF001 - there is no public way to the plan
    stop = threading.Event()
    context = GatedContext(schema=schema, stop_event=stop, observations=None)
    context.gate_session = session
    if not bounds.learns:
        # No setting keeps the chains of requests from drawing on what was answered; only this does.
        context._extra_data_source = context._error_feedback = None  # noqa: SLF001
    # The engine's own setting takes whole seconds only.
    context.control.max_time = cast("int", bounds.seconds)
    return EventStream(plan.execute(context), stop), context
