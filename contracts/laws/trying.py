"""Tries a law on generated data, and finds the smallest case that breaks it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from contracts.laws.law import Broken, Unclear

MOST_SHRINKS = 40
"""Trials that are spent on making a case smaller; each of them asks the target several times."""


def tried(strategy: SearchStrategy[Any], trial: Callable[[Any], None], *, examples: int, number: int) -> None:
    """Tries generated cases.

    Args:
        strategy: What makes them.
        trial: Tries one, with keys of its own; raises `Broken`, or `Unclear`.
        examples: How many at most.
        number: The seed.

    Raises:
        Broken: Of the smallest case that breaks the law.
        Unclear: Nothing could be said of a case, and none broke the law.
    """
    search = _Search(trial)
    settled = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    # What the target does may differ from one trial to the next, so the trials themselves are remembered.
    with suppress(Broken, Flaky):
        seed(number)(settled(given(strategy)(search.one)))()
    if search.broken is not None:
        raise search.broken
    if search.unclear is not None:
        raise search.unclear


class _Search:
    """The trials of one search.

    Hypothesis asks for smaller and smaller cases, so that the latest that broke is the smallest.
    """

    def __init__(self, trial: Callable[[Any], None]) -> None:
        self._trial = trial
        self._shrinks = 0
        self.broken: Broken | None = None
        self.unclear: Unclear | None = None

    def one(self, case: Any) -> None:
        """Tries one case, unless the search has been over for long enough."""
        if self.unclear is not None or self._shrinks > MOST_SHRINKS:
            return
        self._shrinks += self.broken is not None
        try:
            self._trial(case)
        except Broken as broken:
            self.broken = broken
            raise
        except Unclear as unclear:
            self.unclear = unclear
