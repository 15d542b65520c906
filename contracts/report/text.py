"""The report for a person, as plain text of a fixed width."""

import io

from rich.console import Console

from contracts.conformance import Conformance
from contracts.report.terminal import print_report

WIDTH = 160


def render(conformance: Conformance) -> str:
    """What a terminal would show, without colours."""
    out = io.StringIO()
    print_report(conformance, Console(file=out, width=WIDTH, highlight=False, markup=False, color_system=None))
    return out.getvalue()
