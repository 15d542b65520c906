"""How much of the documents a run has tried: operations, documented statuses, parameters, keywords of bodies."""

from contracts.coverage.model import Covered, Keyword, OperationCoverage, Parameter

__all__ = ["Covered", "Keyword", "OperationCoverage", "Parameter"]
