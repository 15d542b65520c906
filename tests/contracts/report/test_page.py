"""The HTML page says what the report says, is valid, weighs little, and lets nothing that a target sends act."""

import json
import re
import subprocess
import unicodedata
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.conformance import Conformance, Requests, Unreached, Words
from contracts.coverage import Covered, Keyword, OperationCoverage, Parameter
from contracts.deviations import Accepted, Judgement
from contracts.exitcodes import ExitCode
from contracts.model import DocumentLine, Example, Owner, Result, Severity
from contracts.redact import Redactor
from contracts.report import json_report, write_reports
from contracts.report.page import render
from contracts.report.page.anchors import anchor
from contracts.report.page.findings import LEAST, MOST
from contracts.report.page.values import block, line
from contracts.report.page.wording import seconds, share
from contracts.report.reading import read_report
from contracts.results import Cell
from contracts.results import Outcome as CellOutcome
from contracts.secrets import Secret
from tests.browser import reports
from tests.contracts.made import conformance, deviation, exchange, finding, outcome

ROOT = Path(__file__).parents[3]
INLINE = {"a", "b", "bdi", "code", "small", "span", "strong"}
VOID = {"meta", "input", "br", "rect"}
HOSTILE = (
    "</style></script><script>window.pwned=1</script><img src=x onerror=pwned()>\"'`&\x00\x1b\ud800\u202e\u200b{{7*7}}"
)
COVERAGE = OperationCoverage(
    document="amberflo",
    dialect="published",
    operation_id="getCustomerById",
    method="GET",
    path="/customers/{customerId}",
    family="customers",
    evidence="published",
    state=Covered.TESTED,
    statuses=(("200", Covered.TESTED), ("404", Covered.UNTESTED)),
    parameters=(Parameter("path", "customerId", Covered.TESTED),),
    keywords=(
        Keyword("/properties/name/minLength", met=True, broken=True),
        Keyword("/properties/name/pattern", met=True, broken=False),
        Keyword("/required/0", met=False, broken=False, reachable=False),
    ),
)
WORDS = (
    Words("response_schema_conformance", "check", "a body that fits", "Typed clients fail."),
    Words("resend_counts_once", "law", "that a resent event counts once", "Usage nobody had is billed.", "our reading"),
)
AGREED = Judgement(
    open=(finding(status=404), finding(status=500)),
    accepted=(Accepted(finding(), deviation()),),
    expired=(Accepted(finding(status=404), deviation(until="2020-01-01")),),
    stale=(deviation(check="key_required"),),
    unmet=(deviation(check="use_after_free"),),
)


