"""The worked repository: its gates turn red on one planted fault, and green again."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.docs.ci_copy import Copy, copied
from tests.docs.test_workflows import STEPS
from tests.support.serving import Server

GATES = ("Test what the application needs", "Check", "Compare")
FAULT = FAULTS["resent_event_counts_twice"]
NEEDED = "--law resend_counts_once --dialect published"


@pytest.fixture
def copy(server: Server, tmp_path: Path) -> Iterator[Copy]:
    """The worked repository, whose target is the mock."""
    with copied(tmp_path / "ci", SCOPE=NEEDED, PROFILE="smoke") as made:
        made.point_at(server.url)
        yield made


def gates(copy: Copy) -> dict[str, tuple[int, str]]:
    """What each gate says."""
    return {name: copy.run(STEPS[name]["run"]) for name in GATES}


@pytest.mark.slow(seconds=40)
def test_gates_turn_red_on_a_fault_and_green_again(copy: Copy, server: Server) -> None:
    """A platform that begins to count a resent event twice fails each gate by its name; mended, it passes all."""
    status, told = copy.run(STEPS["Check"]["run"])
    assert status == 0, told
    (copy.folder / "baseline").mkdir()
    copyfile(copy.folder / "reports" / "report.json", copy.folder / "baseline" / "report.json")
    with before(server.url, FAULT) as url:
        copy.point_at(url)
        red = gates(copy)
    assert {name: status for name, (status, _) in red.items()} == dict.fromkeys(GATES, 1), red
    for _, told in red.values():
        assert "resend_counts_once" in told
    copy.point_at(server.url)
    green = gates(copy)
    assert {name: status for name, (status, _) in green.items()} == dict.fromkeys(GATES, 0), green
