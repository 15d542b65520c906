"""Every check: its name, how grave a failure is, what it expects, and where it applies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from contracts.checks import forms
from contracts.checks.lifecycles import Lifecycle
from contracts.model import Severity
from specs.catalog import Document, Operation


@dataclass(frozen=True)
class Scope:
    """What decides where checks apply.

    Args:
        document: The projection.
        lifecycles: What can be created, read and deleted in it.
    """

    document: Document
    lifecycles: tuple[Lifecycle, ...]


# What a schema may say without keeping any text out.
_ANY_STRING = frozenset({"type", "description", "title", "example", "default", "deprecated"})

Applies = Callable[[Operation, Scope], bool]


@dataclass(frozen=True)
class Check:
    """A property of an operation.

    Args:
        name: As in reports and deviations.
        severity: Of a failure.
        expects: What has to hold, as a sentence.
        matters: What goes wrong for whom when it does not.
        applies: Whether it can hold or fail for an operation at all.
    """

    name: str
    severity: Severity
    expects: str
    matters: str
    applies: Applies


def _always(_operation: Operation, _scope: Scope) -> bool:
    return True


def _has_input(operation: Operation, _scope: Scope) -> bool:
    """Whether there is anything to get wrong; any text is right for an optional parameter that is a plain string."""
    return "requestBody" in operation.node or any(map(_can_be_wrong, operation.parameters))


def _can_be_wrong(parameter: Mapping[str, Any]) -> bool:
    if parameter["in"] != "path" and parameter.get("required"):
        return True
    schema = parameter.get("schema", {})
    # Without a character in it, the key of a path makes another path.
    plain = _ANY_STRING | {"minLength"} if parameter["in"] == "path" and schema.get("minLength") == 1 else _ANY_STRING
    return not schema.keys() <= plain or schema.get("type") != "string"


def probed(operation: Operation, document: Document) -> Operation:
    """The operation that answers for the methods that its path does not have: the path's first."""
    return next(each for each in document.operations if each.path == operation.path)


def _stands_for_path(operation: Operation, scope: Scope) -> bool:
    return probed(operation, scope.document) is operation


def _documents_headers(operation: Operation, _scope: Scope) -> bool:
    return any(answer.get("headers") for answer in operation.node["responses"].values())


def _needs_header(operation: Operation, _scope: Scope) -> bool:
    return any(each["in"] == "header" and each.get("required") for each in operation.parameters)


def _creates(operation: Operation, scope: Scope) -> bool:
    return any(each.create is operation for each in scope.lifecycles)


def _deletes(operation: Operation, scope: Scope) -> bool:
    return any(each.delete and each.delete.operation is operation for each in scope.lifecycles)


def _creates_or_deletes(operation: Operation, scope: Scope) -> bool:
    """Whether it can be seen that it did nothing; not for a thing whose key the target would have chosen."""
    chosen = any(each.create is operation and each.chosen for each in scope.lifecycles)
    return chosen or _deletes(operation, scope)


def _reads(operation: Operation, scope: Scope) -> bool:
    return any(each.read.operation is operation for each in scope.lifecycles)


def _needs_key(operation: Operation, scope: Scope) -> bool:
    security = operation.node.get("security", scope.document.spec.get("security"))
    return bool(security) and {} not in security


