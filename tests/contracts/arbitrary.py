"""Reports of every shape, for the properties of what is done with them."""

from typing import Any

from hypothesis import strategies as st

from contracts.conformance import CheckedDocument, Conformance, Fault, Requests, Unreached, Words
from contracts.coverage.model import Covered, Keyword, OperationCoverage, Parameter
from contracts.deviations import Accepted, Judgement
from contracts.exitcodes import ExitCode
from contracts.model import (
    Deviation,
    DocumentLine,
    Example,
    Exchange,
    Finding,
    Identity,
    Outcome,
    Owner,
    Profile,
    Result,
    Severity,
    Verdict,
)
from contracts.results import Cell
from contracts.results import Outcome as CellOutcome
from specs.catalog import EVIDENCE

HOSTILE = (
    "",
    "plain words",
    "<script>alert(1)</script>",
    "]]> & \"quoted\" 'text' `code` | cell",
    "\x00\x1b[31m\x7f\u202eabc\u2066\r\n\t",
    "half \ud800 a character",
    "https://example.invalid/@name#1",
    "\U0001f4a9 \u05d0\u05d1 \u00e9 e\u0301",
)

names = st.sampled_from(("amberflo", "solvimon", "getCustomerById", "a b", "\u00e9\u202e<b>", "x" * 300))
# Such names are members of objects too, where half a character cannot stand.
keys = st.sampled_from(("429", "it writes", "\u00e9\u202e<b>&`|", "a\nb"))
texts = st.sampled_from(HOSTILE) | st.text(max_size=20)
bodies = st.sampled_from((b"", b"{}", b"\xff\x00\xfe", b"<b>\x1b[0m</b>", "\u00e9\u202e".encode(), b"\xe2\x82"))
numbers = st.integers(0, 10**6)
counts = st.dictionaries(keys, numbers, max_size=3)
seconds = st.floats(0, 10**6)
dialects = st.sampled_from(("", "published", "live"))
evidence = st.sampled_from(("", *EVIDENCE))
operations = st.sampled_from(("getCustomerById", "createCustomer", "\u00e9<op>"))
checks = st.sampled_from(("not_a_server_error", "response_schema_conformance", "resend_counts_once"))


def _some(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def _named(strategy: st.SearchStrategy[Any], name: str) -> st.SearchStrategy[tuple[Any, ...]]:
    """Some with different names, as they are members of one object."""
    return st.lists(strategy, max_size=3, unique_by=lambda each: getattr(each, name)).map(tuple)


identities = st.builds(
    Identity,
    target=names,
    document=names,
    check=checks,
    operation_id=operations,
    status=st.none() | st.integers(100, 599),
    schema_path=texts,
    dialects=st.sampled_from(((), ("published",), ("live", "published"))),
)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """A request, with an answer or without."""
    answered = draw(st.booleans())
    return Exchange(
        number=draw(numbers),
        operation_id=draw(operations),
        method=draw(st.sampled_from(("GET", "POST"))),
        path=draw(texts),
        headers=draw(st.dictionaries(keys, texts, max_size=2)),
        body=draw(bodies),
        status=draw(st.integers(100, 599)) if answered else None,
        response_headers=draw(st.dictionaries(keys, texts, max_size=2)) if answered else {},
        response_body=draw(bodies) if answered else b"",
        elapsed=draw(seconds),
        attempts=draw(st.integers(0, 5)),
        verdict=Verdict(Outcome.SENT if answered else Outcome.FAULT),
    )


findings = st.builds(
    Finding,
    identity=identities,
    severity=st.sampled_from(Severity),
    expected=texts,
    got=texts,
    rests_on=st.none() | st.builds(DocumentLine, names, st.integers(1, 9999)),
    owner=st.sampled_from(Owner),
    evidence=evidence,
    count=st.integers(1, 99),
    examples=_some(st.builds(Example, texts, exchanges())),
)
deviations = st.builds(Deviation, identities, texts, texts, st.dates().map(lambda day: day.isoformat()))
agreements = st.builds(Accepted, findings, deviations)
judgements = st.builds(
    Judgement,
    open=_some(findings),
    accepted=_some(agreements, 1),
    expired=_some(agreements, 1),
    stale=_some(deviations, 1),
    unmet=_some(deviations, 1),
)
outcomes = st.builds(
    CellOutcome,
    cell=st.builds(Cell, names, dialects, operations, checks),
    result=st.sampled_from(Result),
    evidence=evidence | st.just("our reading"),
    conform=numbers,
    differs=numbers,
    inconclusive=numbers,
    reason=texts,
)
_marks = st.sampled_from(((True, True, True), (True, False, True), (False, True, True), (False, False, False)))
keywords = st.builds(lambda pointer, marks: Keyword(pointer, *marks), keys, _marks)
coverages = st.builds(
    OperationCoverage,
    document=names,
    dialect=dialects,
    operation_id=operations,
    method=st.sampled_from(("GET", "POST")),
    path=texts,
    family=names,
    evidence=evidence,
    state=st.sampled_from(Covered),
    reason=texts,
    statuses=st.dictionaries(keys, st.sampled_from(Covered), max_size=2).map(lambda found: tuple(found.items())),
    parameters=_some(st.builds(Parameter, st.sampled_from(("path", "query")), texts, st.sampled_from(Covered))),
    keywords=_named(keywords, "pointer"),
)
words = st.builds(Words, checks, st.sampled_from(("check", "law")), texts, texts, evidence)
documents = st.builds(
    CheckedDocument, names, dialects, st.sampled_from("0123456789abcdef").map(lambda digit: digit * 64), numbers
)

conformances = st.builds(
    Conformance,
    target=names,
    url=texts,
    documents=st.lists(documents, min_size=1, max_size=2).map(tuple),
    profile=st.sampled_from(Profile).map(str),
    seed=st.integers(0, 2**31) | st.just(10**30),
    versions=st.fixed_dictionaries(dict.fromkeys(("metermock", "schemathesis", "python"), texts)),
    started=st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}+00:00"),
    seconds=seconds,
    requests=st.builds(Requests, numbers, numbers, counts, counts, counts, counts),
    outcomes=_some(outcomes, 4).map(lambda found: tuple(sorted(found, key=lambda each: each.cell))),
    judgement=judgements,
    exit_code=st.sampled_from(ExitCode),
    readings=_some(findings, 1),
    faults=_some(st.builds(Fault, names | st.just(""), dialects, texts, texts), 1),
    unreached=_some(st.builds(Unreached, names, dialects, operations)),
    coverage=_some(coverages),
    words=_named(words, "name"),
    loopback=st.booleans(),
    writes=st.booleans(),
    notes=_some(texts),
    excused=counts,
)
"""Reports with anything in any place."""
