"""Takes secrets out of everything that is printed or written, in whatever form they stand there."""

import base64
import re
import threading
from collections.abc import Iterable

from contracts.fields import Fields
from contracts.keys import AMBERFLO, OTHER, SESSION, SOLVIMON, WORD, WRONG_KEY
from contracts.secrets import MASK, Secret

SHORTEST = 4
"""Shorter texts are no secrets; masking them would garble everything else."""

SHORTEST_LEARNED = 8
MOST_LEARNED = 1000

# The names under which answers hand out what opens something, such as a portal session.
# A page's token opens no more than the next page.
_REVEALING = r"(?:(?<!page)(?<!page[_-])token|secret|passw(?:or)?d|api[_-]?key|credential|signature)"
# What stands for a key that is not shown, or was made up to be refused, is no secret, and its reader needs it.
_SHOWN = rf"(?:{WORD} )?(?:\$(?:{AMBERFLO}|{OTHER}|{SOLVIMON}|{SESSION})|{re.escape(WRONG_KEY)})"
_VARIABLE = re.compile(_SHOWN)
_JSON_MEMBER = re.compile(
    rf'("(?:[^"\\]{{0,60}}{_REVEALING}[^"\\]{{0,20}})"\s*:\s*")(?!{_SHOWN}")((?:[^"\\]|\\.)+)', re.IGNORECASE
)
_QUERY_MEMBER = re.compile(rf"([?&;][\w.-]{{0,40}}{_REVEALING}[\w.-]{{0,20}}=)([^&#\s\"'<>\\;]+)", re.IGNORECASE)
_PORTAL_URL = re.compile(
    r"(https?:(?:\\?/){2}[^\s\"'<>]{1,200}?(?:\\?/)sessions?(?:\\?/))([^\s\"'<>?#/\\]+)", re.IGNORECASE
)
_SESSION_VALUE = re.compile(rf"(\b(?:Session|Bearer|Basic)\s+)(?!{re.escape(WRONG_KEY)})([\w.~+/=-]{{8,}})")
_STRUCTURES = (_JSON_MEMBER, _QUERY_MEMBER, _PORTAL_URL, _SESSION_VALUE)
# Whatever they find has one of these words in it; most texts have none, and looking for a word is quick.
_WORDS = (
    *("token", "secret", "passw", "apikey", "api_key", "api-key", "credential", "signature"),
    *("session", "bearer", "basic"),
)

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


