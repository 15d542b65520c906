"""Holds a target to laws: tries each on its cases, and says what became of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contracts.checks.asking import Asker, Reply, Said
from contracts.laws.applying import Applied, Means, lacking
from contracts.laws.law import Broken, Evidence, Unclear
from contracts.laws.talk import Talk
from contracts.laws.trial import Terms, Trial
from contracts.laws.trying import tried
from contracts.model import Profile, Result

_DEEPER = 5
"""How many times as many generated cases the deep profile tries."""


class Bench:
    """Tries laws on one projection of a target.

    Args:
        asker: Does the asking.
        means: What the run has.
        terms: What every trial is told.
        barred: Operations that are never sent, and why.
    """

    def __init__(self, asker: Asker, means: Means, terms: Terms, barred: Mapping[str, str]) -> None:
        self._asker = asker
        self._means = means
        self.terms = terms
        self._barred = barred

    def hold(self, each: Applied) -> Said:
        """What became of a law."""
        lacks = lacking(each, self._means, self._barred)
        if lacks is not None:
            return Said(each.law.name, each.subject.operation_id, lacks.result, lacks.reason)
        return self._said(each, lambda: self._try(each))

    def replay(self, each: Applied, case: Any, number: int) -> Said:
        """What became of a law whose first half was played before, by a trial of the same number and keys."""
        return self._said(each, lambda: self._play(each, case, self.trial(each, number, muted=True)))

    def _try(self, each: Applied) -> None:
        numbers = iter(range(1_000_000))
        for case in each.law.cases:
            self._play(each, case, self.trial(each, next(numbers)))
        self._generated(each, numbers)

    def _said(self, each: Applied, trying: Callable[[], None]) -> Said:
        try:
            trying()
        except _Shown as shown:
            return self._differs(each, shown)
        except Unclear as unclear:
            return Said(each.law.name, each.subject.operation_id, unclear.result, unclear.reason)
        return Said(each.law.name, each.subject.operation_id, Result.CONFORM)

    def _play(self, each: Applied, case: Any, trial: Trial) -> None:
        """Tries a law once, both its halves.

        Raises:
            Broken: It does not hold; with the talk that shows it.
            Unclear: Nothing can be said.
        """
        if self.terms.local.monotonic() > self.terms.ends:
            raise Unclear("the time of the run was over", Result.UNTESTED)
        try:
            for _ in each.law.play(trial, case) or ():
                pass
        except Broken as broken:
            raise _Shown(broken, trial.talk) from None

    def trial(self, each: Applied, number: int, *, muted: bool = False) -> Trial:
        """A new trial of a law."""
        return Trial(each.law.name, each.subject, number, self.terms, Talk(self._asker, muted=muted))

    def _generated(self, each: Applied, numbers: Iterator[int]) -> None:
        law, profile = each.law, self.terms.profile
        if law.generated is None or profile is Profile.SMOKE:
            return
        examples = law.examples * (_DEEPER if profile is Profile.DEEP else 1)
        tried(
            law.generated(),
            lambda case: self._play(each, case, self.trial(each, next(numbers))),
            examples=examples,
            number=self.terms.seed,
        )

    def _differs(self, each: Applied, shown: "_Shown") -> Said:
        broken, talk = shown.broken, shown.talk
        replies: tuple[Reply, ...] = broken.shown or talk.replies[-1:]
        last = replies[-1] if replies else None
        reading = each.law.evidence is Evidence.READING and not self._means.strict
        return Said(
            each.law.name,
            broken.operation_id or each.subject.operation_id,
            Result.READING if reading else Result.DIFFERS,
            expected=f"{each.law.expects}; here {broken.expected}",
            got=broken.got,
            exchange=last.exchange if last else None,
            curl=talk.commands(replies),
        )


class _Shown(Broken):
    """A law that is broken, with the talk that shows it."""

    def __init__(self, broken: Broken, talk: Talk) -> None:
        super().__init__(broken.expected, broken.got, *broken.shown, operation_id=broken.operation_id)
        self.broken = broken
        self.talk = talk
