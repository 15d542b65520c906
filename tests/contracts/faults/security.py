"""Faults of keys and accounts: who may read or write, and what is told to whom."""

from tests.contracts.faults import security_keys, security_seen
from tests.contracts.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (*security_keys.FAULTS, *security_seen.FAULTS)
