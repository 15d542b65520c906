"""Records of requests and answers, as they may be shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from contracts.judging import Ruling
from contracts.model import BODY_LIMIT, Exchange, Verdict
from contracts.redact import Redactor

_LONGEST = BODY_LIMIT // 4
"""Bytes of a secret that could be cut."""


@dataclass
class Job:
    """One request on its way through the gate.

    Args:
        number: Counts the requests of a run from 1.
        request: As it was handed in.
        ruling: What was judged of it.
        own: Whether it carries the key that it should.
        shown_headers: Its headers as sent, with the names of variables in the place of keys.
        taken: Whether it is counted as sent.
        attempts: How often it was sent.
        elapsed: Seconds of the last attempt.
    """

    number: int
    request: requests.PreparedRequest
    ruling: Ruling
    own: bool = True
    shown_headers: Mapping[str, str] = field(default_factory=dict)
    taken: bool = False
    attempts: int = 0
    elapsed: float = 0.0

    @property
    def operation_id(self) -> str:
        """What the documents call it; empty when they do not."""
        return self.ruling.operation.operation_id if self.ruling.operation else ""


def text_of(value: str | bytes) -> str:
    """A header's value as text."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def body_of(request: requests.PreparedRequest) -> bytes | None:
    """The body as it is written.

    Raises:
        TypeError: It is a stream.
    """
    body = request.body
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    raise TypeError("the body is a stream")


def learn_sent(job: Job, redactor: Redactor) -> None:
    """Tells a redactor what a request carries of the fields that it masks."""
    if not redactor.fields:
        return
    request, operation = job.request, job.ruling.operation
    try:
        body = body_of(request) or b""
    except TypeError:
        body = b""
    headers = [(name, text_of(value)) for name, value in request.headers.items()]
    redactor.learn_sent(operation.path if operation else "", request.path_url, headers, body)


def record(job: Job, verdict: Verdict, response: requests.Response | None, redactor: Redactor) -> Exchange:
    """What happened to a request, without a secret in it.

    A key that was made up to be refused is none, so the key's header is shown unless it holds a real one.
    """
    request = job.request
    headers = job.shown_headers or {name: text_of(value) for name, value in request.headers.items()}
    try:
        body = body_of(request) or b""
    except TypeError:
        body = b""
    return Exchange(
        number=job.number,
        operation_id=job.operation_id,
        method=str(request.method),
        path=redactor.text(request.path_url),
        headers=redactor.sent_headers(headers.items()),
        body=beginning(body, redactor),
        status=response.status_code if response is not None else None,
        response_headers=redactor.headers(response.headers.items()) if response is not None else {},
        response_body=beginning(response.content, redactor) if response is not None else b"",
        elapsed=job.elapsed,
        attempts=job.attempts,
        verdict=verdict,
    )


def beginning(body: bytes, redactor: Redactor) -> bytes:
    """As much of a body as is kept. It is cut when all is masked, so that no half of a secret is left at its end."""
    window = body[: 2 * BODY_LIMIT]
    masked = redactor.data(window)
    whole = masked if len(window) == len(body) else masked[: max(0, len(masked) - _LONGEST)]
    return whole[:BODY_LIMIT]
