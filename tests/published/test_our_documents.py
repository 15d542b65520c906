"""The settings and hooks of scripts/schemathesis: green on the mock with our own documents, safe elsewhere."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mockserver.app import create_app
from specs import catalog
from tests.support.client import MockClient
from tests.support.schemathesis_runs import Run, schemathesis
from tests.support.serving import serving

SETTINGS = Path(__file__).parents[2] / "scripts" / "schemathesis"

pytestmark = pytest.mark.slow


def run(mock: MockClient, folder: Path, document: str, *arguments: str, **environment: str) -> Run:
    """Runs Schemathesis beside the settings, on a document that the mock serves, in the account of `mock`."""
    for name in ("schemathesis.toml", "hooks.py"):
        shutil.copy(SETTINGS / name, folder)
    url = f"{mock.url}/_mock/documents/{document}.json"
    return schemathesis(folder, "run", url, "-H", f"X-API-KEY: {mock.key}", "--seed", "1", *arguments, **environment)


def elsewhere(mock: MockClient) -> str:
    """The mock's URL in a spelling that does not look like this machine."""
    return mock.url.replace("127.0.0.1", "127.1")


def methods(mock: MockClient) -> set[str]:
    """Every method that reached the mock's documented paths."""
    return {entry["method"] for entry in mock.journal() if not entry["path"].startswith("/_mock/")}


BRIEFLY = ("--phases", "fuzzing", "--max-examples", "1")
RUNS = {
    "amberflo.published": ("--max-examples", "20"),
    "solvimon": ("--max-examples", "20"),
    # So many operations take minutes in every phase; `contracts check` takes them.
    "amberflo.live": BRIEFLY,
    "amberflo": BRIEFLY,
}
"""The documents that the mock serves, and how hard each is looked at."""


def operations_of(document: str) -> int:
    """How many operations a served document has."""
    vendor, _, dialect = document.partition(".")
    return len((catalog.project(dialect, vendor) if dialect else catalog.document(vendor)).operations)


@pytest.mark.parametrize("document", RUNS)
def test_nothing_is_found(mock: MockClient, tmp_path: Path, document: str) -> None:
    """A plain run on a document that the mock serves tests every operation and finds nothing."""
    finished = run(mock, tmp_path, document, *RUNS[document])
    assert finished.status == 0, finished.output
    assert finished.verdict == (operations_of(document), 0, 0)


PREPAID = "/payments-pricing-amberflo-customer-prepaid"


class Fault(NamedTuple):
    """An operation that a server answers wrongly, and the code of the failure that must be found."""

    operation_id: str
    path: str
    status: int
    body: bytes
    code: str


FAULTS = {
    "a wrong body": Fault("listCustomers", "/customers", 200, b"[1]", "ST108"),
    "a refusal of valid data": Fault("createPrepaidOrder", PREPAID, 400, b"{}", "ST202"),
    "an undocumented status": Fault("listMeterDefinitions", "/meter-definition", 418, b"{}", "ST103"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_settings_hide_no_fault(tmp_path: Path, fault: Fault) -> None:
    """A server that breaks its document is found out, whatever the settings let pass."""
    mock = create_app()

    async def faulty(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") != fault.path:
            await mock(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": fault.status, "headers": headers})
        await send({"type": "http.response.body", "body": fault.body})

    with serving(faulty) as server:
        client = MockClient(server.url)
        finished = run(
            client, tmp_path, "amberflo", "--include-operation-id", fault.operation_id, "--phases", "examples,coverage"
        )
        client.close()
    assert finished.status == 1
    assert fault.code in finished.output


def test_another_machine_is_not_written_to(mock: MockClient, tmp_path: Path) -> None:
    """Writes to a target that is not this machine end in an error that says how to go on; nothing is sent."""
    finished = run(mock, tmp_path, "amberflo.published", "-u", elsewhere(mock), "--phases", "examples,coverage")
    assert finished.status == 1
    assert "POST /ingest would write to" in finished.output
    assert "METERMOCK_ALLOW_WRITES=1" in finished.output
    assert methods(mock) == {"GET"}


def test_another_machine_is_read(mock: MockClient, tmp_path: Path) -> None:
    """With --include-method GET a target that is not this machine is tested by reads alone, and the run is green."""
    briefly = ("--include-method", "GET", "--max-examples", "10")
    finished = run(mock, tmp_path, "amberflo.published", "-u", elsewhere(mock), *briefly)
    assert finished.status == 0, finished.output
    assert methods(mock) == {"GET"}


def test_another_machine_on_request(mock: MockClient, tmp_path: Path) -> None:
    """METERMOCK_ALLOW_WRITES=1 lets writes out."""
    arguments = ("-u", elsewhere(mock), "--include-operation-id", "createCustomer", "--phases", "examples")
    finished = run(mock, tmp_path, "amberflo", *arguments, METERMOCK_ALLOW_WRITES="1")
    assert finished.status == 0, finished.output
    assert methods(mock) == {"POST"}
