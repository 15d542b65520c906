"""Where in a document's file something stands, so that a reader can look it up."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from contracts.model import DocumentLine, Identity
from specs import catalog
from specs.catalog import Operation

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CHOICES = ("anyOf", "oneOf", "allOf")


class Places:
    """The lines of the files of one or more documents.

    Args:
        operations: Of the documents.
        files: The file of a document that is none of the vendors', by the document's name.
    """

    def __init__(self, operations: Iterable[Operation], files: Mapping[str, Path] | None = None) -> None:
        self._operations = {operation.operation_id: operation for operation in operations}
        self._files = files or {}

    def of(self, identity: Identity) -> DocumentLine | None:
        """The line that a finding rests on: of the broken schema, else of the answer, else of the operation."""
        operation = self._operations.get(identity.operation_id)
        if operation is None:
            return None
        label, path = self._file(operation)
        root = _compose(path)
        node = _child(_child(_child(root, "paths"), operation.path), operation.method.lower())
        if node is None:
            return None
        return DocumentLine(label, _deepest(path, root, node, identity).start_mark.line + 1)

    def _file(self, operation: Operation) -> tuple[str, Path]:
        if operation.document in self._files:
            path = self._files[operation.document]
            return str(path), path
        label = f"{operation.document}/{operation.family}.yaml"
        return f"specs/{label}", Path(catalog.__file__).parent / label


def _deepest(path: Path, root: Any, operation: Any, identity: Identity) -> Any:
    """The node as far down as the file goes with the finding."""
    answer = _opened(path, root, _child(_child(operation, "responses"), str(identity.status)))
    if answer is None:
        return operation
    content = _child(answer, "content")
    schema = _child(content.value[0][1], "schema") if content is not None and content.value else None
    if schema is None or not identity.schema_path:
        return answer
    return _walked(path, root, schema, identity.schema_path.strip("/").split("/"))


def _walked(path: Path, root: Any, schema: Any, steps: list[str]) -> Any:
    """The deepest node on the way down a schema; references are followed, and of a choice the branch that goes on."""
    node = _opened(path, root, schema)
    for number, step in enumerate(steps):
        below = _child(node, step)
        if below is None:
            return _branch(path, root, node, steps[number:]) or node
        node = _opened(path, root, below)
    return node


def _branch(path: Path, root: Any, node: Any, steps: list[str]) -> Any:
    for choice in _CHOICES:
        branches = _child(node, choice)
        for branch in branches.value if branches is not None else ():
            opened = _opened(path, root, branch)
            if _child(opened, steps[0]) is not None:
                return _walked(path, root, opened, steps)
    return None


def _opened(path: Path, root: Any, node: Any) -> Any:
    """What a node refers to, when that is in the same file; else the node itself."""
    reference = _child(node, "$ref")
    if reference is None or not str(reference.value).startswith("#/"):
        return node
    target = root
    for step in str(reference.value)[2:].split("/"):
        target = _child(target, step.replace("~1", "/").replace("~0", "~"))
    return node if target is None else _opened(path, root, target)


def _child(node: Any, key: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        return node.value[int(key)]
    return None


@cache
def _compose(path: Path) -> Any:
    """The file as nodes that know their lines; None when it cannot be read any more."""
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
