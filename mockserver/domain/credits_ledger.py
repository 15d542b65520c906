"""A customer's prepaid credits as a ledger: what was issued, what was consumed, what ran out.

That a card makes one entry when it is issued, one for each invoice that drew of it, and one for what is left when it
expires, is our reading; the vendor's portal shows a ledger and does not say how it comes about.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from mockserver.domain.decimals import added


class Transaction(StrEnum):
    """What an entry tells of, in the order in which entries of one second stand."""

    ISSUED = "issued"
    CONSUMED = "consumed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CreditCard:
    """A prepaid card that was paid for.

    Attributes:
        currency: ISO code of the amounts.
        worth: what it holds at first.
        consumed: the invoices that drew of it, and how much each: together at most its worth.
        start_s, expiration_s: from when it counts, and from when no longer; None for never.
        kind, label, uri: how it is told apart from others.
    """

    currency: str
    worth: Decimal
    consumed: tuple[tuple[str, Decimal], ...]
    start_s: int
    expiration_s: int | None
    kind: str = ""
    label: str = ""
    uri: str = ""

    @property
    def used(self) -> Decimal:
        """How much of it was consumed."""
        return added(amount for _, amount in self.consumed)

    @property
    def left(self) -> Decimal:
        """What was not consumed."""
        return added([self.worth, self.used.copy_negate()])


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One thing that came in (above 0) or went out (below 0), what was there after it, and the invoice that drew it."""

    time_s: int
    transaction: Transaction
    amount: Decimal
    balance: Decimal
    card: CreditCard
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class CreditsLedger:
    """All of one currency: `total` is `available` and `consumed` and `expired` together.

    Attributes:
        current, past: entries of cards that still count, and of those that expired, each in order of time.
    """

    currency: str
    total: Decimal
    available: Decimal
    consumed: Decimal
    expired: Decimal
    current: tuple[LedgerEntry, ...]
    past: tuple[LedgerEntry, ...]


def credits_ledgers(cards: Iterable[CreditCard], now_s: int) -> list[CreditsLedger]:
    """The ledgers of the cards that have begun, one a currency, by its name."""
    begun = [card for card in cards if card.start_s <= now_s]
    currencies = sorted({card.currency for card in begun})
    return [_ledger(currency, [card for card in begun if card.currency == currency], now_s) for currency in currencies]


def _ledger(currency: str, cards: list[CreditCard], now_s: int) -> CreditsLedger:
    entries = _balanced(sorted((each for card in cards for each in _movements(card, now_s)), key=_in_time))
    total, consumed = added(card.worth for card in cards), added(card.used for card in cards)
    expired = added(card.left for card in cards if _is_over(card, now_s))
    return CreditsLedger(
        currency=currency,
        total=total,
        available=added([total, consumed.copy_negate(), expired.copy_negate()]),
        consumed=consumed,
        expired=expired,
        current=tuple(entry for entry in entries if not _is_over(entry.card, now_s)),
        past=tuple(entry for entry in entries if _is_over(entry.card, now_s)),
    )


def _is_over(card: CreditCard, now_s: int) -> bool:
    return card.expiration_s is not None and card.expiration_s <= now_s


def _movements(card: CreditCard, now_s: int) -> Iterator[LedgerEntry]:
    """A card's entries without their balance. When it was consumed is not known: at the latest, so that is told."""
    over = _is_over(card, now_s)
    last_s = card.expiration_s if over and card.expiration_s is not None else now_s
    last_s, nothing = max(last_s, card.start_s), Decimal(0)
    yield LedgerEntry(card.start_s, Transaction.ISSUED, card.worth, nothing, card)
    for invoice, amount in card.consumed:
        yield LedgerEntry(last_s, Transaction.CONSUMED, amount.copy_negate(), nothing, card, invoice)
    if over and card.left:
        yield LedgerEntry(last_s, Transaction.EXPIRED, card.left.copy_negate(), nothing, card)


_ORDER = {transaction: place for place, transaction in enumerate(Transaction)}


def _in_time(entry: LedgerEntry) -> tuple[int, int]:
    return entry.time_s, _ORDER[entry.transaction]


def _balanced(entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The entries with what was there after each."""
    balance, told = Decimal(0), []
    for entry in entries:
        balance = added([balance, entry.amount])
        told.append(replace(entry, balance=balance))
    return told
