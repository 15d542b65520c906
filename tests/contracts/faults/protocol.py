"""Faults of the protocol: answers and refusals that their document does not know."""

from tests.contracts.faults import protocol_answers, protocol_refusals
from tests.contracts.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (*protocol_answers.FAULTS, *protocol_refusals.FAULTS)
