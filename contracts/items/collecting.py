"""A `contracts.toml` as pytest sees it: a file with one test an operation, one a law, and one for the chains."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from contracts.focus import STATEFUL, Focus
from contracts.items.planning import Planned, planned
from contracts.items.reading import read_told
from contracts.items.targets import Targets
from contracts.items.telling import End
from contracts.model import RunError

if TYPE_CHECKING:
    from contracts.items.running import Runs

TARGETS = pytest.StashKey[Targets]()
"""Where a session keeps what knows its targets."""

PROCESSES = pytest.StashKey[int]()
"""How many processes have tests of the session."""


class ContractsFile(pytest.File):
    """The file; it asks the target nothing before a test of it runs."""

    _runs: "Runs | None" = None

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Its tests.

        Raises:
            CollectError: It is no such file, or an entry of it is wrong.
        """
        try:
            found = self.planned = planned(read_told(self.path))
        except RunError as error:
            raise self.CollectError(str(error)) from None
        # The longest one comes first, so that no process is left alone with it in the end.
        if found.stateful is not None:
            yield ContractItem.of(self, STATEFUL, found.stateful)
        for name, members in (("operation", found.operations), ("law", found.laws)):
            yield Group.from_parent(self, name=name, members=members)

    def runs(self) -> "Runs":
        """What its tests have in common, made with the first of them.

        Raises:
            RunError: The target could not be started.
        """
        if self._runs is None:
            # With it comes the engine, which takes long to import.
            from contracts.items.running import Runs  # noqa: PLC0415 - as above

            url = self.config.stash[TARGETS].url(self.planned.told)
            self._runs = Runs(self.planned, url, self.config.stash.get(PROCESSES, 1))
        return self._runs

    planned: Planned


class Group(pytest.Collector):
    """Tests of one kind.

    Args:
        members: What each is about, by its name.
    """

    def __init__(self, *, members: Mapping[str, Focus], **more: Any) -> None:
        super().__init__(**more)
        self._members = members

    def collect(self) -> Iterator[pytest.Item]:
        """The tests."""
        for name, focus in self._members.items():
            yield ContractItem.of(self, name, focus)


class ContractItem(pytest.Item):
    """One operation, one law, or the chains, held against the target.

    Args:
        focus: What it is about.
    """

    def __init__(self, *, focus: Focus, **more: Any) -> None:
        super().__init__(**more)
        self._focus = focus

    @classmethod
    def of(cls, parent: pytest.Collector, name: str, focus: Focus) -> "ContractItem":
        """One of this name."""
        return cls.from_parent(parent, name=name, focus=focus)

    def runtest(self) -> None:
        """Makes the run.

        Raises:
            RunError: The target is not there, or refuses the key.
        """
        file = cast("ContractsFile", self.getparent(ContractsFile))
        found = file.runs().result(self._focus)
        if found.notes:
            self.add_report_section("call", "contracts", "\n".join(found.notes))
        if found.end is End.FAILED:
            pytest.fail(found.words, pytrace=False)
        if found.end is End.SKIPPED:
            # Told with the place of the item, not of this line.
            raise pytest.skip.Exception(found.words, _use_item_location=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        """What is shown: of a fault of the run one line."""
        if isinstance(excinfo.value, RunError):
            return f"could not run: {excinfo.value}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Where it is: in its file as a whole."""
        return self.path, 0, "::".join(self.nodeid.split("::")[1:])


def contracts_file(path: Path, parent: pytest.Collector) -> ContractsFile:
    """The collector of a file."""
    return ContractsFile.from_parent(parent, path=path)
