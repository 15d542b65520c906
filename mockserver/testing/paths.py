"""Which request paths the mock serves, so that an assertion about a path that cannot be asked for is found out."""

import difflib
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlencode

from mockserver.http.routes import Routes, rewritten
from mockserver.testing.entries import Query, parameters
from specs import catalog
from specs.catalog import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.http.endpoint import Endpoint


class _Bare(NamedTuple):
    """An endpoint as far as routes look at it."""

    operation: Operation


class Place(NamedTuple):
    """Where a request goes."""

    path: str
    query: Query


class Paths:
    """The operations' paths, found as the server finds them.

    Args:
        charge_path: path of Solvimon's charge events.
    """

    def __init__(self, charge_path: str) -> None:
        self._operations = catalog.served(charge_path).operations
        self._routes = Routes(cast("Iterable[Endpoint]", [_Bare(each) for each in self._operations]))

    def named(self, operation_id: str) -> str:
        """The operationId, when there is such an operation.

        Raises:
            ValueError: there is none; the message names similar ones.
        """
        known = [operation.operation_id for operation in self._operations]
        if operation_id not in known:
            raise ValueError(f"there is no operation {operation_id!r}{_similar(operation_id, known)}")
        return operation_id

    def template(self, method: str | None, path: str) -> frozenset[str]:
        """The operationIds of a path that is written with its keys in braces.

        Raises:
            ValueError: there is no such path with that method; the message names similar ones.
        """
        found = [each for each in self._operations if path in (each.path, *each.aliases)]
        of_method = frozenset(each.operation_id for each in found if method in (None, each.method))
        if not of_method:
            raise ValueError(self._unknown(method, path, ", ".join(sorted(each.method for each in found))))
        return of_method

    def canonical(self, method: str | None, path: str, query: Query) -> Place:
        """Path and query as the journal has them: encoded one way, without a trailing slash, the own ones for an alias.

        Raises:
            ValueError: no operation has this path with that method; the message names similar ones.
        """
        if not path.startswith("/") or "?" in path:
            raise ValueError(f"{path!r} is no path: write /customers, and what follows a ? as query={{…}}")
        found, _ = self._routes.canonical(path.encode())
        allowed = self._routes.allowed(found)
        match = self._routes.find(found, method or allowed.partition(", ")[0])
        if match.endpoint is None:
            raise ValueError(self._unknown(method, path, allowed))
        if not match.alias:
            return Place(found, query)
        own = rewritten(match.endpoint, match.path_keys, urlencode(query, doseq=True).encode())
        return Place(own.path, parameters(own.query_string.decode("ascii")))

    def _unknown(self, method: str | None, path: str, allowed: str) -> str:
        if allowed:
            return f"{path} takes {allowed}, not {method}"
        known = sorted({each for operation in self._operations for each in (operation.path, *operation.aliases)})
        return f"no operation has the path {path}{_similar(path, known)}"


def _similar(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(close)}?" if close else "; `mockserver operations` lists them all"
