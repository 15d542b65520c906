"""Each fault of the tiny server is seen by a plain request, and found by a run on the operation that has it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import pytest
import requests

from contracts.conformance import Conformance
from contracts.exitcodes import ExitCode
from contracts.keys import AMBERFLO, OTHER
from contracts.laws.table import LAWS
from contracts.model import Finding, Limits, Profile
from contracts.runner import run
from contracts.settings import Settings, projections
from contracts.target import read_target
from tests.contracts.faulty.document import THINGS
from tests.contracts.faulty.server import EVERY, Fault, Faulty
from tests.support.serving import Server, serving

LIMITS = Limits(5, 60, ("examples", "coverage", "fuzzing", "stateful"), 100)
SECONDS = 1.0
BASH = shutil.which("bash") or "bash"


def check(url: str, *, seed: int = 1, key: str = "test-run") -> Conformance:
    """A run on the tiny server."""
    target = read_target(url, document=str(THINGS), environment={AMBERFLO: key, OTHER: "test-other"})
    found = projections(target, str(THINGS))
    return run(
        Settings(
            target,
            found,
            Profile.STANDARD,
            seed,
            files={each.document.name: THINGS for each in found},
            limits=LIMITS,
            seconds=SECONDS,
        )
    )


class Client:
    """A plain client with a key of its own.

    Args:
        url: Of the server.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._key = f"test-{uuid4()}"

    def ask(self, method: str, path: str, body: object = None, *, key: str | None = None) -> requests.Response:
        """One request."""
        headers = {"X-API-KEY": self._key if key is None else key}
        return requests.request(method, f"{self._url}{path}", json=body, headers=headers, timeout=SECONDS)

    def made(self) -> requests.Response:
        """The answer to the creation of a thing, or to the reading of it when that worked."""
        created = self.ask("POST", "/things", {"thingId": "it", "name": "It"})
        return self.ask("GET", "/things/it") if created.status_code == 200 else created


def fails(call: Callable[[], object]) -> bool:
    """Whether a request has no whole answer."""
    with suppress(requests.RequestException):
        call()
        return False
    return True


@dataclass(frozen=True)
class Expected:
    """What is to be found of a fault.

    Args:
        check: Which check fails.
        operation_id: On which operation; empty when it can be any.
        seen: Whether a plain client sees the fault.
    """

    check: str
    operation_id: str
    seen: Callable[[Client], bool]


EXPECTED = {
    Fault.MISSING_FIELD: Expected("response_schema_conformance", "getThing", lambda c: "name" not in c.made().json()),
    Fault.WRONG_TYPE: Expected("response_schema_conformance", "getThing", lambda c: c.made().json().get("name") == 5),
    Fault.STATUS: Expected("status_code_conformance", "createThing", lambda c: c.made().status_code == 201),
    Fault.CONTENT_TYPE: Expected(
        "content_type_conformance", "listThings", lambda c: "csv" in c.ask("GET", "/things").headers["content-type"]
    ),
    Fault.NO_ALLOW: Expected(
        "unsupported_method", "listThings", lambda c: "allow" not in c.ask("PUT", "/things").headers
    ),
    Fault.WRONG_ALLOW: Expected(
        "allow_header_conformance", "listThings", lambda c: c.ask("OPTIONS", "/things").headers["allow"] == "GET"
    ),
    Fault.ERROR_BODY: Expected(
        "response_schema_conformance", "getThing", lambda c: "oops" in c.ask("GET", "/things/none").json()
    ),
    Fault.ANY_KEY: Expected("key_required", "listThings", lambda c: c.ask("GET", "/things", key="wrong").ok),
    Fault.INVALID_ACCEPTED: Expected(
        "negative_data_rejection", "createNote", lambda c: c.ask("POST", "/notes", {"text": 5}).ok
    ),
    Fault.VALID_REFUSED: Expected(
        "positive_data_acceptance",
        "createNote",
        lambda c: c.ask("POST", "/notes", {"text": "a", "important": True}).status_code == 400,
    ),
    Fault.EXAMPLE_REFUSED: Expected(
        "positive_data_acceptance",
        "createThing",
        lambda c: c.ask("POST", "/things", {"thingId": "new", "name": "Anvil"}).status_code == 400,
    ),
    Fault.DELETE_KEEPS: Expected(
        "use_after_free",
        "deleteThing",
        lambda c: (c.made(), c.ask("DELETE", "/things/it"), c.ask("GET", "/things/it"))[2].ok,
    ),
    Fault.CREATE_FORGETS: Expected(
        "ensure_resource_availability", "createThing", lambda c: c.made().status_code == 404
    ),
    Fault.CUT_BODY: Expected("answer_complete", "listThings", lambda c: fails(lambda: c.ask("GET", "/things").content)),
    Fault.UNAVAILABLE: Expected(
        "not_a_server_error",
        "",
        lambda c: 503 in [c.ask("GET", "/things").status_code for _ in range(EVERY)],
    ),
    Fault.SLOW: Expected("answer_in_time", "getThing", lambda c: fails(lambda: c.ask("GET", "/things/it"))),
    Fault.ONE_ACCOUNT: Expected(
        "account_isolation", "getThing", lambda c: (c.made(), c.ask("GET", "/things/it", key="test-another"))[1].ok
    ),
    Fault.WRONG_KEY_DELETES: Expected(
        "refused_key_changes_nothing",
        "deleteThing",
        lambda c: (
            (c.made(), c.ask("DELETE", "/things/it", key="wrong"), c.ask("GET", "/things/it"))[2].status_code == 404
        ),
    ),
    Fault.HTML_ERROR: Expected(
        "response_schema_conformance", "listThings", lambda c: c.ask("GET", "/things").text.startswith("<")
    ),
    Fault.NOT_UTF8: Expected(
        "response_schema_conformance", "listThings", lambda c: b"\xff" in c.ask("GET", "/things").content
    ),
}

