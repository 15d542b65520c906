"""Amounts of money inside documents, made exact."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any


def with_exact_amounts(value: Any, names: Collection[str]) -> Any:
    """A copy of JSON-like data in which the numbers under some names are exact.

    Args:
        value: objects, lists and scalars.
        names: of fields that hold an amount, or amounts in an object or a list; at any depth.

    Returns:
        The data, each such double as the shortest decimal that reads back as the same double. Whole numbers stay.
    """
    holder: list[Any] = [value]
    waiting: list[tuple[Any, bool]] = [(holder, False)]
    # A stack of its own, because prices may be nested as deeply as a body can be.
    while waiting:
        container, inside = waiting.pop()
        items = list(container.items()) if isinstance(container, dict) else enumerate(container)
        for key, item in items:
            exact = inside or key in names
            if isinstance(item, dict | list):
                container[key] = item.copy()
                waiting.append((container[key], exact))
            elif exact and isinstance(item, float):
                container[key] = Decimal(repr(item))
    return holder[0]
