"""A comparison tells what changed where both runs looked, and nothing where only one of them did."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.__main__ import COMPARED, main
from contracts.comparing import RENDERERS, Comparison, compare
from contracts.comparing.data import as_json
from contracts.comparing.model import TESTED, Fate, Move
from contracts.conformance import CheckedDocument, Conformance, Fault, Words
from contracts.coverage.model import Covered, OperationCoverage
from contracts.deviations import Accepted, Judgement
from contracts.exitcodes import ExitCode
from contracts.model import Finding, Result, RunError
from contracts.report import json_report
from contracts.report.markdown import LIMIT
from contracts.results import Cell, Outcome
from tests.contracts.arbitrary import HOSTILE
from tests.contracts.made import CHECK, conformance, deviation, finding, outcome

CONFORM, DIFFERS, READING = Result.CONFORM, Result.DIFFERS, Result.READING
UNTESTED, INCONCLUSIVE, NOT_REACHABLE = Result.UNTESTED, Result.INCONCLUSIVE, Result.NOT_REACHABLE
LAW = "ingest_resend_counts_once"
ACCEPTED = Judgement(open=(), accepted=(Accepted(finding(), deviation()),))
OPEN = Judgement(open=(finding(),))
NONE = Judgement(open=())


def report(outcomes: Iterable[Outcome] = (), judgement: Judgement = NONE, **more: Any) -> Conformance:
    """A report of these results."""
    return conformance(**{"judgement": judgement, "outcomes": tuple(outcomes), "faults": (), **more})


def one(result: Result, judgement: Judgement | None = None, **more: Any) -> Conformance:
    """A report of one check, with the finding that it has when it differs."""
    found = OPEN if result is DIFFERS else NONE
    readings = (finding(),) if result is READING else ()
    return report([outcome(result, reason="why")], judgement or found, **{"readings": readings, **more})


def moves(comparison: Comparison) -> list[Move]:
    """What became of each check."""
    return [each.move for each in comparison.changes]


def fates(comparison: Comparison) -> list[Fate]:
    """What became of each finding."""
    return [each.fate for each in comparison.findings]


@pytest.mark.parametrize(
    ("before", "after", "move", "fate", "status"),
    [
        (CONFORM, CONFORM, Move.STILL, [], 0),
        (CONFORM, DIFFERS, Move.WORSE, [Fate.NEW], 1),
        (CONFORM, READING, Move.READING, [Fate.READING], 0),
        (CONFORM, UNTESTED, Move.NO_LONGER_TESTED, [], 2),
        (CONFORM, INCONCLUSIVE, Move.NO_LONGER_TESTED, [], 2),
        (CONFORM, NOT_REACHABLE, Move.NO_LONGER_TESTED, [], 2),
        (DIFFERS, CONFORM, Move.BETTER, [Fate.GONE], 0),
        (DIFFERS, DIFFERS, Move.STILL, [Fate.STILL], 0),
        (DIFFERS, READING, Move.STILL, [Fate.STILL], 0),
        (DIFFERS, UNTESTED, Move.NO_LONGER_TESTED, [Fate.NOT_LOOKED_AT], 2),
        (READING, CONFORM, Move.BETTER, [Fate.GONE], 0),
        (READING, DIFFERS, Move.STILL, [Fate.STILL], 0),
        (UNTESTED, CONFORM, Move.NEW_GROUND, [], 2),
        (UNTESTED, DIFFERS, Move.NEW_GROUND, [Fate.NEW_GROUND], 2),
        (INCONCLUSIVE, DIFFERS, Move.NEW_GROUND, [Fate.NEW_GROUND], 2),
        (UNTESTED, NOT_REACHABLE, Move.UNTESTED, [], 2),
    ],
)
def test_what_becomes_of_a_check(before: Result, after: Result, move: Move, fate: list[Fate], status: int) -> None:
    """Only a check that conformed and now differs is worse; where one run did not look nothing is better or worse."""
    found = compare(one(before), one(after))
    assert (moves(found), fates(found), found.exit_code) == ([move], fate, status)


@pytest.mark.parametrize(
    ("old", "new", "move", "fate", "status"),
    [
        (NONE, ACCEPTED, Move.ACCEPTED, Fate.ACCEPTED, 0),
        (NONE, Judgement((finding(status=404),), ACCEPTED.accepted), Move.WORSE, Fate.NEW, 1),
        (OPEN, ACCEPTED, Move.STILL, Fate.STILL, 0),
        (ACCEPTED, OPEN, Move.STILL, Fate.STILL, 0),
        (ACCEPTED, NONE, Move.BETTER, Fate.GONE, 0),
    ],
)
def test_what_is_accepted_is_no_regression(old: Judgement, new: Judgement, move: Move, fate: Fate, status: int) -> None:
    """A check that differs by nothing but accepted findings got worse without being a regression, and is told."""
    before, after = (one(CONFORM if each is NONE else DIFFERS, each) for each in (old, new))
    found = compare(before, after)
    assert (moves(found), found.exit_code) == ([move], status)
    assert fate in fates(found)


def test_what_is_no_longer_accepted_is_told() -> None:
    """A finding of both runs that the list no longer has is told under a heading of its own."""
    assert "No longer accepted" in RENDERERS["text"](compare(one(DIFFERS, ACCEPTED), one(DIFFERS, OPEN)))
    assert "No longer accepted" not in RENDERERS["text"](compare(one(DIFFERS, OPEN), one(DIFFERS, OPEN)))


def test_another_failure_of_the_same_check_is_new() -> None:
    """A check that differed before and differs otherwise now is no worse, and its new finding is a regression."""
    found = compare(one(DIFFERS), one(DIFFERS, Judgement((finding(status=404),))))
    assert moves(found) == [Move.STILL]
    assert {(each.finding.identity.status, each.fate) for each in found.findings} == {(404, Fate.NEW), (200, Fate.GONE)}
    assert found.exit_code is ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("before", "after", "fate"),
    [
        (("published",), ("live", "published"), Fate.STILL),
        ((), ("live",), Fate.NEW),
        (("live", "published"), (), Fate.GONE),
        (("live",), (), Fate.GONE),
    ],
)
def test_dialects_do_not_make_another_finding(before: tuple[str, ...], after: tuple[str, ...], fate: Fate) -> None:
    """A finding that is met in one dialect more is the same finding, and the check of that dialect got worse."""

    def run(dialects: tuple[str, ...]) -> Conformance:
        results = [outcome(DIFFERS if each in dialects else CONFORM, dialect=each) for each in ("live", "published")]
        return report(results, Judgement((finding(dialects=dialects),)) if dialects else NONE, documents=BOTH)

    found = compare(run(before), run(after))
    assert fates(found) == [fate]
    assert len(found.moved(Move.WORSE)) == len(set(after) - set(before))
    assert len(found.moved(Move.BETTER)) == len(set(before) - set(after))


def test_a_finding_that_one_dialect_did_not_look_for_is_not_gone() -> None:
    """A finding of two dialects is gone when the new run looked in both; in one it is not known."""
    old = [outcome(DIFFERS, dialect=each) for each in ("live", "published")]
    new = [outcome(CONFORM, dialect="live"), outcome(UNTESTED, dialect="published")]
    judgement = Judgement((finding(dialects=("live", "published")),))
    found = compare(report(old, judgement, documents=BOTH), report(new, documents=BOTH))
    assert fates(found) == [Fate.NOT_LOOKED_AT]


def law(result: Result, operation: str = "getCustomerById") -> Outcome:
    """What became of a law on an operation."""
    return Outcome(Cell("amberflo", "published", operation, LAW), result, "published", 0, 0, 0, "")


LAWS = (Words(LAW, "law", "that", "because"),)


@pytest.mark.parametrize(
    ("held", "broken", "move", "fate"),
    [
        ([law(CONFORM)], [law(UNTESTED), law(DIFFERS, "queryUsage")], Move.WORSE, Fate.NEW),
        ([law(UNTESTED)], [law(UNTESTED), law(DIFFERS, "queryUsage")], Move.NEW_GROUND, Fate.NEW_GROUND),
        ([], [law(DIFFERS, "queryUsage")], Move.NEW_GROUND, Fate.NEW_GROUND),
        (
            [law(CONFORM), law(DIFFERS, "createCustomer")],
            [law(CONFORM), law(DIFFERS, "queryUsage")],
            Move.NEW_GROUND,
            Fate.NEW_GROUND,
        ),
    ],
)
def test_a_law_that_blames_another_operation_is_worse(
    held: list[Outcome], broken: list[Outcome], move: Move, fate: Fate
) -> None:
    """A law that held is worse when it breaks, though it is told of an operation that was not asked about before."""
    found = Judgement((finding(operation_id="queryUsage", check=LAW),))
    comparison = compare(report(held, words=LAWS), report(broken, found, words=LAWS))
    assert move in moves(comparison)
    assert fates(comparison) == [fate]
    back = compare(report(broken, found, words=LAWS), report(held, words=LAWS))
    assert fates(back) == [Fate.GONE if move is Move.WORSE else Fate.NOT_LOOKED_AT]


def test_a_law_says_nothing_of_an_operation_that_was_not_there() -> None:
    """A law that held is no reason to take an operation for tested that the old document did not have."""
    old = report([law(CONFORM)], words=LAWS, coverage=(covered("getCustomerById", "accounts"),))
    new = report([law(CONFORM), law(DIFFERS, "queryUsage")], words=LAWS)
    assert moves(compare(old, new)) == [Move.STILL, Move.NEW_GROUND]


BOTH = (CheckedDocument("amberflo", "live", "c" * 64, 17), CheckedDocument("amberflo", "published", "a" * 64, 17))
OTHER_HASH = (replace(BOTH[1], digest="d" * 64), CheckedDocument("solvimon", "", "b" * 64, 1))


@pytest.mark.parametrize(
    ("more", "what", "old", "new"),
    [
        ({"profile": "deep"}, "profile", "smoke", "deep"),
        ({"documents": OTHER_HASH}, "document amberflo published", f"sha256 {'a' * 16}", f"sha256 {'d' * 16}"),
        ({"documents": (*BOTH, OTHER_HASH[1])}, "forms of the document amberflo", "published", "live, published"),
        ({"documents": BOTH[1:]}, "forms of the document solvimon", "the one", "none"),
    ],
)
def test_other_questions_are_not_comparable(more: dict[str, Any], what: str, old: str, new: str) -> None:
    """Another document, dialect or profile forbids a comparison; what differs is said, nothing is compared."""
    found = compare(one(CONFORM), one(DIFFERS, **more))
    assert [(each.what, each.old, each.new) for each in found.obstacles] == [(what, old, new)]
    assert (found.changes, found.findings, found.exit_code) == ((), (), ExitCode.COULD_NOT_RUN)
    for render in (RENDERERS["text"], RENDERERS["markdown"]):
        shown = render(found)
        assert "The runs are not comparable." in shown
        assert all(word in shown for word in (*old.split(), *new.split()))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"target": "api.example", "url": "https://api.example"}, "target"),
        ({"seed": 8}, "seed"),
        ({"versions": {"metermock": "9", "schemathesis": "4.32.5", "python": "3.11.7"}}, "version of metermock"),
        ({"writes": False}, "writes"),
        ({"faults": (Fault("amberflo", "live", "dead"),)}, "could not be run"),
    ],
)
def test_other_circumstances_are_said(more: dict[str, Any], what: str) -> None:
    """Another target, seed or version is said, and what both runs tested is compared all the same."""
    found = compare(one(DIFFERS), one(CONFORM, **more))
    assert [each.what for each in found.remarks] == [what]
    assert moves(found) == [Move.BETTER]
    assert all(what in RENDERERS[name](found) for name in RENDERERS)


def test_findings_of_another_target_are_the_same() -> None:
    """Two deployments with the same fault have the same finding, though its identity names the target."""
    elsewhere = Judgement((finding(target="api.example"),))
    found = compare(one(DIFFERS), one(DIFFERS, elsewhere, target="api.example", url="https://api.example"))
    assert fates(found) == [Fate.STILL]


def covered(operation_id: str, family: str, dialect: str = "published") -> OperationCoverage:
    """An operation of a family."""
    return OperationCoverage(
        "amberflo", dialect, operation_id, "GET", f"/{operation_id}", family, "published", Covered.TESTED
    )


FAMILIES = (covered("getCustomerById", "accounts"), covered("queryUsage", "usage"))


def usage(result: Result) -> Outcome:
    """What became of the check of another family."""
    return replace(outcome(result), cell=Cell("amberflo", "published", "queryUsage", CHECK))


@pytest.mark.parametrize(
    ("families", "worse", "status"),
    [(["accounts"], 1, 1), (["usage"], 0, 0), (["usage", "accounts", "usage"], 1, 1)],
)
def test_a_family_is_compared_all_the_same(families: Sequence[str], worse: int, status: int) -> None:
    """What was asked for by family is compared under other documents and profiles, and nothing else is."""
    old = report([outcome(CONFORM), usage(DIFFERS)], Judgement((finding(operation_id="queryUsage"),)))
    results = [outcome(DIFFERS, dialect="live"), outcome(DIFFERS), usage(CONFORM)]
    new = report(results, OPEN, coverage=FAMILIES, documents=(*OTHER_HASH, BOTH[0]), profile="deep")
    found = compare(old, new, families)
    assert {each.cell.dialect for each in found.changes} == {"published"}
    assert (len(found.moved(Move.WORSE)), found.exit_code) == (worse, status)
    assert {each.finding.identity.operation_id for each in found.findings} == {
        {"accounts": "getCustomerById", "usage": "queryUsage"}[each] for each in families
    }
    assert found.left_out == ("amberflo live, which only the new run has",)
    assert all("amberflo live" in RENDERERS[name](found) for name in RENDERERS)


def test_a_law_of_another_family_is_known() -> None:
    """A law that breaks is worse in the family that it blames, though it is tried on an operation of another."""
    old = report([law(CONFORM)], words=LAWS, coverage=FAMILIES)
    new = report([law(UNTESTED), law(DIFFERS, "queryUsage")], words=LAWS, coverage=FAMILIES)
    assert moves(compare(old, new, ["usage"])) == [Move.WORSE]


def test_a_family_without_a_verdict_in_both_is_two() -> None:
    """A family in which nothing can be compared ends with 2, unless another one got worse."""
    old = report([outcome(CONFORM), usage(UNTESTED)], coverage=FAMILIES)
    new = report([outcome(CONFORM), usage(CONFORM)])
    found = compare(old, new, ["accounts", "usage"])
    assert (found.empty, found.exit_code) == (("usage",), ExitCode.COULD_NOT_RUN)
    assert "Nothing could be compared of usage" in RENDERERS["text"](found)
    worse = compare(old, report([outcome(DIFFERS), usage(CONFORM)], OPEN), ["accounts", "usage"])
    assert (worse.empty, worse.exit_code) == (("usage",), ExitCode.FINDINGS)


@pytest.mark.parametrize(
    ("coverage", "words"),
    [(FAMILIES, "no operation is of the family ac.*; the families are accounts, usage"), ((), "neither report says")],
)
def test_an_unknown_family_is_a_run_error(coverage: tuple[OperationCoverage, ...], words: str) -> None:
    """A family that no operation has is refused with those that there are."""
    with pytest.raises(RunError, match=words):
        compare(one(CONFORM, coverage=coverage), one(CONFORM), ["ac"])


def test_families_of_a_report_are_only_shown() -> None:
    """The names of families come from a file: however odd and many, they stand in one line that can be read."""
    odd = tuple(covered(f"operation{number}", HOSTILE[4] + str(number)) for number in range(500))
    with pytest.raises(RunError) as refused:
        compare(one(CONFORM, coverage=odd), one(CONFORM), ["ac"])
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 1000


def test_nothing_tested_is_nothing_compared() -> None:
    """Two reports of no tests are no comparison: 2, with a sentence that says so."""
    found = compare(report(), report())
    assert found.exit_code is ExitCode.COULD_NOT_RUN
    assert "Nothing could be compared: no check has a verdict in both runs." in RENDERERS["text"](found)


# Two dialects, two operations, and two checks of which one is a law: small enough for every case to meet another.
CELLS = [
    Cell("amberflo", dialect, operation, check)
    for dialect in ("live", "published")
    for operation in ("getCustomerById", "queryUsage")
    for check in (CHECK, LAW)
]


@st.composite
def runs(draw: st.DrawFn) -> Conformance:
    """A run over some of the cells, with findings where it differs, each of them accepted or not."""
    results = draw(st.dictionaries(st.sampled_from(CELLS), st.sampled_from(Result)))
    found: dict[Result, list[Finding]] = {DIFFERS: [], READING: []}
    for cell, result in sorted(results.items()):
        if result in found and draw(st.integers(0, 3)):
            about = {"operation_id": cell.operation_id, "check": cell.check, "dialects": (cell.dialect,)}
            found[result].append(finding(status=draw(st.sampled_from((200, 404))), **about))
    agreed = [draw(st.booleans()) for _ in found[DIFFERS]]
    pairs = list(zip(found[DIFFERS], agreed, strict=True))
    judgement = Judgement(
        open=tuple(each for each, accepted in pairs if not accepted),
        accepted=tuple(Accepted(each, deviation()) for each, accepted in pairs if accepted),
    )
    outcomes = (Outcome(cell, result, "", 0, 0, 0, "why") for cell, result in sorted(results.items()))
    return report(outcomes, judgement, documents=BOTH, words=LAWS, readings=tuple(found[READING]))


@settings(max_examples=50)
@given(run=runs())
def test_a_run_differs_in_nothing_from_itself(run: Conformance) -> None:
    """Compared with itself a run has nothing that is better, worse, new or gone."""
    found = compare(run, run)
    assert set(moves(found)) <= {Move.STILL, Move.UNTESTED}
    assert set(fates(found)) <= {Fate.STILL}
    assert found.exit_code in {ExitCode.CONFORMS, ExitCode.COULD_NOT_RUN}


_MIRRORED = {
    Move.WORSE: Move.BETTER,
    Move.ACCEPTED: Move.BETTER,
    Move.READING: Move.BETTER,
    Move.NEW_GROUND: Move.NO_LONGER_TESTED,
    Move.STILL: Move.STILL,
    Move.UNTESTED: Move.UNTESTED,
}


@settings(max_examples=50)
@given(old=runs(), new=runs())
def test_the_other_way_round_it_is_the_other_way_round(old: Conformance, new: Conformance) -> None:
    """What got worse is what gets better when the runs are swapped, and new ground is what is no longer tested."""
    there, back = compare(old, new), compare(new, old)
    assert {(each.cell, _MIRRORED.get(each.move)) for each in there.changes if each.move in _MIRRORED} == {
        (each.cell, each.move) for each in back.changes if each.move in _MIRRORED.values()
    }
    assert {each.finding.identity.operation_id for each in there.met(Fate.GONE)} <= {
        each.finding.identity.operation_id
        for fate in (Fate.NEW, Fate.ACCEPTED, Fate.READING)
        for each in back.met(fate)
    }


@settings(max_examples=50)
@given(old=runs(), new=runs())
def test_every_check_is_in_one_class(old: Conformance, new: Conformance) -> None:
    """Every check of either run is told once, and nothing is a change that not both runs have a verdict on."""
    found = compare(old, new)
    assert [each.cell for each in found.changes] == sorted({each.cell for run in (old, new) for each in run.outcomes})
    assert sum(len(found.moved(move)) for move in Move) == len(found.changes)
    for each in found.changes:
        both = each.before in TESTED and each.after in TESTED
        alone = {Move.NEW_GROUND, Move.NO_LONGER_TESTED, Move.UNTESTED}
        assert both == (each.move not in alone)


@settings(max_examples=50)
@given(old=runs(), new=runs())
def test_every_finding_is_in_one_class(old: Conformance, new: Conformance) -> None:
    """Every finding of either run is told once; it is new or gone only where both runs looked."""
    found = compare(old, new)
    keys = [replace(each.finding.identity, dialects=()) for each in found.findings]
    judged = [
        each.identity
        for run in (old, new)
        for each in (*run.judgement.open, *(pair.finding for pair in run.judgement.accepted), *run.readings)
    ]
    assert sorted(keys) == sorted({replace(each, dialects=()) for each in judged})
    tested = {each.cell for each in found.changes if each.before in TESTED and each.after in TESTED}
    for each in (*found.met(Fate.NEW), *found.met(Fate.GONE)):
        about = each.finding.identity
        assert {Cell(about.document, dialect, about.operation_id, about.check) for dialect in about.dialects} & tested
    regression = bool(found.moved(Move.WORSE) or found.met(Fate.NEW))
    assert (found.exit_code is ExitCode.FINDINGS) == regression


@settings(max_examples=20)
@given(old=runs(), new=runs())
def test_what_was_read_compares_alike(old: Conformance, new: Conformance, tmp_path: Path) -> None:
    """The command compares two files as the runs themselves compare, in every form, with the same exit status."""
    paths = [saved(run, tmp_path / name) for name, run in (("old.json", old), ("new.json", new))]
    found = compare(old, new)
    for name in COMPARED:
        done = CliRunner().invoke(main, ["compare", *map(str, paths), "--format", name])
        assert done.exit_code == found.exit_code
        assert done.stdout_bytes == RENDERERS[name](found).encode("utf-8", "backslashreplace")


def saved(run: Conformance, path: Path) -> Path:
    """A report as a file."""
    path.write_bytes(json_report.render(run).encode("utf-8", "backslashreplace"))
    return path


def test_the_command_has_every_form() -> None:
    """The command line knows the forms that there are."""
    assert list(COMPARED) == list(RENDERERS)


def test_the_command_takes_families(tmp_path: Path) -> None:
    """`--family` can be given several times, and an unknown one is one line and 2."""
    old = saved(report([outcome(CONFORM)], coverage=FAMILIES), tmp_path / "old.json")
    new = saved(report([outcome(DIFFERS)], OPEN, profile="deep"), tmp_path / "new.json")
    command = ["compare", str(old), str(new)]
    assert CliRunner().invoke(main, command).exit_code == 2
    assert CliRunner().invoke(main, [*command, "--family", "accounts"]).exit_code == 1
    refused = CliRunner().invoke(main, [*command, "--family", "accounts", "--family", "nothing"])
    assert refused.exit_code == 2
    assert refused.output == ("contracts: no operation is of the family nothing; the families are accounts, usage\n")


def test_a_reader_is_told_who_should_act() -> None:
    """A new finding stands with its check, its weight, whose it likely is, and what was expected and got."""
    (line,) = [each for each in RENDERERS["text"](compare(one(CONFORM), one(DIFFERS))).splitlines() if "owner" in each]
    assert line.startswith(
        f"  getCustomerById: {CHECK} (amberflo published): high, likely owner target; expected a body that fits; got "
    )


def test_json_says_everything() -> None:
    """The JSON has the verdict, the totals, each change and each finding with what became of it."""
    found = as_json(compare(one(CONFORM), one(DIFFERS, seed=8)))
    assert (found["comparison"], found["exit_code"], found["comparable"], found["tested"]) == (1, 1, True, 1)
    assert found["totals"] == {move.value: int(move is Move.WORSE) for move in Move}
    (change,) = found["changes"]
    assert (change["operation"], change["move"], change["before"]) == ("getCustomerById", "worse", "conform")
    (new,) = found["findings"]["new"]
    assert (new["before"], new["after"]) == (None, "open")
    assert new["finding"]["fingerprint"] == finding().identity.fingerprint
    assert found["remarks"] == [{"what": "seed", "old": "7", "new": "8"}]


def hostile() -> Comparison:
    """Thousands of changes under every heading, with hostile texts in every place."""
    outcomes: dict[bool, list[Outcome]] = {False: [], True: []}
    results = (CONFORM, DIFFERS, READING, UNTESTED)
    for number in range(2000):
        words = HOSTILE[number % len(HOSTILE)]
        cell = Cell("amberflo", "published", f"{words}{number}", words * 50)
        for after, told in outcomes.items():
            result = results[(number // len(HOSTILE) // (4 if after else 1)) % 4]
            told.append(Outcome(cell, result, "", 0, 0, 0, words * 50))
    found = {
        after: [
            replace(finding(operation_id=each.cell.operation_id, check=each.cell.check), got=each.reason * 20)
            for each in told
            if each.result is DIFFERS
        ]
        for after, told in outcomes.items()
    }
    versions = {f"{words}{number}": words for number, words in enumerate(HOSTILE * 50)}
    old = report(outcomes[False], Judgement(tuple(found[False])))
    new = report(outcomes[True], Judgement(tuple(found[True])), versions=versions, url="".join(HOSTILE))
    return compare(old, new)


def test_hostile_texts_stay_texts() -> None:
    """Of thousands of hostile changes a comment takes what fits, and no character of them acts on its reader."""
    found = hostile()
    assert all(found.moved(move) for move in Move if move is not Move.ACCEPTED)
    text, markdown = RENDERERS["text"](found), RENDERERS["markdown"](found)
    assert len(markdown) <= LIMIT
    for shown in (text, markdown):
        assert all(each.isprintable() or each == "\n" for each in shown)
        assert "more; " in shown
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown)
    assert not set("<>@&|\\") & set(outside)
    assert "http" not in outside
    assert json.loads(RENDERERS["json"](found))["tested"] == found.tested