# What the same fault shows elsewhere too; every other finding would be one too many.
ALSO = {
    Fault.ANY_KEY: {"key_required", "account_isolation"},
    Fault.STATUS: {"status_code_conformance"},
    Fault.MISSING_FIELD: {"response_schema_conformance", "read_back_equals_written"},
    Fault.WRONG_TYPE: {"response_schema_conformance", "read_back_equals_written"},
    Fault.CREATE_FORGETS: {"ensure_resource_availability"},
}

# Their status depends on how many requests there were, or there is none.
NOT_REPEATABLE = {Fault.UNAVAILABLE, Fault.SLOW, Fault.CUT_BODY}


@pytest.fixture(scope="module")
def faultless() -> Iterator[Server]:
    """The server without a fault."""
    with serving(Faulty(Fault.NONE).app()) as server:
        yield server


def test_every_fault_is_expected() -> None:
    """No fault of the server is left out of the table."""
    assert set(EXPECTED) == set(Fault) - {Fault.NONE}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_faultless_server_conforms(seed: int) -> None:
    """Without a fault there is no finding, and every check that applies was made."""
    with serving(Faulty(Fault.NONE).app()) as server:
        found = check(server.url, seed=seed)
    assert found.judgement.open == ()
    assert found.exit_code is ExitCode.CONFORMS
    assert {outcome.result.value for outcome in found.outcomes} == {"conform"}


@pytest.mark.parametrize("fault", EXPECTED, ids=lambda fault: fault.name.lower())
def test_a_plain_request_sees_the_fault(fault: Fault, faultless: Server) -> None:
    """The fault is really there, and without it the same request does not see it."""
    with serving(Faulty(fault).app()) as server:
        assert EXPECTED[fault].seen(Client(server.url))
    assert not EXPECTED[fault].seen(Client(faultless.url))


@pytest.mark.slow
@pytest.mark.parametrize("fault", EXPECTED, ids=lambda fault: fault.name.lower())
def test_a_run_finds_the_fault(fault: Fault) -> None:
    """A run ends with 1, names the operation and the check, says nothing else, and its commands see the same status."""
    expected = EXPECTED[fault]
    with serving(Faulty(fault).app()) as server:
        found = check(server.url)
        assert found.exit_code is ExitCode.FINDINGS, found
        names = {(finding.identity.check, finding.identity.operation_id) for finding in found.judgement.open}
        if expected.operation_id:
            assert (expected.check, expected.operation_id) in names
        assert {name for name, _ in names} <= ALSO.get(fault, {expected.check})
        if fault not in NOT_REPEATABLE:
            for finding in found.judgement.open:
                repeat(finding)


def repeat(finding: Finding) -> None:
    """Runs each printed command as printed, for an empty account, and compares the status of its last answer."""
    examples = [example for example in finding.examples if example.curl]
    assert examples, finding
    for example in examples:
        # A law says nothing of statuses: what it shows is the answer of its example.
        assert finding.identity.status == (None if finding.identity.check in LAWS else example.exchange.status)
        environment = {**os.environ, AMBERFLO: f"test-{uuid4()}", OTHER: f"test-{uuid4()}"}
        shown = subprocess.run(
            [BASH, "-c", example.curl], env=environment, capture_output=True, check=True, timeout=30
        ).stdout
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", shown)]
        assert statuses[-1] == example.exchange.status, (example.curl, shown)
