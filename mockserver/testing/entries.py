"""What a journal tells of a request, as values that tests compare."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

Query = Mapping[str, str | list[str]]


class RequestWarning(NamedTuple):
    """Something that was accepted and is probably a mistake.

    Attributes:
        rule: the rule as a kebab-case word, such as `unknown-meter`.
        field: dotted path of the field (`[3].meterValue`), or None when no field is at fault.
        message: one sentence.
    """

    rule: str
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its answer.

    Attributes:
        sequence: 1, 2, 3 … in the order in which requests were answered.
        time: the account's time when it was answered, in UTC.
        method: in upper case.
        path: the operation's own path, percent-encoded, without a trailing slash.
        operation: its operationId, None where the path has no such method.
        query: parameters by name; a list where a name is repeated.
        body: the JSON value, the text where it is none, None where there was no body.
        cut: whether the body was too long to be kept whole; `body` is the beginning of its text then.
        status: of the answer.
        answer: the answer's body, read like `body`; the beginning of its text when it is longer than 4 KB.
        warnings: what the request was warned of.
    """

    sequence: int
    time: datetime
    method: str
    path: str
    operation: str | None
    query: Query
    body: Any
    cut: bool
    status: int
    answer: Any
    warnings: tuple[RequestWarning, ...]


def request_from_journal(entry: Mapping[str, Any]) -> Request:
    """The request of an entry of `GET /_mock/journal`."""
    return Request(
        sequence=entry["sequence"],
        time=datetime.fromisoformat(entry["time"]),
        method=entry["method"],
        path=entry["path"],
        operation=entry["operationId"],
        query=parameters(entry["query"]),
        body=_value(entry["request"]),
        cut=entry["request"]["cut"],
        status=entry["status"],
        answer=_value(entry["response"]),
        warnings=tuple(RequestWarning(**caution) for caution in entry["warnings"]),
    )


def parameters(text: str) -> Query:
    """The parameters of a query string by name; a list where a name is repeated."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return {name: each[0] if len(each) == 1 else each for name, each in values.items()}


def _value(body: Mapping[str, Any]) -> Any:
    """The JSON value of an excerpt, its text where it is none or was cut, None where there is nothing."""
    text: str = body["body"]
    if body["cut"] or not text:
        return text or None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
