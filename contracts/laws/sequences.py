"""The law of sequences: whatever is called in whatever order, a target answers what a small model of it does."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NoReturn, cast

from hypothesis import HealthCheck, Phase, Verbosity, reject, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from contracts.laws.law import Broken, Evidence, Family, Law, Need, Subject, Unclear
from contracts.laws.machine import Machine
from contracts.laws.mirror import CANCELS, FILTERS, INGEST, LISTS_FILTERS, USAGE, Mirror
from contracts.laws.reducing import Step, Steps, reduced
from contracts.laws.talk import Call, Talk
from contracts.laws.things import CUSTOMERS, DEFINITIONS, METERS
from contracts.laws.trial import Trial
from contracts.model import Profile, Result, Severity
from specs.catalog import Document


@dataclass(frozen=True)
class Box:
    """How much is spent on the search.

    Args:
        seconds: Until it ends without a difference.
        steps: Of a sequence, in each part of the search; short ones come first, since what they show is soon told.
        runs: Sequences that are tried at most in each part.
        shrinking: Seconds that are spent on making a sequence shorter that ends with a difference.
        shrinks: Sequences that are tried at most for that.
    """

    seconds: float = 90
    steps: tuple[int, ...] = (5, 10, 20)
    runs: int = 100_000
    shrinking: float = 30
    shrinks: int = 2_000


class _Found(Exception):  # noqa: N818 - something that was looked for
    """Hypothesis takes every difference for the same one, and so finds the shortest sequence of them all."""


class _Over(BaseException):
    """Nothing more is to be tried; Hypothesis lets through what is no `Exception`, and so ends at once."""


@dataclass(frozen=True)
class _Difference:
    """A law that is broken, and the calls of the one sequence that shows it."""

    broken: Broken
    calls: tuple[Call, ...]


class _Search:
    """Looks for a sequence that ends with a difference, and for the shortest such one.

    Args:
        trial: Whose account, keys and time are used; each sequence has a trial of its own beneath it.
        box: How much is spent.
    """

    def __init__(self, trial: Trial, box: Box) -> None:
        self._trial = trial
        self._box = box
        self._runs = 0
        self._last = math.inf
        self._clock = trial.terms.local
        self._ends = trial.terms.ends
        self._taken: list[Step] = []
        self.shortest: _Difference | None = None
        self.unclear: Unclear | None = None

    def run(self) -> None:
        """Searches until something is found, nothing can be said, or the box is empty."""
        for part, steps in enumerate(self._box.steps):
            self._end_in(self._box.seconds / len(self._box.steps))
            self._search(steps, self._trial.terms.seed + part)
            if self.shortest is not None or self.unclear is not None:
                return
        if self._runs <= 1:
            # Not even the first one came to its end.
            self.unclear = Unclear("the time of the run was over", Result.UNTESTED)

    def take(self, mirror: Mirror, step: Step) -> None:
        """Takes a step; what it finds ends the sequence."""
        self._look_at_the_time()
        self._taken.append(step)
        before = self._fewest
        try:
            differs = self._differs(mirror, step)
        except Unclear as unclear:
            self._give_up(unclear)
        if differs and self._fewest < before:
            # Whole steps are left out at once; Hypothesis also looks at what they are made of, but takes its time.
            reduced(tuple(self._taken), self._breaking)
        if differs:
            raise _Found

    def end(self, mirror: Mirror) -> None:
        """Clears up after a sequence, so that lists stay short; not while every second is needed."""
        if self.shortest is None and self.unclear is None and self._clock.monotonic() < self._ends:
            with suppress(Unclear):
                mirror.tidy()

    def _search(self, steps: int, number: int) -> None:
        def machine() -> Machine:
            return self._machine()

        settled = settings(
            max_examples=self._box.runs,
            stateful_step_count=steps,
            database=None,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        factory = cast("type[RuleBasedStateMachine]", seed(number)(machine))
        # What the target does may differ from one time to the next, so the differences themselves are remembered.
        with suppress(_Found, _Over, Flaky):
            run_state_machine_as_test(factory, settings=settled)

    def _machine(self) -> Machine:
        self._taken = []
        return Machine(self._mirror(), self)

    def _mirror(self) -> Mirror:
        self._look_at_the_time()
        if self._runs >= self._last:
            raise _Over
        # The trial of the law itself has the number 0 and makes nothing.
        self._runs += 1
        return Mirror(replace(self._trial, number=self._runs, talk=Talk(self._trial.talk.asker)))

    def _breaking(self, steps: Steps) -> int:
        """Takes steps anew; how many it took until one differs, or 0."""
        mirror = self._mirror()
        for number, step in enumerate(steps, 1):
            self._look_at_the_time()
            try:
                if self._differs(mirror, step):
                    return number
            except Unclear:
                return 0
        return 0

    def _differs(self, mirror: Mirror, step: Step) -> bool:
        """Takes a step; whether the target differs from the model in it."""
        try:
            step.take(mirror)
        except Broken as broken:
            self._keep(_Difference(broken, tuple(mirror.trial.talk.calls)))
            return True
        return False

    def _give_up(self, unclear: Unclear) -> NoReturn:
        """Ends the search, or only the sequence when another one has shown a difference."""
        self._look_at_the_time()
        if self.shortest is not None:
            reject()
        self.unclear = unclear
        raise _Over

    def _keep(self, found: _Difference) -> None:
        """Keeps the shortest; of those of one length the latest, which is the simplest."""
        if self.shortest is None:
            self._end_in(self._box.shrinking)
            self._last = self._runs + self._box.shrinks
        if len(found.calls) <= self._fewest:
            self.shortest = found

    @property
    def _fewest(self) -> float:
        """The calls of the shortest difference."""
        return math.inf if self.shortest is None else len(self.shortest.calls)

    def _end_in(self, seconds: float) -> None:
        self._ends = min(self._clock.monotonic() + seconds, self._trial.terms.ends)

    def _look_at_the_time(self) -> None:
        if self._clock.monotonic() > self._ends:
            raise _Over


def _sequences_agree_with_the_model(trial: Trial, box: Box) -> None:
    search = _Search(trial, box)
    search.run()
    if search.shortest is not None:
        trial.talk.calls[:] = search.shortest.calls
        raise search.shortest.broken
    if search.unclear is not None:
        raise search.unclear


def _subjects(document: Document) -> Iterator[Subject]:
    """The document, when it has meters, events and usage; it is asked whatever else it has of what a sequence calls."""
    names = {each.operation_id for each in document.operations}
    meters = next((each for each in (DEFINITIONS, METERS) if each.creates in names), None)
    if meters is not None and {INGEST, USAGE} <= names:
        called = {*meters.operations, *CUSTOMERS.operations, INGEST, USAGE, FILTERS, LISTS_FILTERS, CANCELS}
        yield Subject(USAGE, frozenset(called & names))


LAWS: tuple[Law, ...] = (
    Law(
        name="sequences_agree_with_the_model",
        family=Family.SEQUENCES,
        expects="that after any calls in any order a target answers what a small model of it answers",
        why="Each call can be right by itself while two of them in a certain order are not: a meter that is replaced "
        "loses its events, a rule that was changed still drops what the old one dropped, an event is counted again "
        "because another one came between. Nobody writes a test for each order. The law makes up sequences of calls "
        "that create, replace, delete, read and list customers and meters, ingest events alone and in batches, send "
        "them again, whole or changed, filter and cancel them, and ask for usage in every way; it keeps a model of the "
        "account beside them, a few lines long, and compares each answer. What is shown is the shortest sequence that "
        "ends with a difference, of many that were tried.",
        evidence=Evidence.READING,
        source="the documents of the operations that are called; which events are the same one, how rules act "
        "together, where buckets begin and what a cancellation leaves is our reading",
        severity=Severity.CRITICAL,
        subjects=_subjects,
        play=_sequences_agree_with_the_model,
        needs=frozenset({Need.WRITES, Need.LOOPBACK}),
        cases=(Box(),),
        profile=Profile.DEEP,
    ),
)
