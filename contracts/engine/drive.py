"""Drives the engine over one projection and tells what happened, in our words."""

import gzip
import json
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import schemathesis
from hypothesis import configuration
from hypothesis.internal.charmap import charmap_file
from schemathesis.core.transport import Response
from schemathesis.engine import events
from schemathesis.filters import FilterSet
from schemathesis.specs.openapi.schemas import OpenApiSchema

from contracts.checks.interaction import Interaction
from contracts.engine.gated import AnyCase, Bounds, gated_stream
from contracts.engine.selection import engine_document
from contracts.engine.settings import engine_settings
from contracts.engine.translate import Failed, Translator
from contracts.faults import EnvironmentFault, FaultKind, OutOfTime, Refused, TargetFault
from contracts.gate import Gate
from contracts.model import Exchange, Limits, RunError
from contracts.watcher import Watcher
from specs.catalog import Document

GIVE_UP_AFTER = 3
"""Requests of an operation without an answer, after which it is asked no more."""

_DEAD = frozenset({FaultKind.DEAD, FaultKind.TLS})


@dataclass(frozen=True)
class Job:
    """One projection to be run.

    Args:
        projection: The document as the dialect knows it.
        dialect: Its name, or empty.
        limits: Of the profile.
        seconds: For this job.
        seed: Of everything that is generated.
        barred: What is never sent, and why.
        only: The one operation that is asked; empty for all.
    """

    projection: Document
    dialect: str
    limits: Limits
    seconds: float
    seed: int
    barred: dict[str, str]
    only: str = ""


@dataclass(frozen=True)
class PhaseBegun:
    """A phase of the run begins."""

    phase: str


@dataclass(frozen=True)
class OperationBegun:
    """The engine turns to an operation; empty for a chain of several."""

    phase: str
    operation_id: str


@dataclass(frozen=True)
class Answered:
    """A request was answered and looked at.

    Args:
        interaction: What was meant and what came back.
        exchange: The record of it.
        passed: The checks that found nothing, each with the operation that it is about.
        failed: The checks that found something.
        curl: Gives the command that sends the request again.
    """

    interaction: Interaction
    exchange: Exchange
    passed: tuple[tuple[str, str], ...]
    failed: tuple[Failed, ...]
    curl: Callable[[], str]


@dataclass(frozen=True)
class Unanswered:
    """A request had no answer, or was not sent.

    Args:
        operation_id: Of the case.
        error: What the gate said.
        exchange: The record of it; None when the gate was not even asked.
        curl: The command that sends the request again, or empty.
    """

    operation_id: str
    error: Refused | EnvironmentFault | TargetFault
    exchange: Exchange | None
    curl: str = ""


@dataclass(frozen=True)
class Trouble:
    """The engine could not test something, or broke.

    Args:
        operation_id: What it is about; empty when it is about more than one operation.
        phase: Where it happened.
        message: One line.
        fatal: Whether the engine ended with it.
    """

    operation_id: str
    phase: str
    message: str
    fatal: bool = False


@dataclass(frozen=True)
class Ended:
    """The engine is through, or was stopped.

    Args:
        in_time: Whether the time was enough.
        dead: Whether the target was gone.
        answered: Requests that were answered.
    """

    in_time: bool
    dead: bool
    answered: int


Step = PhaseBegun | OperationBegun | Answered | Unanswered | Trouble | Ended


@dataclass
class _Asker:
    """Sends for the engine, notes what had no answer, and stops asking what never answers."""

    gate: Gate
    watcher: Watcher
    translator: Translator
    job: Job
    missed: deque[Unanswered] = field(default_factory=deque)
    silent: Counter[str] = field(default_factory=Counter)
    dead_in_a_row: int = 0
    answered: int = 0
    out_of_time: bool = False
    broken: RunError | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    ending: bool = False

    def end(self) -> None:
        """Lets the engine make no more requests."""
        self.ending = True
        self.stop.set()

    def ask(self, case: AnyCase, send: Callable[[], Response]) -> Response | None:
        """The answer, or None when there is none; why is in `missed`."""
        operation_id = self.translator.operation_of(case)
        if self.silent[operation_id] >= GIVE_UP_AFTER:
            gave_up = Refused(f"{GIVE_UP_AFTER} requests of the operation had no answer, so it was asked no more")
            self.missed.append(Unanswered(operation_id, gave_up, None))
            return None
        self._adopt(case)
        try:
            response = send()
        except (Refused, EnvironmentFault, TargetFault) as error:
            self._miss(operation_id, error)
            return None
        except RunError as error:
            # The ledger cannot be written: nothing may be sent any more.
            self.broken = error
            self.end()
            return None
        self.dead_in_a_row = 0
        self.answered += 1
        if self.watcher.last is not None:
            self.translator.exchanges[case.id] = self.watcher.last
        return response

    def _adopt(self, case: AnyCase) -> None:
        """Gives a case keys of the run's own, where the run writes to what others use."""
        if self.gate.ledger is None:
            return
        operation = self.job.projection.operation(self.translator.operation_of(case))
        case.path_parameters, case.query, case.body = self.gate.adopt(
            operation, case.path_parameters or {}, case.query or {}, case.body
        )

    def _miss(self, operation_id: str, error: Refused | EnvironmentFault | TargetFault) -> None:
        command = self.translator.command(error.request, operation_id) if isinstance(error, TargetFault) else ""
        self.missed.append(Unanswered(operation_id, error, self.watcher.last, command))
        if isinstance(error, TargetFault):
            self.silent[operation_id] += error.kind is FaultKind.TIMEOUT
            self.dead_in_a_row = self.dead_in_a_row + 1 if error.kind in _DEAD else 0
        self.out_of_time = self.out_of_time or isinstance(error, OutOfTime)
        if self.out_of_time or self.dead_in_a_row >= GIVE_UP_AFTER:
            self.end()


