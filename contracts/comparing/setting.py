"""In what two runs differ before anything is compared: what forbids it, and what the reader should know."""

from collections.abc import Iterator

from contracts.comparing.model import Difference
from contracts.conformance import Conformance

_NONE = "none"
_SHOWN = 16
"""Digits of a hash that a reader is shown."""


def obstacles(old: Conformance, new: Conformance) -> Iterator[Difference]:
    """What makes two runs different questions: other documents, other dialects, or another profile."""
    yield from _differing("profile", old.profile, new.profile)
    names = dict.fromkeys(each.name for report in (old, new) for each in report.documents)
    for name in names:
        yield from _differing(f"forms of the document {name}", _forms(old, name), _forms(new, name))
    digests = [{(each.name, each.dialect): each.digest for each in report.documents} for report in (old, new)]
    for name, dialect in sorted(digests[0].keys() & digests[1].keys()):
        ours, theirs = (each[name, dialect] for each in digests)
        if ours != theirs:
            yield Difference(f"document {name} {dialect}".rstrip(), *_hashes(ours, theirs))


def remarks(old: Conformance, new: Conformance) -> Iterator[Difference]:
    """In what else two runs differ, which a reader may want to know of when something changed."""
    if old.target != new.target:
        yield Difference("target", f"{old.target} at {old.url}", f"{new.target} at {new.url}")
    yield from _differing("seed", str(old.seed), str(new.seed))
    for name in sorted(old.versions.keys() | new.versions.keys()):
        yield from _differing(f"version of {name}", old.versions.get(name, _NONE), new.versions.get(name, _NONE))
    yield from _differing("writes", _yes(old.writes), _yes(new.writes))
    yield from _differing("could not be run", _faults(old), _faults(new))


def strangers(old: Conformance, new: Conformance) -> Iterator[str]:
    """The projections that only one of two runs has."""
    ours, theirs = ({(each.name, each.dialect) for each in report.documents} for report in (old, new))
    for which, projections in (("old", ours - theirs), ("new", theirs - ours)):
        for name, dialect in sorted(projections):
            yield f"{f'{name} {dialect}'.rstrip()}, which only the {which} run has"


def _differing(what: str, old: str, new: str) -> Iterator[Difference]:
    if old != new:
        yield Difference(what, old, new)


def _hashes(old: str, new: str) -> tuple[str, str]:
    return f"sha256 {old[:_SHOWN]}", f"sha256 {new[:_SHOWN]}"


def _forms(report: Conformance, name: str) -> str:
    """The dialects of a document in a run; one without dialects has one form."""
    return ", ".join(sorted(each.dialect or "the one" for each in report.documents if each.name == name)) or _NONE


def _faults(report: Conformance) -> str:
    parts = (f"{each.document} {each.dialect}".strip() or "the run" for each in report.faults)
    return ", ".join(dict.fromkeys(parts)) or _NONE


def _yes(agreed: bool) -> str:  # noqa: FBT001 - the one thing that it says in words
    return "allowed" if agreed else "not allowed"
