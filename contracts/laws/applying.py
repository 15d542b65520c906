"""Which laws apply to a document, and which of them a run can try."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contracts.laws.law import Dedup, Law, Need, Subject
from contracts.model import Profile, Result
from contracts.portal import NO_SESSION
from specs.catalog import Document

_PROFILES = tuple(Profile)
_UNREACHABLE = ("there is no key", NO_SESSION)


@dataclass(frozen=True)
class Applied:
    """A law and what it is tried on."""

    law: Law
    subject: Subject


@dataclass(frozen=True)
class Means:
    """What a run has for trying laws.

    Args:
        loopback: Whether the target is on this machine.
        writes: Whether the run may write.
        second_key: Whether there is a key of a second account.
        dedup: The target's rule of what makes two events the same.
        strict: Whether a law of our reading counts like any other.
        settles: Whether what is written can be read within the run.
        clock: Whether the target's clock can be set.
        profile: How hard the run looks.
    """

    loopback: bool = True
    writes: bool = True
    second_key: bool = True
    dedup: Dedup = Dedup.EVENT
    strict: bool = False
    settles: bool = True
    clock: bool = False
    profile: Profile = Profile.SMOKE


def applied(laws: Mapping[str, Law], document: Document) -> tuple[Applied, ...]:
    """Every law with every subject that it has in a document."""
    return tuple(Applied(law, subject) for law in laws.values() for subject in law.subjects(document))


def barred_result(reason: str) -> Result:
    """What the reason for which an operation is never sent makes of whatever would ask it."""
    return Result.NOT_REACHABLE if reason.startswith(_UNREACHABLE) else Result.UNTESTED


@dataclass(frozen=True)
class Lack:
    """Why a law is not tried, and what that makes of it."""

    result: Result
    reason: str


def lacking(each: Applied, means: Means, barred: Mapping[str, str]) -> Lack | None:
    """What a run lacks for a law, or None.

    Args:
        each: The law, and what it is tried on.
        means: What the run has.
        barred: Operations that are never sent, and why.
    """
    return next(_lacks(each, means, barred), None)


def _lacks(each: Applied, means: Means, barred: Mapping[str, str]) -> Iterator[Lack]:
    law = each.law
    needs = (
        (Need.WRITES, means.writes, Result.UNTESTED, "it writes, and --allow-writes is not given"),
        (Need.LOOPBACK, means.loopback, Result.UNTESTED, "it is tried on this machine alone"),
        (Need.SECOND_KEY, means.second_key, Result.NOT_REACHABLE, "there is no key of a second account"),
        (Need.CLOCK, means.clock, Result.NOT_REACHABLE, "no clock can be set: --clock-url names none"),
    )
    reasons = [barred[name] for name in sorted(each.subject.asks) if barred.get(name)]
    yield from (Lack(barred_result(reason), reason) for reason in reasons)
    yield from (Lack(result, reason) for need, there, result, reason in needs if need in law.needs and not there)
    if means.dedup not in law.modes:
        yield Lack(Result.UNTESTED, f"it does not hold under --dedup {means.dedup}")
    if law.late and not means.settles:
        words = "what is counted settles late elsewhere: `contracts laws start` tries it, or --settle waits"
        yield Lack(Result.UNTESTED, words)
    if _PROFILES.index(law.profile) > _PROFILES.index(means.profile):
        yield Lack(Result.UNTESTED, f"it is tried from the profile {law.profile} on")
