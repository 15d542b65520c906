"""Which customers exist, and what is warned of one that does not."""

from mockserver.engine.call import Call
from mockserver.engine.printing import printable
from mockserver.handlers.customers_stages import CUSTOMERS


def is_known(call: Call, customer: str | None) -> bool:
    """Whether a customer with this id exists."""
    return customer is not None and customer in call.store.collection(CUSTOMERS)


def warn_unknown_customer(call: Call, customer: str | None, field: str = "customerId") -> None:
    """Warns that a request names no customer, or one that does not exist.

    Raises:
        StrictRefusal: the account is strict.
    """
    if customer is None:
        call.warn(field, "unknown-customer", "customerId is absent")
    else:
        call.warn(field, "unknown-customer", f"no customer exists with 'customerId': {printable(customer)}")
