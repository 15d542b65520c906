"""Lets pytest collect `contracts.toml`: a test an operation, a test a law, and one for chains of requests.

It is loaded in every session of pytest that this project is installed beside, so that nothing of it is imported before
such a file is met.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contracts.items.targets import Own

NAME = "contracts.toml"

_FOLDER = "metermock_contracts_folder"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Takes files of that name."""
    if file_path.name != NAME:
        return None
    from contracts.items.collecting import PROCESSES, TARGETS, contracts_file  # noqa: PLC0415 - see the module
    from contracts.items.targets import Shared  # noqa: PLC0415 - as above

    config = parent.config
    if TARGETS not in config.stash:
        told: dict[str, Any] = getattr(config, "workerinput", {})
        config.stash[TARGETS] = Shared(Path(told[_FOLDER])) if _FOLDER in told else _own(config)
        config.stash[PROCESSES] = int(told.get("workercount", 1))
    return contracts_file(file_path, parent)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a process of pytest-xdist where it finds what this one has started."""
    node.workerinput[_FOLDER] = str(_folder(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Starts what the tests of a process want, before the first of them is handed out."""
    paths = {node.config.rootpath / each.partition("::")[0] for each in ids if f"{NAME}::" in each}
    wanted = sorted(path for path in paths if path.name == NAME)
    if not wanted:
        return
    from contracts.items.reading import read_told  # noqa: PLC0415 - see the module
    from contracts.items.targets import leave  # noqa: PLC0415 - as above

    leave(_folder(node.config), _own(node.config), map(read_told, wanted))


_FOLDERS = pytest.StashKey[Path]()
_OWN = pytest.StashKey["Own"]()


def _folder(config: pytest.Config) -> Path:
    """A folder of the session's own, which goes with it."""
    if _FOLDERS not in config.stash:
        folder = tempfile.TemporaryDirectory(prefix="metermock-")
        config.add_cleanup(folder.cleanup)
        config.stash[_FOLDERS] = Path(folder.name)
    return config.stash[_FOLDERS]


def _own(config: pytest.Config) -> "Own":
    """What starts targets, and ends them with the session."""
    if _OWN not in config.stash:
        from contracts.items.targets import Own  # noqa: PLC0415 - see the module

        config.stash[_OWN] = Own()
        config.add_cleanup(config.stash[_OWN].close)
    return config.stash[_OWN]
