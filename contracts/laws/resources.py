"""Laws of what an account holds: what is written is kept, listed, replaced and deleted, and keys tell it apart."""

from contracts.laws.law import Law
from contracts.laws.resources_keys import CASE, DUPLICATES, UNIQUE_KEYS
from contracts.laws.resources_lists import DELETED, LISTS
from contracts.laws.resources_pages import PAGES
from contracts.laws.resources_reading import ABSENT_KEYS, READ_BACK
from contracts.laws.resources_replacing import CREATE_TIME, REPLACE, UPDATE_TIME

LAWS: tuple[Law, ...] = (
    READ_BACK,
    REPLACE,
    CREATE_TIME,
    UPDATE_TIME,
    LISTS,
    PAGES,
    DELETED,
    DUPLICATES,
    CASE,
    UNIQUE_KEYS,
    ABSENT_KEYS,
)
