"""What a run is told: the target, what it is held against, and how."""

import platform
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from contracts.clock import Clock, SystemClock
from contracts.focus import Focus
from contracts.gate import Counts
from contracts.laws.law import Dedup
from contracts.model import LIMITS, Deviation, Limits, Profile, RunError, Target
from contracts.plan import Plan, plan
from contracts.policy import Policy
from specs import catalog
from specs.catalog import DIALECTS, VENDORS, CatalogError, Document

VERSIONED = ("metermock", "schemathesis", "hypothesis", "openapi-core", "jsonschema-rs", "requests")


@dataclass(frozen=True)
class Projection:
    """A document as one dialect knows it, the document that it was made from, and the dialect; empty for none."""

    document: Document
    whole: Document
    dialect: str

    @property
    def label(self) -> str:
        """How a person calls it."""
        return f"{self.document.name} {self.dialect}".strip()


@dataclass(frozen=True)
class LawOptions:
    """What the command line says of laws.

    Args:
        names: The only ones that are tried, and nothing else is checked; empty for all, beside every other check.
        strict: Whether a difference from our reading is a finding.
        dedup: The target's rule of what makes two events the same.
        settle: Seconds until what was written is counted; None for 0 on this machine and hours elsewhere.
        clock_url: Where the target's clock can be set, or None.
    """

    names: tuple[str, ...] = ()
    strict: bool = False
    dedup: Dedup = Dedup.EVENT
    settle: float | None = None
    clock_url: str | None = None


@dataclass(frozen=True)
class Settings:
    """What the command line says.

    Args:
        target: What is checked; its document is the first of `projections`.
        projections: What it is held against.
        profile: How hard to look.
        seed: Of everything that is generated.
        policy: What may be sent elsewhere.
        rate: Requests a second, or None for the target's usual rate.
        deviations: What was accepted.
        fail_fast: Whether to end with the first finding that nobody accepted.
        ledger: Where a run that writes elsewhere notes what it makes, or None.
        files: The file of a document that is no vendor's, by its name.
        limits: Instead of those of the profile.
        focus: What is looked at alone, or None for everything.
        counts: What runs before this one have sent, when their requests count as its own.
        laws: What is said of laws.
        redact: The fields whose values are not to be seen.
        seconds: For one request, instead of the gate's own limit.
        today: On which deviations are judged.
        clock: What waits and tells the time.
    """

    target: Target
    projections: tuple[Projection, ...]
    profile: Profile = Profile.STANDARD
    seed: int = 1
    policy: Policy = field(default_factory=Policy)
    rate: float | None = None
    deviations: tuple[Deviation, ...] = ()
    fail_fast: bool = False
    ledger: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    limits: Limits | None = None
    focus: Focus | None = None
    counts: Counts | None = None
    laws: LawOptions = LawOptions()
    redact: tuple[str, ...] = ()
    seconds: float | None = None
    today: date | None = None
    clock: Clock = field(default_factory=SystemClock)

    @property
    def allowed(self) -> Limits:
        """The limits of the run."""
        limits = self.limits or LIMITS[self.profile]
        return limits if self.focus is None else replace(limits, phases=self.focus.phases(limits.phases))


def projections(target: Target, document: str | None) -> tuple[Projection, ...]:
    """What a target is held against.

    Args:
        target: On this machine every vendor's document in every dialect, when nothing else is said.
        document: A vendor's name, the path of a file, or None for the usual.

    Raises:
        RunError: The file is no document.
    """
    if document is not None and document not in VENDORS:
        found = _read(document)
        return (Projection(found, found, ""),)
    names = (document,) if document else VENDORS if target.loopback else VENDORS[:1]
    return tuple(each for name in names for each in _of_vendor(name, target.dialect))


def _read(path: str) -> Document:
    try:
        return catalog.read(path)
    except (CatalogError, KeyError) as error:
        raise RunError(
            f"the document {path} cannot be used: {error}", "give a vendor's name or an OpenAPI file"
        ) from None


def _of_vendor(name: str, dialect: str | None) -> Iterator[Projection]:
    whole = catalog.document(name)
    if name != "amberflo":
        # Solvimon's document knows one form only.
        yield Projection(whole, whole, "")
        return
    for each in DIALECTS if dialect is None else (dialect,):
        yield Projection(catalog.project(each, name), whole, each)


def plan_of(settings: Settings) -> tuple[Plan, ...]:
    """What the run would send, a plan a projection."""
    return tuple(
        plan(
            replace(settings.target, document=each.document.name, dialect=each.dialect or None),
            each.document.operations,
            settings.profile,
            settings.policy,
            settings.rate,
        )
        for each in settings.projections
    )


def versions() -> dict[str, str]:
    """The versions of what the verdicts depend on."""
    return {name: version(name) for name in VERSIONED} | {"python": platform.python_version()}


def fresh_seed() -> int:
    """A seed for a run that was not told one."""
    return random.SystemRandom().randrange(1, 2**31)
