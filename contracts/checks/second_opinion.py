"""A second opinion on a request: whether openapi-core, which shares no code with the engine, finds it valid."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from contracts.checks.interaction import Interaction


class Opinion:
    """The opinion by one document.

    Args:
        spec: The document, read-only.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec

    @cached_property
    def _document(self) -> OpenAPI:
        # Neither where the document says that it is served, nor whose key was sent, is asked here.
        spec = {**self._spec, "servers": [{"url": "/"}], "paths": _without_security(self._spec["paths"])}
        spec.pop("security", None)
        return OpenAPI.from_dict(spec)

    def accepts(self, interaction: Interaction) -> bool:
        """Whether the request is valid as it was sent."""
        try:
            self._document.validate_request(_Request(interaction))
        except (OpenAPIError, ValueError, TypeError, LookupError, RecursionError):
            return False
        return True


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
