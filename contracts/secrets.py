"""A value that is not to be seen: what prints it, logs it or puts it into a report writes stars instead."""

from typing import NoReturn

MASK = "***"


class Secret:
    """A text that only `reveal` hands out.

    Args:
        value: The text, such as an API key.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself; for the wire and for the redaction alone."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written to anything")
