"""The clock of a target's account, where it can be moved over HTTP: docs/laws.md has the contract."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from contracts.checks.asking import Reply
from contracts.credentials import AUTH_HEADER
from contracts.curl import curl
from contracts.faults import EnvironmentFault, Refused, TargetFault
from contracts.gate import Gate
from contracts.laws.law import Unclear
from contracts.model import Result, RunError
from contracts.watcher import Watcher

_AUTH = "account"
_JSON = "application/json"
_TOLERANCE = 1.0
"""Seconds by which what a clock shows and what it was told may differ, as it is told in whole ones."""


@dataclass(frozen=True)
class Shown:
    """What a clock answers.

    Args:
        now: Seconds since 1970 UTC.
        frozen: Whether it stands still.
    """

    now: float
    frozen: bool


class HttpClock:
    """Reads and moves the clock of the run's own account, and never turns it back.

    Args:
        gate: Through which it goes; from now on it lets the URL through.
        watcher: The gate's observer.
        url: Where the clock is, at the target's scheme, host and port.

    Raises:
        RunError: The URL is none, or none of a clock of the target's.
    """

    def __init__(self, gate: Gate, watcher: Watcher, url: str) -> None:
        self._url = _written(url)
        gate.let_turn(self._url)
        self._gate = gate
        self._watcher = watcher
        self._session = gate.session()

    def now(self) -> float:
        """Seconds since 1970 UTC as the account sees them.

        Raises:
            Unclear: There was no answer, or it is none of a clock.
        """
        return self._shown(self._ask("GET")).now

    def advance(self, seconds: int) -> Reply:
        """Lets time pass for the account; the answer.

        Args:
            seconds: How much, above 0.

        Raises:
            Unclear: There was no answer, it is none of a clock, or the clock did not move by as much.
        """
        if seconds <= 0:
            raise ValueError("a clock is moved forward alone")
        before = self.now()
        reply = self._ask("PUT", {"advance": {"seconds": seconds}})
        passed = self._shown(reply).now - before
        if passed < seconds - _TOLERANCE:
            raise Unclear(f"the clock was to go forward by {seconds} s, and went by {passed:.0f} s")
        return reply

    def _ask(self, method: str, body: Any = None) -> Reply:
        headers = {"Accept": _JSON, AUTH_HEADER: _AUTH, **({"Content-Type": _JSON} if body is not None else {})}
        data = None if body is None else json.dumps(body)
        request = requests.Request(method, self._url, headers=headers, data=data).prepare()
        try:
            response = self._session.send(request)
        except Refused as error:
            raise Unclear(f"the clock: {error.reason}", Result.UNTESTED) from None
        except EnvironmentFault as error:
            raise Unclear(f"the clock: {error.reason}") from None
        except TargetFault as error:
            raise Unclear(f"the clock: {error}") from None
        exchange = self._watcher.last
        if exchange is None:
            raise RuntimeError("the gate's observer is not the one that was given")
        gate = self._gate

        def tell() -> str:
            command = curl(request, key_header=gate.key_header, auth=_AUTH, vendor=gate.target.document)
            return gate.redactor.text(command)

        return Reply(response.status_code, response.content, exchange, tell, response)

    def _shown(self, reply: Reply) -> Shown:
        if not reply.success:
            raise Unclear(f"the clock of --clock-url answered {reply.status}")
        found = read(reply.json())
        if found is None:
            raise Unclear(
                'the clock of --clock-url answered something else than {"now": an ISO 8601 date and time, '
                '"nowInMillis": the same in milliseconds, "frozen": true or false}'
            )
        return found


def read(answer: Any) -> Shown | None:
    """What a clock shows, or None when the answer is none of a clock."""
    if not isinstance(answer, dict):
        return None
    now, millis, frozen = (answer.get(name) for name in ("now", "nowInMillis", "frozen"))
    if not isinstance(now, str) or type(millis) is not int or not isinstance(frozen, bool):
        return None
    try:
        told = datetime.fromisoformat(now)
    except ValueError:
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    return Shown(millis / 1000, frozen) if abs(told.timestamp() - millis / 1000) <= _TOLERANCE else None


def _written(url: str) -> str:
    """The URL as requests to it are written."""
    try:
        return str(requests.Request("GET", url).prepare().url)
    except requests.RequestException:
        raise RunError(
            "the URL of --clock-url is none", "it looks like http://127.0.0.1:8080/_mock/clock at the mock"
        ) from None
