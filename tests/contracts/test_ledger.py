"""What a run makes stands on the disk before it is made, whatever becomes of the run."""

import json
import os
from pathlib import Path

import pytest

from contracts.ledger import LONGEST, Ledger, Thing, new_prefix
from contracts.model import RunError
from tests.contracts.fake_clock import FakeClock
from tests.contracts.gates import PREFIX, ledger

URL = "http://127.0.0.1:9"


def test_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Who resumes a ledger finds the run's target and prefix, and what was made and not deleted, oldest first."""
    with ledger(tmp_path, URL) as book:
        book.record([Thing("customer", PREFIX + "a"), Thing("meter", PREFIX + "a")], "createCustomer")
        book.record([Thing("customer", PREFIX + "b")], "updateCustomer")
        book.remove(Thing("customer", PREFIX + "a"))
    with Ledger.resume(tmp_path / "ledger.jsonl") as again:
        assert (again.target, again.document, again.prefix) == (URL, "amberflo", PREFIX)
        assert [(each.thing, each.operation_id) for each in again.entries()] == [
            (Thing("meter", PREFIX + "a"), "createCustomer"),
            (Thing("customer", PREFIX + "b"), "updateCustomer"),
        ]
        assert Thing("meter", PREFIX + "a") in again
        assert Thing("customer", PREFIX + "a") not in again


def test_each_line_is_synced_before_the_call_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut after the answer of `record` loses nothing: the file was synced after its last byte."""
    book = ledger(tmp_path, URL)
    synced: list[bytes] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        sync(descriptor)
        synced.append((tmp_path / "ledger.jsonl").read_bytes())

    monkeypatch.setattr(os, "fsync", watched)
    book.record([Thing("customer", PREFIX + "a")], "createCustomer")
    assert synced
    assert synced[-1] == (tmp_path / "ledger.jsonl").read_bytes()
    assert f"{PREFIX}a".encode() in synced[-1]


def test_a_thing_is_written_once(tmp_path: Path) -> None:
    """A customer that is replaced a hundred times is one line; one that was deleted and made again is written again."""
    book = ledger(tmp_path, URL)
    thing = Thing("customer", PREFIX + "a")
    for _ in range(100):
        book.record([thing, thing], "updateCustomer")
    book.remove(thing)
    book.record([thing], "updateCustomer")
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == 4


def test_things_without_a_key_are_counted(tmp_path: Path) -> None:
    """Orders whose keys the target chose are each there, across a resumption too."""
    with ledger(tmp_path, URL) as book:
        for _ in range(2):
            book.record([Thing("prepaid-order", "")], "createPrepaidOrder")
    with Ledger.resume(tmp_path / "ledger.jsonl") as again:
        again.record([Thing("prepaid-order", "")], "createPrepaidOrder")
        assert [each.thing.key for each in again.entries()] == ["#1", "#2", "#3"]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_line_that_was_cut_off_is_passed_over(tmp_path: Path, cut: int) -> None:
    """A run that died while it wrote a line had not sent what the line announces; writing goes on behind it."""
    path = tmp_path / "ledger.jsonl"
    with ledger(tmp_path, URL) as book:
        book.record([Thing("customer", PREFIX + "a")], "createCustomer")
        book.record([Thing("customer", PREFIX + "b")], "createCustomer")
    path.write_bytes(path.read_bytes()[:-cut])
    for _ in range(2):
        with Ledger.resume(path) as again:
            assert [each.thing.key for each in again.entries()][:1] == [PREFIX + "a"]
            again.record([Thing("customer", PREFIX + "c")], "createCustomer")
            assert again.entries()[-1].thing.key == PREFIX + "c"
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_ledger_is_for_one_at_a_time(tmp_path: Path) -> None:
    """Nobody cleans up after a run that is still going."""
    with ledger(tmp_path, URL), pytest.raises(RunError, match="in use"):
        Ledger.resume(tmp_path / "ledger.jsonl")
    Ledger.resume(tmp_path / "ledger.jsonl").close()


def test_a_ledger_is_never_overwritten(tmp_path: Path) -> None:
    """What a run left is not lost to the next one."""
    ledger(tmp_path, URL).close()
    with pytest.raises(RunError, match="cannot be made"):
        ledger(tmp_path, URL)


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    """The ledger of an account is nobody else's business."""
    ledger(tmp_path, URL).close()
    assert (tmp_path / "ledger.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]\n",
        "{}\n",
        "no json\n",
        '{"ledger": 2, "target": "x", "document": "y", "prefix": "mm-0123456789-"}\n',
        '{"ledger": 1, "target": "x", "document": "y"}\n',
        '{"ledger": 1, "target": "x", "document": "y", "prefix": "R"}\n',
        '{"ledger": 1, "target": "x", "document": "y", "prefix": "mm-0123456789-"}\n{"odd": 1}\n',
        '{"ledger": 1, "target": "x", "document": "y", "prefix": "mm-0123456789-"}\n\n{"create": "customer"}\n',
    ],
)
def test_file_that_is_no_ledger_is_refused(tmp_path: Path, content: str) -> None:
    """One clear line, whatever the file holds, and the file stays as it is."""
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(RunError, match="is no ledger") as caught:
        Ledger.resume(path)
    assert "\n" not in str(caught.value)
    assert path.read_text() == content


@pytest.mark.parametrize("place", ["absent", "folder"])
def test_ledger_that_cannot_be_opened(tmp_path: Path, place: str) -> None:
    """A wrong path is one clear line."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="cannot be opened"):
        Ledger.resume(tmp_path / place)
    with pytest.raises(RunError, match="cannot be made"):
        Ledger.create(tmp_path / "no" / "such", target=URL, document="amberflo", clock=FakeClock())


def test_full_disk_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written is not sent, and not remembered as made."""
    book = ledger(tmp_path, URL)

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunError, match="No space left"):
        book.record([Thing("customer", PREFIX + "a")], "createCustomer")
    assert book.entries() == ()


def test_a_run_owns_what_begins_with_its_prefix_and_is_plain(tmp_path: Path) -> None:
    """A key that could be read as another one on its way is nobody's."""
    book = ledger(tmp_path, URL)
    assert all(book.owns(PREFIX + rest) for rest in ("a", "A-1_b", "x" * LONGEST))
    odd = ("", "a/b", "..", "a.b", "a b", "ä", "a%2e", "\n", "x" * (LONGEST + 1))
    assert not any(book.owns(PREFIX + rest) for rest in odd)
    assert not any(book.owns(key) for key in ("REAL-1", "", PREFIX[1:] + "a", "x" + PREFIX + "a", PREFIX.upper() + "a"))


def test_no_two_runs_share_a_prefix() -> None:
    """What one run may delete is never another's."""
    assert len({new_prefix() for _ in range(1000)}) == 1000
