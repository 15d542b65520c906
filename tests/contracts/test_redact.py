"""A secret is masked wherever it stands and however it is written."""

import base64
import html
import json
import random
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from contracts.__main__ import main
from contracts.conformance import Fault
from contracts.deviations import Accepted, Judgement
from contracts.keys import AMBERFLO, WRONG_KEY
from contracts.masking import masked
from contracts.model import BODY_LIMIT, Example, Limits, Profile, Result
from contracts.records import beginning
from contracts.redact import Redactor
from contracts.secrets import MASK, Secret
from tests.contracts.faulty.document import THINGS
from tests.contracts.made import conformance, deviation, exchange, finding, outcome
from tests.contracts.recording_server import Answer, Recorded, recording_account

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


FIELD = "lastName"
CANARY = 'canary-O\'Neil "4711" \\ é&='


def _shell(body: str) -> str:
    return f"curl -sS -X POST -H 'Accept:' --data-raw {shlex.quote(body)} 'http://127.0.0.1/customers?x=1'"


BESIDE: dict[str, Callable[[Any], str]] = {
    "member": lambda value: json.dumps({"a": 1, FIELD: value, "b": 2}),
    "compact": lambda value: json.dumps({"a": 1, FIELD: value, "b": 2}, separators=(",", ":")),
    "utf-8": lambda value: json.dumps({FIELD: value}, ensure_ascii=False),
    "nested": lambda value: json.dumps({"a": {"b": [{FIELD: {"c": [value, {"d": value}]}}]}}),
    "list": lambda value: json.dumps({FIELD: [value, value], "b": 2}),
    "another case": lambda value: json.dumps({FIELD.upper(): value}),
    "escaped name": lambda value: json.dumps({FIELD: value}).replace("lastN", "l\\u0061stN"),
    "within a text": lambda value: json.dumps({"payload": json.dumps({FIELD: value, "b": 2}), "c": 3}),
    "within a text twice": lambda value: json.dumps([json.dumps({"p": json.dumps({FIELD: {"x": value}})})]),
    "lines": lambda value: f'{{"a": 1}}\n{json.dumps({FIELD: value})}\n{{"b": 2}}',
    "python": lambda value: f"got { ({FIELD: value, 'b': 2})!r} where nothing was expected",
    "python nested": lambda value: f"{[{FIELD: {'a': (value, [value])}, 'b': 2}]!r} is not valid",
    "command": lambda value: _shell(json.dumps({"o": "it's", FIELD: value, "b": "it's"})),
    "command's text": lambda value: _shell(json.dumps({"o": json.dumps({FIELD: value})})),
    "query": lambda value: f"/customers?a=1&{FIELD}={quote(str(value), safe='')}&b=2",
    "first parameter": lambda value: f"/customers?{FIELD}={quote_plus(str(value))}",
    "array parameter": lambda value: f"/customers?{FIELD}[]={quote_plus(str(value))}&f[{FIELD}]={quote(str(value))}",
    "command's query": lambda value: f"curl -sS {shlex.quote(f'http://h/a?{FIELD}={quote(str(value))}')} -H 'A: b'",
    "form": lambda value: f"{FIELD}={quote_plus(str(value))}&b=2",
    "command's header": lambda value: f"curl -H {shlex.quote(f'{FIELD}: {value}')} http://h/",
    "written header": lambda value: f"POST / HTTP/1.1\r\n{FIELD}: {value}\r\nB: 2\r\n\r\n",
    "part of a form": lambda value: (
        f'--x\r\nContent-Disposition: form-data; name="{FIELD}"\r\n\r\n{value}\r\n--x\r\n'
        'Content-Disposition: form-data; name="b"\r\n\r\n2\r\n--x--'
    ),
}


@pytest.mark.parametrize("form", BESIDE)
@pytest.mark.parametrize("value", [CANARY, "canary", "ca", 4711, -1.5e10, True, None, ""], ids=repr)
def test_a_field_is_masked_beside_its_name(form: str, value: Any) -> None:
    """Whatever its value is and wherever it stands, nothing of it is left and what is around stays."""
    kept = BESIDE[form]("\N{BLACK STAR}")
    shown = Redactor(fields=[FIELD]).text(BESIDE[form](value))
    expected = Redactor(fields=[FIELD]).text(kept)
    assert shown == expected
    assert MASK in shown
    assert "canary" not in shown
    assert "\N{BLACK STAR}" not in expected


