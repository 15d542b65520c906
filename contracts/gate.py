"""The one gate before the socket: what is not allowed is not sent, and what is sent is counted, paced and recorded.

Whoever sends anything does it through a session of the gate. The gate gives requests their key, so that nobody else
holds one; it hands out whole answers or typed faults, and records of which every secret is taken out.
"""

import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from contracts.clock import Clock, SystemClock
from contracts.credentials import AUTH_HEADER, PLACEHOLDER, Credentials
from contracts.faults import EnvironmentFault, OutOfTime, Refused, TargetFault
from contracts.judging import Judge, Ruling, Sending
from contracts.keys import DEFAULT_HEADER
from contracts.ledger import Ledger
from contracts.model import Exchange, Outcome, Target, Verdict
from contracts.owning import Owner
from contracts.policy import HAZARDS, READ_ONLY, Policy
from contracts.rate import Rate
from contracts.records import Job, body_of, learn_sent, record, text_of
from contracts.redact import Redactor
from contracts.secrets import Secret
from contracts.wire import LARGEST, StaleConnectionError, Way, Wire
from specs.catalog import Operation

__all__ = ["AUTH_HEADER", "ENVIRONMENT", "PLACEHOLDER", "Counts", "Gate", "Terms"]

ENVIRONMENT = frozenset({429, 502, 503, 504})
"""Statuses that say nothing of an operation when the target is elsewhere."""

REMOTE_RATE = 5.0
REMOTE_SECONDS = 30.0
LOOPBACK_SECONDS = 10.0
RETRIES = 3
LONGEST_PAUSE = 60.0
"""A target that asks for a longer pause is not asked again."""

_SUCCESS = range(200, 300)
_LEARNED_FROM = 1024 * 1024


@dataclass(frozen=True)
class Terms:
    """How a run asks.

    Args:
        rate: Requests a second; None for 5 elsewhere and no limit on this machine.
        seconds: How long one exchange may take in all; None for 30 elsewhere and 10 on this machine.
        quota: The most requests an operation, repetitions left out; None for no limit. It holds elsewhere only.
        largest: Bytes of an answer's body.
        redact: The fields whose values are masked in every record.
    """

    rate: float | None = None
    seconds: float | None = None
    quota: int | None = None
    largest: int = LARGEST
    redact: tuple[str, ...] = ()


@dataclass
class Counts:
    """What went through a gate.

    Args:
        requests: Those that were sent, each once however often it was repeated.
        attempts: Those that were sent, repetitions too.
        refused: Those that were not sent, by reason.
        environment: Answers 429, 502, 503 and 504 of a target elsewhere, by status.
        faults: Those without a whole answer, by kind.
        operations: Those that were sent, by operationId; empty for what no document has.
        succeeded: Those that carried the right key and were answered with success, by operationId.
    """

    requests: int = 0
    attempts: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    environment: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)


