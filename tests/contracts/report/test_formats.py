"""Every form of the report: what can be asked for, what it does with bad input, and how its file is written."""

import io
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from rich.console import Console

from contracts.conformance import Conformance, Words
from contracts.coverage.model import Covered, Keyword, OperationCoverage
from contracts.deviations import Judgement
from contracts.exitcodes import ExitCode
from contracts.model import Result
from contracts.redact import Redactor
from contracts.report.files import write_private, write_reports
from contracts.report.formats import FORMATS
from contracts.report.terminal import print_report
from contracts.report.visible import visible
from contracts.secrets import Secret
from tests.contracts.made import conformance, finding, outcome
from tests.contracts.report.hostile import SPITE, UNSEEN, empty, many, spiteful

COVERAGE = (
    OperationCoverage(
        *("amberflo", "published", "getCustomerById", "GET", "/c", "metering", "published", Covered.TESTED),
        statuses=(("200", Covered.TESTED), ("404", Covered.UNTESTED)),
        keywords=(Keyword("/type", met=True, broken=True), Keyword("/required", met=True, broken=False)),
    ),
    OperationCoverage("amberflo", "live", "x", "POST", "/x", "billing", "", Covered.NOT_REACHABLE, "it writes"),
)


def rendered(name: str, found: Conformance) -> str:
    """The report in one form."""
    return FORMATS[name].render(found)


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_each_form_has_a_file_of_its_own() -> None:
    """The names that a command line takes, and the files of a folder."""
    assert {name: each.file for name, each in FORMATS.items()} == {
        "text": "report.txt",
        "json": "report.json",
        "junit": "junit.xml",
        "markdown": "report.md",
        "sarif": "report.sarif",
        "html": "report.html",
    }


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("found", [empty(), spiteful(), many(50)], ids=["empty", "spiteful", "many"])
def test_bad_input_is_rendered_again_and_again(name: str, found: Conformance) -> None:
    """A report of nothing, of hostile text and of many findings: always the same text."""
    first = rendered(name, found)
    assert first
    assert rendered(name, found) == first


@pytest.mark.parametrize("name", ["text", "markdown", "sarif"])
def test_nothing_unseen_comes_from_a_target(name: str) -> None:
    """Control characters, marks of direction and lone surrogates stand there as escapes."""
    shown = rendered(name, spiteful())
    assert not set(shown) & set(UNSEEN)
    assert "\\x1b" in shown
    assert "\\u202e" in shown
    assert "\\ud800" in shown


@pytest.mark.parametrize("name", ["text", "junit", "markdown", "sarif"])
def test_megabytes_come_to_kilobytes(name: str) -> None:
    """Whoever opens a report of a target that has a megabyte in every field sees a report."""
    assert len(rendered(name, spiteful("y" * 1_000_000))) < 900_000


def test_junit_is_whole_whatever_it_holds() -> None:
    """Any text comes out of the XML as text."""
    root = fromstring(rendered("junit", spiteful()))  # noqa: S314 - what was just written
    assert len(list(root.iter("testcase"))) == len(Result) + 1
    assert not set("".join(root.itertext())) & set(UNSEEN)


def test_no_line_of_a_target_is_taken_for_one_of_the_report() -> None:
    """A new line in what was got does not begin a finding of its own."""
    found = replace(spiteful("\ncritical  deleteAll: everything").judgement.open[0], examples=())
    text = rendered("text", conformance(Judgement((found,))))
    assert "\ncritical  deleteAll" not in text
    assert "\\ncritical  deleteAll" in text


def test_a_terminal_is_not_obeyed() -> None:
    """Neither with colours nor without does a target's own control reach the terminal."""
    out = io.StringIO()
    print_report(spiteful(), Console(file=out, force_terminal=True, color_system="standard", width=100))
    shown = out.getvalue()
    assert "\x1b]0;title" not in shown
    assert "\x07" not in shown
    assert "\x1b[31m\\x" not in shown.replace("\\x1b[31m", "")


def test_coverage_is_told_by_family_and_by_evidence() -> None:
    """Tested of all, and what of the rest could not be reached."""
    text = " ".join(rendered("text", conformance(coverage=COVERAGE)).split())
    assert "family operations statuses parameters keywords" in text
    assert "metering 1/1 1/2 - 1/2" in text
    assert "billing 0/1 (1 not reachable) - - -" in text
    assert "none 0/1 (1 not reachable)" in text
    assert "Coverage: not counted" in rendered("text", conformance())


def test_junit_tells_coverage_as_properties() -> None:
    """Each suite says how far the run and its own operation were looked at."""
    root = fromstring(rendered("junit", conformance(coverage=COVERAGE)))  # noqa: S314 - what was just written
    suite = next(each for each in root if each.get("name") == "amberflo.published.getCustomerById")
    values = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert values["coverage.operations"] == "1/2 (1 not reachable)"
    assert values["operation"] == "tested"
    assert values["operation.statuses"] == "1/2"
    assert values["operation.keywords"] == "1/2"
    assert 'name="coverage" value="not counted"' in rendered("junit", conformance())