@pytest.mark.parametrize("form", ["member", "nested", "within a text", "within a text twice", "list"])
def test_what_is_masked_is_still_json(form: str) -> None:
    """A reader, and a shell, can go on with what is left."""
    shown = json.loads(Redactor(fields=[FIELD]).text(BESIDE[form](CANARY)))
    assert "canary" not in json.dumps(shown)


@pytest.mark.parametrize("form", BESIDE)
def test_a_field_is_masked_however_the_text_is_cut(form: str) -> None:
    """A body that ends in the middle of a value, or of what holds it, shows nothing of it."""
    whole = BESIDE[form]("canary-0123456789")
    for end in range(len(whole)):
        assert "cana" not in Redactor(fields=[FIELD]).text(whole[:end]), whole[:end]


@pytest.mark.parametrize(
    "text",
    [
        '{"lastNames": "seen", "mylastName": "seen", "last": "seen", "Name": "seen"}',
        "/a?lastNameX=seen&xlastName=seen&last_name=seen",
        "x-lastName: seen",
        "the lastName is missing",
        '{"field": "lastName", "value": "seen"}',
        '["lastName", "seen"] and \'lastName\' of 3',
    ],
)
def test_what_contains_the_name_is_shown(text: str) -> None:
    """A longer name, and the name by itself, are no such field."""
    redactor = Redactor(fields=[FIELD])
    redactor.learn_sent("/a", "/a", [], text.encode())
    assert redactor.text(text) == text


UNUSUAL = {"upper", "json-whole", "base64", "base64-url"}
"""In these ways a secret is masked, but not what a field once held."""


def learned(value: str) -> Redactor:
    """A redactor that saw a request with the value."""
    redactor = Redactor(fields=[FIELD])
    redactor.learn_sent("/customers/{customerId}", "/customers/c-1", [], json.dumps({"a": {FIELD: value}}).encode())
    return redactor


@pytest.mark.parametrize("value", ["canary-0123456789", CANARY, "canary", "4711"])
@pytest.mark.parametrize("form", [name for name in FORMS if name not in UNUSUAL])
def test_a_value_is_masked_where_it_comes_again(form: str, value: str) -> None:
    """By itself, as in what a check says of it, and in each way in which it is usually written."""
    written = FORMS[form](value)
    shown = learned(value).text(f"the name reads '{written}' where 'x' was written")
    assert MASK in shown
    assert "canary" not in shown
    assert "4711" not in shown


