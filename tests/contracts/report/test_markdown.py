"""The Markdown report: short enough for a comment, the worst first, and nothing of a target is more than text."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from contracts.conformance import CheckedDocument, Conformance, Fault, Words
from contracts.coverage.model import Covered, OperationCoverage
from contracts.deviations import Accepted, Judgement
from contracts.exitcodes import ExitCode
from contracts.model import Example, Result, Severity
from contracts.report import markdown
from contracts.report.escaping import cell, code, fenced, prose
from tests.contracts.made import conformance, deviation, exchange, finding, outcome
from tests.contracts.report.hostile import SPITE, UNSEEN, empty, many, spiteful

PARSER = MarkdownIt("commonmark").enable("table")
OURS = {"<details>\n<summary>Send it again</summary>\n", "</details>\n"}
HARMLESS = {"text", "code_inline", "strong_open", "strong_close"}
# What the code hosts make more of than CommonMark does, wherever it is no code.
OBEYED = re.compile(r"@\w|#\w|https?:|www\.\w|:\w+:|\$|<|\[|!\[|~~|[A-Za-z]-\d", re.IGNORECASE)
TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("`*_[]()<>#@!|\\~$&:/\n\r\t -.1ab"),
        st.characters(categories=["Cs", "Cf", "Cc"]),
    ),
    max_size=60,
)


def tokens(text: str) -> Iterator[Token]:
    """Everything that a reader of Markdown sees in a text, the inside of lines too."""
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def assert_is_text_alone(text: str) -> None:
    """Nothing in it is a link, a picture, markup, or what a code host makes one of."""
    for token in tokens(text):
        assert not token.type.startswith("html_block") or token.content in OURS, token.content
        if token.type == "inline":
            assert {each.type for each in token.children or ()} <= HARMLESS
        if token.type == "text":
            assert not OBEYED.search(token.content), token.content
    assert not set(text) & set(UNSEEN)


def headings(text: str) -> list[str]:
    """The headings, in their order."""
    found = list(PARSER.parse(text))
    return [after.content for each, after in pairwise(found) if each.type == "heading_open"]


def test_it_says_everything() -> None:
    """Verdict, counts, findings, agreements, incidents, what stays and how to repeat it are in it."""
    agreed = Judgement(
        open=(finding(),),
        accepted=(Accepted(finding(status=404), deviation()),),
        stale=(deviation(check="key_required"),),
        unmet=(deviation(check="use_after_free"),),
    )
    words = (Words("response_schema_conformance", "check", "a body that fits", "Typed clients fail."),)
    text = markdown.render(conformance(agreed, words=words))
    for part in (
        "**It does not conform. 1 finding, 1 accepted.**",
        "| published | 1 | 1 | 0 | 1 | 1 | 1 |",
        "expected: a body that fits at `/required`",
        "got: customerName is missing",
        "why it matters: Typed clients fail.",
        "likely owner: target; evidence: `published`; seen 3 times",
        "rests on: `specs/amberflo/billing.yaml:12`",
        "curl -sS http://127.0.0.1/customers/a",
        "Accepted deviations",
        "known since spring; until `2030-01-31`",
        "Stale deviations",
        "could say nothing about",
        "2 times answered 429",
        "3 times not sent: it writes",
        "1 times untested: the time of the run was over",
        "Who should act, as far as that can be told: 1 target.",
        "`solvimon`: the target gives no answer; to do: look at its URL",
        "note: Deleted: 3. Not there any more: 0.",
        "seed: 7",
        "schemathesis 4.32.5",
        "a" * 64,
    ):
        assert part in text, part


def test_coverage_is_a_line_a_family() -> None:
    """Each family says how much of it was tried; what nobody counted is said to be so."""
    operations = (
        OperationCoverage("a", "", "x", "GET", "/x", "metering", "published", Covered.TESTED),
        OperationCoverage("a", "", "y", "GET", "/y", "metering", "published", Covered.NOT_REACHABLE, "it writes"),
        OperationCoverage("a", "", "z", "GET", "/z", "billing", "inferred", Covered.UNTESTED),
    )
    text = markdown.render(conformance(coverage=operations))
    assert "- family metering: operations 1/2 (1 not reachable), statuses -" in text
    assert "- family billing: operations 0/1" in text
    assert "- evidence inferred: operations 0/1" in text
    assert "not counted" in markdown.render(conformance())


def test_laws_that_do_not_hold_are_named() -> None:
    """Laws are counted, and those that differ have a line each."""
    words = tuple(Words(name, "law", "x", "y", "published") for name in ("good_law", "bad_law"))
    outcomes = (outcome(Result.CONFORM, "good_law"), outcome(Result.CONFORM, "bad_law"))
    differs = outcome(Result.DIFFERS, "bad_law", "live")
    text = markdown.render(conformance(outcomes=(*outcomes, differs), words=words))
    assert "in all: 1 conform, 1 differs" in text
    assert "- differs: `bad_law`" in text
    assert "- differs: `good_law`" not in text


@pytest.mark.parametrize(
    ("code_", "words"),
    [
        (ExitCode.CONFORMS, "It conforms, as far as it was tested."),
        (ExitCode.COULD_NOT_RUN, "It could not be checked."),
    ],
)
def test_the_verdict_comes_first(code_: ExitCode, words: str) -> None:
    """The first words after the title are the verdict."""
    text = markdown.render(conformance(Judgement(open=()), exit_code=code_))
    assert text.split("\n")[2].startswith(f"**{words}")


def test_the_worst_is_told_first_and_the_rest_is_counted() -> None:
    """Of 5,000 findings the first ones are told in full, others in a line, and the rest by their number."""
    grave = replace(finding(operation_id="worst"), severity=Severity.CRITICAL)
    found = Judgement((grave, *many(4_999).judgement.open))
    text = markdown.render(conformance(found))
    assert len(text) <= markdown.LIMIT
    assert next(each for each in headings(text) if each[0].isdigit()).startswith("1. critical: `worst`")
    told = sum(each[0].isdigit() for each in headings(text))
    lines = text.count("\n- high: ")
    (left,) = re.findall(r"\n- and (\d+) more; ", text)
    assert told > 20
    assert lines > 20
    assert told + lines + int(left) == 5_000
    assert "### The run" in text


@pytest.mark.parametrize("piece", ["x", "word `x` @all ", "`", "\x00", "\u202e", SPITE])
def test_it_is_short_whatever_it_is_told(piece: str) -> None:
    """Megabytes in every field, ticks alone, or what is written as escapes: a comment still holds it."""
    shown = markdown.render(spiteful(piece * (2_000_000 // len(piece))))
    assert len(shown) <= markdown.LIMIT
    assert_is_text_alone(shown)
    assert "characters more" in shown


def test_it_is_short_however_much_there_is() -> None:
    """Hundreds of everything, each with hostile text: nothing but the number is told of what has no room."""
    one = spiteful()
    judgement = replace(
        one.judgement,
        open=one.judgement.open * 500,
        accepted=one.judgement.accepted * 500,
        stale=one.judgement.stale * 500,
        unmet=one.judgement.unmet * 500,
    )
    shown = markdown.render(
        replace(
            one,
            judgement=judgement,
            readings=one.readings * 500,
            faults=one.faults * 500,
            notes=one.notes * 500,
            coverage=tuple(replace(one.coverage[0], family=f"f{number}") for number in range(500)),
            documents=one.documents * 100,
            outcomes=tuple(replace(one.outcomes[0], evidence=f"e{number}") for number in range(500)),
        )
    )
    assert len(shown) <= markdown.LIMIT
    assert_is_text_alone(shown)


@pytest.mark.parametrize("found", [conformance(), empty(), many(30), spiteful()])
def test_no_target_writes_in_it(found: Conformance) -> None:
    """No markup, link, picture, mention or unseen character comes from a target, and no fence is left open."""
    assert_is_text_alone(markdown.render(found))


def test_the_headings_are_ours() -> None:
    """A target cannot begin a section of its own."""
    known = headings(markdown.render(conformance()))
    assert known[0] == "Conformance of `http://127.0.0.1:8000`"
    titles = [each for each in headings(markdown.render(spiteful())) if "heading" in each and "`" not in each]
    assert titles == []


def test_a_report_of_nothing_is_one() -> None:
    """Without a test, a document or a finding there is still a verdict."""
    assert "It does not conform. 0 findings." in markdown.render(empty())


def test_a_command_that_is_too_long_is_told_by_its_length() -> None:
    """A command cut in the middle would do something else."""
    long = replace(finding(), examples=(Example("curl " + "x" * 4_000, exchange()),))
    text = markdown.render(conformance(Judgement((long,))))
    assert "a command of 4005 characters" in text
    assert "xxxx" not in text


def test_the_same_report_gives_the_same_text() -> None:
    """Rendering depends on the report alone."""
    assert markdown.render(spiteful()) == markdown.render(spiteful())


def test_what_could_not_be_run_is_told_before_the_findings() -> None:
    """Who reads the verdict must know at once that it is about a part."""
    found = headings(markdown.render(conformance(faults=(Fault("", "", "it is down", ""),))))
    assert found.index("What could not be run") < found.index("Findings, the gravest first")


def test_documents_are_named_with_their_hashes() -> None:
    """Each document is there with its dialect."""
    text = markdown.render(conformance(documents=(CheckedDocument("amberflo", "live", "c" * 64, 9),)))
    assert f"document `amberflo live`: 9 operations, sha256 `{'c' * 64}`" in text


@given(TEXTS)
def test_every_way_of_writing_a_text_is_safe(text: str) -> None:
    """In a line, in a cell and in a fence, any text is text."""
    assert_is_text_alone(f"- got: {prose(text)}")
    assert_is_text_alone(f"- {code(text)}")
    rows = list(tokens(f"| a | b |\n| --- | --- |\n| {cell(text)} | {cell(text)} |\n\nend"))
    assert [each.type for each in rows].count("td_open") == 2
    (fence,) = [each for each in tokens(f"{fenced(text)}\n\nend") if each.type == "fence"]
    assert "end" not in fence.content.split("\n")[-1:]
    assert [each.type for each in PARSER.parse(f"{fenced(text)}\n\nend")] == [
        *("fence", "paragraph_open", "inline", "paragraph_close")
    ]


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=80))
def test_prose_says_what_was_said(text: str) -> None:
    """Plain characters are all there, in their order."""
    (line,) = [each for each in tokens(f"x {prose(text, 400)}") if each.type == "inline"]
    shown = "".join(each.content for each in line.children or ())
    assert shown.replace(" ", "") == f"x{text}".replace(" ", "")
