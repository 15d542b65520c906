"""How an account's helpers reach its control operations."""

from collections.abc import Mapping
from typing import Any, Protocol


class Control(Protocol):
    """Calls a control operation with one account's key; no socket is needed."""

    def __call__(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """The parsed answer.

        Raises:
            ValueError: it was refused; the message is the refusal's.
        """
