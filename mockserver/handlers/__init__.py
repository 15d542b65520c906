"""One module a family of operations: its bindings, its converters and the few behaviours written by hand.

A module without bindings serves several families.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Mapping

from mockserver.engine.binding import Binding, BindingError


def bindings() -> Mapping[str, Binding]:
    """Every module's `BINDINGS` as one table, operationId to binding.

    A family is found by its file: adding one touches no list.

    Raises:
        BindingError: two modules bind the same operation; the message names all such operations.
    """
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    tables: list[Mapping[str, Binding]] = [getattr(module, "BINDINGS", {}) for module in modules]
    counted = Counter(operation_id for table in tables for operation_id in table)
    double = sorted(operation_id for operation_id, count in counted.items() if count > 1)
    if double:
        raise BindingError(f"bound more than once: {', '.join(double)}")
    return {operation_id: binding for table in tables for operation_id, binding in table.items()}
