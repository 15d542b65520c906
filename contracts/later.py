"""Laws in two halves that lie hours apart: one run writes, and another one judges what has settled since."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from contracts.checks.asking import Asker
from contracts.conformance import CheckedDocument, Conformance, Fault
from contracts.coverage.recorder import Recorder
from contracts.deviations import judge as judged
from contracts.exitcodes import exit_code
from contracts.findings import Findings
from contracts.gate import Gate
from contracts.gate import Terms as GateTerms
from contracts.lawful import means_of, terms_of
from contracts.laws.applying import Applied, Lack, Means, applied, lacking
from contracts.laws.law import Dedup, Evidence, Unclear
from contracts.laws.running import Bench
from contracts.laws.table import LAWS
from contracts.laws.trial import Terms, Trial
from contracts.ledger import Ledger
from contracts.lines import Places
from contracts.masking import masked
from contracts.model import Result, RunError
from contracts.policy import READ_ONLY, REMOVALS, WRITES
from contracts.results import Board, Cell
from contracts.runner import barred_of, requests_of
from contracts.settings import Projection, Settings, plan_of, versions
from contracts.telling import symptom_of, words_of
from contracts.watcher import Watcher

SETTLED = 3 * 3600.0
"""Seconds after which what was written is in the settled figures, by the vendor's page on invoice calculation."""


@dataclass(frozen=True)
class Half:
    """The first half of one trial, as a ledger keeps it.

    Args:
        law: The law's name.
        operation_id: What it is told of.
        document: The document's name.
        dialect: The projection's, or empty.
        case: Which of the law's cases.
        seed: Of the run that wrote.
        now: When that run began, in seconds since 1970.
        dedup: The target's rule of what makes two events the same.
        written: When the half was over.
    """

    law: str
    operation_id: str
    document: str
    dialect: str
    case: int
    seed: int
    now: float
    dedup: str
    written: float


@dataclass(frozen=True)
class Started:
    """What a first run did.

    Args:
        halves: What was written, to be judged later.
        untold: The laws that could not be begun, and why.
    """

    halves: tuple[Half, ...]
    untold: tuple[tuple[str, str], ...]


class _Side:
    """One projection of a target, and what tries laws on it."""

    def __init__(  # noqa: PLR0913 - one place where a side is put together
        self,
        projection: Projection,
        gate: Gate,
        watcher: Watcher,
        *,
        means: Means,
        terms: Terms,
        barred: Mapping[str, str],
    ) -> None:
        self.projection = projection
        self._means = means
        self._barred = barred
        self.bench = Bench(Asker(gate, watcher, projection.document, projection.dialect), means, terms, {})

    def lacks(self, each: Applied) -> Lack | None:
        """What a run lacks for the first half of a law."""
        return lacking(each, self._means, self._barred)

    def laws(self, names: Sequence[str]) -> Iterator[Applied]:
        """The laws that can be told in two halves, and that apply."""
        chosen = {name: law for name, law in LAWS.items() if law.late and (not names or name in names)}
        yield from applied(chosen, self.projection.document)


def would_write(settings: Settings) -> Counter[str]:
    """How many requests the first halves take, by operationId; nothing is sent."""
    watcher = Watcher()
    gate = Gate(settings.target, _operations(settings), observe=watcher)
    counted: Counter[str] = Counter()
    for side in _sides(settings, gate, watcher, "mm-planned000-"):
        for each in side.laws(settings.laws.names):
            if side.lacks(each):
                continue
            for number, case in enumerate(each.law.cases):
                trial = side.bench.trial(each, number, muted=True)
                _first_half(each, trial, case)
                counted.update(call.operation_id for call in trial.talk.calls)
    return counted


def plan_text(settings: Settings) -> str:
    """What a first run would send, and what would stay, for a person; nothing is sent."""
    needed = would_write(settings)
    operations = {each.operation_id: each for each in _operations(settings)}
    lines = [f"Target {settings.target.url}: {needed.total():,} requests, which begin the laws that settle late"]
    lines += [f"  {name} ({operations[name].method} {operations[name].path}): {needed[name]:,}" for name in needed]
    stays = sorted({WRITES[name].creates for name in needed if WRITES[name].creates} - REMOVALS.keys())
    lines.append(f"Stays for ever: things of the kinds {', '.join(stays)}" if stays else "Nothing stays for ever")
    lines.append("Created, written to the ledger, and deleted by `contracts cleanup`: customers and meters")
    return "\n".join(lines)


def started_text(begun: Started, settings: Settings) -> str:
    """What a first run did, for a person."""
    due = datetime.fromtimestamp(settings.clock.now() + settled(settings), UTC).isoformat(timespec="minutes")
    laws = len({half.law for half in begun.halves})
    lines = [f"{laws} laws begun, in {len(begun.halves)} trials, noted in {settings.ledger}"]
    lines += [f"  not begun: {law}: {reason}" for law, reason in dict.fromkeys(begun.untold)]
    lines.append(f"Judge them after {due}: contracts laws judge {settings.ledger}")
    return "\n".join(lines)