def drive(job: Job, gate: Gate, watcher: Watcher) -> Iterator[Step]:
    """Runs the engine over a projection.

    Args:
        job: What and how.
        gate: Through which every request goes.
        watcher: The gate's observer.

    Raises:
        RunError: The ledger cannot be written.
        KeyboardInterrupt: Somebody pressed Ctrl-C, which the engine takes for its own end.
    """
    remote = not gate.target.loopback
    config = engine_settings(gate.target.url, job.projection.operations, job.limits, seed=job.seed, remote=remote)
    spec = engine_document(job.projection, job.barred, remote=remote)
    with elsewhere():
        schema = _narrowed(schemathesis.openapi.from_dict(spec, config=config), job)
        translator = Translator(job.projection, job.dialect, gate)
        asker = _Asker(gate, watcher, translator, job)
        bounds = Bounds(job.seconds, learns=not remote, alike=job.limits.alike)
        stream, context = gated_stream(schema, gate.session(), asker.ask, bounds)
        asker.stop = context.control.stop_event
        for event in stream:
            if isinstance(event, events.Interrupted) and not asker.ending:
                # The engine would end as if it were through.
                raise KeyboardInterrupt
            yield from _missed(asker)
            yield from _steps(event, translator)
        yield from _missed(asker)
        if asker.broken is not None:
            raise asker.broken
        in_time = not (asker.out_of_time or context.has_reached_time_limit)
        yield Ended(in_time, asker.dead_in_a_row >= GIVE_UP_AFTER, asker.answered)


def _narrowed(schema: OpenApiSchema, job: Job) -> OpenApiSchema:
    """The document, of which one operation is asked when the job says so; what else a path has stays known."""
    if not job.only:
        return schema
    operation = job.projection.operation(job.only)
    # The loader's own filter lets everything through, and whatever one filter includes is in.
    return schema.clone(filter_set=FilterSet().with_include(method=operation.method, path=operation.path))


def _missed(asker: _Asker) -> Iterator[Unanswered]:
    """What had no answer since the last look."""
    while asker.missed:
        yield asker.missed.popleft()


def _steps(event: events.EngineEvent, translator: Translator) -> Iterator[Step]:
    if isinstance(event, events.PhaseStarted):
        if event.phase.is_enabled:
            yield PhaseBegun(event.phase.name.value)
    elif isinstance(event, events.ScenarioStarted):
        yield OperationBegun(event.phase.value, translator.operation_id(event.label))
    elif isinstance(event, events.ScenarioFinished):
        for seen in translator.scenario(event):
            yield Answered(seen.interaction, seen.exchange, seen.passed, seen.failed, seen.curl)
    elif isinstance(event, events.NonFatalError):
        phase = event.phase.value if event.phase else ""
        yield Trouble(translator.operation_id(event.label), phase, _line(event.info.title, event.info.message))
    elif isinstance(event, events.FatalError):
        yield Trouble("", "", _line(type(event.exception).__name__, str(event.exception)), fatal=True)
    elif isinstance(event, events.EngineFinished):
        for failure in event.failures:
            yield Trouble("", "after the run", _line(failure.title, failure.message))


def _line(title: str, message: str) -> str:
    first = " ".join(message.strip().partition("\n\n")[0].split())
    return f"{title}: {first}"[:300]


@contextmanager
def elsewhere() -> Iterator[None]:
    """Lets Hypothesis keep its files in a folder that goes away, and not where the command was called."""
    # There is a setter and no getter.
    before = vars(configuration).get("__hypothesis_home_directory")
    with TemporaryDirectory(prefix="metermock-") as folder:
        configuration.set_hypothesis_home_dir(Path(folder))
        _put_what_utf8_encodes()
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(before)


def _put_what_utf8_encodes() -> None:
    """Puts into Hypothesis' folder what it would find out by encoding each of a million characters."""
    path = charmap_file("codec-v2-utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Every character but the surrogates, and each comes back as it went.
    encoded = [[0, 0xD7FF], [0xE000, sys.maxunicode]]
    path.write_bytes(gzip.compress(json.dumps([encoded, []]).encode()))
