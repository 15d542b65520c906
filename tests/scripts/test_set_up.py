"""The scripts' set-up: done once, again when something changed, afresh after an interruption, and by one at a time.

The shell code is the real one; Python and pip are played by a small script that notes what it is asked for.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "scripts" / "lib.sh"
PLAYED_PYTHON = """#!/bin/bash
case "$*" in
    *"-m venv "*) mkdir -p "${!#}/bin" && cp "$0" "${!#}/bin/python" && echo venv >>"$NOTES" ;;
    *"-m pip install"*) echo "pip ${!#}" >>"$NOTES"; [ ! -e "$BROKEN" ] ;;
    *) exit 0 ;;
esac
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the library, a lock, settings, and the played Python."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "played").mkdir()
    shutil.copy(LIBRARY, tmp_path / "scripts")
    (tmp_path / "requirements.lock").write_text("one==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    python = tmp_path / "played" / "python3.11"
    python.write_text(PLAYED_PYTHON)
    python.chmod(0o755)
    return tmp_path


def start(tree: Path) -> subprocess.Popen[str]:
    """A set-up under way."""
    played = {
        "PATH": f"{tree / 'played'}:{os.environ['PATH']}",
        "NOTES": str(tree / "notes"),
        "BROKEN": str(tree / "broken"),
    }
    command = f"set -euo pipefail; . {tree}/scripts/lib.sh; set_up; echo ready"
    return subprocess.Popen(
        ["/bin/bash", "-c", command], env=played, cwd="/", text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def set_up(tree: Path) -> tuple[int, str, str]:
    """Exit status, output and messages of a set-up."""
    process = start(tree)
    output, messages = process.communicate(timeout=60)
    return process.returncode, output, messages


def notes(tree: Path) -> list[str]:
    """What the played Python was asked for since the last look."""
    path = tree / "notes"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def whole(tree: Path) -> list[str]:
    """What a set-up from nothing asks for."""
    return ["venv", f"pip {tree}/requirements.lock", f"pip {tree}"]


def test_the_first_time(tree: Path) -> None:
    """An environment is made, then the locked packages are installed, then the tree itself."""
    assert set_up(tree)[:2] == (0, "ready\n")
    assert notes(tree) == whole(tree)


def test_nothing_has_changed(tree: Path) -> None:
    """A second set-up asks for nothing and says nothing."""
    set_up(tree)
    notes(tree)
    assert set_up(tree) == (0, "ready\n", "")
    assert notes(tree) == []


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_something_has_changed(tree: Path, name: str) -> None:
    """With another lock or other settings everything is installed again, into the environment that is there."""
    set_up(tree)
    notes(tree)
    (tree / name).write_text("changed\n")
    assert set_up(tree)[0] == 0
    assert notes(tree) == whole(tree)[1:]


def test_a_failure_stops(tree: Path) -> None:
    """A failed installation ends the script with a message; the next run begins with a new environment."""
    (tree / "broken").touch()
    status, output, messages = set_up(tree)
    assert status != 0
    assert output == ""
    assert "the set-up did not finish" in messages
    notes(tree)
    (tree / "broken").unlink()
    assert set_up(tree)[:2] == (0, "ready\n")
    assert notes(tree) == whole(tree)


def test_a_tree_that_was_moved(tree: Path) -> None:
    """An environment belongs to its place: in a tree that was moved everything is installed again."""
    set_up(tree)
    notes(tree)
    moved = tree.rename(tree.with_name(f"{tree.name}-moved"))
    assert set_up(moved)[0] == 0
    assert notes(moved) == whole(moved)[1:]


def test_two_at_once(tree: Path) -> None:
    """Of several set-ups at once one works; the others wait and find their work done."""
    processes = [start(tree) for _ in range(4)]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["ready\n"] * 4
    assert notes(tree) == whole(tree)


def test_no_python(tree: Path) -> None:
    """Without a Python and without a way to install one the script ends and says what to do."""
    (tree / "played" / "python3.11").unlink()
    needed = ("bash", "cat", "dirname", "flock", "id", "rm", "sha256sum", "touch")
    for name in needed:
        found = shutil.which(name)
        assert found, name
        (tree / "played" / name).symlink_to(found)
    command = f"set -euo pipefail; . {tree}/scripts/lib.sh; set_up"
    finished = subprocess.run(
        ["/bin/bash", "-c", command], env={"PATH": str(tree / "played")}, capture_output=True, text=True, check=False
    )
    assert finished.returncode != 0
    assert "install Python 3.11 or newer" in finished.stderr


@pytest.mark.parametrize(
    "script",
    [path for path in LIBRARY.parent.iterdir() if path.suffix in {"", ".sh"} and path.is_file()],
    ids=lambda path: path.name,
)
def test_scripts_are_well_formed(script: Path) -> None:
    """Every script is valid shell, can be run, and stops at the first failed step."""
    assert subprocess.run(["/bin/bash", "-n", script], check=False).returncode == 0
    if script.suffix == "":
        assert os.access(script, os.X_OK)
        assert "\nset -euo pipefail\n" in script.read_text()
