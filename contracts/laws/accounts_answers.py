"""Laws of what answers may not hold: a key, or how the platform is made."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contracts.checks.asking import Reply
from contracts.checks.samples import Sample
from contracts.keys import WRONG_KEY
from contracts.laws.accounts_kinds import Step
from contracts.laws.accounts_scenes import Scene, on_each, operations, things_and_operations
from contracts.laws.law import Broken, Evidence, Family, Law, Unclear
from contracts.laws.trial import Trial
from contracts.model import Result, Severity

_SHORTEST = 12
"""A shorter key may stand in an answer by chance."""

_ERRORS = 400
_RAW = "application/json; charset=utf-8"
"""JSON as well, but what is sent is text."""

_INTERNALS = {
    "a traceback": re.compile(
        r"Traceback \(most recent call last\)|File \"[^\"\n]+\", line \d+|^\s+at [\w.$<>]+ ?\([^)\n]*:\d+(?::\d+)?\)"
        r"|\b(?:java|javax|org|com)\.[\w.]+(?:Exception|Error)\b|goroutine \d+ \[|panicked at ",
        re.MULTILINE,
    ),
    "the path of a file": re.compile(
        r"(?:/(?:usr|home|opt|var|srv|app|root|etc|tmp|workspace)(?:/[\w.@-]+)+\.(?:py|js|ts|java|go|rb|php|cs|conf|so)\b)"
        r"|site-packages/|node_modules/|\b[A-Z]:\\(?:\\?[\w. -]+\\)+",
    ),
    "SQL, or the error of a database": re.compile(
        r"\b(?:SELECT\s.{1,200}?\sFROM|INSERT\s+INTO|UPDATE\s.{1,80}?\sSET|DELETE\s+FROM)\s+[\w\"`.\[]+"
        r"|SQLSTATE|\bORA-\d{5}\b|sqlite3\.|psycopg2?\.|sqlalchemy\.|syntax error at or near"
        r"|UNIQUE constraint failed|violates (?:unique|foreign key|not-null) constraint",
    ),
    "a framework's own page of an error": re.compile(
        r"Whitelabel Error Page|Werkzeug Debugger|<title>[^<]*(?:Werkzeug|Django|Apache Tomcat|Laravel|Rails|ASP\.NET)"
        r"|DEBUG = True|Server Error in '/' Application",
    ),
}
"""What shows how a platform is made. The requests of these laws hold nothing of it, so no echo looks like it."""


def _answers_echo_no_key(trial: Trial, scene: Scene) -> None:
    """Asks everything with the right key and with a wrong one, and looks for them in the answers."""
    stage = scene.stage(trial)
    for reply in trial.talk.replies:
        _require_no_key(trial, reply)
    for step in (*stage.reads, *stage.writes("b")):
        _require_no_key(trial, step.ask(trial.talk))
        _require_none_of(step.ask(trial.talk, "wrong"), WRONG_KEY)


def _require_no_key(trial: Trial, reply: Reply) -> None:
    # The key is looked for, and goes nowhere.
    secret = trial.asker.gate.target.keys.of(trial.document.name)
    if secret is not None and len(secret.reveal()) >= _SHORTEST:
        _require_none_of(reply, secret.reveal())


def _require_none_of(reply: Reply, key: str) -> None:
    place = "its body" if key.encode() in reply.body else "a header" if key in _headers(reply) else ""
    if place:
        raise Broken(
            "that no answer holds the key that was sent",
            f"{place} of an answer {reply.status} holds it",
            reply,
            operation_id=reply.exchange.operation_id,
        )


def _headers(reply: Reply) -> str:
    return "\n".join(f"{name}: {value}" for name, value in reply.response.headers.items())


def _answers_show_no_internals(trial: Trial, scene: Scene) -> None:
    """Sends what a careful client would not, and looks at what the errors tell."""
    stage = scene.stage(trial)
    (step,) = (*stage.reads, *stage.writes("b"))
    errors, unsaid = 0, Unclear("nothing that was sent to it is an error", Result.UNTESTED)
    for odd, auth in _odd(trial, step):
        try:
            reply = odd.ask(trial.talk, auth)
        except Unclear as unclear:
            # Elsewhere little of what is odd may be sent; what may be tells enough.
            unsaid = unclear
            continue
        errors += reply.status >= _ERRORS
        if reply.status >= _ERRORS:
            _require_no_internals(reply)
    if not errors:
        raise unsaid


def _require_no_internals(reply: Reply) -> None:
    text = f"{_headers(reply)}\n{reply.body.decode('utf-8', 'replace')}"
    # In JSON a line break or a quote is written behind a backslash.
    plain = text.replace("\\n", "\n").replace('\\"', '"')
    for what, pattern in _INTERNALS.items():
        if pattern.search(plain):
            got = f"an answer {reply.status} shows {what}"
            name = reply.exchange.operation_id
            raise Broken("that no error shows how the platform is made", got, reply, operation_id=name)


def _odd(trial: Trial, step: Step) -> Iterator[tuple[Step, str]]:
    """Odd requests of an operation, and whose key they carry."""
    sent = step.request
    yield step, "wrong"
    if sent.path:
        yield _asking(step, replace(sent, path=dict.fromkeys(sent.path, f"{trial.key('x')}'\"é"))), ""
    if sent.body is not None:
        yield _asking(step, replace(sent, body='{"a": [1, ', media_type=_RAW)), ""
        yield _asking(step, replace(sent, body=_spoiled(sent.body))), ""
    odd = dict.fromkeys(_query_names(trial, step), "'x\"é")
    if odd:
        yield _asking(step, replace(sent, query=odd)), ""


def _asking(step: Step, request: Sample) -> Step:
    return replace(step, request=request)


def _query_names(trial: Trial, step: Step) -> list[str]:
    """The query parameters that are no plain text."""
    parameters = trial.asker.operations[step.operation_id].parameters
    return [
        each["name"] for each in parameters if each["in"] == "query" and each.get("schema", {}).get("type") != "string"
    ]


def _spoiled(body: Any) -> Any:
    """A body of the same form in which every value is of another type."""
    if isinstance(body, dict):
        return {name: _spoiled(value) for name, value in body.items()}
    if isinstance(body, list):
        return [_spoiled(value) for value in body]
    return {"odd": body} if isinstance(body, str) else f"odd {body}"


ANSWERS: tuple[Law, ...] = (
    Law(
        name="answers_echo_no_key",
        family=Family.ACCOUNTS,
        expects="that no answer holds the key that was sent",
        why="Answers are logged, cached and shown in pages and tickets, where a key is as good as given away; and one "
        "that was merely mistyped shows nearly all of the right one. The law looks for the key in the bodies and the "
        "headers of good answers and of errors, with the right key and with a wrong one.",
        evidence=Evidence.READING,
        source="nobody says so: it is what every guide to keys asks for",
        severity=Severity.HIGH,
        subjects=things_and_operations,
        play=on_each(_answers_echo_no_key),
    ),
    Law(
        name="answers_show_no_internals",
        family=Family.ACCOUNTS,
        expects="that no error shows a traceback, the path of a file, SQL, or a framework's own page",
        why="What an error tells of the inside helps nobody who calls, and helps whoever looks for a way in; and it is "
        "a sign that nobody foresaw the case. The law sends each operation bodies that cannot be parsed or hold wrong "
        "types, odd keys and parameters, and a wrong key, and reads the errors.",
        evidence=Evidence.READING,
        source="nobody says so; the documents describe their errors as an object with a message",
        severity=Severity.MEDIUM,
        subjects=operations,
        play=on_each(_answers_show_no_internals),
    ),
)
