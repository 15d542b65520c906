"""Keys and portal sessions: which are accepted, and where they may stand."""

from collections.abc import Iterator

import pytest
import requests

from mockserver.app import create_app
from mockserver.settings import Settings
from tests.support.serving import Server, serving

CHARGE = dict.fromkeys(("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id"), "x")


@pytest.fixture(scope="module")
def exact_server() -> Iterator[Server]:
    """A server that accepts these keys only."""
    with serving(create_app(Settings(api_keys=frozenset({"one", "two", "a-longer-key"})))) as running:
        yield running


@pytest.fixture(scope="module", params=[True, False], ids=["prebuilt", "stock"])
def either(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server on the prebuilt path, then one on stock Connexion."""
    with serving(create_app(Settings(fast=request.param))) as running:
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
        ({"X-API-KEY": "IdToken test-a"}, 200),
        ({"X-API-KEY": "IdToken live-key"}, 401),
        ({"X-API-KEY": "Session test-a"}, 401),
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


def session(server: Server, key: str, customer: str = "ann") -> str:
    """The token of a new session in the account of the key."""
    headers = {"X-API-KEY": key}
    requests.put(
        f"{server.url}/customers", json={"customerId": customer, "customerName": customer}, headers=headers, timeout=10
    )
    answer = requests.post(f"{server.url}/session", json={"customerId": customer}, headers=headers, timeout=10)
    token: str = answer.json()["sessionToken"]
    return token


def test_a_session_opens_the_portal_and_nothing_else(either: Server) -> None:
    """On either path: a token is good for the portal, an account's key is not, and the other way round."""
    token = session(either, "test-portal")
    minted = token.partition(".")[2]
    statuses = {}
    for key in (
        f"Session {token}",
        "test-portal",
        token,
        f"Session {token}x",
        f"Session acct-none.{minted}",
        "Session ",
    ):
        answers = [
            requests.get(f"{either.url}{path}", headers={"X-API-KEY": key}, timeout=10)
            for path in ("/customer-portal/customer-details", "/customers")
        ]
        statuses[key] = [answer.status_code for answer in answers]
        assert all(answer.headers["WWW-Authenticate"] for answer in answers if answer.status_code == 401)
    good = {f"Session {token}": [200, 401], "test-portal": [401, 200]}
    assert statuses == {key: good.get(key, [401, 401]) for key in statuses}


def test_the_refusals_of_a_session_are_worded_alike(either: Server) -> None:
    """On either path, what is said of a missing, a malformed and an unknown token is the same."""
    digest = session(either, "test-words").partition(".")[0]
    told = []
    for headers in ({}, {"X-API-KEY": "test-words"}, {"X-API-KEY": f"Session {digest}.x"}):
        answer = requests.get(f"{either.url}/customer-portal/meter", headers=headers, timeout=10)
        told.append((answer.status_code, answer.json()["message"], answer.json()["details"]))
    assert told == [
        (401, "No API key provided", "api-key"),
        (401, "Invalid session token provided", "session-token"),
        (401, "Invalid session token provided", "session-token"),
    ]


@pytest.mark.parametrize(
    ("key", "bearer", "status"),
    [
        ("session", None, 403),
        ("session", "Bearer test-s", 201),
        ("test-forbidden", "Bearer test-s", 201),
        ("session", "Bearer no", 401),
        ("Session acct-none.x", None, 401),
    ],
)
def test_a_session_lacks_a_permission_unless_another_credential_has_it(
    either: Server, key: str, bearer: str | None, status: int
) -> None:
    """On either path, one good credential is enough, wherever the bad one stands; else the last one is told of."""
    sent = f"Session {session(either, 'test-lacks')}" if key == "session" else key
    headers = {"X-API-KEY": sent, **({"Authorization": bearer} if bearer else {})}
    response = requests.post(f"{either.url}/v1/ingest/charge-data", json=CHARGE, headers=headers, timeout=10)
    assert response.status_code == status


def test_a_key_of_an_exact_list_mints_sessions(exact_server: Server) -> None:
    """Sessions are opened by whatever keys are accepted, and no word of the key is in the token."""
    token = session(exact_server, "a-longer-key")
    headers = {"X-API-KEY": f"Session {token}"}
    answer = requests.get(f"{exact_server.url}/customer-portal/customer-details", headers=headers, timeout=10)
    assert (answer.status_code, "longer" in token) == (200, False)
