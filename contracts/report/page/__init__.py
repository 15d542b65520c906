"""The report as one HTML page that needs nothing but itself: no network, no script, no other file."""

from contracts.report.page.rendering import render

__all__ = ["render"]
