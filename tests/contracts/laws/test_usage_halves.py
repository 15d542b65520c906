"""The laws of usage on other days than this one, in two halves, and elsewhere."""

import itertools
from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

import pytest

from contracts.checks.asking import Asker, Said
from contracts.gate import Gate
from contracts.laws.applying import Applied, Means, applied
from contracts.laws.law import Dedup
from contracts.laws.running import Bench
from contracts.laws.trial import Terms
from contracts.laws.usage import LAWS
from contracts.model import Keys, Profile, Result, Target
from contracts.secrets import Secret
from contracts.watcher import Watcher
from specs import catalog
from specs.catalog import DIALECTS
from tests.contracts.fake_clock import FakeClock
from tests.support.serving import Server

BY_NAME = {law.name: law for law in LAWS}
DAYS = ("2024-03-03", "2024-03-04", "2024-07-04", "2025-01-03", "2025-01-04", "2025-06-11")
"""Days of runs whose trials lie on the ends and beginnings of months and years, a Monday, and a Sunday."""


class Halves:
    """Plays laws, or halves of them, on a fresh account of a mock.

    Args:
        url: Of the mock.
        dialect: The form of the API.
        day: On which the run begins, at some hour.
        loopback: Whether the mock is taken for one on this machine.
    """

    def __init__(self, url: str, dialect: str, day: str = "2025-05-20", *, loopback: bool = True) -> None:
        self._document = catalog.project(dialect)
        keys = Keys(Secret(f"test-{uuid4()}"), Secret(f"test-{uuid4()}"), None)
        target = Target(url, "amberflo", dialect, loopback=loopback, keys=keys, name="loopback")
        watcher = Watcher()
        self._gate = Gate(target, self._document.operations, observe=watcher)
        asker = Asker(self._gate, watcher, self._document, dialect)
        terms = Terms(
            prefix="mm-halves-",
            profile=Profile.SMOKE,
            seed=1,
            now=datetime.fromisoformat(f"{day}T14:30:00+00:00").timestamp(),
            settle=0,
            ends=float("inf"),
            local=FakeClock(),
            dedup=Dedup.EVENT,
            target=None,
            whole=self._document,
        )
        self.bench = Bench(asker, Means(), terms, {})

    def subjects(self) -> Iterator[Applied]:
        """The laws in two halves that apply."""
        return (each for each in applied(BY_NAME, self._document) if each.law.late)

    def said(self, *names: str) -> list[Said]:
        """What became of some laws."""
        return [self.bench.hold(each) for each in applied({name: BY_NAME[name] for name in names}, self._document)]

    @property
    def sent(self) -> int:
        """How many requests went out so far that write."""
        writes = ("ingestMeterEvents", "createMeterDefinition", "createMeter", "createCustomer")
        return sum(self._gate.counts.operations[name] for name in writes)


@pytest.mark.parametrize(("day", "dialect"), list(zip(DAYS, itertools.cycle(DIALECTS), strict=False)))
def test_laws_of_time_hold_on_every_day(server: Server, day: str, dialect: str) -> None:
    """Months, weeks and years may begin or end where the trials lie: the laws of time hold all the same."""
    names = ("finer_intervals_sum_to_coarser", "buckets_are_labelled_by_their_start", "weeks_begin_on_monday")
    assert {each.result for each in Halves(server.url, dialect, day).said(*names)} == {Result.CONFORM}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_second_halves_judge_alone(server: Server, dialect: str) -> None:
    """The second half of a law needs no more than the trial and the case, and writes nothing."""
    halves = Halves(server.url, dialect)
    for each in halves.subjects():
        for number, case in enumerate(each.law.cases):
            steps = each.law.play(halves.bench.trial(each, number), case)
            assert steps is not None
            next(steps)
    written = halves.sent
    for each in halves.subjects():
        for number, case in enumerate(each.law.cases):
            assert halves.bench.replay(each, case, number).result is Result.CONFORM, (each.law.name, number)
    assert halves.sent == written


@pytest.mark.parametrize("dialect", DIALECTS)
def test_second_halves_do_not_believe_in_what_was_not_written(server: Server, dialect: str) -> None:
    """Where nothing was ever written, no second half says that a law holds."""
    halves = Halves(server.url, dialect)
    for each in halves.subjects():
        for number, case in enumerate(each.law.cases):
            said = halves.bench.replay(each, case, number)
            assert said.result in {Result.DIFFERS, Result.READING, Result.INCONCLUSIVE}, (each.law.name, number)


def test_fresh_usage_is_not_asked_for_elsewhere(server: Server) -> None:
    """A platform elsewhere may count late: unless somebody says how long that takes, nothing is sent to it."""
    halves = Halves(server.url, "published", loopback=False)
    (said,) = halves.said("query_after_write_shows_it")
    assert said.result is Result.UNTESTED
    assert "--settle" in said.reason
    assert halves.sent == 0
