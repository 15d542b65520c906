"""The CI workflows of the worked repository: their own steps are run, and those that cannot be are named."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.report.files import write_reports
from tests.contracts.made import conformance
from tests.contracts.recording_server import Account, Answer, recording_account
from tests.docs.ci_copy import EXAMPLE, SHOWN, Copy, copied, free_port
from tests.docs.console import ROOT, fences, steps

GUIDE = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
GITHUB = yaml.safe_load((EXAMPLE / ".github" / "workflows" / "contracts.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in GITHUB["jobs"]["contracts"]["steps"]}

NOT_RUN = {
    "Check out": "GitHub's action: fetches the repository",
    "Set up Python": "GitHub's action: installs Python",
    "Install": "takes packages from the network",
    "Fetch the last report of the main branch": "asks GitHub for the artefact of an earlier run",
    "Keep the report": "GitHub's action: stores `reports/` as the artefact `conformance`",
    "Comment on the pull request": "GitHub's command line writes `report.md` as a comment, and edits it the next time",
    "Upload the findings": "GitHub's action: shows `report.sarif` under code scanning",
}
"""The steps of GitHub's workflow that cannot run here, and why; the guide names them in the same words."""

QUICK = "--document solvimon"
"""What is checked here: the whole of the other document takes half a minute more."""


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """The worked repository, with a port of its own for the mock."""
    port = str(free_port())
    variables = {name: str(value) for name, value in GITLAB["variables"].items()}
    with copied(tmp_path / "ci", **{**variables, "PORT": port, "TARGET": SHOWN, "SCOPE": QUICK}) as made:
        made.point_at(f"http://127.0.0.1:{port}")
        yield made


@pytest.mark.slow(seconds=30)
def test_github_steps_run(copy: Copy) -> None:
    """Every step of GitHub's workflow that can run here does, in order, and there is what others upload."""
    printed: dict[str, str] = {}
    for name, step in STEPS.items():
        if name not in NOT_RUN:
            if name == "Compare":
                shutil.copytree(copy.folder / "reports", copy.folder / "baseline")
            status, told = copy.run(step["run"], **step.get("env", {}))
            assert status == 0, f"{name}\n{told}"
            printed[name] = told
    assert re.search(r"\b6 passed\b", printed["Test the application"])
    assert re.search(r"\b4 passed\b", printed["Test what the application needs"])
    uploaded = STEPS["Upload the findings"]["with"]["sarif_file"]
    reports = {path.name for path in (copy.folder / "reports").iterdir()}
    assert reports >= {"tests.xml", "needs.xml", "junit.xml", "report.html", "report.json", Path(uploaded).name}
    assert (copy.folder / "summary.md").read_text() == (copy.folder / "reports" / "report.md").read_text()


@pytest.mark.parametrize("name", STEPS)
def test_step_runs_or_is_named(name: str) -> None:
    """A step that only GitHub can carry out stands in the guide with what it does; any other one is a command."""
    if name in NOT_RUN:
        assert f"| {name} | {NOT_RUN[name]} |" in GUIDE
    else:
        assert "uses" not in STEPS[name]
        assert "${{" not in STEPS[name]["run"]


def test_nothing_is_named_that_is_not_there() -> None:
    """The table of what cannot run here has no step that the workflow has not."""
    assert NOT_RUN.keys() <= STEPS.keys()


def test_both_workflows_run_the_same() -> None:
    """What GitLab's job runs is what GitHub's steps run, word for word."""
    named = ("Test the application", "Serve the mock", "Test what the application needs", "Check")
    github = [line for name in named for line in STEPS[name]["run"].strip().splitlines()]
    assert GITLAB["contracts"]["script"] == github
    assert GITLAB["contracts"]["before_script"] == [STEPS["Install"]["run"]]
    assert {name: GITHUB["env"][name] for name in ("PORT", "TARGET", "SCOPE")} == {
        name: GITLAB["variables"][name] for name in ("PORT", "TARGET", "SCOPE")
    }


def test_readme_types_what_the_workflow_runs() -> None:
    """The commands of the worked repository's README are the workflow's, with its variables filled in."""
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    (console,) = [fence.text for fence in fences(readme) if fence.language == "console"]
    filled = {**GITHUB["env"], "METERMOCK": "/path/to/metermock", "PROFILE": "smoke"}
    typed = [" ".join(step.command.replace("\\\n", " ").split()) for step in steps(console)]
    named = ("Install", "Test the application", "Test what the application needs", "Check")
    run = [re.sub(r'"?\$(\w+)"?', lambda name: filled[name[1]], STEPS[name]["run"]) for name in named]
    run = [command.partition(" --junitxml")[0] for command in run]
    assert typed == [*run[:2], "mockserver serve &", *run[2:]]


@pytest.fixture
def gitlab() -> Iterator[Account]:
    """GitLab's API, which has no report of an earlier run until it is given one."""
    with recording_account() as account:
        account.instead = lambda asked: Answer(404) if asked.method == "GET" else Answer(201, {})
        yield account


def test_gitlab_jobs_after_the_check_run(copy: Copy, gitlab: Account) -> None:
    """With the reports of a check, the comparison and the comment run, before and after there is an earlier report."""
    write_reports(conformance(), copy.folder / "reports")
    report = (copy.folder / "reports" / "report.json").read_bytes()
    variables = {
        "CI_API_V4_URL": gitlab.url,
        "CI_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_IID": "12",
        "CI_DEFAULT_BRANCH": "main",
        "CI_JOB_TOKEN": "job-token",
        "COMMENT_TOKEN": "comment-token",
    }
    compare = "\n".join(GITLAB["compare"]["script"])
    assert copy.run(compare, **variables)[0] == 0
    assert not (copy.folder / "old.json").exists()
    gitlab.instead = lambda asked: Answer(200, report) if asked.method == "GET" else Answer(201, {})
    status, told = copy.run(compare, **variables)
    assert status == 0, told
    assert (copy.folder / "old.json").read_bytes() == report
    status, told = copy.run("\n".join(GITLAB["comment"]["script"]), **variables)
    assert status == 0, told
    written = gitlab.recorded[-1]
    assert written.path == "/projects/7/merge_requests/12/notes"
    assert written.body.startswith(b"body=")
