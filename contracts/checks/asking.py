"""Requests that a check of ours makes itself, through the gate like every other."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import requests

from contracts.checks.samples import Sample
from contracts.credentials import AUTH_HEADER
from contracts.curl import curl
from contracts.faults import EnvironmentFault, Refused, TargetFault
from contracts.gate import Gate
from contracts.keys import key_header
from contracts.model import Exchange, Result
from contracts.portal import is_portal
from contracts.watcher import Watcher
from specs.catalog import Document, Operation

_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Said:
    """What a check of ours says of an operation.

    Args:
        check: Which.
        operation_id: Of which operation.
        result: One of five.
        reason: Why it is neither conform nor differs.
        expected: What should have been; of a difference.
        got: What was; of a difference.
        status: Of the answer.
        exchange: That shows it.
        curl: The commands that show it.
    """

    check: str
    operation_id: str
    result: Result
    reason: str = ""
    expected: str = ""
    got: str = ""
    status: int | None = None
    exchange: Exchange | None = None
    curl: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer to a request of ours.

    Args:
        status: Of the answer.
        body: Of the answer, whole.
        exchange: Its record.
        tell: Gives the shell command that sends the request again; most are never looked at.
        response: As the session gave it.
    """

    status: int
    body: bytes
    exchange: Exchange
    tell: Callable[[], str]
    response: requests.Response

    @cached_property
    def curl(self) -> str:
        """The shell command that sends the request again; empty when a shell could not say it."""
        return self.tell()

    @property
    def success(self) -> bool:
        """Whether the status is one of success."""
        return self.status in _SUCCESS

    def json(self) -> Any:
        """The body as a JSON value; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True)
class NoReply:
    """There was none: why, and what that makes of the check."""

    result: Result
    reason: str
    error: Refused | EnvironmentFault | TargetFault
    exchange: Exchange | None


class Asker:
    """Asks the operations of one projection.

    Args:
        gate: Through which it goes.
        watcher: The gate's observer.
        document: The projection.
        dialect: Its name, or empty.
    """

    def __init__(self, gate: Gate, watcher: Watcher, document: Document, dialect: str) -> None:
        self.document = document
        self.dialect = dialect
        self.has_other = gate.target.keys.other is not None
        self.operations = {each.operation_id: each for each in document.operations}
        self._gate = gate
        self._watcher = watcher
        self._session = gate.session()
        self._header = key_header(document.spec)

    @property
    def gate(self) -> Gate:
        """Through which it goes."""
        return self._gate

    def alike(self) -> "Asker":
        """Another one for another thread, since a session is for one alone."""
        return Asker(self._gate, self._watcher, self.document, self.dialect)

    def command(self, operation: Operation, request: Sample, *, auth: str = "own") -> str:
        """The shell command that would send a request, which is not sent; empty when a shell could not say it."""
        prepared = request.request(self._gate.target.url, operation, {AUTH_HEADER: auth})
        return self._curl(operation, prepared, auth)

    def ask(self, operation: Operation, request: Sample, *, auth: str = "own") -> Reply | NoReply:
        """Sends a request with the key that `auth` names, one of `contracts.credentials.MODES`."""
        prepared = request.request(self._gate.target.url, operation, {AUTH_HEADER: auth})
        try:
            response = self._session.send(prepared)
        except Refused as error:
            return NoReply(Result.UNTESTED, error.reason, error, self._watcher.last)
        except EnvironmentFault as error:
            return NoReply(Result.INCONCLUSIVE, error.reason, error, self._watcher.last)
        except TargetFault as error:
            return NoReply(Result.INCONCLUSIVE, str(error), error, self._watcher.last)
        exchange = self._watcher.last
        if exchange is None:
            raise RuntimeError("the gate's observer is not the one that was given")
        return Reply(
            response.status_code, response.content, exchange, lambda: self._curl(operation, prepared, auth), response
        )

    def owned(self, operation: Operation, request: Sample) -> Sample:
        """The request with keys of the run's own, where it writes to what others use."""
        path, query, body = self._gate.adopt(operation, request.path, request.query, request.body)
        return replace(request, path=path, query=query, body=body)

    def _curl(self, operation: Operation, prepared: requests.PreparedRequest, auth: str) -> str:
        portal = is_portal(operation)
        command = curl(prepared, key_header=self._header, auth=auth, vendor=operation.document, portal=portal)
        return self._gate.redactor.text(command)
