"""Accounts: one for each key, and what a reset leaves."""

from decimal import Decimal

import pytest

from mockserver.domain.identity import Dedup
from mockserver.engine.account import Account, Accounts, Policy, public_id
from mockserver.engine.clock import Clock
from mockserver.engine.journal import Entry, Journal
from mockserver.engine.store import MemoryStore


def opened(public_id: str = "acct-1") -> Account:
    """A fresh account with a frozen clock."""
    clock = Clock(77, frozen=True)
    return Account(public_id=public_id, store=MemoryStore(), clock=clock, journal=Journal(), policy=Policy())


@pytest.fixture
def account() -> Account:
    """An account with a document and a journal entry."""
    account = opened()
    account.store.collection("things").put("a", {})
    account.journal.add(Entry(account.journal.next_sequence(), 0, "GET", "/", "", None, 200, 0))
    return account


def test_the_default_policy_is_lenient() -> None:
    """Events are told apart by event identity, and warnings refuse nothing."""
    assert Policy() == Policy(dedup=Dedup.EVENT, strict=False, unit_price=Decimal("1.00"), currency="USD")


def test_a_reset_forgets_state_and_journal_but_not_the_time(account: Account) -> None:
    """After a reset the account is empty and its clock shows what it showed."""
    account.reset()
    assert (account.store.collections(), len(account.journal), account.clock.now_ms()) == ([], 0, 77)


def test_a_reset_replaces_only_the_rules_it_names(account: Account) -> None:
    """A reset with one rule keeps the others, and the next reset keeps that one."""
    account.reset(strict=True)
    account.reset(dedup=Dedup.RECORD)
    assert account.policy == Policy(dedup=Dedup.RECORD, strict=True)


def test_a_rule_that_does_not_exist_changes_nothing(account: Account) -> None:
    """A misspelt rule is an error before anything is forgotten."""
    with pytest.raises(TypeError):
        account.reset(dedupe=Dedup.RECORD)
    assert account.store.collections() == ["things"]


def test_a_key_opens_one_account() -> None:
    """The same key is always the same account, and two keys never are."""
    accounts = Accounts(opened)
    assert accounts.of("test-a") is accounts.of("test-a")
    assert accounts.of("test-a") is not accounts.of("test-b")


def test_accounts_share_no_state() -> None:
    """What is stored under one key is not seen under another."""
    accounts = Accounts(opened)
    accounts.of("test-a").store.collection("things").put("a", {})
    assert accounts.of("test-b").store.collections() == []


def test_an_account_is_found_by_its_public_id() -> None:
    """The public id follows from the key alone, does not show it, and finds the account once the key was used."""
    accounts = Accounts(opened)
    account = accounts.of("test-secret")
    assert account.public_id == public_id("test-secret") != public_id("test-other")
    assert "secret" not in account.public_id
    assert accounts.by_public_id(account.public_id) is account
    assert accounts.by_public_id(public_id("test-other")) is None
