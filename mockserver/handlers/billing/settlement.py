"""What the clock brings about: customers move to the successors of their plans, and invoices are locked.

Everything that has fallen due is done in order of time before a request is carried out, or while the clock is changed,
so that two years that pass at once leave the same books as two years that pass day by day.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from mockserver.domain.billing_periods import Assignment, BillingWindow
from mockserver.domain.books import Carry
from mockserver.domain.decimals import exact_arithmetic
from mockserver.engine.call import Call
from mockserver.engine.changes import record
from mockserver.engine.duties import Duty
from mockserver.engine.paging import Selection
from mockserver.engine.store import JsonObject
from mockserver.handlers.billing.books import CARRY, LOCKED_UNTIL, SHELF, Account, Books
from mockserver.handlers.billing.due import BOOKS, DUE, DUTIES, EVERYONE, NEXT, book_key, is_due
from mockserver.handlers.billing.records import (
    INVOICES,
    Billed,
    billed_from_record,
    carry_to_record,
    record_key,
    record_of,
)
from mockserver.handlers.billing.telling import Teller
from mockserver.handlers.plan_successors import move_to_successor, successor_of
from mockserver.handlers.webhooks import READY_INVOICES, deliver, subscription_of

SETTLED: Final = "settledMs"
NOUN: Final = "invoice"
_PAGE: Final = 500


class _Locked(NamedTuple):
    """An invoice that was locked: when, whose it is, when it starts, and what is told of it in brief."""

    lock_ms: int
    customer: str
    product: str
    start_s: int
    brief: JsonObject


def settle(call: Call) -> None:
    """Does everything that has fallen due by `call.now_ms`; what there is to warn of concerns no request."""
    call = replace(call, policy=replace(call.policy, strict=False), warnings=[])
    account = Account(call)
    locked: list[_Locked] = []
    with exact_arithmetic():
        for customer, product in _due_books(call):
            locked += _settle_book(account, customer, product)
        _announce(account, locked)
    first = call.store.collection(BOOKS).page(Selection(sort=DUE, limit=1)).documents
    duties = call.store.collection(DUTIES)
    if first and first[0].get(DUE) is not None:
        duties.put(NEXT, {DUE: first[0][DUE]})
    else:
        duties.delete(NEXT)


SETTLEMENT: Final = Duty(is_due, settle)


def _due_books(call: Call) -> Iterator[tuple[str, str]]:
    """The books to look at, whoever fell due first."""
    everyone = (call.store.collection(DUTIES).get(NEXT) or {}).get(EVERYONE, False)
    books = call.store.collection(BOOKS)
    due = []
    for start in range(0, len(books), _PAGE):
        page = books.page(Selection(sort=DUE, offset=start, limit=_PAGE)).documents
        found = [each for each in page if everyone or each.get(DUE, call.now_ms + 1) <= call.now_ms]
        due += [(each["customerId"], each["productId"]) for each in found]
        if len(found) < len(page):
            break
    return iter(due)


def _settle_book(account: Account, customer: str, product: str) -> list[_Locked]:
    """Settles one customer's book and says when it has to be looked at again."""
    books = Books(account, customer, product)
    while _move_on(books):
        books = Books(account, customer, product)
    due, later = _due_windows(books)
    locked, carry = _lock(books, due)
    book = {**books.book, "customerId": customer, "productId": product, SETTLED: account.call.now_ms}
    if due:
        book[LOCKED_UNTIL] = max(window.end_s for window, _ in due)
    if locked:
        book[SHELF] = [*book.get(SHELF, ()), *(each.start_s for each in locked)]
        book[CARRY] = carry_to_record(carry)
    next_ms = _next_due_ms(books, later)
    book.pop(DUE, None)
    due_next = {} if next_ms is None else {DUE: next_ms}
    account.call.store.collection(BOOKS).put(book_key(customer, product), {**book, **due_next})
    return locked


def _lock(books: Books, due: list[tuple[BillingWindow, int]]) -> tuple[list[_Locked], Carry]:
    """Locks windows, and says what is carried on from them."""
    locked, carry = [], books.carry
    moments = {window.start_s: lock_ms for window, lock_ms in due}
    invoices, teller = books.account.call.store.collection(INVOICES), Teller(books)
    for billed, carried in books.billed([window for window, _ in due]):
        kept, carry = replace(billed, is_locked=True), carried
        start_s = kept.invoice.window.start_s
        key = record_key(books.customer, books.product, start_s)
        invoices.put(key, record_of(books.customer, books.product, kept))
        locked.append(_Locked(moments[start_s], books.customer, books.product, start_s, teller.brief(kept)))
    return locked, carry


def _move_on(books: Books) -> bool:
    """Moves the customer to the successor of a deprecated plan at the first end of a period that has passed since."""
    call = books.account.call
    settled_ms = books.book.get(SETTLED, call.now_ms)
    moves = [
        (window.end_s * 1000, successor)
        for assignment in books.assignments
        if (successor := successor_of(call, assignment.plan_id)) is not None
        for window in books.windows
        if _goes_on_after(assignment, window) and settled_ms < window.end_s * 1000 <= call.now_ms
    ]
    if not moves:
        return False
    at_ms, successor = min(moves)
    return move_to_successor(call, books.customer, books.product, successor, at_ms) is not None


def _goes_on_after(assignment: Assignment, window: BillingWindow) -> bool:
    """Whether a window is a period of an assignment that has another one after it."""
    starts_inside = window.plan_id == assignment.plan_id and window.start_s * 1000 >= assignment.start_ms
    return starts_inside and (assignment.end_ms is None or window.end_s * 1000 < assignment.end_ms)


def _due_windows(books: Books) -> tuple[list[tuple[BillingWindow, int]], list[int]]:
    """The windows to lock, each with the moment, and when the others are looked at again.

    No window is locked before the one that goes before it.
    """
    now_ms, grace_hours = books.account.call.now_ms, books.account.grace_hours
    due: list[tuple[BillingWindow, int]] = []
    later: list[int] = []
    floor_ms = None
    for window in books.windows:
        own_ms = window.lock_ms(grace_hours)
        lock_ms = own_ms if floor_ms is None else max(own_ms, floor_ms)
        floor_ms = lock_ms
        if lock_ms <= now_ms and not later:
            due.append((window, lock_ms))
        else:
            later.append(window.end_s * 1000 if window.end_s * 1000 > now_ms else lock_ms)
    return due, later


def _next_due_ms(books: Books, later: list[int]) -> int | None:
    now_ms = books.account.call.now_ms
    future = [each.start_ms for each in books.assignments if each.start_ms > now_ms]
    return min([*later, *future], default=None)


def _announce(account: Account, locked: Iterable[_Locked]) -> None:
    """Tells the event log, in brief, and whoever subscribed to ready invoices."""
    call = account.call
    is_awaited = subscription_of(call, READY_INVOICES) is not None
    for each in sorted(locked):
        then = replace(call, now_ms=each.lock_ms)
        record(then, NOUN, each.brief["invoiceUri"], "updated", each.brief)
        if is_awaited:
            # Nothing can have come too late for what is being locked.
            teller = Teller(Books(account, each.customer, each.product), late=False)
            deliver(then, READY_INVOICES, teller.to_api(_kept(call, each)), customer=each.customer)


def _kept(call: Call, locked: _Locked) -> Billed:
    """An invoice that was locked, as it is kept."""
    record_of_it = call.store.collection(INVOICES).get(record_key(locked.customer, locked.product, locked.start_s))
    assert record_of_it is not None, "it was put there before"  # noqa: S101 - for the type checker
    return billed_from_record(record_of_it)