class Page(HTMLParser):
    """A page taken apart: its text, its elements with their attributes, and what was left open or closed twice."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.elements.append((tag, dict(attrs)))
        self._part(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element without content."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Closes the last element."""
        if not self._open or self._open.pop() != tag:
            self.wrong.append(tag)
        self._part(tag)

    def _part(self, tag: str) -> None:
        """Words of two blocks are two words."""
        if tag not in INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        """Keeps what is read; style and script are not."""
        if not self._open or self._open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a reader reads, with single spaces."""
        return " ".join("".join(self.words).split())

    def all(self, name: str) -> list[str]:
        """The values of an attribute."""
        return [str(attributes[name]) for _, attributes in self.elements if name in attributes]


def text(**more: Any) -> str:
    """What a reader reads of a report."""
    return Page(render(conformance(**more))).text


def hostile(value: str) -> Conformance:
    """A report with the value in every text."""
    body = value.encode("utf-8", "surrogatepass")
    sent = replace(
        exchange(),
        operation_id=value,
        method=value,
        path=value,
        headers={value: value},
        body=body,
        response_headers={value: value},
        response_body=body,
    )
    found = replace(
        finding(target=value, document=value, check=value, operation_id=value, schema_path=value, dialects=(value,)),
        expected=value,
        got=value,
        rests_on=DocumentLine(value, 1),
        evidence=value,
        examples=(Example(value, sent),) * 3,
    )
    agreed = replace(deviation(), identity=found.identity, reason=value, owner=value, until=value)
    cell = Cell(value, value, value, value)
    coverage = replace(
        COVERAGE,
        document=value,
        dialect=value,
        operation_id=value,
        method=value,
        path=value,
        family=value,
        evidence=value,
        reason=value,
        statuses=((value, Covered.UNTESTED),),
        parameters=(Parameter(value, value, Covered.UNTESTED),),
        keywords=(Keyword(value, met=False, broken=False),),
    )
    whole = conformance()
    counts = {value: 1}
    return replace(
        whole,
        target=value,
        url=value,
        documents=tuple(replace(each, name=value, dialect=value, digest=value) for each in whole.documents),
        profile=value,
        versions={value: value},
        started=value,
        requests=Requests(1, 1, counts, counts, counts, counts),
        outcomes=tuple(CellOutcome(cell, result, value, 1, 1, 1, value) for result in Result),
        judgement=Judgement((found,), (Accepted(found, agreed),), (Accepted(found, agreed),), (agreed,), (agreed,)),
        readings=(found,),
        faults=tuple(
            replace(each, document=value, dialect=value, message=value, advice=value) for each in whole.faults
        ),
        unreached=(Unreached(value, value, value),),
        coverage=(coverage,),
        words=(Words(value, "law", value, value, value),),
        notes=(value,),
        excused=counts,
    )


CLEAN = reports.report()
REPORTS = {
    "one of everything": conformance(AGREED, coverage=(COVERAGE,), words=WORDS, readings=(finding(status=201),)),
    "clean": replace(CLEAN, outcomes=CLEAN.outcomes[:200], coverage=CLEAN.coverage[:40]),
    "no tests": conformance(
        Judgement(open=()), outcomes=(), documents=(), faults=(), notes=(), exit_code=ExitCode.CONFORMS
    ),
    "hostile": hostile(HOSTILE),
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_same_report_gives_the_same_page(name: str) -> None:
    """Rendering is pure: the same bytes each time, and every one of them can be written as UTF-8."""
    assert render(REPORTS[name]).encode() == render(REPORTS[name]).encode()


@pytest.mark.parametrize("name", REPORTS)
def test_every_page_is_well_formed(name: str) -> None:
    """Every element is closed in its turn, no id is given twice, and every link of the page leads somewhere."""
    page = Page(render(REPORTS[name]))
    assert page.wrong == []
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.all("href")} - set(ids) == set()


def test_pages_are_valid_html(tmp_path: Path) -> None:
    """A validator finds nothing wrong with any page, also one whose texts are all hostile."""
    for name, found in REPORTS.items():
        (tmp_path / f"{name.replace(' ', '-')}.html").write_text(render(found), encoding="utf-8")
    validator = ROOT / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    assert validator.is_file(), "html-validate is not installed: scripts/test installs it where there is npm"
    # How long a title search engines show is nothing to a report.
    rules = {"root": True, "extends": ["html-validate:recommended"], "rules": {"long-title": "off"}}
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(rules))
    said = subprocess.run(
        ["node", str(validator), *(each.name for each in sorted(tmp_path.glob("*.html")))],  # noqa: S607 - from PATH
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.parametrize("name", REPORTS)
def test_the_policy_allows_the_own_style_and_script_alone(name: str) -> None:
    """The policy forbids everything but one style and one script, each by its hash; nothing is inline elsewhere."""
    page = render(REPORTS[name])
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    inline = {}
    for kind in ("style", "script"):
        (content,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        inline[f"{kind}-src"] = f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
    assert parts == {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", **inline}
    names = {name for _, attributes in Page(page).elements for name in attributes}
    assert [name for name in names if name == "style" or name.startswith("on")] == []


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_loaded(name: str) -> None:
    """No element of the page asks for anything but the page."""
    page = Page(render(REPORTS[name]))
    loading = {"img", "link", "iframe", "object", "embed", "audio", "video", "base", "use", "image", "foreignobject"}
    assert [tag for tag, _ in page.elements if tag in loading] == []
    assert page.all("src") == page.all("srcset") == page.all("action") == []
    assert all(link.startswith("#") for link in page.all("href"))


def test_hostile_texts_make_no_element() -> None:
    """Markup in every field makes no element and no attribute that a harmless text in its place does not make."""

    def shape(value: str) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(attributes)) for tag, attributes in Page(render(hostile(value))).elements]

    bad = shape(HOSTILE)
    # Hints are added where something is cut or shown as an escape, so that the numbers differ.
    assert set(bad) == set(shape("." * len(HOSTILE)))
    assert [tag for tag, _ in bad if tag in {"script", "style", "title", "form"}] == [
        "title",
        "style",
        "form",
        "script",
    ]


def test_what_is_hidden_is_shown() -> None:
    """Control characters, lone surrogates and direction marks stand as escapes; none is in the page itself."""
    page = render(hostile("a\u202eb\u2066c\u200bd\x1be\ud800f"))
    assert r"a\u202eb\u2066c\u200bd\x1be\ud800f" in page
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff]", page) is None


@pytest.mark.parametrize(
    ("character", "times"), [("x", 10_000_000), ("\u202e", 200_000), ("&", 200_000), ("\n", 200_000)]
)
def test_long_texts_make_no_long_page(character: str, times: int) -> None:
    """Ten megabytes in every field, or what takes more room when it is escaped, leave a page below one megabyte."""
    size = len(render(hostile(character * times)).encode())
    assert size < 1_000_000


@given(st.text(st.characters(), max_size=60))
@settings(max_examples=200)
def test_a_line_can_stand_anywhere(value: str) -> None:
    """A value in a line has no character that ends an attribute, begins markup or cannot be seen."""
    shown = line(value)
    assert not set(shown) & set("<>\"'")
    assert re.fullmatch(r"([^&]|&(amp|lt|gt|#34|#39);)*", shown, re.DOTALL)
    assert not {unicodedata.category(each) for each in shown if each != "\n"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not set(block(value, 60)) & set("<>")


def test_no_secret_is_written(tmp_path: Path) -> None:
    """A secret of the run that a target sent back is masked in the file, in whatever form, and the page still works."""
    secret = "canary-4711/&<key>"
    found = replace(
        finding(), got=f"it said {secret}", examples=(Example(f"curl {secret}", exchange(body=secret.encode())),)
    )
    report = conformance(Judgement(open=(found,)), redactor=Redactor((Secret(secret),)))
    write_reports(report, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "4711" not in page
    assert page.count("<style>") == page.count("<script>") == 1
    assert page.partition("<style>")[2].partition("</style>")[0] in render(report)


def test_the_large_report_is_small() -> None:
    """190 operations in two dialects and 200 findings, three examples of 4 KB bodies each, take no more than 2 MB."""
    page = render(reports.large())
    assert len(page.encode()) <= 2_000_000
    assert page.count('<details class="finding') == reports.FINDINGS + 4
    assert page.count('<details class="operation"') == reports.OPERATIONS


def test_an_example_is_told_in_full_where_there_is_room() -> None:
    """A single finding has its examples whole; what is cut says so."""
    found = replace(finding(), examples=reports.finding(1).examples)
    page = render(conformance(Judgement(open=(found,))))
    assert Page(page).text.count("--data-raw") == 3
    assert "report.json has the whole" not in page
    assert 0 < LEAST < 4096 < MOST


def test_equal_findings_have_ids_of_their_own() -> None:
    """A finding's id comes from its identity, so that a link to it holds from run to run; no two share one."""
    page = Page(render(conformance(Judgement(open=(finding(), finding())))))
    expected = f"finding--{finding().identity.fingerprint[:16]}"
    assert [each for each in page.all("id") if each.startswith("finding--")] == [expected, f"{expected}--again2"]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("op", "amberflo", "list-Meters_2"), "op--amberflo--list-Meters_2"),
        (("op", "a--b", "c"), r"op--[0-9a-f]{12}"),
        (("op", "specs/x.yaml", "c"), r"op--[0-9a-f]{12}"),
        (("op", "x" * 100), r"op--[0-9a-f]{12}"),
        (("op", "\ud800"), r"op--[0-9a-f]{12}"),
    ],
)
def test_ids_are_readable_or_hashes(parts: tuple[str, ...], expected: str) -> None:
    """Plain names make an id that can be read; others a hash, so that none can be taken for another."""
    assert re.fullmatch(expected, anchor(*parts))


