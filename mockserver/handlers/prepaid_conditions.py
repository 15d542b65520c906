"""What a prepaid card may pay for. The form is published nowhere; which fields are read is our reading.

A condition is `{"productItemIds": [id], "dimensions": {name: [value]}}`: all that it names must hold. Of a list of
conditions any one is enough. A field that is not read, or that names nothing, restricts nothing.
"""

from collections.abc import Iterator
from typing import Any, Final

from mockserver.domain.drawdown import Condition, Conditions
from mockserver.engine.call import Call
from mockserver.engine.printing import printable
from mockserver.handlers.product_items import ITEMS

FIELD: Final = "prepaidConditions"
ITEM_IDS: Final = "productItemIds"
DIMENSIONS: Final = "dimensions"


def conditions_from_api(written: Any) -> Conditions:
    """The conditions that a body holds; none when one of them restricts nothing, since any one is enough."""
    read = [Condition(_items(each), _dimensions(each)) for _, each in _each(written)]
    return tuple(read) if all(each.items is not None or each.dimensions for each in read) else ()


def warn_of_conditions(call: Call, written: Any) -> None:
    """Warns of what is not read in conditions, and of product items that there are not.

    Raises:
        StrictRefusal: the account is strict.
    """
    for path, condition in _each(written):
        for name, value in condition.items():
            if not _is_read(name, value):
                message = "the condition is not read: it restricts nothing"
                call.warn(f"{path}.{printable(name, 60)}", "unread-condition", message)
        for item in sorted(_items(condition) or ()):
            if item not in ITEMS.documents(call):
                message = f"no product item exists with this id: {printable(item)}"
                call.warn(f"{path}.{ITEM_IDS}", "unknown-product-item", message)


def _each(written: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The single conditions, each with where it stands in the body."""
    if isinstance(written, list):
        yield from ((f"{FIELD}[{place}]", each) for place, each in enumerate(written))
    elif written is not None:
        yield FIELD, written


def _is_read(name: str, value: Any) -> bool:
    if name == ITEM_IDS:
        return _are_texts(value)
    return name == DIMENSIONS and isinstance(value, dict) and all(map(_are_texts, value.values()))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _items(condition: dict[str, Any]) -> frozenset[str] | None:
    ids = condition.get(ITEM_IDS)
    return frozenset(ids) if ids and _is_read(ITEM_IDS, ids) else None


def _dimensions(condition: dict[str, Any]) -> dict[str, frozenset[str]]:
    named = condition.get(DIMENSIONS, {})
    if not _is_read(DIMENSIONS, named):
        return {}
    return {name: frozenset(values) for name, values in named.items() if values}
