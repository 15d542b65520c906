"""Which fields of a thing may hold anything, by what its document says of them."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from contracts.laws.resources_kinds import Kind
from contracts.laws.resources_schemas import Schema, has, is_type, items, members
from contracts.policy import KeyNames, plain
from specs.catalog import Document

UNIQUE: Mapping[str, str] = MappingProxyType({"createUsageReportJob": "jobName", "createWebhookSubscription": "topic"})
"""The field that no two things may share, where that is neither their key nor named by a reason of `x-refuses`."""

_SPOKEN = re.compile("(name|description|label|note|notes|comment|title)$")
"""How the names of fields end that hold words for people, so that any words will do."""

_BOUND = ("enum", "format", "pattern", "maxLength")
"""What says that a text is not any text."""


@lru_cache(maxsize=16)
def key_names(document: Document) -> KeyNames:
    """The names of fields that hold keys in a document."""
    return KeyNames(document.operations)


class Fields:
    """The fields of one kind of thing.

    Args:
        document: The kind's.
        kind: Which.
    """

    def __init__(self, document: Document, kind: Kind) -> None:
        self.spec = document.spec
        self.keys = key_names(document)
        self.unique = UNIQUE.get(kind.create.operation_id, "")

    def is_spoken(self, name: str, schema: Schema) -> bool:
        """Whether a field holds words for people."""
        return self._is_free(name, schema) and name != self.unique and bool(_SPOKEN.search(plain(name)))

    def is_free_map(self, name: str, schema: Schema) -> bool:
        """Whether an object takes any texts under any names."""
        free = _any_member(schema)
        return bool(free) and self._is_free(name, free)

    def is_free_map_of_lists(self, name: str, schema: Schema) -> bool:
        """Whether an object takes lists of any texts under any names."""
        free = _any_member(schema)
        return free.get("type") == "array" and self._is_free(name, items(self.spec, free))

    def is_free_list(self, name: str, schema: Schema) -> bool:
        """Whether a list takes any texts."""
        return schema.get("type") == "array" and self._is_free(name, items(self.spec, schema))

    def is_plain(self, schema: Schema) -> bool:
        """Whether an object is nothing but texts and switches without rules: a postal address, for one."""
        known = members(self.spec, schema)
        asked = bool(schema.get("required")) and not schema.get("nullable")
        return bool(known) and asked and all(self._is_simple(name, each) for name, each in known.items())

    def _is_simple(self, name: str, schema: Schema) -> bool:
        return self._is_free(name, schema) or (is_type(self.spec, schema, "boolean") and not self._is_bound(schema))

    def _is_free(self, name: str, schema: Schema) -> bool:
        return schema.get("type") == "string" and name not in self.keys and not self._is_bound(schema)

    def _is_bound(self, schema: Schema) -> bool:
        return any(has(self.spec, schema, keyword) for keyword in _BOUND)


def _any_member(schema: Schema) -> Schema:
    """The schema of the members of an object that describes none; empty when it does."""
    free: Any = schema.get("additionalProperties")
    return free if isinstance(free, Mapping) and "properties" not in schema else {}
