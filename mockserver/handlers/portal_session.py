"""Portal sessions: tokens that let a customer in, and the wrapper that holds a behaviour to the session's customer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.domain import usage
from mockserver.engine.binding import Binding, Tier, never
from mockserver.engine.call import Call, Reply
from mockserver.engine.changes import record
from mockserver.engine.errors import InvalidInput, NotPermitted, SessionRefused
from mockserver.engine.identifiers import minted
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import is_known

COLLECTION = "portal-sessions"
PORTAL_URL = "https://portal.amberflo.io/session/"
DAY_MS = 86_400_000
TOKEN_LENGTH = 32

CUSTOMER = "customerId"

PortalBehaviour = Callable[[Call, str], Reply]
"""(call, the session's customer) -> the answer."""
Held = Callable[[Call, str], Call]
"""(the session's call, its customer) -> the call as the account makes it about this customer."""


def create_session(call: Call) -> Reply:
    """Mints a token for a customer.

    Raises:
        InvalidInput: there is no such customer, or the session would be over already.
    """
    customer = call.body[CUSTOMER]
    expiration = call.body.get("expirationEpochMilliSeconds", call.now_ms + DAY_MS)
    if not is_known(call, customer):
        message = f"Invalid request: no customer exists with 'customerId': {printable(customer)}"
        raise InvalidInput(message, field=CUSTOMER, rule="unknown-customer")
    if expiration <= call.now_ms:
        message = "Invalid request: expirationEpochMilliSeconds must be in the future"
        raise InvalidInput(message, field="expirationEpochMilliSeconds", rule="past-expiration")
    number = call.store.next_number("portal-session")
    # The customer and the times are in it, so that no session after a reset gets the token of one before.
    token = f"{call.account_id}.{minted('', number, customer, call.now_ms, expiration, length=TOKEN_LENGTH)}"
    session = {CUSTOMER: customer, "createTime": call.now_ms, "expirationEpochMilliSeconds": expiration}
    session |= {name: call.body[name] for name in ("returnUrl",) if name in call.body}
    call.store.collection(COLLECTION).put(token, session)
    record(call, "portal session", minted("session-", number, length=12), "created", session)
    return Reply({"url": PORTAL_URL + token, "sessionToken": token})


def customer_of(call: Call) -> str:
    """The customer of the call's session.

    Raises:
        SessionRefused: there is no such session, it is over, or its customer is gone, which is our reading.
    """
    session = call.store.collection(COLLECTION).get(call.session_token or "")
    if session is None:
        raise SessionRefused("Invalid session token provided", rule="session-token")
    if session["expirationEpochMilliSeconds"] <= call.now_ms:
        raise SessionRefused("The session is over", rule="session-expired")
    customer: str = session[CUSTOMER]
    if not is_known(call, customer):
        raise SessionRefused("The session's customer no longer exists", rule="session-customer")
    return customer


def portal(
    behaviour: PortalBehaviour, *, tier: Tier = Tier.BEHAVIOUR, heavy: Callable[[Call], bool] = never
) -> Binding:
    """A behaviour that is told whose session asks, and answers that customer alone."""
    return Binding(lambda call: behaviour(call, customer_of(call)), tier, heavy)


def on_behalf(binding: Binding, held: Held) -> Binding:
    """Another family's behaviour, asked by the account for the session's customer.

    Args:
        binding: the behaviour.
        held: makes the account's call of the session's, so that it can only be about the customer.
    """
    return replace(binding, behaviour=lambda call: binding.behaviour(held(call, customer_of(call))))


def as_account(call: Call, *, body: Any = None, query: Mapping[str, Any] | None = None) -> Call:
    """The call as the account itself would make it, for behaviours of other families. Both share their warnings.

    Args:
        call: the session's call.
        body: what takes the place of its own.
        query: its query parameters; none when they are not given.
    """
    return replace(call, session_token=None, body=call.body if body is None else body, query=query or {})


def of_account(call: Call, _customer: str) -> Call:
    """The call about what every customer may see."""
    return as_account(call)


def by_query(name: str) -> Held:
    """The call with the customer as the query parameter of that name."""
    return lambda call, customer: as_account(call, query={**call.query, name: customer})


def by_body(call: Call, customer: str) -> Call:
    """The call with the customer in its body. Some clients send the product as a number.

    Raises:
        NotPermitted: the body names another customer.
    """
    require_own(customer, [call.body.get(CUSTOMER, customer)], CUSTOMER)
    product = {"productId": str(call.body["productId"])} if "productId" in call.body else {}
    return as_account(call, body={**call.body, **product, CUSTOMER: customer})


def with_filter(query: JsonObject, field: str, names: Sequence[str], customer: str, *, at: str = "") -> JsonObject:
    """A query of usage whose filter admits the customer alone.

    Args:
        query: as it was sent.
        field: where its filters are.
        names: all that its filters may call customers, the usual name first.
        customer: the session's.
        at: where the query stands in the request (`[2].`), for what is said of its fields.

    Raises:
        NotPermitted: the filter names another customer.
    """
    filters = dict(query.get(field) or {})
    # The domain's own name is no secret: a filter under it would take the place of the one that is set here.
    for name in (*names, usage.CUSTOMER):
        require_own(customer, filters.pop(name, []), f"{at}{field}.{names[0]}")
    return {**query, field: {**filters, names[0]: [customer]}}


def require_own(customer: str, named: Iterable[Any], field: str) -> None:
    """Refuses a request that names another customer than the session's.

    Raises:
        NotPermitted: it does.
    """
    if any(name != customer for name in named):
        message = f"'{field}' names another customer than the session's"
        raise NotPermitted(message, field=field, rule="other-customer")


BINDINGS: Mapping[str, Binding] = {"createSession": Binding(create_session)}
