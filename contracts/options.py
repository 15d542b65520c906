"""What the commands are told, and how they end when something is wrong."""

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from contracts.exitcodes import ExitCode
from contracts.model import Profile, RunError

DIALECTS = ("published", "live")
DEDUP = ("event", "record", "latest", "unique-id")

Command = Callable[..., None]

_TARGET = (
    click.argument("url"),
    click.option("--document", metavar="amberflo|solvimon|FILE", help="What the target is held against."),
    click.option("--dialect", type=click.Choice(DIALECTS), help="The form of the API; needed off this machine."),
    click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests a second.  [default: 5 elsewhere]"),
    click.option("--allow-writes", is_flag=True, help="Elsewhere: create, change and delete what the run made itself."),
    click.option("--allow", multiple=True, metavar="OPERATION", help="Send what cannot be undone, too (repeatable)."),
)
_KEY = click.option("--api-key", help="The key of a target on this machine; others read it from the environment.")
_PROFILE = click.option(
    "--profile", type=click.Choice([each.value for each in Profile]), default="standard", help="How hard."
)
_DEDUP = click.option(
    "--dedup", type=click.Choice(DEDUP), default=DEDUP[0], help="What makes two events the same at the target."
)
_STRICT = click.option("--strict-laws", is_flag=True, help="Count a difference from our reading as a finding.")
_DEVIATIONS = click.option(
    "--deviations", type=click.Path(dir_okay=False, path_type=Path), help="The list of accepted findings."
)
_REPORTS = click.option(
    "--report-dir", type=click.Path(file_okay=False, path_type=Path), help="Where reports are written."
)
_REDACT = click.option(
    "--redact",
    multiple=True,
    metavar="FIELD",
    help="Mask the values of this field wherever they are seen (repeatable).",
)
_SEED = click.option("--seed", type=click.IntRange(0), help="Of everything that is generated.  [default: a new one]")
_YES = click.option("--yes", is_flag=True, help="Do not ask before a target elsewhere is asked.")


def options(*chosen: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in their order."""

    def decorate(command: Command) -> Command:
        for option in reversed(chosen):
            command = option(command)
        return command

    return decorate


def law_names(words: str) -> Callable[[Command], Command]:
    """The option that names laws."""
    return click.option("--law", "laws", multiple=True, metavar="NAME", help=words)


planned = options(*_TARGET, _PROFILE, _KEY)
"""What `check` and `plan` are both told."""

checked = options(
    _SEED,
    _REPORTS,
    _REDACT,
    _DEVIATIONS,
    click.option("--fail-fast", is_flag=True, help="End with the first finding that nobody accepted."),
    _YES,
    law_names("Try this law, or all, and check nothing else (repeatable)."),
    _STRICT,
    _DEDUP,
    click.option(
        "--settle", type=click.FloatRange(0), help="Seconds until what was written counts.  [default: 0 here]"
    ),
    click.option("--clock-url", metavar="URL", help="Where the target's clock can be set; docs/laws.md tells how."),
)
"""What `check` alone is told."""

started = options(*_TARGET, _KEY, _SEED, _REDACT, _YES, law_names("Begin this law alone (repeatable)."), _DEDUP)
"""What `laws start` is told."""

judged = options(
    _KEY,
    _REPORTS,
    _REDACT,
    _DEVIATIONS,
    _STRICT,
    click.option(
        "--settle",
        type=click.FloatRange(0),
        help="Seconds until what was written is settled.  [default: 3 hours; 0 here]",
    ),
)
"""What `laws judge` is told."""

key = options(_KEY)


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


def say(line: str) -> None:
    """A line of progress; standard output is the report's."""
    click.echo(line, err=True)


def shown(url: str) -> str:
    """A URL without what it may hold of secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a target"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else "a target"
