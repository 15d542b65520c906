"""Laws of load: what comes at once is answered as if it came one by one."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests

from contracts.checks.asking import Asker, NoReply, Reply
from contracts.checks.samples import Sample
from contracts.faults import TargetFault
from contracts.laws.law import Broken, Evidence, Family, Law, Need, Subject, Unclear
from contracts.laws.metering import DAY, HOUR, Event, Metering, Question, live_query, metering, published_query
from contracts.laws.talk import MOST_THREADS, Talk
from contracts.laws.trial import Trial
from contracts.model import Severity
from specs.catalog import Document

_REQUESTS = 300
_TOO_MANY = 429
_SERVER_ERRORS = 500
_NOT_FOUND = frozenset({404, 410})
_INGEST, _USAGE = "ingestMeterEvents", "queryUsage"
_CUSTOMER = "createCustomer"


@dataclass(frozen=True)
class _Made:
    """How the things that an operation makes are found again.

    Args:
        lists: The operation that lists them.
        reads: The operation that gives one alone.
        place: The parameter of that one which takes the key.
    """

    lists: str
    reads: str
    place: str


_MADE = {
    _CUSTOMER: _Made("listCustomers", "getCustomerById", "customerId"),
    "createMeterDefinition": _Made("listMeterDefinitions", "getMeterDefinitionById", "meterApiName"),
    "createMeter": _Made("listMeters", "listMeters", "meterApiName"),
}
"""By what makes them; a document has customers, and one of the two forms of meters."""


@dataclass(frozen=True)
class _Turn:
    """One request of the load.

    Args:
        operation_id: To which operation.
        request: What is sent.
        auth: Whose key it carries.
        usage: What it adds to the usage of the meter.
        made: The key of what it makes; empty for nothing.
    """

    operation_id: str
    request: Sample
    auth: str = "own"
    usage: int = 0
    made: str = ""


@dataclass
class _Load:
    """Requests that are sent by several threads, until one of them goes wrong.

    Args:
        asker: Of which each thread takes another one like it.
        answers: What came, by the place of the request.
        wrong: The first request that was not answered as it has to be, and how that is said.
    """

    asker: Asker
    answers: dict[int, Reply] = field(default_factory=dict)
    wrong: Broken | Unclear | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, turns: Sequence[_Turn]) -> None:
        """Sends them, each thread every eighth, all at the same time."""
        with ThreadPoolExecutor(MOST_THREADS) as pool:
            list(pool.map(lambda first: self._one(first, turns), range(MOST_THREADS)))
        if self.wrong is not None:
            raise self.wrong

    def _one(self, first: int, turns: Sequence[_Turn]) -> None:
        asker = self.asker.alike()
        for place in range(first, len(turns), MOST_THREADS):
            if self.wrong is not None:
                return
            turn = turns[place]
            operation = asker.operations[turn.operation_id]
            reply = asker.ask(operation, turn.request, auth=turn.auth)
            tell = partial(asker.command, operation, turn.request, auth=turn.auth)
            wrong = _judged(turn, reply, tell, len(turns))
            with self._lock:
                self.wrong = self.wrong or wrong
                if isinstance(reply, Reply):
                    self.answers[place] = reply


def _judged(turn: _Turn, reply: Reply | NoReply, tell: Callable[[], str], count: int) -> Broken | Unclear | None:
    """What is wrong with an answer, as far as the load may be the cause."""
    wanted = f"that each of {count} requests, sent by {MOST_THREADS} threads, is answered whole and not with 429 or 5xx"
    name = turn.operation_id
    if isinstance(reply, NoReply):
        if not isinstance(reply.error, TargetFault) or reply.exchange is None:
            return Unclear(f"{name}: {reply.reason}", reply.result)
        shown = Reply(reply.error.status or 0, b"", reply.exchange, tell, requests.Response())
        return Broken(wanted, f"{name} has no whole answer: {reply.reason}", shown, operation_id=name)
    if reply.status == _TOO_MANY or reply.status >= _SERVER_ERRORS:
        return Broken(wanted, f"{name} is answered {reply.status}", reply, operation_id=name)
    return None


def _mixed_load_is_answered(trial: Trial, _case: None) -> None:
    trial.metering.define(trial.key("m"))
    _Load(trial.asker).send(tuple(_turns(trial)))


def _mixed_load_loses_no_write(trial: Trial, _case: None) -> None:
    """Sends the load, and then looks for everything that was answered with success."""
    meter = trial.metering.define(trial.key("m"))
    turns, load = tuple(_turns(trial)), _Load(trial.asker)
    try:
        load.send(turns)
    except Broken as broken:
        raise Unclear(f"{broken.got}; mixed_load_is_answered looks at that") from None
    taken = [turn for place, turn in enumerate(turns) if turn.auth == "own" and load.answers[place].success]
    _require_counted(trial, meter, taken)
    _require_kept(trial, taken)


def _require_counted(trial: Trial, meter: str, taken: Sequence[_Turn]) -> None:
    """Needs every event to count; where the same ones do not count one by one either, the load is not the cause."""
    used, events = sum(turn.usage for turn in taken), [turn for turn in taken if turn.usage]
    try:
        what = f"the usage of {len(events)} accepted requests that add {used} together"
        trial.equal(lambda: _total(trial, meter), used, what)
    except Broken as broken:
        if _alone(trial, events) != used:
            raise Unclear("the same events do not count one by one either; other laws look at that") from None
        raise Broken(broken.expected, broken.got, *broken.shown, operation_id=_INGEST) from None


def _total(trial: Trial, meter: str) -> float:
    return trial.metering.total(Question(meter, trial.day, trial.day + DAY))


def _alone(trial: Trial, events: Sequence[_Turn]) -> float:
    """The usage of the same events on another meter, where they came one by one."""
    # What is sent here is not what shows the difference.
    metering = Metering(Talk(trial.asker))
    meter = metering.define(trial.key("n"))
    for turn in events:
        body = turn.request.body
        batch = [{**each, "meterApiName": meter} for each in (body if isinstance(body, list) else [body])]
        metering.talk.write(_INGEST, batch if isinstance(body, list) else batch[0])
    return _total(trial, meter)


def _require_kept(trial: Trial, taken: Sequence[_Turn]) -> None:
    """Needs everything that was made to be there: in the list, or else alone, since a list may have pages."""
    for create, how in _made(trial.document).items():
        keys = [turn.made for turn in taken if turn.operation_id == create]
        listed = trial.talk.want(how.lists)
        for key in (each for each in keys if not _shows(listed, each)):
            found = _found(trial, how, key)
            if not found.success and found.status not in _NOT_FOUND:
                raise Unclear(f"{how.reads} answered {found.status}, which says nothing of it")
            if not found.success or not _shows(found, key):
                wanted = f"that each of {len(keys)} things that {create} has accepted under load is there"
                raise Broken(wanted, f"{key} is not", listed, found, operation_id=create)


def _found(trial: Trial, how: _Made, key: str) -> Reply:
    asked = {how.place: key}
    if how.reads == how.lists:
        return trial.talk.ask(how.reads, query=asked)
    return trial.talk.ask(how.reads, path=asked)


def _shows(reply: Reply, key: str) -> bool:
    return f'"{key}"'.encode() in reply.body


def _turns(trial: Trial) -> Iterator[_Turn]:
    """The requests of the load; the same ones in every run, and of each kind some at any time."""
    kinds = (_event, _usage, _batch, _customer, _list, _event, _meter, _usage, _wrong_key, _event, _customer, _invalid)
    for place in range(_REQUESTS):
        yield kinds[place % len(kinds)](trial, place)


def _event(trial: Trial, place: int) -> _Turn:
    return _Turn(_INGEST, _body(_used(trial, place, 0).as_json()), usage=1)


def _batch(trial: Trial, place: int) -> _Turn:
    return _Turn(_INGEST, _body([_used(trial, place, each).as_json() for each in range(5)]), usage=5)


def _used(trial: Trial, place: int, number: int) -> Event:
    at = trial.day + (1 + place % 22) * HOUR + number + 1
    return Event(trial.key("m"), trial.key(f"c{place % 7}"), at, 1, trial.key(f"u{place}-{number}"))


def _usage(trial: Trial, _place: int) -> _Turn:
    question = Question(trial.key("m"), trial.day, trial.day + DAY, interval="HOUR", group_by=("customerId",))
    return _Turn(_USAGE, _body(published_query(question) if trial.metering.published else live_query(question)))


def _customer(trial: Trial, place: int) -> _Turn:
    key = trial.key(f"p{place}")
    return _Turn(_CUSTOMER, _body({"customerId": key, "customerName": key}), made=key)


def _meter(trial: Trial, place: int) -> _Turn:
    key, create = trial.key(f"q{place}"), next(each for each in _made(trial.document) if each != _CUSTOMER)
    said = {"displayName": key, "type": "SUM_OF_ALL_USAGE", "dimensions": []}
    body = said if trial.metering.published else {"label": key, "meterType": "sum_of_all_usage"}
    return _Turn(create, _body({"meterApiName": key, **body}), made=key)


def _list(trial: Trial, place: int) -> _Turn:
    lists = [each.lists for each in _made(trial.document).values()]
    return _Turn(lists[place // 12 % len(lists)], Sample({}, {}, {}, None))


def _wrong_key(trial: Trial, place: int) -> _Turn:
    turn = _customer(trial, place)
    return _Turn(turn.operation_id, turn.request, auth="wrong", made=turn.made)


def _invalid(_trial: Trial, _place: int) -> _Turn:
    return _Turn(_INGEST, _body([{"meterValue": "no number"}]))


def _body(value: Any) -> Sample:
    return Sample({}, {}, {}, value)


def _made(document: Document) -> dict[str, _Made]:
    """What the document can make and find again."""
    known = {each.operation_id for each in document.operations}
    return {create: how for create, how in _MADE.items() if {create, how.lists, how.reads} <= known}


def _subjects(document: Document) -> Iterator[Subject]:
    made = _made(document)
    names = {name for create, how in made.items() for name in (create, how.lists, how.reads)}
    for subject in metering(_INGEST)(document):
        if _CUSTOMER in made and len(made) > 1:
            yield Subject(_INGEST, subject.asks | names)


LAWS: tuple[Law, ...] = (
    Law(
        name="mixed_load_is_answered",
        family=Family.ROBUSTNESS,
        expects="that requests of all kinds that come at once are all answered, whole, and not with 429 or 5xx",
        why="A business has more than one thing to do at a time: it reports usage while somebody makes customers and "
        "a page shows lists. A platform that then fails, sends half an answer or asks to wait makes each of its "
        "clients build repetitions. The law sends 300 requests in 8 threads: events, batches, usage queries, new "
        "customers and meters, lists, and some that have to be refused.",
        evidence=Evidence.PUBLISHED,
        source="the documents' statuses of these operations, which are neither 429 nor, for what is valid, 5xx",
        severity=Severity.CRITICAL,
        subjects=_subjects,
        play=_mixed_load_is_answered,
        needs=frozenset({Need.WRITES, Need.LOOPBACK}),
    ),
    Law(
        name="mixed_load_loses_no_write",
        family=Family.ROBUSTNESS,
        expects="that everything that was accepted under load is there afterwards, once",
        why="Two writes at the same time can overwrite each other where a platform reads, changes and writes back "
        "without a lock; nobody notices until an invoice is too small. The law sends 300 requests of all kinds in 8 "
        "threads, and then looks for every event, customer and meter whose request was answered with success.",
        evidence=Evidence.PUBLISHED,
        source="the documents' answers of success, which say that it was ingested or created",
        severity=Severity.CRITICAL,
        subjects=_subjects,
        play=_mixed_load_loses_no_write,
        needs=frozenset({Need.WRITES, Need.LOOPBACK}),
    ),
)
