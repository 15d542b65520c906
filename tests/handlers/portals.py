"""Portals of customers, for the tests of the portal's families."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.handlers.steps import Account
from tests.support.client import MockClient


def opened(mock: MockClient, customer: str = "ann", **more: Any) -> str:
    """The token of a new session."""
    token: str = Account.take(mock.post("/session", json={"customerId": customer, **more}))["sessionToken"]
    return token


@contextmanager
def portal_of(mock: MockClient, customer: str = "ann") -> Iterator[MockClient]:
    """A client in the portal of a customer."""
    client = MockClient(mock.url, f"Session {opened(mock, customer)}")
    try:
        yield client
    finally:
        client.close()
