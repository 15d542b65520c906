"""The examination of one projection: our own requests first, then the engine's, all counted on the run's board."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from contracts.checks.asking import Asker, Said
from contracts.checks.credentials import CHECK as KEY_CHECK
from contracts.checks.credentials import key_required
from contracts.checks.lifecycles import lifecycles
from contracts.checks.living import Life
from contracts.checks.reaching import Reaching
from contracts.checks.table import CHECKS, Check, Scope
from contracts.clock import Clock
from contracts.engine import Job, Onlooker, Step, drive
from contracts.engine.drive import Answered, Ended, OperationBegun, PhaseBegun, Trouble, Unanswered
from contracts.focus import Focus
from contracts.gate import Gate
from contracts.lawful import Trying
from contracts.laws.applying import Applied, applied, barred_result
from contracts.laws.law import Evidence, Need
from contracts.laws.running import Bench
from contracts.ledger import new_prefix
from contracts.model import Limits, Result, RunError
from contracts.results import Board, Cell
from contracts.scoring import Scorer
from contracts.telling import TOLD_BY
from contracts.watcher import Watcher
from specs.catalog import Document, Operation

_LAWS_SHARE = 0.5
"""Of the time and of the requests; what is generated gets the rest."""


class Examination:
    """Holds one target against one projection.

    Args:
        document: The projection.
        dialect: Its name, or empty.
        gate: Through which every request goes.
        watcher: The gate's observer.
        clock: What tells the time.
        limits: Of the profile.
        seed: Of everything that is generated.
        barred: What is never sent, and why, by operationId.
        board: Where results are counted.
        scorer: Counts what is said of the operations there.
        trying: What is tried of the laws.
        tell: Is told the phase and the operation.
        enough: Whether to stop, asked after each finding.
        enter: Opens the session of the portal, at first and whenever it has ended.
        focus: What is looked at alone, or None for everything.
    """

    def __init__(  # noqa: PLR0913 - one place where an examination is put together
        self,
        document: Document,
        dialect: str,
        *,
        gate: Gate,
        watcher: Watcher,
        clock: Clock,
        limits: Limits,
        seed: int,
        barred: Mapping[str, str],
        board: Board,
        scorer: Scorer,
        trying: Trying,
        tell: Callable[[str, str], None],
        enough: Callable[[], bool],
        enter: Callable[["Examination"], None],
        focus: Focus | None = None,
    ) -> None:
        self.barred = dict(barred)
        self.scorer = scorer
        self.stopped = False
        self._document, self._dialect = document, dialect
        self._gate, self._watcher, self._clock = gate, watcher, clock
        self._limits, self._seed = limits, seed
        self._board = board
        self._trying, self._applied = trying, applied(trying.laws, document)
        self._tell, self._enough, self._enter, self._focus = tell, enough, enter, focus
        self._scope = Scope(document, lifecycles(document))
        self._operations = {each.operation_id: each for each in document.operations}
        self._troubles: dict[str, str] = {}
        self._open()

    def run(self, *, seconds: float) -> None:
        """Makes every check that the time is enough for.

        Raises:
            RunError: Not one request was answered, or the engine broke.
        """
        self._enter(self)
        if self._focus is not None and self._focus.operation_id in self.barred:
            return
        ends = self._clock.monotonic() + seconds
        alone = self._trying.alone
        moving = [each for each in self._applied if Need.CLOCK in each.law.needs]
        others = [each for each in self._applied if Need.CLOCK not in each.law.needs]
        # When the clock is moved the session ends. One that somebody has lent cannot be opened anew.
        lent = self._gate.target.keys.session is not None
        share = 1 if alone else _LAWS_SHARE
        self._hear(() if alone or self._is_about_chains() else self._own_checks(ends))
        self._hear(self._laws(others, ends, share))
        if not (alone or self.stopped):
            self._reach(ends)
        if moving and not lent:
            self._hear(self._laws(moving, ends, share))
            if self._trying.terms.target is not None:
                self._enter(self)
        ended = None if alone or self.stopped else self._generate(ends)
        self._hear(self._laws(moving, ends, 1) if lent else ())
        if ended is not None:
            self._explain(ended)
        elif not self.stopped:
            self._require_answers()

    def _hear(self, said: Iterable[Said]) -> None:
        """Counts what is said, until it is enough."""
        if self.stopped:
            return
        for each in said:
            self.scorer.take(each)
            if self._is_over():
                return

    def _generate(self, ends: float) -> Ended:
        """Lets the engine make its requests."""
        left = max(0.0, ends - self._clock.monotonic())
        only = self._focus.operation_id if self._focus is not None else ""
        job = Job(self._document, self._dialect, self._limits, left, self._seed, self.barred, only)
        return self._follow(drive(job, self._gate, self._watcher))

    def bar(self, operation_id: str, reason: str) -> None:
        """Sends an operation no more, and says why nothing is known of it."""
        self.barred[operation_id] = reason
        for cell in self.scorer.cells_of(operation_id):
            self._settle(cell, reason)

    def not_run(self, reason: str) -> None:
        """Says why nothing was tested that has no verdict yet."""
        self._board.explain(self._board.cells(self._document.name, self._dialect), reason)

    def _open(self) -> None:
        """Enters every cell that applies; what is barred is known at once."""
        for each in self._applied:
            self._open_law(each)
        for operation in () if self._trying.alone else self._watched():
            for check in CHECKS.values():
                if check.applies(operation, self._scope):
                    self._open_cell(operation, check)

    def _open_law(self, each: Applied) -> None:
        """Enters a law, which is known no better than it and its operation are."""
        law, operation = each.law, self._operations[each.subject.operation_id]
        evidence = law.evidence.value if law.evidence is Evidence.READING else operation.evidence
        cell = self.scorer.cell(operation.operation_id, law.name)
        self._board.open(cell, evidence)
        reason = next((self.barred[name] for name in sorted(each.subject.asks) if self.barred.get(name)), "")
        if reason:
            self._settle(cell, reason)

    def _open_cell(self, operation: Operation, check: Check) -> None:
        cell = self.scorer.cell(operation.operation_id, check.name)
        self._board.open(cell, operation.evidence)
        reason = self.barred.get(operation.operation_id, "")
        if reason:
            self._settle(cell, reason)

    def _settle(self, cell: Cell, reason: str) -> None:
        """Gives the cell of a barred operation its result."""
        self._board.count(cell, barred_result(reason), reason)

    def _watched(self) -> Iterator[Operation]:
        """The operations that are judged."""
        return (each for each in self._document.operations if self.scorer.watches(each.operation_id))

    def _is_about_chains(self) -> bool:
        """Whether nothing but chains of requests is looked at."""
        return self._focus is not None and self._focus.chains

    def _is_over(self) -> bool:
        self.stopped = self._enough()
        if self.stopped:
            self.not_run("the run ended with its first finding")
        return self.stopped

    # Our own requests

    def _laws(self, laws: Iterable[Applied], ends: float, share: float) -> Iterator[Said]:
        """Tries laws, as long as a share of the time and of the requests lasts."""
        now = self._clock.monotonic()
        terms = replace(self._trying.terms, ends=now + (ends - now) * share)
        asker = Asker(self._gate, self._watcher, self._document, self._dialect)
        bench = Bench(asker, self._trying.means, terms, self.barred)
        self._gate.keep_back(share)
        for each in laws:
            self._tell(each.law.name, each.subject.operation_id)
            yield self._told_once(each, bench.hold(each))
        self._gate.keep_back(1)

    def _told_once(self, each: Applied, said: Said) -> Said:
        """What became of a law, unless a check has told the same cause of an operation that the law asks."""
        if said.result not in {Result.DIFFERS, Result.READING}:
            return said
        checks = TOLD_BY.get(said.check, ())
        cells = (self.scorer.cell(operation, check) for check in checks for operation in sorted(each.subject.asks))
        told = next((cell for cell in cells if self._board.result(cell) is Result.DIFFERS), None)
        if told is None:
            return said
        reason = f"{told.check} of {told.operation_id} tells the same"
        return Said(said.check, said.operation_id, Result.INCONCLUSIVE, reason)

    def _own_checks(self, ends: float) -> Iterator[Said]:
        asker = Asker(self._gate, self._watcher, self._document, self._dialect)
        self._tell("keys", "")
        for operation in self._watched():
            if self._clock.monotonic() > ends:
                return
            # A thing's own operations are asked when there is one, since a missing one is 404 with any key.
            if operation.operation_id not in self.barred and self._applies(KEY_CHECK, operation):
                yield from () if self._is_lived(operation) else key_required(asker, operation)
        self._tell("lifecycles", "")
        for lifecycle in self._scope.lifecycles:
            if not any(map(self.scorer.watches, lifecycle.names)):
                continue
            if lifecycle.create.operation_id not in self.barred and self._clock.monotonic() <= ends:
                yield from Life(asker, lifecycle, self._new_key(lifecycle.create.operation_id)).steps()

    def _is_lived(self, operation: Operation) -> bool:
        """Whether the life of a thing will look at its key."""
        return any(
            operation.operation_id in each.names and each.create.operation_id not in self.barred
            for each in self._scope.lifecycles
        )

    def _applies(self, check: str, operation: Operation) -> bool:
        return CHECKS[check].applies(operation, self._scope)

    # The engine's requests

    def _follow(self, steps: Iterator[Step]) -> Ended:
        ended = Ended(in_time=True, dead=False, answered=0)
        for step in steps:
            self._step(step)
            if isinstance(step, Ended):
                ended = step
            if self._is_over():
                break
        return ended

    def _step(self, step: Step) -> None:
        if isinstance(step, PhaseBegun):
            self._tell(step.phase, "")
        elif isinstance(step, OperationBegun):
            self._tell(step.phase, step.operation_id)
        elif isinstance(step, Answered):
            self.scorer.answer(step)
        elif isinstance(step, Unanswered):
            self.scorer.no_answer(step)
        elif isinstance(step, Trouble):
            self._trouble(step)

    def _trouble(self, trouble: Trouble) -> None:
        if trouble.fatal:
            raise RunError(f"the engine broke: {trouble.message}", "run again with another --seed, and report it")
        self._troubles.setdefault(trouble.operation_id, trouble.message)

    def _reach(self, ends: float) -> None:
        """Looks for a success of every operation, and at what it answers then."""
        # Elsewhere nothing is asked about what the target has shown.
        if not self._gate.target.loopback or self._is_about_chains():
            return
        self._tell("successes", "")
        asker = Asker(self._gate, self._watcher, self._document, self._dialect)
        reaching = Reaching(asker, self.barred, self._new_key("success"))
        onlooker = Onlooker(self._document, self._dialect, self._gate)
        for operation in self._watched():
            may = operation.operation_id not in self.barred and self._clock.monotonic() <= ends
            found = reaching.reach(operation) if may else None
            if found is not None:
                self.scorer.answer(onlooker.look(found))

    def _new_key(self, name: str) -> str:
        """A key for something of the run's own."""
        prefix = self._gate.ledger.prefix if self._gate.ledger is not None else new_prefix()
        return f"{prefix}{name}-{self._dialect or 'one'}"

    def _require_answers(self) -> None:
        if not self.scorer.answered and self._focus is None:
            raise RunError("nothing could be tested: no law could be tried", "look at why with `contracts plan`")

    def _explain(self, ended: Ended) -> None:
        """Gives every cell without a verdict its reason, and looks whether anything was tested at all."""
        if not self.scorer.answered:
            reasons = sorted(set(self._troubles.values())) or ["no request was answered"]
            if self._focus is None:
                raise RunError(f"nothing could be tested: {reasons[0]}", "look at the plan and at the target")
            self.not_run(reasons[0])
        for operation_id, message in self._troubles.items():
            self._board.explain(self.scorer.cells_of(operation_id), message)
        if ended.dead:
            raise RunError("the target was there and then was gone", "look at why it ended, and run again")
        if not ended.in_time:
            self.not_run("the time of the run was over")
        if self._focus is not None:
            self.not_run("no request of this part of a run could tell")
        missing = [phase for phase in ("coverage", "fuzzing", "stateful") if phase not in self._limits.phases]
        if missing:
            self.not_run(f"this profile leaves out: {', '.join(missing)}; or no request of the run could tell")
