"""Every command of ours that any page shows is one that the command line understands."""

import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest

from contracts.__main__ import main as contracts
from mockserver.__main__ import main as mockserver
from tests.docs.console import ROOT, fences, steps

PROGRAMS: dict[str, click.Command] = {"contracts": contracts, "mockserver": mockserver}
SHELLS = {"sh", "console"}
PAGES = [ROOT / "README.md", ROOT / "examples" / "ci" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_OURS = re.compile(r"^(?:.*/bin/)?(contracts|mockserver) (.*)$", re.MULTILINE)


def shown(page: Path) -> list[tuple[str, list[str]]]:
    """The commands of ours that a page shows: the program, and its arguments."""
    found = []
    for fence in fences(page.read_text(encoding="utf-8")):
        if fence.language in SHELLS:
            lines = [step.command for step in steps(fence.text)] if fence.language == "console" else [fence.text]
            typed = "\n".join(lines).replace("\\\n", " ")
            found += [(each[1], _arguments(each[2])) for each in _OURS.finditer(typed)]
    return found


def _arguments(words: str) -> list[str]:
    """What a program is given: the words up to what is the shell's."""
    given: list[str] = []
    for word in shlex.split(words, comments=True):
        if word in {"|", "&", ">", "2>&1"}:
            break
        given.append(word)
    return given


def understood(command: click.Command, arguments: list[str]) -> None:
    """Reads a command line as the program would, down to the innermost command, and runs nothing."""
    context = command.make_context(command.name, list(arguments), resilient_parsing=False)
    if isinstance(command, click.Group) and context._protected_args:
        name, *rest = [*context._protected_args, *context.args]
        inner = command.get_command(context, name)
        assert inner is not None, f"there is no command {name}"
        understood(inner, rest)


@pytest.mark.parametrize("page", [page for page in PAGES if shown(page)], ids=lambda page: page.name)
def test_commands_are_understood(page: Path) -> None:
    """Programs, commands, options and values of options that a page shows are known."""
    for program, arguments in shown(page):
        try:
            # Help and versions are printed while the words are read.
            with suppress(click.exceptions.Exit):
                understood(PROGRAMS[program], arguments)
        except click.UsageError as refused:
            pytest.fail(f"{program} {' '.join(arguments)}: {refused.format_message()}")


def test_wrong_option_is_not_understood() -> None:
    """A command with an option that is not there is told apart."""
    with pytest.raises(click.NoSuchOption):
        understood(contracts, ["laws", "start", "http://127.0.0.1:1", "--nothing"])
