"""The command line: `contracts check`, `plan`, `cleanup`, `report`, `compare`, `laws` and `explain`.

What takes long to import is imported by the commands, after they have said that they began.
"""

import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from contracts.exitcodes import ExitCode
from contracts.options import checked, clear_errors, judged, key, planned, say, shown, started

FORMATS = ("text", "json", "junit", "markdown", "sarif", "html")
COMPARED = ("text", "json", "markdown")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(version("metermock"), prog_name="contracts")
def main() -> None:
    """Hold any target against the documents, safely, and say what does not hold.

    Exit status: 0 it conforms, 1 there are findings, 2 it could not be checked.
    """


@main.command()
@planned
@checked
@clear_errors
def check(url: str, report_dir: Path | None, *, yes: bool, **options: Any) -> None:
    """Check a target."""
    say(f"contracts {version('metermock')}: checking {shown(url)}")
    from contracts.command_line import plans, require_consent, settings_of, show  # noqa: PLC0415 - as above
    from contracts.progress import progress_on  # noqa: PLC0415 - as above
    from contracts.runner import run  # noqa: PLC0415 - as above

    settings = settings_of(url, report_dir, options)
    if not settings.target.loopback:
        require_consent("\n\n".join(plans(settings)), yes=yes)
    if settings.ledger is not None:
        say(f"what it makes is noted in {settings.ledger}; `contracts cleanup` reads it")
    conformance = run(settings, progress_on(sys.stderr, plain=not sys.stderr.isatty()))
    show(conformance, report_dir)
    sys.exit(conformance.exit_code)


@main.command(name="plan")
@planned
@clear_errors
def show_plan(url: str, **options: Any) -> None:
    """Show what a check would send, and send nothing."""
    from contracts.command_line import plans, settings_of  # noqa: PLC0415 - see the module's docstring

    click.echo("\n\n".join(plans(settings_of(url, None, options))))


@main.command()
@click.argument("ledger", type=click.Path(dir_okay=False, path_type=Path))
@key
@clear_errors
def cleanup(ledger: Path, api_key: str | None) -> None:
    """Delete what the run of a ledger left behind."""
    from contracts.cleanup import clean_up_file, cleanup_lines  # noqa: PLC0415 - see the module's docstring

    result = clean_up_file(ledger, api_key=api_key)
    click.echo("\n".join(cleanup_lines(result)))
    sys.exit(ExitCode.COULD_NOT_RUN if result.failed else ExitCode.CONFORMS)


@main.command()
@click.argument("run", metavar="RUN.json", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="In which form.")
@click.option("--output", type=click.Path(path_type=Path), help="The file to write.  [default: standard output]")
@clear_errors
def report(run: Path, form: str, output: Path | None) -> None:
    """Render the report of an earlier run once more.

    Exit status: 0 it is rendered, whatever it says; 2 it cannot be read or written.
    """
    from contracts.handing import print_rendered, write_rendered  # noqa: PLC0415 - see the module's docstring
    from contracts.report.reading import read_report  # noqa: PLC0415 - as above

    conformance = read_report(run)
    if output is None:
        print_rendered(conformance, form)
    else:
        write_rendered(conformance, form, output)


@main.command()
@click.argument("old", metavar="OLD.json", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW.json", type=click.Path(path_type=Path))
@click.option("--family", "families", multiple=True, metavar="NAME", help="Compare this family alone (repeatable).")
@click.option("--format", "form", type=click.Choice(COMPARED), default="text", help="In which form.")
@clear_errors
def compare(old: Path, new: Path, families: tuple[str, ...], form: str) -> None:
    """Tell what got better or worse from one run to the next, where both looked.

    Exit status: 0 nothing got worse, 1 something did, 2 the runs cannot be compared.
    """
    from contracts import comparing  # noqa: PLC0415 - see the module's docstring
    from contracts.handing import print_text  # noqa: PLC0415 - as above
    from contracts.report.reading import read_report  # noqa: PLC0415 - as above

    comparison = comparing.compare(read_report(old), read_report(new), families)
    print_text(comparing.RENDERERS[form](comparison))
    sys.exit(comparison.exit_code)


@main.group(invoke_without_command=True)
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", help="How they are listed.")
@click.pass_context
def laws(context: click.Context, form: str) -> None:
    """List the laws; begin and judge them where what is written settles late."""
    if context.invoked_subcommand is None:
        from contracts.laws.showing import listed, table  # noqa: PLC0415 - see the module's docstring

        click.echo(table() if form == "markdown" else listed())


@main.command()
@click.argument("law")
@clear_errors
def explain(law: str) -> None:
    """Teach one law: what it asks for, why, on whose word, and how it is tried."""
    from contracts.laws.naming import checked_names  # noqa: PLC0415 - see the module's docstring
    from contracts.laws.showing import explained  # noqa: PLC0415 - as above

    click.echo("\n\n\n".join(map(explained, checked_names([law]))))


@laws.command(name="start")
@started
@click.option("--ledger", type=click.Path(dir_okay=False, path_type=Path), help="Where it is noted.  [default: here]")
@clear_errors
def start_laws(url: str, ledger: Path | None, *, yes: bool, **options: Any) -> None:
    """Write what the laws need, and note it in a ledger, to be judged when it has settled."""
    from contracts.command_line import ledger_path, require_consent, settings_of  # noqa: PLC0415 - as above
    from contracts.later import plan_text, start, started_text  # noqa: PLC0415 - as above

    settings = settings_of(url, None, options)
    settings = replace(settings, ledger=ledger or ledger_path(None))
    if not settings.target.loopback:
        require_consent(plan_text(settings), yes=yes)
    click.echo(started_text(start(settings), settings))


@laws.command(name="judge")
@click.argument("ledger", type=click.Path(dir_okay=False, path_type=Path))
@judged
@clear_errors
def judge_laws(ledger: Path, report_dir: Path | None, **options: Any) -> None:
    """Judge what `laws start` wrote, by what has settled since; nothing is written."""
    from contracts.command_line import settings_of_ledger, show  # noqa: PLC0415 - as above
    from contracts.later import judge, told_of  # noqa: PLC0415 - as above
    from contracts.ledger import Ledger  # noqa: PLC0415 - as above

    with Ledger.resume(ledger) as opened:
        conformance = judge(settings_of_ledger(opened, told_of(opened), options), opened)
    show(conformance, report_dir)
    sys.exit(conformance.exit_code)


if __name__ == "__main__":
    main()
