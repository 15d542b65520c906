"""Laws of when rules act, and of how they are kept."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from contracts.laws.ingest_ground import counts, introduced, opened
from contracts.laws.law import Broken, Evidence, Family, Law, Subject
from contracts.laws.rules_written import (
    ASIA,
    EU,
    EXCLUDE,
    INCLUDE,
    LIST,
    LIST_CUSTOM,
    US,
    Rule,
    dimensions,
    kept,
    listed,
    passes,
    ruled,
    told,
    valued,
    write,
)
from contracts.laws.trial import Trial
from contracts.model import Severity
from specs.catalog import Document


def _rule_acts_from_its_creation_on(trial: Trial, action: str) -> Iterator[None]:
    rule = Rule(action, ("eu",) if action == EXCLUDE else ("us",))
    opened(trial, dimensions=dimensions(trial))
    trial.metering.send_each([valued(trial, 0, EU)])
    write(trial, rule)
    trial.metering.send_each([valued(trial, 1, EU), valued(trial, 2, US)])
    yield
    what = f"the usage of an event eu (1), then a rule that {rule}, then events eu (2), us (4),"
    counts(trial, lambda: kept(trial), 5, what)


def _rule_update_replaces(trial: Trial, case: tuple[Rule, Rule]) -> Iterator[None]:
    old, new = case
    events = (EU, US, ASIA)
    opened(trial, dimensions=dimensions(trial))
    if not trial.metering.published:
        trial.metering.send_each(valued(trial, number, values) for number, values in enumerate(events))
        # Nobody says that what the old rule took back returns, so the new one names it as well.
        new = Rule(EXCLUDE, tuple(dict.fromkeys(old.values + new.values)))
    write(trial, old)
    write(trial, new)
    if trial.metering.published:
        # That a rule acts from the next request on is for another law to tell.
        introduced(trial)
        trial.metering.send_each(valued(trial, number, values) for number, values in enumerate(events))
    yield
    wanted = sum(2**number for number, values in enumerate(events) if passes([new], values))
    what = f"the usage of events {told(events)}, under a rule that {new}, and {str(old).replace('s ', 'd ', 1)} before,"
    counts(trial, lambda: kept(trial), wanted, what)
    trial.hold(lambda: _listed_once(trial, new))


def _listed_once(trial: Trial, rule: Rule) -> None:
    found = listed(trial).count(trial.key(rule.word))
    if found != 1:
        raise Broken("that a rule that was sent twice is listed once", f"it is listed {found} times", trial.talk.last)


def _rule_list_selects_by_meter(trial: Trial, meters: tuple[str, ...]) -> None:
    for meter in (*meters, "none"):
        trial.metering.define(trial.key(meter), dimensions=dimensions(trial))
    for meter in meters:
        write(trial, Rule(EXCLUDE, ("eu",), word=f"r{meter}", meter=meter))
    for meter in meters:
        trial.hold(lambda meter=meter: _lists(trial, meter, {trial.key(f"r{meter}")}))  # type: ignore[misc]
    trial.hold(lambda: _lists(trial, "none", set()))


def _lists(trial: Trial, meter: str, wanted: set[str]) -> None:
    found = set(listed(trial, meter))
    if found != wanted:
        what = f"that the list of a meter's rules holds {len(wanted)} that is its own"
        raise Broken(
            what, f"it holds {len(found & wanted)} of them and {len(found - wanted)} of others", trial.talk.last
        )


def _listing(document: Document) -> Iterator[Subject]:
    """The list's own operation: nothing is ingested, and no usage is asked for."""
    for subject in ruled(LIST, custom=(LIST_CUSTOM,))(document):
        listing = LIST_CUSTOM if LIST_CUSTOM in subject.asks else LIST
        yield replace(subject, operation_id=listing, asks=subject.asks - {"ingestMeterEvents", "queryUsage"})


_VALUES = st.sampled_from(("eu", "us", "asia"))
_RULES = st.builds(Rule, st.sampled_from((EXCLUDE, INCLUDE)), _VALUES.map(lambda value: (value,)))

LAWS: tuple[Law, ...] = (
    Law(
        name="rule_acts_from_its_creation_on",
        family=Family.RULES,
        expects="that a rule acts on the very next event, and on none that was counted before",
        why="Whoever switches a rule on expects it to act at once, and not to rewrite what was reported, and perhaps "
        "billed, before. The law sends an event, makes a rule that keeps its like out, sends the like again in the "
        "next request, and asks for the usage.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: a filtering rule filters events before ingestion",
        severity=Severity.HIGH,
        subjects=ruled(),
        play=_rule_acts_from_its_creation_on,
        cases=(EXCLUDE, INCLUDE),
    ),
    Law(
        name="rule_update_replaces",
        family=Family.RULES,
        expects="that a rule that is sent again under its key acts as it says now, and no more as it said before",
        why="A rule that is mended must lose what was wrong with it. Where the old values still act beside the new "
        "ones, or in their place, the list shows one thing and the numbers another. The law sends a rule twice under "
        "one key with different content, asks for the usage of what either version is about, and looks that the rule "
        "is listed once. Custom rules of the live form have taken back already what the first version names, so there "
        "the second one names it too.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: the operation creates or updates a rule; the vendor's page on erroneous "
        "meters: custom rules are kept by their id",
        severity=Severity.HIGH,
        subjects=ruled(LIST, custom=(LIST_CUSTOM,)),
        play=_rule_update_replaces,
        cases=((Rule(EXCLUDE, ("eu",)), Rule(EXCLUDE, ("us",))), (Rule(EXCLUDE, ("eu",)), Rule(INCLUDE, ("eu",)))),
        generated=lambda: st.tuples(_RULES, _RULES),
        examples=4,
    ),
    Law(
        name="rule_list_selects_by_meter",
        family=Family.RULES,
        expects="that the list of a meter's rules holds its own, and no other meter's",
        why="Whoever looks for the rule that drops events of a meter reads this list; a rule that is missing is not "
        "found, and one too many is the wrong one mended. The law makes rules for two meters and lists those of each, "
        "and of a third one that has none.",
        evidence=Evidence.PUBLISHED,
        source="the metering document: the list of filtering rules is asked for by a meter's name; for custom rules "
        "the vendor's page on erroneous meters",
        severity=Severity.MEDIUM,
        subjects=_listing,
        play=_rule_list_selects_by_meter,
        cases=(("m", "n"),),
        generated=lambda: st.integers(1, 3).map(lambda count: tuple("mno"[:count])),
        examples=2,
    ),
)
