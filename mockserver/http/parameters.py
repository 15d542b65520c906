"""Query parameters: matched by name, converted to their types, held against the documents."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from mockserver.engine.errors import InvalidInput
from mockserver.http.messages import best_error, invalid_input
from mockserver.http.schemas import Compiler
from specs.catalog import Operation

INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
LONGEST_INTEGER = 400
"""Digits of an integer that are still converted; no schema allows more."""
BOOLEANS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


class Parameters:
    """Converts and checks the query parameters of one operation.

    Names are matched without regard to case; what no document knows is ignored; of a repeated name the last one counts.
    """

    def __init__(self, compiler: Compiler, operation: Operation) -> None:
        described = [each for each in operation.parameters if each["in"] == "query"]
        self._readers = {each["name"].lower(): _QueryParameter(compiler, each) for each in described}
        self._required = [reader for reader in self._readers.values() if reader.required]

    def read(self, query_string: bytes) -> Mapping[str, Any]:
        """Documented name to converted value; absent parameters are missing.

        Raises:
            InvalidInput: a required one is missing, or a value breaks its schema.
        """
        if not self._readers or not (query_string or self._required):
            return {}
        values: dict[str, Any] = {}
        for name, text in _pairs(query_string):
            reader = self._readers.get(name.lower())
            if reader is not None:
                values[reader.name] = reader.convert(text)
        for reader in self._required:
            if reader.name not in values:
                message = f"Invalid request: query parameter '{reader.name}' is required"
                raise InvalidInput(message, field=reader.name, rule="required")
        return values


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, errors="surrogateescape")


class _QueryParameter:
    def __init__(self, compiler: Compiler, described: Mapping[str, Any]) -> None:
        self.name: str = described["name"]
        self.required = bool(described.get("required"))
        schema = described["schema"]
        branches = schema.get("anyOf") or schema.get("oneOf") or [schema]
        self._forms = [
            (CONVERTERS.get(compiler.resolved(branch).get("type", "string"), str), compiler.compile(branch))
            for branch in branches
        ]

    def convert(self, text: str) -> Any:
        errors = []
        for converter, validator in self._forms:
            value = converter(text)
            if validator.is_valid(value):
                return value
            errors = list(validator.iter_errors(value))
        refusal = invalid_input(best_error(errors), [self.name])
        raise InvalidInput(
            refusal.message.replace(self.name, f"query parameter '{self.name}'", 1), field=self.name, rule=refusal.rule
        )


def _integer(text: str) -> int | str:
    return int(text) if INTEGER.fullmatch(text) and len(text) <= LONGEST_INTEGER else text


def _number(text: str) -> float | str:
    return float(text) if NUMBER.fullmatch(text) else text


def _boolean(text: str) -> bool | str:
    return BOOLEANS.get(text, text)


CONVERTERS: Mapping[str, Callable[[str], Any]] = {"integer": _integer, "number": _number, "boolean": _boolean}
