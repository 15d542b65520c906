"""The names by which the page's own links find things."""

import re
from hashlib import sha256

# No two hyphens in a row, which is what stands between the parts.
_PLAIN = re.compile(r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*")
_LONGEST = 80
_DIGITS = 12


def anchor(*parts: str) -> str:
    """An id of these parts, the same in every page; readable when they are short and plain, else a hash of them."""
    readable = "--".join(parts)
    if len(readable) <= _LONGEST and all(map(_PLAIN.fullmatch, parts)):
        return readable
    return f"{parts[0]}--{digest(*parts[1:])}"


def digest(*parts: str) -> str:
    """A short hash of texts of any length and any content."""
    joined = "\0".join(f"{len(part)}:{part}" for part in parts)
    return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


class Anchors:
    """Gives out ids, none of them twice."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def give(self, wanted: str) -> str:
        """The id that is wanted, with a number behind it from the second time on."""
        times = self._given[wanted] = self._given.get(wanted, 0) + 1
        return wanted if times == 1 else f"{wanted}--again{times}"
