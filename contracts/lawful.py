"""What a run tries of the laws, from its settings."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.laws.applying import Lack, Means, applied, lacking
from contracts.laws.law import Law
from contracts.laws.table import LAWS
from contracts.laws.trial import TargetClock, Terms
from contracts.plan import Plan
from contracts.settings import Projection, Settings

_MOST_REASONS = 5


@dataclass(frozen=True)
class Trying:
    """What a run tries of the laws.

    Args:
        laws: Those that were chosen, by name.
        alone: Whether nothing else is checked.
        means: What the run has.
        terms: What every trial is told.
    """

    laws: Mapping[str, Law]
    alone: bool
    means: Means
    terms: Terms


def chosen(settings: Settings) -> dict[str, Law]:
    """The laws that the command line names, or all."""
    names = settings.laws.names
    return {name: law for name, law in LAWS.items() if not names or name in names}


def means_of(settings: Settings) -> Means:
    """What a run has for trying laws."""
    target, laws = settings.target, settings.laws
    return Means(
        loopback=target.loopback,
        writes=target.loopback or settings.policy.allow_writes,
        second_key=target.keys.other is not None,
        dedup=laws.dedup,
        strict=laws.strict,
        settles=target.loopback or laws.settle is not None,
        clock=laws.clock_url is not None,
        profile=settings.profile,
    )


def terms_of(
    settings: Settings, projection: Projection, prefix: str, *, clock: TargetClock | None = None, ends: float
) -> Terms:
    """What every trial on a projection is told.

    Args:
        settings: Of the run.
        projection: What the target is held against.
        prefix: What every key begins with.
        clock: The target's, where it can be set.
        ends: When the run's time is over, in monotonic time.
    """
    return Terms(
        prefix=prefix,
        profile=settings.profile,
        seed=settings.seed,
        now=settings.clock.now(),
        settle=settings.laws.settle or 0.0,
        ends=ends,
        local=settings.clock,
        dedup=settings.laws.dedup,
        target=clock,
        whole=projection.whole,
    )


def law_lines(settings: Settings, projection: Projection, planned: Plan) -> list[str]:
    """Which laws a run would try on a projection, and why not the others; for a person, beside its plan."""
    barred = {each.operation.operation_id: each.reason for each in planned.operations if each.reason}
    means = means_of(settings)
    found = [(each, lacking(each, means, barred)) for each in applied(chosen(settings), projection.document)]
    names = list(dict.fromkeys(each.law.name for each, lack in found if lack is None))
    lines = [f"Laws that would be tried: {len(names)}, with half of the requests of each operation at most"]
    lines += [f"  {name}" for name in names]
    untried = Counter(_words(lack) for _, lack in found if lack is not None)
    lines += ["Laws that would not be tried, by reason"] if untried else []
    lines += [f"  {count}: {reason}" for reason, count in untried.most_common(_MOST_REASONS)]
    return lines


def _words(lack: Lack) -> str:
    return f"{lack.result}: {lack.reason}"
