"""The words of coverage: what of an operation was tried. Data alone."""

from dataclasses import dataclass
from enum import StrEnum


class Covered(StrEnum):
    """Whether something documented was tried."""

    TESTED = "tested"
    UNTESTED = "untested"
    NOT_REACHABLE = "not-reachable"


@dataclass(frozen=True)
class Parameter:
    """A documented parameter; it is tested when an answered request carried it.

    Args:
        place: path, query or header.
        name: As documented.
        state: Whether it was tried.
    """

    place: str
    name: str
    state: Covered


@dataclass(frozen=True)
class Keyword:
    """A keyword of a request body's schema.

    Args:
        pointer: JSON pointer to it from the body's schema, references opened, such as
            `/properties/meterApiName/minLength`; a required name has `/required/NAME`.
        met: Whether a sent body that is valid met it at its bound.
        broken: Whether a sent body broke it, and nothing else.
        reachable: Whether anything could be sent to the operation.
    """

    pointer: str
    met: bool
    broken: bool
    reachable: bool = True

    @property
    def state(self) -> Covered:
        """Tested when it was both met and broken."""
        if not self.reachable:
            return Covered.NOT_REACHABLE
        return Covered.TESTED if self.met and self.broken else Covered.UNTESTED


@dataclass(frozen=True)
class OperationCoverage:
    """What of one operation, under one dialect of its document, was tried.

    Args:
        document: The document's name.
        dialect: Of the projection, or empty.
        operation_id: Which operation.
        method: In upper case.
        path: With its parameters in braces.
        family: The documents' file that has it, such as `metering`.
        evidence: How well it is known, one of `specs.catalog.EVIDENCE`, or empty.
        state: Tested when it was answered with success, untested when it was not, not reachable when nothing may be
            sent.
        reason: Why nothing is sent to it, or empty.
        statuses: The documented statuses, as the document writes them, each with whether it was answered.
        parameters: In the document's order.
        keywords: Of the request body's schema, in the schema's order; empty without a JSON body.
    """

    document: str
    dialect: str
    operation_id: str
    method: str
    path: str
    family: str
    evidence: str
    state: Covered
    reason: str = ""
    statuses: tuple[tuple[str, Covered], ...] = ()
    parameters: tuple[Parameter, ...] = ()
    keywords: tuple[Keyword, ...] = ()
