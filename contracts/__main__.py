"""The command line: `contracts check`, `contracts plan`, `contracts cleanup`.

What takes long to import is imported by the commands, after they have said that they began.
"""

import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contracts.exitcodes import ExitCode
from contracts.model import Profile, RunError

if TYPE_CHECKING:
    from contracts.conformance import Conformance
    from contracts.settings import Settings

DIALECTS = ("published", "live")

Command = Callable[..., None]

_TARGET_OPTIONS = (
    click.argument("url"),
    click.option("--document", metavar="amberflo|solvimon|FILE", help="What the target is held against."),
    click.option("--dialect", type=click.Choice(DIALECTS), help="The form of the API; needed off this machine."),
    click.option(
        "--profile", type=click.Choice([each.value for each in Profile]), default="standard", help="How hard."
    ),
    click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests a second.  [default: 5 elsewhere]"),
    click.option("--allow-writes", is_flag=True, help="Elsewhere: create, change and delete what the run made itself."),
    click.option("--allow", multiple=True, metavar="OPERATION", help="Send what cannot be undone, too (repeatable)."),
    click.option("--api-key", help="The key of a target on this machine; others read it from the environment."),
)


def target_options(command: Command) -> Command:
    """What `check` and `plan` are both told."""
    for option in reversed(_TARGET_OPTIONS):
        command = option(command)
    return command


def clear_errors(command: Command) -> Command:
    """One line and status 2 for a fault of the command line, of the environment, or of a document."""

    @wraps(command)
    def guarded(**options: Any) -> None:
        try:
            command(**options)
        except RunError as error:
            click.echo(f"contracts: {error}", err=True)
            sys.exit(ExitCode.COULD_NOT_RUN)
        except KeyboardInterrupt:
            click.echo("contracts: interrupted; nothing is reported", err=True)
            sys.exit(ExitCode.COULD_NOT_RUN)
        except click.ClickException:
            raise
        except Exception as error:  # noqa: BLE001 - Python's own status for it, 1, would say that there are findings
            # Its text is left out: it could hold a key.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            click.echo(f"contracts: a fault of our own, {type(error).__name__} at {where}; please report it", err=True)
            sys.exit(ExitCode.COULD_NOT_RUN)

    return guarded


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(version("metermock"), prog_name="contracts")
def main() -> None:
    """Hold any target against the documents, safely, and say what does not hold.

    Exit status: 0 it conforms, 1 there are findings, 2 it could not be checked.
    """


@main.command()
@target_options
@click.option("--seed", type=click.IntRange(0), help="Of everything that is generated.  [default: a new one]")
@click.option("--report-dir", type=click.Path(file_okay=False, path_type=Path), help="Where reports are written.")
@click.option("--deviations", type=click.Path(dir_okay=False, path_type=Path), help="The list of accepted findings.")
@click.option("--fail-fast", is_flag=True, help="End with the first finding that nobody accepted.")
@click.option("--yes", is_flag=True, help="Do not ask before a target elsewhere is checked.")
@clear_errors
def check(url: str, report_dir: Path | None, *, yes: bool, **options: Any) -> None:
    """Check a target."""
    _say(f"contracts {version('metermock')}: checking {_shown(url)}")
    from contracts.runner import run  # noqa: PLC0415 - see the module's docstring

    settings = _settings(url, report_dir, options)
    if not settings.target.loopback:
        _require_consent(settings, yes=yes)
    if settings.ledger is not None:
        _say(f"what it makes is noted in {settings.ledger}; `contracts cleanup` reads it")
    from contracts.progress import progress_on  # noqa: PLC0415 - as above

    conformance = run(settings, progress_on(sys.stderr, plain=not sys.stderr.isatty()))
    _show(conformance, report_dir)
    sys.exit(conformance.exit_code)


@main.command(name="plan")
@target_options
@clear_errors
def show_plan(url: str, **options: Any) -> None:
    """Show what a check would send, and send nothing."""
    click.echo("\n\n".join(_plans(_settings(url, None, options))))


@main.command()
@click.argument("ledger", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--api-key", help="The key of a target on this machine; others read it from the environment.")
@clear_errors
def cleanup(ledger: Path, api_key: str | None) -> None:
    """Delete what the run of a ledger left behind."""
    from contracts.cleanup import clean_up_file, cleanup_lines  # noqa: PLC0415 - see the module's docstring

    result = clean_up_file(ledger, api_key=api_key)
    click.echo("\n".join(cleanup_lines(result)))
    sys.exit(ExitCode.COULD_NOT_RUN if result.failed else ExitCode.CONFORMS)


def _settings(url: str, report_dir: Path | None, options: dict[str, Any]) -> "Settings":
    """What a run is, by the command line's options."""
    from contracts.deviations import read_deviations  # noqa: PLC0415 - see the module's docstring
    from contracts.policy import checked_allow  # noqa: PLC0415 - as above
    from contracts.settings import Settings, fresh_seed, projections  # noqa: PLC0415 - as above
    from contracts.target import read_target  # noqa: PLC0415 - as above

    document = options["document"]
    target = read_target(url, document=document or "amberflo", dialect=options["dialect"], api_key=options["api_key"])
    found = projections(target, document)
    operations = [operation for each in found for operation in each.whole.operations]
    writes = options["allow_writes"] and not target.loopback
    deviations, seed = options.get("deviations"), options.get("seed")
    return Settings(
        target=target,
        projections=found,
        profile=Profile(options["profile"]),
        seed=seed if seed is not None else fresh_seed(),
        policy=checked_allow(options["allow"], operations, allow_writes=options["allow_writes"]),
        rate=options["rate"],
        deviations=read_deviations(deviations) if deviations else (),
        fail_fast=options.get("fail_fast", False),
        ledger=_ledger_path(report_dir) if writes else None,
        files={
            each.document.name: Path(document) for each in found if document and not each.dialect and _is_file(document)
        },
    )


def _is_file(document: str) -> bool:
    return Path(document).is_file()


def _ledger_path(report_dir: Path | None) -> Path:
    """A new file beside the reports, or where the command was called."""
    folder = report_dir or Path()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"contracts-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.ledger"


def _plans(settings: "Settings") -> list[str]:
    from contracts.plan import plan_lines  # noqa: PLC0415 - see the module's docstring
    from contracts.settings import plan_of  # noqa: PLC0415 - as above

    return ["\n".join(plan_lines(planned)) for planned in plan_of(settings)]


def _require_consent(settings: "Settings", *, yes: bool) -> None:
    """Shows the plan, and asks whether it shall be carried out."""
    _say("\n\n".join(_plans(settings)))
    if yes:
        return
    try:
        agreed = click.confirm("Send this?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise RunError("nothing was sent", "give --yes where nobody can answer")


def _show(conformance: "Conformance", report_dir: Path | None) -> None:
    """Prints the report, and writes it."""
    from rich.console import Console  # noqa: PLC0415 - see the module's docstring

    from contracts.report import write_reports  # noqa: PLC0415 - as above
    from contracts.report.terminal import print_report  # noqa: PLC0415 - as above

    print_report(conformance, Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160))
    if report_dir is not None:
        for path in write_reports(conformance, report_dir):
            _say(f"wrote {path}")


def _shown(url: str) -> str:
    """The URL without what it may hold of secrets."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - needed here alone

    try:
        parts = urlsplit(url)
    except ValueError:
        return "a target"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else "a target"


def _say(line: str) -> None:
    """A line of progress; standard output is the report's."""
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
