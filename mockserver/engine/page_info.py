"""Pages that are asked for by number: what the vendor's queries take as `page` and tell as `pageInfo`."""

from typing import TypeVar

from mockserver.engine.store import JsonObject

Item = TypeVar("Item")

PAGE_SIZE = 100
"""How many results a page has unless told (our reading)."""


def numbered_page(found: list[Item], page: JsonObject) -> tuple[list[Item], JsonObject]:
    """One page of all that was found.

    Args:
        found: every result, in its order.
        page: `number`, counted from 1, and `size`; or `token`, the `pageToken` of the page before, in place of both.

    Returns:
        The results of the page, none beyond the last, and its `pageInfo`. A token is the next number and the size, so
        that nothing has to be remembered.
    """
    number, size = page.get("number", 1), page.get("size", PAGE_SIZE)
    if "token" in page:
        number, size = map(int, page["token"].split("-"))
    pages = -(-len(found) // size)
    info = {
        "pageNumber": number,
        "pageSize": size,
        "pageToken": f"{number + 1}-{size}" if number < pages else None,
        "totalPages": pages,
        "totalResults": len(found),
    }
    return found[(number - 1) * size : number * size], info
