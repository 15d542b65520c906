"""Keys: which are accepted, and where they may stand."""

from collections.abc import Iterator

import pytest
import requests

from mockserver.app import create_app
from mockserver.settings import Settings
from tests.support.serving import Server, serving

CHARGE = dict.fromkeys(("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id"), "x")


@pytest.fixture(scope="module")
def exact_server() -> Iterator[Server]:
    """A server that accepts two keys only."""
    with serving(create_app(Settings(api_keys=frozenset({"one", "two"})))) as running:
        yield running


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-KEY": ""}, 401),
        ({"X-API-KEY": "live-key"}, 401),
        ({"X-API-KEY": "TEST-a"}, 401),
        ({"Authorization": "Bearer test-a"}, 401),
        ({"Cookie": "X-API-KEY=test-a"}, 401),
        ({"X-API-KEY": "test-a"}, 200),
        ({"x-api-key": "test-"}, 200),
    ],
)
def test_any_test_key_is_accepted_in_its_header_alone(server: Server, headers: dict[str, str], status: int) -> None:
    """A key at another place, or one that does not begin with test-, opens nothing."""
    response = requests.get(f"{server.url}/customers?X-API-KEY=test-a", headers=headers, timeout=10)
    assert response.status_code == status
    if status == 401:
        assert response.headers["WWW-Authenticate"]
        assert response.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(("key", "status"), [("one", 200), ("two", 200), ("test-a", 401), ("on", 401)])
def test_given_keys_replace_the_rule(exact_server: Server, key: str, status: int) -> None:
    """With --api-key, exactly the given keys are accepted."""
    response = requests.get(f"{exact_server.url}/customers", headers={"X-API-KEY": key}, timeout=10)
    assert response.status_code == status


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X-API-KEY": "test-s"}, 201, None),
        ({"Authorization": "Bearer test-s"}, 201, None),
        ({"Authorization": "bearer  test-s"}, 201, None),
        ({"X-API-KEY": "no", "Authorization": "Bearer test-s"}, 201, None),
        ({"X-API-KEY": "test-s", "Authorization": "Bearer no"}, 201, None),
        ({}, 401, "UNAUTHORISED"),
        ({"Authorization": "Basic test-s"}, 401, "UNAUTHORISED"),
        ({"Authorization": "Bearer"}, 401, "UNAUTHORISED"),
        ({"X-API-KEY": "test-forbidden"}, 403, "USER_NOT_ALLOWED"),
    ],
)
def test_solvimon_takes_the_key_in_either_header(
    server: Server, headers: dict[str, str], status: int, code: str | None
) -> None:
    """One good credential is enough; errors come in Solvimon's shape, with the request's id."""
    response = requests.post(f"{server.url}/v1/ingest/charge-data", json=CHARGE, headers=headers, timeout=10)
    assert response.status_code == status
    assert response.headers["X-REQUEST-ID"].startswith("reqr_")
    assert response.json().get("code") == code


def test_a_bearer_token_and_a_key_of_the_same_name_open_one_account(server: Server) -> None:
    """Where the key stands does not matter."""
    first = {"X-API-KEY": "test-same-place"}
    second = {"Authorization": "Bearer test-same-place"}
    body = {**CHARGE, "reference": "once"}
    ids = {
        requests.post(f"{server.url}/v1/ingest/charge-data", json=body, headers=each, timeout=10).json()["id"]
        for each in (first, second)
    }
    assert len(ids) == 1


def test_a_refused_write_changes_nothing(server: Server) -> None:
    """A request without an accepted key leaves no trace in any account."""
    body = {"customerId": "intruder", "customerName": "x"}
    assert requests.post(f"{server.url}/customers", json=body, timeout=10).status_code == 401
    listed = requests.get(f"{server.url}/customers", headers={"X-API-KEY": "test-untouched"}, timeout=10).json()
    assert listed == []
