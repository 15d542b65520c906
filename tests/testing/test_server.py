"""The mock inside a test process: accounts, the ways to reach them, and that nothing is left behind."""

import asyncio
import gc
import logging
import socket
import threading
import unittest
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from mockserver.testing import MockAccount, MockServer, MockServerError, asgi_app

ACME = {"customerId": "acme", "customerName": "Acme"}
BASE = "http://mock"


async def ids(transport: httpx.ASGITransport, headers: dict[str, str]) -> list[str]:
    """The ids of an account's customers, asked for without a socket."""
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        answer = await client.get("/customers")
        return [customer["customerId"] for customer in answer.raise_for_status().json()]


def test_accounts_are_fresh_and_apart(account: MockAccount) -> None:
    """A second account has another key and sees nothing of the first; both are empty at first."""
    other = account.other()
    assert account.client.get("/customers").json() == []
    account.client.post("/customers", json=ACME).raise_for_status()
    assert other.client.get("/customers").json() == []
    assert other.key != account.key
    assert other.journal.requests[0].path == "/customers"
    assert len(other.journal.requests) == 1


def test_the_key_is_not_shown(account: MockAccount) -> None:
    """What pytest prints of an account does not hold its key."""
    shown = repr([account, account.clock, account.journal])
    assert account.key not in shown
    assert account.headers == {"X-API-KEY": account.key}


def test_a_reset_forgets_and_sets_rules(account: MockAccount) -> None:
    """State and journal are gone, and the rules are the new ones."""
    account.client.post("/customers", json=ACME).raise_for_status()
    account.reset(strict=True)
    assert account.journal.requests == []
    assert account.client.get("/customers").json() == []
    event = {"meterApiName": "calls", "customerId": "acme", "meterValue": 1, "meterTimeInMillis": 1}
    assert account.client.post("/ingest", json=event).status_code == 400
    with pytest.raises(ValueError, match="dedup must be one of"):
        account.reset(dedup="never")


def test_closing_empties_and_hangs_up(local: MockServer) -> None:
    """A closed account holds nothing more, its client and those of its others are closed."""
    account = local.account()
    other = account.other()
    clients = [account.client, other.client]
    account.client.post("/customers", json=ACME).raise_for_status()
    account.close()
    assert [client.is_closed for client in clients] == [True, True]
    assert asyncio.run(ids(local.transport(), account.headers)) == []


def test_every_way_leads_to_the_same_account(local: MockServer, account: MockAccount) -> None:
    """What was written over HTTP is read without a socket, in one event loop after the other."""
    account.client.post("/customers", json=ACME).raise_for_status()
    for _ in range(3):
        assert asyncio.run(ids(local.transport(), account.headers)) == ["acme"]
    account.journal.assert_requested("GET", "/customers", times=3)


