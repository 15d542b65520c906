"""The catalog: every document that the project knows, and every operation in them.

The documents are package data, one folder a vendor and one file a family. What is handed out is shared and cached:
read it, or take a ``copy.deepcopy`` before giving it to something that writes into it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from specs.errors import CatalogError
from specs.files import Part, read_file, read_folder
from specs.merging import METHODS, merge
from specs.projecting import MARKER, project_spec, resolve

__all__ = [
    "CHARGE_PATH", "DIALECTS", "EVIDENCE", "VENDORS", "CatalogError", "Dialect", "Document", "Operation",
    "document", "documents", "load", "operations", "project", "read", "served",
]  # fmt: skip


class Dialect(StrEnum):
    """Which of the two forms of a vendor's API is meant: the published documents', or the live platform's."""

    PUBLISHED = "published"
    LIVE = "live"


DIALECTS = tuple(dialect.value for dialect in Dialect)
EVIDENCE = ("published", "documented", "sdk", "inferred")
VENDORS = ("amberflo", "solvimon")

# The vendor's page does not print its path, so a server may be told another one.
CHARGE_PATH = "/v{version}/ingest/charge-data"
_CHARGE_OPERATION = "ingestChargeEvents"
_VERSION = "{version}"

_SERVED_INFO = {
    "title": "Amberflo and Solvimon",
    "description": "Every operation that the mock answers, with the forms that it accepts and gives.",
    "version": "1.0.0",
}


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path.

    Args:
        operation_id: Its name, unique across all documents.
        method: In upper case.
        path: With its parameters in braces.
        document: The vendor whose document it is in.
        family: The stem of the file that holds it, such as ``metering``.
        evidence: How well it is known, one of ``EVIDENCE``; empty when a file from elsewhere does not say.
        dialect: The only dialect that knows it, or None when both do.
        refuses: Why it refuses what its schemas allow: its own reasons, then those of its request's forms.
        node: The operation object of the document, read-only, with references to answers and request bodies opened.
        parameters: Those of the path and its own, its own last, with references opened.
        aliases: Templates of its other paths: a key that stands in one of the two paths alone is a query parameter in
            the other.
    """

    operation_id: str
    method: str
    path: str
    document: str
    family: str
    evidence: str
    dialect: Dialect | None
    refuses: tuple[str, ...]
    node: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Document:
    """An OpenAPI document and the operations in it.

    Args:
        name: The vendor, ``served`` for the merger of all, or the stem of a file read from disk.
        spec: The whole document as plain JSON values, read-only.
        operations: In the order of the document.
    """

    name: str
    spec: dict[str, Any]
    operations: tuple[Operation, ...]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the document as canonical JSON, in hexadecimal."""
        canonical = json.dumps(self.spec, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def operation(self, operation_id: str) -> Operation:
        """The operation of this name.

        Raises:
            KeyError: There is none.
        """
        return self._by_id[operation_id]

    @cached_property
    def _by_id(self) -> dict[str, Operation]:
        return {operation.operation_id: operation for operation in self.operations}


@cache
def documents() -> tuple[Document, ...]:
    """The document of each vendor, its families merged.

    Raises:
        CatalogError: The files contradict each other, or an operation lacks what it needs.
    """
    found = tuple(load(name, files(__package__).joinpath(name)) for name in VENDORS)
    _require_unique(operation for each in found for operation in each.operations)
    return found


def document(name: str) -> Document:
    """The document of one vendor.

    Raises:
        KeyError: No vendor has this name.
    """
    return {each.name: each for each in documents()}[name]


def operations() -> tuple[Operation, ...]:
    """Every operation of every document."""
    return tuple(operation for each in documents() for operation in each.operations)


def load(name: str, folder: Traversable) -> Document:
    """The OpenAPI files of a folder as one document of this name.

    Raises:
        CatalogError: Two files hold one path, or one component with different content; an operationId is missing or
            there twice; or an operation lacks ``x-evidence``.
    """
    parts = read_folder(folder)
    owners = {path: (name, part.family) for part in parts for path in part.spec.get("paths", {})}
    loaded = _document(name, merge(parts), owners)
    _require_evidence(loaded.operations)
    return loaded


def read(path: str | Path) -> Document:
    """Any OpenAPI file from disk, with the files beside it that it refers to merged in.

    An operation without operationId is named by its method and path; one without ``x-evidence`` has none.

    Raises:
        CatalogError: A file cannot be read, or two of them contradict each other.
    """
    path = Path(path)
    spec = merge(read_file(path))
    return _document(path.stem, spec, dict.fromkeys(spec["paths"], (path.stem, path.stem)))


@cache
def project(dialect: str, name: str = "amberflo") -> Document:
    """The document of one vendor as one dialect knows it.

    Raises:
        CatalogError: There is no such dialect.
        KeyError: No vendor has this name.
    """
    if dialect not in DIALECTS:
        raise CatalogError(f"no dialect {dialect!r}; there are {', '.join(DIALECTS)}")
    whole = document(name)
    return _document(name, project_spec(whole.spec, dialect), _owners(whole))


@lru_cache(maxsize=8)
def served(charge_path: str = CHARGE_PATH) -> Document:
    """One document of all vendors, for a server that answers them at the root of one port.

    Args:
        charge_path: Where Solvimon's charge events are taken; without ``{version}`` that parameter goes too.

    Raises:
        ValueError: The charge path is no path, holds another parameter, or belongs to another operation.
        CatalogError: Two vendors hold one component with different content.
    """
    _require_path(charge_path)
    found = documents()
    owners = {path: owner for each in found for path, owner in _owners(each).items()}
    owners[charge_path] = owners.pop(CHARGE_PATH)
    spec = merge(Part(each.name, "", _moved(each.spec, charge_path)) for each in found)
    spec |= {"info": _SERVED_INFO, "servers": [{"url": "/"}]}
    return _document("served", spec, owners)


def _require_path(charge_path: str) -> None:
    plain = charge_path.replace(_VERSION, "1", 1)
    if not re.fullmatch(r"(/[\w.~!$&'()*+,;=:@-]+)+", plain, re.ASCII):
        raise ValueError(
            f"charge path {charge_path!r} must begin with a slash, end without one and hold no parameter but {_VERSION}"
        )


def _moved(spec: dict[str, Any], charge_path: str) -> dict[str, Any]:
    """The document with its charge path, if it has one, under another name; the rest is shared with the original."""
    if CHARGE_PATH not in spec["paths"]:
        return spec
    paths = {charge_path if path == CHARGE_PATH else path: item for path, item in spec["paths"].items()}
    if _VERSION not in charge_path:
        paths[charge_path] = _without_version(paths[charge_path])
    return spec | {"paths": paths}


def _without_version(item: Mapping[str, Any]) -> dict[str, Any]:
    """The charge path's item without its path parameter, and without the links that pass it on."""
    node = item["post"]
    parameters = [parameter for parameter in node["parameters"] if parameter["in"] != "path"]
    responses = {
        status: {key: value for key, value in response.items() if key != "links"}
        for status, response in node["responses"].items()
    }
    return {**item, "post": {**node, "parameters": parameters, "responses": responses}}


def _document(name: str, spec: dict[str, Any], owners: Mapping[str, tuple[str, str]]) -> Document:
    found = tuple(_operations(spec, owners))
    _require_unique(found)
    return Document(name, spec, found)


def _operations(spec: dict[str, Any], owners: Mapping[str, tuple[str, str]]) -> Iterator[Operation]:
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                yield _operation(spec, path, method, owners[path])


def _operation(spec: dict[str, Any], path: str, method: str, owner: tuple[str, str]) -> Operation:
    item = spec["paths"][path]
    node = _opened(spec, item[method])
    return Operation(
        operation_id=node.get("operationId", f"{method.upper()} {path}"),
        method=method.upper(),
        path=path,
        document=owner[0],
        family=owner[1],
        evidence=node.get("x-evidence", ""),
        dialect=_dialect(node, f"{method.upper()} {path}"),
        refuses=_refuses(spec, node),
        node=node,
        parameters=_parameters(spec, item, node),
        aliases=tuple(node.get("x-aliases", ())),
    )


def _opened(spec: dict[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """An operation whose answers and request body stand in it, wherever the document keeps them."""
    responses = {status: resolve(spec, answer) for status, answer in node.get("responses", {}).items()}
    body = {"requestBody": resolve(spec, node["requestBody"])} if "requestBody" in node else {}
    return {**node, "responses": responses, **body}


def _dialect(node: Mapping[str, Any], label: str) -> Dialect | None:
    marker = node.get(MARKER)
    if marker is not None and marker not in DIALECTS:
        raise CatalogError(f"{label}: {MARKER} is {marker!r}, none of {', '.join(DIALECTS)}")
    return None if marker is None else Dialect(marker)


def _parameters(
    spec: dict[str, Any], item: Mapping[str, Any], node: Mapping[str, Any]
) -> tuple[Mapping[str, Any], ...]:
    """The parameters of the path and of the operation; the operation's own replaces one of the same name and place."""
    opened = [resolve(spec, each) for each in (*item.get("parameters", []), *node.get("parameters", []))]
    return tuple({(each["name"], each["in"]): each for each in opened}.values())


def _refuses(spec: dict[str, Any], node: Mapping[str, Any]) -> tuple[str, ...]:
    """The reasons of the operation, of its request's media types, and of their schemas and branches, in that order."""
    holders = [node]
    for media in resolve(spec, node.get("requestBody", {})).get("content", {}).values():
        schema = resolve(spec, media.get("schema", {}))
        holders += [media, schema, *(resolve(spec, branch) for branch in schema.get("anyOf", []))]
    return tuple(dict.fromkeys(reason for holder in holders for reason in holder.get("x-refuses", [])))


def _owners(source: Document) -> dict[str, tuple[str, str]]:
    return {operation.path: (operation.document, operation.family) for operation in source.operations}


def _require_unique(found: Iterable[Operation]) -> None:
    places: dict[str, list[str]] = {}
    for operation in found:
        places.setdefault(operation.operation_id, []).append(f"{operation.method} {operation.path}")
    doubles = [f"{name} ({', '.join(where)})" for name, where in places.items() if len(where) > 1]
    if doubles:
        raise CatalogError(f"operationId used twice: {'; '.join(doubles)}")


def _require_evidence(found: Iterable[Operation]) -> None:
    unnamed = [f"{each.method} {each.path}" for each in found if "operationId" not in each.node]
    if unnamed:
        raise CatalogError(f"operationId is missing: {', '.join(unnamed)}")
    unproven = [each.operation_id for each in found if each.evidence not in EVIDENCE]
    if unproven:
        raise CatalogError(f"x-evidence is missing or none of {', '.join(EVIDENCE)}: {', '.join(unproven)}")
