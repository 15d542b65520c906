"""What an account can hold, found in a document: kinds of things, and the requests that concern one of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.checks.asking import Reply
from contracts.checks.lifecycles import Handle, Lifecycle, lifecycles
from contracts.checks.samples import Sample, schema_properties
from contracts.laws.resources_fields import UNIQUE
from contracts.laws.resources_kinds import Kind as Made
from contracts.laws.resources_kinds import kinds as made_kinds
from contracts.laws.talk import Talk
from contracts.portal import is_portal
from specs.catalog import Document, Operation

_TEXTS = (
    "customerName", "displayName", "label", "productPlanName", "productItemPriceName", "promotionName", "name",
    "description",
)  # fmt: skip
"""Fields that say something to a person, and so may hold any text."""

_BOUND = frozenset({"enum", "format", "pattern", "maxLength"})


@dataclass(frozen=True)
class Step:
    """One request.

    Args:
        operation_id: To which operation.
        request: What is sent.
        hidden: Texts that stand in a good answer, and that nobody but the owner may see.
    """

    operation_id: str
    request: Sample
    hidden: tuple[str, ...] = ()

    def ask(self, talk: Talk, auth: str = "") -> Reply:
        """The answer, whatever its status.

        Raises:
            Unclear: There was none.
        """
        sent = self.request
        return talk.ask(
            self.operation_id,
            sent.body,
            path=sent.path,
            query=sent.query,
            headers=sent.headers,
            media_type=sent.media_type,
            auth=auth,
        )

    def shows(self, reply: Reply) -> bool:
        """Whether an answer holds what is hidden."""
        return any(text.encode() in reply.body for text in self.hidden)


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    Args:
        lifecycle: How one is made, read and removed.
        made: How one is made, as the laws of resources know it.
        text: A field that may hold any text, the one that no two things may share if there is one; empty for none.
    """

    lifecycle: Lifecycle
    made: Made
    text: str

    @property
    def lists(self) -> Handle | None:
        """Gives all of them, or those of an owner; None when nothing does but the reading itself."""
        return self.made.listing if self.made.listing != self.lifecycle.read else None

    @property
    def replaces(self) -> Operation | None:
        """Replaces one; None when nothing does."""
        return self.made.replace

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation that concerns it, the one that makes it first."""
        about = (self.lists, self.lifecycle.delete)
        handled = (each.operation for each in about if each is not None)
        replaced = () if self.replaces is None else (self.replaces,)
        return (self.lifecycle.create, self.lifecycle.read.operation, *handled, *replaced)


def wants_key(document: Document, operation: Operation) -> bool:
    """Whether an operation takes the key of an account, and does not do without one."""
    security = operation.node.get("security", document.spec.get("security"))
    return bool(security) and {} not in security and not is_portal(operation)


def kinds(document: Document) -> Iterator[Kind]:
    """The kinds of things of a document that can be read one by one, each once, however many operations make one."""
    made = {each.create.operation_id: each for each in made_kinds(document)}
    read: set[str] = set()
    for each in lifecycles(document):
        name, more = each.read.operation.operation_id, made.get(each.create.operation_id)
        if more is not None and name not in read and wants_key(document, each.create):
            read.add(name)
            yield Kind(each, more, _text(document, each))


def _text(document: Document, lifecycle: Lifecycle) -> str:
    unique = UNIQUE.get(lifecycle.create.operation_id, "")
    free = {
        name
        for name, schema in schema_properties(document, lifecycle.create)
        if schema.get("type") == "string" and _BOUND.isdisjoint(schema)
    }
    return next((name for name in (unique, *_TEXTS) if name in free), "")
