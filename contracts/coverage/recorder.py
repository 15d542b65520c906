"""Is told of each request that was answered, and says in the end what of every operation was tried.

Bodies are judged whole, as they were sent; what is kept of them is which keywords they tried.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from contracts.coverage.bodies import SentBodies
from contracts.coverage.model import Covered, OperationCoverage, Parameter
from contracts.coverage.schema import read_body
from contracts.laws.applying import barred_result
from contracts.model import Result
from contracts.records import Job, body_of, text_of
from specs.catalog import Document, Operation
from specs.projecting import resolve

JSON = "application/json"
_SUCCESS = range(200, 300)
_KEY_REFUSED = frozenset({401, 403})
"""Whoever answers so need not have looked at the rest of the request."""


class Recorder:
    """The witness of a gate."""

    def __init__(self) -> None:
        self._projections: dict[tuple[str, str], _Projection] = {}
        self._current: _Projection | None = None
        self._lock = threading.Lock()

    def open(self, document: Document, dialect: str, barred: Mapping[str, str]) -> None:
        """Enters a projection, of which nothing is tried yet.

        Args:
            document: As the dialect knows it.
            dialect: Or empty.
            barred: What is never sent, and why, by operationId; read when the run is over, since more can be barred.
        """
        self._projections[document.name, dialect] = _Projection(document, dialect, barred)

    def begin(self, document: Document, dialect: str, barred: Mapping[str, str] | None = None) -> None:
        """Says that all that follows is sent for this projection, which was entered, and what is barred in it."""
        with self._lock:
            self._current = self._projections[document.name, dialect]
            if barred is not None:
                self._current.barred = barred

    def __call__(self, job: Job, status: int) -> None:
        """Takes note of a request that was answered."""
        operation_id, current = job.operation_id, self._current
        tried = current.tried.get(operation_id) if current is not None else None
        if tried is not None:
            with self._lock:
                tried.take(job.request, status, own=job.own)

    def coverage(self) -> tuple[OperationCoverage, ...]:
        """What was tried, in the order in which projections were entered, and of their documents."""
        with self._lock:
            return tuple(covered for each in self._projections.values() for covered in each.coverage())


@dataclass
class _Projection:
    document: Document
    dialect: str
    barred: Mapping[str, str]
    tried: dict[str, "_Tried"] = field(init=False)

    def __post_init__(self) -> None:
        spec = self.document.spec
        self.tried = {each.operation_id: _Tried(each, spec) for each in self.document.operations}

    def coverage(self) -> Iterator[OperationCoverage]:
        for name, tried in self.tried.items():
            yield tried.coverage(self.dialect, self.barred.get(name, ""))


class _Tried:
    """One operation, and what was tried of it."""

    def __init__(self, operation: Operation, spec: Mapping[str, Any]) -> None:
        self._operation = operation
        self._answered: set[int] = set()
        self._carried: set[tuple[str, str]] = set()
        self._succeeded = False
        schema = _json_schema(operation, spec)
        self._bodies = None if schema is None else SentBodies(lambda: read_body(spec, schema))

    def take(self, request: requests.PreparedRequest, status: int, *, own: bool) -> None:
        """Takes note of a request.

        Args:
            request: As it was handed to the gate.
            status: Of its answer.
            own: Whether it carried the key that it should.
        """
        self._answered.add(status)
        if not own or status in _KEY_REFUSED:
            return
        self._succeeded = self._succeeded or status in _SUCCESS
        headers = {name.lower(): text_of(value) for name, value in request.headers.items()}
        if len(self._carried) < len(self._operation.parameters):
            self._carried |= _carried(self._operation, str(request.url), headers)
        body = body_of(request)
        if self._bodies is not None and body and _media_type(headers.get("content-type", "")) == JSON:
            self._bodies.take(body)

    def coverage(self, dialect: str, barred: str) -> OperationCoverage:
        """What was tried of it.

        Args:
            dialect: Of the projection.
            barred: Why nothing is sent to it, or empty.
        """
        operation, reachable = self._operation, bool(self._answered) or not _is_unreachable(barred)
        return OperationCoverage(
            document=operation.document,
            dialect=dialect,
            operation_id=operation.operation_id,
            method=operation.method,
            path=operation.path,
            family=operation.family,
            evidence=operation.evidence,
            state=_state(self._succeeded, reachable=reachable),
            reason=barred,
            statuses=tuple(
                (name, _state(found, reachable=reachable))
                for name, found in _statuses(operation.node.get("responses", {}), self._answered)
            ),
            parameters=tuple(
                Parameter(place, name, _state((place, name) in self._carried, reachable=reachable))
                for place, name in _parameters(operation)
            ),
            keywords=() if self._bodies is None else self._bodies.keywords(reachable=reachable),
        )


def _state(tested: bool, *, reachable: bool) -> Covered:  # noqa: FBT001 - what is asked of everything
    if not reachable:
        return Covered.NOT_REACHABLE
    return Covered.TESTED if tested else Covered.UNTESTED


def _is_unreachable(barred: str) -> bool:
    return bool(barred) and barred_result(barred) is Result.NOT_REACHABLE


def _json_schema(operation: Operation, spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of a request body of JSON, or None."""
    content = resolve(spec, operation.node.get("requestBody") or {}).get("content") or {}
    media = next((media for name, media in content.items() if _media_type(name) == JSON), None) or {}
    return media.get("schema")


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _parameters(operation: Operation) -> tuple[tuple[str, str], ...]:
    return tuple((each["in"], each["name"]) for each in operation.parameters)


def _carried(operation: Operation, url: str, headers: Mapping[str, str]) -> set[tuple[str, str]]:
    """The documented parameters that a request carries."""
    query = {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}
    # A parameter that is an object stands there with the names of its members in brackets.
    query |= {name.partition("[")[0] for name in query}
    there = {"query": query, "cookie": _cookies(headers.get("cookie", "")), "header": headers.keys()}
    return {
        (place, name)
        for place, name in _parameters(operation)
        if place == "path" or (name.lower() if place == "header" else name) in there.get(place, ())
    }


def _cookies(header: str) -> set[str]:
    try:
        return set(SimpleCookie(header))
    except CookieError:
        return set()


def _statuses(documented: Mapping[Any, Any], answered: set[int]) -> Iterator[tuple[str, bool]]:
    """Each documented status, and whether it was answered; `4XX` and `default` stand for what no other one names."""
    names = [str(name) for name in documented]
    exact = {int(name) for name in names if name.isdecimal()}
    ranges = {name[0] for name in names if name.upper().endswith("XX")}
    rest = answered - exact
    for name in names:
        if name.isdecimal():
            yield name, int(name) in answered
        elif name == "default":
            yield name, any(str(status)[0] not in ranges for status in rest)
        else:
            yield name, any(str(status)[0] == name[0] for status in rest)
