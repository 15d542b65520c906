"""The `/_mock/` operations."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from mockserver.app import create_app
from mockserver.engine.call import Call
from mockserver.engine.duties import Duty
from mockserver.settings import Settings
from specs import catalog
from tests.support.client import MockClient
from tests.support.copying_store import CopyingStore
from tests.support.serving import Server, serving

EVENT = {"meterApiName": "m", "customerId": "c", "meterValue": 1, "meterTimeInMillis": 0}


@pytest.mark.parametrize("path", ["health", "operations", "documents/amberflo.json", "docs/", "openapi.json"])
def test_health_and_documents_need_no_key(server: Server, path: str) -> None:
    """A browser without a key reads what is served and whether it runs."""
    assert requests.get(f"{server.url}/_mock/{path}", timeout=10).status_code == 200


@pytest.mark.parametrize("path", ["clock", "journal", "state"])
@pytest.mark.parametrize("headers", [{}, {"X-API-KEY": "live-1"}, {"Cookie": "X-API-KEY=test-a"}])
def test_an_accounts_operations_need_its_key(server: Server, path: str, headers: dict[str, str]) -> None:
    """No key, a wrong key, or a key at another place opens nothing."""
    response = requests.get(f"{server.url}/_mock/{path}?X-API-KEY=test-a", headers=headers, timeout=10)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("ApiKey")
    assert response.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("name", ["amberflo", "amberflo.published", "amberflo.live", "solvimon", "served"])
def test_documents_are_those_of_the_catalog(server: Server, name: str) -> None:
    """Each document is served as JSON, whole or in one dialect."""
    spec = requests.get(f"{server.url}/_mock/documents/{name}.json", timeout=10).json()
    vendor, _, dialect = name.partition(".")
    expected = catalog.project(dialect, vendor) if dialect else catalog.document(vendor) if vendor != "served" else None
    assert spec == (expected or catalog.served()).spec


def test_an_unknown_document_is_a_404_that_lists_the_known_ones(mock: MockClient) -> None:
    """The message says what there is."""
    response = mock.get("/_mock/documents/other.json")
    assert response.status_code == 404
    assert "amberflo.published" in response.json()["message"]


def test_operations_are_listed_with_document_evidence_and_tier(server: Server) -> None:
    """Every operation of the catalog is there, with how much stands behind it."""
    listed = requests.get(f"{server.url}/_mock/operations", timeout=10).json()
    assert {each["operationId"] for each in listed} == {each.operation_id for each in catalog.operations()}
    assert {each["tier"] for each in listed} <= {"behaviour", "resource", "example"}
    assert all(each["evidence"] and each["document"] for each in listed)


def test_reset_forgets_one_account_and_sets_its_policy(mock: MockClient, server: Server) -> None:
    """State and journal go, the policy changes, another account stays."""
    other = MockClient(server.url)
    for each in (mock, other):
        each.post("/ingest", json=EVENT)
    assert mock.post("/_mock/reset", json={"dedup": "record", "strict": True}).json() == {
        "reset": True,
        "dedup": "record",
        "strict": True,
    }
    assert mock.get("/_mock/state").json() == {"collections": {}, "events": 0}
    assert mock.journal() == []
    assert mock.post("/ingest", json=EVENT).status_code == 400
    assert other.get("/_mock/state").json()["events"] == 1
    other.close()


@pytest.mark.parametrize("body", [{"dedup": "none"}, {"strict": 1}, {"unknown": 1}, [], "x"])
def test_a_bad_reset_resets_nothing(mock: MockClient, body: object) -> None:
    """A body that is not understood is refused before anything is forgotten."""
    mock.post("/ingest", json=EVENT)
    assert mock.post("/_mock/reset", json=body).status_code == 400
    assert mock.get("/_mock/state").json()["events"] == 1


def test_the_clock_is_set_frozen_and_advanced(mock: MockClient) -> None:
    """Each account's time is in its client's hands, and dates what it creates."""
    shown = mock.clock(frozen=True, now="2026-03-01T00:00:00Z")
    assert shown == {"now": "2026-03-01T00:00:00.000Z", "nowInMillis": 1_772_323_200_000, "frozen": True}
    shown = mock.clock(advance={"days": 1, "hours": 2, "minutes": 3, "seconds": 4, "milliseconds": 5})
    assert shown["now"] == "2026-03-02T02:03:04.005Z"
    customer = mock.post("/customers", json={"customerId": "c", "customerName": "C"}).json()
    assert customer["createTime"] == shown["nowInMillis"]
    assert mock.clock(frozen=False)["frozen"] is False
    assert mock.get("/_mock/clock").json()["nowInMillis"] >= shown["nowInMillis"]


@pytest.mark.parametrize(
    "change",
    [
        {"now": "yesterday"},
        {"now": 10**18},
        {"now": True},
        {"advance": {"days": -1}},
        {"advance": {"weeks": 1}},
        {"advance": 5},
        {"advance": {"days": 4_000_000}},
        {"frozen": "yes"},
        {"tick": 1},
        {"now": 0, "advance": {"days": 4_000_000}},
    ],
)
def test_a_bad_clock_change_changes_nothing(mock: MockClient, change: dict[str, object]) -> None:
    """The clock stays where it was when any part of a change is refused."""
    before = mock.clock(frozen=True, now=1_000)
    response = mock.put("/_mock/clock", json=change)
    assert response.status_code == 400
    assert response.json()["details"]
    assert mock.get("/_mock/clock").json() == before


def test_the_journal_keeps_requests_answers_and_warnings_but_no_key(mock: MockClient) -> None:
    """A developer sees what was sent, what came back, and what was suspicious about it."""
    mock.post("/ingest", json=EVENT)
    mock.get("/customers/none")
    entries = mock.journal()
    assert [(entry["operationId"], entry["status"]) for entry in entries] == [
        ("ingestMeterEvents", 200),
        ("getCustomerById", 404),
    ]
    assert '"meterApiName": "m"' in entries[0]["request"]["body"]
    assert "records were ingested" in entries[0]["response"]["body"]
    assert {caution["rule"] for caution in entries[0]["warnings"]} == {"unknown-meter", "unknown-customer"}
    assert mock.key not in str(entries)
    assert [entry["status"] for entry in mock.journal(status=404)] == [404]
    assert [entry["sequence"] for entry in mock.journal(warnings="true")] == [1]
    assert [entry["sequence"] for entry in mock.journal(limit=1)] == [2]
    assert mock.journal(operationId="getCustomerById", limit=0) == []
    assert mock.get("/_mock/journal?limit=x").status_code == 400


def test_a_full_journal_drops_its_oldest_entries_and_long_bodies_are_cut() -> None:
    """The journal's memory is bounded."""
    with serving(create_app(Settings(journal_size=2))) as running:
        mock = MockClient(running.url)
        for name in ("a", "b", "c"):
            mock.post("/customers", json={"customerId": name, "customerName": "n" * 10_000})
        entries = mock.journal()
        assert [entry["sequence"] for entry in entries] == [2, 3]
        assert entries[0]["request"]["cut"]
        assert len(entries[0]["request"]["body"]) == 4096
        assert entries[0]["request"]["size"] > 10_000
        mock.close()


