"""The forms that a report can be given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts.conformance import Conformance
from contracts.report import json_report, junit, markdown, sarif, text


@dataclass(frozen=True)
class Format:
    """A form of the report.

    Args:
        name: What a command line calls it.
        file: The name of its file in a folder of reports.
        render: Writes a report in it; the same report gives the same text.
    """

    name: str
    file: str
    render: Callable[[Conformance], str]


def _page(conformance: Conformance) -> str:
    """The HTML page; what it is made with is not loaded before somebody wants one."""
    from contracts.report import page  # noqa: PLC0415 - as above

    return page.render(conformance)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format("text", "report.txt", text.render),
            Format("json", "report.json", json_report.render),
            Format("junit", "junit.xml", junit.render),
            Format("markdown", "report.md", markdown.render),
            Format("sarif", "report.sarif", sarif.render),
            Format("html", "report.html", _page),
        )
    }
)
"""Every form by its name."""
