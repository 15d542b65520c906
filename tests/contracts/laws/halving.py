"""Plays the halves of laws one at a time, as two runs that lie hours apart do."""

from collections.abc import Iterable, Iterator
from uuid import uuid4

from contracts.checks.asking import Asker, Said
from contracts.gate import Gate
from contracts.laws.applying import Applied, Means, applied
from contracts.laws.law import Dedup, Law, Need
from contracts.laws.running import Bench
from contracts.laws.trial import Terms
from contracts.model import Keys, Profile, Target
from contracts.secrets import Secret
from contracts.watcher import Watcher
from specs import catalog
from tests.contracts.fake_clock import FakeClock

_NOW = 1_747_750_000.0


class Halving:
    """A fresh account of a mock, and the laws whose halves are played on it.

    Args:
        url: Of the mock.
        dialect: The form of the API.
        laws: Which; those that need a clock are left out, as there is none.
    """

    def __init__(self, url: str, dialect: str, laws: Iterable[Law]) -> None:
        document = catalog.project(dialect)
        keys = Keys(Secret(f"test-{uuid4()}"), Secret(f"test-{uuid4()}"), None)
        target = Target(url, "amberflo", dialect, loopback=True, keys=keys, name="loopback")
        watcher = Watcher()
        self.gate = Gate(target, document.operations, observe=watcher)
        terms = Terms(
            prefix="mm-halves-",
            profile=Profile.SMOKE,
            seed=1,
            now=_NOW,
            settle=0,
            ends=float("inf"),
            local=FakeClock(),
            dedup=Dedup.EVENT,
            target=None,
            whole=document,
        )
        self.bench = Bench(Asker(self.gate, watcher, document, dialect), Means(), terms, {})
        chosen = {law.name: law for law in laws if law.late and Need.CLOCK not in law.needs}
        self._applied = applied(chosen, document)

    def _each(self) -> Iterator[tuple[Applied, int]]:
        return ((each, number) for each in self._applied for number in range(len(each.law.cases)))

    def write(self) -> None:
        """Plays every first half."""
        for each, number in self._each():
            steps = each.law.play(self.bench.trial(each, number), each.law.cases[number])
            assert steps is not None
            next(steps)

    def judge(self) -> dict[tuple[str, str, int], Said]:
        """What every second half says, by law, operation and number of the case."""
        return {
            (each.law.name, each.subject.operation_id, number): self.bench.replay(each, each.law.cases[number], number)
            for each, number in self._each()
        }

    def written(self) -> int:
        """How many requests went out so far that write."""
        reads = {"queryUsage", "listFilteringRules", "listCustomFilteringRules"}
        return sum(count for name, count in self.gate.counts.operations.items() if name not in reads)