def settled(settings: Settings) -> float:
    """Seconds that what was written is given to settle: what the command line says, or 0 here and hours elsewhere."""
    if settings.laws.settle is not None:
        return settings.laws.settle
    return 0.0 if settings.target.loopback else SETTLED


def start(settings: Settings) -> Started:
    """Writes what the laws need to be judged later, and notes it in the ledger of the settings.

    Raises:
        RunError: The ledger cannot be made, or not one law could be begun.
    """
    if settings.ledger is None:
        raise ValueError("without a ledger nothing could be judged later")
    most = max(would_write(settings).values(), default=0)
    with Ledger.create(
        settings.ledger, target=settings.target.url, document=settings.target.document, clock=settings.clock
    ) as ledger:
        watcher = Watcher()
        terms = GateTerms(rate=settings.rate, seconds=settings.seconds, quota=most, redact=settings.redact)
        gate = Gate(
            settings.target,
            _operations(settings),
            policy=settings.policy,
            ledger=ledger,
            terms=terms,
            clock=settings.clock,
            observe=watcher,
        )
        halves: list[Half] = []
        untold: list[tuple[str, str]] = []
        for side in _sides(settings, gate, watcher, ledger.prefix):
            for each in side.laws(settings.laws.names):
                halves += _begin(side, each, ledger, untold)
    untold = [(law, gate.redactor.text(reason)) for law, reason in untold]
    if not halves:
        reason = untold[0][1] if untold else "no law of this document can be told in two halves"
        raise RunError(f"no law could be begun: {reason}", "look at the target, the key and --allow")
    return Started(tuple(halves), tuple(untold))


def _begin(side: _Side, each: Applied, ledger: Ledger, untold: list[tuple[str, str]]) -> Iterator[Half]:
    """Plays the first halves of a law, notes each in the ledger, and says which could not be played."""
    lacks = side.lacks(each)
    if lacks is not None:
        untold.append((each.law.name, lacks.reason))
        return
    terms = side.bench.terms
    for number, case in enumerate(each.law.cases):
        try:
            _first_half(each, side.bench.trial(each, number), case)
        except Unclear as unclear:
            untold.append((each.law.name, unclear.reason))
            continue
        half = Half(
            law=each.law.name,
            operation_id=each.subject.operation_id,
            document=side.projection.document.name,
            dialect=side.projection.dialect,
            case=number,
            seed=terms.seed,
            now=terms.now,
            dedup=terms.dedup.value,
            written=terms.local.now(),
        )
        ledger.note(asdict(half))
        yield half


def _first_half(each: Applied, trial: Trial, case: Any) -> None:
    steps = each.law.play(trial, case)
    if steps is not None:
        next(steps)


def read_halves(ledger: Ledger) -> tuple[Half, ...]:
    """The first halves that a ledger holds.

    Raises:
        RunError: It holds none, or one that this version does not know.
    """
    found = []
    for note in ledger.notes():
        try:
            half = Half(**note)
        except TypeError:
            raise RunError(f"{ledger.path} holds a note of another version", "judge it with that version") from None
        if half.law not in LAWS or half.case >= len(LAWS[half.law].cases):
            raise RunError(f"{ledger.path} tells of a law {half.law!r} of another version", "judge it with that one")
        found.append(half)
    if not found:
        raise RunError(f"{ledger.path} holds no laws to be judged", "write one with `contracts laws start`")
    return tuple(found)


