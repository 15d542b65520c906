"""Reads OpenAPI files: YAML to plain dicts, with references between files of one folder made local."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from specs.caching import cached
from specs.errors import CatalogError

# The C loader is ten times faster; a PyYAML built without it has only the other one.
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, eq=False)
class Part:
    """One OpenAPI file, or one finished document, that is to be merged with others.

    Args:
        label: How messages name it, such as ``amberflo/billing.yaml``.
        family: The stem of the file's name.
        spec: Its content, with every reference local (``#/...``).
    """

    label: str
    family: str
    spec: dict[str, Any]


def read_folder(folder: Traversable) -> tuple[Part, ...]:
    """Every OpenAPI file directly in a folder, by name.

    Raises:
        CatalogError: There is none, or one cannot be read.
    """
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(SUFFIXES)), key=lambda entry: entry.name)
    if not files:
        raise CatalogError(f"no OpenAPI files in {folder.name}")

    def read() -> list[tuple[str, str, dict[str, Any]]]:
        return [_read(file, f"{folder.name}/{file.name}") for file in files]

    # Only the package's own files stay the same from start to start.
    if Path(str(folder)).parent != Path(__file__).parent:
        return tuple(Part(*each) for each in read())
    sources = [part for file in files for part in (file.name.encode(), file.read_bytes())]
    return tuple(Part(*each) for each in cached(folder.name, sources, read))


def read_file(path: Path) -> tuple[Part, ...]:
    """One OpenAPI file from disk, first, and after it the files that it refers to, without their paths.

    Raises:
        CatalogError: A file cannot be read, or a reference to one names something else than a component.
    """
    first = _content(path, path.name)
    parts = {path.name: Part(path.name, path.stem, _localised(first))}
    waiting = sorted(_files_named_in(first))
    while waiting:
        name = waiting.pop(0)
        if name in parts:
            continue
        content = _content(path.parent / name, name)
        waiting.extend(sorted(_files_named_in(content)))
        parts[name] = Part(name, Path(name).stem, _localised(content) | {"paths": {}})
    return tuple(parts.values())


def _read(file: Traversable, label: str) -> tuple[str, str, dict[str, Any]]:
    """A part's label, family and content."""
    return label, file.name.rpartition(".")[0], _localised(_content(file, label))


def _content(file: Traversable, label: str) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - both loaders are safe ones
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogError(f"{label} cannot be read: {error}") from error
    if not isinstance(content, dict) or "openapi" not in content:
        raise CatalogError(f"{label} is no OpenAPI document")
    return content


def _localised(node: Any) -> Any:
    """A copy in which ``common.yaml#/x`` reads ``#/x``: after the merge, what it names is in the same document."""
    if isinstance(node, dict):
        return {key: _local(value) if key == "$ref" else _localised(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_localised(item) for item in node]
    return node


def _local(reference: Any) -> Any:
    if not isinstance(reference, str):
        return _localised(reference)
    file, _, pointer = reference.partition("#")
    if file and not pointer.startswith("/components/"):
        raise CatalogError(f"reference {reference}: of another file, only /components/ can be referred to")
    return f"#{pointer}"


def _files_named_in(node: Any) -> set[str]:
    return {reference.partition("#")[0] for reference in references(node)} - {""}


def references(node: Any) -> Iterator[str]:
    """Every ``$ref`` below a node."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)
