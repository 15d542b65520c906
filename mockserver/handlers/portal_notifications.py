"""The portal's notifications: those that watch the session's customer alone. Others are as if they did not exist."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.errors import KeyNotFound
from mockserver.engine.printing import printable
from mockserver.engine.store import JsonObject
from mockserver.handlers import notifications
from mockserver.handlers.notifications import NOTIFICATIONS, list_notifications
from mockserver.handlers.portal_session import CUSTOMER, as_account, by_body, customer_of, on_behalf, portal

MODE = "customerFilterMode"
OWN_MODE = "specific-customer"


def list_own(call: Call, customer: str) -> Reply:
    """The customer's notifications, oldest first."""
    listed = list_notifications(as_account(call)).body
    return Reply([notification for notification in listed if is_own(notification, customer)])


def is_own(notification: JsonObject, customer: str) -> bool:
    """Whether a notification watches this customer alone."""
    return notification.get(MODE) == OWN_MODE and notification.get(CUSTOMER) == customer


def for_own_customer(call: Call, customer: str) -> Call:
    """The call with a notification that watches the session's customer, whatever the body says of customers.

    Raises:
        NotPermitted: the body names another customer.
    """
    held = by_body(call, customer)
    held.body[MODE] = OWN_MODE
    return held


def as_new(call: Call, customer: str) -> Call:
    """As `for_own_customer`, under an id that the server makes: one of the caller's could be another's."""
    held = for_own_customer(call, customer)
    held.body.pop(NOTIFICATIONS.key, None)
    return held


def as_change(call: Call, customer: str) -> Call:
    """As `for_own_customer`, of a notification that is the customer's already.

    Raises:
        KeyNotFound: it is not.
    """
    require_own_notification(call, customer, call.body[NOTIFICATIONS.key])
    return for_own_customer(call, customer)


def of_own(binding: Binding) -> Binding:
    """A behaviour on the notification that the path names, once it is known to be the customer's."""

    def behaviour(call: Call) -> Reply:
        require_own_notification(call, customer_of(call), NOTIFICATIONS.named(call))
        return binding.behaviour(as_account(call))

    return Binding(behaviour, binding.tier)


def require_own_notification(call: Call, customer: str, key: str) -> None:
    """Refuses a notification that is another's exactly as one that is nobody's.

    Raises:
        KeyNotFound: the customer has no such notification.
    """
    notification = NOTIFICATIONS.documents(call).get(key)
    if notification is None or not is_own(notification, customer):
        message = f"no {NOTIFICATIONS.noun} with '{NOTIFICATIONS.key}': {printable(key)}"
        raise KeyNotFound(message, field=NOTIFICATIONS.key, rule="unknown-key")


_ACCOUNT = notifications.BINDINGS

BINDINGS: Mapping[str, Binding] = {
    "portalListNotifications": portal(list_own, tier=Tier.RESOURCE),
    "portalCreateNotification": on_behalf(_ACCOUNT["createNotification"], as_new),
    "portalUpdateNotification": on_behalf(_ACCOUNT["updateNotification"], as_change),
    "portalGetNotificationById": of_own(_ACCOUNT["getNotificationById"]),
    "portalDeleteNotification": of_own(_ACCOUNT["deleteNotification"]),
}
