"""Bars as inline SVG; each says its numbers in words, and stands beside a table that has them too."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from contracts.report.page.values import line

_WIDTH, _HEIGHT = 1000, 20


@dataclass(frozen=True)
class Part:
    """A part of a bar: the class that colours it, its name and its size."""

    kind: str
    name: str
    size: int


def bar(label: str, parts: Sequence[Part], *, longest: int | None = None) -> Markup:
    """A stacked bar.

    Args:
        label: What it is of.
        parts: From left to right; those of nothing are left out.
        longest: What fills the whole width; the sum of the parts when nothing is given.
    """
    shown = [part for part in parts if part.size > 0]
    words = ", ".join(f"{part.size:,} {part.name}" for part in shown) or "nothing"
    scale = _WIDTH / max(longest or sum(part.size for part in shown), 1)
    drawn, start = "", 0.0
    for part in shown:
        # A thin part is drawn all the same: one finding among thousands must be seen.
        width = max(part.size * scale, 6.0)
        drawn += f'<rect class="{part.kind}" x="{start:.1f}" y="0" width="{width:.1f}" height="{_HEIGHT}"/>'
        start += width
    return Markup(  # noqa: S704 - numbers and our own words; the label is escaped
        f'<svg class="bar" role="img" viewBox="0 0 {max(start, _WIDTH):.0f} {_HEIGHT}" preserveAspectRatio="none" '
        f'aria-label="{line(label)}: {words}">{drawn}</svg>'
    )
