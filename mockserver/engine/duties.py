"""What falls due as an account's time goes by, and has to be done before anything else is answered."""

from collections.abc import Callable
from dataclasses import dataclass

from mockserver.engine.call import Call
from mockserver.engine.store import Store


@dataclass(frozen=True, slots=True)
class Duty:
    """Work that the clock brings about.

    Attributes:
        is_due: whether there is any at a time (Unix milliseconds); asked before every request, so it must be cheap.
        perform: does all that is due at the call's time.
    """

    is_due: Callable[[Store, int], bool]
    perform: Callable[[Call], None]


def nothing_due(_store: Store, _now_ms: int) -> bool:
    """Nothing ever falls due."""
    return False


def nothing_done(_call: Call) -> None:
    """There is nothing to do."""


NO_DUTY = Duty(nothing_due, nothing_done)
"""The duty of a server without books."""


def perform(duty: Duty, call: Call) -> None:
    """Does all that is due at the call's time, or nothing of it when something fails."""
    with call.store.transaction():
        duty.perform(call)
