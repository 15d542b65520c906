"""Holds a running server to single laws, as `contracts check --law` does."""

from typing import Any

from contracts.conformance import Conformance
from contracts.model import Profile, Result
from contracts.runner import run
from contracts.settings import LawOptions, Settings, projections
from contracts.target import read_target


def held(  # noqa: PLR0913 - as a command line has that many options
    url: str,
    *names: str,
    dialect: str | None = "published",
    document: str = "amberflo",
    profile: Profile = Profile.SMOKE,
    seed: int = 1,
    environment: dict[str, str] | None = None,
    clock: bool = False,
    **more: Any,
) -> Conformance:
    """The report of a run that tries these laws alone, the mock's clock in reach when it is wanted.

    Args:
        url: The server, on this machine.
        names: The laws.
        dialect: Of which form, or None for both.
        document: The vendor, or a file.
        profile: How hard.
        seed: Of what is generated.
        environment: Where the keys are; without any, fresh accounts are made up.
        clock: Whether the run may set the target's clock, as the mock's can be.
        more: More of `Settings`.
    """
    target = read_target(url, document=document, dialect=dialect, environment=environment or {})
    laws = LawOptions(names, strict=True, clock_url=f"{url}/_mock/clock" if clock else None)
    return run(Settings(target, projections(target, document), profile, seed, laws=laws, **more))


def results(report: Conformance) -> dict[tuple[str, str, str], Result]:
    """What became of each law, by dialect, law and operation."""
    return {(each.cell.dialect, each.cell.check, each.cell.operation_id): each.result for each in report.outcomes}
