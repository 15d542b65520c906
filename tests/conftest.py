"""What every test shares: a seeded, deadline-free Hypothesis profile, a running server and a fresh account on it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from mockserver.app import create_app
from tests.support.client import MockClient
from tests.support.copying_store import CopyingStore
from tests.support.serving import Server, serving, serving_apart

settings.register_profile(
    "metermock",
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("metermock")


def seconds(item: pytest.Item) -> float:
    """About how long a test takes, as its mark says; an unmarked one takes next to nothing."""
    slow = item.get_closest_marker("slow")
    return slow.kwargs.get("seconds", 10) if slow else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the longest tests, so that no process is left alone with one of them in the end."""
    items.sort(key=seconds, reverse=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The mock with its defaults, one for each test process."""
    with serving(create_app()) as running:
        yield running


@pytest.fixture(scope="session")
def server_apart() -> Iterator[Server]:
    """The mock in a process of its own, for whole runs: they hold it to the time that a request may take."""
    with serving_apart() as running:
        yield running


@pytest.fixture(scope="session")
def copying_server() -> Iterator[Server]:
    """The mock over a store that copies everything and runs behaviours in threads."""
    with serving(create_app(make_store=CopyingStore)) as running:
        yield running


@pytest.fixture
def mock(server: Server) -> Iterator[MockClient]:
    """A fresh account."""
    client = MockClient(server.url)
    yield client
    client.close()
