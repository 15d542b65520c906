"""Paths and methods: which endpoint answers, whatever characters a key holds."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from mockserver.http.endpoint import Endpoint

PLAIN = re.compile(rb"[A-Za-z0-9\-._~/]*")
KEY = re.compile(r"\{([^}]+)\}")
NO_KEYS: Mapping[str, str] = {}

SLASHED_COLLECTIONS = frozenset({"/customers"})
"""Collections that answer with a trailing slash although a key path stands beside them: the vendor's SDK sends it."""


class Match(NamedTuple):
    """The endpoint of a path and method, its keys still percent-encoded."""

    endpoint: Endpoint | None
    path_keys: Mapping[str, str]


class Routes:
    """Finds endpoints by path and method. Paths without keys win over paths with keys."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._static: dict[str, dict[str, Endpoint]] = {}
        self._keyed: dict[str, tuple[re.Pattern[str], dict[str, Endpoint]]] = {}
        for endpoint in endpoints:
            self._add(endpoint)

    def _add(self, endpoint: Endpoint) -> None:
        path, method = endpoint.operation.path, endpoint.operation.method
        if KEY.search(path):
            pattern = "".join(_pattern(part) for part in re.split(r"(\{[^}]+\})", path))
            _, methods = self._keyed.setdefault(path, (re.compile(pattern), {}))
        else:
            methods = self._static.setdefault(path, {})
        methods[method] = endpoint
        if method == "GET":
            methods.setdefault("HEAD", endpoint)

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
        return bool(self._methods(path)[0]) and not any(template.rpartition("/")[0] == path for template in self._keyed)

    def find(self, path: str, method: str) -> Match:
        """The endpoint of a canonical path and a method; none when nothing matches both."""
        methods, keys = self._methods(path)
        return Match(methods.get(method), keys)

    def allowed(self, path: str) -> str:
        """The methods of a canonical path, as an Allow header lists them; empty for an unknown path."""
        return ", ".join(sorted(self._methods(path)[0]))

    def _methods(self, path: str) -> tuple[Mapping[str, Endpoint], Mapping[str, str]]:
        static = self._static.get(path)
        if static is not None:
            return static, NO_KEYS
        for pattern, methods in self._keyed.values():
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groupdict()
        return {}, NO_KEYS


def _pattern(part: str) -> str:
    key = KEY.fullmatch(part)
    return f"(?P<{key.group(1)}>[^/]+)" if key else re.escape(part)
