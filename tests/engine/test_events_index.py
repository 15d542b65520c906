"""The index of event keys and the dictionaries, against Python's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine import event_codes
from mockserver.engine.event_codes import DimensionSets
from mockserver.engine.event_index import ABSENT, KeyIndex, mix, mix_one

keys = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2, 2**64 - 1, 2**64 - 2])


def found(index: KeyIndex, asked: list[int]) -> list[int]:
    """The rows of some keys."""
    rows: list[int] = index.find(np.array(asked, np.uint64)).tolist()
    return rows


@given(st.lists(st.sets(keys.filter(bool), max_size=40), max_size=6), st.lists(keys.filter(bool), max_size=20))
def test_the_index_is_a_map(batches: list[set[int]], others: list[int]) -> None:
    """What was inserted is found with its row, and nothing else is."""
    index, expected = KeyIndex(), dict[int, int]()
    for batch in batches:
        new = [key for key in batch if key not in expected]
        rows = range(len(expected), len(expected) + len(new))
        index.insert(np.array(new, np.uint64), np.array(rows, np.int64))
        expected.update(zip(new, rows, strict=True))
    asked = [*expected, *others]
    assert found(index, asked) == [expected.get(key, ABSENT) for key in asked]


def test_keys_one_by_one_and_in_arrays_are_the_same_keys() -> None:
    """What was inserted alone is found in an array and the other way round, through growths, for the key zero too."""
    numbers = [0, *np.unique(np.random.default_rng(6).integers(2, 2**63, 3_000, np.uint64)).tolist()]
    alone, together = KeyIndex(), KeyIndex()
    together.insert(np.array(numbers, np.uint64), np.arange(len(numbers)))
    for row, key in enumerate(numbers):
        assert alone.find_one(key) == ABSENT
        alone.insert_one(key, row)
        assert together.find_one(key) == row
    assert [alone.find_one(key) for key in numbers] == found(alone, numbers) == list(range(len(numbers)))


@given(st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
def test_mixing_one_number_is_mixing_a_column(state: int, number: int) -> None:
    """The hash of one event alone is its hash in a batch."""
    column = mix(np.array([state], np.uint64), np.array([number], np.int64))
    assert mix_one(state, number) == column.tolist()[0]


@pytest.mark.parametrize("batch", [777, 25_000])
def test_a_growing_index_loses_nothing(batch: int) -> None:
    """Through many growths, in small batches and large, every key keeps its row."""
    everything = np.unique(np.random.default_rng(3).integers(1, 2**63, 200_000, np.uint64) * np.uint64(2))
    np.random.default_rng(4).shuffle(everything)
    index, rows = KeyIndex(), np.arange(len(everything))
    for at in range(0, len(everything), batch):
        index.insert(everything[at : at + batch], rows[at : at + batch])
    assert (index.find(everything) == rows).all()
    assert (index.find(everything + np.uint64(1)) == ABSENT).all()


@pytest.mark.parametrize("batch", [500, 3_000])
def test_keys_that_all_collide_are_kept(batch: int) -> None:
    """Keys chosen to share one home slot, even the last one of the table, are found all the same."""
    chosen = np.uint64(2**64 - 1) - np.arange(3_000, dtype=np.uint64)
    usual = np.arange(1, 4_000, dtype=np.uint64) << np.uint64(50)
    index = KeyIndex()
    for at in range(0, len(chosen), batch):
        index.insert(chosen[at : at + batch], np.arange(at, min(at + batch, len(chosen))))
    index.insert(usual, np.arange(len(usual)))
    index.insert(usual + np.uint64(1), np.arange(len(usual)))
    assert (index.find(chosen) == np.arange(len(chosen))).all()
    assert (index.find(usual) == np.arange(len(usual))).all()
    assert (index.find(usual + np.uint64(2)) == ABSENT).all()
    assert [index.find_one(key) for key in chosen[::999].tolist()] == list(range(0, len(chosen), 999))


def test_no_keys_have_no_rows() -> None:
    """Asking for nothing and inserting nothing are allowed."""
    index = KeyIndex()
    index.insert(np.empty(0, np.uint64), np.empty(0, np.int64))
    assert found(index, []) == []


def test_mixing_tells_close_numbers_apart() -> None:
    """Neighbouring numbers, -1 and -2 included, get keys without any pattern: all distinct, half of the bits set."""
    numbers = np.arange(-50_000, 50_000)
    mixed = mix(np.zeros(len(numbers), np.uint64), numbers)
    assert len(np.unique(mixed)) == len(numbers)
    set_bits = np.unpackbits(mixed.view(np.uint8)).mean()
    assert abs(set_bits - 0.5) < 0.01


dimension_sets = st.none() | st.dictionaries(st.sampled_from(["a", "b", "aflo.x", ""]), st.sampled_from(["", "1", "2"]))


@pytest.mark.parametrize("remembered", [65_536, 0])
@given(st.lists(st.lists(dimension_sets, max_size=6), max_size=6))
def test_equal_dimensions_have_one_code(remembered: int, batches: list[list[dict[str, str] | None]]) -> None:
    """Sets of dimensions have one code exactly when they are equal, in any order and batch, remembered or not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_codes, "_REMEMBERED", remembered)
        sets, codes = DimensionSets(), list[int]()
        for batch in batches:
            codes += sets.encode(batch).tolist()
            codes += sets.encode([dict(reversed((each or {}).items())) for each in batch]).tolist()
    words = [each or {} for batch in batches for each in batch + batch]
    frozen = [frozenset(each.items()) for each in words]
    assert len(set(zip(codes, frozen, strict=True))) == len(set(codes)) == len(set(frozen))
    for name in ("a", "aflo.x", "never"):
        column = sets.column(name)
        told = [ABSENT if each.get(name) is None else column.values[each[name]] for each in words]
        assert column.by_set(len(sets))[codes].tolist() == told


@pytest.mark.parametrize(
    "second",
    [{"a": "1", "b": "2"}, {"a": "2"}, {"b": "1"}, {}, None, {"b": "2", "a": "1", "c": "3"}],
)
def test_a_batch_of_unlike_dimensions(second: dict[str, str] | None) -> None:
    """Events that differ in the names of their dimensions are encoded as surely as those that are alike."""
    first = {"a": "1"}
    together, apart = DimensionSets(), DimensionSets()
    expected = [*apart.encode([first]).tolist(), *apart.encode([second]).tolist()]
    assert together.encode([first, second]).tolist() == expected
