"""Customers and meters as random sequences make them: by which operations, and in which words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from contracts.laws.metering import MAX, SUM, UNIQUE
from contracts.laws.reference import CUSTOMER

Words = Mapping[str, str]
"""What a thing says of itself: its name, and perhaps more."""

DIMENSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType({"region": ("eu", "us"), "tier": ("free", "pro")})
"""The dimensions of every meter, and the values that events have of them."""


class Handling(StrEnum):
    """What is done with a thing."""

    CREATE = "create"
    REPLACE = "replace"
    READ = "read"
    LIST = "list"
    DELETE = "delete"


@dataclass(frozen=True)
class Thing:
    """A kind of thing that is created, replaced, read, listed and deleted.

    Args:
        noun: What messages call it.
        key: The field that names it.
        address: The field of its answers, and the path parameter, by which it is read and deleted.
        body: What is written of one: from its key, its number among those of a sequence, and its words.
        creates: The operation that does; so the next four.
        replaces: As `creates`.
        reads: As `creates`.
        lists: As `creates`.
        deletes: As `creates`.
        optional: Fields that are not there unless they were written.
        retired: What has to be written over a thing before it may be deleted.
        kinds: Of meters, what the first of a sequence counts, the second, and so on.
        distinct: Of meters, that of which those of kind `UNIQUE` count the values.
    """

    noun: str
    key: str
    address: str
    body: Callable[[str, int, Words], dict[str, Any]]
    creates: str
    replaces: str
    reads: str
    lists: str
    deletes: str
    optional: tuple[str, ...] = ()
    retired: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    distinct: str = CUSTOMER

    @property
    def operations(self) -> tuple[str, ...]:
        """All of its operations, in the order of `Handling`."""
        return self.creates, self.replaces, self.reads, self.lists, self.deletes

    def operation(self, what: Handling) -> str:
        """The operation that does this."""
        return dict(zip(Handling, self.operations, strict=True))[what]


def _customer(key: str, _number: int, words: Words) -> dict[str, Any]:
    more = {"customerEmail": words.get("email"), "description": words.get("about")}
    return {CUSTOMER: key, "customerName": words["name"], **{name: value for name, value in more.items() if value}}


_PUBLISHED_KINDS = (SUM, SUM, UNIQUE, MAX)
_PUBLISHED_TYPES = {SUM: "SUM_OF_ALL_USAGE", MAX: "MAX_IN_PERIOD", UNIQUE: "UNIQUE_CUSTOMERS_COUNT"}


def _definition(key: str, number: int, words: Words) -> dict[str, Any]:
    body = {
        "displayName": words["name"],
        "type": _PUBLISHED_TYPES[_PUBLISHED_KINDS[number]],
        "dimensions": [*DIMENSIONS],
    }
    return {"meterApiName": key, **body}


_LIVE_KINDS = (SUM, SUM, UNIQUE, SUM)
"""Not a meter of the largest value: how the live form calls one is our guess."""
_LIVE_DISTINCT = "tier"
_LIVE_TYPES = {SUM: "sum_of_all_usage", UNIQUE: "active_users"}


def _meter(key: str, number: int, words: Words) -> dict[str, Any]:
    kind = _LIVE_KINDS[number]
    # A label is unique in the account, as a key is.
    body = {"label": f"{key} {words['name']}", "meterType": _LIVE_TYPES[kind], "dimensions": [*DIMENSIONS]}
    counted = {"aggregationDimensions": [_LIVE_DISTINCT]} if kind == UNIQUE else {}
    return {"meterApiName": key, **body, **counted}


CUSTOMERS = Thing(
    "customer",
    CUSTOMER,
    CUSTOMER,
    _customer,
    "createCustomer",
    "updateCustomer",
    "getCustomerById",
    "listCustomers",
    "deleteCustomer",
    optional=("customerEmail", "description"),
)

DEFINITIONS = Thing(
    "meter",
    "meterApiName",
    "meterApiName",
    _definition,
    "createMeterDefinition",
    "updateMeterDefinition",
    "getMeterDefinitionById",
    "listMeterDefinitions",
    "deleteMeterDefinition",
    kinds=_PUBLISHED_KINDS,
)

METERS = Thing(
    "meter",
    "meterApiName",
    "id",
    _meter,
    "createMeter",
    "updateMeter",
    "getMeter",
    "listMeters",
    "deleteMeter",
    retired={"lockingStatus": "deprecated"},
    kinds=_LIVE_KINDS,
    distinct=_LIVE_DISTINCT,
)
