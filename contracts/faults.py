"""What can become of a request other than an answer: typed, so that nobody has to read a traceback.

All derive from what `requests` raises, so that any client of a gated session treats them as faults of the network.
"""

from enum import StrEnum

import requests
from requests import exceptions


class FaultKind(StrEnum):
    """How a target failed to answer."""

    DEAD = "dead"
    TIMEOUT = "timeout"
    CUT = "cut"
    BAD_LENGTH = "bad-length"
    BAD_HTTP = "bad-http"
    BAD_ENCODING = "bad-encoding"
    TOO_LARGE = "too-large"
    TLS = "tls"


class Refused(exceptions.RequestException):
    """The gate does not send this request.

    Args:
        reason: Why, as a sentence without its full stop.
    """

    def __init__(self, reason: str, request: requests.PreparedRequest | None = None) -> None:
        super().__init__(reason, request=request)
        self.reason = reason


class OutOfTime(Refused):
    """The time of the run is over, or would be over before the request could be sent."""


class EnvironmentFault(exceptions.RequestException):
    """A target elsewhere answered 429, 502, 503 or 504 until the gate gave up: nothing is known of the operation.

    Args:
        status: The last answer's.
        reason: What was tried.
    """

    def __init__(self, status: int, reason: str, request: requests.PreparedRequest | None = None) -> None:
        super().__init__(reason, request=request)
        self.status = status
        self.reason = reason


class TargetFault(exceptions.RequestException):
    """There was no whole answer.

    Args:
        kind: How the target failed.
        detail: One line for a person.
        status: Of the answer, when it got as far as that.
    """

    def __init__(
        self,
        kind: FaultKind,
        detail: str,
        status: int | None = None,
        request: requests.PreparedRequest | None = None,
    ) -> None:
        super().__init__(f"{kind}: {detail}", request=request)
        self.kind = kind
        self.detail = detail
        self.status = status


class TargetTimeout(TargetFault, exceptions.ReadTimeout):
    """The whole answer was not there in time."""


class TargetUnreachable(TargetFault, exceptions.ConnectionError):
    """There is no connection."""


class AnswerBroken(TargetFault, exceptions.ChunkedEncodingError):
    """The answer ended early, or is no HTTP."""


_CLASSES: dict[FaultKind, type[TargetFault]] = {
    FaultKind.TIMEOUT: TargetTimeout,
    FaultKind.DEAD: TargetUnreachable,
    FaultKind.TLS: TargetUnreachable,
}


def fault(kind: FaultKind, detail: str, status: int | None = None) -> TargetFault:
    """The fault of this kind, as the class that stands nearest to it among those of `requests`."""
    return _CLASSES.get(kind, AnswerBroken)(kind, detail, status)
