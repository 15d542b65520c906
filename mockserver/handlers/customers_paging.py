"""Customers by the page: sorted, searched, and counted."""

from collections.abc import Mapping

from mockserver.engine.binding import Binding
from mockserver.engine.call import Call, Reply
from mockserver.engine.paging import Selection
from mockserver.handlers.customers_stages import CUSTOMERS

SEARCHED = ("customerId", "customerName", "customerEmail")
"""Where the search looks, which is our reading."""
DEFAULT_SORT = "createTime"
DEFAULT_LIMIT = 50


def search_customers(call: Call) -> Reply:
    """A page of the customers that match, and the counts of them; behind the last page there are none."""
    page, limit = call.query.get("page", 1), call.query.get("limit", DEFAULT_LIMIT)
    sort, ascending = call.query.get("sort", DEFAULT_SORT), call.query.get("isAscending", True)
    search = call.query.get("search", "")
    selection = Selection(sort, ascending, search, SEARCHED, offset=(page - 1) * limit, limit=limit)
    found = call.store.collection(CUSTOMERS).page(selection)
    metadata = {
        "totalRowCount": found.total,
        "filteredRowCount": found.found,
        "limit": limit,
        "page": page,
        "totalFilteredPages": -(-found.found // limit),
        "isAscending": ascending,
        "sort": sort,
    }
    return Reply({"items": found.documents, "metadata": {**metadata, "search": search} if search else metadata})


BINDINGS: Mapping[str, Binding] = {"searchCustomers": Binding(search_customers)}
