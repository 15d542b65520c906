"""Translates what the engine recorded into interactions, passes and failures."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.engine.events import ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.meta import CONTENT_TYPE_PROBES, CoveragePhaseData, CoverageScenario, coverage_scenario
from schemathesis.openapi.checks import EnsureResourceAvailability, JsonSchemaError, UndefinedStatusCode, UseAfterFree

from contracts.checks.interaction import PROBE_MEDIA_TYPE, PROBE_METHOD, Interaction
from contracts.checks.lifecycles import lifecycles
from contracts.checks.preludes import prelude
from contracts.checks.table import CHECKS, probed, told_once
from contracts.curl import curl
from contracts.engine.gated import AnyCase, Unanswered
from contracts.gate import Gate
from contracts.keys import key_header
from contracts.model import Exchange
from contracts.portal import is_portal
from contracts.records import body_of, text_of
from contracts.redact import Redactor
from specs.catalog import Document

_SHOWN = 300
_MULTIPLE = 300


@dataclass(frozen=True)
class Failed:
    """A check that an exchange broke.

    Args:
        check: Which.
        operation_id: What it is about; of a chain, the request that is likely to blame.
        expected: What should have been.
        got: What was.
        schema_path: Where in the schema, as a JSON pointer, or empty.
        curl: The commands that show it, one a line.
    """

    check: str
    operation_id: str
    expected: str
    got: str
    schema_path: str
    curl: str


@dataclass(frozen=True)
class Seen:
    """An exchange of a scenario, what the engine's checks said of it, and what gives the command that repeats it."""

    interaction: Interaction
    exchange: Exchange
    passed: tuple[tuple[str, str], ...]
    failed: tuple[Failed, ...]
    curl: Callable[[], str]


class Translator:
    """Knows a projection by the engine's labels.

    Args:
        document: The projection.
        dialect: Its name, or empty.
        gate: Through which the requests went.
    """

    def __init__(self, document: Document, dialect: str, gate: Gate) -> None:
        self.exchanges: dict[str, Exchange] = {}
        self._document = document
        self._dialect = dialect
        self._root = gate.target.url
        self._redactor = gate.redactor
        self._key_header = key_header(document.spec)
        self._lifecycles = lifecycles(document)
        self._operations = {each.operation_id: each for each in document.operations}
        self._labels = {f"{each.method} {each.path}": each for each in document.operations}

    def operation_id(self, label: str | None) -> str:
        """The operationId of one of the engine's labels; empty for a label of none."""
        operation = self._labels.get(label or "")
        return operation.operation_id if operation else ""

    def operation_of(self, case: AnyCase) -> str:
        """The operationId that a case was made for."""
        return self.operation_id(case.operation.label)

    def scenario(self, event: ScenarioFinished) -> Iterator[Seen]:
        """Every exchange of a scenario that was answered."""
        recorder = event.recorder
        for case_id, recorded in recorder.interactions.items():
            exchange = self.exchanges.pop(case_id, None)
            response = recorded.response
            if exchange is None or response is None or isinstance(response, Unanswered):
                continue
            case = recorder.cases[case_id].value
            yield self._seen(case, response, recorder, exchange, event.phase.value)

    def _seen(
        self, case: AnyCase, response: Response, recorder: ScenarioRecorder, exchange: Exchange, phase: str
    ) -> Seen:
        interaction = self._interaction(case, response, recorder, phase)
        failures: dict[str, Failure] = {}
        passed = []
        for node in recorder.checks.get(case.id, []):
            if node.failure_info is None:
                passed.append((node.name, self._about(node.name, case, recorder)))
            else:
                failures.setdefault(node.name, node.failure_info.failure)
        told = told_once(failures)
        failed = tuple(
            self._failed(name, failure, case, recorder, interaction)
            for name, failure in failures.items()
            if name in told
        )
        command = partial(self.command, response.request, interaction.operation_id)
        return Seen(interaction, exchange, tuple(passed), failed, command)

    def _interaction(self, case: AnyCase, response: Response, recorder: ScenarioRecorder, phase: str) -> Interaction:
        request = response.request
        after = self._follows(case, recorder)
        return Interaction(
            operation_id=self.operation_of(case),
            dialect=self._dialect,
            phase=phase,
            positive=None if case.meta is None else case.meta.generation.mode.is_positive,
            probe=_probe(case),
            missing_header=_misses_header(case),
            after_create=after == "POST",
            after_delete=after == "DELETE",
            method=str(request.method),
            url=str(request.url).removeprefix(self._root),
            request_headers={name.lower(): text_of(value) for name, value in request.headers.items()},
            request_body=body_of(request) or b"",
            status=response.status_code,
            headers={name: ", ".join(values) for name, values in response.headers.items()},
            body=response.content,
        )

    def _follows(self, case: AnyCase, recorder: ScenarioRecorder) -> str:
        """The method of the successful request that a reading case follows on the same thing, or empty."""
        parent = recorder.find_parent(case_id=case.id)
        answer = recorder.find_response(case_id=parent.id) if parent is not None else None
        if parent is None or answer is None or answer.status_code >= _MULTIPLE or case.operation.method != "get":
            return ""
        method = parent.operation.method.upper()
        created = method == "POST" and case.path.startswith(f"{parent.path}/")
        same = case.path_parameters == parent.path_parameters and (case.query or {}) == (parent.query or {})
        deleted = method == "DELETE" and case.path == parent.path and same
        return method if created or deleted else ""

    def _about(self, check: str, case: AnyCase, recorder: ScenarioRecorder) -> str:
        """The operation that a check of a chain is about: what created, or what deleted."""
        parent = recorder.find_parent(case_id=case.id)
        if check in {"ensure_resource_availability", "use_after_free"} and parent is not None:
            return self.operation_of(parent)
        return self._answering(check, case)

    def _answering(self, check: str, case: AnyCase) -> str:
        """The operation that answers for a case: for a method that a path does not have, the path's first."""
        if check in {"unsupported_method", "allow_header_conformance"}:
            return probed(self._labels[case.operation.label], self._document).operation_id
        return self.operation_of(case)

    def _failed(
        self, name: str, failure: Failure, case: AnyCase, recorder: ScenarioRecorder, interaction: Interaction
    ) -> Failed:
        about = self._answering(name, case)
        if isinstance(failure, UseAfterFree | EnsureResourceAvailability):
            about = self.operation_id(failure.operation) or about
        return Failed(
            check=name,
            operation_id=about,
            expected=_expected(name, failure),
            got=self._redactor.text(_got(failure)),
            schema_path=_schema_path(failure),
            curl=self._commands(failure, case, recorder, interaction),
        )

    def _commands(self, failure: Failure, case: AnyCase, recorder: ScenarioRecorder, interaction: Interaction) -> str:
        """The requests that lead to a failure, each as a command; empty when one of them cannot be written."""
        related = failure.related_case_ids()
        needs_history = isinstance(failure, UseAfterFree | EnsureResourceAvailability)
        cases = recorder.iter_chain_cases(case_id=case.id, related_case_ids=related) if needs_history else [case]
        commands: list[str] = []
        provided = False
        for each in cases:
            recorded = recorder.interactions.get(each.id)
            if recorded is not None and recorded.response is not None:
                step = self._interaction(each, recorded.response, recorder, interaction.phase)
                # What a chain reads or deletes first may stem from an earlier one.
                before = [] if provided else self._prelude(step)
                commands += [*before, self.command(recorded.response.request, step.operation_id)]
                provided = provided or bool(before)
        return "\n".join(commands) if all(commands) else ""

    def _prelude(self, interaction: Interaction) -> list[str]:
        """The command that has to go before, if there is one."""
        found = prelude(self._document, self._lifecycles, interaction)
        if found is None:
            return []
        operation, sample = found
        return [self.command(sample.request(self._root, operation), operation.operation_id)]

    def command(self, request: requests.PreparedRequest | requests.Request | None, operation_id: str) -> str:
        """The command that sends a request again; empty when it cannot be written as one."""
        if not isinstance(request, requests.PreparedRequest):
            return ""
        operation = self._operations.get(operation_id)
        vendor, portal = (operation.document, is_portal(operation)) if operation else ("", False)
        return self._redactor.text(curl(request, key_header=self._key_header, vendor=vendor, portal=portal))


