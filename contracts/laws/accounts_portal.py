"""The law of portal sessions: a session shows one customer, and opens nothing else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.checks.asking import Reply
from contracts.checks.samples import sample
from contracts.keys import AMBERFLO, SESSION, WORD, key_header
from contracts.laws.law import Broken, Evidence, Family, Law, Subject, Unclear
from contracts.laws.metering import DAY, HOUR, UNREADABLE, Event, Question, live_query, live_series
from contracts.laws.talk import Talk
from contracts.laws.trial import Trial
from contracts.model import Severity
from contracts.portal import OPENING
from contracts.secrets import Secret
from specs.catalog import Document

_CUSTOMER = "createCustomer"
_ACCOUNT = "listCustomers"
_DETAILS = "portalGetCustomerDetails"
_USAGE = "portalQueryUsage"
_ORDER = "createCustomerPrepaidOrder"
_ASSIGNMENT = "assignCustomerProductPlan"
_BILLED = ("portalGetPrepaidWallet", "portalGetCreditsLedger", "portalListInvoices", "portalGetRewardsHistory")
_USED = {"a": 3, "b": 5}
"""What each of the two customers uses."""

_Play = Callable[[Trial, "_Visitor", "_Visitor"], None]


@dataclass(frozen=True)
class _Visitor:
    """A customer in its portal.

    Args:
        talk: In which every request goes out as it stands.
        word: Which of the two it is.
        customer: Its key, which is its name as well.
        header: The header that carries its session's token.
    """

    talk: Talk
    word: str
    customer: str
    header: Mapping[str, str]

    def ask(self, operation_id: str, body: Any = None, **parts: Any) -> Reply:
        """The answer, with a command that says whose session it takes."""
        reply = self.talk.ask(operation_id, body, headers=self.header, **parts)

        def tell() -> str:
            command = reply.curl.replace(f"${AMBERFLO}", f"{WORD} ${SESSION}")
            return f"# {SESSION} is the token of a session of {self.customer}\n{command}"

        shown = replace(reply, tell=tell)
        self.talk.calls[-1] = replace(self.talk.calls[-1], reply=shown, tell=tell)
        return shown


def _portal_sees_one_customer(trial: Trial, _case: None) -> None:
    """Opens two customers' portals, and looks in each for the other one."""
    parts: tuple[_Play, ...] = trial.subject.about
    trial.metering.register(*(trial.key(word) for word in _USED))
    one, two = (_visitor(trial, word) for word in _USED)
    opened, unclear = list(trial.talk.calls), None
    for play in parts:
        # What one part does is no part of the commands that show another one's difference.
        trial.talk.calls[:] = opened
        try:
            play(trial, one, two)
        except Unclear as found:
            unclear = found
    if unclear is not None:
        raise unclear


def _visitor(trial: Trial, word: str) -> _Visitor:
    customer = trial.key(word)
    answer = trial.talk.want(OPENING, {"customerId": customer}).json()
    token = answer.get("sessionToken") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Unclear(f"{OPENING} gave no token")
    trial.asker.gate.redactor.learn(Secret(token))
    # The gate would give these requests the session of the run, so they carry their own.
    talk = Talk(trial.asker, "", trial.talk.muted, trial.talk.calls)
    return _Visitor(talk, word, customer, {key_header(trial.document.spec): f"{WORD} {token}"})


def _require_hidden(reply: Reply, visitor: _Visitor, *hidden: str) -> None:
    """Needs an answer to a visitor to hold nothing of somebody else; a refusal holds nothing."""
    found = [text for text in hidden if reply.success and text.encode() in reply.body]
    if found:
        wanted = f"that the session of {visitor.customer} shows nothing of another customer"
        name = reply.exchange.operation_id
        raise Broken(wanted, f"the answer holds {found[0]}, which is the other one's", reply, operation_id=name)


def _usage(trial: Trial, one: _Visitor, two: _Visitor) -> None:
    """One event of each; then each asks for its usage, and for the other's."""
    meter = trial.metering.define(trial.key("m"))
    at = trial.day + 10 * HOUR
    trial.metering.send(
        *(Event(meter, each.customer, at, _USED[each.word], trial.key(each.word)) for each in (one, two))
    )
    question = Question(meter, trial.day, trial.day + DAY)
    grouped = live_query(replace(question, group_by=("customerId",)))
    for visitor, other in ((one, two), (two, one)):
        for name, body in ((_USAGE, grouped), ("portalQueryUsageBatch", [grouped])):
            _require_hidden(visitor.ask(name, body), visitor, other.customer)
        listed = visitor.ask("portalListUsageEvents", query={"meterApiName": meter})
        _require_hidden(listed, visitor, other.customer)
        _require_own_usage(trial, visitor, question)
        theirs = visitor.ask(_USAGE, live_query(replace(question, customers=(other.customer,))))
        if theirs.success and (found := _total(theirs)) > 0:
            wanted = f"that {visitor.customer} is not told the usage of {other.customer}"
            raise Broken(wanted, f"it is told {found:g}", theirs, operation_id=_USAGE)