class Gate:
    """Stands between a run and its target.

    Args:
        target: Where everything goes; on this machine everything is allowed.
        operations: Every operation of the documents that the run is about.
        policy: What the command line allows elsewhere.
        ledger: Where the run writes what it makes; without it nothing is written elsewhere.
        terms: How fast, how long, how much.
        clock: What waits and tells the time.
        observe: Is given a record of each request, the refused ones too.
        witness: Is told of each request that was answered, as it was handed in and without a key, and of its status.
        key_header: The header that carries the key.
    """

    def __init__(  # noqa: PLR0913 - one place where a run is put together
        self,
        target: Target,
        operations: Sequence[Operation],
        *,
        policy: Policy = READ_ONLY,
        ledger: Ledger | None = None,
        terms: Terms = Terms(),
        clock: Clock | None = None,
        observe: Callable[[Exchange], None] | None = None,
        witness: Callable[[Job, int], None] | None = None,
        key_header: str = DEFAULT_HEADER,
    ) -> None:
        self.target = target
        self.ledger = ledger
        self.key_header = key_header
        self.counts = Counts()
        self.redactor = Redactor(target.keys.all(), terms.redact)
        self._remote = not target.loopback
        self._terms = terms
        self._clock = clock or SystemClock()
        self._observe = observe
        self._witness = witness
        self._judge = Judge(target.url, operations, policy, remote=self._remote, ledger=ledger)
        self._owner = Owner(operations, ledger) if ledger else None
        self._credentials = Credentials(target, key_header)
        self._rate = Rate(terms.rate or (REMOTE_RATE if self._remote else None), self._clock)
        self._wire = Wire(terms.largest)
        self._proxies = get_environ_proxies(target.url) if self._remote else {}
        self._ends_at: float | None = None
        self._quota = terms.quota
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._last = threading.local()

    def session(self) -> requests.Session:
        """A session that has no other way to a socket than this gate."""
        session = requests.Session()
        self.mount(session)
        return session

    def mount(self, session: requests.Session) -> None:
        """Takes a session's ways to a socket away and puts the gate there.

        It then follows no redirect, keeps no cookie, and reads no `.netrc` and no proxy from the environment.
        """
        session.adapters.clear()
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Door(self))
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.get_redirect_target = _no_redirect  # type: ignore[method-assign, assignment]
        session.hooks["response"].append(self._set_elapsed)

    def end_at(self, moment: float | None) -> None:
        """Sends nothing after a moment of the clock's monotonic time, and ends by then what is under way."""
        self._ends_at = moment

    def keep_back(self, part: float) -> None:
        """Sends no more than a part of the quota from now on, so that whoever comes later has the rest; 1 ends it."""
        self._quota = None if self._terms.quota is None else int(self._terms.quota * part)

    def hold(self, session: Secret) -> None:
        """Gives operations of the portal this session from now on, and masks it wherever it would be seen."""
        self.redactor.learn(session)
        self._credentials.hold(session)

    def let_turn(self, url: str) -> None:
        """Lets the account's clock be read at a URL from now on, and be moved forward where the run may write.

        Raises:
            RunError: The URL is none of the target's, or one of an operation.
        """
        self._judge.let_turn(url)

    def refusal(self, request: requests.PreparedRequest) -> str:
        """Why this request would be refused now, or an empty string; nothing is sent or written."""
        ruling, mode = self._rule(request)
        return ruling.refusal or self._credentials.missing(request, ruling.keyed, mode)

    def adopt(
        self, operation: Operation, path: Mapping[str, Any], query: Mapping[str, Any], body: Any
    ) -> tuple[dict[str, Any], dict[str, Any], Any]:
        """Path parameters, query and body with keys of the run's own, where the run writes elsewhere.

        On this machine, and without a ledger, they come back as they are.
        """
        if self._owner is None or not self._remote:
            return dict(path), dict(query), body
        return self._owner.adopt(operation, path, query, body)

    def send(
        self, request: requests.PreparedRequest, *, timeout: float | None = None, verify: bool | str = True
    ) -> requests.Response:
        """Sends a request if it may be sent, and gives the whole answer.

        Args:
            request: As it would be written.
            timeout: Seconds for the exchange, when that is less than the gate's own.
            verify: As in `requests`.

        Raises:
            Refused: It may not be sent, or cannot.
            EnvironmentFault: A target elsewhere is overloaded or down.
            TargetFault: There was no whole answer.
            RunError: The ledger cannot be written.
        """
        ruling, mode = self._rule(request)
        job = Job(next(self._numbers), request, ruling, own=mode in {"", "own"})
        reason = ruling.refusal or self._credentials.missing(request, ruling.keyed, mode) or self._take(job)
        if reason:
            raise self._refused(job, Refused(reason, request))
        if ruling.creates and self.ledger is not None:
            self.ledger.record(ruling.creates, job.operation_id)
        sent, job.shown_headers = self._credentials.give(request, ruling.keyed, mode)
        try:
            response = self._deliver(job, sent, timeout, self._way(verify))
        except Refused as refused:
            raise self._refused(job, refused) from None
        except TargetFault as fault:
            with self._lock:
                self.counts.faults[fault.kind] += 1
            self._note(job, Verdict(Outcome.FAULT, str(fault)))
            raise
        self._settle(job, response)
        return response

    def _rule(self, request: requests.PreparedRequest) -> tuple[Ruling, str]:
        """The judgement of a request without the gate's own header, and which key that header asked for."""
        headers = dict(request.headers)
        mode = next((str(headers.pop(name)) for name in list(headers) if name.lower() == AUTH_HEADER.lower()), "")
        try:
            body = body_of(request)
        except TypeError:
            return Ruling(None, "its body is a stream that cannot be judged"), mode
        sending = Sending(str(request.method), str(request.url), {n: text_of(v) for n, v in headers.items()}, body)
        return self._judge.judge(sending), mode

    def _take(self, job: Job) -> str:
        """Counts a request, or says that its operation had as many as it may."""
        with self._lock:
            used, quota = self.counts.operations[job.operation_id], self._quota
            if self._remote and job.operation_id and quota is not None and used >= quota:
                return f"the operation had the {quota} requests of the plan"
            self.counts.operations[job.operation_id] += 1
            self.counts.requests += 1
        job.taken = True
        return ""

    def _refused(self, job: Job, refused: Refused) -> Refused:
        with self._lock:
            self.counts.refused[refused.reason] += 1
            if job.taken and not job.attempts:
                # It could not be written after all, or its turn came too late.
                self.counts.operations[job.operation_id] -= 1
                self.counts.requests -= 1
        self._note(job, Verdict(Outcome.REFUSED, refused.reason))
        return refused

    def _deliver(self, job: Job, sent: requests.PreparedRequest, timeout: float | None, way: Way) -> requests.Response:
        """Sends until there is an answer that says something, as often as that is allowed."""
        stale = False
        while True:
            try:
                response = self._attempt(job, sent, timeout, way)
            except StaleConnectionError:
                if stale or (self._remote and job.operation_id in HAZARDS):
                    raise
                stale = True
                continue
            if not self._remote or response.status_code not in ENVIRONMENT:
                return response
            with self._lock:
                self.counts.environment[response.status_code] += 1
            self._pause(job, response)

    def _attempt(self, job: Job, sent: requests.PreparedRequest, timeout: float | None, way: Way) -> requests.Response:
        with self._rate.place(self._ends_at):
            seconds = self._seconds(timeout)
            started = self._clock.monotonic()
            try:
                response = self._wire.exchange(sent, seconds, way)
            except TargetFault:
                self._count_attempt(job, started)
                raise
            self._count_attempt(job, started)
            return response

    def _count_attempt(self, job: Job, started: float) -> None:
        job.elapsed = self._clock.monotonic() - started
        job.attempts += 1
        with self._lock:
            self.counts.attempts += 1

    def _seconds(self, timeout: float | None) -> float:
        seconds = self._terms.seconds or (REMOTE_SECONDS if self._remote else LOOPBACK_SECONDS)
        left = self._ends_at - self._clock.monotonic() if self._ends_at is not None else seconds
        if left <= 0:
            raise OutOfTime("the time of the run is over")
        return min(seconds, left, timeout if timeout is not None else seconds)

    def _pause(self, job: Job, response: requests.Response) -> None:
        """Lets nothing be sent for as long as the target asks, or gives the request up."""
        status, asked = response.status_code, self._asked_pause(response)
        tried = f"{status} after {job.attempts} attempts"
        # A gateway's error leaves open whether a write happened, and what cannot be undone is not done twice.
        if job.attempts > RETRIES or (status != requests.codes.too_many_requests and job.operation_id in HAZARDS):
            raise self._gave_up(job, EnvironmentFault(status, tried, job.request), response)
        if asked is not None and asked > LONGEST_PAUSE:
            words = f"{status}, and it asks for a pause of {asked:.0f} s"
            raise self._gave_up(job, EnvironmentFault(status, words, job.request), response)
        self._rate.hold(asked if asked is not None else float(2 ** (job.attempts - 1)))

    def _gave_up(self, job: Job, fault: EnvironmentFault, response: requests.Response) -> EnvironmentFault:
        self._note(job, Verdict(Outcome.ENVIRONMENT, fault.reason), response)
        return fault

    def _asked_pause(self, response: requests.Response) -> float | None:
        """The seconds of Retry-After, which is a number or a date."""
        value = response.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdecimal():
            return float(value)
        with suppress(ValueError):
            return max(0.0, parsedate_to_datetime(value).timestamp() - self._clock.now())
        return None

    def _settle(self, job: Job, response: requests.Response) -> None:
        """Does what follows a whole answer."""
        self._judge.learn(response.content)
        if job.own and response.status_code in _SUCCESS:
            with self._lock:
                self.counts.succeeded[job.operation_id] += 1
        response.request = job.request
        response.elapsed = self._last.elapsed = timedelta(seconds=job.elapsed)
        if self._witness is not None:
            self._witness(job, response.status_code)
        self._note(job, Verdict(Outcome.SENT), response)

    def _set_elapsed(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Puts the time of the exchange back; the session measured the waiting before it as well."""
        response.elapsed = self._last.elapsed

    def _way(self, verify: bool | str) -> Way:  # noqa: FBT001 - as in requests
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        return Way(bundle if verify is True and bundle else verify, self._proxies)

    def _note(self, job: Job, verdict: Verdict, response: requests.Response | None = None) -> None:
        """Hands out a record of what happened, without a secret in it."""
        learn_sent(job, self.redactor)
        if response is not None:
            self.redactor.learn_from(response.headers.items(), response.content[:_LEARNED_FROM].decode("latin-1"))
        if self._observe is not None:
            self._observe(record(job, verdict, response, self.redactor))


class _Door(HTTPAdapter):
    """What a session sends through; it opens nothing itself."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Hands the request to the gate."""
        timeout, verify = options.get("timeout"), options.get("verify")
        seconds = timeout if isinstance(timeout, int | float) else None
        return self._gate.send(request, timeout=seconds, verify=True if verify is None else verify)


def _no_redirect(_response: requests.Response) -> None:
    """A redirect is an answer like any other."""