def _has_form(operation: Operation, _scope: Scope) -> bool:
    return operation.operation_id in forms.FORMS


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        check.name: check
        for check in (
            Check(
                "answer_complete",
                Severity.HIGH,
                "a whole answer, as long as it says",
                "A client that reads half an answer works on with wrong data, or waits until it gives up.",
                _always,
            ),
            Check(
                "answer_in_time",
                Severity.MEDIUM,
                "an answer before the time of a request is over",
                "Callers wait, time out and send again, and the same write may be made twice.",
                _always,
            ),
            Check(
                "not_a_server_error",
                Severity.CRITICAL,
                "no status from 500 on",
                "The caller cannot tell its own mistake from an outage, so it retries what can never succeed.",
                _always,
            ),
            Check(
                "status_code_conformance",
                Severity.MEDIUM,
                "a documented status",
                "Generated clients know the documented statuses alone: another one is an error that nobody handles.",
                _always,
            ),
            Check(
                "content_type_conformance",
                Severity.MEDIUM,
                "a documented media type",
                "Clients choose their parser by it; with another one the answer is not read at all.",
                _always,
            ),
            Check(
                "response_headers_conformance",
                Severity.MEDIUM,
                "the documented headers",
                "What a header promises, such as a place or a limit, is missing where callers look for it.",
                _documents_headers,
            ),
            Check(
                "response_schema_conformance",
                Severity.HIGH,
                "a body that fits the documented schema",
                "Typed clients fail on the answer, or fill their fields with nothing and go on.",
                _always,
            ),
            Check(
                "answer_form",
                Severity.HIGH,
                "an answer in the form of the request's dialect",
                "A client of this form reads the answer of another one: the numbers are there and mean something else.",
                _has_form,
            ),
            Check(
                "positive_data_acceptance",
                Severity.MEDIUM,
                "that valid data is accepted",
                "Calls that the document allows fail, and the caller has no way to know why.",
                _always,
            ),
            Check(
                "negative_data_rejection",
                Severity.MEDIUM,
                "that invalid data is refused",
                "Mistakes of callers are kept as data, and come to light in usage or on an invoice.",
                _has_input,
            ),
            Check(
                "missing_required_header",
                Severity.MEDIUM,
                "that a missing header is refused",
                "A call without it is carried out under wrong assumptions instead of being refused.",
                _needs_header,
            ),
            Check(
                "unsupported_method",
                Severity.MEDIUM,
                "405 and Allow for a method that is not there",
                "A mistyped method looks like a missing thing or an outage.",
                _stands_for_path,
            ),
            Check(
                "allow_header_conformance",
                Severity.MEDIUM,
                "the documented methods in Allow",
                "Clients and proxies that ask what is allowed are told something wrong.",
                _stands_for_path,
            ),
            Check(
                "ensure_resource_availability",
                Severity.MEDIUM,
                "that what was created can be read",
                "What was created and confirmed is not there for the next call, so that work is lost.",
                _creates,
            ),
            Check(
                "use_after_free",
                Severity.CRITICAL,
                "that what was deleted is gone",
                "What was deleted goes on to be used, and perhaps to be billed.",
                _deletes,
            ),
            Check(
                "key_required",
                Severity.CRITICAL,
                "401 or 403 without a key and with a wrong one",
                "Anybody can read or write the account's data without its key.",
                _needs_key,
            ),
            Check(
                "refused_key_changes_nothing",
                Severity.CRITICAL,
                "that a request without a good key changes nothing",
                "Somebody without a key can change what is metered and billed.",
                _creates_or_deletes,
            ),
            Check(
                "account_isolation",
                Severity.CRITICAL,
                "that another account cannot read it",
                "One customer of the platform reads another one's data.",
                _reads,
            ),
        )
    }
)

ENGINE_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "positive_data_acceptance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
)
"""Those that Schemathesis makes; ours are made of the same exchanges, or by requests of their own."""

# What a failure explains: the other failures of the same exchange would be the same cause told again.
EXPLAINS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "not_a_server_error": frozenset(ENGINE_CHECKS) - {"not_a_server_error"} | {"answer_form"},
        # Invalid data that was let in comes back as it was sent.
        "negative_data_rejection": frozenset({"response_schema_conformance", "answer_form"}),
        "status_code_conformance": frozenset(
            {
                "content_type_conformance",
                "response_schema_conformance",
                "response_headers_conformance",
                "positive_data_acceptance",
                "answer_form",
            }
        ),
        "content_type_conformance": frozenset({"response_schema_conformance", "answer_form"}),
        "response_schema_conformance": frozenset({"answer_form"}),
    }
)


def told_once(failed: Mapping[str, Any]) -> set[str]:
    """Of the checks that failed on one exchange, those that no other one explains."""
    return {name for name in failed if not any(name in EXPLAINS.get(other, ()) for other in failed)}
