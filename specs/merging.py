"""Merges OpenAPI documents into one, refusing whatever would have to be guessed."""

from collections.abc import Iterable, Mapping
from typing import Any

from specs.errors import CatalogError
from specs.files import Part

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# What an operation that does not say it takes from the root of its part.
_INHERITED = ("security", "x-dialect")

# Whose title page the merged document gets, when a family of this name is there.
_TITLE_FAMILY = "common"


def merge(parts: Iterable[Part]) -> dict[str, Any]:
    """One OpenAPI document with the paths, components and tags of all parts.

    The title page (``openapi``, ``info``, ``servers``) is that of the family ``common``, else of the first part. Each
    operation carries its own ``security``, so that parts may differ in it, and its part's ``x-dialect``, when it has
    none itself. Other extensions at a part's root are dropped.

    Raises:
        CatalogError: A path is in two parts, or a component is, with different content.
    """
    parts = tuple(parts)
    title = next((part for part in parts if part.family == _TITLE_FAMILY), parts[0]).spec
    merged: dict[str, Any] = {key: title[key] for key in ("openapi", "info", "servers") if key in title}
    tags = _tags(parts)
    if tags:
        merged["tags"] = tags
    return merged | {"paths": _paths(parts), "components": _components(parts)}


def _tags(parts: tuple[Part, ...]) -> list[Any]:
    """The tags of all parts; the first of a name is the one that is kept."""
    tags: dict[str, Any] = {}
    for part in parts:
        for tag in part.spec.get("tags", []):
            tags.setdefault(tag["name"], tag)
    return list(tags.values())


def _paths(parts: tuple[Part, ...]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    owners: dict[str, str] = {}
    for part in parts:
        for path, item in part.spec.get("paths", {}).items():
            if path in paths:
                raise CatalogError(f"path {path} is in {owners[path]} and in {part.label}")
            owners[path] = part.label
            paths[path] = _with_defaults(item, {key: part.spec[key] for key in _INHERITED if key in part.spec})
    return paths


def _with_defaults(item: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A path item whose operations each say for themselves what their part says for all."""
    return {key: {**defaults, **node} if key in METHODS else node for key, node in item.items()}


def _components(parts: tuple[Part, ...]) -> dict[str, Any]:
    components: dict[str, Any] = {}
    owners: dict[tuple[str, str], str] = {}
    for part in parts:
        for section, named in part.spec.get("components", {}).items():
            kept = components.setdefault(section, {})
            for name, content in named.items():
                if kept.setdefault(name, content) != content:
                    owner = owners[section, name]
                    raise CatalogError(f"component {section}/{name} differs between {owner} and {part.label}")
                owners.setdefault((section, name), part.label)
    return components
