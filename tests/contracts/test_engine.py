"""The adapter to the engine: every request passes the gate, and what is relied on of the engine is still there."""

import copy
import gzip
import socket
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis.internal import charmap
from schemathesis.engine import events
from schemathesis.engine.context import EngineContext
from schemathesis.engine.core import Engine, ExecutionPlan
from schemathesis.engine.run import PhaseName

from contracts.checks.table import ENGINE_CHECKS
from contracts.engine import Job, drive
from contracts.engine.drive import Answered, Ended, Trouble, Unanswered, elsewhere
from contracts.engine.gated import GatedContext
from contracts.engine.selection import engine_document
from contracts.engine.settings import PHASES, engine_settings
from contracts.gate import Gate, Terms
from contracts.keys import AMBERFLO
from contracts.model import Exchange, Limits, Outcome, RunError
from contracts.target import TREAT_AS_REMOTE, read_target
from contracts.watcher import Watcher
from specs import catalog
from specs.catalog import Document
from tests.contracts.faulty.document import THINGS
from tests.contracts.faulty.server import Fault, Faulty
from tests.support.serving import Server, serving

LIMITS = Limits(5, 60, PHASES, 100)


@pytest.fixture(scope="module")
def tiny() -> Iterator[Server]:
    """The tiny server, without a fault."""
    with serving(Faulty(Fault.NONE).app()) as server:
        yield server


def gate_to(url: str, document: Document, watcher: Watcher, *, remote: bool = False) -> Gate:
    """A gate to a server of the test."""
    environment = {AMBERFLO: "test-engine", TREAT_AS_REMOTE: "1" if remote else ""}
    target = read_target(url, document=str(THINGS), environment=environment)
    return Gate(target, document.operations, terms=Terms(rate=1000), observe=watcher)


def steps(url: str, document: Document, **more: Any) -> list[Any]:
    """Everything that the engine says of a server."""
    watcher = Watcher()
    limits = more.pop("limits", LIMITS)
    job = Job(document, "", limits, more.pop("seconds", 60.0), 1, more.pop("barred", {}))
    return list(drive(job, gate_to(url, document, watcher, **more), watcher))


