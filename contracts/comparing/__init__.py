"""Compares two reports: what got better or worse where both runs looked, and where only one of them did."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from contracts.comparing import data, markdown, text
from contracts.comparing.judging import compare
from contracts.comparing.model import Comparison

__all__ = ["RENDERERS", "Comparison", "compare"]

RENDERERS: Mapping[str, Callable[[Comparison], str]] = MappingProxyType(
    {"text": text.render, "json": data.render, "markdown": markdown.render}
)
"""Every form of a comparison by its name; the same comparison gives the same text."""