@pytest.mark.parametrize(
    ("taken", "expected"),
    [(0.0, "0.0 s"), (59.94, "59.9 s"), (60.0, "1 min 0 s"), (431.5, "7 min 12 s"), (7384.0, "2 h 3 min")],
)
def test_durations_are_for_readers(taken: float, expected: str) -> None:
    """Seconds, then minutes, then hours."""
    assert seconds(taken) == expected


def test_a_report_that_was_read_again_gives_the_same_page(tmp_path: Path) -> None:
    """Nothing of the page is lost in the JSON report, not even in the last digit of a time."""
    report = replace(REPORTS["one of everything"], seconds=0.0496, redactor=Redactor())
    path = tmp_path / "report.json"
    path.write_text(json_report.render(report), encoding="utf-8", errors="backslashreplace")
    assert render(read_report(path)) == render(report)


VERDICTS = [
    ({}, "This deployment does not conform: 1 finding in 1 of 1 operation; 1 part of the run could not be made;"),
    ({"judgement": AGREED}, "does not conform: 2 findings in 1 of 1 operation; 1 more accepted;"),
    (
        {"judgement": Judgement(()), "faults": (), "exit_code": ExitCode.CONFORMS},
        "This deployment conforms, as far as it was tested: no finding in 1 operation; 60\xa0% of the checks have no",
    ),
    (
        {
            "judgement": Judgement(()),
            "faults": (),
            "exit_code": ExitCode.CONFORMS,
            "outcomes": (outcome(Result.CONFORM),),
        },
        "This deployment conforms, as far as it was tested: no finding in 1 operation.",
    ),
    (
        {"judgement": Judgement(()), "faults": (), "exit_code": ExitCode.CONFORMS, "outcomes": ()},
        "Nothing was tested, so nothing is known of this deployment: no finding in 0 operations.",
    ),
    (
        {"judgement": Judgement(()), "exit_code": ExitCode.COULD_NOT_RUN},
        "This deployment could not be checked in full: no finding in 1 operation; 1 part of the run",
    ),
    (
        {"judgement": Judgement(()), "exit_code": ExitCode.COULD_NOT_RUN, "outcomes": ()},
        "Nothing could be checked:",
    ),
]


