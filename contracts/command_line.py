"""From the options of a command line to the settings of a run, and from its report to the terminal."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from contracts.conformance import Conformance
from contracts.deviations import read_deviations
from contracts.lawful import law_lines
from contracts.laws.law import Dedup
from contracts.laws.naming import checked_names
from contracts.ledger import Ledger
from contracts.model import Profile, RunError
from contracts.options import say
from contracts.plan import plan_lines
from contracts.policy import checked_allow
from contracts.report import write_reports
from contracts.report.terminal import print_report
from contracts.settings import LawOptions, Settings, fresh_seed, plan_of, projections
from contracts.target import read_target
from specs.catalog import VENDORS


def settings_of(url: str, report_dir: Path | None, options: dict[str, Any]) -> Settings:
    """What a run is.

    Args:
        url: The target.
        report_dir: Where its ledger goes, if it has one.
        options: The others, by name.

    Raises:
        RunError: One of them cannot be used.
    """
    document = options["document"]
    target = read_target(url, document=document or "amberflo", dialect=options["dialect"], api_key=options["api_key"])
    found = projections(target, document)
    operations = [operation for each in found for operation in each.whole.operations]
    writes = options["allow_writes"] and not target.loopback
    seed = options.get("seed")
    return Settings(
        target=target,
        projections=found,
        profile=Profile(options.get("profile", Profile.STANDARD)),
        seed=seed if seed is not None else fresh_seed(),
        policy=checked_allow(options["allow"], operations, allow_writes=options["allow_writes"]),
        rate=options["rate"],
        deviations=_deviations(options),
        fail_fast=options.get("fail_fast", False),
        ledger=ledger_path(report_dir) if writes else None,
        laws=_laws(options),
        redact=_fields(options),
        files={each.document.name: Path(document) for each in found if document and not each.dialect and _is(document)},
    )


def settings_of_ledger(ledger: Ledger, names: tuple[tuple[str, str], ...], options: dict[str, Any]) -> Settings:
    """What judging a ledger is.

    Args:
        ledger: Whose target it is.
        names: The documents and dialects that it tells of.
        options: Of the command line, by name.

    Raises:
        RunError: The target, the document or an option cannot be used.
    """
    document = ledger.document if ledger.document not in VENDORS else None
    dialects = {dialect for _, dialect in names if dialect}
    target = read_target(
        ledger.target,
        document=ledger.document,
        dialect=dialects.pop() if len(dialects) == 1 else None,
        api_key=options["api_key"],
    )
    return Settings(
        target=target,
        projections=tuple(
            each for each in projections(target, document) if (each.document.name, each.dialect) in names
        ),
        profile=Profile.SMOKE,
        deviations=_deviations(options),
        laws=_laws(options),
        redact=_fields(options),
        files={Path(document).stem: Path(document)} if document else {},
    )


def _deviations(options: dict[str, Any]) -> Any:
    path = options.get("deviations")
    return read_deviations(path) if path else ()


def _laws(options: dict[str, Any]) -> LawOptions:
    return LawOptions(
        names=checked_names(options.get("laws", ())),
        strict=options.get("strict_laws", False),
        dedup=Dedup(options.get("dedup", Dedup.EVENT)),
        settle=options.get("settle"),
        clock_url=options.get("clock_url"),
    )


def _fields(options: dict[str, Any]) -> tuple[str, ...]:
    fields = tuple(name.strip() for name in options.get("redact", ()))
    if not all(fields):
        raise RunError("--redact is given no name", "name a member, a parameter or a header, such as customerName")
    return fields


def _is(document: str) -> bool:
    return Path(document).is_file()


def ledger_path(report_dir: Path | None) -> Path:
    """A new file beside the reports, or where the command was called."""
    folder = report_dir or Path()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"contracts-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.ledger"


def plans(settings: Settings) -> list[str]:
    """The plan of each projection, as text."""
    pairs = zip(settings.projections, plan_of(settings), strict=True)
    return ["\n".join([*plan_lines(planned), "", *law_lines(settings, each, planned)]) for each, planned in pairs]


def require_consent(plan: str, *, yes: bool) -> None:
    """Shows a plan, and asks whether it shall be carried out.

    Raises:
        RunError: It shall not, or nobody is there to say.
    """
    say(plan)
    if yes:
        return
    try:
        agreed = click.confirm("Send this?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise RunError("nothing was sent", "give --yes where nobody can answer")


def show(conformance: Conformance, report_dir: Path | None) -> None:
    """Prints a report, and writes it."""
    print_report(conformance, Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160))
    if report_dir is not None:
        for path in write_reports(conformance, report_dir):
            say(f"wrote {path}")
