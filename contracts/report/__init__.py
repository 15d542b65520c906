"""Renders the report of a run: as JSON, as JUnit, and for a terminal. Nothing here decides anything."""

from contracts.report.files import write_reports

__all__ = ["write_reports"]
