"""A report that was written is read back whole, and what is none is refused in one clear line."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings

from contracts.__main__ import FORMATS as NAMES
from contracts.__main__ import main
from contracts.conformance import Conformance, Words
from contracts.coverage.model import Covered, Keyword, OperationCoverage, Parameter
from contracts.deviations import Judgement
from contracts.handing import print_rendered
from contracts.model import RunError
from contracts.report import json_report, reading
from contracts.report.formats import FORMATS
from contracts.report.reading import read_report
from contracts.report.sums import NOT_COUNTED
from tests.contracts.arbitrary import conformances
from tests.contracts.made import conformance, finding

COVERED = OperationCoverage(
    document="amberflo",
    dialect="live",
    operation_id="createThing",
    method="POST",
    path="/things",
    family="billing",
    evidence="",
    state=Covered.TESTED,
    statuses=(("200", Covered.TESTED), ("4XX", Covered.UNTESTED)),
    parameters=(Parameter("query", "page", Covered.UNTESTED),),
    keywords=(
        Keyword("/type", met=True, broken=True),
        Keyword("/minimum", met=True, broken=False),
        Keyword("/maximum", met=False, broken=True),
        Keyword("/required/id", met=False, broken=False),
        Keyword("/format", met=False, broken=False, reachable=False),
    ),
)
COUNTED = conformance(
    coverage=(COVERED,),
    words=(Words("ingest_resend_counts_once", "law", "that", "because", "published"), Words("a", "check", "b", "c")),
    writes=False,
)


def written(found: Conformance, folder: Path) -> Path:
    """The report as a file, as a run writes it."""
    path = folder / "report.json"
    path.write_bytes(json_report.render(found).encode("utf-8", "backslashreplace"))
    return path


def saved(content: Any, folder: Path) -> Path:
    """Other JSON as a file."""
    path = folder / "report.json"
    path.write_text(json.dumps(content))
    return path


def good() -> dict[str, Any]:
    """A report as JSON values."""
    values: dict[str, Any] = json.loads(json_report.render(COUNTED).encode("utf-8", "backslashreplace"))
    return values


def third() -> dict[str, Any]:
    """The same report as version 3 wrote it."""
    content = good()
    for name in ("coverage", "checks", "loopback", "writes"):
        del content[name]
    for each in content["findings"]:
        del each["fingerprint"]
    return {**content, "report": 3}


def contracts(*arguments: str | Path) -> Result:
    """What a command prints."""
    return CliRunner().invoke(main, list(map(str, arguments)))


@settings(max_examples=50)
@given(found=conformances)
def test_what_is_read_is_what_was_written(found: Conformance, tmp_path: Path) -> None:
    """Whatever stands in a report, reading it and writing it once more gives the same JSON."""
    assert json_report.render(read_report(written(found, tmp_path))) == json_report.render(found)


@settings(max_examples=15)
@given(found=conformances)
def test_every_form_of_what_is_read_is_the_same(found: Conformance, tmp_path: Path) -> None:
    """Each renderer gives the same bytes for a report that was read as for the run's own."""
    read = read_report(written(found, tmp_path))
    for name, form in FORMATS.items():
        assert form.render(read) == form.render(found), name


def test_nothing_is_lost_but_bytes(tmp_path: Path) -> None:
    """A report without odd bytes is read back as an equal value, and the verdict on an exchange with it."""
    plain = replace(COUNTED, judgement=Judgement(open=(replace(finding(), examples=()),)))
    assert read_report(written(plain, tmp_path)) == plain


def test_coverage_is_written_with_its_sums() -> None:
    """The JSON has a state of every status, parameter and keyword, and the sums of them by family and by evidence."""
    coverage = json_report.as_json(COUNTED)["coverage"]
    (operation,) = coverage["operations"]
    assert operation["statuses"] == {"200": "tested", "4XX": "untested"}
    assert operation["parameters"] == [{"in": "query", "name": "page", "state": "untested"}]
    assert operation["keywords"] == {
        "/type": "tested",
        "/minimum": "met",
        "/maximum": "broken",
        "/required/id": "untested",
        "/format": "not-reachable",
    }
    sums = coverage["whole"]
    assert sums["keywords"] == {"tested": 1, "untested": 3, "not-reachable": 1}
    assert sums["operations"] == {"tested": 1, "untested": 0, "not-reachable": 0}
    assert (coverage["families"], coverage["evidence"]) == ({"billing": sums}, {"none": sums})


