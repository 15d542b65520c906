"""Keeps what was read from YAML files, as Python keeps what it compiled, so that the next start need not parse them.

Parsing the documents costs a few tenths of a second at each start. The cache lies in `__pycache__` beside the modules,
is named by what it was made of, and is nothing but a copy: where it cannot be written or read, the files are parsed.
"""

import contextlib
import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("__pycache__")
KEPT = 4
"""Caches that are kept of one name; older ones are removed."""


def cached(name: str, sources: Sequence[bytes], make: Callable[[], Any], folder: Path = FOLDER) -> Any:
    """What `make` gives for these sources, kept from one process to the next.

    Args:
        name: begins the name of the cache's file.
        sources: everything that the value follows from.
        make: makes the value, plain Python data.
        folder: where caches lie.
    """
    path = folder / f"{name}.{sys.implementation.cache_tag}-{_digest(sources)}.documents"
    with contextlib.suppress(OSError, ValueError, EOFError, TypeError):
        return marshal.loads(path.read_bytes())  # noqa: S302 - our own file, trusted as Python trusts its `.pyc`
    value = make()
    with contextlib.suppress(OSError, ValueError):
        _keep(path, name, marshal.dumps(value))
    return value


def _digest(sources: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(b"%d:" % len(source))
        digest.update(source)
    return digest.hexdigest()[:32]


def _keep(path: Path, name: str, content: bytes) -> None:
    """Writes the cache whole or not at all, and removes those that nobody needs any more."""
    path.parent.mkdir(exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f"{name}.", suffix=".half")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(half).replace(path)
    caches = sorted(path.parent.glob(f"{name}.*.documents"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in caches[KEPT:]:
        old.unlink(missing_ok=True)
