"""Keys tell things apart: taken ones are refused, case counts, and those that the target makes differ."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.laws.law import Broken, Evidence, Family, Law, Subject, Unclear
from contracts.laws.resources_kinds import kinds, minted, required
from contracts.laws.resources_replacing import OTHER_WORDS
from contracts.laws.resources_schemas import asked
from contracts.laws.resources_things import WORDS, Thing, Things, is_empty
from contracts.laws.trial import Trial
from contracts.model import Severity
from specs.catalog import Document

_KEY, _LABEL = "duplicate-key", "duplicate-label"
_CLIENT_ERRORS = range(400, 500)
_OTHER_REASONS = frozenset({401, 403, 429})
_SEVERAL, _ELSEWHERE = 6, 2
_LABELS = "label"


def _unrepeatable(document: Document) -> Iterator[Subject]:
    for kind in kinds(document):
        if {_KEY, _LABEL} & {*kind.create.refuses}:
            yield Subject(kind.create.operation_id, kind.asks(), kind)


def _duplicate_is_refused_and_harmless(trial: Trial, reason: str) -> None:
    things = Things(trial)
    kind = things.kind
    if reason not in kind.create.refuses:
        return
    thing = things.make(things.full("k", WORDS))
    before = things.seen(thing)
    second = things.full("k" if reason == _KEY else "l", OTHER_WORDS)
    if reason == _LABEL:
        second[_LABELS] = thing.asked[_LABELS]
    elif things.may_name_key:
        second[kind.key] = thing.fields[kind.key]
    reply = things.ask(kind.create, second)
    what = "key" if reason == _KEY else _LABELS
    if reply.success:
        wanted = f"that a second {kind.noun} with the {what} of {thing.key} is refused"
        raise Broken(wanted, f"it is answered {reply.status}", reply)
    if reply.status not in _CLIENT_ERRORS or reply.status in _OTHER_REASONS:
        raise Unclear(f"{kind.create.operation_id} answered {reply.status}, which says nothing of it")
    after = "as before, although another one was asked for with its key or label, and refused"
    trial.hold(lambda: _require_unchanged(trial, things, thing, before, after))


def _require_unchanged(trial: Trial, things: Things, thing: Thing, before: Mapping[str, Any], after: str) -> None:
    now = things.seen(thing)
    changed = [name for name in thing.asked if now.get(name) != before.get(name)]
    if changed:
        got = "; ".join(f"{name} was {before.get(name)!r} and is {now.get(name)!r}" for name in changed)
        raise Broken(f"that the {things.kind.noun} {thing.key} reads {after}", got, trial.talk.last)


def _chosen(document: Document) -> Iterator[Subject]:
    for kind in kinds(document):
        if kind.chosen and kind.first and kind.read is not None:
            yield Subject(kind.read.operation.operation_id, kind.asks(), kind)


def _keys_are_case_sensitive(trial: Trial, _case: None) -> None:
    things = Things(trial)
    kind, large = things.kind, things.full("KEY", OTHER_WORDS)
    small = things.make(things.full("key", WORDS))
    before = things.seen(small)
    if kind.read is not None:
        found = things.about(kind.read, small, large[kind.key])
        if found.success and not is_empty(found):
            wanted = f"that a {kind.noun} whose key is that of {small.key} in capitals is not found before it is made"
            raise Broken(wanted, "it is found", found)
    reply = things.ask(kind.create, large)
    if not reply.success:
        if reply.status not in _CLIENT_ERRORS or reply.status in _OTHER_REASONS:
            raise Unclear(f"{kind.create.operation_id} answered {reply.status}, which says nothing of it")
        wanted = f"that a {kind.noun} can be made whose key is that of {small.key} in capitals"
        raise Broken(wanted, f"it is refused: {reply.status}", reply, operation_id=kind.create.operation_id)
    after = "as before, although another one was made whose key is the same in capitals"
    trial.hold(lambda: _require_unchanged(trial, things, small, before, after))


def _minted(document: Document) -> Iterator[Subject]:
    for kind in (*kinds(document), *minted(document)):
        free = kind.key not in required(document, asked(kind.create))
        if free and (kind.first or not kind.chosen):
            yield Subject(kind.create.operation_id, kind.asks(), kind)


def _keys_are_unique(trial: Trial, _case: None) -> None:
    things = Things(trial)
    kind = things.kind
    seen: dict[str, int] = {}
    several = _ELSEWHERE if things.remote else _SEVERAL
    for number in range(several):
        body = things.plain(f"n{number}")
        body.pop(kind.key, None)
        thing = things.make(body)
        if thing.key in seen:
            wanted = f"that {several} things of the kind {kind.noun} get keys of their own"
            got = f"number {number + 1} got {thing.key}, which number {seen[thing.key] + 1} has"
            raise Broken(wanted, got, trial.talk.last)
        seen[thing.key] = number


DUPLICATES = Law(
    name="duplicate_is_refused_and_harmless",
    family=Family.RESOURCES,
    expects="that a creation under a key that is taken is refused, and changes nothing",
    why="Two programs that pick the same key must not overwrite each other: the second one has to be told. And a "
    "request that is refused has to leave everything as it was, or the refusal is a lie. The law makes a thing, "
    "asks for a second one with the same key and other words, and reads the first one. The same goes for labels, "
    "where a document says that they are taken once.",
    evidence=Evidence.PUBLISHED,
    source="the published creations, which refuse a key that is taken",
    severity=Severity.HIGH,
    subjects=_unrepeatable,
    play=_duplicate_is_refused_and_harmless,
    cases=(_KEY, _LABEL),
)

CASE = Law(
    name="keys_are_case_sensitive",
    family=Family.RESOURCES,
    expects="that keys which differ in case alone are two keys",
    why="Keys come from other systems, in which `acme` and `ACME` can be two customers. Where a platform takes them "
    "for one, their usage and their invoices are mixed. The law makes two things whose keys differ in case alone, "
    "and reads the first one.",
    evidence=Evidence.READING,
    source="our reading: no page says otherwise of keys that a client chooses",
    severity=Severity.MEDIUM,
    subjects=_chosen,
    play=_keys_are_case_sensitive,
)

UNIQUE_KEYS = Law(
    name="keys_are_unique",
    family=Family.RESOURCES,
    expects="that the keys which a target makes differ from each other",
    why="When two things get one key, whoever asks for one of them gets the other, and a deletion takes the wrong "
    f"one. The law makes {_SEVERAL} things without saying a key, and compares the keys that they got.",
    evidence=Evidence.PUBLISHED,
    source="the schemas of what is answered: the field is the thing's key",
    severity=Severity.CRITICAL,
    subjects=_minted,
    play=_keys_are_unique,
)
