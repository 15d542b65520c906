"""The lifecycle of a customer: the order of its stages, and how long each of them lasted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum


class Stage(IntEnum):
    """Where a customer stands. Stages only move forward, and the last one is final.

    Source: the vendor's page on updating the lifecycle stage.
    """

    ONBOARDING = 1
    TRIAL = 2
    ACTIVE = 3
    OFFBOARDED = 4


OTHER_SPELLINGS = {"TRAIL": "TRIAL"}
"""The published document's spelling of a stage."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A stage, as it was spelled, and how long it lasted in Unix milliseconds; `end_ms` is None while it lasts."""

    stage: str
    start_ms: int
    end_ms: int | None = None


def stage_of(spelling: str | None) -> Stage | None:
    """The stage that a spelling means, in either case; None without one.

    Raises:
        KeyError: there is no such stage.
    """
    if spelling is None:
        return None
    name = spelling.upper()
    return Stage[OTHER_SPELLINGS.get(name, name)]


def moves_back(before: str | None, after: str | None) -> bool:
    """Whether a customer that stood in one stage would go back to an earlier one; a stage may be entered from none."""
    earlier, later = stage_of(before), stage_of(after)
    return earlier is not None and later is not None and later < earlier


def entered(history: Sequence[Spell], spelling: str | None, now_ms: int) -> list[Spell]:
    """The history with the customer in a stage from now on, or in none.

    Entering the present stage again begins nothing; only its spelling is taken over.
    """
    spells = list(history)
    present = spells[-1] if spells and spells[-1].end_ms is None else None
    if present is not None:
        if spelling is not None and stage_of(present.stage) is stage_of(spelling):
            spells[-1] = replace(present, stage=spelling)
            return spells
        spells[-1] = replace(present, end_ms=now_ms)
    if spelling is not None:
        spells.append(Spell(spelling, now_ms))
    return spells
