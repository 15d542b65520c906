"""Handler tests run on both stores: the one in memory, and the copying one whose behaviours run in threads."""

from collections.abc import Iterator

import pytest

from tests.handlers.portals import portal_of
from tests.handlers.steps import NOON_MS, Account, stop_clock
from tests.support.client import MockClient


@pytest.fixture(params=["server", "copying_server"], ids=["memory", "copying"])
def mock(request: pytest.FixtureRequest) -> Iterator[MockClient]:
    """A fresh account on either store."""
    client = MockClient(request.getfixturevalue(request.param).url)
    yield client
    client.close()


@pytest.fixture
def account(mock: MockClient) -> Account:
    """An account whose clock stands at noon of 2024-06-12, with the meter `calls` and the customer `ann`."""
    account = Account(mock)
    stop_clock(mock, NOON_MS)
    account.define("calls")
    account.register("ann")
    return account


@pytest.fixture
def ann(account: Account) -> Iterator[MockClient]:
    """The portal of the customer `ann`, in an account that has the customer `bob` too."""
    account.register("bob")
    with portal_of(account.mock) as client:
        yield client
