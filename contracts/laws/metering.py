"""Meters, events and usage as laws speak of them, and how each of the two forms of the API writes them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.laws.law import Subject, Subjects, Unclear
from contracts.laws.talk import Talk
from specs.catalog import Document

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY

SUM, MAX, UNIQUE = "sum", "max", "unique"
"""The kinds of meter that both forms know."""

_INGEST, _USAGE, _CUSTOMER = "ingestMeterEvents", "queryUsage", "createCustomer"
_PUBLISHED, _LIVE = "createMeterDefinition", "createMeter"
_PUBLISHED_KINDS = {SUM: "SUM_OF_ALL_USAGE", MAX: "MAX_IN_PERIOD", UNIQUE: "UNIQUE_CUSTOMERS_COUNT"}
_LIVE_KINDS = {SUM: "sum_of_all_usage", MAX: "max_in_period", UNIQUE: "active_users"}


@dataclass(frozen=True)
class Event:
    """One reported fact.

    Args:
        meter: The meter's API name.
        customer: Whose usage it is.
        seconds: When it was used, since 1970 UTC.
        value: How much was used.
        unique_id: The client's own mark; empty for none.
        dimensions: Pairs of a name and a value.
        millis: What is added to `seconds`.
    """

    meter: str
    customer: str
    seconds: int
    value: float = 1
    unique_id: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    millis: int = 0

    def as_json(self) -> dict[str, Any]:
        """The event as it is sent; both forms write it alike."""
        return {
            "meterApiName": self.meter,
            "customerId": self.customer,
            "meterValue": self.value,
            "meterTimeInMillis": self.seconds * 1000 + self.millis,
            **({"uniqueId": self.unique_id} if self.unique_id else {}),
            **({"dimensions": dict(self.dimensions)} if self.dimensions else {}),
        }


@dataclass(frozen=True)
class Question:
    """A usage query.

    Args:
        meter: The meter's API name.
        start: The first second asked for.
        end: The first second no longer asked for.
        aggregation: ``SUM``, ``MAX`` or ``COUNT``; the live form knows more.
        interval: ``HOUR``, ``DAY``, ``WEEK`` or ``MONTH``.
        group_by: ``customerId``, or names of dimensions.
        customers: The customers whose events count; empty for all.
        filters: The values that count, by dimension.
    """

    meter: str
    start: int
    end: int
    aggregation: str = "SUM"
    interval: str = "DAY"
    group_by: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Series:
    """The usage of one group.

    Args:
        group: What makes the group, by customerId or dimension; empty when nothing was grouped.
        buckets: The value of each bucket, by the second that labels it.
        whole: The group's value over the whole range, which the live form alone tells.
    """

    group: Mapping[str, str]
    buckets: Mapping[int, float]
    whole: float | None = None

    @property
    def total(self) -> float:
        """All buckets added up."""
        return math.fsum(self.buckets.values())


def published_query(question: Question) -> dict[str, Any]:
    """A query in the published form."""
    return {
        "meterApiName": question.meter,
        "startTimeInSeconds": question.start,
        "endTimeInSeconds": question.end,
        "aggregation": question.aggregation,
        "timeGroupingInterval": question.interval,
        **({"groupBy": list(question.group_by)} if question.group_by else {}),
        **({"customerFilter": list(question.customers)} if question.customers else {}),
        **({"filter": {name: list(values) for name, values in question.filters}} if question.filters else {}),
    }


def live_query(question: Question) -> dict[str, Any]:
    """A query in the live form."""
    filters = {name: list(values) for name, values in question.filters}
    filters |= {"customerId": list(question.customers)} if question.customers else {}
    return {
        "meterApiName": question.meter,
        "timeRange": {"startTimeInSeconds": question.start, "endTimeInSeconds": question.end},
        "aggregation": question.aggregation,
        "timeGroupingInterval": question.interval,
        **({"groupBy": list(question.group_by)} if question.group_by else {}),
        **({"filter": filters} if filters else {}),
    }


def published_series(answer: Any, meter: str) -> Iterator[Series]:
    """The groups of an answer in the published form; what is not as documented raises one of `UNREADABLE`."""
    for group in answer["clientMeters"].get(meter, []):
        buckets = {int(label): _number(value) for record in group["records"] for label, value in record.items()}
        yield Series(dict(group.get("groupInfo") or {}), buckets)


def live_series(answer: Any) -> Iterator[Series]:
    """The groups of an answer in the live form; what is not as documented raises one of `UNREADABLE`."""
    for found in answer["clientMeters"]:
        info = (found.get("group") or {}).get("groupInfo") or {}
        buckets = {each["secondsSinceEpochUtc"]: _number(each["value"]) for each in found["values"]}
        yield Series(dict(info), buckets, _number(found["groupValue"]))


UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What reading an answer raises that is not as documented; other checks judge that."""


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return value


