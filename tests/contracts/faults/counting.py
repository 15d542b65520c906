"""Faults of counting: what is used is lost, counted twice, moved, or answered wrongly."""

from tests.contracts.faults import (
    counting_batches,
    counting_groups,
    counting_ingest,
    counting_live,
    counting_resends,
    counting_usage,
)
from tests.contracts.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *counting_resends.FAULTS,
    *counting_batches.FAULTS,
    *counting_ingest.FAULTS,
    *counting_usage.FAULTS,
    *counting_groups.FAULTS,
    *counting_live.FAULTS,
)
