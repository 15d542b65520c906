"""What is replaced is replaced, and the stamps of a thing tell when."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.laws.law import Broken, Evidence, Family, Law, Subject, Unclear
from contracts.laws.resources_comparing import Difference, told
from contracts.laws.resources_kinds import Kind, kinds
from contracts.laws.resources_reading import unread
from contracts.laws.resources_schemas import members
from contracts.laws.resources_things import WORDS, Thing, Things
from contracts.laws.trial import Trial
from contracts.model import Result, Severity
from contracts.policy import plain
from specs.catalog import Document

OTHER_WORDS = "Second, with naïve façades & 仮名"
"""What fields for people's words hold once a thing was replaced."""

_CREATED = frozenset({"createtime", "createdtimeinseconds", "metertimeinmillis"})
_UPDATED = frozenset({"updatetime", "lastupdatetimeinmillis", "modifiedtimeinseconds"})
"""The names of fields that tell when a thing was made, and when it was changed last."""

_PASSES = 0.01
"""Seconds that have to lie between two writings for their stamps to differ, whatever the target's clock is made of."""

_MOST_READS = 40
_WHOLE_SECONDS = 1000


def _replaced(document: Document) -> Iterator[Subject]:
    for kind in kinds(document):
        if kind.replace is not None:
            yield Subject(kind.replace.operation_id, kind.asks(kind.replace), kind)


def _replace_replaces(trial: Trial, _case: None) -> None:
    things = Things(trial)
    thing = things.make(things.full("k", WORDS))
    # What is lost on any way is lost on this one too; it is told where things are read back.
    lost = {_top(each) for each in unread(trial, things, thing, thing.asked, things.seen(thing))}
    body, gone = things.bodies.less(things.bodies.other(thing.asked, OTHER_WORDS))
    if all(name in lost for name in thing.asked if body.get(name) != thing.asked[name]):
        raise Unclear("nothing that would change read as it was written, which read_back_equals_written tells")
    things.replace(thing, body)

    def judge() -> None:
        reads = things.seen(thing)
        found = [each for each in unread(trial, things, thing, body, reads) if _top(each) not in lost]
        if found:
            wanted = f"that the {things.kind.noun} {thing.key} reads as what it was replaced by"
            raise Broken(wanted, told(found), trial.talk.last)
        kept = next((path for path in gone if _at(reads, path) == _at(thing.asked, path)), None)
        if kept is not None:
            wanted = (
                f"that the {things.kind.noun} {thing.key} has no {'.'.join(kept)} once it was replaced by one without"
            )
            raise Broken(wanted, f"it still reads {_at(reads, kept)!r}", trial.talk.last)

    trial.hold(judge)


def _top(difference: Difference) -> str:
    """The field of a thing in which a difference lies."""
    return re.split(r"[.\[]", difference.path, maxsplit=1)[0]


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _stamped(names: frozenset[str]) -> Any:
    """The kinds that can be replaced, and show a stamp of these names."""

    def subjects(document: Document) -> Iterator[Subject]:
        for kind in kinds(document):
            if kind.replace is not None and kind.first and _stamp(document, kind, names):
                yield Subject(kind.replace.operation_id, kind.asks(kind.replace), kind)

    return subjects


def _stamp(document: Document, kind: Kind, names: frozenset[str]) -> str:
    """The field of a kind with one of these names; empty when it has none."""
    return next((name for name in members(document.spec, kind.shape) if plain(name) in names), "")


def _create_time_is_kept(trial: Trial, _case: None) -> None:
    things = Things(trial)
    name = _stamp(trial.document, things.kind, _CREATED)
    thing = things.make(things.full("k", WORDS))
    before, _ = _later(trial, things, thing, name)
    first = trial.talk.last
    things.replace(thing, things.bodies.other(thing.asked, OTHER_WORDS))

    def judge() -> None:
        after = _read_stamp(things, thing, name)
        if after != before:
            wanted = f"that {name} of the {things.kind.noun} {thing.key} stays {before} when it is replaced"
            raise Broken(wanted, f"it is {after}", first, trial.talk.last)

    trial.hold(judge)


def _update_time_grows(trial: Trial, _case: None) -> None:
    things = Things(trial)
    name = _stamp(trial.document, things.kind, _UPDATED)
    thing = things.make(things.full("k", WORDS))
    before, passed = _later(trial, things, thing, name)
    first = trial.talk.last
    things.replace(thing, things.bodies.other(thing.asked, OTHER_WORDS))

    def judge() -> None:
        after = _read_stamp(things, thing, name)
        # A platform may count whole seconds, in which more than one change has room.
        coarse = before % _WHOLE_SECONDS == 0 or "second" in name.lower()
        if after < before or (after == before and passed and not coarse):
            wanted = f"that {name} of the {things.kind.noun} {thing.key} is later than {before} once it was replaced"
            raise Broken(wanted, f"it is {after}", first, trial.talk.last)

    trial.hold(judge)


def _later(trial: Trial, things: Things, thing: Thing, name: str) -> tuple[int, bool]:
    """Reads a stamp until some time has passed since the thing was made, and says whether it has."""
    clock, target = trial.terms.local, trial.terms.target
    since, told = clock.monotonic(), target.now() if target is not None else 0.0
    for _ in range(_MOST_READS):
        found = _read_stamp(things, thing, name)
        if clock.monotonic() - since >= _PASSES:
            # A clock that can be set can also be stopped.
            return found, target is None or target.now() > told
    return found, False


def _read_stamp(things: Things, thing: Thing, name: str) -> int:
    found = things.seen(thing).get(name)
    if isinstance(found, bool) or not isinstance(found, int):
        raise Unclear(f"the {things.kind.noun} shows no {name}", Result.UNTESTED)
    return found


REPLACE = Law(
    name="replace_replaces",
    family=Family.RESOURCES,
    expects="that a thing that was replaced reads as what it was replaced by, and nothing else",
    why="A change that is answered with success and not made leaves a customer at the old address and a plan at the "
    "old fee; one that is mixed with what was there before leaves words that somebody took away. The law makes a "
    "thing of each kind that can be replaced, replaces it by one with other words, leaves out a field and one of "
    "several free names, and reads it.",
    evidence=Evidence.DOCUMENTED,
    source="the vendor's pages and the tests of its clients: a replacement is whole, and what it leaves out is dropped",
    severity=Severity.HIGH,
    subjects=_replaced,
    play=_replace_replaces,
)

CREATE_TIME = Law(
    name="create_time_is_kept",
    family=Family.RESOURCES,
    expects="that the time of a thing's creation stays when the thing is replaced",
    why="The time of creation says since when somebody is a customer, or since when something is counted. Where each "
    "change sets it anew, that is lost for good. The law makes a thing, replaces it, and compares both readings.",
    evidence=Evidence.PUBLISHED,
    source="the published schemas: the time is when the thing was created",
    severity=Severity.MEDIUM,
    subjects=_stamped(_CREATED),
    play=_create_time_is_kept,
)

UPDATE_TIME = Law(
    name="update_time_grows",
    family=Family.RESOURCES,
    expects="that the time of a thing's last change is later once the thing was replaced",
    why="Clients that keep a copy ask for what changed since they looked last; a change that does not move the time "
    "never reaches them. The law makes a thing, reads it until some milliseconds have passed, replaces it, and "
    "compares both readings. A target that counts whole seconds may show the same one.",
    evidence=Evidence.PUBLISHED,
    source="the published schemas: the time is when the thing was last changed",
    severity=Severity.MEDIUM,
    subjects=_stamped(_UPDATED),
    play=_update_time_grows,
)
