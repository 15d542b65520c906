"""A second opinion on a request: whether openapi-core, which shares no code with the engine, finds it valid."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from contracts.checks.interaction import Interaction

TEXT_TYPES = ("text/csv", "application/x-ndjson")
"""Media types whose bodies are strings to the documents, beside `text/plain`."""


def _text(content: bytes, **_parameters: str) -> str:
    return content.decode("utf-8")


_TEXTS: dict[str, Callable[[bytes], Any]] = dict.fromkeys(TEXT_TYPES, _text)


class Opinion:
    """The opinion by one document.

    Args:
        spec: The document, read-only.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._by_path: dict[str, OpenAPI] = {}

    def accepts(self, interaction: Interaction) -> bool:
        """Whether the request is valid as it was sent; never when the document does not have its operation."""
        path = self._paths.get(interaction.operation_id)
        if path is None:
            return False
        try:
            self._document(path).validate_request(_Request(interaction))
        except (OpenAPIError, ValueError, TypeError, LookupError, RecursionError):
            return False
        return True

    @cached_property
    def _paths(self) -> dict[str, str]:
        """The path of each operation."""
        return {
            node.get("operationId", f"{method.upper()} {path}"): path
            for path, item in self._spec["paths"].items()
            for method, node in item.items()
            if isinstance(node, dict)
        }

    def _document(self, path: str) -> OpenAPI:
        """The document with one path, since each path is tried in turn."""
        if path not in self._by_path:
            # Neither where the document says that it is served, nor whose key was sent, is asked here.
            paths = _without_security({path: self._spec["paths"][path]})
            spec = {**self._spec, "servers": [{"url": "/"}], "paths": paths}
            spec.pop("security", None)
            # That the documents are valid is not this run's to find out, and takes seconds.
            config = Config(spec_validator_cls=None, extra_media_type_deserializers=_TEXTS)
            self._by_path[path] = OpenAPI.from_dict(spec, config=config)
        return self._by_path[path]


def _without_security(paths: Mapping[str, Any]) -> dict[str, Any]:
    return {
        path: {
            key: {name: part for name, part in value.items() if name != "security"}
            if isinstance(value, dict)
            else value
            for key, value in item.items()
        }
        for path, item in paths.items()
    }


class _Request:
    """A sent request as openapi-core wants it."""

    def __init__(self, interaction: Interaction) -> None:
        split = urlsplit(interaction.url)
        self.host_url = "/"
        self.path = split.path
        self.method = interaction.method.lower()
        self.content_type = interaction.request_headers.get("content-type", "")
        self.body = interaction.request_body or None
        query = ImmutableMultiDict(parse_qsl(split.query, keep_blank_values=True))
        self.parameters = RequestParameters(
            query=query, header=Headers(dict(interaction.request_headers)), cookie=ImmutableMultiDict()
        )
