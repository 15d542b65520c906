"""Random sequences: they hold on the mock, find what faults do in few calls, and show nothing but these."""

import re
from dataclasses import dataclass, replace

import pytest

from contracts.checks.asking import Asker
from contracts.clock import SystemClock
from contracts.gate import Gate
from contracts.laws.law import Broken, Dedup, Unclear
from contracts.laws.mirror import Mirror
from contracts.laws.reducing import Step, Steps, reduced
from contracts.laws.sequences import LAWS, Box
from contracts.laws.talk import Talk
from contracts.laws.trial import Terms, Trial
from contracts.model import Profile, Result
from contracts.target import read_target
from contracts.watcher import Watcher
from mockserver.app import create_app
from mockserver.domain.identity import Dedup as Mode
from mockserver.settings import Settings
from specs import catalog
from specs.catalog import DIALECTS, Document
from tests.contracts.faults.fault import Fault, on
from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.support.serving import Server, serving

(LAW,) = LAWS
FOREVER = 1e6
"""Seconds: a test ends by its number of sequences, never by the time."""
NOW = 1_718_200_000.0
"""When every run begins, in seconds: 2024-06-12 13:46:40 UTC."""
METERING = "specs/amberflo/metering.yaml"


@dataclass(frozen=True)
class Searched:
    """What a search found, what it shows, and how often it asked each operation."""

    broken: Broken | None
    talk: Talk
    asked: dict[str, int]

    @property
    def commands(self) -> list[str]:
        """The commands that show it."""
        assert self.broken is not None
        return self.talk.commands(self.broken.shown).splitlines()


def searched(  # noqa: PLR0913 - as a command line has that many options
    url: str,
    dialect: str = "published",
    *,
    runs: int,
    steps: tuple[int, ...] = (6,),
    shrinks: int = 60,
    seed: int = 1,
    dedup: Dedup = Dedup.EVENT,
    document: Document | None = None,
    late: bool = False,
) -> Searched:
    """Plays the law in a fresh account.

    Args:
        url: The target.
        dialect: Of which form.
        runs: Sequences in each part of the search.
        steps: Of a sequence, by part.
        shrinks: Sequences for making what is found shorter.
        seed: Of the sequences.
        dedup: What the target is said to take for the same event.
        document: Instead of the dialect's own.
        late: Whether the time of the run is over.
    """
    shown = document or catalog.project(dialect)
    target = read_target(url, document="amberflo", dialect=dialect, environment={})
    watcher, clock = Watcher(), SystemClock()
    gate = Gate(target, shown.operations, observe=watcher)
    ends = clock.monotonic() + (-1 if late else FOREVER)
    terms = Terms("mm-0123456789-", Profile.DEEP, seed, NOW, 0, ends, clock, dedup, None, shown)
    talk = Talk(Asker(gate, watcher, shown, dialect))
    broken = None
    try:
        LAW.play(
            Trial(LAW.name, next(iter(LAW.subjects(shown))), 0, terms, talk),
            Box(FOREVER, steps, runs, FOREVER, shrinks),
        )
    except Broken as found:
        broken = found
    return Searched(broken, talk, dict(gate.counts.operations))