@pytest.mark.parametrize(("more", "expected"), VERDICTS)
def test_the_verdict_is_a_sentence(more: dict[str, Any], expected: str) -> None:
    """The heading says whether the deployment conforms, how far, and what nobody knows."""
    page = render(conformance(**more))
    (heading,) = re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert expected.replace("\xa0", " ") in Page(heading).text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "0\xa0%"),
        (1, 2, "50\xa0%"),
        (1, 1000, "less than 1\xa0%"),
        (999, 1000, "more than 99\xa0%"),
        (3, 3, "100\xa0%"),
    ],
)
def test_shares_do_not_round_to_none_or_all(part: int, whole: int, expected: str) -> None:
    """A share is 0 % of nothing alone, and 100 % of everything alone."""
    assert share(part, whole) == expected


@pytest.mark.parametrize(
    "words",
    [
        "Target http://127.0.0.1:8000 (loopback), on the machine of the run",
        "amberflo published (17 operations); solvimon (1 operation)",
        "2026-01-31T12:00:00+00:00, in 1.5 s; profile smoke, 10 requests",
        "Target: 2 findings (2 high) whoever runs this deployment",
        "response_schema_conformance: 2 findings in 1 operation expected: a body that fits",
        "Whoever made the run: 1 part could not be made look at its URL",
        "1 inconclusive: it was tried, but the answers say nothing",
        "Most often: 503 after 4 attempts (1)",
        "Expected a body that fits at /required",
        r"Got customerName is missing \x00\x1b",
        "Why it matters Typed clients fail.",
        "Rests on specs/amberflo/billing.yaml:12; evidence: published",
        "Seen 3 times, in published",
        "curl -sS http://127.0.0.1/customers/a",
        "They are no findings.",
        "Accepted until 2030-01-31 by billing team: known since spring",
        "until 2020-01-01",
        "key_required of getCustomerById",
        "use_after_free of getCustomerById",
        "solvimon: the target gives no answer; look at its URL",
        "2 \N{MULTIPLICATION SIGN} 429",
        "1 \N{MULTIPLICATION SIGN} cut",
        "3 \N{MULTIPLICATION SIGN} it writes",
        "1 \N{MULTIPLICATION SIGN} negative_data_rejection: the other dialect",
        "Deleted: 3. Not there any more: 0.",
        "Seed 7",
        "metermock 0.1.0, schemathesis 4.32.5, python 3.11.7",
        "a" * 64,
        "10 sent, 12 with repetitions",
        "Exit status 1",
    ],
)
def test_the_page_says_what_the_report_says(words: str) -> None:
    """Each section has its facts."""
    assert words in Page(render(REPORTS["one of everything"])).text


@pytest.mark.parametrize(
    "words",
    [
        "customers 1 of 1 1 of 2, 1 untested 1 of 1 1 of 3, 1 untested, 1 not reachable",
        "this was tested: 1 of 1 operations, 1 of 2 statuses, 1 of 1 parameters, 1 of 3 keywords",
        "statuses 200 tested; 404 untested",
        "parameters customerId (path) tested",
        "1 of 3 tested",
        "never broken alone: name (pattern)",
        "not reachable: required (0)",
        "GET /customers/{customerId}",
        "answered with success yes",
    ],
)
def test_coverage_is_told_by_family_and_by_operation(words: str) -> None:
    """Sums stand in the table; what is missing stands with the operation."""
    assert words in text(coverage=(COVERAGE,))


