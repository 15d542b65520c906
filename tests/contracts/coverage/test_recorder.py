"""What is counted of requests: through a gate, of each projection for itself, and by whole runs."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from contracts.conformance import Conformance
from contracts.coverage import Covered, OperationCoverage
from contracts.coverage.recorder import Recorder
from contracts.coverage.summary import Tally, whole
from contracts.faults import Refused, TargetFault
from contracts.gate import AUTH_HEADER, PLACEHOLDER, Gate
from contracts.judging import Ruling
from contracts.keys import AMBERFLO, OTHER
from contracts.later import judge, start
from contracts.ledger import Ledger
from contracts.model import BODY_LIMIT, Keys, Limits, Profile, Target
from contracts.portal import NO_SESSION
from contracts.records import Job
from contracts.runner import run
from contracts.secrets import Secret
from contracts.settings import LawOptions, Settings, projections
from contracts.target import TREAT_AS_REMOTE, read_target
from specs import catalog
from specs.catalog import Document
from tests.contracts.faulty.document import THINGS
from tests.contracts.faulty.server import Fault, Faulty
from tests.support.serving import Server, serving

KEY = "test-canary-of-the-run"
TESTED, UNTESTED, NOT_REACHABLE = Covered.TESTED, Covered.UNTESTED, Covered.NOT_REACHABLE
SCHEMA = {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}}


@pytest.fixture(scope="module")
def things() -> Iterator[Server]:
    """A server that keeps its document."""
    with serving(Faulty(Fault.NONE).app()) as server:
        yield server


@pytest.fixture
def small(tmp_path: Path) -> Document:
    """A document with one operation that has some of everything."""
    parameters = [("path", "id"), ("query", "page"), ("query", "filter"), ("header", "X-Trace"), ("cookie", "seen")]
    operation = {
        "operationId": "putSize",
        "parameters": [{"in": place, "name": name, "required": place == "path"} for place, name in parameters],
        "requestBody": {"content": {"application/json; charset=utf-8": {"schema": SCHEMA}, "text/plain": {}}},
        "responses": {name: {"description": name} for name in ("200", "404", "4XX", "default")},
    }
    spec = {"openapi": "3.0.3", "info": {}, "paths": {"/sizes/{id}": {"put": operation}}}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(spec))
    return catalog.read(path)


class Told:
    """A recorder that is told of requests to the small document.

    Args:
        document: It.
        barred: Why nothing is sent to its operation, or empty.
    """

    def __init__(self, document: Document, barred: str = "") -> None:
        self.recorder = Recorder()
        self._operation = document.operations[0]
        self.recorder.open(document, "", {self._operation.operation_id: barred} if barred else {})
        self.recorder.begin(document, "")

    def of(
        self,
        status: int = 200,
        *,
        body: Any = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        own: bool = True,
    ) -> None:
        """Tells of one request."""
        media = {"Content-Type": "application/json", **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        request = requests.Request("PUT", f"http://127.0.0.1/sizes/a{query}", headers=media, data=data).prepare()
        self.recorder(Job(1, request, Ruling(self._operation), own=own), status)

    @property
    def covered(self) -> OperationCoverage:
        """What is known."""
        (found,) = self.recorder.coverage()
        return found

    @property
    def carried(self) -> list[str]:
        """The parameters that are tested."""
        return [each.name for each in self.covered.parameters if each.state is TESTED]

    @property
    def tried(self) -> dict[str, tuple[bool, bool]]:
        """Which keywords are met and broken."""
        return {each.pointer: (each.met, each.broken) for each in self.covered.keywords}


@pytest.mark.parametrize(
    ("answered", "expected"),
    [([], []), ([200], ["200"]), ([404], ["404"]), ([409], ["4XX"]), ([500], ["default"]), ([201], ["default"]),
     ([200, 400, 404, 503], ["200", "404", "4XX", "default"])],
)  # fmt: skip
def test_a_status_is_tested_when_it_was_answered(small: Document, answered: list[int], expected: list[str]) -> None:
    """A range, and `default`, stand for the statuses that nothing narrower documents."""
    told = Told(small)
    for status in answered:
        told.of(status)
    assert [name for name, state in told.covered.statuses if state is TESTED] == expected


@pytest.mark.parametrize(("status", "expected"), [(200, TESTED), (204, TESTED), (400, UNTESTED), (500, UNTESTED)])
def test_an_operation_is_tested_by_success(small: Document, status: int, expected: Covered) -> None:
    """Refusals alone leave an operation untested."""
    told = Told(small)
    told.of(status)
    assert told.covered.state is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["id"]),
        ({"query": "?page="}, ["id", "page"]),
        ({"query": "?filter[name]=a&pages=1"}, ["id", "filter"]),
        ({"headers": {"x-trace": "a"}}, ["id", "X-Trace"]),
        ({"headers": {"Cookie": "a=1; seen=2"}}, ["id", "seen"]),
        ({"headers": {"Cookie": "\x01"}}, ["id"]),
        ({"status": 400, "query": "?page=1"}, ["id", "page"]),
    ],
)
def test_a_parameter_is_tested_when_a_request_carried_it(
    small: Document, more: dict[str, Any], expected: list[str]
) -> None:
    """Whatever the answer is; the path's own are in every request."""
    told = Told(small)
    told.of(**more)
    assert told.carried == expected


