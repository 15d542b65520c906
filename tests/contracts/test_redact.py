"""A secret is masked wherever it stands and however it is written."""

import base64
import html
import json
import random
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.keys import WRONG_KEY
from contracts.redact import Redactor
from contracts.secrets import MASK, Secret

KEY = "canary+/=KEY 9\"\\<&é'"
PLAIN = "canary-amberflo-0123456789"


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "upper": str.upper,
    "url": lambda text: quote(text, safe=""),
    "url-plus": quote_plus,
    "url-twice": lambda text: quote(quote(text, safe=""), safe=""),
    "url-whole": _percent,
    "url-lower": lambda text: _percent(text).lower(),
    "json": lambda text: json.dumps(text)[1:-1],
    "json-twice": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "json-whole": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "html": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64-url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "repr": repr,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", [PLAIN, "canary+/=key&9", 'canary"\\key'])
def test_every_form_is_masked(form: str, secret: str) -> None:
    """Raw, URL-encoded, escaped or in base64: nothing of it is left but a letter at an end of base64."""
    written = FORMS[form](secret)
    shown = Redactor([Secret(secret)]).text(f"before {written} after")
    assert MASK in shown
    assert written[3:-5] not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize(
    "shown",
    [
        '"X-API-KEY": "$AMBERFLO_API_KEY"',
        '"X-API-KEY": "Session $AMBERFLO_SESSION"',
        f'"X-API-KEY": "{WRONG_KEY}"',
        f"X-API-KEY: Session {WRONG_KEY}",
    ],
)
def test_what_stands_for_a_key_is_shown(shown: str) -> None:
    """The name of a variable and a key that was made up to be refused are no secrets, and a reader needs them."""
    assert Redactor([Secret(PLAIN)]).text(shown) == shown
    assert Redactor().text('"X-API-KEY": "Session abcdefgh1234"') == f'"X-API-KEY": "{MASK}"'


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40), st.binary(), st.binary())
def test_no_base64_hides_a_key(secret: str, before: bytes, after: bytes) -> None:
    """Wherever within the encoded bytes the key begins, as it does in `user:key`."""
    shown = Redactor([Secret(secret)]).text(base64.b64encode(before + secret.encode() + after).decode())
    padded = shown.replace(MASK, "AAAA")
    padded = padded[: len(padded) // 4 * 4]
    assert secret.encode() not in base64.b64decode(padded)


@pytest.mark.parametrize(("key", "written"), [("000&", "000&#38;"), ("a%bc", "a%25bc"), ("ab\\c", "ab\\u005cc")])
def test_an_escape_is_masked_whole(key: str, written: str) -> None:
    """The character that begins an escape is not taken for the whole of it."""
    assert Redactor([Secret(key)]).text(written) == MASK


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=4, max_size=40), st.randoms())
def test_no_mixture_of_forms_hides_a_key(secret: str, chance: random.Random) -> None:
    """Each character may be written in a way of its own."""
    forms = (str, _percent, lambda each: f"\\u{ord(each):04x}", lambda each: f"&#{ord(each)};", str.swapcase)
    written = "".join(chance.choice(forms)(each) for each in secret)
    assert Redactor([Secret(secret)]).text(written) in {MASK, written.replace(written, MASK)}


def test_bytes_are_masked_and_kept() -> None:
    """Bytes that are no text come through as they were."""
    data = bytes(range(256)) + PLAIN.encode() + bytes(range(256))
    shown = Redactor([Secret(PLAIN)]).data(data)
    assert shown == bytes(range(256)) + MASK.encode() + bytes(range(256))


@pytest.mark.parametrize(
    "text",
    [
        '{"sessionToken": "canary-token"}',
        '{"apiKey":"canary-token","x":1}',
        '{"client_secret" : "canary-\\"token"}',
        "https://portal.example.com/session/canary-token",
        "https:\\/\\/portal.example.com\\/session\\/canary-token",
        "https://x.example.com/a?b=1&access_token=canary-token&c=2",
        "Authorization: Bearer canary-token",
        "Session canary-token-9",
    ],
)
def test_what_looks_like_a_token_is_masked(text: str) -> None:
    """An answer that opens a session is shown without what opens it."""
    shown = Redactor().text(text)
    assert "canary" not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "text", ['{"customerId": "customer-123456"}', "GET /customers?customerId=x", "a basic rule", ""]
)
def test_other_text_is_left_alone(text: str) -> None:
    """What is no secret can be read."""
    assert Redactor([Secret(PLAIN)]).text(text) == text


def test_tokens_are_learned() -> None:
    """What an answer handed out once is masked wherever it comes again, in every form."""
    redactor = Redactor()
    redactor.learn_from([("Set-Cookie", "sid=canary-cookie; Path=/")], '{"sessionToken": "canary-session"}')
    redactor.learn(Secret("canary-other"))
    shown = redactor.text("a canary-cookie b canary-session c canary-other d " + _percent("canary-session"))
    assert shown == f"a {MASK} b {MASK} c {MASK} d {MASK}"


def test_short_texts_are_no_secrets() -> None:
    """A token of one letter does not garble everything."""
    redactor = Redactor([Secret("abc")])
    redactor.learn(Secret("short"))
    assert redactor.text("abc short") == "abc short"


def test_headers_of_secrets_are_masked_whole() -> None:
    """Whatever stands in them."""
    headers = [("Authorization", "x"), ("set-cookie", "a=b"), ("X-API-Key", "y"), ("X-Auth-Token", "z"), ("X-A", PLAIN)]
    shown = Redactor([Secret(PLAIN)]).headers([*headers, ("Content-Type", "text/html")])
    assert set(shown.values()) == {MASK, "text/html"}


@pytest.mark.parametrize("name", ["nextPageToken", "pageToken", "page_token"])
def test_page_token_is_no_secret(name: str) -> None:
    """What leads to the next page opens nothing else, so it is shown, and learning it costs nothing."""
    redactor = Redactor()
    body = f'{{"{name}": "abcdefghijklmnop"}}'
    redactor.learn_from([], body)
    assert redactor.text(body) == body
