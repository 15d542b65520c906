"""Reads a `contracts.toml`: every entry is known and of its kind, or the file is refused with the entry's name."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from contracts.keys import AMBERFLO, SOLVIMON
from contracts.laws.law import Dedup
from contracts.model import Profile, RunError
from specs.catalog import DIALECTS, VENDORS

SEED = 1
"""Of what is generated when the file does not say: the same cases in each session."""

_LOOK = "docs/contracts-toml.md shows what it looks like"

Value = Callable[[Any], Any]
"""Gives an entry's value as it is used, or raises ValueError with what it is not."""


@dataclass(frozen=True)
class Choice:
    """Which of some names are wanted.

    Args:
        only: These alone; empty for all.
        skip: All but these.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of some names that are wanted, in their order."""
        return tuple(each for each in names if (not self.only or each in self.only) and each not in self.skip)


@dataclass(frozen=True)
class Told:
    """What a file says.

    Args:
        path: The file.
        url: The target, or empty.
        command: What starts it, or empty.
        options: The rest of what `contracts check` would be told, as `contracts.command_line.settings_of` takes it.
        yes: Whether a target elsewhere may be asked.
        stateful: Whether chains of requests are wanted.
        operations: Which of them.
        laws: Which of them.
    """

    path: Path
    url: str
    command: tuple[str, ...]
    options: Mapping[str, Any]
    yes: bool
    stateful: bool
    operations: Choice
    laws: Choice


def read_told(path: Path) -> Told:
    """What a file says.

    Raises:
        RunError: It is no TOML, or an entry is unknown or wrong.
    """
    tables = {name: _table(path, name, found) for name, found in _content(path).items()}
    target, laws = tables.get("target", {}), tables.get("laws", {})
    operations = tables.get("operations", {})
    if not target.get("url") and not target.get("command"):
        raise RunError(f"{path}: [target] has neither url nor command", "say where the target is, or what starts it")
    return Told(
        path=path,
        url=target.get("url", ""),
        command=target.get("command", ()),
        options=MappingProxyType(_options(path.parent, target, laws)),
        yes=target.get("yes", False),
        stateful=operations.get("stateful", True),
        operations=Choice(operations.get("only", ()), operations.get("skip", ())),
        laws=Choice(laws.get("only", ()), laws.get("skip", ())),
    )


def require_known(path: Path, table: str, choice: Choice, names: Iterable[str]) -> None:
    """Refuses a name that stands for nothing.

    Raises:
        RunError: There is one.
    """
    known = list(names)
    for entry, chosen in (("only", choice.only), ("skip", choice.skip)):
        for name in chosen:
            if name not in known:
                advice = _nearest(name, known) or f"`contracts plan URL` and `contracts laws` list the {table}"
                raise RunError(f"{path}: [{table}] {entry} names {name!r}, which the document does not have", advice)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RunError(f"{path} cannot be read: {reason}", _LOOK) from None
    return content


def _table(path: Path, name: str, found: Any) -> dict[str, Any]:
    """The entries of one table, each as it is used."""
    entries = _TABLES.get(name)
    if entries is None:
        raise RunError(f"{path}: [{name}] means nothing", _advice(name, _TABLES))
    if not isinstance(found, dict):
        raise RunError(f"{path}: {name} is no table", f"write [{name}] above its entries")
    return {entry: _value(path, name, entry, value) for entry, value in found.items()}


def _value(path: Path, table: str, entry: str, value: Any) -> Any:
    entries = _TABLES[table]
    if entry not in entries:
        raise RunError(f"{path}: [{table}] {entry} means nothing", _advice(entry, entries))
    try:
        return entries[entry](value)
    except ValueError as error:
        raise RunError(f"{path}: [{table}] {entry} {error}", _LOOK) from None


def _advice(name: str, known: Iterable[str]) -> str:
    if "key" in name.lower() or name.lower() == "env":
        return f"keys come from the environment: {AMBERFLO}, {SOLVIMON}"
    return _nearest(name, known) or f"it is one of {', '.join(known)}"


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"perhaps {near[0]}" if near else ""


def _options(folder: Path, target: Mapping[str, Any], laws: Mapping[str, Any]) -> dict[str, Any]:
    """What the command line of `contracts check` would say; files are looked for beside the one that names them."""
    document, deviations = target.get("document"), target.get("deviations")
    return {
        "document": str(folder / document) if document and document not in VENDORS else document,
        "dialect": target.get("dialect"),
        "api_key": None,
        "profile": target.get("profile", Profile.STANDARD.value),
        "seed": target.get("seed", SEED),
        "rate": target.get("rate"),
        "deviations": folder / deviations if deviations else None,
        "redact": target.get("redact", ()),
        "allow_writes": target.get("allow_writes", False),
        "allow": target.get("allow", ()),
        "strict_laws": laws.get("strict", False),
        "dedup": laws.get("dedup", Dedup.EVENT.value),
        "settle": laws.get("settle"),
        "clock_url": laws.get("clock_url"),
    }


# The kinds of values


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"is {value!r}, no text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError("is no list of texts")
    return tuple(value)


def _command(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError('is no list of words, such as ["mockserver", "serve", "--port", "0"]')
    return _texts(value)


def _flag(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise ValueError(f"is {value!r}, neither true nor false")


def _natural(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"is {value!r}, no whole number from 0 on")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"is {value!r}, no number from 0 on")
    return float(value)


def _rate(value: Any) -> float:
    found = _seconds(value)
    if not found:
        raise ValueError("is 0, with which nothing is sent")
    return found


def _one_of(names: Iterable[str]) -> Value:
    known = tuple(names)

    def checked(value: Any) -> str:
        if value not in known:
            raise ValueError(f"is {value!r}, none of {', '.join(known)}")
        return str(value)

    return checked


_TABLES: Mapping[str, Mapping[str, Value]] = MappingProxyType(
    {
        "target": {
            "url": _text,
            "command": _command,
            "document": _text,
            "dialect": _one_of(DIALECTS),
            "profile": _one_of(each.value for each in Profile),
            "seed": _natural,
            "deviations": _text,
            "redact": _texts,
            "rate": _rate,
            "allow_writes": _flag,
            "allow": _texts,
            "yes": _flag,
        },
        "operations": {"only": _texts, "skip": _texts, "stateful": _flag},
        "laws": {
            "only": _texts,
            "skip": _texts,
            "strict": _flag,
            "dedup": _one_of(each.value for each in Dedup),
            "settle": _seconds,
            "clock_url": _text,
        },
    }
)
