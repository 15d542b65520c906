"""From what went wrong to a status and the vendor's error body: one table each."""

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from connexion.exceptions import ProblemException
from starlette.exceptions import HTTPException

from mockserver.engine.errors import (
    ConflictingReplay,
    DuplicateKey,
    InvalidInput,
    KeyNotFound,
    MissingField,
    NotPermitted,
    Refusal,
    SessionRefused,
    TooLarge,
    UnsupportedVersion,
)
from mockserver.http.answer import Answer, json_answer
from mockserver.http.auth import Forbidden, Unauthorized
from mockserver.http.bodies import BodyTooLarge, ClientGone

log = logging.getLogger("mockserver")

STATUSES: Mapping[type[Exception], int] = {
    InvalidInput: 400,
    DuplicateKey: 400,
    UnsupportedVersion: 400,
    Unauthorized: 401,
    SessionRefused: 401,
    Forbidden: 403,
    NotPermitted: 403,
    KeyNotFound: 404,
    ConflictingReplay: 409,
    TooLarge: 413,
    BodyTooLarge: 413,
    ClientGone: 400,
}

FRAMEWORK_STATUSES = {415: 400, 422: 400}
"""The vendors document 400 for every body fault, the wrong media type included."""

AMBERFLO_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    500: "INTERNAL_ERROR",
}

SOLVIMON_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORISED",
    403: "USER_NOT_ALLOWED",
    404: "RESOURCE_NOT_FOUND",
    405: "INVALID_OPERATION",
    409: "RESOURCE_ALREADY_EXISTS",
    413: "BAD_REQUEST",
    500: "INTERNAL_ERROR",
}
SOLVIMON_RULES = {
    "required": "MISSING_FIELD",
    "not-null": "MISSING_FIELD",
    "content-type": "UNSUPPORTED_MEDIA_TYPE",
    "media-type": "UNSUPPORTED_MEDIA_TYPE",
    "unsupported-version": "UNSUPPORTED_VERSION",
}

MESSAGES = {404: "there is no such path; /_mock/docs/ lists what is served", 405: "the path does not take this method"}


def status_of(error: Exception) -> int:
    """The HTTP status of an error; 500 when nothing is known of it."""
    for cls in type(error).__mro__:
        if cls in STATUSES:
            return STATUSES[cls]
    if isinstance(error, ProblemException | HTTPException):
        status: int = error.status_code if isinstance(error, HTTPException) else error.status
        return FRAMEWORK_STATUSES.get(status, status)
    return 500


def refusal_of(error: Exception, status: int) -> Refusal:
    """The error as something that may be told to the caller: never a traceback, never internals."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ClientGone):
        return Refusal("the connection was closed before the body was complete", rule="incomplete-body")
    if isinstance(error, ProblemException | HTTPException):
        detail = str(getattr(error, "detail", None) or "the request was refused").splitlines()[0]
        if status == 401:  # noqa: PLR2004 - stock Connexion's own words for a request without credentials
            return Unauthorized("No API key provided", rule="api-key")
        return Refusal(MESSAGES.get(status, detail))
    number = secrets.token_hex(6)
    log.error("internal error %s", number, exc_info=error)
    return Refusal(f"internal error {number}; the server's log has the details")


def amberflo_body(status: int, refusal: Refusal) -> dict[str, Any]:
    """The published form's `message`, `code`, `details` and the live form's `errorMessage` in one."""
    details = ": ".join(part for part in (refusal.field, refusal.rule) if part)
    body = {"message": refusal.message, "code": AMBERFLO_CODES.get(status, "ERROR"), "errorMessage": refusal.message}
    return {**body, "details": details} if details else body


def solvimon_body(status: int, refusal: Refusal) -> dict[str, Any]:
    """Solvimon's ApiError, its code from the closed list."""
    code = SOLVIMON_CODES.get(status, "BAD_REQUEST")
    if status == 400:  # noqa: PLR2004 - the one status that several codes share
        code = SOLVIMON_RULES.get(refusal.rule or "", "INVALID_FIELD" if refusal.field else code)
        if isinstance(refusal, MissingField):
            code = "MISSING_FIELD"
        elif refusal.rule == "type" and refusal.field is None:
            code = "UNABLE_TO_PROCESS_INSTRUCTIONS"
    body = {"type": "API_ERROR" if status >= 500 else "INVALID_REQUEST", "code": code, "message": refusal.message}  # noqa: PLR2004
    return {**body, "field": refusal.field} if refusal.field else body


def request_id() -> tuple[bytes, bytes]:
    """Solvimon's X-REQUEST-ID header."""
    return (b"x-request-id", f"reqr_{secrets.token_hex(10)}".encode("ascii"))


class Vendor:
    """How one vendor's API speaks.

    Args:
        error_body: its error body for a status and a refusal.
        challenge: what WWW-Authenticate says with a 401.
        own_headers: headers on every answer.
    """

    def __init__(
        self,
        error_body: Callable[[int, Refusal], dict[str, Any]],
        challenge: str,
        own_headers: Callable[[], tuple[tuple[bytes, bytes], ...]] = tuple,
    ) -> None:
        self._error_body = error_body
        self._challenge = challenge
        self.own_headers = own_headers

    def error(self, error: Exception, allow: str = "") -> Answer:
        """The answer to a request that failed.

        Args:
            error: what was raised.
            allow: the methods that the path takes, for a 405.
        """
        status = status_of(error)
        headers = {401: {"WWW-Authenticate": self._challenge}, 405: {"Allow": allow}}.get(status)
        answer = json_answer(self._error_body(status, refusal_of(error, status)), status, headers)
        return answer._replace(headers=(*answer.headers, *self.own_headers()))


AMBERFLO = Vendor(amberflo_body, 'ApiKey realm="metermock", header="X-API-KEY"')
VENDORS: Mapping[str, Vendor] = {
    "amberflo": AMBERFLO,
    "solvimon": Vendor(solvimon_body, 'Bearer realm="metermock", ApiKey header="X-API-KEY"', lambda: (request_id(),)),
}
