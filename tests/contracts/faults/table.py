"""Every fault by its name."""

from collections.abc import Mapping

from tests.contracts.faults import billing, charges, counting, protocol, resources, robustness, rules, security
from tests.contracts.faults.fault import Fault

ROWS: tuple[Fault, ...] = (
    *counting.FAULTS,
    *resources.FAULTS,
    *rules.FAULTS,
    *protocol.FAULTS,
    *security.FAULTS,
    *robustness.FAULTS,
    *billing.FAULTS,
    *charges.FAULTS,
)
"""In the order of the categories."""

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in ROWS}
"""By name."""
