"""Fields of documents by their dotted paths (`billingPeriod.interval`); a list on the way stands for all its items."""

from collections.abc import Callable, Iterator
from typing import Any

from mockserver.engine.store import JsonObject


def values_at(document: Any, path: str) -> Iterator[Any]:
    """The values that stand at a path, those of a list one by one; nothing where the path breaks off."""
    name, _, rest = path.partition(".")
    if isinstance(document, list):
        for item in document:
            yield from values_at(item, path)
    elif isinstance(document, dict) and name in document:
        value = document[name]
        if rest:
            yield from values_at(value, rest)
        else:
            yield from value if isinstance(value, list) else [value]


def with_changed(document: JsonObject, path: str, change: Callable[[Any], Any]) -> JsonObject:
    """A copy of a document whose values at a path are changed; what lies beside the path is shared."""
    name, _, rest = path.partition(".")
    if name not in document:
        return document
    value = document[name]
    if rest:
        changed = (
            [with_changed(each, rest, change) if isinstance(each, dict) else each for each in value]
            if isinstance(value, list)
            else with_changed(value, rest, change)
            if isinstance(value, dict)
            else value
        )
    else:
        changed = [change(each) for each in value] if isinstance(value, list) else change(value)
    return {**document, name: changed}


def lower_case(value: Any) -> Any:
    """A text in lower case, anything else as it is."""
    return value.lower() if isinstance(value, str) else value
