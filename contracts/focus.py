"""What a run looks at alone, when it is not to look at everything."""

from collections.abc import Sequence
from dataclasses import dataclass

from specs.catalog import Document

STATEFUL = "stateful"
"""The phase of the engine that sends chains of requests."""


@dataclass(frozen=True)
class Focus:
    """One operation, one law, or, when neither is named, the chains of requests over all operations.

    What else is asked on the way, such as what makes a thing before it is read, is not judged.

    Args:
        operation_id: Whose checks are made, by requests of its own.
        law: What is tried.
    """

    operation_id: str = ""
    law: str = ""

    @property
    def chains(self) -> bool:
        """Whether it is about the chains."""
        return not (self.operation_id or self.law)

    def watches(self, operation_id: str) -> bool:
        """Whether an operation is judged."""
        return not self.operation_id or operation_id == self.operation_id

    def is_in(self, document: Document) -> bool:
        """Whether a document has anything that it judges."""
        return any(self.watches(each.operation_id) for each in document.operations)

    def phases(self, phases: Sequence[str]) -> tuple[str, ...]:
        """Those of the engine's phases that are about it."""
        return tuple(each for each in phases if not self.law and (each == STATEFUL) == self.chains)
