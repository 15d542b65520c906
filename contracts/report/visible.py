"""Text of a target as a reader may see it: what is not seen, or turns what is, stands there as an escape."""

import unicodedata

# Control characters, what joins, hides or turns text, lone surrogates, what is nowhere defined, and odd line ends.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, *, keep: str = "", most: int | None = None) -> str:
    """The text with an escape in the place of each character that cannot be seen.

    Args:
        text: Any text, lone surrogates too.
        keep: Characters that stay, such as a line's end.
        most: The characters that it may come to; how many of the text were cut is said behind them.
    """
    head = text if most is None else text[:most]
    if not (head.isascii() and head.isprintable()):
        head, shown = _escaped(head, keep, most)
    else:
        shown = head
    left = len(text) - len(head)
    return f"{shown}… and {left} characters more" if left else shown


def _escaped(text: str, keep: str, most: int | None) -> tuple[str, str]:
    """As much of the text as may be shown, and how it is shown."""
    shown: list[str] = []
    length = 0
    for number, each in enumerate(text):
        form = _shown(each, keep)
        length += len(form)
        if most is not None and length > most:
            return text[:number], "".join(shown)
        shown.append(form)
    return text, "".join(shown)


def _shown(character: str, keep: str) -> str:
    if character in keep or unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    form = f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
    return _NAMED.get(character, form)
