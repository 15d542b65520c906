"""How the gate asks: with which key, how fast, how often again, and what it keeps of it."""

import base64
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from schemathesis.transport.requests import ManagedCookiesSession

from contracts.faults import EnvironmentFault, OutOfTime, Refused
from contracts.gate import AUTH_HEADER, PLACEHOLDER, Gate, Terms
from contracts.keys import WRONG_KEY
from contracts.model import BODY_LIMIT, Exchange, Keys, Outcome
from contracts.policy import HAZARDS, Policy
from contracts.secrets import Secret
from specs import catalog
from tests.contracts.fake_clock import FakeClock
from tests.contracts.gates import OTHER_KEY, OWN_KEY, PREFIX, Gated, ledger, target
from tests.contracts.recording_server import Account, Answer, Recorded, recording_account


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's real account."""
    with recording_account() as running:
        yield running


def _key(request: Recorded) -> str | None:
    return {name.lower(): value for name, value in request.headers.items()}.get("x-api-key")


@pytest.mark.parametrize("loopback", [True, False])
@pytest.mark.parametrize(
    ("headers", "sent", "shown"),
    [
        ({"X-API-KEY": PLACEHOLDER}, OWN_KEY, "$AMBERFLO_API_KEY"),
        ({"x-api-key": "0"}, "0", "0"),
        ({}, None, None),
        ({"X-API-KEY": PLACEHOLDER, AUTH_HEADER: "none"}, None, None),
        ({"X-API-KEY": PLACEHOLDER, AUTH_HEADER: "wrong"}, WRONG_KEY, WRONG_KEY),
        ({"X-API-KEY": PLACEHOLDER, AUTH_HEADER.lower(): "other"}, OTHER_KEY, "$AMBERFLO_OTHER_API_KEY"),
        ({AUTH_HEADER: "own"}, OWN_KEY, "$AMBERFLO_API_KEY"),
    ],
)
def test_request_gets_the_key_that_it_asks_for(
    account: Account, headers: dict[str, str], sent: str | None, shown: str | None, *, loopback: bool
) -> None:
    """The gate alone holds keys: it puts one where the placeholder is, and leaves deliberate faults alone."""
    gated = Gated(target(account.url, loopback=loopback))
    response = gated.session.get(account.url + "/customers", headers=headers)
    [recorded], [exchange] = account.recorded, gated.exchanges
    assert _key(recorded) == sent
    assert AUTH_HEADER.lower() not in {name.lower() for name in recorded.headers}
    assert {name.lower(): value for name, value in exchange.headers.items()}.get("x-api-key") == shown
    assert OWN_KEY not in str(response.request.headers) + repr(exchange)


def test_request_without_its_key_is_refused(account: Account) -> None:
    """What needs a key that is not set is not sent without it."""
    gated = Gated(target(account.url, keys=Keys()))
    for headers in ({"X-API-KEY": PLACEHOLDER}, {AUTH_HEADER: "own"}, {AUTH_HEADER: "other"}, {AUTH_HEADER: "odd"}):
        with pytest.raises(Refused, match=r"API_KEY is not set|X-Metermock-Auth"):
            gated.session.get(account.url + "/customers", headers=headers)
    assert account.recorded == []
    assert gated.session.get(account.url + "/customers").ok


TOKEN = "canary-token-of-a-session"
PORTAL = "/customer-portal/meter"


