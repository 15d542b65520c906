"""Laws by the names that a command line gives."""

from collections.abc import Iterable
from difflib import get_close_matches

from contracts.laws.table import LAWS
from contracts.model import RunError

ALL = "all"
"""Stands for every law."""


def checked_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each once; those of every law for `all`.

    Raises:
        RunError: There is no such law.
    """
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in {ALL, *LAWS}:
            near = get_close_matches(name, LAWS, 1)
            advice = f"perhaps {near[0]}" if near else "`contracts laws` lists them"
            raise RunError(f"there is no law {name!r}", advice)
    return tuple(LAWS) if ALL in chosen else chosen