@pytest.mark.slow(seconds=15)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_sequences_hold_on_the_mock(server: Server, dialect: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The mock agrees with the model, every operation of the subject was asked, and nothing was printed."""
    found = searched(server.url, dialect, runs=40, steps=(6, 20))
    assert found.broken is None
    (subject,) = LAW.subjects(catalog.project(dialect))
    assert set(found.asked) >= subject.asks
    assert found.asked["queryUsage"] > 100
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow(seconds=5)
@pytest.mark.parametrize("dedup", [Dedup.RECORD, Dedup.LATEST, Dedup.UNIQUE_ID])
def test_sequences_hold_under_the_other_rules_of_deduplication(dedup: Dedup) -> None:
    """The model follows the rule that the target is said to have."""
    with serving(create_app(Settings(dedup=Mode(dedup)))) as server:
        assert searched(server.url, runs=20, steps=(12,), dedup=dedup).broken is None


@pytest.mark.slow(seconds=5)
def test_a_wrong_rule_of_deduplication_is_seen(server: Server) -> None:
    """A target that has another rule than it is said to have differs from the model."""
    found = searched(server.url, runs=100, steps=(6, 12), dedup=Dedup.UNIQUE_ID)
    assert found.broken is not None
    assert found.broken.operation_id == "queryUsage"


SHORT = [
    ("resent_event_counts_twice", "queryUsage"),
    ("deleted_customers_are_still_listed", "listCustomers"),
    ("excluding_rules_do_nothing", "queryUsage"),
    ("cancelling_event_does_nothing", "queryUsage"),
]


@pytest.mark.slow(seconds=8)
@pytest.mark.parametrize(("name", "operation"), SHORT)
def test_faults_are_found_in_few_calls(server: Server, name: str, operation: str) -> None:
    """What a fault does is told of the operation whose answer was wrong, and shown in at most six calls."""
    fault = FAULTS[name]
    with before(server.url, fault) as url:
        found = searched(url, fault.dialect, runs=150, steps=(6, 12))
    assert found.broken is not None
    assert found.broken.operation_id == operation
    assert len(found.talk.calls) <= 6


@pytest.mark.slow(seconds=5)
def test_what_is_shown_is_one_sequence(server: Server) -> None:
    """The calls are those of the shortest sequence alone: all writes of it in order, and the answer that is wrong."""
    with before(server.url, FAULTS["resent_event_counts_twice"]) as url:
        found = searched(url, runs=150, steps=(6, 12))
    assert found.broken is not None
    assert found.broken.shown == (found.talk.last,)
    assert len(set(re.findall(r"sequences_agree_with_t-\d+", " ".join(found.commands)))) == 1
    paths = [command.rsplit("/", 1)[1] for command in found.commands]
    assert paths == ["meter-definition", "customers", "ingest", "ingest", "usage"]
    assert found.broken.expected.startswith("that the sum of mm-0123456789-p-sequences_agree_with_t-")


@pytest.mark.slow(seconds=8)
def test_the_same_seed_finds_the_same(server: Server) -> None:
    """Two searches with one seed make the same calls and tell the same; another seed makes others."""
    with before(server.url, FAULTS["resent_event_counts_twice"]) as url:
        one, same, other = (searched(url, runs=150, steps=(6, 12), seed=seed) for seed in (1, 1, 2))
    assert (one.commands, one.asked) == (same.commands, same.asked)
    assert one.asked != other.asked


def failing(operation: str) -> Fault:
    """A platform that answers 500 to an operation."""
    fault = FAULTS["resent_event_counts_twice"]
    return replace(fault, make=on(operation, reply=lambda answer: replace(answer, status=500)))


def test_a_target_that_fails_is_not_accused(server: Server) -> None:
    """An answer that says nothing ends the search, since it is for other checks to judge."""
    with before(server.url, failing("ingestMeterEvents")) as url, pytest.raises(Unclear, match="answered 500"):
        searched(url, runs=20)


def test_nothing_is_said_when_the_time_is_over(server: Server) -> None:
    """A run whose time is over does not say that the target conforms."""
    with pytest.raises(Unclear) as told:
        searched(server.url, runs=20, late=True)
    assert told.value.result is Result.UNTESTED


@pytest.mark.slow(seconds=3)
def test_a_document_without_customers_is_enough(server: Server) -> None:
    """Sequences need meters, events and usage; what else a document lacks is left out."""
    document = catalog.read(METERING)
    published = replace(
        document, operations=tuple(each for each in document.operations if each.operation_id != "listFilteringRules")
    )
    found = searched(server.url, runs=20, steps=(12,), document=published)
    assert found.broken is None
    assert "ingestMeterEvents" in found.asked
    assert not any("ustomer" in name for name in found.asked)


def test_a_document_without_meters_has_no_sequences() -> None:
    """Where nothing is counted there is nothing to compare."""
    assert not list(LAW.subjects(catalog.document("solvimon")))


def numbered(*numbers: int) -> Steps:
    """Steps that are told apart by their items."""

    def act(_mirror: Mirror, _items: tuple[int, ...]) -> None:
        return

    return tuple(Step(act, (number,)) for number in numbers)


def test_steps_that_are_not_needed_are_left_out() -> None:
    """What is left breaks the law, and without any of its steps it would not."""
    tried = []

    def breaking(steps: Steps) -> int:
        items = [step.items[0] for step in steps]
        tried.append(items)
        return items.index(7) + 1 if 7 in items and 3 in items[: items.index(7)] else 0

    left = reduced(numbered(*range(8)), breaking)
    assert [step.items for step in left] == [(3,), (7,)]
    assert len(tried) < 20


def test_items_that_are_not_needed_are_left_out() -> None:
    """A step about several things is made to be about few, and about one at the least."""
    (step,) = numbered(0)
    many = (replace(step, items=(1, 2, 3, 4, 5)),)
    assert reduced(many, lambda steps: int({2, 5} <= set(steps[0].items)))[0].items == (2, 5)
    assert len(reduced(many, len)[0].items) == 1
