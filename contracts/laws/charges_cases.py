"""What the laws of charge events send: events, and requests that have to be refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

REQUIRED = ("product_item_id", "pricing_id", "pricing_item_id", "pricing_item_config_id")
AT = "2024-06-12T00:54:05Z"
_LONGEST = 257

Fields = Mapping[str, Any]


def charge(**fields: Any) -> dict[str, Any]:
    """A charge event with all that is required, and a time, so that it says the same whenever it is sent."""
    return {**{name: f"{name}-1" for name in REQUIRED}, "customer_reference": "ann", "timestamp": AT, **fields}


@dataclass(frozen=True)
class Wrong:
    """A request that is to be refused.

    Args:
        what: What is wrong with it.
        body: What is sent.
        parts: What the request has other than usual: a path, a media type, a key.
    """

    what: str
    body: Any
    parts: Fields


def _changed(what: str, name: str, value: Any) -> Wrong:
    """A good event but for one field, which is left out when its value is None."""
    body = charge(**{name: value})
    return Wrong(what, {field: each for field, each in body.items() if each is not None}, {})


WRONGS = (
    _changed("a required field is missing", "pricing_id", None),
    _changed("a field is of a wrong type", "pricing_id", 5),
    _changed("a reference has a space", "reference", "with a space"),
    _changed("a reference is too long", "reference", "r" * _LONGEST),
    _changed("a time is none", "timestamp", "yesterday"),
    _changed("an object is a text", "value", "5"),
    Wrong("the body is a list", [], {}),
    Wrong("the body is cut off", '{"pricing_id": ', {"media_type": "application/json; charset=utf-8"}),
    Wrong("the media type is another one", "pricing_id=5", {"media_type": "text/plain"}),
    Wrong("the version is another one", charge(), {"path": {"version": "2"}}),
    Wrong("the key is wrong", charge(), {"auth": "wrong"}),
    Wrong("there is no key", charge(), {"auth": "none"}),
)


def fields() -> SearchStrategy[Fields]:
    """What else an event may say."""
    words = st.text("abcXYZ019 _-+", max_size=20)
    numbers = st.decimals(min_value=-1000, max_value=1000, places=2).map(str)
    value = st.fixed_dictionaries({"number": numbers}) | st.fixed_dictionaries({"amount": _amount(numbers)})
    period = st.just({"start_at": "2024-06-01T00:00:00Z", "end_at": "2024-07-01T00:00:00Z"})
    said = {"description": words, "value": value, "period": period, "pricing_plan_subscription_id": words}
    return st.fixed_dictionaries({}, optional={**said, "customer_id": st.none() | words})


def _amount(numbers: SearchStrategy[str]) -> SearchStrategy[Fields]:
    return st.fixed_dictionaries({"quantity": numbers, "currency": st.sampled_from(["EUR", "USD"])})


def wrongs() -> SearchStrategy[Wrong]:
    """Requests with one field that is not as documented."""
    bad: Mapping[str, tuple[Any, ...]] = {
        **dict.fromkeys(REQUIRED, (None, 5, True, [], {})),
        "customer_reference": (5, [], {}),
        "reference": (5, "ä", "a/b", "r" * _LONGEST),
        "description": (5, "a/b", "d" * _LONGEST),
        "value": ("5", 5, [], {"amount": {"quantity": "five"}}),
        "period": ("June", [], {"start_at": "now"}),
        "timestamp": (5, "2024-13-01T00:00:00Z", "12 June"),
    }
    pairs = [(name, value) for name, values in bad.items() for value in values]
    return st.sampled_from(pairs).map(lambda pair: _changed(f"{pair[0]} is {_told(pair[1])}", *pair))


def _told(value: Any) -> str:
    return "missing" if value is None else f"{value!r:.40}"
