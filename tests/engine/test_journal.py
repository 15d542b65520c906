"""The account's journal."""

from mockserver.engine.journal import Entry, Journal


def entry(journal: Journal) -> Entry:
    """The next request of an account."""
    number = journal.next_sequence()
    return Entry(number, 0, "GET", f"/{number}", "", None, 200, 0)


def filled(count: int, size: int) -> Journal:
    """A journal of `size` to which `count` entries were added."""
    journal = Journal(size)
    for _ in range(count):
        journal.add(entry(journal))
    return journal


def test_entries_are_told_in_the_order_of_their_requests() -> None:
    """The oldest entry comes first."""
    assert [each.path for each in filled(3, 10)] == ["/1", "/2", "/3"]


def test_the_oldest_entries_fall_out() -> None:
    """A full journal keeps the last ones, and their numbers show what is missing."""
    journal = filled(7, 3)
    assert len(journal) == 3
    assert [each.sequence for each in journal] == [5, 6, 7]


def test_clearing_starts_anew() -> None:
    """After `clear` nothing is left and the numbering starts at 1."""
    journal = filled(4, 10)
    journal.clear()
    assert (len(journal), journal.next_sequence()) == (0, 1)


def test_reading_is_not_disturbed_by_new_entries() -> None:
    """A reader goes through the entries that were there when it began."""
    journal = filled(2, 2)
    seen = []
    for each in journal:
        journal.add(entry(journal))
        seen.append(each.sequence)
    assert seen == [1, 2]


def test_each_entry_has_its_own_warnings() -> None:
    """A warning of one request is not told of another."""
    first, second = filled(2, 2)
    assert first.warnings == []
    assert first.warnings is not second.warnings
