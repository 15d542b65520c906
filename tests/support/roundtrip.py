"""Round trips over HTTP, written as tables: what is sent, and what must come back."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from specs import catalog
from tests.support.client import MockClient

ABSENT = object()
"""In `Step.expect`: the key must not be there."""

_UNSEEN = object()
_NAME = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Step:
    """One request of a round trip. `$name` in any text stands for what an earlier step saved under that name.

    Attributes:
        operation_id: what is called.
        path: path keys.
        query: query parameters.
        body: the JSON body, or None for none.
        status: the status that must be answered.
        expect: what the answer must hold: of an object the named fields, of a list as many items, each as far as it is
            given; `...` is any value and `ABSENT` none.
        save: name to the dotted path of an answered field, list positions as numbers.
        headers: more headers.
        clock: a change of the account's clock before the request.
        raw: another body than JSON: its bytes and its Content-Type.
    """

    operation_id: str
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    status: int = 200
    expect: Any = _UNSEEN
    save: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    clock: Mapping[str, Any] | None = None
    raw: tuple[bytes, str] | None = None

    @property
    def looks(self) -> bool:
        """Whether the step looks at more than the status."""
        return self.expect is not _UNSEEN


def run(mock: MockClient, steps: Iterable[Step]) -> dict[str, Any]:
    """Takes the steps in order and answers what they saved.

    Raises:
        AssertionError: it names the step and the place in the answer that is not as expected.
    """
    saved: dict[str, Any] = {}
    for number, step in enumerate(steps, 1):
        label = f"step {number}, {step.operation_id}"
        if step.clock is not None:
            mock.clock(**step.clock)
        response = _sent(mock, step, saved)
        assert response.status_code == step.status, f"{label}: {response.status_code} {response.text[:500]}"
        if step.expect is not _UNSEEN:
            fault = difference(_filled(step.expect, saved), _content(response))
            assert not fault, f"{label}: {fault}; answered {response.text[:800]}"
        saved.update({name: _field(_content(response), path) for name, path in step.save.items()})
    return saved


def difference(expected: Any, got: Any, place: str = "the answer") -> str:
    """Where an answer is not as expected, and how; empty when it is."""
    if expected is ...:
        return ""
    if isinstance(expected, dict):
        return _object_difference(expected, got, place)
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            return f"{place} is {got!r:.300}, no list of {len(expected)}"
        faults = (difference(each, got[index], f"{place}[{index}]") for index, each in enumerate(expected))
        return next(filter(None, faults), "")
    same = type(expected) is type(got) or (isinstance(expected, int | float) and not isinstance(got, bool))
    return "" if same and expected == got else f"{place} is {got!r:.300}, not {expected!r:.300}"


def _object_difference(expected: dict[str, Any], got: Any, place: str) -> str:
    if not isinstance(got, dict):
        return f"{place} is {got!r:.300}, no object"
    if not expected and got:
        return f"{place} is {got!r:.300}, not empty"
    for name, value in expected.items():
        if (value is ABSENT) == (name in got):
            return f"{place}.{name} is {'there' if name in got else 'absent'}"
        fault = "" if value is ABSENT else difference(value, got[name], f"{place}.{name}")
        if fault:
            return fault
    return ""


def _sent(mock: MockClient, step: Step, saved: Mapping[str, Any]) -> requests.Response:
    operation = next(each for each in catalog.served().operations if each.operation_id == step.operation_id)
    path = operation.path
    for name, value in step.path.items():
        path = path.replace(f"{{{name}}}", quote(str(_filled(value, saved)), safe=""))
    assert "{" not in path, f"{step.operation_id}: a path key is missing in {path}"
    options: dict[str, Any] = {"params": _filled(dict(step.query), saved)}
    headers = _filled(dict(step.headers), saved)
    if step.raw is not None:
        options["data"], headers["Content-Type"] = step.raw
    elif step.body is not None:
        options["json"] = _filled(step.body, saved)
    return mock.request(operation.method, path, headers=headers, **options)


def _filled(value: Any, saved: Mapping[str, Any]) -> Any:
    """The value with each saved name replaced; a text that is only a name becomes what was saved, type and all."""
    if isinstance(value, str):
        whole = _NAME.fullmatch(value)
        if whole and whole[1] in saved:
            return saved[whole[1]]
        return _NAME.sub(lambda found: str(saved.get(found[1], found[0])), value)
    if isinstance(value, Mapping):
        return {_filled(name, saved): _filled(each, saved) for name, each in value.items()}
    return [_filled(each, saved) for each in value] if isinstance(value, list | tuple) else value


def _content(response: requests.Response) -> Any:
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.json() if is_json else response.content


def _field(content: Any, path: str) -> Any:
    for part in path.split("."):
        content = content[int(part)] if isinstance(content, list) else content[part]
    return content
