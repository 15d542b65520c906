"""Faults of what is kept: read back, replaced, listed, deleted, and found by its key."""

from tests.contracts.faults import resources_keys, resources_listed, resources_read, resources_replaced
from tests.contracts.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *resources_read.FAULTS,
    *resources_replaced.FAULTS,
    *resources_listed.FAULTS,
    *resources_keys.FAULTS,
)
