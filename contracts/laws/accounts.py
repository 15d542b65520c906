"""Laws of accounts: without its key nobody gets in, and nobody sees what is another's."""

from collections.abc import Mapping
from dataclasses import replace

from contracts.checks.asking import Reply
from contracts.checks.credentials import REFUSALS
from contracts.keys import key_header
from contracts.laws.accounts_answers import ANSWERS
from contracts.laws.accounts_kinds import Step
from contracts.laws.accounts_portal import PORTAL
from contracts.laws.accounts_scenes import Scene, on_each, operations, things
from contracts.laws.law import Broken, Evidence, Family, Law, Need, Unclear
from contracts.laws.talk import Talk
from contracts.laws.trial import Trial
from contracts.model import Result, Severity

_WORDS = {"none": "without a key", "wrong": "with a wrong key"}
_NAMES = ("X-API-KEY", "api_key", "apikey", "apiKey", "access_token")
"""What a key is called where it does not belong."""

_REFUSED = range(400, 500)


def _refused_without_key(trial: Trial, scene: Scene) -> None:
    _refuses(trial, scene, "none")


def _refused_with_wrong_key(trial: Trial, scene: Scene) -> None:
    _refuses(trial, scene, "wrong")


def _refuses(trial: Trial, scene: Scene, auth: str) -> None:
    """Asks everything about something that is there, and needs every request to be refused."""
    stage, unsaid = scene.stage(trial), ""
    for step in (*stage.reads, *stage.writes("b")):
        reply = step.ask(trial.talk, auth)
        if reply.success:
            wanted = f"that a request {_WORDS[auth]} is refused with 401 or 403"
            raise Broken(wanted, f"it is answered {reply.status}", reply, operation_id=step.operation_id)
        if _tells(step, reply):
            wanted = f"that a request {_WORDS[auth]} is told nothing"
            got = f"it is refused with {reply.status}, and the answer shows what only the owner may see"
            raise Broken(wanted, got, reply, operation_id=step.operation_id)
        if reply.status not in REFUSALS:
            unsaid = f"{step.operation_id} answered {reply.status}, which says nothing of the key"
    if unsaid:
        raise Unclear(unsaid)


def _tells(step: Step, reply: Reply) -> bool:
    """Whether a refusal shows what is hidden, other than what the request itself said."""
    said = f"{step.request.path} {step.request.query} {step.request.body}"
    return any(text.encode() in reply.body and text not in said for text in step.hidden)


def _refused_with_key_elsewhere(trial: Trial, scene: Scene) -> None:
    """Sends a key that the target takes in its header in the query and in a cookie; each time of a new account."""
    if not trial.asker.gate.target.loopback:
        raise Unclear("elsewhere no key is sent but where the document wants it", Result.UNTESTED)
    stage = scene.stage(trial)
    (step,) = (*stage.reads, *stage.writes("b"))
    # What one operation makes must not be in the way of another one.
    word = f"{trial.key('k')}-{step.operation_id}"
    reply = _with(step, query=_in_query(word), headers=_in_cookie(word)).ask(trial.talk, "none")
    # What is sent here must not stand among the commands that show a difference.
    header = {key_header(trial.document.spec): _made_up(f"{word}-h")}
    rightly = _with(step, headers=header).ask(Talk(trial.asker, ""))
    if rightly.status in REFUSALS:
        raise Unclear("the target takes no key that is made up, not even where it belongs", Result.NOT_REACHABLE)
    if reply.status in REFUSALS:
        return
    if reply.status != rightly.status:
        raise Unclear(f"{step.operation_id} answered {reply.status}, which says nothing of the key")
    raise _misplaced(trial, step, word, rightly.status)


def _misplaced(trial: Trial, step: Step, word: str, rightly: int) -> Broken | Unclear:
    """Which of the two places it was that got the status of a key in its header."""
    if step.ask(trial.talk, "none").status not in REFUSALS:
        return Unclear(f"{step.operation_id} does not want any key")
    asked = {
        "the query": _with(step, query=_in_query(f"{word}-q")),
        "a cookie": _with(step, headers=_in_cookie(f"{word}-c")),
    }
    for place, each in asked.items():
        reply = each.ask(trial.talk, "none")
        if reply.status == rightly:
            wanted = f"that a request without a key in its header is refused, though {place} has one"
            got = f"it is answered {reply.status}, as if the header had it"
            return Broken(wanted, got, reply, operation_id=step.operation_id)
    return Unclear("a key in the query and in a cookie at once is taken, and neither of them alone")