def _require_own_usage(trial: Trial, visitor: _Visitor, question: Question) -> None:
    """Needs the usage without groups to be the customer's own."""
    own = _USED[visitor.word]

    def look() -> Reply:
        reply = visitor.ask(_USAGE, live_query(question))
        if not reply.success:
            raise Unclear(f"{_USAGE} answered {reply.status}, which says nothing of it")
        if _total(reply) < own:
            raise Broken("that the event counts", "it does not", reply)
        return reply

    try:
        reply = trial.hold(look)
    except Broken:
        raise Unclear("the usage of what was sent is not there") from None
    if (found := _total(reply)) > own:
        wanted = f"that the usage in the portal of {visitor.customer}, who used {own}, is {own}"
        raise Broken(wanted, f"it is {found:g}", reply, operation_id=_USAGE)


def _total(reply: Reply) -> float:
    try:
        return sum(each.total for each in live_series(reply.json()))
    except UNREADABLE:
        raise Unclear("the usage cannot be read; response_schema_conformance looks at its form") from None


def _details(_trial: Trial, one: _Visitor, two: _Visitor) -> None:
    """Each asks who it is; and for all customers, which only the account's key gives."""
    for visitor, other in ((one, two), (two, one)):
        told = visitor.ask(_DETAILS)
        _require_hidden(told, visitor, other.customer)
        if not told.success or visitor.customer.encode() not in told.body:
            raise Unclear(f"{_DETAILS} does not say who the customer is")
    reply = one.ask(_ACCOUNT)
    if reply.success:
        wanted = "that a session opens the portal alone, and not what takes the account's key"
        raise Broken(wanted, f"it is answered {reply.status}", reply, operation_id=_ACCOUNT)


def _notifications(trial: Trial, one: _Visitor, two: _Visitor) -> None:
    """One makes a notification; the other looks for it in the list and by its id, and tries to remove it."""
    example = sample(trial.document, trial.asker.operations["portalCreateNotification"])
    name = trial.key("n")
    asked = {**(example.body if example is not None else {}), "name": name}
    made = one.ask("portalCreateNotification", asked).json()
    key = made.get("id") if isinstance(made, dict) else None
    if not isinstance(key, str):
        raise Unclear("portalCreateNotification gave no id")
    path = {"id": key}
    if name.encode() not in one.ask("portalGetNotificationById", path=path).body:
        raise Unclear("the notification that was made cannot be read")
    _require_hidden(two.ask("portalListNotifications"), two, name, one.customer)
    _require_hidden(two.ask("portalGetNotificationById", path=path), two, name, one.customer)
    removed = two.ask("portalDeleteNotification", path=path)
    left = one.ask("portalGetNotificationById", path=path)
    if not left.success or name.encode() not in left.body:
        wanted = f"that the session of {two.customer} removes nothing of another customer"
        got = "the notification is gone"
        raise Broken(wanted, got, removed, left, operation_id="portalDeleteNotification")


def _billing(trial: Trial, one: _Visitor, two: _Visitor) -> None:
    """Each buys a prepaid card and chooses a plan; then each looks at what it has and owes."""
    for visitor in (one, two):
        trial.talk.write(_ORDER, _example(trial, _ORDER, visitor, trial.key(f"{visitor.word}o")))
        trial.talk.write(_ASSIGNMENT, _example(trial, _ASSIGNMENT, visitor))
    for visitor, other in ((one, two), (two, one)):
        for name in _BILLED:
            _require_hidden(visitor.ask(name), visitor, other.customer)


def _example(trial: Trial, operation_id: str, visitor: _Visitor, key: str = "") -> dict[str, Any]:
    request = sample(trial.document, trial.asker.operations[operation_id])
    body = request.body if request is not None else {}
    return {**body, "customerId": visitor.customer, **({"id": key} if key else {})}


_PARTS: tuple[tuple[_Play, frozenset[str]], ...] = (
    (_details, frozenset({_DETAILS, _ACCOUNT})),
    (_usage, frozenset({"createMeter", "ingestMeterEvents", _USAGE, "portalQueryUsageBatch", "portalListUsageEvents"})),
    (
        _notifications,
        frozenset(
            {
                "portalListNotifications",
                "portalCreateNotification",
                "portalGetNotificationById",
                "portalDeleteNotification",
            }
        ),
    ),
    (_billing, frozenset({_ORDER, _ASSIGNMENT, *_BILLED})),
)
"""The parts of the portal, and the operations that each asks."""


def _subjects(document: Document) -> Iterator[Subject]:
    """All parts that the document has, as one: each session more is a secret more, which slows everything down."""
    known = {each.operation_id for each in document.operations}
    if {_CUSTOMER, OPENING, _USAGE} <= known:
        # Of the others, those that may not be sent leave out their part alone.
        parts = tuple(play for play, asks in _PARTS if asks <= known)
        yield Subject(_USAGE, frozenset({_CUSTOMER, OPENING, _USAGE}), parts)


PORTAL: tuple[Law, ...] = (
    Law(
        name="portal_sees_one_customer",
        family=Family.ACCOUNTS,
        expects="that a portal session shows its own customer, and opens nothing but the portal",
        why="The token of a session lies in a customer's browser, where its owner can ask anything with it. When it "
        "shows more than one customer, each of them can read what the others use, pay and are called. The law opens "
        "sessions of two customers, gives each something of its own, and looks with each for the other one.",
        evidence=Evidence.DOCUMENTED,
        source="the vendor's page on portal sessions: a session is a customer's",
        severity=Severity.CRITICAL,
        subjects=_subjects,
        play=_portal_sees_one_customer,
    ),
)