def test_what_a_check_is_is_written() -> None:
    """The JSON says of each name in the results what it is, and on whose word a law rests."""
    checks = json_report.as_json(COUNTED)["checks"]
    assert checks["a"] == {"kind": "check", "expects": "b", "matters": "c", "evidence": None}
    assert checks["ingest_resend_counts_once"]["evidence"] == "published"


def test_a_fingerprint_is_of_all_but_the_dialects() -> None:
    """The same finding has the same fingerprint in whatever dialects it is met, and any other finding another."""
    fingerprint = finding().identity.fingerprint
    assert finding(dialects=("live", "published")).identity.fingerprint == fingerprint
    others = ("target", "document", "check", "operation_id", "schema_path")
    assert fingerprint not in {finding(**{name: "another"}).identity.fingerprint for name in others}
    assert finding(status=None).identity.fingerprint != fingerprint
    assert json_report.as_json(conformance())["findings"][0]["fingerprint"] == fingerprint


def test_a_version_before_is_read(tmp_path: Path) -> None:
    """Version 3 is read; its coverage is not counted, and what it does not say is not made up."""
    read = read_report(saved(third(), tmp_path))
    assert (read.coverage, read.words, read.loopback, read.writes) == ((), (), True, True)
    assert json_report.as_json(read)["findings"] == good()["findings"]
    assert json_report.as_json(read)["coverage"] is None
    assert NOT_COUNTED in FORMATS["text"].render(read)
    elsewhere = {**third(), "target": {"name": "api.example", "url": "https://api.example"}}
    assert not read_report(saved(elsewhere, tmp_path)).loopback


def test_a_version_before_has_nothing_of_the_later(tmp_path: Path) -> None:
    """A report that calls itself version 3 and has members of version 4 is none of either."""
    with pytest.raises(RunError, match="no report of a check"):
        read_report(saved({**good(), "report": 3}, tmp_path))


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (1, "of version 1, which is no longer read; 3 to 4 are; check the target once more"),
        (2, "of version 2, which is no longer read"),
        (5, "of version 5; 4 is the last known here; take the metermock that wrote it"),
        (10**300, "of version 1000"),
        (True, "does not say of which version"),
        ("4", "does not say of which version"),
        (4.0, "does not say of which version"),
    ],
)
def test_other_versions_are_refused_by_name(version: object, words: str, tmp_path: Path) -> None:
    """A version that is not read is named, with what to do."""
    with pytest.raises(RunError, match=words) as refused:
        read_report(saved({**good(), "report": version}, tmp_path))
    assert len(str(refused.value)) < 600


