"""Renders the report of a run in each of its forms. Nothing here decides anything."""

from contracts.report.files import write_reports

__all__ = ["write_reports"]
