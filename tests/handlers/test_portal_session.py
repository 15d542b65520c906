"""Portal sessions: who gets one, how long it lasts, and what it opens."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.handlers.portals import opened
from tests.handlers.steps import DAY_MS, HOUR_MS, NOON_MS, Account, refused
from tests.support.client import MockClient
from tests.support.roundtrip import Step, run

DETAILS = "/customer-portal/customer-details"
REGISTER = Step("createCustomer", body={"customerId": "ann", "customerName": "Ann Ltd"})
OPEN = Step("createSession", body={"customerId": "ann"}, save={"token": "sessionToken"})
AS_ANN = {"X-API-KEY": "Session $token"}
LINES = {"line1": "1 Main Street", "city": "Ghent", "country": "BE", "postalCode": "9000"}
ADDRESS = {**LINES, "verified": False}

ROUND_TRIPS = {
    "session": [
        Step("createCustomer", body={"customerId": "ann", "customerName": "Ann Ltd", "address": ADDRESS}),
        Step(
            "createSession",
            body={"customerId": "ann", "returnUrl": "https://ann.example/"},
            save={"token": "sessionToken", "url": "url"},
        ),
        Step("portalGetCustomerDetails", headers=AS_ANN, expect={"name": "Ann Ltd", "address": LINES}),
        Step("updateCustomer", body={"customerId": "ann", "customerName": "Ann NV"}),
        Step("portalGetCustomerDetails", headers=AS_ANN, expect={"name": "Ann NV", "address": {}}),
        Step("deleteCustomer", path={"customerId": "ann"}),
        Step("portalGetCustomerDetails", headers=AS_ANN, status=401, expect={"details": "session-customer"}),
    ],
    "settings": [
        REGISTER,
        OPEN,
        Step(
            "portalGetAccountSettings",
            headers=AS_ANN,
            expect={"displayCachedInvoices": False, "invoiceConfiguration": []},
        ),
        Step(
            "updateBillingSettings",
            body={"displayCachedInvoices": True, "invoiceConfiguration": [{"name": "Calls", "productItemsIds": ["a"]}]},
        ),
        Step(
            "portalGetAccountSettings",
            headers=AS_ANN,
            expect={
                "displayCachedInvoices": True,
                "invoiceConfiguration": [{"name": "Calls", "productItemsIds": ["a"]}],
            },
        ),
    ],
}


@pytest.fixture
def visitor(mock: MockClient) -> Iterator[MockClient]:
    """A client that sends what `visit` gave it in the place of the account's key."""
    client = MockClient(mock.url, "Session nothing")
    yield client
    client.close()


def send(visitor: MockClient, key: str, path: str = DETAILS) -> Any:
    """The answer to a read with this key."""
    return visitor.get(path, headers={"X-API-KEY": key})


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_round_trip(mock: MockClient, name: str) -> None:
    """Each portal operation answers what the account wrote, before and after a change."""
    run(mock, ROUND_TRIPS[name])


def test_the_url_holds_the_token_and_nothing_holds_the_key(account: Account) -> None:
    """The portal's address ends with the token; the API key stands in neither."""
    answer = Account.take(account.mock.post("/session", json={"customerId": "ann"}))
    assert answer["url"] == f"https://portal.amberflo.io/session/{answer['sessionToken']}"
    assert account.mock.key not in str(answer)
    assert account.mock.key.removeprefix("test-") not in str(account.stored("portal-sessions"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"customerId": "nobody"}, "customerId: unknown-customer"),
        ({"customerId": ""}, "customerId: unknown-customer"),
        ({}, "customerId: required"),
        ({"customerId": "ann", "expirationEpochMilliSeconds": NOON_MS}, "expirationEpochMilliSeconds: past-expiration"),
        ({"customerId": "ann", "expirationEpochMilliSeconds": -1}, "expirationEpochMilliSeconds: past-expiration"),
        ({"customerId": "ann", "expirationEpochMilliSeconds": "soon"}, "expirationEpochMilliSeconds: type"),
    ],
)
def test_what_opens_no_session(account: Account, body: dict[str, Any], expected: str) -> None:
    """The customer has to exist, and the session to end in the future; nothing is kept of a refused one."""
    assert refused(account.mock.post("/session", json=body)) == expected
    assert "portal-sessions" not in account.state()["collections"]


