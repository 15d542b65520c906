"""Failures that are none: known false alarms of the engine, each with its reason, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts.checks.interaction import Interaction
from contracts.checks.second_opinion import Opinion
from specs.catalog import Document, Operation

ALWAYS_LEGAL = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
"""What valid data may be answered with whatever the operation; from 500 on it is another check's failure."""

LEGAL_REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "duplicate-key": "the key is taken",
        "empty-key": "the key is the empty string",
        "malformed-line": "a line of the body is no event",
        "reversed-range": "the range ends before it starts",
        "too-many-rows": "the answer would be too long",
    }
)
"""Why a document says that valid data may be refused with 400: the words of `x-refuses`."""


def legal_statuses(operation: Operation) -> tuple[str, ...]:
    """What valid data may be answered with by an operation; 400 where its document has a reason to refuse."""
    return (*ALWAYS_LEGAL, "400") if operation.refuses else ALWAYS_LEGAL


@dataclass(frozen=True)
class Ground:
    """What an excuse may look at.

    Args:
        projection: The document as the dialect knows it.
        whole: The document with all its forms.
    """

    projection: Opinion
    whole: Opinion

    @classmethod
    def of(cls, projection: Document, whole: Document) -> "Ground":
        """The ground of a projection and of the document that it was made from."""
        return cls(Opinion(projection.spec), Opinion(whole.spec))


@dataclass(frozen=True)
class Excuse:
    """Why a failure of a check is none.

    Args:
        check: Whose.
        reason: A sentence for the report.
        holds: Whether it is the reason for this exchange.
    """

    check: str
    reason: str
    holds: Callable[[Interaction, Ground], bool]


def _other_dialect(interaction: Interaction, ground: Ground) -> bool:
    return ground.whole.accepts(interaction) and not ground.projection.accepts(interaction)


EXCUSES: tuple[Excuse, ...] = (
    Excuse(
        "negative_data_rejection",
        "the data is invalid in this dialect alone, and the target may know the other one too",
        _other_dialect,
    ),
)


def excuse(check: str, interaction: Interaction, ground: Ground) -> Excuse | None:
    """The excuse of a failure, or None when it is one."""
    return next((each for each in EXCUSES if each.check == check and each.holds(interaction, ground)), None)
