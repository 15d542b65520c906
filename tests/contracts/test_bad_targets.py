"""A target that answers badly gets a typed outcome: never a traceback, and never a wait without an end."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from contracts.clock import SystemClock
from contracts.faults import FaultKind, Refused, TargetFault
from contracts.gate import Gate, Terms
from contracts.model import Exchange, Outcome
from specs import catalog
from tests.contracts import bad_targets
from tests.contracts.bad_targets import MEGABYTE, Talk, bad_target, self_signed, unused_url
from tests.contracts.gates import target

SECONDS = 0.4

FAULTS: list[tuple[Callable[[Talk], None], FaultKind]] = [
    (bad_targets.hang, FaultKind.TIMEOUT),
    (bad_targets.hang_in_the_head, FaultKind.TIMEOUT),
    (bad_targets.hang_in_the_body, FaultKind.TIMEOUT),
    (bad_targets.drip_the_head, FaultKind.TIMEOUT),
    (bad_targets.drip_the_body, FaultKind.TIMEOUT),
    (bad_targets.drip_chunks, FaultKind.TIMEOUT),
    (bad_targets.drip_events, FaultKind.TIMEOUT),
    (bad_targets.close_at_once, FaultKind.CUT),
    (bad_targets.reset, FaultKind.CUT),
    (bad_targets.close_in_the_body, FaultKind.CUT),
    (bad_targets.close_in_a_header, FaultKind.CUT),
    (bad_targets.close_in_a_chunk, FaultKind.CUT),
    (bad_targets.promise_too_little, FaultKind.BAD_LENGTH),
    (bad_targets.body_where_none_may_be, FaultKind.BAD_LENGTH),
    (bad_targets.promise_nonsense, FaultKind.BAD_LENGTH),
    (bad_targets.promise_negative, FaultKind.BAD_LENGTH),
    (bad_targets.promise_twice, FaultKind.BAD_LENGTH),
    (bad_targets.close_in_the_head, FaultKind.BAD_HTTP),
    (bad_targets.speak_something_else, FaultKind.BAD_HTTP),
    (bad_targets.bad_chunk, FaultKind.BAD_HTTP),
    (bad_targets.endless_headers, FaultKind.BAD_HTTP),
    (bad_targets.endless_header, FaultKind.BAD_HTTP),
    (bad_targets.bad_gzip, FaultKind.BAD_ENCODING),
    (bad_targets.flood, FaultKind.TOO_LARGE),
    (bad_targets.bomb, FaultKind.TOO_LARGE),
]

QUICK = {FaultKind.TIMEOUT}
"""The faults that are only over when the time is."""


def _gate(url: str, seen: list[Exchange], seconds: float) -> Gate:
    operations = catalog.document("amberflo").operations
    return Gate(target(url, loopback=True), operations, terms=Terms(seconds=seconds), observe=seen.append)


@pytest.mark.parametrize(("behave", "kind"), FAULTS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_fault_is_typed(behave: Callable[[Talk], None], kind: FaultKind) -> None:
    """Each bad answer is one fault of its kind, in the exception, in the record and in the counts."""
    seen: list[Exchange] = []
    with bad_target(behave) as url:
        gate = _gate(url, seen, SECONDS if kind in QUICK else 30)
        with gate.session() as session, pytest.raises(TargetFault) as caught:
            session.get(url + "/customers")
    assert caught.value.kind is kind
    assert "\n" not in str(caught.value)
    [exchange] = seen
    assert (exchange.verdict.outcome, exchange.status, exchange.attempts) == (Outcome.FAULT, None, 1)
    assert exchange.verdict.reason.startswith(f"{kind}: ")
    assert gate.counts.faults == {kind: 1}


@pytest.mark.parametrize(("behave", "kind"), FAULTS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_fault_is_one_of_requests(behave: Callable[[Talk], None], kind: FaultKind) -> None:
    """Whoever knows `requests` knows what to do: a time-out is one, and every fault is a RequestException."""
    with bad_target(behave) as url:
        session = _gate(url, [], SECONDS if kind in QUICK else 30).session()
        expected = requests.Timeout if kind is FaultKind.TIMEOUT else requests.RequestException
        with session, pytest.raises(expected) as caught:
            session.post(url + "/customers", json={})
    assert not isinstance(caught.value, Refused)


def test_dead_target() -> None:
    """Nothing listens."""
    url = unused_url()
    with pytest.raises(TargetFault) as caught:
        _gate(url, [], 30).session().get(url + "/customers")
    assert caught.value.kind is FaultKind.DEAD
    assert isinstance(caught.value, requests.ConnectionError)


def test_name_that_nobody_knows() -> None:
    """The top-level domain `invalid` never exists."""
    url = "http://metermock.invalid"
    with pytest.raises(TargetFault) as caught:
        _gate(url, [], 30).session().get(url + "/customers")
    assert caught.value.kind is FaultKind.DEAD


def test_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    """The key is not given to a server that is not who it says."""
    with bad_target(bad_targets.html, self_signed(tmp_path)) as url, pytest.raises(TargetFault) as caught:
        _gate(url, [], 30).session().get(url + "/customers")
    assert caught.value.kind is FaultKind.TLS


def test_server_without_tls() -> None:
    """An https URL of an http server."""
    with bad_target(bad_targets.speak_something_else, listens=False) as url:
        secure = url.replace("http:", "https:")
        with pytest.raises(TargetFault) as caught:
            _gate(secure, [], 30).session().get(secure + "/customers")
    assert caught.value.kind is FaultKind.TLS


def test_handshake_that_never_ends() -> None:
    """TLS that is never begun ends in time."""
    with bad_target(bad_targets.hang) as url:
        secure = url.replace("http:", "https:")
        with pytest.raises(TargetFault) as caught:
            _gate(secure, [], SECONDS).session().get(secure + "/customers")
    assert caught.value.kind is FaultKind.TIMEOUT


@pytest.mark.parametrize("behave", [bad_targets.drip_the_body, bad_targets.drip_the_head, bad_targets.html])
def test_time_and_answers_are_kept_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behave: Callable[[Talk], None]
) -> None:
    """With a certificate that the environment trusts, TLS answers as plain HTTP does, and ends in time too."""
    context = self_signed(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))
    with bad_target(behave, context) as url:
        whole = behave is bad_targets.html
        session = _gate(url, [], 30 if whole else SECONDS).session()
        if whole:
            assert session.get(url + "/customers").content == b"<html>404</html>"
        else:
            with pytest.raises(TargetFault) as caught:
                session.get(url + "/customers")
            assert caught.value.kind is FaultKind.TIMEOUT


def test_end_of_the_run_ends_what_is_under_way() -> None:
    """A target that hangs does not hold up the end of the run."""
    with bad_target(bad_targets.hang) as url:
        gate = _gate(url, [], 30)
        gate.end_at(SystemClock().monotonic() + SECONDS)
        with pytest.raises(TargetFault) as caught:
            gate.session().get(url + "/customers")
    assert caught.value.kind is FaultKind.TIMEOUT


@pytest.mark.parametrize(
    ("behave", "status", "body"),
    [
        (bad_targets.large, 200, b"7" * 10 * MEGABYTE),
        (bad_targets.html, 200, b"<html>404</html>"),
        (bad_targets.no_utf8, 200, b"\xff\xfe"),
        (bad_targets.redirect, 302, b""),
        (bad_targets.old_http, 200, b"[]"),
    ],
    ids=["large", "html", "no-utf8", "redirect", "old-http"],
)
def test_odd_answer_is_whole(behave: Callable[[Talk], None], status: int, body: bytes) -> None:
    """What is odd and whole is handed out as it is: to judge it is not the gate's."""
    seen: list[Exchange] = []
    with bad_target(behave) as url:
        answer = _gate(url, seen, 30).session().get(url + "/customers")
        assert (answer.status_code, answer.content == body) == (status, True)
        assert bool(answer.raw.read(len(body)) == body)
    assert seen[0].status == status


def test_exchanges_after_a_fault_are_whole() -> None:
    """What was left of a bad answer is never taken for the next one."""
    answers = iter([bad_targets.promise_too_little, bad_targets.drip_the_body, bad_targets.html, bad_targets.no_utf8])
    with bad_target(lambda talk: next(answers)(talk)) as url:  # noqa: PLW0108 - another one each time
        session = _gate(url, [], 1).session()
        for kind in (FaultKind.BAD_LENGTH, FaultKind.TIMEOUT):
            with pytest.raises(TargetFault) as caught:
                session.get(url + "/customers")
            assert caught.value.kind is kind
        assert session.get(url + "/customers").content == b"<html>404</html>"
        assert session.get(url + "/customers").content == b"\xff\xfe"


def test_no_thread_and_no_socket_is_left() -> None:
    """Timers of exchanges that are over do not pile up."""
    with bad_target(bad_targets.html) as url:
        gate = _gate(url, [], 30)
        before = threading.active_count()
        for _ in range(30):
            with gate.session() as session:
                assert session.get(url + "/customers").ok
        assert threading.active_count() < before + 20
