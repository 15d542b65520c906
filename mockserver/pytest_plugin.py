"""Fixtures for tests of programs that call the mocked APIs: a server, fresh accounts, their clock and their journal.

This module is imported by every session of every project that has the package installed, so at its top it imports
nothing but pytest; the mock is imported by the first test that asks for it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx

    from mockserver.testing import MockAccount, MockClock, MockJournal, MockServer

OPTIONS = "metermock_options"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the setting."""
    parser.addini(OPTIONS, "options of `mockserver serve` for the fixture mock_server", type="args", default=[])


@pytest.fixture(scope="session")
def mock_options(pytestconfig: pytest.Config) -> Sequence[str]:
    """Options of `mockserver serve` for mock_server; override it to compute them, in the topmost conftest.py."""
    options: list[str] = pytestconfig.getini(OPTIONS)
    return options


@pytest.fixture(scope="session")
def mock_server(mock_options: Sequence[str]) -> Iterator[MockServer]:
    """The mock on a free port, one for each test process; `.url` says where."""
    with warnings.catch_warnings():
        # While pytest makes errors of warnings, the package's own guard must be put up before it is imported.
        warnings.simplefilter("ignore")
        from mockserver.testing import MockServer, MockServerError  # noqa: PLC0415 - see the module
    try:
        server = MockServer(mock_options)
    except MockServerError as error:
        pytest.fail(f"the mock cannot start: {error} ({OPTIONS} or mock_options)", pytrace=False)
    with server:
        yield server


@pytest.fixture
def mock_account(mock_server: MockServer) -> Iterator[MockAccount]:
    """A fresh account: `.url`, `.key`, `.headers`, an httpx client in `.client`, a second account by `.other()`."""
    from mockserver.testing import MockServerError  # noqa: PLC0415 - see the module

    try:
        account = mock_server.account()
    except MockServerError as error:
        pytest.fail(str(error), pytrace=False)
    yield account
    account.close()


@pytest.fixture
def mock_clock(mock_account: MockAccount) -> MockClock:
    """The account's clock: `.now`, `.set()`, `.advance()`, `.freeze()`, `.thaw()`."""
    return mock_account.clock


@pytest.fixture
def mock_journal(mock_account: MockAccount) -> MockJournal:
    """What the account was asked: `.requests`, `.warnings`, `.assert_requested()` and its like."""
    return mock_account.journal


@pytest.fixture(scope="session")
def mock_transport(mock_server: MockServer) -> httpx.ASGITransport:
    """A transport for `httpx.AsyncClient` that reaches the same accounts without a socket."""
    return mock_server.transport()
