"""What the items of a `contracts.toml` are: known from the file, the documents and the table of laws alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.command_line import settings_of
from contracts.focus import Focus
from contracts.items.reading import Told, require_known
from contracts.laws.applying import applied
from contracts.laws.table import LAWS
from contracts.model import RunError
from contracts.settings import Settings

_NOWHERE = "http://127.0.0.1"
"""Stands for the URL of a target that has not been started; whatever is started is on this machine."""


@dataclass(frozen=True)
class Planned:
    """What a file asks for.

    Args:
        told: What it says.
        settings: Of a run on everything.
        operations: What an item is about each, by name, in the order of the documents.
        laws: The same, in the order of the table.
        stateful: The one of the chains, or None.
    """

    told: Told
    settings: Settings
    operations: Mapping[str, Focus]
    laws: Mapping[str, Focus]
    stateful: Focus | None

    def at(self, url: str) -> Settings:
        """The settings of a run on everything, for a target that is at this URL."""
        clock = self.told.options["clock_url"]
        laws = replace(self.settings.laws, clock_url=f"{url}{clock}" if clock and clock.startswith("/") else clock)
        return replace(self.settings, target=replace(self.settings.target, url=url), laws=laws)


def planned(told: Told) -> Planned:
    """What a file asks for; no target is asked anything.

    Raises:
        RunError: An entry names what is not there, or a target elsewhere may not be asked.
    """
    try:
        settings = settings_of(told.url or _NOWHERE, None, dict(told.options))
    except RunError as error:
        raise RunError(f"{told.path}: {error.message}", _as_entries(error.advice)) from None
    _require_consent(told, settings)
    operations = dict.fromkeys(each.operation_id for one in settings.projections for each in one.document.operations)
    laws = {each.law.name for one in settings.projections for each in applied(LAWS, one.document)}
    require_known(told.path, "operations", told.operations, operations)
    require_known(told.path, "laws", told.laws, sorted(laws))
    return Planned(
        told=told,
        settings=settings,
        operations={name: Focus(name) for name in told.operations.of(operations)},
        laws={name: Focus(law=name) for name in told.laws.of(name for name in LAWS if name in laws)},
        stateful=Focus() if told.stateful else None,
    )


def _as_entries(advice: str) -> str:
    """What a command line is advised, as the file is written."""
    return advice.replace("--dialect published or --dialect live", 'dialect = "published" or "live" under [target]')


def _require_consent(told: Told, settings: Settings) -> None:
    """Lets nothing be sent elsewhere that nobody has agreed to.

    Raises:
        RunError: The file does not say that somebody has.
    """
    if settings.target.loopback or told.yes:
        return
    url = settings.target.url
    words = f"{told.path}: {url} is not on this machine, and nobody can be asked before something is sent"
    raise RunError(words, f"see what `contracts plan {url}` says, then write yes = true under [target]")
