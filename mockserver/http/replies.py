"""The mock's own answers held against the documents: a mock that breaks its own document must say so loudly."""

from collections.abc import Callable

from jsonschema_rs import Draft4Validator

from mockserver.engine.call import Reply
from mockserver.http.messages import best_error
from mockserver.http.schemas import Compiler
from specs.catalog import Dialect, Operation


class ReplyDrift(Exception):  # noqa: N818 - it is our own answer that drifted from the document
    """The mock's own answer does not fit the document; the client gets a 500 and the log says why."""


class ReplyCheck:
    """Holds the answers of one operation against its document; validators are compiled at first use.

    Args:
        form: the operation, and its document's compiler, as a dialect knows it.
    """

    def __init__(self, form: Callable[[Dialect | None], tuple[Compiler, Operation | None]]) -> None:
        self._form = form
        self._validators: dict[tuple[int, str, Dialect | None], Draft4Validator | None] = {}

    def check(self, reply: Reply) -> None:
        """Does nothing when the answer fits.

        Raises:
            ReplyDrift: the status, the media type or the body is not the document's.
        """
        key = (reply.status, reply.media_type, reply.dialect)
        try:
            validator = self._validators[key]
        except KeyError:
            validator = self._validators[key] = self._compile(*key)
        if validator is not None and not validator.is_valid(reply.body):
            error = best_error(list(validator.iter_errors(reply.body)))
            raise ReplyDrift(f"{reply.status} {reply.media_type}: {error.instance_path} {error.message[:500]}")

    def _compile(self, status: int, media_type: str, dialect: Dialect | None) -> Draft4Validator | None:
        compiler, operation = self._form(dialect)
        if operation is None:
            raise ReplyDrift(f"the {dialect} form does not know this operation")
        response = operation.node["responses"].get(str(status))
        if response is None:
            raise ReplyDrift(f"status {status} is not documented")
        content = response.get("content", {})
        if not content:
            return None
        if media_type not in content:
            raise ReplyDrift(f"{media_type} is not documented for status {status}")
        schema = compiler.resolved(content[media_type]["schema"])
        # Bytes have a media type and no schema.
        return None if schema.get("format") == "binary" else compiler.compile_prepared(schema)