class Redactor:
    """Masks what it knows, raw, URL-encoded, escaped for JSON or HTML, and in base64; and what looks like a token.

    Args:
        secrets: What it knows from the start.
        fields: The names of members, parameters and headers whose values are masked too.
    """

    def __init__(self, secrets: Iterable[Secret] = (), fields: Iterable[str] = ()) -> None:
        self.fields = Fields(fields)
        self._lock = threading.Lock()
        self._known: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self._add(secret.reveal(), SHORTEST)

    def learn(self, secret: Secret) -> None:
        """Masks this text too from now on, unless it is too short to be one."""
        self._add(secret.reveal(), SHORTEST_LEARNED)

    def learn_from(self, headers: Iterable[tuple[str, str]], body: str) -> None:
        """Learns the tokens, session URLs and cookies that an answer hands out, and the values of fields.

        Args:
            headers: Of the answer.
            body: Its bytes as Latin-1.
        """
        headers = tuple(headers)
        for pattern in _structures(body):
            for match in pattern.finditer(body):
                self._add(match.group(2), SHORTEST_LEARNED)
        for name, value in headers:
            if name.lower() == "set-cookie":
                self._add(value.partition(";")[0].partition("=")[2], SHORTEST_LEARNED)
        if self.fields:
            self._learn_fields(headers, body.encode("latin-1", "replace"))

    def learn_sent(self, template: str, path: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Learns the values of fields that a request carries.

        Args:
            template: The path as documented, its parameters in braces; empty when no document knows it.
            path: Path and query as sent.
            headers: As sent.
            body: As sent.
        """
        if self.fields:
            self.fields.learn_path(template, path)
            self.fields.learn(path)
            self._learn_fields(headers, body)

    def _learn_fields(self, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        for name, value in headers:
            self.fields.learn_value(name, value)
        self.fields.learn(body.decode("utf-8", "replace"))

    def text(self, text: str) -> str:
        """The text with every secret, what looks like one, and the values of every field masked."""
        masked = self.known(self.fields.masked(text))
        for pattern in _structures(masked):
            masked = pattern.sub(_keep_first, masked)
        return masked

    def known(self, text: str) -> str:
        """The text with every known secret masked, and nothing else: a whole report has members of its own."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def data(self, data: bytes) -> bytes:
        """The bytes with every secret masked."""
        return self.text(data.decode("latin-1")).encode("latin-1")

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The headers with every secret masked; those that hold nothing but a secret are masked whole."""
        return {
            name: MASK if _holds_secret(name) or self.fields.has(name) else self.text(value) for name, value in headers
        }

    def sent_headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The headers of a request with every secret masked; a variable in the place of a key is shown."""
        return {name: self.text(value) if self._is_shown(name, value) else MASK for name, value in headers}

    def _is_shown(self, name: str, value: str) -> bool:
        return not self.fields.has(name) or _VARIABLE.fullmatch(value) is not None

    def _add(self, value: str, shortest: int) -> None:
        if len(value) < shortest or value in self._known or value == MASK:
            return
        with self._lock:
            if len(self._known) >= MOST_LEARNED:
                return
            self._known[value] = None
            forms = "|".join(_forms(each) for each in sorted(self._known, key=len, reverse=True))
            self._pattern = re.compile(forms)


def _structures(text: str) -> tuple[re.Pattern[str], ...]:
    """The patterns that could find something in a text."""
    folded = text.casefold()
    return _STRUCTURES if any(word in folded for word in _WORDS) else ()


def _holds_secret(header: str) -> bool:
    return header.lower() in _SECRET_HEADERS or re.search(_REVEALING, header, re.IGNORECASE) is not None


def _keep_first(match: re.Match[str]) -> str:
    return f"{match.group(1)}{MASK}"


def _forms(value: str) -> str:
    """A pattern of every form in which the value may stand."""
    return "|".join((f"(?i:{''.join(map(_character, value))})", *_base64(value)))


def _character(character: str) -> str:
    """A pattern of one character: percent-encoded once or more, as an escape of JSON or HTML, and as it is.

    As it is comes last: the `&` or `%` that begins an escape must not be taken for the whole of it.
    """
    code = ord(character)
    percent = "".join(rf"%(?:25)*{byte:02x}" for byte in character.encode())
    forms = [percent, rf"\\+u{code:04x}", rf"\\+x{code:02x}", rf"&#0*{code};", rf"&#x0*{code:x};"]
    forms += {" ": [r"\+"], '"': [r"&quot;"], "&": ["&amp;"], "<": ["&lt;"], ">": ["&gt;"], "'": ["&apos;"]}.get(
        character, []
    )
    forms.append(re.escape(character))
    return f"(?:{'|'.join(forms)})" if character not in '"\\/' else rf"(?:\\*(?:{'|'.join(forms)}))"


def _base64(value: str) -> list[str]:
    """Patterns of the value inside base64, at each of the three places where it may start within a group.

    The characters at both ends mix in bits of the neighbours, so they are left out.
    """
    data = value.encode()
    patterns = []
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode().rstrip("=")
        start = (offset * 8 + 5) // 6
        end = (offset + len(data)) * 8 // 6
        core = encoded[start:end]
        if len(core) >= SHORTEST:
            patterns.append(
                "".join({"+": r"(?:[+-]|%2[bB])", "/": r"(?:[/_]|%2[fF])"}.get(each, each) for each in core)
            )
    return patterns
