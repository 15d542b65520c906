"""What is said of the operations of one projection: counted on the run's board, and gathered as findings."""

from collections import Counter
from collections.abc import Iterable

from contracts.checks.asking import Said
from contracts.checks.bearing import bears
from contracts.checks.excuses import Ground, excuse
from contracts.checks.forms import answer_form
from contracts.checks.interaction import Interaction
from contracts.checks.table import CHECKS, EXPLAINS, told_once
from contracts.engine.drive import Answered, Unanswered
from contracts.engine.translate import Failed
from contracts.faults import EnvironmentFault, FaultKind, Refused, TargetFault
from contracts.findings import Findings, Symptom
from contracts.focus import Focus
from contracts.model import Example, Exchange, Result
from contracts.redact import Redactor
from contracts.results import Board, Cell
from contracts.telling import severity_of, symptom_of
from specs.catalog import Document

COMPLETE = "answer_complete"
IN_TIME = "answer_in_time"


class Scorer:
    """Counts what is said of one projection.

    Args:
        document: The projection.
        whole: The document that it was made from.
        dialect: Its name, or empty.
        board: Where results are counted.
        findings: Where symptoms are gathered.
        readings: Where differences from our reading are.
        redactor: Takes secrets out.
        focus: What is looked at alone, or None for everything.

    Attributes:
        answered: How many answers and verdicts there were.
        excused: How often a check's failure was none, by the check and the reason.
    """

    def __init__(  # noqa: PLR0913 - one place where a scorer is put together
        self,
        document: Document,
        whole: Document,
        dialect: str,
        *,
        board: Board,
        findings: Findings,
        readings: Findings,
        redactor: Redactor,
        focus: Focus | None,
    ) -> None:
        self.answered = 0
        self.excused: Counter[str] = Counter()
        self._document, self._dialect = document, dialect
        self._board, self._findings, self._readings = board, findings, readings
        self._redactor, self._focus = redactor, focus
        self._ground = Ground.of(document, whole)
        self._operations = {each.operation_id: each for each in document.operations}

    def watches(self, operation_id: str) -> bool:
        """Whether an operation is judged."""
        return self._focus is None or self._focus.watches(operation_id)

    def cell(self, operation_id: str, check: str) -> Cell:
        """Where a check of an operation is counted."""
        return Cell(self._document.name, self._dialect, operation_id, check)

    def cells_of(self, operation_id: str) -> list[Cell]:
        """Every cell of an operation that is on the board."""
        cells = self._board.cells(self._document.name, self._dialect)
        return [cell for cell in cells if cell.operation_id == operation_id]

    def take(self, said: Said) -> None:
        """Counts what a check of ours said of an operation that is looked at."""
        if not self.watches(said.operation_id):
            return
        self.answered += said.result in {Result.CONFORM, Result.DIFFERS, Result.READING}
        self._board.count(self.cell(said.operation_id, said.check), said.result, said.reason)
        if said.result not in {Result.DIFFERS, Result.READING}:
            return
        book = self._readings if said.result is Result.READING else self._findings
        book.add(symptom_of(said, self._document.name, self._dialect, self._redactor))

    def answer(self, answered: Answered) -> None:
        """Counts what the checks said of an exchange, ours among them."""
        interaction = answered.interaction
        operation = self._operations[interaction.operation_id]
        self.answered += 1
        if not interaction.probe and answered.exchange.operation_id != operation.operation_id:
            # An empty path parameter, for one, makes the path of another operation; its answer is nobody's fault.
            self.excused["every check: the request, as it was sent, is none of the operation"] += 1
            return
        # A check that another one's failure would explain has had nothing to look at: it has not passed.
        moot = {each for failure in answered.failed for each in EXPLAINS.get(failure.check, ())}
        for check, about in answered.passed:
            if not self.watches(about):
                continue
            if check in CHECKS and check not in moot and bears(check, interaction, operation):
                self._board.count(self.cell(about, check), Result.CONFORM)
        watched = [each for each in answered.failed if self.watches(each.operation_id)]
        failed = [each for each in watched if not self._is_excused(each, interaction)]
        for each in failed:
            self._differs(each, answered.exchange)
        self._board.count(self.cell(operation.operation_id, COMPLETE), Result.CONFORM)
        self._board.count(self.cell(operation.operation_id, IN_TIME), Result.CONFORM)
        self._form(answered, {each.check for each in failed})

    def no_answer(self, missed: Unanswered) -> None:
        """Counts a request without an answer, by whose fault that is."""
        error = missed.error
        if isinstance(error, Refused):
            self._board.explain(self.cells_of(missed.operation_id), error.reason)
        elif isinstance(error, EnvironmentFault):
            for cell in self.cells_of(missed.operation_id):
                if self._board.result(cell) is Result.UNTESTED:
                    self._board.count(cell, Result.INCONCLUSIVE, error.reason)
        else:
            self._broken(missed, error)

    def _is_excused(self, failed: Failed, interaction: Interaction) -> bool:
        found = excuse(failed.check, interaction, self._ground)
        if found is not None:
            self.excused[f"{failed.check}: {found.reason}"] += 1
            if found.conforms:
                self._board.count(self.cell(failed.operation_id, failed.check), Result.CONFORM)
        return found is not None

    def _differs(self, failed: Failed, exchange: Exchange) -> None:
        self._board.count(self.cell(failed.operation_id, failed.check), Result.DIFFERS)
        self._add(
            failed.check,
            failed.operation_id,
            failed.expected,
            failed.got,
            exchange.status,
            schema_path=failed.schema_path,
            example=Example(failed.curl, exchange),
        )

    def _form(self, answered: Answered, failed: Iterable[str]) -> None:
        wrong = answer_form(answered.interaction)
        if wrong is None:
            return
        cell = self.cell(answered.interaction.operation_id, "answer_form")
        if not wrong:
            self._board.count(cell, Result.CONFORM)
        elif "answer_form" in told_once(dict.fromkeys([*failed, "answer_form"])):
            self._board.count(cell, Result.DIFFERS)
            example = Example(answered.curl(), answered.exchange)
            expected = CHECKS["answer_form"].expects
            self._add("answer_form", cell.operation_id, expected, wrong, answered.exchange.status, example=example)

    def _broken(self, missed: Unanswered, error: TargetFault) -> None:
        slow = error.kind is FaultKind.TIMEOUT
        check = IN_TIME if slow else COMPLETE
        self._board.count(self.cell(missed.operation_id, check), Result.DIFFERS)
        example = Example(missed.curl, missed.exchange) if missed.exchange is not None else None
        got = error.detail if slow else str(error)
        self._add(check, missed.operation_id, CHECKS[check].expects, got, error.status, example=example)

    def _add(  # noqa: PLR0913 - a symptom has that many sides
        self,
        check: str,
        operation_id: str,
        expected: str,
        got: str,
        status: int | None,
        *,
        schema_path: str = "",
        example: Example | None = None,
    ) -> None:
        self._findings.add(
            Symptom(
                check=check,
                operation_id=operation_id,
                document=self._document.name,
                dialect=self._dialect,
                severity=severity_of(check),
                expected=expected,
                got=self._redactor.text(got),
                status=status,
                schema_path=schema_path,
                example=example,
            )
        )
