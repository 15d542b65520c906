"""Every law there is, in the order in which they are tried."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from contracts.laws import (
    accounts,
    billing,
    charges,
    ingest,
    neighbours,
    resources,
    robustness,
    rules,
    sequences,
    usage,
)
from contracts.laws.law import Law, Need

_MODULES = (accounts, resources, ingest, neighbours, usage, rules, billing, charges, robustness, sequences)


def _in_order() -> Iterator[Law]:
    """What others rest on first, and last what moves the account's clock: all that follows would be in its future."""
    laws = [law for module in _MODULES for law in module.LAWS]
    return iter(sorted(laws, key=lambda law: Need.CLOCK in law.needs))


LAWS: Mapping[str, Law] = MappingProxyType({law.name: law for law in _in_order()})
