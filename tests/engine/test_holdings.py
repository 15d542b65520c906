"""What belongs to whom: keys by holder, in the order in which they came."""

from typing import cast

from mockserver.engine.call import Call
from mockserver.engine.holdings import Holdings
from mockserver.engine.store import MemoryStore

THINGS = Holdings("things")


class Asked:
    """A call as far as holdings look at it."""

    def __init__(self) -> None:
        self.store = MemoryStore()


def asked() -> Call:
    """A call of an empty account."""
    return cast("Call", Asked())


def test_keys_keep_their_order() -> None:
    """A key comes behind all, or behind the one that is named; another holder's stay as they are."""
    call = asked()
    for key, behind in (("a", ""), ("b", ""), ("c", "a")):
        THINGS.add(call, "ann", key, behind)
    THINGS.add(call, "bob", "d")
    assert (THINGS.of(call, "ann"), THINGS.of(call, "bob"), THINGS.of(call, "eve")) == (["a", "c", "b"], ["d"], [])
    assert THINGS.holders(call) == ["ann", "bob"]


def test_who_has_nothing_holds_nothing() -> None:
    """With the last key its holder goes; a key that is not there is no fault."""
    call = asked()
    THINGS.add(call, "ann", "a")
    THINGS.remove(call, "ann", "b")
    assert THINGS.of(call, "ann") == ["a"]
    THINGS.remove(call, "ann", "a")
    assert (THINGS.of(call, "ann"), THINGS.holders(call)) == ([], [])
