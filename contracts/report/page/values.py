"""How a value from outside stands on the page: cut, escaped, and without a character that nobody can see.

A target chooses much of what a report shows. Whatever it sends is text here: it makes no markup, hides nothing and
turns nothing around, and a long one does not make the page long.
"""

from typing import Any

from markupsafe import Markup

from contracts.report.visible import visible

LIMIT = 300
"""Characters of a value that stands in a line."""


def line(value: str, limit: int = LIMIT) -> Markup:
    """A value for a line of text, or for an attribute between double quotes."""
    return Markup(_escaped(value, "\n", limit).replace('"', "&#34;").replace("'", "&#39;"))  # noqa: S704 - escaped


def block(value: str, limit: int) -> Markup:
    """A value for the text of an element that keeps its lines; quotes stand there as they are."""
    return Markup(_escaped(value, "\n\t", limit))  # noqa: S704 - escaped


def hides(value: str) -> bool:
    """Whether a block shows escapes for something in the value, which is then not what it was."""
    return visible(value, keep="\n\t") != value


def finalize(value: Any) -> Any:
    """What a template prints of an expression: a text that nothing was done to yet is made a line."""
    return line(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _escaped(value: str, keep: str, limit: int) -> str:
    return visible(value, keep=keep, most=limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
