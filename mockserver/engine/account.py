"""Accounts: each API key is one, with its own state, clock, journal and rules."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mockserver.domain.identity import Dedup
from mockserver.engine.clock import Clock
from mockserver.engine.identifiers import minted
from mockserver.engine.journal import Journal
from mockserver.engine.store import Store


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules an account runs by.

    Attributes:
        dedup: what makes two events the same.
        strict: whether each warning is a refusal.
        unit_price: what a unit of usage costs under a plan that is not defined, in `currency`.
        currency: ISO code printed on invoices.
    """

    dedup: Dedup = Dedup.EVENT
    strict: bool = False
    unit_price: Decimal = Decimal("1.00")
    currency: str = "USD"


class Account:
    """One tenant. A request holds `lock` while its behaviour runs, so requests are atomic.

    Args:
        public_id: names the account where its key must not be seen.
    """

    def __init__(self, *, public_id: str, store: Store, clock: Clock, journal: Journal, policy: Policy) -> None:
        self.public_id = public_id
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


def public_id(api_key: str) -> str:
    """The id of a key's account: the same in every run, and nothing leads from it back to the key."""
    return minted("acct-", api_key, length=16)


class Accounts:
    """Every account of a server, opened at first use.

    Args:
        open_account: makes a fresh account of a public id.
    """

    def __init__(self, open_account: Callable[[str], Account]) -> None:
        self._open = open_account
        self._accounts: dict[str, Account] = {}
        self._by_public_id: dict[str, Account] = {}

    def of(self, api_key: str) -> Account:
        """The account of a key that was accepted."""
        account = self._accounts.get(api_key)
        if account is None:
            account = self._accounts[api_key] = self._open(public_id(api_key))
            self._by_public_id[account.public_id] = account
        return account

    def by_public_id(self, public_id: str) -> Account | None:
        """The account of a public id, once its key was used; None when it was not."""
        return self._by_public_id.get(public_id)
