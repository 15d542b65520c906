"""What rows of faults share: asking the platform more than was asked, and JSON that may be anything."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from specs import catalog
from tests.contracts.faults.fault import Answer, Headers, Request, Send

Json = dict[str, Any]

PUBLISHED = frozenset(operation.operation_id for operation in catalog.project("published").operations)
"""Every operation of the published projection, for faults that concern all of them."""


def named(*names: str) -> frozenset[str]:
    """A set of names."""
    return frozenset(names)


def instead(request: Request, method: str, path: str, body: Any = None, **query: object) -> Request:
    """Another request of the same account; without a body when it is None."""
    headers = request.headers.drop("content-length", "content-type", "content-encoding")
    if body is None:
        return Request(method, path, urlencode(query), headers, b"")
    headers = headers.put("content-type", "application/json")
    return Request(method, path, urlencode(query), headers, json.dumps(body).encode())


def keyed(request: Request, key: str) -> Request:
    """The request of another account."""
    return request.with_headers(request.headers.put("x-api-key", key))


def read(request: Request, send: Send, path: str, **query: object) -> Any:
    """What the same account is answered to a GET; None when that is refused."""
    answer = send(instead(request, "GET", path, **query))
    return answer.json() if answer.good else None


def below(path: str, key: str) -> str:
    """The path of one thing of a family."""
    return f"{path}/{quote(key, safe='')}"


def made(status: int, body: Any) -> Answer:
    """An answer that the platform did not give."""
    return Answer(status, Headers([("content-type", "application/json")]), json.dumps(body).encode())


def refusal(status: int, code: str, message: str, **fields: str) -> Answer:
    """A refusal in the vendor's form."""
    return made(status, {"message": message, "code": code, "errorMessage": message, **fields})


def duplicate(answer: Answer) -> bool:
    """Whether it was refused because the key is taken."""
    return answer.status == 400 and b"duplicate-key" in answer.body


def in_each(change: Callable[[Json], object]) -> Callable[[Any], Any]:
    """Applies a change in place to an object, or to each object of a list, and passes on what is neither."""

    def changed(value: Any) -> Any:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                change(each)
        return value

    return changed


def text(value: Any, name: str) -> str:
    """The text of a field; empty when there is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def number(value: Any, name: str) -> float:
    """The number of a field; 0 when there is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, int | float) else 0
