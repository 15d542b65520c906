"""What the laws of accounts are tried on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from contracts.checks.samples import sample
from contracts.laws.accounts_kinds import Kind, kinds, wants_key
from contracts.laws.accounts_stages import INGEST, MORE_USAGE, USAGE, Lone, Metered, Stage, Thing
from contracts.laws.law import Play, Subject, Unclear
from contracts.laws.metering import metering
from contracts.laws.trial import Trial
from contracts.model import Profile
from specs.catalog import Document, Operation

_CORE_FAMILY = "meters"


@dataclass(frozen=True)
class Scene:
    """What a law can be tried on: a kind of thing, an operation alone, or else metering.

    Args:
        kind: The kind of thing, or None.
        lone: The operation alone, or None.
    """

    kind: Kind | None = None
    lone: Operation | None = None

    def stage(self, trial: Trial) -> Stage:
        """Makes what it is about, for the account that is checked.

        Raises:
            Unclear: It could not be made.
        """
        if self.kind is not None:
            return Thing(trial, self.kind)
        return Metered(trial) if self.lone is None else Lone(trial, self.lone)


def on_each(play: Callable[[Trial, Scene], None]) -> Play:
    """Plays on every scene of a trial; in the smoke profile on the first alone.

    Args:
        play: Tries the law on one; what it says of another is no part of the commands that show a difference.
    """

    def played(trial: Trial, _case: None) -> None:
        scenes: tuple[Scene, ...] = trial.subject.about
        unclear: Unclear | None = None
        for each in scenes[:1] if trial.terms.profile is Profile.SMOKE else scenes:
            trial.talk.calls.clear()
            try:
                play(trial, each)
            except Unclear as found:
                unclear = found
        if unclear is not None:
            raise unclear

    return played


def things(document: Document) -> Iterator[Subject]:
    """Every kind of thing, and metering, as subjects; what is not published comes together, as one."""
    found = [(each, frozenset(named.operation_id for named in each.operations)) for each in kinds(document)]
    rest = []
    for kind, names in found:
        if _is_core(kind.lifecycle.create):
            yield Subject(kind.lifecycle.create.operation_id, names, (Scene(kind),))
        else:
            rest.append((kind, names))
    if rest:
        names = frozenset().union(*(each for _, each in rest))
        yield Subject(rest[0][0].lifecycle.create.operation_id, names, tuple(Scene(kind) for kind, _ in rest))
    known = {each.operation_id for each in document.operations}
    for subject in metering(USAGE, INGEST)(document):
        yield Subject(USAGE, subject.asks | (MORE_USAGE & known), (Scene(),))


def things_and_operations(document: Document) -> Iterator[Subject]:
    """The same, and every other operation that takes the key of an account."""
    found = [*things(document)]
    yield from found
    taken = {name for each in found for name in each.asks}
    yield from _alone(each for each in _keyed(document) if each.operation_id not in taken)


def operations(document: Document) -> Iterator[Subject]:
    """Every operation that takes the key of an account; those of a family that is not published come together."""
    yield from _alone(_keyed(document))


def _keyed(document: Document) -> Iterator[Operation]:
    for operation in document.operations:
        if wants_key(document, operation) and sample(document, operation) is not None:
            yield operation


def _alone(found: Iterable[Operation]) -> Iterator[Subject]:
    listed = sorted(found, key=_family)
    for family, members in groupby(listed, key=_family):
        each = (*members,)
        groups = [(one,) for one in each] if not family else [each]
        for group in groups:
            names = frozenset(one.operation_id for one in group)
            yield Subject(group[0].operation_id, names, tuple(Scene(lone=one) for one in group))


def _family(operation: Operation) -> str:
    """Its family; nothing for what is tried by itself."""
    return "" if _is_core(operation) else operation.family


def _is_core(operation: Operation) -> bool:
    """Whether it is tried by itself: what is published, meters, and all of a document that is no vendor's large one."""
    return operation.evidence == "published" or operation.family == _CORE_FAMILY or operation.document != "amberflo"