def failed_by(
    failures: Mapping[str, Failure], operation_id: str, command: str, redactor: Redactor
) -> tuple[Failed, ...]:
    """The failures of one exchange that no other one explains.

    Args:
        failures: By check.
        operation_id: What they are about.
        command: That shows them.
        redactor: Of what they say.
    """
    told = told_once(failures)
    return tuple(
        Failed(
            check=name,
            operation_id=operation_id,
            expected=_expected(name, failure),
            got=redactor.text(_got(failure)),
            schema_path=_schema_path(failure),
            curl=command,
        )
        for name, failure in failures.items()
        if name in told
    )


def _probe(case: AnyCase) -> str:
    scenario = coverage_scenario(case)
    if scenario is CoverageScenario.UNSPECIFIED_HTTP_METHOD:
        return PROBE_METHOD
    return PROBE_MEDIA_TYPE if scenario in CONTENT_TYPE_PROBES else ""


def _misses_header(case: AnyCase) -> bool:
    data: Any = case.meta.phase.data if case.meta is not None else None
    return (
        isinstance(data, CoveragePhaseData)
        and data.scenario is CoverageScenario.MISSING_PARAMETER
        and data.parameter_location is ParameterLocation.HEADER
    )


def _expected(check: str, failure: Failure) -> str:
    if isinstance(failure, UndefinedStatusCode):
        return f"a documented status: {', '.join(failure.defined_status_codes)}"
    documented = next((line for line in failure.message.splitlines() if line.startswith("Documented:")), "")
    expects = CHECKS[check].expects if check in CHECKS else check
    return f"{expects} ({documented.removeprefix('Documented:').strip()})" if documented else expects


def _got(failure: Failure) -> str:
    """One line of what the engine says, without what it expected."""
    lines = [line.strip() for line in failure.message.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("Documented:", "Expected:"))]
    # Of a broken schema only the first line says what is wrong; schema and value follow.
    text = " ".join(kept[:1] if isinstance(failure, JsonSchemaError) else kept)
    return f"{failure.title}: {text}"[:_SHOWN] if text else failure.title


def _schema_path(failure: Failure) -> str:
    if not isinstance(failure, JsonSchemaError):
        return ""
    return "".join(f"/{step}" for step in failure.schema_path)