def told_of(ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """The documents and dialects that a ledger's halves are of.

    Raises:
        RunError: As `read_halves`.
    """
    return tuple(dict.fromkeys((half.document, half.dialect) for half in read_halves(ledger)))


def judge(settings: Settings, ledger: Ledger) -> Conformance:
    """Judges what a first run wrote; what has not had its time to settle is inconclusive.

    Args:
        settings: Of the target of the ledger; `laws.settle` says how long settling takes.
        ledger: The first run's, open.

    Raises:
        RunError: The ledger holds nothing to be judged.
    """
    return masked(_Judging(settings, ledger).report())


class _Judging:
    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._halves = read_halves(ledger)
        self._settle = settled(settings)
        self._began = settings.clock.monotonic()
        self._watcher = Watcher()
        self._recorder = Recorder()
        for projection, planned in zip(settings.projections, plan_of(settings), strict=True):
            self._recorder.open(projection.document, projection.dialect, barred_of(planned))
        terms = GateTerms(rate=settings.rate, seconds=settings.seconds, redact=settings.redact)
        self._gate = Gate(
            settings.target,
            _operations(settings),
            policy=READ_ONLY,
            ledger=ledger,
            terms=terms,
            clock=settings.clock,
            observe=self._watcher,
            witness=self._recorder,
        )
        self._board = Board()
        self._findings, self._readings = Findings(settings.target.name), Findings(settings.target.name)

    def report(self) -> Conformance:
        """Judges every half."""
        for half in self._halves:
            self._judge(half)
        settings = self._settings
        outcomes = self._board.outcomes()
        places = Places(_operations(settings), settings.files)
        today = settings.today or datetime.fromtimestamp(settings.clock.now(), UTC).date()
        judgement = judged(
            self._findings.all(_operations(settings), places),
            settings.deviations,
            outcomes,
            target=settings.target.name,
            today=today,
        )
        faults = () if any(each.result is not Result.INCONCLUSIVE for each in outcomes) else (self._nothing(),)
        return Conformance(
            target=settings.target.name,
            url=settings.target.url,
            documents=tuple(
                CheckedDocument(each.document.name, each.dialect, each.document.digest, len(each.document.operations))
                for each in settings.projections
            ),
            profile=settings.profile.value,
            seed=self._halves[0].seed,
            versions=versions(),
            started=datetime.fromtimestamp(settings.clock.now(), UTC).isoformat(timespec="seconds"),
            seconds=settings.clock.monotonic() - self._began,
            requests=requests_of(self._gate),
            outcomes=outcomes,
            judgement=judgement,
            exit_code=exit_code(findings=len(judgement.open), faults=len(faults)),
            coverage=self._recorder.coverage(),
            words=words_of(each.cell.check for each in outcomes),
            loopback=settings.target.loopback,
            writes=False,
            readings=self._readings.all(_operations(settings), places),
            faults=faults,
            notes=(f"`contracts cleanup {self._ledger.path}` deletes what can be deleted, once all is judged",),
            redactor=self._gate.redactor,
        )

    def _nothing(self) -> Fault:
        due = max(half.written for half in self._halves) + self._settle
        moment = datetime.fromtimestamp(due, UTC).isoformat(timespec="minutes")
        return Fault("", "", "nothing of it could be judged", f"judge again after {moment}, or look at the reasons")

    def _judge(self, half: Half) -> None:
        projection = next((each for each in self._settings.projections if _is_of(each, half)), None)
        if projection is None:
            raise RunError(f"the ledger tells of {half.document} {half.dialect}, which is not at hand")
        law = LAWS[half.law]
        each = next((found for found in applied({law.name: law}, projection.document) if _is_about(found, half)), None)
        if each is None:
            raise RunError(f"the ledger tells of {half.operation_id}, which the document has not")
        operation = projection.document.operation(half.operation_id)
        cell = Cell(half.document, half.dialect, half.operation_id, half.law)
        self._board.open(cell, law.evidence.value if law.evidence is Evidence.READING else operation.evidence)
        left = half.written + self._settle - self._settings.clock.now()
        if left > 0:
            reason = f"it settles within {left / 60:.0f} more minutes"
            self._board.count(cell, Result.INCONCLUSIVE, reason)
            return
        self._recorder.begin(projection.document, projection.dialect)
        said = self._bench(projection, half).replay(each, law.cases[half.case], half.case)
        self._board.count(cell, said.result, said.reason)
        if said.result in {Result.DIFFERS, Result.READING}:
            book = self._readings if said.result is Result.READING else self._findings
            book.add(symptom_of(said, half.document, half.dialect, self._gate.redactor))

    def _bench(self, projection: Projection, half: Half) -> Bench:
        dedup = Dedup(half.dedup)
        terms = terms_of(self._settings, projection, self._ledger.prefix, ends=float("inf"))
        # What was written has had its time: nothing is waited for.
        terms = replace(terms, seed=half.seed, now=half.now, dedup=dedup, settle=0.0)
        means = replace(means_of(self._settings), dedup=dedup)
        asker = Asker(self._gate, self._watcher, projection.document, projection.dialect)
        return Bench(asker, means, terms, {})


def _is_of(projection: Projection, half: Half) -> bool:
    return (projection.document.name, projection.dialect) == (half.document, half.dialect)


def _is_about(each: Applied, half: Half) -> bool:
    return each.subject.operation_id == half.operation_id


def _operations(settings: Settings) -> tuple[Any, ...]:
    wholes: Mapping[str, Any] = {each.whole.name: each.whole for each in settings.projections}
    return tuple(operation for whole in wholes.values() for operation in whole.operations)


def _sides(settings: Settings, gate: Gate, watcher: Watcher, prefix: str) -> Iterator[_Side]:
    means = replace(means_of(settings), settles=True)
    for projection, planned in zip(settings.projections, plan_of(settings), strict=True):
        terms = terms_of(settings, projection, prefix, ends=float("inf"))
        barred = {each.operation.operation_id: each.reason for each in planned.operations if each.reason}
        yield _Side(projection, gate, watcher, means=means, terms=terms, barred=barred)
