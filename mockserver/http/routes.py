"""Paths and methods: which endpoint answers, whatever characters a key holds."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes, urlencode

from mockserver.http.endpoint import Endpoint

PLAIN = re.compile(rb"[A-Za-z0-9\-._~/]*")
KEY = re.compile(r"\{([^}]+)\}")
NO_KEYS: Mapping[str, str] = {}

SLASHED_COLLECTIONS = frozenset({"/customers"})
"""Collections that answer with a trailing slash although a key path stands beside them: the vendor's SDK sends it."""


class Match(NamedTuple):
    """The endpoint of a path and method, its keys still percent-encoded; `alias` when the path is one."""

    endpoint: Endpoint | None
    path_keys: Mapping[str, str]
    alias: bool = False


class Rewritten(NamedTuple):
    """A request to an alias as it would have been sent to the operation's own path."""

    path: str
    path_keys: Mapping[str, str]
    query_string: bytes


class Table:
    """Endpoints by path template. Paths without keys win over paths with keys."""

    def __init__(self) -> None:
        self._static: dict[str, dict[str, Endpoint]] = {}
        self._keyed: dict[int, dict[str, tuple[re.Pattern[str], dict[str, Endpoint]]]] = {}

    def add(self, template: str, endpoint: Endpoint) -> None:
        """Lets an endpoint answer at a path template; HEAD where it answers GET."""
        method = endpoint.operation.method
        if KEY.search(template):
            pattern = "".join(_pattern(part) for part in re.split(r"(\{[^}]+\})", template))
            same_depth = self._keyed.setdefault(template.count("/"), {})
            _, methods = same_depth.setdefault(template, (re.compile(pattern), {}))
        else:
            methods = self._static.setdefault(template, {})
        methods[method] = endpoint
        if method == "GET":
            methods.setdefault("HEAD", endpoint)

    def methods(self, path: str) -> tuple[Mapping[str, Endpoint], Mapping[str, str]]:
        """The endpoints of a canonical path by method, and its keys."""
        static = self._static.get(path)
        if static is not None:
            return static, NO_KEYS
        for pattern, methods in self._keyed.get(path.count("/"), {}).values():
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groupdict()
        return {}, NO_KEYS

    def whole(self, path: str, method: str) -> Endpoint | None:
        """The endpoint of a template without keys that is this path."""
        methods = self._static.get(path)
        return None if methods is None else methods.get(method)

    def is_whole(self, path: str) -> bool:
        """Whether a template without keys is this path."""
        return path in self._static

    def has_key_below(self, path: str) -> bool:
        """Whether a key stands directly behind the path."""
        return any(template.rpartition("/")[0] == path for template in self._keyed.get(path.count("/") + 1, {}))


class Routes:
    """Finds endpoints by path and method. Paths without keys win, then operations' own paths over aliases."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._own, self._aliases = Table(), Table()
        for endpoint in endpoints:
            self._own.add(endpoint.operation.path, endpoint)
            for alias in endpoint.operation.aliases:
                self._aliases.add(alias, endpoint)

    def canonical(self, raw_path: bytes) -> tuple[str, bool]:
        """The path as it is matched, and whether a trailing slash was taken off.

        Each segment is percent-encoded the same way, so `%2F` stays part of its key.
        """
        if PLAIN.fullmatch(raw_path):
            path = raw_path.decode("ascii")
        else:
            path = "/".join(quote(unquote_to_bytes(segment), safe="") for segment in raw_path.split(b"/"))
        if path.endswith("/") and self._takes_slash(path[:-1]):
            return path[:-1], True
        return path, False

    def _takes_slash(self, path: str) -> bool:
        if path in SLASHED_COLLECTIONS:
            return True
        return bool(self.allowed(path)) and not self._own.has_key_below(path)

    def find(self, path: str, method: str) -> Match:
        """The endpoint of a canonical path and a method; none when nothing matches both."""
        endpoint = self._own.whole(path, method)
        if endpoint is not None:
            return Match(endpoint, NO_KEYS)
        for table in self._tables(path):
            methods, keys = table.methods(path)
            if method in methods:
                return Match(methods[method], keys, alias=table is self._aliases)
        return Match(None, NO_KEYS)

    def allowed(self, path: str) -> str:
        """The methods of a canonical path, as an Allow header lists them; empty for an unknown path."""
        return ", ".join(sorted({method for table in self._tables(path) for method in table.methods(path)[0]}))

    def _tables(self, path: str) -> tuple[Table, ...]:
        """Where a path is looked for, in order: a path that stands there whole is never taken for a key."""
        own, alias = self._own.is_whole(path), self._aliases.is_whole(path)
        if own:
            return (self._own, self._aliases) if alias else (self._own,)
        return (self._aliases, self._own) if alias else (self._own, self._aliases)


def rewritten(endpoint: Endpoint, keys: Mapping[str, str], query_string: bytes) -> Rewritten:
    """A request to an alias of an operation, rewritten to the operation's own path.

    A key that the own path lacks becomes a query parameter; one that the alias lacks is taken from the query, and is
    empty, so that it names nothing, when it does not stand there either.
    """
    template = endpoint.operation.path
    wanted = KEY.findall(template)
    query = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, errors="surrogateescape")
    given = {name.lower(): quote(value, safe="", errors="surrogateescape") for name, value in query}
    path_keys = {name: keys.get(name, given.get(name.lower(), "")) for name in wanted}
    moved = [(name, unquote(key, errors="surrogateescape")) for name, key in keys.items() if name not in wanted]
    path = KEY.sub(lambda key: path_keys[key.group(1)], template)
    query_string = urlencode([*query, *moved], errors="surrogateescape").encode("ascii")
    return Rewritten(path, path_keys or NO_KEYS, query_string)


def _pattern(part: str) -> str:
    key = KEY.fullmatch(part)
    return f"(?P<{key.group(1)}>[^/]+)" if key else re.escape(part)
