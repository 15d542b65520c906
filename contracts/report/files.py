"""Writes the reports that are files."""

from collections.abc import Callable
from pathlib import Path

from contracts.conformance import Conformance
from contracts.model import RunError
from contracts.report import json_report, junit

FILES: dict[str, Callable[[Conformance], str]] = {"report.json": json_report.render, "junit.xml": junit.render}


def write_reports(conformance: Conformance, folder: Path) -> tuple[Path, ...]:
    """Writes each report into a folder, which is made when it is not there.

    Args:
        conformance: The report.
        folder: Where.

    Raises:
        RunError: A file cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, render in FILES.items():
            path = folder / name
            # The secrets are out of it already; this is the second lock.
            path.write_text(conformance.redactor.text(render(conformance)), encoding="utf-8", errors="backslashreplace")
            written.append(path)
    except OSError as error:
        raise RunError(
            f"the report cannot be written to {folder}: {error.strerror}", "give another --report-dir"
        ) from None
    return tuple(written)
