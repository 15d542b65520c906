"""The kinds of things that laws of resources are about, derived from a document's links and paths."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from contracts.checks.lifecycles import LOCKED, LOCKING, Handle, lifecycles
from contracts.checks.samples import sample, schema_properties
from contracts.laws.resources_schemas import Schema, answered, asked, listed, members
from contracts.policy import is_read, plain
from specs.catalog import Document, Operation
from specs.projecting import resolve

_OWN_KEYS = ("id", "ruleId")
"""The fields that tell things apart which can only be read in a list."""

_UPSERT = "createOrUpdate"
_BODY = "$response.body#/"
_KEYS_AT_END = re.compile(r"(?:/\{[^{}]+\})+$")
_LISTS = ("/list", "", "/all")
"""What stands behind the path of a kind where all of its things are listed."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_VERBS = re.compile("^(portal)?(createOrUpdate|create|assign|apply)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of thing, and the operations about it.

    Args:
        number: Its place among the kinds of the document, which keeps the keys of two kinds apart.
        create: Makes one.
        key: The field of the answer that tells it from others of its kind.
        chosen: Whether the client chooses the key; otherwise the target does.
        shape: The schema of one as it is read.
        first: Whether no kind before it is read, or listed, by the same operation.
        read: Gives one by its key; None when only a list shows it.
        listing: Gives all of them, or all that belong to one owner; None when nothing does.
        delete: Removes one, or None.
        deprecate: Replaces one so that it may be deleted, or None.
        replace: Replaces one, or None.
    """

    number: int
    create: Operation
    key: str
    chosen: bool
    shape: Schema
    first: bool
    read: Handle | None = None
    listing: Handle | None = None
    delete: Handle | None = None
    deprecate: Operation | None = None
    replace: Operation | None = None

    @property
    def noun(self) -> str:
        """What a person calls one, such as `product item`."""
        words = _WORDS.findall(_VERBS.sub("", self.create.operation_id))
        return " ".join(each if each.isupper() else each.lower() for each in words) or "thing"

    @property
    def shows(self) -> Handle:
        """What shows one: its reading, or the list where nothing else does.

        Raises:
            LookupError: Nothing does; there is no such kind.
        """
        if found := self.read or self.listing:
            return found
        raise LookupError(self.create.operation_id)

    @property
    def owners(self) -> frozenset[str]:
        """The fields that say whose it is: what its operations have to be told beside its key."""
        handles = (self.read, self.listing, self.delete)
        return frozenset(field for each in handles if each for field in each.fields.values()) - {self.key}

    def asks(self, *operations: Handle | Operation | None) -> frozenset[str]:
        """The names of its creation, of what shows one, and of other operations."""
        every = (self.create, self.read or self.listing, *operations)
        found = (each.operation if isinstance(each, Handle) else each for each in every if each)
        return frozenset(each.operation_id for each in found)


@lru_cache(maxsize=16)
def kinds(document: Document) -> tuple[Kind, ...]:
    """The kinds of a document: what has a life of its own, and what can be made and is seen in a list alone."""
    seen: set[str] = set()
    found = []
    for number, (create, key, read, delete) in enumerate(_made(document)):
        listing = _listing(document, create, key, read, delete)
        shows = read or listing
        if shows is None:
            continue
        name = shows.operation.operation_id
        found.append(
            Kind(
                number=number,
                create=create,
                key=key,
                chosen=_is_chosen(document, create, key),
                read=read,
                listing=listing,
                delete=delete,
                deprecate=_deprecate(document, create, delete),
                replace=_replace(document, create),
                shape=answered(document, shows.operation) if read else listed(document, shows.operation),
                first=name not in seen,
            )
        )
        seen.add(name)
    return tuple(found)


@lru_cache(maxsize=16)
def minted(document: Document) -> tuple[Kind, ...]:
    """What the answer to its making gives a key, and nothing shows again: a prepaid order of the published form.

    What has a mark of the client's that may not be there twice is one thing however often it is sent.
    """
    there = {each.create.operation_id for each in kinds(document)}
    found: list[Kind] = []
    for create in document.operations:
        marked = any(reason.startswith("duplicate-") for reason in create.refuses)
        makes = create.method == "POST" and not is_read(create) and not marked and _makes_one(document, create)
        key = _minted_key(document, create) if makes and create.operation_id not in there else ""
        if key:
            number = len(there) + len(found)
            found.append(Kind(number, create, key, chosen=False, shape=answered(document, create), first=True))
    return tuple(found)


def _minted_key(document: Document, create: Operation) -> str:
    """The member of an answer that is called after what was made, and was not asked for; empty for none."""
    known = dict(schema_properties(document, create))
    last = _WORDS.findall(create.operation_id)[-1].lower()
    names = (name for name in members(document.spec, answered(document, create)) if name not in known)
    return next((name for name in names if plain(name) in {"id", f"{last}id"}), "")


def _made(document: Document) -> Iterator[tuple[Operation, str, Handle | None, Handle | None]]:
    """Each creation, the field that is its key, and what reads and deletes one thing."""
    known = {each.operation_id: each for each in document.operations}
    lives = {each.create.operation_id: each for each in lifecycles(document)}
    for create in document.operations:
        life = lives.get(create.operation_id)
        if life is not None and not listed(document, life.read.operation):
            yield create, life.key, life.read, life.delete
        elif create.method == "POST" and not is_read(create) and _makes_one(document, create):
            yield from _unlinked(document, create, known)


def _unlinked(
    document: Document, create: Operation, known: Mapping[str, Operation]
) -> Iterator[tuple[Operation, str, Handle | None, Handle | None]]:
    """What no link leads to the reading of: its path does, or only a list shows it."""
    read, delete = _one_below(document, create, "GET"), _one_below(document, create, "DELETE")
    if read is not None:
        yield create, next(iter(read.fields.values())), read, delete
    elif key := _own_key(document, create, known):
        removed = (each for each in _linked(document, create, known, "DELETE") if key in each.fields.values())
        yield create, key, None, next(removed, None)


def _one_below(document: Document, create: Operation, method: str) -> Handle | None:
    """The operation whose path is that of a creation and a key behind it, as a document without links has it."""
    below = re.compile(rf"{re.escape(create.path)}/\{{([^{{}}]+)\}}")
    made = members(document.spec, answered(document, create))
    for operation in document.operations:
        found = below.fullmatch(operation.path) if operation.method == method else None
        if found and found[1] in made:
            return Handle(operation, {found[1]: found[1]})
    return None


def _makes_one(document: Document, create: Operation) -> bool:
    return _takes_object(document, create) and "404" not in create.node["responses"]


def _takes_object(document: Document, operation: Operation) -> bool:
    made = sample(document, operation) if "requestBody" in operation.node else None
    return made is not None and isinstance(made.body, dict)


def _own_key(document: Document, create: Operation, known: Mapping[str, Operation]) -> str:
    """The key of what a list alone shows, one that is linked or stands at its path; empty when that does not."""
    linked = [each.operation for each in _linked(document, create, known, "GET")]
    for operation in (*linked, *(each for each in known.values() if (each.path, each.method) == (create.path, "GET"))):
        shown, made = listed(document, operation), answered(document, create)
        for key in _OWN_KEYS:
            if key in members(document.spec, shown) and key in members(document.spec, made):
                return key
    return ""


def _linked(document: Document, create: Operation, known: Mapping[str, Operation], method: str) -> Iterator[Handle]:
    """The operations of a method that the answer of a creation links to, told what the answer holds."""
    for status, answer in create.node["responses"].items():
        links = resolve(document.spec, answer).get("links", {}) if str(status).startswith("2") else {}
        for link in links.values():
            target = known.get(link.get("operationId", ""))
            sources = link.get("parameters", {})
            direct = all(str(source).startswith(_BODY) for source in sources.values())
            if target is not None and target.method == method and direct:
                yield Handle(target, {name: source.removeprefix(_BODY) for name, source in sources.items()})


def _listing(
    document: Document, create: Operation, key: str, read: Handle | None, delete: Handle | None
) -> Handle | None:
    """What lists the things of a kind, by the path of their reading, deletion or creation."""
    near = read or delete
    base = _KEYS_AT_END.sub("", near.operation.path if near else create.path)
    gets = {each.path: each for each in document.operations if each.method == "GET"}
    for path in (f"{base}{each}" for each in _LISTS):
        operation = gets.get(path)
        if operation is None or key not in members(document.spec, listed(document, operation)):
            continue
        fields = _filling(document, create, operation)
        if fields is not None and key not in fields.values():
            return Handle(operation, fields)
    return None


def _filling(document: Document, create: Operation, operation: Operation) -> Mapping[str, str] | None:
    """The field of a thing for each parameter that a list has to be told; None when one has no such field."""
    fields = {plain(name): name for name, _ in schema_properties(document, create)}
    needed = [each["name"] for each in operation.parameters if each.get("required")]
    if any(plain(name) not in fields for name in needed):
        return None
    return {name: fields[plain(name)] for name in needed}


def _is_chosen(document: Document, create: Operation, key: str) -> bool:
    """Whether a client has to say the key, or may say it where saying it again means the same thing."""
    has = key in dict(schema_properties(document, create))
    return has and (key in required(document, asked(create)) or create.operation_id.startswith(_UPSERT))


def required(document: Document, schema: Schema) -> frozenset[str]:
    """The members that an object of a schema must have, whatever choice it makes."""
    node = resolve(document.spec, schema)
    found = frozenset(node.get("required", []))
    for part in node.get("allOf", []):
        found |= required(document, part)
    for choice in (node.get("anyOf"), node.get("oneOf")):
        found |= frozenset.intersection(*(required(document, each) for each in choice)) if choice else frozenset()
    return found


def _replace(document: Document, create: Operation) -> Operation | None:
    """What replaces a thing: the PUT of the path where it is made, or the creation itself where its name says so."""
    puts = (each for each in document.operations if (each.path, each.method) == (create.path, "PUT"))
    put = next((each for each in puts if _takes_object(document, each)), None)
    return put or (create if create.operation_id.startswith(_UPSERT) else None)


def _deprecate(document: Document, create: Operation, delete: Handle | None) -> Operation | None:
    if delete is None or LOCKED not in delete.operation.refuses:
        return None
    replace = _replace(document, create)
    return replace if replace and LOCKING in dict(schema_properties(document, replace)) else None
