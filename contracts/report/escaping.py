"""Text of a target inside Markdown, where nothing of it may be more than text.

Whoever shows a comment makes links of addresses, people of `@name`, issues of `#1`, and pictures, formulas, diagrams or
buttons of more; GitHub and GitLab differ in what, and do much of it after the Markdown is read, so that escapes do not
help. All of them leave code alone. So plain words are written as they are, and everything else as code.
"""

import re

from contracts.report.visible import visible

MOST = 600
"""Characters of one text that are shown."""

_MOST_OF_CELL = 60

# A word of letters, or a short number, with what ends a clause: nothing that any reader of Markdown knows to mean more.
_PLAIN = re.compile(r"\(?(?:[A-Za-z]+(?:['-][A-Za-z]+)*|\d{1,6})(?:\)?[,.;:!?]?)")
_BACKTICKS = re.compile("`+")


def code(text: str, most: int = MOST) -> str:
    """A text as a span of code on one line."""
    shown = visible(text, most=most).strip(" ") or " "
    mark = "`" * (_longest(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{mark}{pad}{shown}{pad}{mark}"


def prose(text: str, most: int = MOST) -> str:
    """A text on one line: its plain words as they are, whatever else there is between them as code."""
    shown = visible(text, most=most)
    parts: list[str] = []
    other: list[str] = []
    for word in shown.split(" "):
        if not _PLAIN.fullmatch(word):
            other.append(word)
            continue
        parts += _gathered(other)
        parts.append(word)
        other = []
    return " ".join(parts + _gathered(other))


def _gathered(words: list[str]) -> list[str]:
    text = " ".join(words).strip(" ")
    return [code(text, len(text))] if text else []


def cell(text: str) -> str:
    """A text as a cell of a table; a stroke would end it even within code."""
    return prose(text.replace("|", "\\x7c"), _MOST_OF_CELL)


def fenced(text: str) -> str:
    """Lines as a block of code that they cannot end."""
    shown = visible(text, keep="\n")
    mark = "`" * max(3, _longest(shown) + 1)
    return f"{mark}sh\n{shown}\n{mark}"


def _longest(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)
