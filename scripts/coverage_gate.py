"""Fails when a package that must be covered is not: `python scripts/coverage_gate.py COVERAGE.json`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REQUIRED = {"mockserver/domain/": 95.0, "mockserver/engine/": 95.0}
"""Least percentage of a folder's statements and, counted apart, of its branches."""
MEASURES = {"statements": ("covered_lines", "num_statements"), "branches": ("covered_branches", "num_branches")}


def percentage(files: Mapping[str, Any], folder: str, measure: str) -> float:
    """How much of a folder was run, in percent; 0 when nothing of it was measured."""
    covered, total = MEASURES[measure]
    summaries = [file["summary"] for name, file in files.items() if name.startswith(folder)]
    there_is = sum(summary[total] for summary in summaries)
    return 100.0 * sum(summary[covered] for summary in summaries) / there_is if there_is else 0.0


def main(report: str) -> int:
    """Prints each figure; 1 when one is too low."""
    files = json.loads(Path(report).read_text())["files"]
    failed = False
    for folder, least in REQUIRED.items():
        for measure in MEASURES:
            reached = percentage(files, folder, measure)
            verdict = "ok" if reached >= least else f"too low: {least:.0f} % is asked for"
            failed |= reached < least
            print(f"{folder:<20} {measure:<10} {reached:6.2f} %  {verdict}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
