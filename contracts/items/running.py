"""Runs items on their target, one after another: what they share in a process is the contact and the counts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from contracts.command_line import ledger_path
from contracts.focus import Focus
from contracts.gate import REMOTE_RATE, Counts
from contracts.items.planning import Planned
from contracts.items.telling import End, Verdict, reasons_of, verdict
from contracts.keys import read_keys
from contracts.laws.applying import applied, barred_result
from contracts.laws.table import LAWS
from contracts.ledger import Ledger
from contracts.model import RunError
from contracts.runner import barred_of, contact, run
from contracts.settings import Projection, Settings, plan_of

_HALVES = 2
"""Of the requests that a plan allows elsewhere, laws may use one half and everything else the other."""


@dataclass
class Runs:
    """The runs of one process on one target.

    Args:
        planned: What the file asks for.
        url: Where the target is.
        processes: How many share the requests that the plan allows elsewhere.
    """

    planned: Planned
    url: str
    processes: int = 1
    _dead: dict[str, RunError] = field(default_factory=dict)
    _met: set[str] = field(default_factory=set)
    _counts: dict[bool, Counts] = field(default_factory=lambda: {True: Counts(), False: Counts()})

    def result(self, focus: Focus) -> Verdict:
        """What becomes of an item.

        Raises:
            RunError: The target is not there, or refuses the key; later items are told so without asking it again.
        """
        settings = self.settings(focus)
        if focus.chains and not settings.allowed.phases:
            return Verdict(End.SKIPPED, f"untested: the profile {settings.profile.value} sends no chains of requests")
        reachable = self._reachable(settings)
        if not reachable:
            self._require_any_key(settings)
            return Verdict(End.SKIPPED, self._unreachable(settings))
        for projection in reachable:
            self._meet(settings, projection)
        return self._run(replace(settings, projections=reachable))

    def _run(self, settings: Settings) -> Verdict:
        if not settings.target.loopback:
            # Each run paces itself alone; the pause keeps the rate over the change.
            settings.clock.sleep(max(1.0, 1 / (settings.rate or REMOTE_RATE)))
        conformance = run(settings)
        if conformance.faults:
            # Perhaps it is gone; then nobody has to wait for it again.
            self._met.clear()
        if settings.ledger is not None:
            _drop_if_done(settings.ledger)
        return verdict(conformance)

    def settings(self, focus: Focus) -> Settings:
        """The settings of an item: on this machine each has an account of its own, where nobody gave a key."""
        settings = replace(self.planned.at(self.url), focus=focus)
        target = settings.target
        if target.loopback:
            return replace(settings, target=replace(target, keys=read_keys(os.environ, loopback=True)))
        limits = settings.allowed
        share = max(1, limits.requests // (_HALVES * self.processes))
        rate = (settings.rate or REMOTE_RATE) / self.processes
        ledger = ledger_path(self.planned.told.path.parent) if settings.ledger is not None else None
        return replace(
            settings,
            limits=replace(limits, requests=share),
            rate=rate,
            ledger=ledger,
            counts=self._counts[bool(focus.law)],
        )

    def _reachable(self, settings: Settings) -> tuple[Projection, ...]:
        """The projections that have something of the item, of which anything may be sent."""
        focus = settings.focus or Focus()
        return tuple(
            each
            for each, barred in _barred(settings)
            if _concerns(focus, each) and any(focus.watches(name) for name in _open(each, barred))
        )

    def _require_any_key(self, settings: Settings) -> None:
        """Says that there is no key for anything, which would otherwise skip every item.

        Raises:
            RunError: There is none.
        """
        for each, barred in _barred(settings):
            if _open(each, barred):
                return
        contact(settings, settings.projections[0])

    def _unreachable(self, settings: Settings) -> str:
        focus = settings.focus or Focus()
        concerned = [barred for each, barred in _barred(settings) if _concerns(focus, each)]
        found = [reason for barred in concerned for name, reason in barred.items() if focus.watches(name)]
        return reasons_of((barred_result(reason).value, reason) for reason in found)

    def _meet(self, settings: Settings, projection: Projection) -> None:
        """Asks the target for the first time, once a process and document.

        Raises:
            RunError: It is not there, or refuses the key.
        """
        name = projection.document.name
        if name in self._dead:
            raise self._dead[name]
        if name in self._met:
            return
        try:
            contact(settings, projection)
        except RunError as error:
            self._dead[name] = error
            raise
        self._met.add(name)


def _concerns(focus: Focus, projection: Projection) -> bool:
    """Whether a document has anything of what is looked at."""
    if focus.law:
        return bool(applied({focus.law: LAWS[focus.law]}, projection.document))
    return focus.is_in(projection.document)


def _barred(settings: Settings) -> list[tuple[Projection, dict[str, str]]]:
    """What is never sent of each projection, and why."""
    return [(each, barred_of(found)) for each, found in zip(settings.projections, plan_of(settings), strict=True)]


def _open(projection: Projection, barred: Mapping[str, str]) -> list[str]:
    """The operations that may be sent."""
    return [each.operation_id for each in projection.document.operations if each.operation_id not in barred]


def _drop_if_done(path: Path) -> None:
    """Removes the ledger of a run of which nothing is left at the target."""
    with Ledger.resume(path) as ledger:
        left = ledger.entries()
    if not left:
        path.unlink()
