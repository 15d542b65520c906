"""Laws in two halves: the first one writes by every rule of the gate, the second one judges what has settled."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.cleanup import clean_up_file
from contracts.conformance import Conformance
from contracts.exitcodes import ExitCode
from contracts.keys import AMBERFLO, OTHER
from contracts.later import SETTLED, judge, plan_text, start, started_text, would_write
from contracts.ledger import Ledger
from contracts.model import Result, RunError
from contracts.policy import Policy, is_read
from contracts.settings import LawOptions, Settings, projections
from contracts.target import TREAT_AS_REMOTE, read_target
from specs import catalog
from tests.contracts.fake_clock import FakeClock
from tests.contracts.faults.proxy import before
from tests.contracts.laws.lagging import LAG, Lagging
from tests.support.serving import Server

HOUR = 3600.0
ELSEWHERE = {TREAT_AS_REMOTE: "1", AMBERFLO: "test-of-somebody", OTHER: "test-of-somebody-else"}
WRITING = Policy(allow_writes=True, allow=frozenset({"ingestMeterEvents", "createFilteringRule"}))
READS = {each.operation_id for each in catalog.project("published").operations if is_read(each)}


@pytest.fixture
def mock_url(server: Server) -> str:
    """The URL of a mock."""
    return server.url


class Platform:
    """A platform that settles late, and what somebody does to it.

    Args:
        mock_url: The URL of the mock behind it.
        folder: Where the ledger is.
        settles: Whether anything ever settles.
    """

    def __init__(self, mock_url: str, folder: Path, *, settles: bool = True) -> None:
        self.clock = FakeClock()
        self.lagging = Lagging(self.clock, settles=settles)
        self.ledger = folder / "laws.ledger"
        self.running = before(mock_url, self.lagging.as_fault())

    def settings(self, url: str, policy: Policy = WRITING) -> Settings:
        """A run elsewhere, on the platform's own clock."""
        target = read_target(url, dialect="published", environment=ELSEWHERE)
        return Settings(
            target,
            projections(target, "amberflo"),
            policy=policy,
            rate=5,
            ledger=self.ledger,
            laws=LawOptions(settle=LAG),
            clock=self.clock,
        )

    def judged(self, url: str) -> Conformance:
        """The report on the ledger, at this time."""
        with Ledger.resume(self.ledger) as ledger:
            return judge(self.settings(url), ledger)


def test_platform_that_settles_late_is_not_accused(mock_url: str, tmp_path: Path) -> None:
    """Before its time nothing is said of what was written; after it every law holds."""
    platform = Platform(mock_url, tmp_path)
    with platform.running as url:
        begun = start(platform.settings(url))
        assert begun.halves
        platform.clock.sleep(HOUR)
        early = platform.judged(url)
        platform.clock.sleep(LAG)
        late = platform.judged(url)
    assert {each.result for each in early.outcomes} == {Result.INCONCLUSIVE}
    assert early.exit_code is ExitCode.COULD_NOT_RUN
    assert not late.judgement.open
    assert not late.readings
    assert {each.result for each in late.outcomes} == {Result.CONFORM}
    assert late.exit_code is ExitCode.CONFORMS
    assert {each.cell.check for each in late.outcomes} == {half.law for half in begun.halves}


def test_platform_that_never_deduplicates_is_accused(mock_url: str, tmp_path: Path) -> None:
    """When the time to settle is over, what still counts twice is a finding, with the writes that a first run made."""
    platform = Platform(mock_url, tmp_path, settles=False)
    with platform.running as url:
        start(platform.settings(url))
        platform.clock.sleep(LAG + HOUR)
        late = platform.judged(url)
    found = {each.identity.check: each for each in late.judgement.open}
    assert "resend_counts_once" in found
    assert late.exit_code is ExitCode.FINDINGS
    command = found["resend_counts_once"].examples[0].curl
    assert command.count("/ingest") >= 2
    assert command.index("/ingest") < command.index("/usage")


