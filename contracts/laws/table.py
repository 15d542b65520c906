"""Every law there is, in the order in which they are tried: what others rest on comes first."""

from collections.abc import Mapping
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
from contracts.laws.law import Law

_MODULES = (accounts, resources, ingest, neighbours, usage, rules, billing, charges, robustness, sequences)


LAWS: Mapping[str, Law] = MappingProxyType({law.name: law for module in _MODULES for law in module.LAWS})
