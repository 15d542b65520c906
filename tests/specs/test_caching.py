"""The cache of parsed documents: it saves time and never changes what is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specs.caching import KEPT, cached


class Maker:
    """Counts how often the value was made."""

    def __init__(self, value: Any) -> None:
        self.value, self.made = value, 0

    def __call__(self) -> Any:
        """The value."""
        self.made += 1
        return self.value


DOCUMENT = {"paths": {"/a": {"get": {"example": [1, 2.5, None, True, "ü"]}}}}


def test_the_same_sources_are_read_once(tmp_path: Path) -> None:
    """The second process gets an equal value without making it."""
    first, second = Maker(DOCUMENT), Maker(None)
    assert cached("x", [b"a", b"b"], first, tmp_path) == DOCUMENT
    assert cached("x", [b"a", b"b"], second, tmp_path) == DOCUMENT
    assert (first.made, second.made) == (1, 0)


@pytest.mark.parametrize("sources", [[b"a"], [b"ab", b""], [b"", b"ab"], [b"b", b"a"], [b"a", b"b", b""]])
def test_other_sources_are_read_anew(tmp_path: Path, sources: list[bytes]) -> None:
    """Sources that differ in content, order or division have caches of their own."""
    cached("x", [b"a", b"b"], Maker(1), tmp_path)
    assert cached("x", sources, Maker(2), tmp_path) == 2


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _spoilt(path: Path) -> None:
    path.write_bytes(b"no marshalled data")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize("damage", [_emptied, _spoilt, _cut])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """A cache that cannot be read costs time and nothing else."""
    cached("x", [b"a"], Maker(DOCUMENT), tmp_path)
    (file,) = tmp_path.iterdir()
    damage(file)
    assert cached("x", [b"a"], Maker(DOCUMENT), tmp_path) == DOCUMENT
    assert cached("x", [b"a"], Maker(None), tmp_path) == DOCUMENT


def test_without_a_place_to_write_the_value_is_made(tmp_path: Path) -> None:
    """A folder that cannot be made, as in an installation that belongs to somebody else, is no fault."""
    file = tmp_path / "file"
    file.write_text("in the way")
    assert cached("x", [b"a"], Maker(DOCUMENT), file / "folder") == DOCUMENT


def test_old_caches_are_removed(tmp_path: Path) -> None:
    """A developer's many versions of a file do not pile up, and another name's caches are left alone."""
    cached("other", [b"a"], Maker(0), tmp_path)
    for number in range(KEPT + 3):
        cached("x", [bytes([number])], Maker(number), tmp_path)
    names = sorted(file.name.partition(".")[0] for file in tmp_path.iterdir())
    assert names == ["other", *["x"] * KEPT]
