"""Accounts: each API key is one, with its own state, clock, journal and rules."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mockserver.domain.identity import Dedup
from mockserver.engine.clock import Clock
from mockserver.engine.journal import Journal
from mockserver.engine.store import Store


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules an account runs by.

    Attributes:
        dedup: what makes two events the same.
        strict: whether each warning is a refusal.
        unit_price: what a unit of usage costs on an invoice, in `currency`.
        currency: ISO code printed on invoices.
    """

    dedup: Dedup = Dedup.EVENT
    strict: bool = False
    unit_price: Decimal = Decimal("1.00")
    currency: str = "USD"


class Account:
    """One tenant. A request holds `lock` while its behaviour runs, so requests are atomic."""

    def __init__(self, *, store: Store, clock: Clock, journal: Journal, policy: Policy) -> None:
        self.store = store
        self.clock = clock
        self.journal = journal
        self.policy = policy
        self.lock = asyncio.Lock()

    def reset(self, **policy: Any) -> None:
        """Forgets state and journal; the clock stays. `policy` replaces those rules of the account."""
        self.policy = replace(self.policy, **policy)
        self.store.clear()
        self.journal.clear()


class Accounts:
    """Every account of a server by its API key, opened at first use.

    Args:
        open_account: makes a fresh account.
    """

    def __init__(self, open_account: Callable[[], Account]) -> None:
        self._open = open_account
        self._accounts: dict[str, Account] = {}

    def of(self, api_key: str) -> Account:
        """The account of a key that was accepted."""
        account = self._accounts.get(api_key)
        if account is None:
            account = self._accounts[api_key] = self._open()
        return account