def test_state_shows_collections_and_their_documents(mock: MockClient) -> None:
    """What has no reading operation of its own can be read back here."""
    mock.post("/payments-pricing-amberflo-customer-prepaid", json={"customerId": "c", "amount": 5})
    state = mock.get("/_mock/state").json()
    assert state["collections"] == {"account-events": 1, "prepaid-orders": 1, "prepaid-owners": 1}
    (order,) = mock.get("/_mock/state/prepaid-orders").json()
    (event,) = mock.get("/_mock/state/account-events").json()
    assert (event["noun"], event["key"], event["verb"]) == ("prepaid order", order["id"], "created")
    assert mock.get("/_mock/state/nothing").status_code == 404


def test_control_paths_and_methods_that_do_not_exist(mock: MockClient) -> None:
    """Unknown control paths are 404, unknown methods 405, in the usual shape."""
    assert mock.get("/_mock/nothing").json()["code"] == "NOT_FOUND"
    assert mock.delete("/_mock/clock").status_code == 405


def test_two_keys_never_meet(server: Server) -> None:
    """Accounts used at the same time, through many connections, each see their own data alone."""

    def work(number: int) -> tuple[int, list[str]]:
        client = MockClient(server.url)
        for index in range(20):
            client.post("/customers", json={"customerId": f"{number}-{index}", "customerName": "n"})
            client.post("/ingest", json={**EVENT, "meterTimeInMillis": number * 100 + index})
        events = client.get("/_mock/state").json()["events"]
        keys = [customer["customerId"] for customer in client.get("/customers").json()]
        client.close()
        return events, keys

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    for number, (events, keys) in enumerate(results):
        assert events == 20
        assert keys == [f"{number}-{index}" for index in range(20)]


def test_what_falls_due_holds_up_nobody_else() -> None:
    """While an account's clock brings much about, others and health are answered; its own requests wait for it."""
    begun, done = threading.Event(), threading.Event()

    def perform(_call: Call) -> None:
        begun.set()
        done.wait(20)

    duty = Duty(lambda _store, now_ms: now_ms >= 1_000 and not done.is_set(), perform)
    app = create_app(Settings(clock_ms=0, frozen=True), duty=duty)
    with serving(app) as running, ThreadPoolExecutor() as pool:
        busy, other = MockClient(running.url), MockClient(running.url)
        advance = pool.submit(busy.clock, advance={"seconds": 1})
        assert begun.wait(20)
        waiting = pool.submit(busy.get, "/customers")
        assert other.get("/customers").json() == []
        assert requests.get(f"{running.url}/_mock/health", timeout=10).status_code == 200
        assert not advance.done()
        assert not waiting.done()
        done.set()
        assert advance.result(20)["nowInMillis"] == 1_000
        assert waiting.result(20).json() == []


def test_what_fell_due_is_done_before_anything_else() -> None:
    """Whatever a running clock has brought about is done before the next request is carried out, on any store."""
    seen: list[int] = []
    duty = Duty(lambda _store, now_ms: len(seen) < now_ms // 1_000, lambda call: seen.append(call.now_ms))
    for make_store in (None, CopyingStore):
        seen.clear()
        with serving(create_app(Settings(clock_ms=999, frozen=True), make_store, duty)) as running:
            client = MockClient(running.url)
            client.get("/customers")
            assert seen == []
            client.clock(now=1_000)
            assert seen == [1_000]
            client.get("/customers")
            assert seen == [1_000]
            client.close()