@pytest.mark.parametrize(
    ("mode", "sent", "shown"),
    [
        ("own", f"Session {TOKEN}", "Session $AMBERFLO_SESSION"),
        ("wrong", f"Session {WRONG_KEY}", f"Session {WRONG_KEY}"),
        ("account", OWN_KEY, "$AMBERFLO_API_KEY"),
        ("other", OTHER_KEY, "$AMBERFLO_OTHER_API_KEY"),
        ("none", None, None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "TRACE"])
def test_the_portal_gets_a_session(
    account: Account, mode: str, sent: str | None, shown: str | None, method: str
) -> None:
    """An operation of the portal, and every method of its path, gets the session's token, which is shown nowhere."""
    gated = Gated(target(account.url, loopback=True))
    gated.gate.hold(Secret(TOKEN))
    account.instead = lambda _request: Answer(200, {"echo": TOKEN})
    response = gated.session.request(method, account.url + PORTAL, headers={AUTH_HEADER: mode})
    [recorded], [exchange] = account.recorded, gated.exchanges
    assert _key(recorded) == sent
    assert {name.lower(): value for name, value in exchange.headers.items()}.get("x-api-key") == shown
    assert TOKEN not in str(response.request.headers) + repr(exchange)


def test_what_a_session_opened_is_counted_as_a_success(account: Account) -> None:
    """A success counts when the request carried the key that it should, and not when it carried another one."""
    gated = Gated(target(account.url, loopback=True))
    gated.gate.hold(Secret(TOKEN))
    for mode in ("own", "wrong", "account", "none", "other"):
        gated.session.get(account.url + PORTAL, headers={AUTH_HEADER: mode})
    account.instead = lambda _request: Answer(404, {})
    gated.session.get(account.url + "/customers", headers={AUTH_HEADER: "own"})
    assert gated.gate.counts.succeeded == {"portalListMeters": 1}


def test_solvimon_gets_its_own_key(account: Account) -> None:
    """The key of one vendor never goes to the other."""
    keys = Keys(Secret(OWN_KEY), None, Secret("canary-solvimon"))
    operations = (*catalog.document("amberflo").operations, *catalog.document("solvimon").operations)
    gated = Gated(target(account.url, loopback=True, keys=keys), operations=operations)
    gated.ask("POST", "/v1/ingest/charge-data", {})
    gated.ask("GET", "/customers")
    assert [_key(each) for each in account.recorded] == ["canary-solvimon", OWN_KEY]
    assert gated.exchanges[0].headers["X-API-KEY"] == "$SOLVIMON_API_KEY"


def _every_third(statuses: int) -> Iterator[Answer | None]:
    number = 0
    while True:
        number += 1
        yield Answer(statuses, {"message": "slow down"}) if number % 3 == 0 else None


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_overloaded_target_is_asked_again(account: Account, status: int) -> None:
    """A target elsewhere that refuses every third request is no worse for it: all answers come, and it is counted."""
    answers = _every_third(status)
    account.instead = lambda _request: next(answers)
    gated = Gated(target(account.url))
    assert {gated.ask("GET", "/customers").status_code for _ in range(20)} == {200}
    counts = gated.gate.counts
    assert counts.requests == 20
    assert counts.attempts == len(account.recorded) == 29
    assert counts.environment == {status: 9}
    assert [each.attempts for each in gated.exchanges[:3]] == [1, 1, 2]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_such_an_answer_is_ordinary_on_this_machine(account: Account, status: int) -> None:
    """A mock that answers 503 does so, and nobody asks twice."""
    account.instead = lambda _request: Answer(status)
    gated = Gated(target(account.url, loopback=True))
    assert gated.ask("GET", "/customers").status_code == status
    assert len(account.recorded) == 1
    assert gated.exchanges[0].verdict.outcome is Outcome.SENT


def test_target_that_stays_overloaded_is_given_up(account: Account) -> None:
    """After three repetitions, each later than the one before, nothing is known."""
    account.instead = lambda _request: Answer(503)
    gated = Gated(target(account.url))
    with pytest.raises(EnvironmentFault) as caught:
        gated.ask("GET", "/customers")
    assert caught.value.status == 503
    assert len(account.recorded) == 4
    assert gated.clock.slept == [1, 2, 4]
    [exchange] = gated.exchanges
    assert (exchange.verdict.outcome, exchange.status, exchange.attempts) == (Outcome.ENVIRONMENT, 503, 4)


@pytest.mark.parametrize("dated", [True, False])
def test_pause_that_the_target_asks_for_is_kept(account: Account, *, dated: bool) -> None:
    """Retry-After is a number of seconds or a date, and counts for every request."""
    gated = Gated(target(account.url))
    until = datetime.fromtimestamp(gated.clock.now(), UTC) + timedelta(seconds=17)
    answers = iter([Answer(429, b"", {"Retry-After": format_datetime(until, usegmt=True) if dated else "17"})])
    account.instead = lambda _request: next(answers, None)
    assert gated.ask("GET", "/customers").ok
    assert sum(gated.clock.slept) == pytest.approx(17, abs=1)


@pytest.mark.parametrize("asked", ["soon", "-5", "", "٣", "Wed, 99 Foo 2025 00:00:00 GMT"])
def test_pause_that_makes_no_sense_is_a_short_one(account: Account, asked: str) -> None:
    """A Retry-After that cannot be read is as good as none."""
    answers = iter([Answer(429, b"", {"Retry-After": asked.encode().decode("latin-1")})])
    account.instead = lambda _request: next(answers, None)
    gated = Gated(target(account.url))
    assert gated.ask("GET", "/customers").ok
    assert gated.clock.slept == [1]


def test_pause_that_is_too_long_ends_it(account: Account) -> None:
    """A target that wants to be left alone for an hour is."""
    account.instead = lambda _request: Answer(503, b"", {"Retry-After": "3600"})
    gated = Gated(target(account.url))
    with pytest.raises(EnvironmentFault, match="3600"):
        gated.ask("GET", "/customers")
    assert len(account.recorded) == 1


@pytest.mark.parametrize(("status", "sent"), [(503, 1), (429, 2)])
def test_what_cannot_be_undone_is_not_done_twice(account: Account, tmp_path: Path, status: int, sent: int) -> None:
    """A gateway's error may hide an order that was made; too many requests means that it was not."""
    policy = Policy(allow_writes=True, allow=frozenset(HAZARDS))
    gated = Gated(target(account.url), policy=policy, book=ledger(tmp_path, account.url))
    gated.ask("PUT", "/customers", {"customerId": PREFIX + "a", "customerName": "x"})
    answers = iter([Answer(status)])
    account.instead = lambda _request: next(answers, None)
    order = {"customerId": PREFIX + "a", "amount": 1}
    with nullcontext() if sent > 1 else pytest.raises(EnvironmentFault):
        gated.ask("POST", "/payments-pricing-amberflo-customer-prepaid", order)
    assert len(account.recorded) == 1 + sent


def test_rate_holds_elsewhere_unless_it_is_given(account: Account) -> None:
    """Five in a second is the custom elsewhere; on this machine there is no limit."""
    plain, quick = Gated(target(account.url)), Gated(target(account.url), terms=Terms(rate=50))
    local = Gated(target(account.url, loopback=True))
    for gated in (plain, quick, local):
        for _ in range(51):
            gated.ask("GET", "/customers")
    assert sum(plain.clock.slept) == pytest.approx(10)
    assert sum(quick.clock.slept) == pytest.approx(1)
    assert local.clock.slept == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("make", [requests.Session, ManagedCookiesSession])
def test_redirect_is_an_answer(account: Account, status: int, make: type[requests.Session]) -> None:
    """Nobody is sent anywhere by the target, with any session and whatever the session is told."""
    with recording_account() as stranger:
        account.instead = lambda _request: Answer(status, b"", {"Location": stranger.url + "/customers"})
        gated = Gated(target(account.url, loopback=True))
        session = make()
        gated.gate.mount(session)
        response = session.get(account.url + "/customers", allow_redirects=True)
        assert (response.status_code, response.history) == (status, [])
        assert stranger.recorded == []
        assert len(account.recorded) == 1


def test_session_keeps_nothing_and_reads_nothing(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a cookie nor a file of passwords makes a request that was to have no key into one that has."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    account.instead = lambda _request: Answer(200, [], {"Set-Cookie": "session=opened; Path=/"})
    gated = Gated(target(account.url))
    for _ in range(2):
        gated.session.get(account.url + "/customers")
    assert not any({"Cookie", "Authorization"} & set(each.headers) for each in account.recorded)


def test_session_has_no_other_door(account: Account) -> None:
    """A session of the gate can only send through it."""
    session = Gated(target(account.url)).session
    for url in ("ftp://127.0.0.1/x", "file:///etc/passwd"):
        with pytest.raises(requests.exceptions.InvalidSchema):
            session.get(url)


def test_quota_holds_for_each_operation(account: Account) -> None:
    """The plan's number of requests is kept, and repetitions are not counted."""
    answers = _every_third(503)
    account.instead = lambda _request: next(answers)
    gated = Gated(target(account.url), terms=Terms(quota=4))
    assert sum(_sent(gated, "/customers") for _ in range(10)) == 4
    assert sum(_sent(gated, "/meter-definition") for _ in range(10)) == 4
    assert gated.gate.counts.requests == 8
    assert gated.gate.counts.refused.total() == 12


def _sent(gated: Gated, path: str) -> bool:
    try:
        return gated.ask("GET", path).ok
    except Refused:
        return False


def test_nothing_is_sent_after_the_end(account: Account) -> None:
    """A run that is out of time sends nothing more, and does not wait for its turn either."""
    gated = Gated(target(account.url))
    gated.gate.end_at(gated.clock.monotonic() + 1.5)
    sent = sum(_sent(gated, "/customers") for _ in range(30))
    assert sent == len(account.recorded) == gated.gate.counts.requests == 10
    assert gated.clock.monotonic() <= 1001.5
    with pytest.raises(OutOfTime):
        gated.ask("GET", "/customers")


def test_end_cuts_a_pause_short(account: Account) -> None:
    """A target that asks for a pause beyond the end of the run is not waited for."""
    account.instead = lambda _request: Answer(429, b"", {"Retry-After": "30"})
    gated = Gated(target(account.url))
    gated.gate.end_at(gated.clock.monotonic() + 20)
    with pytest.raises(OutOfTime):
        gated.ask("GET", "/customers")
    assert gated.clock.slept == []


def test_elapsed_is_the_time_of_the_exchange(account: Account) -> None:
    """Waiting for a turn is not the target's slowness."""

    class Slow(FakeClock):
        def monotonic(self) -> float:
            """Each look takes a second."""
            self._passed += 1
            return super().monotonic()

    seen: list[Exchange] = []
    where = target(account.url, loopback=True)
    gate = Gate(where, catalog.document("amberflo").operations, clock=Slow(), observe=seen.append)
    response = gate.session().get(account.url + "/customers")
    assert response.elapsed == timedelta(seconds=1)
    assert seen[0].elapsed == 1


def test_header_that_cannot_be_written_is_refused(account: Account) -> None:
    """A request that is no HTTP is no fault of the target."""
    gated = Gated(target(account.url, loopback=True))
    prepared = gated.session.prepare_request(requests.Request("GET", account.url + "/customers"))
    prepared.headers["X-Odd"] = "a\r\nb"
    with pytest.raises(Refused, match="written as HTTP"):
        gated.session.send(prepared)
    assert account.recorded == []
    assert gated.gate.counts.requests == gated.gate.counts.attempts == 0


def test_connection_that_the_target_closed_meanwhile_is_opened_again(account: Account) -> None:
    """Servers close connections that nobody uses; that is no fault."""
    gated = Gated(target(account.url, loopback=True))
    account.instead = lambda _request: Answer(200, [], {"Connection": "close"})
    assert [gated.ask("GET", "/customers").status_code for _ in range(5)] == [200] * 5


def _forms(secret: str) -> list[str]:
    shifted = [base64.b64encode(b"u" * n + b":" + secret.encode() + b"tail").decode() for n in range(3)]
    return [secret, quote(secret, safe=""), quote(quote(secret, safe="")), *shifted]


def test_no_record_holds_a_secret(account: Account) -> None:
    """Whatever the target echoes, and in whatever form, is masked; so are the sessions that it opens."""
    token = "canary-session-token-9f8e"
    portal = {"url": f"https://portal.example.com/session/{token}", "sessionToken": token, "customerId": "x"}
    echoes = [each for secret in (OWN_KEY, OTHER_KEY) for each in _forms(secret)]
    later = Answer(
        200, [*echoes, *_forms(token)], {"X-Echo": f"{OWN_KEY} {token}", "Location": f"/a?key={quote(OWN_KEY)}"}
    )
    answers = iter([Answer(200, portal, {"Set-Cookie": "sid=canary-cookie-77; Path=/"}), later])
    account.instead = lambda _request: next(answers)
    gated = Gated(target(account.url))
    gated.ask("GET", "/customers")
    gated.ask("GET", f"/customers?customerId={quote(token)}", headers={"Accept": OWN_KEY})
    shown = repr(gated.exchanges)
    for secret in (OWN_KEY, OTHER_KEY, token, "canary-cookie-77"):
        for form in _forms(secret):
            assert form.rstrip("=")[4:-4] not in shown, form
    assert "canary" not in shown
    assert "portal.example.com" in shown


def test_record_keeps_the_beginning_of_a_body(account: Account) -> None:
    """A long body is cut in the record, and whole in the answer."""
    account.instead = lambda _request: Answer(200, b"x" * 100_000)
    gated = Gated(target(account.url, loopback=True))
    response = gated.ask("POST", "/ingest", data=b"y" * 100_000)
    [exchange] = gated.exchanges
    assert len(response.content) == 100_000
    assert (exchange.response_body, exchange.body) == (b"x" * BODY_LIMIT, b"y" * BODY_LIMIT)
    assert (exchange.method, exchange.path, exchange.status) == ("POST", "/ingest", 200)
