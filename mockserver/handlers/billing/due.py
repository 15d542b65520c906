"""When the books have to be settled next: kept with the state, so that a request costs one look-up.

Whoever changes what the times of invoices depend on says so here; the next request, or the next change of the clock,
settles what is due before anything else happens.
"""

from mockserver.engine.call import Call
from mockserver.engine.store import JsonObject, Store

BOOKS = "billing-books"
DUTIES = "billing-duties"
NEXT, DUE, EVERYONE = "next", "dueMs", "everyone"


def book_key(customer: str, product: str) -> str:
    """The key of a customer's book."""
    return f"{customer}\x00{product}"


def due_ms(store: Store) -> int | None:
    """When something falls due (Unix milliseconds), or None when nothing ever does."""
    duty = store.collection(DUTIES).get(NEXT)
    return None if duty is None else duty[DUE]


def is_due(store: Store, now_ms: int) -> bool:
    """Whether something has fallen due."""
    moment_ms = due_ms(store)
    return moment_ms is not None and moment_ms <= now_ms


def touch(call: Call, customer: str, product: str) -> None:
    """Has one customer's book looked at before the next request: the assignments of the customer have changed."""
    books = call.store.collection(BOOKS)
    key = book_key(customer, product)
    book: JsonObject = books.get(key) or {"customerId": customer, "productId": product}
    books.put(key, {**book, DUE: call.now_ms})
    duty = call.store.collection(DUTIES).get(NEXT) or {}
    call.store.collection(DUTIES).put(NEXT, {**duty, DUE: call.now_ms})


def touch_all(call: Call) -> None:
    """Has every book looked at before the next request: a plan or the settings of the account have changed."""
    if len(call.store.collection(BOOKS)):
        call.store.collection(DUTIES).put(NEXT, {DUE: call.now_ms, EVERYONE: True})
