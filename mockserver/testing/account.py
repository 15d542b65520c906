"""An account of the mock that nobody has used."""

import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

from mockserver.testing.clock import MockClock
from mockserver.testing.journal import MockJournal

if TYPE_CHECKING:
    from mockserver.testing.server import MockServer

PATIENCE_S = 30.0


class MockAccount:
    """One key, and so one tenant with a state, a clock and a journal of its own.

    Args:
        server: the mock.
        key: the API key.
    """

    def __init__(self, server: "MockServer", key: str) -> None:
        self.key = key
        self._server = server
        self._others: list[MockAccount] = []

    def __repr__(self) -> str:
        return f"MockAccount({self._server!r})"

    @property
    def url(self) -> str:
        """Where the server listens; the first to ask lets it."""
        return self._server.url

    @property
    def headers(self) -> dict[str, str]:
        """The header that carries the key, for Amberflo's operations and Solvimon's alike."""
        return {"X-API-KEY": self.key}

    @cached_property
    def client(self) -> httpx.Client:
        """A client with the base URL and the key; it is closed with the account."""
        # Nothing is encrypted here, and httpx would read all authorities' certificates for each client.
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=PATIENCE_S, trust_env=False, verify=unused)

    @cached_property
    def clock(self) -> MockClock:
        """The account's clock."""
        return MockClock(self._control)

    @cached_property
    def journal(self) -> MockJournal:
        """What the account was asked."""
        return MockJournal(self._control, self._server.paths, self._server.settings.journal_size, secret=self.key)

    def reset(self, *, dedup: str | None = None, strict: bool | None = None) -> None:
        """Forgets state and journal, and may set the account's rules anew; the clock stays.

        Args:
            dedup: what makes two events the same: event, record, latest or unique-id.
            strict: whether each warning is a refusal.

        Raises:
            ValueError: there is no such rule.
        """
        rules = {"dedup": dedup, "strict": strict}
        self._control("POST", "/_mock/reset", {name: rule for name, rule in rules.items() if rule is not None})

    def other(self) -> "MockAccount":
        """A second fresh account on the same server, closed with this one."""
        account = self._server.account()
        self._others.append(account)
        return account

    def close(self) -> None:
        """Closes the client and empties the account, so that thousands of tests do not fill the memory."""
        for other in self._others:
            other.close()
        client = self.__dict__.pop("client", None)
        if client is not None:
            client.close()
        if not self._server.closed:
            self.reset()

    def _control(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        return self._server.control(self.key, method, path, document)
