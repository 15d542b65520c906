"""The how-to guides: their commands run in order, and print what is shown below them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.faults.proxy import before
from tests.contracts.faults.table import FAULTS
from tests.docs.console import ROOT, fences, follow, shell, steps
from tests.support.serving import Server

HOW_TO = ROOT / "docs" / "how-to"
SHOWN = "https://metering.example.com"
"""What the guide to a real deployment calls it."""

REAL = "real-deployment.md"
LEFT_OUT = {"export AMBERFLO_API_KEY=…": "the keys are the reader's; the test sets two of its own"}
"""Why commands of that guide are not run, by how they begin."""

EXTRAS = {
    f"contracts check {SHOWN}": "--rate 500",
    "contracts laws start": "--rate 500",
    "contracts laws judge": "--settle 0",
}
"""What the test adds: five requests in a second, and three hours to settle, are more than it waits."""


@pytest.mark.slow(seconds=15)
@pytest.mark.parametrize("name", ["sdk-developer.md", "frontend-developer.md"])
def test_guide_shows_what_it_says(name: str, tmp_path: Path) -> None:
    """Every command of a guide on the mock runs and prints what is shown."""
    page = (HOW_TO / name).read_text(encoding="utf-8")
    every = [step for fence in fences(page) if fence.language == "console" for step in steps(fence.text)]
    with shell(tmp_path) as opened:
        assert follow(page, opened, tmp_path) == len(every)


@pytest.fixture
def deployment(server: Server) -> Iterator[str]:
    """A platform that names a wrong media type for its list of customers, and plays one that is elsewhere."""
    with before(server.url, FAULTS["list_of_customers_is_called_plain_text"]) as url:
        yield url


@pytest.mark.slow(seconds=40)
def test_guide_to_a_real_deployment_shows_what_it_says(deployment: str, tmp_path: Path) -> None:
    """From the plan to the clean-up, every command runs against a platform that counts as elsewhere."""
    page = (HOW_TO / REAL).read_text(encoding="utf-8")
    every = [step for fence in fences(page) if fence.language == "console" for step in steps(fence.text)]
    places = {SHOWN: deployment, SHOWN.removeprefix("https://"): deployment.removeprefix("http://")}
    environment = {
        "METERMOCK_TREAT_AS_REMOTE": "1",
        "AMBERFLO_API_KEY": "test-of-a-team",
        "AMBERFLO_OTHER_API_KEY": "test-of-another-team",
    }
    extras = {start.replace(SHOWN, deployment): more for start, more in EXTRAS.items()}
    with shell(tmp_path, places=places, extras=extras, environment=environment) as opened:
        assert follow(page, opened, tmp_path, LEFT_OUT) == len(every) - len(LEFT_OUT)


@pytest.mark.parametrize("start", [*LEFT_OUT, *EXTRAS])
def test_what_is_treated_apart_is_there(start: str) -> None:
    """Each command that is not run, or not quite as shown, stands in the guide."""
    assert f"\n$ {start}" in (HOW_TO / REAL).read_text(encoding="utf-8")