def test_coverage_that_nobody_counted_is_said() -> None:
    """Without coverage the page says so, and sorts the operations by their document."""
    read = text(coverage=())
    assert "Not counted in this run." in read
    assert "amberflo 1 operation" in read


def test_a_run_without_a_verdict_is_not_taken_for_a_good_one() -> None:
    """Where nothing could be tested, no card says that nothing differs or that nobody has to act."""
    read = text(outcomes=(), judgement=Judgement(()), exit_code=ExitCode.COULD_NOT_RUN)
    assert "What differs Nobody knows: nothing was tested." in read
    assert "Who should act Whoever made the run: 1 part could not be made" in read


def test_a_field_shows_the_worst_and_leads_to_the_operations() -> None:
    """A field of the matrix has its worst result and its count, and its link shows operations and reason."""
    page = render(conformance(coverage=(COVERAGE,), words=WORDS))
    fields = re.findall(r'<td class="field (\S+)"><a href="#(\S+)" title="([^"]*)"', page)
    assert {worst for worst, _, _ in fields} == {"differs", "conform", "inconclusive", "untested", "not-reachable"}
    (found,) = [where for worst, where, title in fields if worst == "untested" and title == "1 untested"]
    opened = page.partition(f'id="{found}"')[2].partition("</div>")[0]
    assert "use_after_free" in opened
    assert "the time of the run was over" in opened
    assert 'href="#op--amberflo--getCustomerById"' in opened


def test_laws_have_a_matrix_of_their_own() -> None:
    """A law is told apart from checks, with the word that it rests on; without laws there is no such section."""
    law = outcome(Result.CONFORM, "resend_counts_once")
    with_laws = text(outcomes=(law, outcome(Result.DIFFERS)), words=WORDS)
    assert "Laws by family of operations" in with_laws
    assert "resend_counts_once that a resent event counts once our reading conforms 1" in with_laws
    assert "Laws by family of operations" not in text()


def test_a_result_of_one_dialect_names_it() -> None:
    """Where the dialects of an operation disagree, a field's list says which one is meant."""
    disagreeing = (outcome(Result.CONFORM, dialect="live"), outcome(Result.UNTESTED, reason="no time"))
    page = text(outcomes=disagreeing)
    assert "untested: no time (1 operation) getCustomerById (published)" in page
    assert "In live 1 conforms response_schema_conformance" in page


def test_dialects_that_agree_are_told_of_once() -> None:
    """An operation that came to the same in both dialects is not told of twice."""
    both = text(outcomes=(outcome(Result.CONFORM, dialect="live"), outcome(Result.CONFORM)))
    assert "In live and published 1 conforms response_schema_conformance" in both


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"notes": ()}, "so nothing was cleaned up"),
        ({"notes": (), "writes": False}, "This run only read: it created, changed and deleted nothing."),
        ({"notes": (), "loopback": False}, "The run noted nothing that stays."),
        ({"notes": ("4 meters stay",), "loopback": False}, "4 meters stay"),
    ],
)
def test_what_stays_is_said(more: dict[str, Any], expected: str) -> None:
    """What a run leaves on a target is told, also when it is nothing."""
    assert expected in text(**more)


def test_findings_stand_worst_first() -> None:
    """Severity decides the order, whatever order the report has."""
    found = [replace(finding(status=number), severity=severity) for number, severity in enumerate(reversed(Severity))]
    page = render(conformance(Judgement(open=tuple(found))))
    assert re.findall(r'<details class="finding (\w+)"', page) == [each.value for each in Severity]


def test_findings_can_be_told_apart_by_what_they_are_filtered_by() -> None:
    """Each finding and operation has a token for each facet, and each token is a choice of the filter."""
    found = (finding(), replace(finding(check="key_required"), owner=Owner.DOCUMENT))
    page = Page(render(conformance(Judgement(open=found))))
    choices = {attributes["value"] for tag, attributes in page.elements if tag == "option"}
    shown = [attributes for tag, attributes in page.elements if tag == "details" and "data-owner" in attributes]
    assert [each["data-owner"] for each in shown] == ["1", "0", "0 1"]
    tokens = {
        token
        for each in shown
        for name, value in each.items()
        if name.startswith("data-")
        for token in str(value).split()
    }
    assert tokens <= choices
