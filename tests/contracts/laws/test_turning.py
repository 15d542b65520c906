"""The account's clock over HTTP: what counts as one, where it may be, and what the gate lets through to it."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.checks.asking import Asker
from contracts.faults import Refused
from contracts.gate import PLACEHOLDER, Gate, Terms
from contracts.laws.law import Dedup, Subject, Unclear
from contracts.laws.talk import Talk
from contracts.laws.trial import Terms as LawTerms
from contracts.laws.trial import Trial
from contracts.laws.turning import HttpClock, Shown, read
from contracts.model import Profile, Result, RunError
from contracts.policy import READ_ONLY, Policy
from contracts.runner import run
from contracts.settings import LawOptions, Settings, projections
from contracts.target import read_target
from contracts.watcher import Watcher
from specs import catalog
from tests.contracts.fake_clock import FakeClock
from tests.contracts.gates import OWN_KEY, target
from tests.contracts.recording_server import Account, Answer, Recorded, recording_account
from tests.support.client import MockClient
from tests.support.serving import Server

WRITES = Policy(allow_writes=True)
CLOCK = "/clock"
START = 1_772_323_200
SHOWN = {"now": "2026-03-01T00:00:00.000Z", "nowInMillis": START * 1000, "frozen": True}
HOUR = 3600


@pytest.fixture
def account() -> Iterator[Account]:
    """Somebody's account with a clock."""
    with recording_account() as running:
        running.instead = turning()
        yield running


def turning(step: float = 1) -> Callable[[Recorded], Answer | None]:
    """A clock that stands still, and moves by `step` for each second that it is told."""
    seconds = 0

    def answer(request: Recorded) -> Answer | None:
        nonlocal seconds
        if request.path != CLOCK:
            return None
        if request.method == "PUT":
            seconds += int(json.loads(request.body)["advance"]["seconds"] * step)
        now = datetime.fromtimestamp(START + seconds, UTC)
        return Answer(200, {"now": now.isoformat(), "nowInMillis": (START + seconds) * 1000, "frozen": True})

    return answer


class Side:
    """A gate to a target elsewhere, and its observer.

    Args:
        url: The target.
        policy: What it may send.
        loopback: Whether the target is on this machine after all.
        quota: The most requests an operation.
    """

    def __init__(
        self, url: str, policy: Policy = READ_ONLY, *, loopback: bool = False, quota: int | None = None
    ) -> None:
        self.watcher = Watcher()
        where, operations = target(url, loopback=loopback), catalog.document("amberflo").operations
        terms = Terms(quota=quota)
        self.gate = Gate(where, operations, policy=policy, terms=terms, clock=FakeClock(), observe=self.watcher)

    def clock(self) -> HttpClock:
        """The target's clock."""
        return HttpClock(self.gate, self.watcher, self.gate.target.url + CLOCK)

    def trial(self, clock: HttpClock | None, *, muted: bool = False) -> Trial:
        """A trial of a run that began at START."""
        document = catalog.project("published")
        terms = LawTerms(
            prefix="mm-",
            profile=Profile.SMOKE,
            seed=1,
            now=START,
            settle=0,
            ends=0,
            local=FakeClock(START + HOUR),
            dedup=Dedup.EVENT,
            target=clock,
            whole=document,
        )
        talk = Talk(Asker(self.gate, self.watcher, document, ""), muted=muted)
        return Trial("law", Subject("queryUsage"), 0, terms, talk)


def test_the_clock_of_the_mock_is_one(server: Server, mock: MockClient) -> None:
    """The mock's own clock is read and moved as the contract says, and stands as far ahead as it was moved."""
    environment = {"AMBERFLO_API_KEY": mock.key}
    gate = Gate(read_target(server.url, environment=environment), (), observe=(watcher := Watcher()))
    clock = HttpClock(gate, watcher, f"{server.url}/_mock/clock")
    mock.clock(now=START * 1000, frozen=True)
    assert clock.now() == START
    reply = clock.advance(HOUR)
    assert clock.now() == START + HOUR
    assert reply.json()["nowInMillis"] == (START + HOUR) * 1000
    assert '-X PUT -H "X-API-KEY: $AMBERFLO_API_KEY"' in reply.curl
    assert mock.key not in reply.curl


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_clock_is_never_turned_back(account: Account, seconds: int) -> None:
    """Moving a clock by nothing or less is refused before anything is asked."""
    with pytest.raises(ValueError, match="forward"):
        Side(account.url, WRITES).clock().advance(seconds)
    assert not account.recorded


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:1/clock", "another server"),
        ("https://{host}/clock", "another server"),
        ("http://somebody:secret@{host}/clock", "another server"),
        ("http://{host}.example.com/clock", "another server|is none"),
        ("clock", "is none"),
        ("http://{host}/customers", "one of an operation"),
        ("http://{host}/customers/clock", "one of an operation"),
        ("http://{host}/x/../customers", "one of an operation"),
    ],
)
@pytest.mark.parametrize("loopback", [True, False])
def test_a_clock_is_at_the_target(account: Account, url: str, words: str, *, loopback: bool) -> None:
    """A clock at another server would be shown the key, and one at an operation's path is none; both end the run."""
    gate = Side(account.url, WRITES, loopback=loopback).gate
    host = account.url.removeprefix("http://")
    with pytest.raises(RunError, match=words):
        HttpClock(gate, Watcher(), url.format(host=host))
    assert not account.recorded


def test_a_run_with_a_clock_elsewhere_does_not_begin(account: Account) -> None:
    """A run whose clock is at another server ends before its first request."""
    where = read_target(account.url, dialect="published", environment={})
    laws = LawOptions(clock_url="http://127.0.0.1:1/clock")
    with pytest.raises(RunError, match="another server"):
        run(Settings(where, projections(where, "amberflo"), Profile.SMOKE, laws=laws))
    assert not account.recorded


