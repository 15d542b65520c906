"""The tutorial, followed from its first command to its last, takes its steps and shows what it says."""

from pathlib import Path

import pytest

from tests.docs.console import ROOT, fences, follow, shell, steps

TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
LEFT_OUT = {
    "python3 -m venv": "the environment of the tests is installed; tests/test_wheel.py installs into an empty one",
    "~/metermock/bin/pip install": "as above",
    "export PATH=~/metermock": "as above",
}
"""Why commands of the tutorial are not run, by how they begin."""


@pytest.mark.slow(seconds=15)
def test_tutorial_shows_what_it_says(tmp_path: Path) -> None:
    """Every command but the installation is run in order in an empty folder, and prints what is shown below it."""
    every = [step for fence in fences(TUTORIAL) if fence.language == "console" for step in steps(fence.text)]
    with shell(tmp_path) as opened:
        assert follow(TUTORIAL, opened, tmp_path, LEFT_OUT) == len(every) - len(LEFT_OUT)


def test_what_is_left_out_is_there() -> None:
    """Each command that is not run stands in the tutorial."""
    for start in LEFT_OUT:
        assert f"\n$ {start}" in TUTORIAL
