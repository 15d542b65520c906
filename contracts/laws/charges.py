"""Laws of charge events: a reference stands for one event, and what a client sends is taken as documented."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.checks.asking import Reply
from contracts.laws.charges_cases import AT, WRONGS, Fields, Wrong, charge, fields, wrongs
from contracts.laws.law import Broken, Evidence, Family, Law, Subject, Unclear
from contracts.laws.trial import Trial
from contracts.model import Severity
from specs.catalog import Document

_INGEST = "ingestChargeEvents"
_PATH: Mapping[str, str] = {"version": "1"}
_ERRORS = 400
_REFUSED = range(400, 500)
_TOLERANCE = 15 * 60
"""Seconds by which the clocks of two machines may differ."""


def _send(trial: Trial, body: Any, **parts: Any) -> Reply:
    return trial.talk.ask(_INGEST, body, **{"path": _PATH, **parts})


def _taken(trial: Trial, body: Mapping[str, Any]) -> tuple[Reply, dict[str, Any]]:
    """The answer to an event that has to be taken, and the event in it."""
    reply = trial.talk.want(_INGEST, body, path=_PATH)
    event = reply.json()
    if not isinstance(event, dict):
        raise Unclear(f"{_INGEST} did not answer an event")
    return reply, event


def _id(event: Mapping[str, Any]) -> str:
    found = event.get("id")
    if not isinstance(found, str) or not found:
        raise Unclear("the event has no id, so that it cannot be told from others")
    return found


def _one_reference_is_one_event(trial: Trial, fields: Fields) -> None:
    """Sends an event, the same again, another one under its reference, and one under another reference."""
    body = charge(**fields, reference=trial.key("r"))
    first, event = _taken(trial, body)
    again = _send(trial, body)
    _require_same(first, event, again)
    other = _send(trial, {**body, "product_item_id": "another-item"})
    if other.status not in _REFUSED:
        wanted = "that another event under a reference that is taken is refused"
        raise Broken(wanted, f"it is answered {other.status}", first, other)
    _require_same(first, event, _send(trial, dict(reversed(body.items()))))
    _, beside = _taken(trial, {**body, "reference": trial.key("s")})
    if _id(beside) == _id(event):
        wanted = "that the same event under another reference is another event"
        raise Broken(wanted, "it has the first one's id", first, trial.talk.last)


def _require_same(first: Reply, event: Mapping[str, Any], again: Reply) -> None:
    """Needs a repetition to be refused as such, or to be answered with the first event."""
    found = again.json()
    if not again.success or not isinstance(found, dict):
        return
    if _id(found) != _id(event):
        wanted = "that an event which is sent again under its reference is the event that is there"
        raise Broken(wanted, "it is a second one, with an id of its own", first, again)
    changed = sorted(name for name in event.keys() | found.keys() if event.get(name) != found.get(name))
    if changed:
        wanted = "that an event which is sent again is answered as it was taken first"
        raise Broken(wanted, f"{changed[0]} is another one", first, again)


def _read_only_fields_are_ignored(trial: Trial, fields: Fields) -> None:
    """Sends what only the platform may set."""
    body = charge(reference=trial.key("r"))
    reply, event = _taken(trial, {**body, **fields})
    for name, sent in fields.items():
        if event.get(name) == sent:
            wanted = f"that a {name} which the client sends is not taken, since it is the platform's to set"
            raise Broken(wanted, f"the event has it: {sent}", reply)
    again = _send(trial, body)
    if again.status in _REFUSED:
        names = " and ".join(fields)
        wanted = f"that an event is the same with and without {names}, which are not the client's"
        raise Broken(wanted, f"sent again without, it is answered {again.status}", reply, again)


def _defaults_are_filled_in(trial: Trial, case: "_Default") -> None:
    """Sends an event without a time, or with one."""
    began = _now(trial)
    body = {name: value for name, value in charge(reference=trial.key("r")).items() if name != "timestamp"}
    sent = {**body, "timestamp": case.timestamp} if case.sent else body
    reply, event = _taken(trial, sent)
    told = _instant(event.get("timestamp"))
    if case.timestamp is not None:
        if told != _instant(case.timestamp):
            wanted = f"that an event of {case.timestamp} is one of that time"
            raise Broken(wanted, f"its timestamp is {event.get('timestamp')}", reply)
        return
    if told is None or not began - _TOLERANCE <= told <= _now(trial) + _TOLERANCE:
        wanted = f"that an event {case.words} is one of the time at which it came"
        raise Broken(wanted, f"its timestamp is {event.get('timestamp')}", reply)


def _now(trial: Trial) -> float:
    return trial.terms.target.now() if trial.terms.target is not None else trial.terms.local.now()


def _instant(text: Any) -> float | None:
    """Seconds since 1970; None when the text is no time. One without a zone is taken for UTC."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True)
