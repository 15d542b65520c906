"""Answers that the engine did not ask for, looked at with its checks."""

import copy
from typing import Any, cast

import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response

from contracts.checks.asking import Reply
from contracts.checks.interaction import Interaction
from contracts.checks.lifecycles import lifecycles
from contracts.checks.preludes import prelude
from contracts.checks.reaching import Reached
from contracts.curl import curl
from contracts.engine.drive import Answered
from contracts.engine.translate import failed_by
from contracts.gate import Gate
from contracts.keys import key_header
from contracts.portal import is_portal
from contracts.records import body_of, text_of
from specs.catalog import Document, Operation

_CHECKS = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# That it is a success has shown these.
_SHOWN = ("not_a_server_error", "positive_data_acceptance")


class Onlooker:
    """Looks at the successes of one projection.

    Args:
        document: The projection.
        dialect: Its name, or empty.
        gate: Through which the requests went.
    """

    def __init__(self, document: Document, dialect: str, gate: Gate) -> None:
        self._dialect = dialect
        self._root, self._redactor = gate.target.url, gate.redactor
        self._document, self._lifecycles = document, lifecycles(document)
        self._key_header = key_header(document.spec)
        config = schemathesis.Config.from_dict({"base-url": self._root, "cache": {"enabled": False}})
        self._schema = schemathesis.openapi.from_dict(copy.deepcopy(document.spec), config=config)

    def look(self, found: Reached) -> Answered:
        """What the checks of an answer say of a success."""
        operation, reply = found.operation, found.reply
        interaction = self._interaction(operation, reply)
        command = "" if found.linked else self._commands(interaction, reply)
        case = self._schema[operation.path][operation.method].Case(path_parameters=dict(found.asked.path))
        response = Response.from_requests(reply.response, verify=True)
        passed, failures = [*_SHOWN], dict[str, Failure]()
        for name in _CHECKS:
            try:
                case.validate_response(response, checks=cast("list[Any]", CHECKS.get_by_names([name])))
                passed.append(name)
            except FailureGroup as group:
                failures[name] = next(each for each in group.exceptions if isinstance(each, Failure))
        return Answered(
            interaction,
            reply.exchange,
            tuple((name, operation.operation_id) for name in passed),
            failed_by(failures, operation.operation_id, command, self._redactor),
            lambda: command,
        )

    def _commands(self, interaction: Interaction, reply: Reply) -> str:
        """The command of a request, and before it what makes the thing that it is about."""
        before = prelude(self._document, self._lifecycles, interaction)
        if before is None:
            return reply.curl
        operation, made = before
        first = curl(made.request(self._root, operation), key_header=self._key_header, vendor=operation.document,
                     portal=is_portal(operation))  # fmt: skip
        return f"{self._redactor.text(first)}\n{reply.curl}" if first and reply.curl else ""

    def _interaction(self, operation: Operation, reply: Reply) -> Interaction:
        request = reply.response.request
        return Interaction(
            operation_id=operation.operation_id,
            dialect=self._dialect,
            phase="links",
            positive=True,
            probe="",
            missing_header=False,
            after_create=False,
            after_delete=False,
            method=str(request.method),
            url=str(request.url).removeprefix(self._root),
            request_headers={name.lower(): text_of(value) for name, value in request.headers.items()},
            request_body=body_of(request) or b"",
            status=reply.status,
            headers={name.lower(): value for name, value in reply.response.headers.items()},
            body=reply.body,
        )
