"""Dotted paths into documents."""

from typing import Any

import pytest

from mockserver.engine.fields import lower_case, values_at, with_changed

DOCUMENT = {"a": "X", "list": ["P", 1, "Q"], "deep": {"b": "Y", "more": [{"c": "Z"}, {"d": 1}, 7]}}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a", ["X"]),
        ("list", ["P", 1, "Q"]),
        ("deep.b", ["Y"]),
        ("deep.more.c", ["Z"]),
        ("deep.more", [{"c": "Z"}, {"d": 1}, 7]),
        ("none", []),
        ("a.b", []),
        ("deep.none.c", []),
    ],
)
def test_values_at_a_path(path: str, values: list[Any]) -> None:
    """Lists on the way stand for all their items; a path that breaks off has no values."""
    assert list(values_at(DOCUMENT, path)) == values


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("a", {**DOCUMENT, "a": "x"}),
        ("list", {**DOCUMENT, "list": ["p", 1, "q"]}),
        ("deep.b", {**DOCUMENT, "deep": {**DOCUMENT["deep"], "b": "y"}}),  # type: ignore[dict-item]
        ("deep.more.c", {**DOCUMENT, "deep": {"b": "Y", "more": [{"c": "z"}, {"d": 1}, 7]}}),
        ("none", DOCUMENT),
        ("a.b", DOCUMENT),
        ("list.x", DOCUMENT),
    ],
)
def test_a_change_makes_a_copy(path: str, changed: dict[str, Any]) -> None:
    """Only what stands at the path is changed, and the original never."""
    before = repr(DOCUMENT)
    assert with_changed(DOCUMENT, path, lower_case) == changed
    assert repr(DOCUMENT) == before
