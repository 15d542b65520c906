"""A mock inside the test process, and a fresh account of it."""

from collections.abc import Iterator

import pytest

from mockserver.testing import MockAccount, MockServer


@pytest.fixture(scope="session")
def local() -> Iterator[MockServer]:
    """A mock with its defaults, one for each test process."""
    with MockServer() as server:
        yield server


@pytest.fixture
def account(local: MockServer) -> Iterator[MockAccount]:
    """A fresh account of it."""
    fresh = local.account()
    yield fresh
    fresh.close()