@pytest.mark.parametrize(
    ("template", "path", "headers", "body"),
    [
        ("/a", "/a", [], json.dumps({FIELD: "canary-1"}).encode()),
        ("/a", "/a", [], b'{"a": 1}\n{"lastName": "canary-1"}\n'),
        ("/a", "/a", [], json.dumps({"p": json.dumps({FIELD: ["canary-1"]})}).encode()),
        ("/a", "/a", [], json.dumps({"z": 1, FIELD: "canary-1", "long": "x" * 50}).encode()[:-20]),
        ("/a", "/a", [], b'{"lastName": "canary-1", "lastName": "other-value"}'),
        ("/a", "/a?lastName=canary-1", [], b""),
        ("/a", "/a?filter=" + quote(json.dumps({FIELD: "canary-1"})), [], b""),
        ("/a", "/a", [], b"x=1&lastName=canary-1"),
        ("/a", "/a", [("LastName", "canary-1")], b""),
        ("/a/{lastName}/b", "/api/a/canary-1/b?x=1", [], b""),
    ],
)
def test_values_are_learned_from_requests(
    template: str, path: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    """From a member, a line, a text within a text, a broken body, a query, a form, a header and a path."""
    redactor = Redactor(fields=[FIELD])
    redactor.learn_sent(template, path, headers, body)
    assert redactor.text("it says canary-1, and more") == f"it says {MASK}, and more"


def test_values_are_learned_from_answers() -> None:
    """What a target tells of a field is masked where it comes again, and so is its header."""
    redactor = Redactor(fields=[FIELD])
    body = json.dumps({FIELD: "Müller-Lüdenscheidt"}, ensure_ascii=False).encode()
    redactor.learn_from([("lastname", "Graf Bobby")], body.decode("latin-1"))
    assert redactor.text("Müller-Lüdenscheidt or Graf Bobby") == f"{MASK} or {MASK}"
    assert redactor.data("x Müller-Lüdenscheidt x".encode()) == f"x {MASK} x".encode()
    assert redactor.headers([("LastName", "x"), ("B", "Graf Bobby")]) == {"LastName": MASK, "B": MASK}


def test_headers_of_requests_are_masked_but_for_variables() -> None:
    """The name of the variable in a key's place is no value of it."""
    redactor = Redactor(fields=["X-Trace", "X-API-KEY"])
    shown = redactor.sent_headers([("x-trace", "canary"), ("X-API-KEY", "$AMBERFLO_API_KEY"), ("B", "2")])
    assert shown == {"x-trace": MASK, "X-API-KEY": "$AMBERFLO_API_KEY", "B": "2"}
    command = "curl -H \"X-API-KEY: $AMBERFLO_API_KEY\" -H 'X-Trace: canary' http://h/"
    assert redactor.text(command) == f"curl -H \"X-API-KEY: $AMBERFLO_API_KEY\" -H 'X-Trace: {MASK}' http://h/"


@pytest.mark.parametrize("value", ["yes", "true", "null", "12", ""])
def test_what_could_be_anything_is_masked_beside_its_name_alone(value: str) -> None:
    """A short value, or a word of JSON, would take half of every report with it."""
    text = f"status {value} and true, null, yes, 12"
    assert learned(value).text(text) == text


def test_short_words_are_masked_whole_alone() -> None:
    """A value that is part of another word is not that value."""
    assert (
        learned("open").text("open, opened, reopen, 'open' and open_1")
        == f"{MASK}, opened, reopen, '{MASK}' and open_1"
    )


@pytest.mark.parametrize("end", ["...", "…", ""])
def test_the_beginning_of_a_value_is_masked(end: str) -> None:
    """What a check says of a long value may be cut, and says so or ends there."""
    redactor = learned("canary-" + "0123456789" * 20)
    assert redactor.text(f"it reads 'canary-0123456789012{end}") == f"it reads '{MASK}{end}"
    assert redactor.text("it reads canary-01234 and more") == "it reads canary-01234 and more"


def test_many_values_are_kept_in_mind() -> None:
    """Thousands of values cost no more than a walk through the text, and none of them is forgotten."""
    redactor = Redactor(fields=[FIELD])
    for number in range(3_000):
        redactor.learn_sent("/a", "/a", [], json.dumps({FIELD: f"canary-{number:05}"}).encode())
    text = " ".join(f"canary-{number:05}" for number in range(3_000))
    assert redactor.text(text) == " ".join([MASK] * 3_000)


def test_a_whole_report_keeps_its_own_members() -> None:
    """A field may be called as a member of the report is; only known secrets are taken out of that."""
    redactor = Redactor([Secret(PLAIN)], fields=["status"])
    assert redactor.known(f'{{"status": 200, "x": "{PLAIN}"}}') == f'{{"status": 200, "x": "{MASK}"}}'


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(NAMES, VALUES, VALUES, st.integers(0, 2), st.booleans())
def test_no_json_shows_a_field(name: str, before: Any, after: Any, depth: int, ascii_: bool) -> None:  # noqa: FBT001
    """However deep it lies, whatever is around it, and however often it is escaped; what is left is JSON."""
    value: Any = {"0": before, name: ["canary-value", {"1": after, "2": "canary-value"}], "3": after}
    for _ in range(depth):
        value = {"4": json.dumps(value, ensure_ascii=ascii_), "5": before}
    text = json.dumps(value, ensure_ascii=ascii_)
    shown = Redactor(fields=[name]).text(text)
    assert "canary" not in shown
    json.loads(shown)
    in_bytes = Redactor(fields=[name]).data(text.encode())
    assert b"canary" not in in_bytes


@given(NAMES, st.text(min_size=8, max_size=40), st.text(max_size=10), st.data())
def test_no_message_shows_a_value_that_was_seen(name: str, value: str, around: str, data: st.DataObject) -> None:
    """What a request carried is nowhere in what is said of it, in any of the usual forms."""
    redactor = Redactor(fields=[name])
    redactor.learn_sent("/a", "/a", [], json.dumps({"a": [{name: value}]}).encode())
    forms: list[Callable[[str], str]] = [
        str,
        repr,
        json.dumps,
        html.escape,
        quote,
        quote_plus,
        lambda each: shlex.quote(json.dumps(each)),
    ]
    written = data.draw(st.sampled_from(forms))(value)
    assert value not in redactor.text(f"{around} {written} {around}").replace(around, "")


@given(st.text(max_size=200))
def test_any_text_comes_through(text: str) -> None:
    """Nothing that a target says stops the redaction, and what has no such field stays as it is."""
    redactor = Redactor(fields=["\N{BLACK STAR}field"])
    redactor.learn_sent(text, text, [(text, text)], text.encode("utf-8", "surrogatepass"))
    redactor.learn_from([(text, text)], text)
    assert redactor.fields.masked(text) == text


def test_a_run_shows_a_field_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what was sent of it nor what the target tells of it is printed or written, and the rest is."""
    canary = "canary-of-the-target-77"

    def tells(request: Recorded) -> Answer:
        told = {"name": canary, "inner": json.dumps({"name": [canary]}), "message": f"it is {canary}", "kept": "seen"}
        return Answer(418, told | {"echo": request.body.decode("utf-8", "replace")}, {"X-Echo": canary, "Name": canary})

    monkeypatch.delenv(AMBERFLO, raising=False)
    monkeypatch.setattr("contracts.settings.LIMITS", {Profile.SMOKE: Limits(1, 20, ("examples",), 30, alike=1)})
    with recording_account() as account:
        account.instead = tells
        done = CliRunner().invoke(
            main,
            [
                *("check", account.url, "--document", str(THINGS), "--profile", "smoke", "--seed", "1"),
                *("--redact", "NAME", "--report-dir", str(tmp_path / "out")),
            ],
        )
        sent = b" ".join(each.body for each in account.recorded)
    assert done.exit_code == 1, done.output
    assert b"Anvil" in sent
    written = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert len(written) == 5
    for name, text in (written | {"output": done.output}).items():
        assert canary not in text, name
        assert "Anvil" not in text, name
    assert "seen" in written["report.json"]
    assert '\\"name\\": \\"***\\"' in written["report.json"]


def test_a_field_without_a_name_is_refused(tmp_path: Path) -> None:
    """An empty name would mask nothing, which somebody would find out too late."""
    done = CliRunner().invoke(main, ["check", "http://127.0.0.1:1", "--redact", " ", "--report-dir", str(tmp_path)])
    assert done.exit_code == 2
    assert "--redact is given no name" in done.output


def test_a_body_is_masked_before_it_is_cut() -> None:
    """No half of a value stands at the end of what is kept, whether its name stands beside it or not."""
    value = "canary-" + "0123456789" * 20
    redactor = Redactor(fields=[FIELD])
    redactor.learn_sent("/a", "/a", [], json.dumps({FIELD: value}).encode())
    for start in range(BODY_LIMIT - len(value) - 20, BODY_LIMIT + 5, 9):
        for opening in ('{"other": "', '{"lastName": "'):
            body = (" " * (start - len(opening)) + opening + value + '"}' + " " * BODY_LIMIT * 3).encode()
            kept = beginning(body, redactor)
            assert b"cana" not in kept
            assert len(kept) <= BODY_LIMIT


def test_the_report_is_masked_when_all_is_known() -> None:
    """What came into the report before its value was known is masked in every text of it, and names stay."""
    redactor = Redactor(fields=[FIELD])
    canary = "canary-late-77"
    shown = Example(f"curl http://h/{canary}", replace(exchange(), path=f"/{canary}", body=canary.encode()))
    leaking = replace(finding(), expected=canary, got=canary, examples=(shown,))
    report = conformance(
        Judgement((leaking,), (Accepted(leaking, deviation()),), (Accepted(leaking, deviation()),)),
        outcomes=(outcome(Result.UNTESTED, reason=f"it says {canary}"),),
        readings=(leaking,),
        faults=(Fault("a", "b", canary, canary),),
        notes=(canary,),
        redactor=redactor,
    )
    redactor.learn_sent("/a", "/a", [], json.dumps({FIELD: canary}).encode())
    safe = masked(report)
    assert canary not in repr(safe)
    assert safe.judgement.open[0].identity == leaking.identity
    assert safe.outcomes[0].reason == f"it says {MASK}"
    assert masked(replace(report, redactor=Redactor())) == report
