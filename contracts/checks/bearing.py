"""Whether an exchange bears on a check: a check that passes because it had nothing to look at has not passed."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from contracts.checks.interaction import PROBE_METHOD, Interaction
from specs.catalog import Operation

Bears = Callable[[Interaction, Operation], bool]

_UNAUTHORISED = frozenset({401, 403})
_GONE = frozenset({404, 410})
_BUSY = 429
_EMPTY = (b"", b"{}", b"[]")
_MULTIPLE = 300
_CLIENT_ERROR = 400
_SERVER_ERROR = 500
_NOT_ALLOWED = 405


def bears(check: str, interaction: Interaction, operation: Operation) -> bool:
    """Whether a pass of the check on this exchange means anything."""
    return _RULES[check](interaction, operation)


def _any(_interaction: Interaction, _operation: Operation) -> bool:
    return True


def _ordinary(interaction: Interaction, _operation: Operation) -> bool:
    return not interaction.probe


def _answer(interaction: Interaction, operation: Operation) -> Mapping[str, Any]:
    answers: Mapping[str, Any] = operation.node["responses"]
    status = str(interaction.status)
    found: Mapping[str, Any] = answers.get(status) or answers.get(f"{status[0]}XX") or answers.get("default") or {}
    return found


def _has_content(interaction: Interaction, operation: Operation) -> bool:
    return not interaction.probe and bool(_answer(interaction, operation).get("content"))


def _has_schema(interaction: Interaction, operation: Operation) -> bool:
    """Whether the document has a schema for the media type that was answered."""
    media = interaction.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = _answer(interaction, operation).get("content", {})
    return not interaction.probe and any(name.lower() == media and "schema" in each for name, each in content.items())


def _has_headers(interaction: Interaction, operation: Operation) -> bool:
    return not interaction.probe and bool(_answer(interaction, operation).get("headers"))


def _accepted(interaction: Interaction, _operation: Operation) -> bool:
    return not interaction.probe and interaction.positive is True and interaction.status < _MULTIPLE


def _refused(interaction: Interaction, _operation: Operation) -> bool:
    """A refusal of the data; one for the key's sake, or because the server is busy, says nothing about the data."""
    refusal = _CLIENT_ERROR <= interaction.status < _SERVER_ERROR
    other = interaction.status in _UNAUTHORISED or interaction.status == _BUSY
    return not interaction.probe and interaction.positive is False and refusal and not other


def _missing_header(interaction: Interaction, _operation: Operation) -> bool:
    return interaction.missing_header


def _wrong_method(interaction: Interaction, _operation: Operation) -> bool:
    return interaction.probe == PROBE_METHOD and interaction.status == _NOT_ALLOWED and interaction.method != "OPTIONS"


def _options(interaction: Interaction, _operation: Operation) -> bool:
    return interaction.method == "OPTIONS" and "allow" in interaction.headers


def _read_after_create(interaction: Interaction, _operation: Operation) -> bool:
    """An empty answer says that nothing is there."""
    return interaction.after_create and interaction.status < _MULTIPLE and interaction.body.strip() not in _EMPTY


def _read_after_delete(interaction: Interaction, _operation: Operation) -> bool:
    return interaction.after_delete and interaction.status in _GONE


_RULES: Mapping[str, Bears] = MappingProxyType(
    {
        "not_a_server_error": _any,
        "status_code_conformance": _ordinary,
        "content_type_conformance": _has_content,
        "response_headers_conformance": _has_headers,
        "response_schema_conformance": _has_schema,
        "positive_data_acceptance": _accepted,
        "negative_data_rejection": _refused,
        "missing_required_header": _missing_header,
        "unsupported_method": _wrong_method,
        "allow_header_conformance": _options,
        "ensure_resource_availability": _read_after_create,
        "use_after_free": _read_after_delete,
    }
)