def test_rules_of_the_gate_are_kept(mock_url: str, tmp_path: Path) -> None:
    """What is sent is what was planned, five in a second, each key of the run's own and in the ledger before."""
    platform = Platform(mock_url, tmp_path)
    with platform.running as url:
        settings = platform.settings(url)
        planned = would_write(settings)
        assert not platform.lagging.seen
        start(settings)
        sent = Counter(each.operation for each in platform.lagging.seen)
    assert sent == planned
    assert platform.clock.now() - FakeClock().now() >= sent.total() / 5 - 1
    assert READS.isdisjoint(sent)
    with Ledger.resume(platform.ledger) as ledger:
        made = {(each.thing.kind, each.thing.key) for each in ledger.entries()}
        prefix = ledger.prefix
    for each in platform.lagging.seen:
        records = each.json() if isinstance(each.json(), list) else [each.json()]
        assert all(record[name].startswith(prefix) for record in records for name in {"meterApiName"} & record.keys())
    assert {"meter", "customer", "event"} <= {kind for kind, _ in made}
    assert f"{planned.total():,} requests" in plan_text(settings)


def test_judging_only_reads_and_cleaning_up_deletes(mock_url: str, tmp_path: Path) -> None:
    """The second run sends reads alone; then the ledger deletes meters and customers, and tells of the events."""
    platform = Platform(mock_url, tmp_path)
    with platform.running as url:
        start(platform.settings(url))
        platform.clock.sleep(LAG)
        platform.lagging.seen.clear()
        platform.judged(url)
        assert {each.operation for each in platform.lagging.seen} <= READS
        cleared = clean_up_file(platform.ledger, environment=ELSEWHERE, clock=platform.clock)
    assert {thing.kind for thing in cleared.removed} == {"meter", "customer"}
    assert {thing.kind for thing, _ in cleared.stays} <= {"event", "filtering-rule"}
    assert not cleared.failed


def test_nothing_begins_without_leave(mock_url: str, tmp_path: Path) -> None:
    """Without --allow for the events nothing is left behind but what is deleted, and the run says what to do."""
    platform = Platform(mock_url, tmp_path)
    with platform.running as url, pytest.raises(RunError, match="ingestMeterEvents"):
        start(platform.settings(url, Policy(allow_writes=True)))
    assert "ingestMeterEvents" not in {each.operation for each in platform.lagging.seen}


def test_usual_time_to_settle(mock_url: str, tmp_path: Path) -> None:
    """Elsewhere three hours are given when nothing is said, and the words of the start say until when."""
    platform = Platform(mock_url, tmp_path)
    with platform.running as url:
        settings = replace(platform.settings(url), laws=LawOptions(("resend_counts_once",)))
        begun = start(settings)
        text = started_text(begun, settings)
        with Ledger.resume(platform.ledger) as ledger:
            platform.clock.sleep(SETTLED - 60)
            assert {each.result for each in judge(settings, ledger).outcomes} == {Result.INCONCLUSIVE}
    assert f"contracts laws judge {platform.ledger}" in text


@pytest.mark.parametrize(
    "note",
    [{}, {"law": "resend_counts_once"}, {"something": "else"}],
    ids=["none", "too little", "of something else"],
)
def test_ledger_without_laws_is_named(tmp_path: Path, note: dict[str, str]) -> None:
    """A ledger that holds no first half, or one that is not understood, is an error that says so."""
    path = tmp_path / "other.ledger"
    with Ledger.create(path, target="http://127.0.0.1:1", document="amberflo", clock=FakeClock()) as ledger:
        if note:
            ledger.note(note)
        target = read_target("http://127.0.0.1:1", environment={})
        with pytest.raises(RunError, match=r"holds no laws|of another version"):
            judge(Settings(target, projections(target, "amberflo")), ledger)