def test_no_request_bypasses_the_gate(tiny: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection of a run, through all phases, is opened by the gate's own wire."""
    ways: list[bool] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        ways.append(any(frame.filename.endswith("contracts/wire.py") for frame in traceback.extract_stack()))
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    found = steps(tiny.url, catalog.read(THINGS))
    assert any(isinstance(step, Answered) for step in found)
    assert ways
    assert all(ways)


def test_every_phase_sends_and_nothing_is_lost(tiny: Server) -> None:
    """Each phase has answered requests, and the engine answers for as many as the gate sent."""
    document = catalog.read(THINGS)
    sent: list[Exchange] = []
    watcher = Watcher(sent.append)
    found = list(drive(Job(document, "", LIMITS, 60.0, 1, {}), gate_to(tiny.url, document, watcher), watcher))
    answered = [step for step in found if isinstance(step, Answered)]
    assert {step.interaction.phase for step in answered} == set(PHASES)
    assert len(answered) == len(sent)
    assert found[-1] == Ended(in_time=True, dead=False, answered=len(sent))
    assert not any(isinstance(step, Trouble | Unanswered) for step in found)


def test_of_each_kind_no_more_cases_than_wanted(tiny: Server) -> None:
    """With a limit for cases that are alike the coverage phase is shorter, and right, wrong and odd ones are sent."""
    document = catalog.read(THINGS)
    coverage = replace(LIMITS, phases=("coverage",))
    every, few = (
        [step.interaction for step in steps(tiny.url, document, limits=limits) if isinstance(step, Answered)]
        for limits in (coverage, replace(coverage, alike=1))
    )
    assert len(few) < len(every)
    for sent in (every, few):
        assert {(each.positive, each.probe) for each in sent} >= {(True, ""), (False, ""), (False, "method")}
        assert {each.operation_id for each in sent} == {each.operation_id for each in document.operations}


def test_settings_of_operations_are_shared() -> None:
    """However many operations there are, the engine has few entries to go through for each request."""
    for remote in (False, True):
        operations = catalog.project("live").operations
        config = engine_settings("https://example.invalid", operations, LIMITS, seed=1, remote=remote)
        assert len(config.projects.get_default().operations.operations) == 1 + remote


def test_what_utf8_encodes_is_known_beforehand() -> None:
    """Hypothesis finds the table that the run puts into its folder, and there is nothing in it that is not so."""
    find_out = charmap.intervals_from_codec.__wrapped__
    with elsewhere():
        encoded, changed = find_out("utf-8")
        path = charmap.charmap_file("codec-v2-utf-8")
        path.write_bytes(gzip.compress(b"[[[97, 98]], []]"))
        assert find_out("utf-8")[0].intervals == ((97, 98),)
    assert changed.intervals == ()
    for first, last in encoded.intervals:
        assert [chr(code).encode() for code in (first, last)]
    for code in (0xD800, 0xDFFF):
        with pytest.raises(UnicodeEncodeError):
            chr(code).encode()
    assert encoded.intervals == ((0, 0xD7FF), (0xE000, sys.maxunicode))


def test_a_dead_server_is_noticed_through_the_gate() -> None:
    """When the server is gone the engine is stopped after a few requests, and says so."""
    with serving(Faulty(Fault.NONE).app()) as server:
        url = server.url
    found = steps(url, catalog.read(THINGS))
    assert len([step for step in found if isinstance(step, Unanswered)]) <= 5
    assert found[-1] == Ended(in_time=True, dead=True, answered=0)


def test_without_time_nothing_is_sent(tiny: Server) -> None:
    """A run whose time is over from the start sends nothing, and says that it was not in time."""
    found = steps(tiny.url, catalog.read(THINGS), seconds=0.0)
    assert not any(isinstance(step, Answered) for step in found)
    assert not found[-1].in_time


def test_refused_requests_do_not_end_a_phase(tiny: Server) -> None:
    """What the gate refuses is told one by one, and the requests that it lets pass are made all the same."""
    found = steps(tiny.url, catalog.read(THINGS), remote=True)
    refused = [step for step in found if isinstance(step, Unanswered)]
    assert {step.exchange.verdict.outcome for step in refused if step.exchange} == {Outcome.REFUSED}
    assert {step.interaction.operation_id for step in found if isinstance(step, Answered)} == {"listThings", "getThing"}


def test_an_interrupt_is_handed_on(tiny: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine takes Ctrl-C for its own end; whoever pressed it does not want the report of half a run."""
    # The package has a function of the module's name.
    module = sys.modules["contracts.engine.drive"]
    real: Any = vars(module)["gated_stream"]

    def interrupted(*arguments: Any) -> Any:
        stream, context = real(*arguments)
        first = next(iter(stream))
        return iter([first, events.Interrupted(phase=None), *stream]), context

    monkeypatch.setattr(module, "gated_stream", interrupted)
    with pytest.raises(KeyboardInterrupt):
        steps(tiny.url, catalog.read(THINGS))


def test_a_barred_operation_is_not_in_the_engines_document() -> None:
    """What is barred is gone with the links to it; examples that would be fetched are gone too."""
    spec = copy.deepcopy(catalog.read(THINGS).spec)
    media = spec["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]
    media["examples"] = {"far": {"externalValue": "http://192.0.2.1/example.json"}}
    document = Document("things", spec, catalog.read(THINGS).operations)
    given = engine_document(document, {"deleteThing": "no"}, remote=False)
    assert "delete" not in given["paths"]["/things/{thingId}"]
    assert "deleteThing" not in yaml.safe_dump(given)
    assert "externalValue" not in yaml.safe_dump(given)
    assert "deleteThing" in yaml.safe_dump(document.spec)


def test_elsewhere_no_link_leads_from_reading_to_writing() -> None:
    """What an account lists is never written to, even if the document says how."""
    document = catalog.project("published")
    given = engine_document(document, {}, remote=True)
    links = given["paths"]["/meter-event-filtering-rules"]["get"]["responses"]["200"].get("links", {})
    assert links == {}
    there = engine_document(document, {}, remote=False)
    assert there["paths"]["/meter-event-filtering-rules"]["get"]["responses"]["200"]["links"]


def test_elsewhere_nothing_is_made_of_answers() -> None:
    """Off this machine, data fed by answers, inferred links, learning from refusals and odd methods are all off."""
    config = engine_settings("https://example.invalid", catalog.project("live").operations, LIMITS, seed=1, remote=True)
    project = config.projects.get_default()
    phases = project.phases
    assert not phases.examples.extra_data_sources.is_enabled
    assert not phases.coverage.extra_data_sources.is_enabled
    assert not phases.fuzzing.extra_data_sources.is_enabled
    assert not phases.fuzzing.error_feedback.is_enabled
    assert phases.coverage.unexpected_methods == set()
    assert phases.stateful.inference.algorithms == []


def test_the_run_leaves_no_files(tiny: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the engine nor Hypothesis writes anything where the command is called."""
    monkeypatch.chdir(tmp_path)
    steps(tiny.url, catalog.read(THINGS))
    assert list(tmp_path.iterdir()) == []


def test_what_is_relied_on_is_there() -> None:
    """The pinned engine still has the names that the adapter subclasses and reads."""
    assert version("schemathesis") == "4.32.5"
    assert issubclass(GatedContext, EngineContext)
    assert hasattr(Engine, "_create_execution_plan")
    assert hasattr(ExecutionPlan, "_run_phase")
    assert hasattr(ExecutionPlan, "_finish")
    assert {each.value for each in PhaseName} >= set(PHASES)
    assert {"recorder", "label", "phase"} <= set(events.ScenarioFinished.__slots__)


def test_every_check_of_the_engine_is_known() -> None:
    """A check that a new engine brings along is either asked for or switched off by name."""
    import schemathesis.specs.openapi.checks  # noqa: F401, PLC0415 - registers them
    from schemathesis.checks import CHECKS  # noqa: PLC0415 - after the registration

    assert set(CHECKS.get_all_names()) == {*ENGINE_CHECKS, "ignored_auth", "object_level_authorization"}


def test_a_ledger_that_cannot_be_written_ends_the_run(tiny: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the gate can no longer note what is created, the engine stops and the run says why."""
    document = catalog.read(THINGS)
    watcher = Watcher()
    gate = gate_to(tiny.url, document, watcher)

    def full(*_: Any, **__: Any) -> None:
        raise RunError("the ledger cannot be written: no space left")

    monkeypatch.setattr(gate, "send", full)
    with pytest.raises(RunError, match="no space left"):
        list(drive(Job(document, "", LIMITS, 60.0, 1, {}), gate, watcher))
