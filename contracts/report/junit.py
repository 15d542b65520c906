"""The report as JUnit XML: a suite a projection and operation, a case a check.

What differs is a failure; what could not be run is an error; what has no verdict is skipped, with its reason, so that
no tool counts it as passed. An accepted finding is skipped too, with the deviation's words.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.conformance import Conformance
from contracts.coverage.model import OperationCoverage
from contracts.coverage.summary import DIMENSIONS, whole
from contracts.deviations import Accepted
from contracts.model import Finding, Result
from contracts.report.sums import NOT_COUNTED, share
from contracts.report.visible import visible
from contracts.results import Outcome

SCHEMA = "junit.xsd"

Properties = Iterable[tuple[str, str]]
"""Names and values, which a suite tells of itself."""

_MOST = 10_000
"""Characters of one text."""


def render(conformance: Conformance) -> str:
    """The report as text."""
    root = Element("testsuites", name="contracts")
    shared = tuple(_properties(conformance))
    covered = {(each.document, each.dialect, each.operation_id): each for each in conformance.coverage}
    suites = []
    for label, group in groupby(conformance.outcomes, _label):
        outcomes = list(group)
        cell = outcomes[0].cell
        own = _coverage(covered.get((cell.document, cell.dialect, cell.operation_id)))
        suites.append(_suite(conformance, label, outcomes, (*shared, *own)))
    if conformance.faults:
        suites.append(_fault_suite(conformance, shared))
    root.extend(suites)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.set("time", f"{conformance.seconds:.3f}")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _label(outcome: Outcome) -> str:
    cell = outcome.cell
    return ".".join(part for part in (cell.document, cell.dialect, cell.operation_id) if part)


def _suite(conformance: Conformance, label: str, outcomes: list[Outcome], properties: Properties) -> Element:
    suite = _new_suite(conformance, label, properties)
    for outcome in outcomes:
        case = SubElement(suite, "testcase", name=_clean(outcome.cell.check), classname=_clean(label), time="0.000")
        _fill(case, outcome, conformance)
    _count(suite)
    return suite


def _fill(case: Element, outcome: Outcome, conformance: Conformance) -> None:
    """What became of a check."""
    if outcome.result is Result.DIFFERS:
        accepted = [each for each in conformance.judgement.accepted if _is_about(each.finding, outcome)]
        failures = [each for each in conformance.judgement.open if _is_about(each, outcome)]
        if failures or not accepted:
            _fail(case, failures)
        else:
            SubElement(case, "skipped", message=_clean(_words(accepted[0])))
    elif outcome.result is Result.READING:
        seen = next((each for each in conformance.readings if _is_about(each, outcome)), None)
        words = f": expected {seen.expected}; got {seen.got}" if seen else ""
        SubElement(case, "skipped", message=_clean(f"differs from our reading, which is no finding{words}"))
    elif outcome.result is not Result.CONFORM:
        SubElement(case, "skipped", message=_clean(f"{outcome.result}: {outcome.reason}"))


def _fail(case: Element, findings: list[Finding]) -> None:
    first = findings[0] if findings else None
    message = f"expected {first.expected}; got {first.got}" if first else "it differs"
    failure = SubElement(case, "failure", message=_clean(message), type=case.get("name", ""))
    failure.text = _clean("\n\n".join(map(_described, findings)))


def _described(finding: Finding) -> str:
    line = finding.rests_on
    parts = [
        f"expected: {finding.expected}",
        f"got: {finding.got}",
        f"severity: {finding.severity}; likely owner: {finding.owner}; seen {finding.count} times",
        *([f"rests on: {line.file}:{line.line}"] if line else []),
        *[example.curl for example in finding.examples[:1] if example.curl],
    ]
    return "\n".join(parts)


def _is_about(finding: Finding, outcome: Outcome) -> bool:
    identity, cell = finding.identity, outcome.cell
    same = (identity.document, identity.operation_id, identity.check) == (cell.document, cell.operation_id, cell.check)
    return same and (not identity.dialects or cell.dialect in identity.dialects)


def _words(accepted: Accepted) -> str:
    deviation = accepted.deviation
    return f"accepted until {deviation.until} by {deviation.owner}: {deviation.reason}"


def _fault_suite(conformance: Conformance, properties: Properties) -> Element:
    suite = _new_suite(conformance, "run", properties)
    for fault in conformance.faults:
        name = " ".join(part for part in (fault.document, fault.dialect) if part) or "run"
        case = SubElement(suite, "testcase", name=_clean(name), classname="run", time="0.000")
        SubElement(case, "error", message=_clean(fault.message), type="RunError").text = _clean(fault.advice)
    _count(suite)
    return suite


def _new_suite(conformance: Conformance, label: str, properties: Properties) -> Element:
    suite = Element("testsuite", name=_clean(label), timestamp=_clean(conformance.started), time="0.000")
    parent = SubElement(suite, "properties")
    for name, value in properties:
        SubElement(parent, "property", name=_clean(name), value=_clean(value))
    return suite


def _properties(conformance: Conformance) -> Iterator[tuple[str, str]]:
    yield "target", f"{conformance.target} {conformance.url}"
    yield "profile", conformance.profile
    yield "seed", str(conformance.seed)
    yield "requests", str(conformance.requests.sent)
    for document in conformance.documents:
        yield ".".join(filter(None, ("sha256", document.name, document.dialect))), document.digest
    for name, version in conformance.versions.items():
        yield f"version.{name}", version
    if not conformance.coverage:
        yield "coverage", NOT_COUNTED
        return
    for dimension, tally in whole(conformance.coverage).items():
        yield f"coverage.{dimension}", share(tally)


def _coverage(operation: OperationCoverage | None) -> Iterator[tuple[str, str]]:
    """What was tried of the operation of a suite."""
    if operation is None:
        return
    yield "operation", operation.state.value + (f": {operation.reason}" if operation.reason else "")
    tallies = whole([operation])
    for dimension in DIMENSIONS:
        if tallies[dimension].total and dimension != "operations":
            yield f"operation.{dimension}", share(tallies[dimension])


def _count(suite: Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))


def _clean(text: str) -> str:
    """The text as XML can hold it and a reader can see it."""
    return visible(text, keep="\t\n", most=_MOST)
