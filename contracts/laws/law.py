"""The words of a law: what has to hold, why, on whose word, and how it is tried. Data alone, but for `Law.play`."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hypothesis.strategies import SearchStrategy

from contracts.model import Profile, Result, Severity
from specs.catalog import Document

if TYPE_CHECKING:
    from contracts.checks.asking import Reply
    from contracts.laws.trial import Trial


class Family(StrEnum):
    """What a law is about."""

    INGEST = "ingest"
    USAGE = "usage"
    RULES = "rules"
    RESOURCES = "resources"
    ACCOUNTS = "accounts"
    BILLING = "billing"
    CHARGES = "charges"
    ROBUSTNESS = "robustness"
    SEQUENCES = "sequences"


class Evidence(StrEnum):
    """On whose word a law rests."""

    PUBLISHED = "published"
    """A published document says so."""
    DOCUMENTED = "documented"
    """The vendor's pages or clients say so."""
    READING = "our reading"
    """Nobody says so: it is how we read what is said. A difference is told, and is a finding only when asked for."""


class Need(StrEnum):
    """What a target or a run must have for a law to be tried."""

    WRITES = "writes"
    SECOND_KEY = "a second key"
    CLOCK = "a controllable clock"
    BILLING = "billing"
    LOOPBACK = "a target on this machine"


class Dedup(StrEnum):
    """What makes two events the same; a target has one of these rules."""

    EVENT = "event"
    RECORD = "record"
    LATEST = "latest"
    UNIQUE_ID = "unique-id"


EVERY_MODE = frozenset(Dedup)


@dataclass(frozen=True)
class Subject:
    """What one trial of a law is about.

    Args:
        operation_id: The operation that the result is told of.
        asks: Every operation that a trial asks; one that may not be sent leaves the law untested.
        about: What else the law has to know, such as a kind of thing.
    """

    operation_id: str
    asks: frozenset[str] = frozenset()
    about: Any = None


Subjects = Callable[[Document], Iterable[Subject]]

Play = Callable[["Trial", Any], Iterator[None] | None]
"""Tries a law once, on one case.

It returns when the law held, raises `Broken` when it did not, and `Unclear` when nothing can be said. A generator
first writes, then yields once, then reads: its two halves may lie hours apart, in two processes, so that the second
half knows nothing of the first but the trial and the case.
"""


@dataclass(frozen=True)
class Law:
    """A property that a platform of this kind has to have.

    Args:
        name: What reports call it, such as `resend_counts_once`.
        family: What it is about.
        expects: What has to hold, as a clause that begins with "that".
        why: What goes wrong for whoever builds on the platform when it does not hold, and how it is tried; a few
            sentences for somebody who has never thought of it.
        evidence: On whose word it rests.
        source: Where that word stands.
        severity: Of a difference.
        subjects: What it is tried on in a document; nothing when the document has no such operations.
        play: Tries it once.
        needs: What has to be there.
        modes: The rules of deduplication under which it holds.
        cases: Fixed data, the smallest first; each is tried in every profile.
        generated: More data, for the profiles beyond smoke; None for none.
        examples: How many generated cases the standard profile tries.
        profile: The first profile that tries it.
    """

    name: str
    family: Family
    expects: str
    why: str
    evidence: Evidence
    source: str
    severity: Severity
    subjects: Subjects
    play: Play
    needs: frozenset[Need] = frozenset({Need.WRITES})
    modes: frozenset[Dedup] = EVERY_MODE
    cases: tuple[Any, ...] = (None,)
    generated: Callable[[], SearchStrategy[Any]] | None = None
    examples: int = 8
    profile: Profile = Profile.SMOKE

    @property
    def late(self) -> bool:
        """Whether it is told from what is counted, which some platforms have settled only hours later."""
        return inspect.isgeneratorfunction(self.play)


class Broken(Exception):  # noqa: N818 - a law is broken; nothing of ours went wrong
    """A law does not hold.

    Args:
        expected: What should have been, in words and numbers of this case.
        got: What was.
        shown: The answers that show it; the writes of the trial stand before them by themselves.
        operation_id: The operation whose fault it is, when that is another than the subject's.
    """

    def __init__(self, expected: str, got: str, *shown: "Reply", operation_id: str = "") -> None:
        super().__init__(f"{expected}; {got}")
        self.expected = expected
        self.got = got
        self.shown = shown
        self.operation_id = operation_id


class Unclear(Exception):  # noqa: N818 - as above
    """Nothing can be said of a law.

    Args:
        reason: Why, as a sentence without its full stop.
        result: `INCONCLUSIVE`, `UNTESTED` or `NOT_REACHABLE`.
    """

    def __init__(self, reason: str, result: Result = Result.INCONCLUSIVE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.result = result
