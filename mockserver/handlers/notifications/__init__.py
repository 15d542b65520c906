"""Notifications: alerts that watch the usage of a meter, fire when it crosses a threshold, and tell of it."""

from collections.abc import Mapping
from decimal import Decimal

from mockserver.engine.binding import Binding, Tier
from mockserver.engine.call import Call, Reply
from mockserver.engine.resource import Reference, Resource
from mockserver.engine.store import JsonObject
from mockserver.handlers.customers import COLLECTION as CUSTOMERS
from mockserver.handlers.meters import warn_unknown_meter
from mockserver.handlers.notifications.judging import begin, forget, judge_ended, judge_running
from mockserver.handlers.notifications.watching import QUESTION, USAGE, meter_of, missing_field, watch_of


def notification_from_api(call: Call, document: JsonObject, previous: JsonObject | None) -> JsonObject:
    """The alert to keep: a threshold that came as text becomes a number, and a lone address a list.

    One whose question changed may fire anew (our reading).
    """
    _warn(call, document)
    if isinstance(document.get("thresholdValue"), str):
        number = Decimal(document["thresholdValue"])
        document["thresholdValue"] = int(number) if number == int(number) else float(number)
    if isinstance(document.get("email"), str):
        document["email"] = [document["email"]]
    if previous is not None:
        judge_ended(call, previous)
    if previous is None or any(previous.get(name) != document.get(name) for name in QUESTION):
        begin(call, document)
    return document


def deleted_notification(call: Call, document: JsonObject, _previous: JsonObject | None) -> JsonObject:
    """What a delete answers: the alert as it went. It is forgotten when it last fired."""
    judge_ended(call, document)
    forget(call, document)
    return document


NOTIFICATIONS = Resource(
    "notifications",
    noun="notification",
    mints="notification-",
    stamped=True,
    defaults={"notificationType": USAGE},
    lower=("notificationType", "thresholdCondition", "range", "customerFilterMode"),
    references=(
        Reference("customerId", CUSTOMERS, "customer"),
        Reference("productPlanId", "product-plans", "product plan"),
    ),
    prepare=notification_from_api,
)


def has_notifications(call: Call) -> bool:
    """Whether the account has any alert."""
    return len(NOTIFICATIONS.documents(call)) > 0


def after_ingest(call: Call, meters: set[str]) -> None:
    """Fires the alerts on meters that got usage, where the running period crossed the threshold.

    Args:
        call: the request that brought the usage, already stored.
        meters: by their API names.
    """
    for document in NOTIFICATIONS.documents(call).documents():
        watch = watch_of(call, document)
        if watch is not None and watch.meter in meters:
            judge_running(call, watch)


def judge_ended_periods(call: Call) -> None:
    """Fires the alerts that only the end of a period shows, for every period that ended since somebody looked."""
    for document in NOTIFICATIONS.documents(call).documents():
        judge_ended(call, document)


def list_notifications(call: Call) -> Reply:
    """All alerts, oldest first; whoever lists them wants to know what fired."""
    judge_ended_periods(call)
    return _LIST.behaviour(call)


def _warn(call: Call, document: JsonObject) -> None:
    missing = missing_field(document)
    if missing is not None and missing != "notificationType":
        call.warn(missing, "watches-nothing", f"without {missing} the alert watches nothing and never fires")
    if document.get("meterId") and meter_of(call, document["meterId"]) is None:
        warn_unknown_meter(call, document["meterId"], "meterId")


_LIST = NOTIFICATIONS.list()

BINDINGS: Mapping[str, Binding] = {
    "createNotification": NOTIFICATIONS.create(),
    "listNotifications": Binding(list_notifications, Tier.RESOURCE),
    "updateNotification": NOTIFICATIONS.replace(),
    "getNotificationById": NOTIFICATIONS.get(),
    "deleteNotification": NOTIFICATIONS.delete(answer=deleted_notification),
}