@pytest.mark.parametrize("refused", [{"own": False}, {"status": 401}, {"status": 403}])
def test_a_refused_key_tests_nothing_but_the_status(small: Document, refused: dict[str, Any]) -> None:
    """Who refuses the key need not have looked at the rest, so neither a parameter nor a keyword was tried."""
    told = Told(small)
    told.of(body={"size": 1}, **refused)
    told.of(body={"size": 0}, **refused)
    assert told.carried == []
    assert set(told.tried.values()) == {(False, False)}
    assert told.covered.state is UNTESTED


def test_a_body_of_another_media_type_tries_nothing(small: Document) -> None:
    """The schema is the one of JSON, so only what claims to be JSON is judged by it."""
    told = Told(small)
    told.of(body={"size": 1}, headers={"Content-Type": "text/plain"})
    assert set(told.tried.values()) == {(False, False)}
    told.of(body={"size": 1}, headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert told.tried["/properties/size/minimum"] == (True, False)


def test_what_no_key_or_session_is_there_for_is_not_reachable(small: Document) -> None:
    """Nothing of such an operation could be tried; its reason is told."""
    reason = f"{NO_SESSION}: AMBERFLO_SESSION is not set"
    covered = Told(small, reason).covered
    states = {covered.state, *(state for _, state in covered.statuses)}
    states |= {each.state for each in covered.parameters} | {each.state for each in covered.keywords}
    assert states == {NOT_REACHABLE}
    assert covered.reason == reason


def test_what_is_only_not_allowed_is_untested(small: Document) -> None:
    """The command line could have allowed it, so it is no excuse; the reason is told."""
    covered = Told(small, "it writes, and --allow-writes is not given").covered
    assert covered.state is UNTESTED
    assert {each.state for each in covered.keywords} == {UNTESTED}
    assert covered.reason == "it writes, and --allow-writes is not given"


def test_requests_of_many_threads_are_all_counted(small: Document) -> None:
    """Requests that are answered at the same time lose nothing of each other."""
    told = Told(small)
    bodies: list[Any] = [{"size": number} for number in range(-50, 50)] + [{"size": "a"}] * 20 + [5] * 20
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: told.of(body=body), bodies))
    assert told.tried == {
        "/type": (True, True),
        "/properties/size/type": (True, True),
        "/properties/size/minimum": (True, True),
    }


def test_each_projection_counts_for_itself() -> None:
    """What is sent for one form of a document says nothing of another, and nothing before the first counts."""
    recorder = Recorder()
    forms = {dialect: catalog.project(dialect) for dialect in ("published", "live")}
    for dialect, document in forms.items():
        recorder.open(document, dialect, {})
    operation = forms["live"].operation("listCustomers")
    request = requests.Request(operation.method, f"http://127.0.0.1{operation.path}").prepare()
    recorder(Job(1, request, Ruling(operation)), 500)
    recorder.begin(forms["live"], "live")
    recorder(Job(2, request, Ruling(operation)), 200)
    recorder(Job(3, request, Ruling(None)), 200)
    found = recorder.coverage()
    assert [(each.dialect, each.operation_id) for each in found if each.state is TESTED] == [("live", "listCustomers")]
    assert [each.operation_id for each in found if each.dialect == "published"] == list(
        dict.fromkeys(each.operation_id for each in forms["published"].operations)
    )
    assert whole(found)["statuses"].tested == 1


class Asked:
    """A gate to the tiny server, and what its witness was told."""

    def __init__(self, url: str) -> None:
        self.told: list[tuple[Job, int]] = []
        target = Target(url, str(THINGS), None, loopback=True, keys=Keys(Secret(KEY)))
        operations = catalog.read(THINGS).operations
        self._gate = Gate(target, operations, witness=lambda job, status: self.told.append((job, status)))
        self._url, self._session = url, self._gate.session()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Sends a request with the key's placeholder."""
        return self._session.request(
            method, self._url + path, json=body, headers={"X-API-KEY": PLACEHOLDER, **headers}, timeout=5
        )


def test_the_gate_tells_of_what_is_answered(things: Server) -> None:
    """Its witness sees the whole body, whose key it was, and never the key."""
    asked = Asked(things.url)
    asked.ask("POST", "/notes", {"text": "a" * 2 * BODY_LIMIT})
    asked.ask("GET", "/things", **{AUTH_HEADER: "wrong"})
    (first, answered), (second, refused) = asked.told
    assert (first.operation_id, answered, first.own) == ("createNote", 200, True)
    assert len(first.request.body or b"") > 2 * BODY_LIMIT
    assert first.request.headers["X-API-KEY"] == PLACEHOLDER
    assert (second.operation_id, refused, second.own) == ("listThings", 401, False)