@pytest.mark.parametrize(
    ("more", "lasts_ms"),
    [({}, DAY_MS), ({"expirationEpochMilliSeconds": NOON_MS + HOUR_MS}, HOUR_MS)],
    ids=["a day", "as asked"],
)
def test_a_session_lasts_until_its_end(
    account: Account, visitor: MockClient, more: dict[str, Any], lasts_ms: int
) -> None:
    """On the account's clock, the last millisecond before the end still counts, and the end does not."""
    token = opened(account.mock, **more)
    account.mock.clock(now=NOON_MS + lasts_ms - 1)
    assert send(visitor, f"Session {token}").status_code == 200
    account.mock.clock(now=NOON_MS + lasts_ms)
    over = send(visitor, f"Session {token}")
    assert refused(over, 401) == "session-expired"
    assert over.headers["WWW-Authenticate"]


def test_wrong_tokens_open_nothing(account: Account, visitor: MockClient) -> None:
    """Garbage, a token that was never minted, another account's, none, or the account's own key: each is 401."""
    token = opened(account.mock)
    digest, _, own = token.partition(".")
    stranger = MockClient(account.mock.url)
    Account(stranger).register("ann")
    foreign = opened(stranger)
    wrong = ["", "x", ".", digest, f"{digest}.", f"{digest}.{own}x", f"{own}.{digest}", token.swapcase(), foreign[:-1]]
    mixed = [f"{digest}.{foreign.partition('.')[2]}", f"{foreign.partition('.')[0]}.{own}"]
    for each in [*(f"Session {word}" for word in wrong + mixed), token, account.mock.key, "Session"]:
        assert send(visitor, each).status_code == 401, each
    stranger.close()
    assert send(visitor, f"Session {token}").json()["name"] == "ann"


@pytest.mark.parametrize("word", ["Session", "session", "SESSION"])
def test_the_word_before_the_token_has_no_case(account: Account, visitor: MockClient, word: str) -> None:
    """The word that makes a token of a key is matched as such words are."""
    assert send(visitor, f"{word} {opened(account.mock)}").status_code == 200


@pytest.mark.parametrize("path", ["/customers", "/_mock/state", "/account-setting/logo"])
def test_a_session_is_no_key(account: Account, visitor: MockClient, path: str) -> None:
    """The account's own operations, and those of the mock, do not take a session."""
    assert send(visitor, f"Session {opened(account.mock)}", path).status_code == 401


def test_a_session_lacks_permission_where_403_is_documented(account: Account, visitor: MockClient) -> None:
    """An operation of the account that documents 403 answers it to a session, and 401 to a made up one."""
    charge = dict.fromkeys(("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id"), "x")
    for key, status in ((f"Session {opened(account.mock)}", 403), ("Session x.y", 401)):
        answer = visitor.post("/v1/ingest/charge-data", json=charge, headers={"X-API-KEY": key})
        assert answer.status_code == status


def test_a_reset_forgets_sessions(account: Account, visitor: MockClient) -> None:
    """A token from before the reset opens nothing, and the next one is another."""
    before = opened(account.mock)
    account.mock.reset()
    account.register("bob")
    after = opened(account.mock, "bob")
    assert send(visitor, f"Session {before}").status_code == 401
    assert send(visitor, f"Session {after}").json()["name"] == "bob"


def test_customers_have_sessions_of_their_own(account: Account, visitor: MockClient) -> None:
    """Each token shows its own customer; a second session does not end the first."""
    account.register("bob")
    tokens = [opened(account.mock), opened(account.mock, "bob"), opened(account.mock)]
    assert len(set(tokens)) == 3
    assert [send(visitor, f"Session {each}").json()["name"] for each in tokens] == ["ann", "bob", "ann"]


def test_opening_a_session_is_in_the_event_log_without_its_token(account: Account) -> None:
    """The log tells for whom a session was opened, and does not let its reader in."""
    token = opened(account.mock)
    log = account.stored("account-events")
    last = log[-1]
    assert (last["noun"], last["verb"], last["document"]["customerId"]) == ("portal session", "created", "ann")
    assert token.partition(".")[2] not in str(log)


def test_the_journal_shows_no_token_of_a_visit(account: Account, visitor: MockClient) -> None:
    """A visit is in the account's journal, as a request without its headers."""
    token = opened(account.mock)
    send(visitor, f"Session {token}")
    (entry,) = account.mock.journal(operationId="portalGetCustomerDetails")
    assert (entry["status"], entry["path"]) == (200, DETAILS)
    assert token.partition(".")[2] not in str(entry)
