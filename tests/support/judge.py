"""A second opinion on every exchange: openapi-core, which the server does not use, reads the same documents."""

import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from openapi_core import Config, OpenAPI, V30ResponseValidator
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_schema_validator import OAS30ReadValidator
from werkzeug.datastructures import Headers, ImmutableMultiDict

from specs import catalog

# What openapi-core looks up in the document is the same for every answer of a kind; it would look it up anew each time,
# which takes longer than the judging.


class RememberingPaths(APICallPathFinder):
    """Finds the operation of a method and URL once."""

    @cached_property
    def find(self) -> Any:
        """The search, remembered; one that fails is made again."""
        return lru_cache(maxsize=4096)(super().find)


class RememberingSchemas(SchemaValidatorsFactory):
    """Compiles each schema of the one document once."""

    @cached_property
    def create(self) -> Any:
        """The making of a validator, remembered."""
        return cache(super().create)


class RememberingAnswers(V30ResponseValidator):
    """Finds each answer of an operation once."""

    @cached_property
    def _find_operation_response(self) -> Any:
        return cache(super()._find_operation_response)


@cache
def judge_document() -> OpenAPI:
    """The served document as openapi-core reads it; made once a process."""
    remembering = Config(
        response_validator_cls=RememberingAnswers,
        path_finder_cls=RememberingPaths,
        schema_validators_factory=RememberingSchemas(OAS30ReadValidator),
    )
    return OpenAPI.from_dict(catalog.served().spec, config=remembering)


def candidates(method: str, path: str) -> Iterator[str]:
    """The paths under which a request may stand in the document, the likeliest first."""
    yield path.rstrip("/")
    if path.endswith("/"):
        yield path
    yield own_path(method, path)


@cache
def own_path(method: str, path: str) -> str:
    """The documented path of an operation that was asked for by one of its aliases; any other path as it is."""
    for operation in catalog.served().operations:
        for alias in operation.aliases if operation.method == method else ():
            pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(alias))
            if re.fullmatch(pattern, path):
                return re.sub(r"\{[^}]+\}", "key", operation.path)
    return path


class JudgedRequest:
    """A sent request as openapi-core wants it."""

    def __init__(self, sent: requests.PreparedRequest, path: str) -> None:
        split = urlsplit(str(sent.url))
        self.host_url = "/"
        self.path = path
        self.method = str(sent.method).lower()
        self.content_type = sent.headers.get("content-type", "")
        body = sent.body
        self.body = body.encode("utf-8") if isinstance(body, str) else body
        query = ImmutableMultiDict(parse_qsl(split.query, keep_blank_values=True))
        self.parameters = RequestParameters(
            query=query, header=Headers(dict(sent.headers)), cookie=ImmutableMultiDict()
        )


class JudgedResponse:
    """A received answer as openapi-core wants it."""

    def __init__(self, response: requests.Response) -> None:
        self.status_code = response.status_code
        self.headers = Headers(dict(response.headers))
        self.content_type = response.headers.get("content-type", "").partition(";")[0]
        self.data = response.content


def judge(response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
    """Fails the test when openapi-core finds that the answer is not the document's.

    A path or method that no document has is answered with 404 or 405, which no document can describe.
    """
    path = urlsplit(str(response.request.url)).path
    if path.startswith("/_mock/") or response.status_code == 405 or "no such path" in response.text[:40]:
        return
    for candidate in candidates(str(response.request.method), path):
        try:
            judge_document().validate_response(JudgedRequest(response.request, candidate), JudgedResponse(response))
        except OpenAPIError as error:
            if type(error).__name__ in {"PathNotFound", "OperationNotFound"}:
                continue
            causes = getattr(error.__cause__, "schema_errors", None) or [error.__cause__ or error]
            message = f"{response.request.method} {path} -> {response.status_code} {response.text[:300]}: "
            raise AssertionError(message + "; ".join(str(cause)[:300] for cause in causes)) from error
        else:
            return
    raise AssertionError(f"{response.request.method} {path} is in no document and was answered {response.status_code}")