def test_the_gate_tells_nothing_of_what_is_not_answered(things: Server) -> None:
    """A request that is refused at the gate, or that has no whole answer, has tried nothing."""
    asked = Asked(things.url)
    with pytest.raises(Refused):
        asked.ask("GET", "/things", **{AUTH_HEADER: "other"})
    assert asked.told == []
    with serving(Faulty(Fault.CUT_BODY).app()) as cut:
        broken = Asked(cut.url)
        with pytest.raises(TargetFault):
            broken.ask("GET", "/things")
    assert broken.told == []


def on_things(url: str, limits: Limits) -> Conformance:
    """A run on the tiny server."""
    target = read_target(url, document=str(THINGS), environment={AMBERFLO: "test-run", OTHER: "test-other"})
    found = projections(target, str(THINGS))
    files = {each.document.name: THINGS for each in found}
    return run(Settings(target, found, Profile.SMOKE, 1, files=files, limits=limits))


def states(found: Conformance) -> dict[str, dict[str, str]]:
    """Of each operation with a body, what was tried of its keywords."""
    words = {(True, True): "both", (True, False): "met", (False, True): "broken", (False, False): ""}
    return {
        each.operation_id: {keyword.pointer: words[keyword.met, keyword.broken] for keyword in each.keywords}
        for each in found.coverage
        if each.keywords
    }


EXAMPLES_ALONE = {
    "createThing": {
        "/type": "met",
        "/required/thingId": "met",
        "/required/name": "met",
        "/properties/thingId/type": "met",
        "/properties/thingId/pattern": "met",
        "/properties/name/type": "met",
        "/properties/size/type": "met",
        "/properties/size/minimum": "",
        "/properties/size/maximum": "",
    },
    "createNote": {
        "/type": "met",
        "/required/text": "met",
        "/properties/text/type": "both",
        "/properties/important/type": "",
    },
}


def test_the_exact_coverage_of_a_small_run(things: Server) -> None:
    """With nothing but examples bounds stay untested; with the document's bounds tried, nothing is left out."""
    few = on_things(things.url, Limits(1, 60, ("examples",), 100))
    assert states(few) == EXAMPLES_ALONE
    many = on_things(things.url, Limits(1, 60, ("examples", "coverage"), 100))
    assert states(many) == {name: dict.fromkeys(found, "both") for name, found in EXAMPLES_ALONE.items()}
    assert whole(many.coverage) == {
        "operations": Tally(tested=5),
        "statuses": Tally(tested=14),
        "parameters": Tally(tested=2),
        "keywords": Tally(tested=13),
    }


def test_a_run_that_is_not_let_in_tests_one_status() -> None:
    """A run that ends with its first request has coverage all the same: nothing but what was answered."""
    with serving(Faulty(Fault.NONE).app()) as server:
        target = read_target(server.url, document=str(THINGS), environment={AMBERFLO: "refused-here"})
        found = run(Settings(target, projections(target, str(THINGS)), files={"things": THINGS}))
    assert found.faults
    assert len(found.coverage) == 5
    assert whole(found.coverage)["statuses"] == Tally(tested=1, untested=13)
    assert whole(found.coverage)["operations"] == Tally(untested=5)


def test_smoke_on_the_mock_tests_keywords(server: Server) -> None:
    """Of a document of a vendor every operation, every parameter and some keywords are tested, the rest is told."""
    target = read_target(server.url, environment={})
    found = run(Settings(target, projections(target, "solvimon"), Profile.SMOKE, 1))
    (operation,) = found.coverage
    assert operation.state is TESTED
    assert {each.state for each in operation.parameters} == {TESTED}
    keywords = whole(found.coverage)["keywords"]
    assert keywords.tested >= 5
    assert keywords.total == 50
    assert not found.unreached


def test_elsewhere_without_writes_nothing_of_a_write_is_tested(server: Server) -> None:
    """A run that may only read says of each write why it is untested, and tried nothing of its body."""
    environment = {TREAT_AS_REMOTE: "1", AMBERFLO: "test-of-somebody"}
    target = read_target(server.url, dialect="published", environment=environment)
    limits = Limits(1, 60, ("examples",), 5)
    found = run(Settings(target, projections(target, "amberflo"), rate=5000, limits=limits))
    assert {each.operation_id for each in found.coverage if each.state is TESTED} >= {"listCustomers", "queryUsage"}
    writes = [each for each in found.coverage if each.reason]
    assert writes
    assert {each.state for each in writes} == {UNTESTED}
    assert not any(each.met or each.broken for write in writes for each in write.keywords)


def test_the_judging_of_a_ledger_has_its_own_coverage(server: Server, tmp_path: Path) -> None:
    """Of a law in two halves the second run tells what it asked itself, and not what the first one did."""
    target = read_target(server.url, dialect="published", environment={})
    laws = LawOptions(names=("sum_sums",))
    settings = Settings(target, projections(target, "amberflo"), laws=laws, ledger=tmp_path / "run.ledger")
    start(settings)
    with Ledger.resume(tmp_path / "run.ledger") as ledger:
        found = judge(settings, ledger)
    tested = {each.operation_id for each in found.coverage if each.state is TESTED}
    assert "queryUsage" in tested
    assert "ingestMeterEvents" not in tested
