"""Each flaw of the gadgets' server, and nothing else, is found: keys in queries, keys of its own, locks, sessions."""

import os
import re
import shutil
import subprocess
from typing import Any
from uuid import uuid4

import pytest
import requests
from starlette.exceptions import HTTPException
from starlette.requests import Request

from contracts.conformance import Conformance
from contracts.exitcodes import ExitCode
from contracts.keys import AMBERFLO, OTHER, SESSION
from contracts.model import Finding, Limits, Profile
from contracts.runner import run
from contracts.settings import Settings, projections
from contracts.target import read_target
from tests.contracts.faulty.gadgets import GADGETS, Flaw, Gadgets
from tests.support.serving import serving

LIMITS = Limits(3, 60, ("examples", "coverage"), 100)
BASH = shutil.which("bash") or "bash"

EXPECTED = {
    Flaw.ACCOUNT_KEY: {("key_required", "greet")},
    Flaw.ANY_TOKEN: {("key_required", "greet")},
    Flaw.KEEPS: {("use_after_free", "deleteGadget")},
    Flaw.FORGETS: {("ensure_resource_availability", "createGadget")},
    Flaw.ONE_ACCOUNT: {("account_isolation", "getGadget")},
    Flaw.WRONG_KEY_DELETES: {("refused_key_changes_nothing", "deleteGadget")},
    Flaw.PART: {("response_schema_conformance", "getPart")},
}


def check(url: str, **environment: str) -> Conformance:
    """A run on the server."""
    target = read_target(url, document=str(GADGETS), environment={AMBERFLO: "test-run", OTHER: "test-2", **environment})
    found = projections(target, str(GADGETS))
    return run(Settings(target, found, Profile.STANDARD, 1, files={"gadgets": GADGETS}, limits=LIMITS))


def test_every_flaw_is_expected() -> None:
    """No flaw of the server is left out of the table."""
    assert set(EXPECTED) == set(Flaw) - {Flaw.NONE}


def test_the_flawless_server_conforms() -> None:
    """Without a flaw there is no finding, no operation is without a success, and every check was made."""
    with serving(Gadgets(Flaw.NONE).app()) as server:
        found = check(server.url)
    assert found.judgement.open == ()
    assert found.exit_code is ExitCode.CONFORMS
    assert found.unreached == ()
    assert {outcome.result.value for outcome in found.outcomes} == {"conform"}


@pytest.mark.parametrize("flaw", EXPECTED, ids=lambda flaw: flaw.name.lower())
def test_a_run_finds_the_flaw(flaw: Flaw) -> None:
    """A run names the operation and the check, says nothing else, and its commands see the same status."""
    with serving(Gadgets(flaw).app()) as server:
        found = check(server.url)
        assert {(each.identity.check, each.identity.operation_id) for each in found.judgement.open} == EXPECTED[flaw]
        for finding in found.judgement.open:
            repeat(server.url, finding)


def repeat(url: str, finding: Finding) -> None:
    """Runs the commands of a finding as printed; there is none that names a key which the target has chosen itself."""
    for command in (example.curl for example in finding.examples if example.curl):
        assert not re.search(r"gadget-\d|part-\d", command)
        environment = {**os.environ, AMBERFLO: f"test-{uuid4()}", OTHER: "test-3", SESSION: token(url)}
        shown = subprocess.run([BASH, "-c", command], env=environment, capture_output=True, check=True, timeout=30)
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", shown.stdout)]
        assert statuses[-1] == finding.identity.status, (command, shown)


def token(url: str) -> str:
    """The token of a session of a customer of its own."""
    headers, customer = {"X-API-KEY": f"test-{uuid4()}"}, {"customerId": "acme"}
    requests.post(f"{url}/customers", json=customer, headers=headers, timeout=5).raise_for_status()
    opened = requests.post(f"{url}/session", json=customer, headers=headers, timeout=5).json()
    return str(opened["sessionToken"])


def test_a_given_session_is_used() -> None:
    """A token from the environment opens the portal, and the run opens no session for it."""
    with serving(Gadgets(Flaw.NONE).app()) as server:
        given = token(server.url)
        found = check(server.url, **{SESSION: given})
    assert found.judgement.open == ()
    assert not [each for each in found.unreached if each.operation_id == "greet"]
    assert given not in repr(found)


class Shut(Gadgets):
    """The server without a way to open a session."""

    async def _session(self, _request: Request, _store: Any) -> Any:
        raise HTTPException(400, "not today")


def test_without_a_session_the_portal_is_not_reachable() -> None:
    """When no session can be opened, nothing of the portal is asked or passed, and the reason is told."""
    with serving(Shut(Flaw.NONE).app()) as server:
        found = check(server.url)
    portal = [each for each in found.outcomes if each.cell.operation_id == "greet"]
    assert {(each.result.value, each.reason) for each in portal} == {
        ("not-reachable", "there is no session: createSession answered 400")
    }
    assert "greet" not in found.requests.operations


def test_a_session_that_opens_nothing_is_found() -> None:
    """With a token that the target does not know the portal's operations have no success, and the report says so."""
    with serving(Gadgets(Flaw.NONE).app()) as server:
        found = check(server.url, **{SESSION: "nobodys-token"})
    assert [each.operation_id for each in found.unreached] == ["greet"]