def _with(step: Step, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Step:
    sent = step.request
    request = replace(sent, query={**(query or {}), **sent.query}, headers={**sent.headers, **(headers or {})})
    return replace(step, request=request)


def _made_up(word: str) -> str:
    """A key that is an account of its own, where every key that begins so is one."""
    return f"test-{word}"


def _in_query(word: str) -> dict[str, str]:
    return dict.fromkeys(_NAMES, _made_up(word))


def _in_cookie(word: str) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={_made_up(word)}" for name in _NAMES)}


def _refused_write_changes_nothing(trial: Trial, scene: Scene) -> None:
    """Refused requests ask to make, to change and to remove; then the owner looks."""
    stage, words = scene.stage(trial), {"none": "n", "wrong": "w"}
    stage.settle()
    for auth, word in words.items():
        for step in stage.writes(word):
            reply = step.ask(trial.talk, auth)
            if reply.status not in _REFUSED:
                raise Unclear(f"{step.operation_id} answered {reply.status} {_WORDS[auth]}, so it was not refused")
    stage.judge(tuple(words.values()))


def _second_account_sees_nothing(trial: Trial, scene: Scene) -> None:
    """Another account asks for everything that the first one has, and tries to remove it."""
    stage = scene.stage(trial)
    stage.settle()
    other = trial.talk.as_other()
    for step in stage.reads:
        reply = step.ask(other)
        if reply.success and step.shows(reply) and not stage.shows_anything(other):
            wanted = "that another account is shown nothing of this one"
            got = "it is shown what this one has made"
            raise Broken(wanted, got, reply, operation_id=step.operation_id)
    for step in stage.writes("o"):
        if trial.asker.operations[step.operation_id].method == "DELETE":
            step.ask(other)
            stage.judge(())


LAWS: tuple[Law, ...] = (
    Law(
        name="refused_without_key",
        family=Family.ACCOUNTS,
        expects="that a request without a key is refused, and told nothing",
        why="Whoever reaches the platform's address could otherwise read what a business sells and earns, or write "
        "into it. The law makes something, and then asks without a key for it, for the list that it is in and for the "
        "usage, and tries to make another one, to change it and to remove it. A refusal that shows what was asked for "
        "is none.",
        evidence=Evidence.PUBLISHED,
        source="the documents' security requirement, and their answer 401",
        severity=Severity.CRITICAL,
        subjects=things,
        play=on_each(_refused_without_key),
    ),
    Law(
        name="refused_with_wrong_key",
        family=Family.ACCOUNTS,
        expects="that a request with a key that nobody has is refused, and told nothing",
        why="A platform that looks only at whether there is a key lets everybody in who makes one up. The law asks "
        "what it asks without a key once more with one that no account has.",
        evidence=Evidence.PUBLISHED,
        source="the documents' security requirement, and their answer 401",
        severity=Severity.CRITICAL,
        subjects=things,
        play=on_each(_refused_with_wrong_key),
    ),
    Law(
        name="refused_with_key_elsewhere",
        family=Family.ACCOUNTS,
        expects="that a key counts in its header alone, not in the query and not in a cookie",
        why="What stands in an address is kept by proxies, logs and browsers, so keys that are taken from there get "
        "lost; and a browser sends a cookie along with whatever any other page makes it ask. The law sends a key that "
        "the target takes in its header in both other places, under the names that are usual there.",
        evidence=Evidence.PUBLISHED,
        source="the documents' security scheme: a key in a header",
        severity=Severity.HIGH,
        subjects=operations,
        play=on_each(_refused_with_key_elsewhere),
    ),
    Law(
        name="refused_write_changes_nothing",
        family=Family.ACCOUNTS,
        expects="that a write which is refused has changed nothing",
        why="A platform that first writes and then looks at the key answers 401, and has done what it was asked for. "
        "The law makes something, asks without a key and with a wrong one to make another, to change it and to remove "
        "it, or reports more usage, and then reads with the right key.",
        evidence=Evidence.PUBLISHED,
        source="the documents' answer 401, which says that the request was not let in",
        severity=Severity.CRITICAL,
        subjects=things,
        play=on_each(_refused_write_changes_nothing),
    ),
    Law(
        name="second_account_sees_nothing",
        family=Family.ACCOUNTS,
        expects="that another account neither sees nor removes what this one has",
        why="Two businesses on one platform must never see each other's customers, meters, prices or usage. The law "
        "makes something, and asks with the key of a second account for it, for the list that it is in and for its "
        "usage; then the second account tries to remove it.",
        evidence=Evidence.DOCUMENTED,
        source="the vendors' pages on authentication: a key stands for one account",
        severity=Severity.CRITICAL,
        subjects=things,
        play=on_each(_second_account_sees_nothing),
        needs=frozenset({Need.WRITES, Need.SECOND_KEY}),
    ),
    *ANSWERS,
    *PORTAL,
)
