"""A list holds each thing once, and what was deleted is gone, from the list too."""

from collections.abc import Iterator, Sequence

from hypothesis import strategies

from contracts.checks.lifecycles import LOCKED, Handle, as_text
from contracts.laws.law import Broken, Evidence, Family, Law, Subject, Unclear
from contracts.laws.resources_kinds import kinds
from contracts.laws.resources_things import Thing, Things, is_empty
from contracts.laws.trial import Trial
from contracts.model import Severity
from specs.catalog import Document

_NOT_FOUND = frozenset({404, 410})
_MANY = 120
"""How many others there are in the profiles beyond smoke: more than a page of a hundred."""

_ELSEWHERE = 1


def _listed(document: Document) -> Iterator[Subject]:
    for kind in kinds(document):
        if kind.listing is not None and kind.first:
            yield Subject(kind.listing.operation.operation_id, kind.asks(kind.listing), kind)


def _list_holds_each_once(trial: Trial, others: int) -> None:
    things = Things(trial)
    if things.remote and others > _ELSEWHERE:
        return
    # The one in question lies between the others, so that it is not the newest everywhere.
    before = [things.make(things.plain(f"a{number}")) for number in range(others - others // 2)]
    thing = things.make(things.plain("k"))
    after = [things.make(things.plain(f"b{number}")) for number in range(others // 2)]
    if things.kind.read is not None:
        things.seen(thing)
    trial.hold(lambda: _require_each_once(trial, things, [*before, thing, *after]))


def _require_each_once(trial: Trial, things: Things, made: list[Thing]) -> None:
    kind = things.kind
    require_keys_of_their_own(made)
    keys = [as_text(each[kind.key]) for each in things.listed(made[0]) if kind.key in each]
    if repeated := [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
        got = f"it holds {len(keys)} entries, and {repeated[0]} {keys.count(repeated[0])} times"
        raise Broken(f"that the list holds each {kind.noun} once", got, trial.talk.last)
    for thing in made:
        if thing.key not in keys:
            among = (
                f"among {len(made) - 1} others that were made beside it" if len(made) > 1 else "when it alone was made"
            )
            got = f"it holds {len(keys)} entries, and that one is not among them"
            raise Broken(f"that the list holds the {kind.noun} {thing.key} once, {among}", got, trial.talk.last)


def require_keys_of_their_own(made: Sequence[Thing]) -> None:
    """Looks whether things can be told apart.

    Raises:
        Unclear: Two of them have one key.
    """
    if len({each.key for each in made}) < len(made):
        raise Unclear("two things got one key, which keys_are_unique tells")


def _deleted(document: Document) -> Iterator[Subject]:
    seen: set[str] = set()
    for kind in kinds(document):
        if kind.delete is None or (LOCKED in kind.delete.operation.refuses and kind.deprecate is None):
            continue
        name = kind.delete.operation.operation_id
        if name not in seen:
            seen.add(name)
            yield Subject(name, kind.asks(kind.delete, kind.listing, kind.deprecate), kind)


def _deleted_is_gone(trial: Trial, _case: None) -> None:
    things = Things(trial)
    kind, read = things.kind, things.kind.read
    stays, goes = things.make(things.plain("stays")), things.make(things.plain("goes"))
    require_keys_of_their_own((stays, goes))
    for thing in (stays, goes) if read is not None else ():
        things.seen(thing)
    seen = kind.listing is not None and (things.times_listed(goes) > 0, things.times_listed(stays) > 0)
    things.remove(goes)
    if read is not None:
        trial.hold(lambda: _require_gone(things, read, goes))
        trial.hold(lambda: _require_there(things, read, stays))
    if seen:
        trial.hold(lambda: _require_listed(trial, things, goes, stays, seen))


def _require_gone(things: Things, read: Handle, thing: Thing) -> None:
    reply, name = things.about(read, thing), read.operation.operation_id
    if reply.success and not is_empty(reply):
        wanted = f"that the deleted {things.kind.noun} {thing.key} is not found"
        raise Broken(wanted, f"{name} still answers with it", reply)
    if not reply.success and reply.status not in _NOT_FOUND:
        raise Unclear(f"{name} answered {reply.status} for what was deleted, which says nothing of it")


def _require_there(things: Things, read: Handle, thing: Thing) -> None:
    reply = things.about(read, thing)
    if reply.status in _NOT_FOUND or is_empty(reply):
        wanted = f"that the {things.kind.noun} {thing.key} stays when another one is deleted"
        raise Broken(wanted, "it is not found", reply)


def _require_listed(trial: Trial, things: Things, goes: Thing, stays: Thing, seen: tuple[bool, bool]) -> None:
    kind, (was_there, other_was_there) = things.kind, seen
    if was_there and things.times_listed(goes):
        raise Broken(f"that the deleted {kind.noun} {goes.key} is gone from the list", "it is there", trial.talk.last)
    if other_was_there and not things.times_listed(stays):
        wanted = f"that the {kind.noun} {stays.key} stays in the list when another one is deleted"
        raise Broken(wanted, "it is not there", trial.talk.last)


LISTS = Law(
    name="list_holds_each_once",
    family=Family.RESOURCES,
    expects="that a list holds each thing exactly once, however many others there are",
    why="A list is how a client finds what it did not make itself. A thing that is missing is made a second time, one "
    "that is there twice is invoiced twice, and lists that are cut at ten or a hundred work for as long as "
    "somebody tries them out. The law makes a thing of each kind among none, one and eleven others, and beyond "
    f"the smoke profile among {_MANY}, and looks for each of them in the list.",
    evidence=Evidence.PUBLISHED,
    source="the published operations that list every thing of the account",
    severity=Severity.HIGH,
    subjects=_listed,
    play=_list_holds_each_once,
    cases=(0, 1, 11),
    generated=lambda: strategies.just(_MANY),
    examples=1,
)

DELETED = Law(
    name="deleted_is_gone",
    family=Family.RESOURCES,
    expects="that what was deleted is found no more, is gone from the list, and nothing else with it",
    why="What stays after its deletion goes on to be counted and invoiced; and a deletion that takes another thing "
    "along loses what nobody gave up. The law makes two things of each kind that can be deleted, deletes one, "
    "deprecated first where it has to be, reads both, and looks for both in the list.",
    evidence=Evidence.PUBLISHED,
    source="the published deletions, and the readings that answer 404 when there is no such thing",
    severity=Severity.CRITICAL,
    subjects=_deleted,
    play=_deleted_is_gone,
)
