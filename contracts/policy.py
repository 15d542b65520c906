"""What may be asked of a target that is not on this machine: tables with reasons, and which fields hold keys."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts.model import RunError
from specs.catalog import Operation


@dataclass(frozen=True)
class Policy:
    """What the command line allows.

    Args:
        allow_writes: Whether the run may create, change and delete what it made itself.
        allow: The names of `HAZARDS` that it may send all the same.
    """

    allow_writes: bool = False
    allow: frozenset[str] = frozenset()


READ_ONLY = Policy()


@dataclass(frozen=True)
class Hazard:
    """An operation that cannot be undone, or that reaches somebody else.

    Args:
        operation_id: Which.
        reason: What it does.
        parameter: The query parameter that makes it one, or empty when it always is.
    """

    operation_id: str
    reason: str
    parameter: str = ""

    @property
    def name(self) -> str:
        """What `--allow` calls it."""
        return f"{self.operation_id}.{self.parameter}" if self.parameter else self.operation_id


STRIPE = Hazard(
    "createCustomer", "it creates a customer at Stripe, which is a third party", "autoCreateCustomerInStripe"
)

HAZARDS: Mapping[str, Hazard] = MappingProxyType(
    {
        hazard.name: hazard
        for hazard in (
            Hazard("ingestMeterEvents", "an event is billed, and no operation takes it back"),
            Hazard("createFilteringRule", "a rule drops events from its creation on, and no operation deletes it"),
            Hazard("createPrepaidOrder", "an order is money, and no operation cancels it"),
            Hazard("createCustomerPrepaidOrder", "an order is money, and can be paid before it is cancelled"),
            Hazard("createPrepaidOrderByUsage", "an order is money, and can be paid before it is cancelled"),
            Hazard("assignPricingPlan", "an assignment starts the invoicing of a customer, and no operation ends it"),
            Hazard("ingestChargeEvents", "a charge is invoiced, and no operation takes it back"),
            STRIPE,
        )
    }
)

QUERIES = frozenset(
    {
        "/usage",
        "/usage/batch",
        "/usage/sparse",
        "/usage/sparse/batch",
        "/jobs/check",
        "/customer-portal/usage",
        "/customer-portal/usage-batch",
        "/customer-portal/usage-cost",
        "/payments/cost/usage-cost",
        "/payments/cost/usage-cost/batch",
        "/payments/cost/revenue-calculator/by-rule",
        "/payments/cost/revenue-calculator/raw",
        "/payments/pricing/amberflo/queries/customer-plans",
    }
)
"""Paths whose POST only reads."""


@dataclass(frozen=True)
class Write:
    """What a writing operation does to the keys of an account.

    Args:
        creates: The kind of thing that is there afterwards, or empty.
        key: The body's field that names it; empty when the target chooses the key.
        needs: Fields that must be there, and hold keys of the run, before anything is sent.
        never: Why it is not sent elsewhere whatever is allowed, or empty.
    """

    creates: str = ""
    key: str = ""
    needs: tuple[str, ...] = ()
    never: str = ""


WRITES: Mapping[str, Write] = MappingProxyType(
    {
        "createMeterDefinition": Write("meter", "meterApiName", ("meterApiName",)),
        "updateMeterDefinition": Write("meter", "meterApiName", ("meterApiName",)),
        "deleteMeterDefinition": Write(),
        "createCustomer": Write("customer", "customerId", ("customerId",)),
        "updateCustomer": Write("customer", "customerId", ("customerId",)),
        "deleteCustomer": Write(),
        # A rule acts on every event of its meter that has the dimension, so both must be the run's own.
        "createFilteringRule": Write("filtering-rule", "ruleId", ("ruleId", "meterApiName", "dimensionName")),
        "updateCustomerLifecycleStage": Write("customer", "customerId", ("customerId",)),
        "reinstateCustomer": Write("customer", "customerId", ("customerId",)),
        # What it opens ends by itself within a day.
        "createSession": Write(needs=("customerId",)),
        "createPrepaidOrder": Write("prepaid-order", "", ("customerId",)),
        "createCustomerPrepaidOrder": Write("prepaid-order", "", ("customerId",)),
        "createPrepaidOrderByUsage": Write("prepaid-order", "", ("customerId",)),
        "assignPricingPlan": Write("plan-assignment", "", ("customerId",)),
        "ingestMeterEvents": Write("event", "uniqueId", ("uniqueId", "meterApiName", "customerId")),
        "ingestChargeEvents": Write(
            "charge-event",
            "reference",
            ("reference",),
            "it must name a price, and no operation lets a run make its own",
        ),
    }
)
"""The writing operations that may be sent elsewhere, and those whose row says why not."""

NEVER_BELOW: Mapping[str, str] = MappingProxyType(
    {
        "/account-setting": "the account has one, and the one before it would be lost",
        "/customer-portal": "it acts in a customer's name, by mail or towards a payment provider",
        "/ingest/settings": "it says how the whole account's events are read",
        "/ingest-snapshot": "it cancels events that are counted already, and nothing brings them back",
        "/jobs": "the target chooses the key of what it makes, so that no clean-up would find it",
        "/meters": "the target chooses the key of what it makes; meter definitions are written instead",
        "/notification": "it mails somebody when it fires",
        "/payments/external": "it says that a payment was made elsewhere",
        "/payments/pricing/amberflo/account-pricing": "it defines what the account sells or gives away to everybody",
        "/payments/pricing/amberflo/customer-commitment": "a commitment is money that is owed for its whole term",
        "/payments/pricing/amberflo/customer-prepaid": "it changes what was paid for",
        "/payments/pricing/amberflo/customer-pricing": "it decides by which plan a customer is invoiced",
        "/payments/pricing/amberflo/customer-promotions": "it takes money off a customer's invoices",
        "/tax": "it may ask the account's tax provider, who counts or keeps each question",
        "/webhook": "it makes the target call an address, which is somebody's",
    }
)
"""Why no write is sent elsewhere to these paths and those below them, unless `WRITES` has a row for it.

