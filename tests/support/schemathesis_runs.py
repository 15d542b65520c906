"""Runs `schemathesis run` as a person would, in a process of its own, and reads its record."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        status: the command's exit status.
        output: what it printed.
        folder: where it ran and left its reports.
    """

    status: int
    output: str
    folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        """The run in figures; a run that made none is shown with its output."""
        reports = list(self.folder.glob("json-*.json"))
        assert reports, self.output
        summary: dict[str, Any] = json.loads(reports[0].read_text())
        return summary

    @property
    def verdict(self) -> tuple[int, int, int]:
        """Operations tested, unique failures, errors."""
        summary = self.summary
        return summary["operations"]["tested"], summary["test_cases"]["unique_failures"], len(summary["errors"])

    def failed_checks(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name and case of each check that failed, repeats too."""
        (record,) = self.folder.glob("ndjson-*.ndjson")
        for line in record.read_text().splitlines():
            for event in json.loads(line).values():
                recorder = event.get("recorder") or {}
                for case_id, checks in recorder.get("checks", {}).items():
                    failed = [check["name"] for check in checks if check["status"] != "success"]
                    yield from ((name, recorder["cases"][case_id]["value"]) for name in failed)


def schemathesis(folder: Path, *arguments: object, **environment: str) -> Run:
    """Runs the command line with these arguments; reports go to the folder, and nothing is sent to a terminal."""
    command = [Path(sys.executable).with_name("schemathesis"), *arguments]
    finished = subprocess.run(
        [*map(str, command), "--report", "json,ndjson", "--report-dir", str(folder), "--no-color"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(finished.returncode, finished.stdout + finished.stderr, folder)