FOREIGN = {
    "nothing": b"",
    "broken JSON": b'{"report": 4, "target": ',
    "XML": b'<?xml version="1.0"?><testsuites/>',
    "another JSON": b'{"results": {"tool": {"name": "pytest"}}}',
    "an array": b"[1, 2, 3]",
    "a text": b'"report"',
    "null": b"null",
    "a report without members": b'{"report": 4}',
    "NaN": b'{"report": 4, "seconds": NaN}',
    "a number past all bounds": b'{"report": 4, "seconds": 1e999}',
    "a number of thousands of digits": b'{"report": 4, "seed": ' + b"9" * 5000 + b"}",
    "a member twice": b'{"report": 4, "seed": 1, "seed": 2}',
    "deep nesting": b'{"report": 4, "target": ' + b'{"a":' * 100_000,
    "deep nesting of arrays": b"[" * 100_000,
    "no UTF-8": b'{"report": 4, "profile": "\xff"}',
    "UTF-16": '{"report": 4}'.encode("utf-16"),
    "half a character as a name": b'{"report": 4, "\\ud800": 1}',
    "control characters as a name": b'{"report": 4, "\\u001b[31m\\u202e": 1}',
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_report_is_one_line(content: bytes, tmp_path: Path) -> None:
    """Both commands say of a foreign file in one line that can be read what it is not, and end with 2."""
    path = tmp_path / "foreign.json"
    path.write_bytes(content)
    for command in (("report", path), ("compare", path, path)):
        done = contracts(*command)
        assert done.exit_code == 2
        (line,) = done.output.splitlines()
        assert line.startswith(f"contracts: {path} is no report of a check: ")
        assert line.isprintable()
        assert len(line) < len(str(path)) + 400


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "a result that is none": lambda content: content["results"][0].update(result="passed"),
    "a number for a text": lambda content: content["target"].update(url=3),
    "a count below nothing": lambda content: content["requests"].update(sent=-1),
    "a count that no reader can hold": lambda content: content["requests"].update(sent=10**400),
    "a time that no reader can hold": lambda content: content.update(seconds=10**400),
    "a day that is none": lambda content: content.update(started="2026-02-31T00:00:00+00:00"),
    "a member more": lambda content: content.update({"score\x1b": 100}),
    "a member less": lambda content: content["findings"][0].pop("owner"),
    "another state of coverage": lambda content: content["coverage"]["operations"][0].update(state="met"),
    "half a character as a name": lambda content: content["excused"].update({"\ud800": 1}),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_one_line(change: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    """A report with something wrong in it is refused in one line that can be read."""
    content = good()
    change(content)
    with pytest.raises(RunError, match="no report of a check") as refused:
        read_report(saved(content, tmp_path))
    assert str(refused.value).isprintable()


def test_the_place_of_what_does_not_fit_is_said(tmp_path: Path) -> None:
    """Where in the report something is wrong is said, and not what stands there."""
    content = good()
    content["results"][2]["result"] = "canary" * 1000
    with pytest.raises(RunError, match="/results/2/result: the value is not one of") as refused:
        read_report(saved(content, tmp_path))
    assert "canary" not in str(refused.value)


def test_whole_numbers_may_be_written_with_a_point(tmp_path: Path) -> None:
    """What JSON Schema takes for a whole number is read as one."""
    content = good()
    content["findings"][0]["count"] = 3.0
    content["requests"]["sent"] = 10.0
    assert json_report.render(read_report(saved(content, tmp_path))) == json_report.render(COUNTED)


def test_a_file_too_large_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a report can have is not read into memory; what is large is refused without a copy of it."""
    path = saved({**good(), "notes": [3] * 10_000}, tmp_path)
    monkeypatch.setattr(reading, "_MOST_EXPLAINED", 1000)
    with pytest.raises(RunError, match=r"does not fit contracts/report/report\.schema\.json"):
        read_report(path)
    monkeypatch.setattr(reading, "MOST_BYTES", 20_000)
    with pytest.raises(RunError, match="it has more than"):
        read_report(path)


@pytest.mark.parametrize("name", ["none.json", "folder"])
def test_what_cannot_be_opened_is_one_line(name: str, tmp_path: Path) -> None:
    """A file that is not there, or is none, is said to be so."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="cannot be read"):
        read_report(tmp_path / name)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    """Some editors write a mark before the first character, which is no part of the report."""
    path = written(COUNTED, tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert json_report.render(read_report(path)) == json_report.render(COUNTED)


def test_the_command_has_every_form() -> None:
    """The command line knows the forms that there are, without loading them."""
    assert list(NAMES) == list(FORMATS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("found", [COUNTED, conformance(outcomes=(), judgement=Judgement(open=()), faults=())])
def test_the_command_prints_what_the_run_would_write(found: Conformance, name: str, tmp_path: Path) -> None:
    """`contracts report` gives each form as the run itself gives it, also of a report of no tests, and ends with 0."""
    path = written(found, tmp_path)
    done = contracts("report", path, "--format", name)
    assert done.exit_code == 0
    expected = FORMATS[name].render(found).encode("utf-8", "backslashreplace")
    assert done.stdout_bytes == expected
    output = tmp_path / "output"
    output.write_text("something of before")
    output.chmod(0o666)
    assert contracts("report", path, "--format", name, "--output", output).stdout_bytes == b""
    assert output.read_bytes() == expected
    assert output.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """An output that cannot be made ends with 2."""
    done = contracts("report", written(COUNTED, tmp_path), "--output", tmp_path / "none" / "file")
    assert done.exit_code == 2
    assert done.output.endswith("cannot be written: No such file or directory; give another --output\n")


class Terminal(io.StringIO):
    """Standard output that somebody looks at."""

    def isatty(self) -> bool:
        """Whether it is one."""
        return True


def test_a_terminal_gets_the_colours_of_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """As text on a terminal the report looks as the check prints it; every other form stays bytes."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_rendered(COUNTED, "text")
    assert "\x1b[" in terminal.getvalue()
    assert "It does not conform." in terminal.getvalue()


def test_who_reads_no_further_hears_no_complaint(tmp_path: Path) -> None:
    """A pipe whose reader has gone, as of `contracts report RUN.json | head`, is no fault."""
    path = written(COUNTED, tmp_path)
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    try:
        command = [sys.executable, "-m", "contracts", "report", str(path), "--format", "json"]
        done = subprocess.run(command, stdout=writing_end, stderr=subprocess.PIPE, check=False, timeout=60)
    finally:
        os.close(writing_end)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """Standard output that takes nothing more ends with 2, and says why."""
    path = written(COUNTED, tmp_path)
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "contracts", "report", str(path), "--format", "json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(b"contracts: standard output cannot be written to: No space left on device; ")
