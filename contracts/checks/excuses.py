"""Failures that are none: known false alarms of the engine, each with its reason, as data."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from contracts.checks.interaction import Interaction
from contracts.checks.second_opinion import TEXT_TYPES, Opinion
from contracts.routing import Router
from specs.catalog import Document, Operation
from specs.merging import METHODS

ALWAYS_LEGAL = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
"""What valid data may be answered with whatever the operation; from 500 on it is another check's failure."""

_IMPLIED = frozenset({"HEAD", "OPTIONS"})
"""What a server has for every path without saying so."""


def legal_statuses(operation: Operation) -> tuple[str, ...]:
    """What valid data may be answered with by an operation; 400 where its document has a reason to refuse."""
    return (*ALWAYS_LEGAL, "400") if operation.refuses else ALWAYS_LEGAL


@dataclass(frozen=True)
class Ground:
    """What an excuse may look at.

    Args:
        projection: The document as the dialect knows it.
        whole: The document with all its forms.
        known: Which operation answers a method and a path, under its own path or an alias.
        methods: Of each path, by the operationId of any of its operations.
    """

    projection: Opinion
    whole: Opinion
    known: Router
    methods: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, projection: Document, whole: Document) -> "Ground":
        """The ground of a projection and of the document that it was made from."""
        every = whole.operations
        aliased = [replace(each, path=alias) for each in every for alias in each.aliases]
        methods = {
            each.operation_id: frozenset(other.method for other in every if other.path == each.path) for each in every
        }
        return cls(Opinion(projection.spec), Opinion(whole.spec), Router([*every, *aliased]), methods)


@dataclass(frozen=True)
class Excuse:
    """Why a failure of a check is none.

    Args:
        check: Whose.
        reason: A sentence for the report.
        holds: Whether it is the reason for this exchange.
        conforms: Whether the exchange then shows that the check holds.
    """

    check: str
    reason: str
    holds: Callable[[Interaction, Ground], bool]
    conforms: bool = False


def _other_dialect(interaction: Interaction, ground: Ground) -> bool:
    return ground.whole.accepts(interaction) and not ground.projection.accepts(interaction)


def _valid_as_text(interaction: Interaction, ground: Ground) -> bool:
    """Whether a body was to be of a wrong type, and is the same text for all that when it is written."""
    media_type = interaction.request_headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type in {"text/plain", *TEXT_TYPES} and ground.projection.accepts(interaction)


def _alias(interaction: Interaction, ground: Ground) -> bool:
    """Whether the document has the method that was tried under another path, which `x-aliases` names."""
    return ground.known.match(interaction.method, urlsplit(interaction.url).path) is not None


def _aliases_in_allow(interaction: Interaction, ground: Ground) -> bool:
    """Whether `Allow` names the methods that the path has by itself and as an alias, and no other."""
    path = urlsplit(interaction.url).path
    named = {method.strip().upper() for method in interaction.headers.get("allow", "").split(",")}
    may = {method.upper() for method in METHODS if ground.known.match(method, path) is not None}
    return ground.methods[interaction.operation_id] <= named <= may | _IMPLIED


def _says_nothing_is_there(interaction: Interaction, _ground: Ground) -> bool:
    try:
        return json.loads(interaction.body) in ({}, [])
    except (ValueError, RecursionError):
        return False


EXCUSES: tuple[Excuse, ...] = (
    Excuse("negative_data_rejection", "a text of any type is a text once it is written", _valid_as_text),
    Excuse("unsupported_method", "the document has it under an alias of another path", _alias),
    Excuse("allow_header_conformance", "the document has the method under an alias", _aliases_in_allow, conforms=True),
    Excuse("use_after_free", "an empty answer says that nothing is there", _says_nothing_is_there),
    Excuse(
        "negative_data_rejection",
        "the data is invalid in this dialect alone, and the target may know the other one too",
        _other_dialect,
    ),
)


def excuse(check: str, interaction: Interaction, ground: Ground) -> Excuse | None:
    """The excuse of a failure, or None when it is one."""
    return next((each for each in EXCUSES if each.check == check and each.holds(interaction, ground)), None)
