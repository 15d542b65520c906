"""Puts the page together from what the other modules make of the report, its template, its style and its script."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from contracts.conformance import Conformance
from contracts.coverage.summary import DIMENSIONS, Tally, by_evidence, by_family, whole
from contracts.report.page import wording
from contracts.report.page.anchors import Anchors
from contracts.report.page.charts import Part, bar
from contracts.report.page.drilling import forms, worst
from contracts.report.page.facets import Facets
from contracts.report.page.findings import SHOWN, Teller
from contracts.report.page.head import head
from contracts.report.page.index import Operation, operations
from contracts.report.page.matrix import matrices
from contracts.report.page.values import block, finalize, line


def render(conformance: Conformance) -> str:
    """The report as one HTML page; the same report gives the same page."""
    return _environment().get_template("page.html").render(_context(conformance))


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        finalize=finalize,
        loader=_loader(),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"line": line, "block": block, "counted": wording.counted, "number": wording.number}
    environment.globals |= {"wording": wording, "worst": worst, "forms": forms, "SHOWN": SHOWN}
    environment.globals |= {"style": _asset("style.css"), "script": _asset("script.js")}
    return environment


def _loader() -> BaseLoader:
    return PackageLoader("contracts.report.page", "templates")


@dataclass(frozen=True)
class Asset:
    """What stands inline in the page, and the source by which the page's policy allows it and nothing else."""

    text: Markup
    source: Markup


def _asset(name: str) -> Asset:
    text = files("contracts.report.page").joinpath(name).read_text(encoding="utf-8")
    # The page is one file of these very bytes between two tags, so that the hash of the text is that of the element.
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return Asset(Markup(text), Markup(f"'sha256-{digest}'"))  # noqa: S704 - ours


def _context(conformance: Conformance) -> dict[str, Any]:
    anchors = Anchors()
    words = {each.name: each for each in conformance.words}
    listed = operations(conformance, anchors)
    judgement = conformance.judgement
    teller = Teller(words, listed, anchors)
    checks, laws = matrices(listed, words, anchors)
    findings = teller.tell("finding", judgement.open)
    return {
        "run": conformance,
        "words": words,
        "head": head(conformance, listed, findings),
        "operations": listed,
        "families": _by_family(listed.values()),
        "checks": checks,
        "laws": laws,
        "coverage": _coverage(conformance),
        "findings": findings,
        "readings": teller.tell("reading", conformance.readings),
        "accepted": [(each, teller.tell("accepted", [each.finding])[0]) for each in judgement.accepted],
        "expired": judgement.expired,
        "facets": Facets(judgement.open, listed.values()),
    }


def _by_family(listed: Iterable[Operation]) -> Mapping[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {}
    for operation in listed:
        groups.setdefault(operation.family, []).append(operation)
    return dict(sorted(groups.items()))


@dataclass(frozen=True)
class Covering:
    """Coverage of a part of the documents: its name, and of each dimension its name, its tally and its bar."""

    name: str
    tallies: tuple[tuple[str, Tally, Markup], ...]


def _coverage(conformance: Conformance) -> dict[str, Any] | None:
    """Coverage as a whole, by family and by evidence, or None when nobody counted it."""
    counted = conformance.coverage
    if not counted:
        return None
    evidence = by_evidence(counted)
    return {
        "dimensions": tuple(DIMENSIONS),
        "whole": _covering("all", whole(counted)),
        "by": (
            ("family", [_covering(*each) for each in by_family(counted).items()]),
            ("evidence", [_covering(name, evidence[name]) for name in sorted(evidence, key=wording.evidence_order)]),
        ),
    }


def _covering(name: str, tallies: Mapping[str, Tally]) -> Covering:
    return Covering(name, tuple((what, tally, _bar(f"{name}, {what}", tally)) for what, tally in tallies.items()))


def _bar(label: str, tally: Tally) -> Markup:
    sizes = (("tested", tally.tested), ("untested", tally.untested), ("not reachable", tally.not_reachable))
    return bar(label, [Part(f"cover-{name.replace(' ', '-')}", name, size) for name, size in sizes])