def same(one: float, other: float) -> bool:
    """Whether two amounts of usage are the same, but for what doubles lose."""
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


@dataclass
class Metering:
    """The metering side of an account, in the form of the document.

    Args:
        talk: What is said to the account.
    """

    talk: Talk
    _defined: set[str] = field(default_factory=set)

    @property
    def published(self) -> bool:
        """Whether the document's form is the published one."""
        return self.talk.knows(_PUBLISHED)

    def define(self, meter: str, kind: str = SUM, dimensions: Sequence[str] = ()) -> str:
        """Creates a meter; its key."""
        if self.published:
            body = {"displayName": meter, "type": _PUBLISHED_KINDS[kind], "dimensions": list(dimensions)}
            self.talk.write(_PUBLISHED, {"meterApiName": meter, **body})
            return meter
        named = list(dimensions)
        # A live meter counts distinct values of a dimension that it names.
        counted = {"aggregationDimensions": ["customerId"]} if kind == UNIQUE else {}
        body = {"label": meter, "meterType": _LIVE_KINDS[kind], "dimensions": named, **counted}
        self.talk.write(_LIVE, {"meterApiName": meter, **body})
        return meter

    def register(self, *customers: str) -> None:
        """Creates customers, where the document has them: elsewhere only what the run made may be written about."""
        for customer in customers:
            if self.talk.knows(_CUSTOMER):
                self.talk.write(_CUSTOMER, {"customerId": customer, "customerName": customer})

    def send(self, *events: Event) -> None:
        """Ingests events as one batch."""
        self.talk.write(_INGEST, [each.as_json() for each in events])

    def send_each(self, events: Iterable[Event]) -> None:
        """Ingests events one by one, each as a body of its own."""
        for each in events:
            self.talk.write(_INGEST, each.as_json())

    def usage(self, question: Question) -> tuple[Series, ...]:
        """The groups of a usage query.

        Raises:
            Unclear: There was no answer of success, or it is not as documented.
        """
        body = published_query(question) if self.published else live_query(question)
        answer = self.talk.want(_USAGE, body).json()
        try:
            return tuple(published_series(answer, question.meter) if self.published else live_series(answer))
        except UNREADABLE:
            raise Unclear("the usage cannot be read; response_schema_conformance looks at its form") from None

    def total(self, question: Question) -> float:
        """The usage of a query without groups, all buckets added up; 0 when there is none."""
        return math.fsum(each.total for each in self.usage(replace(question, group_by=())))


def metering(operation_id: str = _INGEST, *also: str) -> Subjects:
    """The subjects of a law that defines meters, sends events and asks for usage, told of one operation.

    Args:
        operation_id: Of which the result is told.
        also: What else it asks; without these a document has no such subject.
    """

    def subjects(document: Document) -> Iterator[Subject]:
        names = {each.operation_id for each in document.operations}
        meter = next((each for each in (_PUBLISHED, _LIVE) if each in names), "")
        asks = {operation_id, _INGEST, _USAGE, meter, *also}
        if meter and asks <= names:
            yield Subject(operation_id, frozenset(asks | ({_CUSTOMER} & names)))

    return subjects
