"""Which operation of a document a URL's path names; strict, since safety rests on it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from specs.catalog import Operation

_PARAMETER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Match:
    """An operation, and the values of its path parameters as the target decodes them."""

    operation: Operation
    values: Mapping[str, str]


class Router:
    """The paths of some operations.

    Args:
        operations: Of one document or several.
        base: The path of the target's URL, which stands before every path of the document.
    """

    def __init__(self, operations: Iterable[Operation], base: str = "") -> None:
        routes = [(_PARAMETER.findall(each.path), _pattern(base + each.path), each) for each in operations]
        # A path without parameters wins over one that it would also fit.
        self._routes = sorted(routes, key=lambda route: len(route[0]))

    def match(self, method: str, path: str) -> Match | None:
        """The operation of a method and a raw path, or None when no document has it.

        An empty value of a path parameter is none, and a slash at the end makes another path.
        """
        for names, pattern, operation in self._routes:
            if operation.method == method.upper() and (found := pattern.fullmatch(path)):
                return Match(operation, dict(zip(names, map(_decode, found.groups()), strict=True)))
        return None

    def near(self, path: str) -> Operation | None:
        """An operation of a raw path, whatever its method, or None when no document has the path."""
        return next((operation for _, pattern, operation in self._routes if pattern.fullmatch(path)), None)


def _pattern(path: str) -> re.Pattern[str]:
    pieces = _PARAMETER.split(path)
    texts, names = pieces[::2], pieces[1::2]
    return re.compile("([^/]+)".join(map(re.escape, texts)) if names else re.escape(path))


def _decode(value: str) -> str:
    return unquote_to_bytes(value).decode("utf-8", "replace")


def is_plain(path: str) -> bool:
    """Whether every server and proxy on the way reads this path alike: no dots, doubled slashes or backslashes."""
    decoded = path
    for _ in range(3):
        segments = decoded.split("/")[1:]
        if any(segment in {".", ".."} for segment in segments) or "//" in decoded or "\\" in decoded:
            return False
        if not decoded.isprintable():
            return False
        decoded = unquote_to_bytes(decoded).decode("utf-8", "replace")
    return path.startswith("/")