def test_requests_of_many_loops_at_once(local: MockServer, account: MockAccount) -> None:
    """Event loops in several threads share an account: each event counts, and none meets another loop's lock."""

    async def send(thread: int) -> None:
        async with httpx.AsyncClient(transport=local.transport(), base_url=BASE, headers=account.headers) as client:
            bodies = [{"customerId": f"{thread}-{number}", "customerName": "A"} for number in range(25)]
            answers = await asyncio.gather(*(client.post("/customers", json=body) for body in bodies))
            assert {answer.status_code for answer in answers} == {200}

    threads = [threading.Thread(target=asyncio.run, args=(send(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(asyncio.run(ids(local.transport(), account.headers)))) == 100


def test_a_streamed_body_arrives_whole(local: MockServer, account: MockAccount) -> None:
    """A body that comes in pieces is one body."""

    async def send() -> httpx.Response:
        async def pieces() -> Any:
            for piece in (b'{"customerId": "acme",', b' "customerName"', b': "Acme"}'):
                yield piece

        async with httpx.AsyncClient(transport=local.transport(), base_url=BASE, headers=account.headers) as client:
            return await client.post("/customers", content=pieces(), headers={"Content-Type": "application/json"})

    assert asyncio.run(send()).json()["customerName"] == "Acme"


def test_it_listens_when_asked(account: MockAccount) -> None:
    """A server that is reached in process alone opens no port, and stops all the same."""
    with MockServer(strict=True) as server:
        assert repr(server) == "MockServer()"
        assert asyncio.run(ids(server.transport(), server.account().headers)) == []
        assert repr(server) == "MockServer()"
        first = server.url
        assert server.url == first != account.url
        assert httpx.get(f"{first}/_mock/health").json()["status"] == "ok"


def test_a_stopped_server_is_gone() -> None:
    """After the block nobody listens, the thread has ended, and stopping twice does no harm."""
    before = threading.active_count()
    with MockServer() as server:
        account = server.account()
        port = int(server.url.rpartition(":")[2])
        connection = socket.create_connection(("127.0.0.1", port))
    server.close()
    account.close()
    connection.close()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    with pytest.raises(MockServerError, match="listens no more"):
        _ = account.url
    with pytest.raises(RuntimeError, match="answers no more"):
        _ = account.clock.now
    with pytest.raises(RuntimeError, match="answers no more"):
        asyncio.run(ids(server.transport(), account.headers))


def test_no_port_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that lets nobody listen is told about in one line; the server can still be reached in process."""

    def refuse(*_address: Any, **_options: Any) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    with MockServer() as server:
        monkeypatch.setattr(socket, "create_server", refuse)
        with pytest.raises(MockServerError, match=r"^cannot listen on a free port of 127.0.0.1: Permission denied$"):
            _ = server.url
        assert asyncio.run(ids(server.transport(), server.account().headers)) == []


def test_the_process_is_left_alone() -> None:
    """The server tunes no garbage collection of a process that is not its own, and logs no request."""
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    with MockServer() as server:
        httpx.get(f"{server.url}/_mock/health").raise_for_status()
        asyncio.run(lifespan(asgi_app()))
    assert gc.get_threshold() == thresholds
    # What was frozen before may have gone meanwhile.
    assert gc.get_freeze_count() <= frozen
    assert not logging.getLogger("mockserver.access").isEnabledFor(logging.INFO)


def test_exact_keys_leave_no_fresh_one() -> None:
    """Where only given keys are accepted there is no fresh account, and a given key opens its own."""
    with MockServer(api_key=["mine"]) as server:
        with pytest.raises(MockServerError, match="accepts only the keys of --api-key"):
            server.account()
        mine = server.account("mine")
        assert mine.client.get("/customers").status_code == 200
        mine.close()


async def lifespan(app: Any) -> list[str]:
    """Starts and stops an app as a host does; what it says to that."""
    said: list[str] = []
    coming = ["lifespan.startup", "lifespan.shutdown"]

    async def receive() -> MutableMapping[str, Any]:
        return {"type": coming.pop(0)}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    return said


def test_the_plain_app_has_the_options() -> None:
    """The app alone takes the options of the command line, with a lifespan or without one."""
    app = asgi_app(strict=True, clock="2026-03-01", freeze=True)
    headers = {"X-API-KEY": "test-plain"}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, headers=headers) as client:
            return await client.get("/_mock/clock")

    assert asyncio.run(ask()).json()["now"] == "2026-03-01T00:00:00.000Z"
    assert asyncio.run(lifespan(app)) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(MockServerError, match="--strikt"):
        asgi_app(strikt=True)
    with pytest.raises(MockServerError, match="charge path"):
        asgi_app(charge_path="nowhere")


def test_unittest_can_use_it() -> None:
    """A case of unittest starts and stops it with the class."""

    class Case(unittest.TestCase):
        """A user's test case."""

        server: MockServer

        @classmethod
        def setUpClass(cls) -> None:
            """Starts the mock."""
            cls.server = cls.enterClassContext(MockServer())

        def test_empty(self) -> None:
            """A fresh account is empty."""
            account = self.server.account()
            self.addCleanup(account.close)
            self.assertEqual(account.client.get("/customers").json(), [])  # noqa: PT009 - unittest's own

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert (result.testsRun, result.failures, result.errors) == (1, [], [])
