"""Pages by number: each result once, and what is told of them."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.page_info import PAGE_SIZE, numbered_page


@given(st.integers(0, 30), st.integers(1, 7))
def test_tokens_lead_through_everything(count: int, size: int) -> None:
    """From the first page on, tokens give every result once and in order, and the last page has none."""
    found = list(range(count))
    seen, page = [], {"size": size}
    for number in range(1, count // size + 3):
        items, info = numbered_page(found, page)
        seen += items
        expected = {"pageNumber": number, "pageSize": size, "totalResults": count, "totalPages": -(-count // size)}
        assert {**info, **expected} == info
        if info["pageToken"] is None:
            break
        page = {"token": info["pageToken"]}
    assert seen == found


@given(st.integers(0, 30), st.integers(1, 9), st.integers(1, 7))
def test_a_page_has_its_part(count: int, number: int, size: int) -> None:
    """A page by its number has the results that are its own, and none beyond the last."""
    items, _ = numbered_page(list(range(count)), {"number": number, "size": size})
    assert items == [each for each in range(count) if each // size == number - 1]


def test_a_page_that_is_not_asked_for_is_the_first() -> None:
    """Without number and size the first hundred are answered."""
    items, info = numbered_page(list(range(250)), {})
    assert (len(items), info["pageNumber"], info["pageSize"]) == (PAGE_SIZE, 1, 100)
