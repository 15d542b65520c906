"""Paths: slashes, percent-encoding, unknown paths and methods."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest
import requests

from mockserver.http.routes import rewritten
from specs import catalog
from tests.support.client import MockClient

if TYPE_CHECKING:
    from mockserver.http.endpoint import Endpoint

CUSTOMER = {"customerName": "Name"}
AWKWARD_KEYS = ["a/b", "a b", "ü", "日本", "%2F", "a?b", "#", "a;b", "+", "a&b=c", "x" * 2000, "{customerId}"]


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_a_key_is_addressed_whatever_characters_it_holds(mock: MockClient, key: str) -> None:
    """What was created under a key is read back and deleted under the percent-encoded key, slashes included."""
    assert mock.post("/customers", json={**CUSTOMER, "customerId": key}).status_code == 200
    path = "/customers/" + "".join(f"%{byte:02X}" for byte in key.encode("utf-8"))
    assert mock.get(path).json()["customerId"] == key
    assert mock.delete(path).status_code == 200
    assert mock.get(path).status_code == 404


@pytest.mark.parametrize("key", ["none", "%00", "%FF", "%0A", "%2F", "%F0%9F%98%80", "a%00b"])
@pytest.mark.parametrize("path", ["/customers/", "/meter-definition/"])
def test_a_key_that_names_nothing_is_a_404(mock: MockClient, path: str, key: str) -> None:
    """NUL and broken UTF-8 are keys like any other: nothing has them."""
    response = mock.get(path + key)
    assert response.status_code == 404
    assert response.json()["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/customers/", 200),
        ("DELETE", "/customers/", 405),
        ("GET", "/customers//", 404),
        ("GET", "/meter-definition/", 404),
        ("POST", "/meter-definition/", 404),
        ("GET", "/meter-event-filtering-rules/?meterApiName=m", 200),
        ("GET", "/payments-billing-customer-product-invoice/?customerId=c", 200),
        ("GET", "/meter%2Ddefinition", 200),
        ("GET", "/", 404),
        ("GET", "//", 404),
        ("GET", "/nothing", 404),
        ("GET", "/v1/ingest/charge-data", 405),
        ("POST", "/v/ingest/charge-data", 404),
    ],
)
def test_slashes_and_unknown_paths(mock: MockClient, method: str, path: str, status: int) -> None:
    """A trailing slash is accepted where no key could stand behind it, never by a redirect."""
    response = mock.request(method, path, allow_redirects=False)
    assert response.status_code == status
    if status >= 400:
        assert {"message", "code", "errorMessage"} <= response.json().keys() or "type" in response.json()


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/customers", "GET, HEAD, POST, PUT"),
        ("/customers/x", "DELETE, GET, HEAD"),
        ("/ingest", "POST"),
        ("/meter-event-filtering-rules", "GET, HEAD, POST"),
    ],
)
def test_a_405_lists_every_method_of_the_path(mock: MockClient, path: str, allow: str) -> None:
    """Allow names all methods, not those of one operation."""
    response = mock.request("PATCH", path)
    assert response.status_code == 405
    assert response.headers["Allow"] == allow


@dataclass(frozen=True)
class _Operation:
    path: str


@dataclass(frozen=True)
class _Endpoint:
    operation: _Operation


@pytest.mark.parametrize(
    ("own", "keys", "query", "expected"),
    [
        ("/jobs", {}, b"a=1", ("/jobs", {}, b"a=1")),
        ("/jobs/{id}", {"id": "a%2Fb"}, b"", ("/jobs/a%2Fb", {"id": "a%2Fb"}, b"")),
        ("/things", {"id": "a%2Fb"}, b"x=1", ("/things", {}, b"x=1&id=a%2Fb")),
        ("/stage/{key}", {}, b"KEY=a%20b&y=2", ("/stage/a%20b", {"key": "a%20b"}, b"KEY=a+b&y=2")),
        ("/stage/{key}", {}, b"y=2", ("/stage/", {"key": ""}, b"y=2")),
        ("/a/{k}", {"k": "%FF"}, b"", ("/a/%FF", {"k": "%FF"}, b"")),
        ("/a", {"k": "%FF"}, b"", ("/a", {}, b"k=%FF")),
    ],
)
def test_an_alias_is_rewritten_to_the_own_path(
    own: str, keys: dict[str, str], query: bytes, expected: tuple[str, dict[str, str], bytes]
) -> None:
    """Keys move between path and query as the two paths differ; one that is given nowhere is empty."""
    assert rewritten(cast("Endpoint", _Endpoint(_Operation(own))), keys, query) == expected


def _aliases() -> list[tuple[str, str, str]]:
    served = catalog.served().operations
    return [(each.operation_id, each.method, alias) for each in served for alias in each.aliases]


@pytest.mark.parametrize(("name", "method", "alias"), _aliases())
def test_every_alias_is_answered_by_its_operation(mock: MockClient, name: str, method: str, alias: str) -> None:
    """Whatever is answered to an alias, the journal names the operation that it stands for."""
    path = re.sub(r"\{[^}]+\}", "nothing", alias)
    headers = {"X-API-KEY": mock.key}
    requests.request(method, mock.url + path, headers=headers, timeout=30)
    assert [entry["operationId"] for entry in mock.journal()] == [name]


def test_a_path_of_an_operation_is_no_alias() -> None:
    """An alias that was an operation's own path would never be reached."""
    own = {(each.method, re.sub(r"\{[^}]+\}", "{}", each.path)) for each in catalog.served().operations}
    assert not own & {(method, re.sub(r"\{[^}]+\}", "{}", alias)) for _, method, alias in _aliases()}
