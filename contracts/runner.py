"""A run: every projection that is asked for, held against a target through one gate."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import count

from contracts.checks.asking import Asker, NoReply, Reply
from contracts.checks.opening import open_session
from contracts.checks.samples import Sample, sample
from contracts.cleanup import clean_up, cleanup_lines
from contracts.conformance import CheckedDocument, Conformance, Fault, Requests, Unreached
from contracts.coverage.recorder import Recorder
from contracts.deviations import covers, judge
from contracts.examining import Examination
from contracts.exitcodes import exit_code
from contracts.faults import EnvironmentFault, FaultKind, TargetFault
from contracts.findings import Findings
from contracts.focus import Focus
from contracts.gate import Gate, Terms
from contracts.lawful import Trying, chosen, means_of, terms_of
from contracts.laws.applying import applied
from contracts.laws.turning import HttpClock
from contracts.ledger import Ledger, new_prefix
from contracts.lines import Places
from contracts.masking import masked
from contracts.model import RunError
from contracts.plan import Plan
from contracts.policy import Policy, is_read
from contracts.portal import is_portal
from contracts.progress import Progress, Quiet, Standing
from contracts.results import Board
from contracts.scoring import Scorer
from contracts.secrets import Secret
from contracts.settings import Projection, Settings, plan_of, versions
from contracts.telling import words_of
from contracts.watcher import Watcher
from specs.catalog import Document, Operation

WRITING = Policy(allow_writes=True)
_PREFLIGHTS = 3
_UNREACHABLE = frozenset({FaultKind.DEAD, FaultKind.TLS})
_UNAUTHORISED = frozenset({401, 403})


def run(settings: Settings, progress: Progress | None = None) -> Conformance:
    """Checks the target.

    Raises:
        RunError: The ledger cannot be made. Whatever else cannot be run is in the report.
    """
    with ExitStack() as stack:
        shown = stack.enter_context(progress or Quiet())
        ledger = stack.enter_context(_new_ledger(settings)) if settings.ledger else None
        return masked(_Run(settings, shown, ledger).report())


def contact(settings: Settings, projection: Projection) -> None:
    """Asks the target for the first time, as each run does on each projection.

    Raises:
        RunError: It gives no answer, refuses the key, or may be asked nothing at all.
    """
    (planned,) = plan_of(replace(settings, projections=(projection,)))
    _Run(settings, Quiet(), None).meet(projection, barred_of(planned))


def _new_ledger(settings: Settings) -> Ledger:
    if settings.ledger is None:
        raise ValueError("there is no ledger to be made")
    # A clean-up may be called from elsewhere.
    document = next((str(path.resolve()) for path in settings.files.values()), settings.target.document)
    return Ledger.create(settings.ledger, target=settings.target.url, document=document, clock=settings.clock)


class _Run:
    """One run, from its first request to its report."""

    def __init__(self, settings: Settings, progress: Progress, ledger: Ledger | None) -> None:
        self._settings = settings
        self._progress = progress
        self._started = datetime.now(UTC)
        self._began = settings.clock.monotonic()
        self._ends = self._began + settings.allowed.seconds
        self._standing = Standing()
        self._watcher = Watcher(self._saw)
        self._recorder = Recorder()
        self._wholes = {each.whole.name: each.whole for each in settings.projections}
        self._operations = tuple(each for whole in self._wholes.values() for each in whole.operations)
        quota = settings.allowed.requests
        terms = Terms(rate=settings.rate, seconds=settings.seconds, quota=quota, redact=settings.redact)
        self._gate = Gate(
            settings.target,
            self._operations,
            policy=settings.policy,
            ledger=ledger,
            terms=terms,
            clock=settings.clock,
            observe=self._watcher,
            witness=self._recorder,
        )
        if settings.counts is not None:
            self._gate.counts = settings.counts
        self._gate.end_at(self._ends)
        self._board = Board()
        self._findings = Findings(settings.target.name)
        self._readings = Findings(settings.target.name)
        self._prefix = ledger.prefix if ledger is not None else new_prefix()
        self._sessions = count(1)
        self._excused: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._notes: list[str] = []
        self._unreached: list[Unreached] = []

    def report(self) -> Conformance:
        """Runs every projection and puts the report together."""
        settings = self._settings
        # What a run that looks at one thing alone leaves untried says nothing.
        for projection, planned in self._planned() if settings.focus is None else ():
            self._recorder.open(projection.document, projection.dialect, barred_of(planned))
        plans = [(each, planned) for each, planned in self._planned() if self._has_something(each)]
        left = sum(_weight(planned) for _, planned in plans)
        for projection, planned in plans:
            examination = self._examination(projection, planned)
            if settings.focus is None:
                self._recorder.begin(projection.document, projection.dialect, examination.barred)
            before = self._gate.counts.succeeded.copy()
            seconds = (self._ends - settings.clock.monotonic()) * _weight(planned) / left
            left -= _weight(planned)
            try:
                self.meet(projection, examination.barred)
                examination.run(seconds=seconds)
            except RunError as error:
                examination.not_run(error.message)
                self._faults.append(Fault(projection.document.name, projection.dialect, error.message, error.advice))
            self._excused.update(examination.scorer.excused)
            if not settings.laws.names:
                self._unreached += _unreached(projection, self._gate.counts.succeeded - before)
            if examination.stopped:
                break
        self._clean_up()
        return self._report()

    def _planned(self) -> Iterator[tuple[Projection, Plan]]:
        return zip(self._settings.projections, plan_of(self._settings), strict=True)

    def _has_something(self, projection: Projection) -> bool:
        """Whether there is anything to be checked: a document can be without the operations of a law."""
        trying, focus = self._trying(projection), self._settings.focus
        if trying.alone:
            return bool(applied(trying.laws, projection.document))
        return focus is None or focus.is_in(projection.document)

    def _examination(self, projection: Projection, planned: Plan) -> Examination:
        barred = barred_of(planned)
        self._standing.document = projection.label
        scorer = Scorer(
            projection.document,
            projection.whole,
            projection.dialect,
            board=self._board,
            findings=self._findings,
            readings=self._readings,
            redactor=self._gate.redactor,
            focus=self._settings.focus,
        )
        return Examination(
            projection.document,
            projection.dialect,
            gate=self._gate,
            watcher=self._watcher,
            clock=self._settings.clock,
            limits=self._settings.allowed,
            seed=self._settings.seed,
            barred=barred,
            board=self._board,
            scorer=scorer,
            trying=self._trying(projection),
            tell=self._tell,
            enough=self._is_enough,
            enter=partial(self._open_portal, projection),
            focus=self._settings.focus,
        )

    def _trying(self, projection: Projection) -> Trying:
        """What is tried of the laws on a projection."""
        settings, url = self._settings, self._settings.laws.clock_url
        clock = HttpClock(self._gate, self._watcher, url) if url else None
        terms = terms_of(settings, projection, self._prefix, clock=clock, ends=self._ends)
        laws, focus = chosen(settings), settings.focus
        if focus is not None:
            laws = {name: law for name, law in laws.items() if name == focus.law}
        alone = bool(settings.laws.names) or bool(laws and focus)
        return Trying(laws, alone, means_of(settings), terms)

    def meet(self, projection: Projection, barred: Mapping[str, str]) -> None:
        """One request, to tell a dead target and a wrong key from findings."""
        self._tell("preflight", "")
        asker = Asker(self._gate, self._watcher, projection.document, projection.dialect)
        silence: list[TargetFault] = []
        for operation, request in _first_asked(projection.document, barred):
            reply = asker.ask(operation, asker.owned(operation, request))
            if isinstance(reply, Reply):
                _require_key(operation, reply)
                return
            _require_reachable(reply)
            if not isinstance(reply.error, TargetFault) or reply.error.kind is not FaultKind.TIMEOUT:
                return
            # One operation that hangs is a finding; only when they all do is the target to be given up.
            silence.append(reply.error)
        if silence:
            raise RunError(f"the target gives no answer: {silence[0].detail}", "look at whether it is the right one")

    def _open_portal(self, projection: Projection, examination: Examination) -> None:
        """Opens a session for the operations of the portal, unless somebody did; without one they are not asked."""
        barred, focus = examination.barred, self._settings.focus or Focus()
        portal = [
            each
            for each in projection.document.operations
            if is_portal(each) and each.operation_id not in barred and focus.watches(each.operation_id)
        ]
        if not portal or self._settings.target.keys.session is not None:
            return
        self._tell("session", "")
        asker = Asker(self._gate, self._watcher, projection.document, projection.dialect)
        session = open_session(asker, f"{self._prefix}portal-{next(self._sessions)}")
        if isinstance(session, Secret):
            self._gate.hold(session)
            return
        for operation in portal:
            examination.bar(operation.operation_id, session)

    def _is_enough(self) -> bool:
        """Whether to end: with the first finding that nobody accepted, when that is asked for."""
        if not self._settings.fail_fast:
            return False
        today = self._today.isoformat()
        valid = [each for each in self._settings.deviations if each.until >= today]
        return any(not any(covers(each, found) for each in valid) for found in self._findings.identities())

    @property
    def _today(self) -> date:
        return self._settings.today or self._started.date()

    def _saw(self, _exchange: object) -> None:
        self._standing.requests += 1
        self._progress.show(self._standing)

    def _tell(self, phase: str, operation_id: str) -> None:
        self._standing.phase, self._standing.operation_id = phase, operation_id
        self._standing.findings = len(self._findings)
        self._progress.show(self._standing)

    def _report(self) -> Conformance:
        settings = self._settings
        outcomes = self._board.outcomes()
        places = Places(self._operations, settings.files)
        findings = self._findings.all(self._operations, places)
        judgement = judge(findings, settings.deviations, outcomes, target=settings.target.name, today=self._today)
        if not self._gate.counts.requests and not self._faults:
            self._faults.append(Fault("", "", "not one request was sent", "look at the plan with `contracts plan`"))
        return Conformance(
            target=settings.target.name,
            url=settings.target.url,
            documents=tuple(map(_checked, settings.projections)),
            profile=settings.profile.value,
            seed=settings.seed,
            versions=versions(),
            started=self._started.isoformat(timespec="seconds"),
            seconds=settings.clock.monotonic() - self._began,
            requests=requests_of(self._gate),
            outcomes=outcomes,
            judgement=judgement,
            coverage=self._recorder.coverage(),
            words=words_of(each.cell.check for each in outcomes),
            loopback=settings.target.loopback,
            writes=settings.target.loopback or settings.policy.allow_writes,
            readings=self._readings.all(self._operations, places),
            exit_code=exit_code(findings=len(judgement.open), faults=len(self._faults)),
            faults=tuple(self._faults),
            unreached=tuple(self._unreached),
            notes=tuple(self._notes),
            excused=dict(self._excused),
            redactor=self._gate.redactor,
        )

    def _clean_up(self) -> None:
        """Deletes what the run made elsewhere, and notes what stays."""
        ledger, settings = self._gate.ledger, self._settings
        if ledger is None or not ledger.entries():
            return
        self._tell("clean-up", "")
        # A gate without the plan's quota; the pause keeps the rate over the change.
        settings.clock.sleep(1.0)
        terms = Terms(rate=settings.rate, seconds=settings.seconds, redact=settings.redact)
        gate = Gate(settings.target, self._operations, policy=WRITING, ledger=ledger, terms=terms, clock=settings.clock)
        try:
            self._notes += cleanup_lines(clean_up(gate, ledger, self._operations))
        except RunError as error:
            self._notes.append(f"Not cleaned up: {error}")
        if ledger.entries():
            self._notes.append(f"`contracts cleanup {ledger.path}` tries once more to delete what is left")


def barred_of(planned: Plan) -> dict[str, str]:
    """What a plan never sends, and why, by operationId."""
    return {each.operation.operation_id: each.reason for each in planned.operations if each.reason}


def _weight(planned: Plan) -> int:
    """How much of the time a projection gets: by its operations, and something for what each one costs."""
    return len(planned.operations) + 10


def _require_key(operation: Operation, reply: Reply) -> None:
    if reply.status in _UNAUTHORISED:
        raise RunError(
            f"the target refuses the key: {operation.method} {operation.path} is answered {reply.status}",
            "set the key of an account of this target in the environment",
        )


def _require_reachable(reply: NoReply) -> None:
    error = reply.error
    if isinstance(error, TargetFault) and error.kind in _UNREACHABLE:
        raise RunError(f"the target gives no answer: {error.detail}", "look at its URL, and whether it runs")
    if isinstance(error, EnvironmentFault):
        raise RunError(f"the target is overloaded or down: {error.reason}", "try again later")


def _first_asked(document: Document, barred: Mapping[str, str]) -> list[tuple[Operation, Sample]]:
    """The requests that show best whether target and key are good: those that read, and need the least."""
    may = [each for each in document.operations if each.operation_id not in barred]
    if not may:
        reasons = sorted(set(barred.values()))
        raise RunError(f"no operation of {document.name} may be sent: {'; '.join(reasons[:3])}", "see `contracts plan`")
    may.sort(key=lambda each: (is_portal(each), not is_read(each), each.method != "GET", len(each.parameters)))
    asked = [(each, sample(document, each)) for each in may[:_PREFLIGHTS]]
    return [(each, request) for each, request in asked if request is not None]


def _checked(projection: Projection) -> CheckedDocument:
    document = projection.document
    return CheckedDocument(document.name, projection.dialect, document.digest, len(document.operations))


def _unreached(projection: Projection, succeeded: Counter[str]) -> list[Unreached]:
    names = [each.operation_id for each in projection.document.operations]
    return [Unreached(projection.document.name, projection.dialect, name) for name in names if not succeeded[name]]


def requests_of(gate: Gate) -> Requests:
    """What went through a gate, for a report."""
    counts = gate.counts
    return Requests(
        sent=counts.requests,
        attempts=counts.attempts,
        refused=dict(counts.refused),
        environment={str(status): count for status, count in counts.environment.items()},
        faults=dict(counts.faults),
        operations=dict(counts.operations),
    )
