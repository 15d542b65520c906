"""How an operation is answered: a behaviour, the tier that says how much is behind it, and whether it is heavy."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mockserver.engine.call import Behaviour, Call


class BindingError(Exception):
    """Operations and bindings do not match; the message names them."""


class Tier(StrEnum):
    """How much stands behind an operation."""

    BEHAVIOUR = "behaviour"
    """Written by hand: the answer has meaning beyond what was stored."""
    RESOURCE = "resource"
    """Documents are stored, listed, read back, replaced and deleted."""
    EXAMPLE = "example"
    """The document's example is answered; nothing is kept."""


def never(_call: Call) -> bool:
    """The call is light: it runs on the event loop."""
    return False


@dataclass(frozen=True, slots=True)
class Binding:
    """An operation's behaviour.

    Attributes:
        behaviour: what answers.
        tier: how much stands behind the answer.
        heavy: whether a call takes so long that it must run in a worker thread.
        reason: why nothing better than an example is answered; empty for the other tiers.
    """

    behaviour: Behaviour
    tier: Tier = Tier.BEHAVIOUR
    heavy: Callable[[Call], bool] = never
    reason: str = ""
