"""The adapter to Schemathesis' engine, which is no public API of it: nothing outside this package imports it.

Pinned to 4.32.5. What is relied on: the phases and events of the engine, the recorder of a scenario, the class of the
engine's context (whose session is ours), the class of the transport (through which every case and every check of the
engine sends), and the names of the checks. `tests/contracts/test_engine.py` holds all of it.
"""

from contracts.engine.drive import Job, Step, drive
from contracts.engine.outside import Onlooker

__all__ = ["Job", "Onlooker", "Step", "drive"]
