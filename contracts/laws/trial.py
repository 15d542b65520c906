"""One trial of a law: keys of its own, a talk of its own, and readings that wait where a target settles late."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from contracts.checks.asking import Asker, Reply
from contracts.clock import Clock
from contracts.laws.law import Broken, Dedup, Subject, Unclear
from contracts.laws.metering import DAY, Metering, same
from contracts.laws.talk import Call, Talk
from contracts.model import Profile, Result
from specs.catalog import Document

LONGEST_NAME = 22
"""Characters of a law's name that stand in the keys of its trials; platforms take names of 50."""

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0

T = TypeVar("T")


class TargetClock(Protocol):
    """The clock of an account, where a run may set it."""

    def now(self) -> float:
        """Seconds since 1970 UTC as the account sees them."""

    def advance(self, seconds: int) -> Reply:
        """Lets time pass for the account; the answer."""


@dataclass(frozen=True)
class Terms:
    """What is the same for every trial of a run.

    Args:
        prefix: What every key begins with.
        profile: How hard the run looks.
        seed: Of everything that is generated.
        now: Seconds since 1970 UTC when the run began.
        settle: Seconds that a reading may wait until what was written is counted.
        ends: When the clock's monotonic time is beyond it, nothing more is tried.
        local: What waits and tells the time.
        dedup: What makes two events the same at the target.
        target: The target's clock, or None when it cannot be set.
        whole: The document before it was reduced to one dialect.
    """

    prefix: str
    profile: Profile
    seed: int
    now: float
    settle: float
    ends: float
    local: Clock
    dedup: Dedup
    target: TargetClock | None
    whole: Document


@dataclass
class Trial:
    """What a law is given.

    Args:
        law: The law's name.
        subject: What it is about.
        number: Counts the trials of a law, from 0; the keys hold it.
        terms: What is the same for every trial.
        talk: With the account.
    """

    law: str
    subject: Subject
    number: int
    terms: Terms
    talk: Talk
    metering: Metering = field(init=False)

    def __post_init__(self) -> None:
        self.metering = Metering(self.talk)

    @property
    def document(self) -> Document:
        """The projection that the trial is held against."""
        return self.talk.asker.document

    @property
    def asker(self) -> Asker:
        """What the talk asks through."""
        return self.talk.asker

    def key(self, word: str) -> str:
        """A key that nothing else has; the same word gives the same key again, also in another process."""
        dialect = self.asker.dialect[:1] or "o"
        return f"{self.terms.prefix}{dialect}-{self.law[:LONGEST_NAME]}-{self.number}{word}"

    @property
    def day(self) -> int:
        """The first second of the UTC day that began three to four days before the run."""
        return int(self.terms.now) // DAY * DAY - 3 * DAY

    def moment(self) -> float:
        """Seconds since 1970 UTC as the account sees them.

        Where its clock cannot be asked, it is taken for this machine's; a muted talk asks nothing, and takes the run's.

        Raises:
            Unclear: The clock has no good answer.
        """
        if self.talk.muted:
            return self.terms.now
        return self.terms.target.now() if self.terms.target is not None else self.terms.local.now()

    def advance(self, seconds: int) -> None:
        """Lets time pass for the account, as a write of the talk; left out when the talk is muted.

        Raises:
            Unclear: The clock cannot be moved.
        """
        if self.terms.target is None:
            raise Unclear("no clock can be set: --clock-url names none", Result.NOT_REACHABLE)
        if not self.talk.muted:
            reply = self.terms.target.advance(seconds)
            self.talk.calls.append(Call("", writes=True, reply=reply, tell=lambda: reply.curl))

    def random(self, word: str = "") -> random.Random:
        """Chance that is the same in every process, for this trial and word."""
        return random.Random(f"{self.terms.seed} {self.law} {self.number} {word}")  # noqa: S311 - data, no secret

    def hold(self, judge: Callable[[], T]) -> T:
        """Reads and judges until the law holds, or until whatever was written has had its time to settle.

        Args:
            judge: Reads, and raises `Broken` when what it read does not hold.

        Raises:
            Broken: The last reading's.
            Unclear: A reading had no good answer; that is not waited for.
        """
        ends, pause = self.terms.local.monotonic() + self.terms.settle, _FIRST_PAUSE
        while True:
            try:
                return judge()
            except Broken:
                left = ends - self.terms.local.monotonic()
                if left <= 0:
                    raise
                self.terms.local.sleep(min(pause, left))
                pause = min(2 * pause, _LONGEST_PAUSE)

    def equal(self, read: Callable[[], float], wanted: float, what: str) -> None:
        """Reads an amount that has to be a certain one.

        Args:
            read: Asks for it; the latest answer of the talk shows it.
            wanted: What it has to be.
            what: What the amount is, as it stands before "is".

        Raises:
            Broken: It is another one.
        """

        def judge() -> None:
            found = read()
            if not same(found, wanted):
                raise Broken(f"that {what} is {wanted:g}", f"it is {found:g}", self.talk.last)

        self.hold(judge)