class _Default:
    """A time that is sent or not.

    Args:
        words: How the event is told, as it stands after "an event".
        sent: Whether the field is there.
        timestamp: What it holds.
    """

    words: str
    sent: bool
    timestamp: str | None = None


def _errors_are_from_the_closed_list(trial: Trial, wrong: Wrong | None) -> None:
    """Sends a request that is to be refused; without one, another event under a reference that is taken."""
    if wrong is None:
        body = charge(reference=trial.key("r"))
        _taken(trial, body)
        what, reply = "the reference is taken", _send(trial, {**body, "description": "another one"})
    else:
        what, reply = wrong.what, _send(trial, wrong.body, **wrong.parts)
    if reply.status < _ERRORS:
        raise Unclear(f"it is answered {reply.status}, though {what}; other checks look at that")
    _require_known(trial, what, reply)


def _require_known(trial: Trial, what: str, reply: Reply) -> None:
    """Needs an error's words to be those that its schema lists."""
    schema = trial.document.spec["components"]["schemas"]["ApiError"]
    error = reply.json()
    wanted = f"that an error is told in words of the documented lists, here that {what}"
    if not isinstance(error, dict):
        raise Unclear("the error is no object; response_schema_conformance looks at that")
    for name, known in schema["properties"].items():
        needed = name in schema["required"]
        if "enum" in known and (needed or name in error) and error.get(name) not in known["enum"]:
            raise Broken(wanted, f"its {name} is {error.get(name)}", reply)


def _subjects(document: Document) -> Iterator[Subject]:
    if _INGEST in {each.operation_id for each in document.operations}:
        yield Subject(_INGEST, frozenset({_INGEST}))


LAWS: tuple[Law, ...] = (
    Law(
        name="one_reference_is_one_event",
        family=Family.CHARGES,
        expects="that what is sent again under a reference is the event that is there, and no other gets in under it",
        why="A client that had no answer sends its charge again, and only the reference tells the platform that it is "
        "the same one: where it does not, the customer pays twice. Where another charge under a reference that is "
        "taken is answered like a success, it is lost, and nobody pays it. The law sends an event twice, another one "
        "under its reference, and the same one under another reference.",
        evidence=Evidence.READING,
        source="the vendor's page on idempotency says that of one reference one event takes effect; that another event "
        "under it is refused is our reading of the operation's answer 409",
        severity=Severity.CRITICAL,
        subjects=_subjects,
        play=_one_reference_is_one_event,
        cases=({}, {"value": {"amount": {"quantity": "99.50", "currency": "USD"}}, "description": "Setup fee"}),
        generated=fields,
        examples=6,
    ),
    Law(
        name="read_only_fields_are_ignored",
        family=Family.CHARGES,
        expects="that an id or an object type that the client sends is passed over",
        why="Clients send back what they were answered before. A platform that takes the id from there lets one event "
        "stand in for another, and one that takes it for a part of the event refuses what it has itself made. The law "
        "sends both fields with an event, and then the event without them.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's page of the operation: both fields are read-only",
        severity=Severity.HIGH,
        subjects=_subjects,
        play=_read_only_fields_are_ignored,
        cases=({"id": "mine"}, {"object_type": "MINE"}, {"id": "mine", "object_type": "MINE"}),
    ),
    Law(
        name="defaults_are_filled_in",
        family=Family.CHARGES,
        expects="that an event without a time is of the time at which it came, and one with a time of that one",
        why="The time decides on which invoice a charge stands. An event that is dated wrongly, or not at all, is "
        "billed in the wrong month or never. The law sends events without a time, with null, and with times of two "
        "zones.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's page of the operation: the timestamp is now when it is absent",
        severity=Severity.HIGH,
        subjects=_subjects,
        play=_defaults_are_filled_in,
        cases=(
            _Default("without a timestamp", sent=False),
            _Default("whose timestamp is null", sent=True),
            _Default("of a time in UTC", sent=True, timestamp=AT),
            _Default("of a time in another zone", sent=True, timestamp="2024-06-12T02:54:05+02:00"),
        ),
    ),
    Law(
        name="errors_are_from_the_closed_list",
        family=Family.CHARGES,
        expects="that every error is told by a type and a code of the documented lists",
        why="Programs decide by the code what to do: to correct a field, to ask for another key, or to try again. The "
        "vendor's own client breaks on a code that it does not know, and never comes to the message. The law makes the "
        "platform refuse requests for every reason that a client can bring about.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's client, whose error has closed lists of types and codes",
        severity=Severity.MEDIUM,
        subjects=_subjects,
        play=_errors_are_from_the_closed_list,
        cases=(*WRONGS, None),
        generated=wrongs,
    ),
)