def test_elsewhere_a_clock_is_moved_with_leave_alone(account: Account) -> None:
    """Elsewhere a clock is read by everybody, and moved by a run that may write."""
    reader = Side(account.url).clock()
    assert reader.now() == START
    with pytest.raises(Unclear, match="--allow-writes") as refused:
        reader.advance(HOUR)
    assert refused.value.result is Result.UNTESTED
    Side(account.url, WRITES).clock().advance(HOUR)
    asked = [(each.method, each.body) for each in account.recorded if each.method != "GET"]
    assert asked == [("PUT", b'{"advance": {"seconds": 3600}}')]


def test_a_clock_is_asked_with_the_key_of_the_account(account: Account) -> None:
    """Each request to the clock carries the account's key, and none the gate's own header."""
    Side(account.url, WRITES).clock().advance(HOUR)
    assert [each.headers["X-API-KEY"] for each in account.recorded] == [OWN_KEY, OWN_KEY]
    assert not [name for each in account.recorded for name in each.headers if "metermock" in name.lower()]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("PUT", CLOCK, {"now": "2020-01-01T00:00:00Z"}, {}),
        ("PUT", CLOCK, {"advance": {"seconds": -5}}, {}),
        ("PUT", CLOCK, {"advance": {"seconds": 0}}, {}),
        ("PUT", CLOCK, {"advance": {"seconds": 5}, "frozen": False}, {}),
        ("PUT", CLOCK, None, {}),
        ("GET", CLOCK, {"advance": {"seconds": 5}}, {}),
        ("GET", CLOCK, None, {"X-HTTP-Method-Override": "DELETE"}),
        ("POST", CLOCK, {"advance": {"seconds": 5}}, {}),
        ("DELETE", CLOCK, None, {}),
        ("GET", f"{CLOCK}/", None, {}),
        ("GET", f"{CLOCK}?now=0", None, {}),
        ("GET", "/reset", None, {}),
    ],
)
def test_elsewhere_nothing_else_reaches_the_clock(
    account: Account, method: str, path: str, body: Any, headers: Mapping[str, str]
) -> None:
    """Elsewhere no other method, body, header or URL passes because there is a clock, even of a writing run."""
    side = Side(account.url, WRITES)
    side.clock()
    data = None if body is None else json.dumps(body)
    with pytest.raises(Refused):
        side.gate.session().request(
            method, account.url + path, data=data, headers={"X-API-KEY": PLACEHOLDER, **headers}
        )
    assert not account.recorded


def test_no_plan_counts_the_clock(account: Account) -> None:
    """The most that an operation may be asked elsewhere does not stop the clock, which is none."""
    clock = Side(account.url, quota=1).clock()
    assert [clock.now() for _ in range(3)] == [START] * 3


def test_a_clock_that_does_not_move_says_nothing(account: Account) -> None:
    """A clock that goes forward by less than it was told makes a law inconclusive, with both amounts."""
    account.instead = turning(step=0.5)
    with pytest.raises(Unclear, match="forward by 7200 s, and went by 3600 s") as raised:
        Side(account.url, WRITES).clock().advance(2 * HOUR)
    assert raised.value.result is Result.INCONCLUSIVE


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"no JSON"),
        Answer(200, []),
        Answer(200, {**SHOWN, "now": None}),
        Answer(200, {**SHOWN, "now": "today"}),
        Answer(200, {**SHOWN, "nowInMillis": True}),
        Answer(200, {**SHOWN, "nowInMillis": float(START * 1000)}),
        Answer(200, {**SHOWN, "nowInMillis": START}),
        Answer(200, {**SHOWN, "frozen": "no"}),
    ],
)
def test_another_answer_is_none_of_a_clock(account: Account, answer: Answer) -> None:
    """An answer without one of the three members, or whose two times differ, is told from one of a clock."""
    account.instead = lambda _request: answer
    with pytest.raises(Unclear, match="answered something else than"):
        Side(account.url).clock().now()


def test_a_clock_that_refuses_is_told_with_its_status(account: Account) -> None:
    """A clock that answers no success makes a law inconclusive, and says so."""
    account.instead = lambda _request: Answer(404, SHOWN)
    with pytest.raises(Unclear, match="answered 404"):
        Side(account.url).clock().now()


def test_a_time_without_a_zone_is_one_of_utc() -> None:
    """`now` without a zone is UTC, and one with another zone is the same instant."""
    for now in ("2026-03-01T00:00:00", "2026-03-01T02:00:00+02:00"):
        assert read({**SHOWN, "now": now}) == Shown(START, frozen=True)
    assert read({**SHOWN, "now": "2026-03-01T00:00:00+02:00"}) is None


def test_what_a_trial_lets_pass_is_told_among_its_writes(account: Account) -> None:
    """The command that moved the clock stands among those that show what happened, and a muted trial moves nothing."""
    side = Side(account.url, WRITES)
    clock = side.clock()
    trial = side.trial(clock)
    trial.advance(2 * HOUR)
    assert '{"advance": {"seconds": 7200}}' in trial.talk.commands(())
    assert trial.moment() == START + 2 * HOUR
    sent = len(account.recorded)
    muted = side.trial(clock, muted=True)
    muted.advance(HOUR)
    assert muted.moment() == START
    assert len(account.recorded) == sent


def test_without_a_clock_no_time_passes(account: Account) -> None:
    """A trial without a clock lives in this machine's present, and letting time pass there is not reachable."""
    trial = Side(account.url).trial(None)
    assert trial.moment() == START + HOUR
    with pytest.raises(Unclear, match="--clock-url") as raised:
        trial.advance(HOUR)
    assert raised.value.result is Result.NOT_REACHABLE