What neither table has is not sent either, since nothing says what it leaves behind.
"""


@dataclass(frozen=True)
class Removal:
    """How a kind of thing is deleted, and how to see that it is gone; both operations take its key in their path."""

    delete: str
    read: str


REMOVALS: Mapping[str, Removal] = MappingProxyType(
    {
        "meter": Removal("deleteMeterDefinition", "getMeterDefinitionById"),
        "customer": Removal("deleteCustomer", "getCustomerById"),
    }
)
"""What a clean-up can delete; every other kind stays for ever."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "metername": "meter",
        "meterapiname": "meter",
        "customerid": "customer",
        "customerreference": "customer",
        "ruleid": "filtering-rule",
        "uniqueid": "event",
        "reference": "charge-event",
        "dimensionname": "dimension",
    }
)
"""The kind of thing that a key field names, by the field's name in lower case without marks."""

NAMED_BY_MEMBERS: Mapping[str, str] = MappingProxyType({"values": "meter"})
"""Objects whose member names are keys: the values of an event are named by meter."""

SELF_MADE = frozenset({"dimension"})
"""Kinds that nothing creates: a dimension exists as soon as an event or a rule names it, so the prefix says it all."""

RESERVED_DOMAINS = ("example.com", "example.org", "example.net", "example", "invalid", "test")
"""Mail domains that belong to nobody (RFC 2606)."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KEY_WORDS = frozenset({"id", "ids", "uuid", "reference", "references"})


def plain(name: str) -> str:
    """A field's name in lower case, without the marks between its words."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def kind_of(field: str) -> str:
    """The kind of thing that a key field names; a field that the table does not know is a kind of its own."""
    return KINDS.get(plain(field), plain(field))


class KeyNames:
    """Which field names hold keys.

    Path parameters do, and whatever the documents' links fill in; and every name that ends like a key, so that a field
    that no document mentions is not missed.

    Args:
        operations: Whose parameters and links are read.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._names = set(KINDS)
        for operation in operations:
            self._names.update(map(plain, _parameter_keys(operation)), map(plain, _linked_keys(operation)))

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        words = [word.lower() for word in _WORDS.findall(name)]
        return plain(name) in self._names or (
            bool(words) and (words[-1] in _KEY_WORDS or words[-2:] == ["api", "name"])
        )


def _parameter_keys(operation: Operation) -> list[str]:
    """Path parameters, but for those that choose from a list, such as a version."""
    return [
        each["name"] for each in operation.parameters if each["in"] == "path" and "enum" not in each.get("schema", {})
    ]


def _linked_keys(operation: Operation) -> list[str]:
    """The fields that the operation's links fill from an answer."""
    found: list[str] = []
    for response in operation.node.get("responses", {}).values():
        for link in response.get("links", {}).values():
            bodies = link.get("requestBody")
            for body in bodies if isinstance(bodies, list) else [bodies]:
                filled = body if isinstance(body, dict) else {}
                found += [name for name, value in filled.items() if isinstance(value, str) and value.startswith("$")]
    return found


def is_read(operation: Operation) -> bool:
    """Whether an operation only reads: a GET, or a usage query."""
    return operation.method == "GET" or (operation.method == "POST" and operation.path in QUERIES)


def unsendable(operation: Operation) -> str:
    """Why a writing operation is not sent elsewhere whatever is allowed, or an empty string."""
    write = WRITES.get(operation.operation_id)
    if write is not None:
        return write.never
    found = [path for path in NEVER_BELOW if f"{operation.path}/".startswith(f"{path}/")]
    return NEVER_BELOW[max(found, key=len)] if found else "nothing says what it leaves behind"


def checked_allow(names: Iterable[str], operations: Iterable[Operation], *, allow_writes: bool) -> Policy:
    """The policy of a command line.

    Raises:
        RunError: A name is in no table, or `--allow` stands without `--allow-writes`.
    """
    allow = frozenset(names)
    known = {each.operation_id for each in operations}
    possible = sorted(name for name, hazard in HAZARDS.items() if hazard.operation_id in known)
    if unknown := sorted(allow - set(possible)):
        raise RunError(
            f"--allow {unknown[0]} names no operation that has to be allowed",
            f"the table holds {', '.join(possible) or 'none of this document'}",
        )
    if allow and not allow_writes:
        raise RunError("--allow does nothing without --allow-writes", "give both, or neither")
    return Policy(allow_writes, allow)


def is_nobodys(address: str) -> bool:
    """Whether a mail address can reach nobody, by its domain."""
    domain = address.rpartition("@")[2].strip().lower()
    return any(domain == each or domain.endswith(f".{each}") for each in RESERVED_DOMAINS)