def test_laws_are_counted_and_the_broken_ones_named() -> None:
    """A law that differs in one dialect differs, whatever it does in another."""
    words = tuple(Words(name, "law", "x", "y", "published") for name in ("good_law", "bad_law", "lost_law"))
    outcomes = (
        outcome(Result.CONFORM, "good_law"),
        outcome(Result.UNTESTED, "good_law", "live", reason="no time"),
        outcome(Result.CONFORM, "bad_law"),
        outcome(Result.DIFFERS, "bad_law", "live"),
        outcome(Result.NOT_REACHABLE, "lost_law", reason="no key"),
    )
    text = rendered("text", conformance(outcomes=outcomes, words=words))
    assert "Laws: 1 conform, 1 differs, 1 not-reachable\n  differs: bad_law\n  not-reachable: lost_law" in text


def test_incidents_and_what_stays_are_told() -> None:
    """What the environment did is no finding, and a run that only read says so."""
    text = rendered("text", conformance())
    assert "Incidents on the way to the target\n     3  not sent: it writes\n     2  answered 429" in text
    assert "What stays at the target\n  Deleted: 3." in text
    assert "nothing of it stays" in rendered("text", conformance(notes=(), writes=False))
    assert "nothing of it stays" not in rendered("text", conformance(notes=(), writes=True))


def test_text_has_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes into a file, whatever the environment says of terminals."""
    plain = rendered("text", conformance())
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    assert rendered("text", conformance()) == plain
    assert "\x1b" not in plain


def test_html_is_loaded_when_it_is_asked_for() -> None:
    """Who prints a report does not wait for templates."""
    code = "import sys; import contracts.report; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_folder_holds_every_form_but_text(tmp_path: Path) -> None:
    """All of them are private, and so is the folder when it is new."""
    written = write_reports(conformance(), tmp_path / "a" / "reports")
    assert [each.name for each in written] == ["report.json", "junit.xml", "report.md", "report.sarif", "report.html"]
    assert {mode(each) for each in written} == {0o600}
    assert mode(written[0].parent) == 0o700
    assert sorted(each.name for each in written[0].parent.iterdir()) == sorted(each.name for each in written)


def test_a_file_is_private_whatever_was_there(tmp_path: Path) -> None:
    """An earlier file that all may read is replaced, and who had it open sees nothing of the new one."""
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o666)
    with path.open() as before:
        write_private(path, "new")
        assert before.read() == "old"
    assert (path.read_text(), mode(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_private_from_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made with its mode, not given it afterwards."""
    modes: list[int] = []
    opened = os.open

    def watched(path: Path, flags: int, *more: int) -> int:
        modes.extend(more)
        assert flags & os.O_EXCL
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", watched)
    before = os.umask(0)
    try:
        write_private(tmp_path / "report.json", "x")
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert mode(tmp_path / "report.json") == 0o600


def test_a_link_and_a_pipe_stay_what_they_are(tmp_path: Path) -> None:
    """A link is followed, and what is no file is written to, not replaced."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    write_private(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "text"
    write_private(Path("/dev/null"), "text")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """It is somebody's."""
    tmp_path.chmod(0o755)
    write_reports(conformance(), tmp_path)
    assert mode(tmp_path) == 0o755


def test_the_second_lock_holds_in_every_file(tmp_path: Path) -> None:
    """A secret that slipped into a report slips into no file of it."""
    canary = "canary-key-12345"
    leaking = conformance(
        Judgement(open=(finding(schema_path=canary),)),
        redactor=Redactor([Secret(canary)]),
        notes=(canary,),
        coverage=COVERAGE,
        exit_code=ExitCode.FINDINGS,
    )
    for path in write_reports(leaking, tmp_path):
        assert canary not in path.read_text(encoding="utf-8"), path.name


def test_what_is_not_seen_is_written_out() -> None:
    """Each such character has its escape, and all others stay."""
    assert visible("a\tb\nc\x1b\u202e\U000e0041\ud800\u05d0é") == "a\\tb\\nc\\x1b\\u202e\\U000e0041\\ud800\u05d0é"
    assert visible("a\nb", keep="\n") == "a\nb"


@pytest.mark.parametrize("text", ["x" * 100, "\x00" * 100, SPITE, "é" * 100])
def test_what_is_cut_is_counted(text: str) -> None:
    """No more is shown than may be, and the number of the rest is right."""
    shown = visible(text, most=40)
    head, _, rest = shown.partition("… and ")
    assert len(head) <= 40
    left = int(rest.split(" ")[0])
    assert visible(text[: len(text) - left]) == head
