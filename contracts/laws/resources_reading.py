"""What was written reads as it was written, and what never was written is not found."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies
from hypothesis.strategies import SearchStrategy

from contracts.checks.asking import Reply
from contracts.laws.law import Broken, Evidence, Family, Law, Subject, Unclear
from contracts.laws.resources_comparing import Difference, differences, told
from contracts.laws.resources_kinds import kinds
from contracts.laws.resources_schemas import answered, branches
from contracts.laws.resources_things import WORDS, Thing, Things, is_empty
from contracts.laws.trial import Trial
from contracts.model import Severity
from specs.catalog import Document, Operation

_NOT_FOUND = frozenset({404, 410})
_CLIENT_ERRORS = range(400, 500)
_OTHER_REASONS = frozenset({401, 403, 429})

Unread = list[Difference]


def _read_back(document: Document) -> Iterator[Subject]:
    for kind in kinds(document):
        yield Subject(kind.shows.operation.operation_id, kind.asks(), kind)


def _any_words() -> SearchStrategy[str]:
    """Texts that people write; none begins or ends with a space, which some platforms take away."""
    letters = strategies.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
    return strategies.text(letters, min_size=1, max_size=40).map(str.strip).filter(bool)


def _read_back_equals_written(trial: Trial, words: str) -> None:
    things = Things(trial)
    generated = words != WORDS
    if generated and not things.kind.first:
        return
    # A list may be of what is still to come alone, while the examples after the first are of long ago.
    alone = generated or things.kind.read is None
    for number in range(1 if alone else things.examples):
        _require_read_back(trial, things, things.full(f"k{number}", words, number))


def _require_read_back(trial: Trial, things: Things, body: Mapping[str, Any]) -> None:
    kind, thing = things.kind, things.make(body)

    def judge() -> None:
        reply = things.about(kind.read, thing) if kind.read is not None else None
        if reply is not None and (reply.status in _NOT_FOUND or is_empty(reply)):
            raise Broken(f"that the {kind.noun} {thing.key} can be read once it was made", "it is not found", reply)
        found = unread(trial, things, thing, thing.asked, things.seen(thing, reply))
        if found:
            raise Broken(f"that the {kind.noun} {thing.key} reads as it was written", told(found), trial.talk.last)

    trial.hold(judge)


def unread(trial: Trial, things: Things, thing: Thing, wrote: Mapping[str, Any], reads: Mapping[str, Any]) -> Unread:
    """What was written of a thing and does not read so, but for its key where the target chose it."""
    kind = things.kind
    known = {name: value for name, value in wrote.items() if name != kind.key}
    key = {kind.key: thing.fields[kind.key]} if kind.chosen else {}
    return differences(trial.document.spec, kind.shape, {**key, **known}, reads, thing.answered)


def _absent(document: Document) -> Iterator[Subject]:
    for kind in kinds(document):
        handles = (each for each in (kind.read, kind.delete) if each and kind.first)
        for operation in (each.operation for each in handles):
            yield Subject(operation.operation_id, kind.asks(operation), kind)
        replaces = kind.replace is not None and kind.first and "404" in kind.replace.node["responses"]
        if kind.replace is not None and replaces:
            yield Subject(kind.replace.operation_id, kind.asks(kind.replace), kind)


def _absent_keys_are_not_found(trial: Trial, _case: None) -> None:
    things = Things(trial)
    kind, asked = things.kind, trial.subject.operation_id
    thing = things.make(things.plain(_operation(trial).method[:1]))
    # A shorter key finds what takes a key for a beginning, and a longer one what compares beginnings alone; of keys
    # that the target counts up, the shorter one may be another thing's.
    for key in (f"{thing.key}x", *([thing.key[:-1]] if kind.chosen else [])):
        handle = next(
            (each for each in (kind.read, kind.delete) if each and each.operation.operation_id == asked), None
        )
        if handle is not None:
            _require_absent(trial, handle.operation, key, things.about(handle, thing, key))
        elif kind.replace is not None:
            reply = things.ask(kind.replace, {**thing.asked, kind.key: key})
            _require_absent(trial, kind.replace, key, reply)


def _operation(trial: Trial) -> Operation:
    """The operation that a trial is about."""
    return trial.document.operation(trial.subject.operation_id)


def _require_absent(trial: Trial, operation: Operation, key: str, reply: Reply) -> None:
    if reply.status in _NOT_FOUND or (is_empty(reply) and _may_be_empty(trial.document, operation)):
        return
    refused = reply.status in _CLIENT_ERRORS and reply.status not in _OTHER_REASONS
    if not reply.success and not refused:
        raise Unclear(f"{operation.operation_id} answered {reply.status}, which says nothing of it")
    kind = trial.subject.about
    wanted = f"that a {kind.noun} with the key {key}, which nothing has, is not found"
    raise Broken(wanted, f"{operation.operation_id} answers {reply.status}", reply)


def _may_be_empty(document: Document, operation: Operation) -> bool:
    """Whether an operation is documented to answer for nothing with success."""
    shape = answered(document, operation)
    free = any(each.get("maxProperties") == 0 for each in branches(document.spec, shape))
    return free or "404" not in operation.node["responses"]


READ_BACK = Law(
    name="read_back_equals_written",
    family=Family.RESOURCES,
    expects="that a thing reads as it was written, field by field",
    why="Whoever writes a customer's address, a meter's dimensions or a price's tiers takes it that they are kept. "
    "Where a field is lost, cut or changed on the way, the platform rates and invoices by something that nobody "
    "wrote, and nothing says so. The law makes one thing of each kind, with every field for free words that its "
    "document has, reads it, and compares what it wrote. It leaves out what the target says itself, and does not "
    "mind the spelling of a word from a closed list, nor the order of plain words in a list.",
    evidence=Evidence.PUBLISHED,
    source="the answers of the published operations: a thing is answered as it is stored",
    severity=Severity.HIGH,
    subjects=_read_back,
    play=_read_back_equals_written,
    cases=(WORDS,),
    generated=_any_words,
    examples=4,
)

ABSENT_KEYS = Law(
    name="absent_keys_are_not_found",
    family=Family.RESOURCES,
    expects="that a key that nothing has is not found",
    why="A client that asks for a key with a slip of the pen has to be told, or it goes on with somebody else's "
    "thing, or deletes it. The law makes one thing and asks for its key with one character more and with one "
    "less: to read it, to delete it, and to replace it where the document says that this does not make one.",
    evidence=Evidence.PUBLISHED,
    source="the published operations on one thing, which answer 404 when there is none",
    severity=Severity.MEDIUM,
    subjects=_absent,
    play=_absent_keys_are_not_found,
)
