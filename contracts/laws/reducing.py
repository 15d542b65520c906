"""Makes a sequence of steps shorter by leaving out what is not needed, before anything finer is tried."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from contracts.laws.mirror import Mirror


@dataclass(frozen=True)
class Step:
    """A step that can be taken again, in another sequence.

    Args:
        act: Takes it, with its items.
        items: What it is about, of which all but one may be left out; empty when there is nothing to leave out.
    """

    act: Callable[[Mirror, tuple[Any, ...]], None]
    items: tuple[Any, ...] = ()

    def take(self, mirror: Mirror) -> None:
        """Takes it."""
        self.act(mirror, self.items)


Steps = tuple[Step, ...]


Breaking = Callable[[Steps], int]
"""Takes steps from the beginning; how many it took until one broke the law, or 0 when none did."""


def reduced(steps: Steps, breaking: Breaking) -> Steps:
    """The steps that are left when none can be left out, and no item of one.

    Args:
        steps: Of which the last breaks the law, and the others do not.
        breaking: Tells whether other steps break it too.
    """
    size = len(steps) // 2
    while size:
        fewer = _without(steps, size, breaking)
        size = size if size == 1 and len(fewer) < len(steps) else size // 2
        steps = fewer
    fewer = _with_fewer_items(steps, breaking)
    return steps if fewer == steps else reduced(fewer, breaking)


def _without(steps: Steps, size: int, breaking: Breaking) -> Steps:
    """What is left when so many steps in a row are left out wherever that can be, from the end on."""
    start = len(steps) - 1 - size
    while start >= 0:
        fewer = steps[:start] + steps[start + size :]
        if taken := breaking(fewer):
            steps = fewer[:taken]
        start = min(start, len(steps) - 1) - size
    return steps


def _with_fewer_items(steps: Steps, breaking: Breaking) -> Steps:
    """What is left when the items of each step are left out one by one wherever that can be, from the end on."""
    places = [(number, place) for number, step in enumerate(steps) for place in range(len(step.items))]
    for number, place in reversed(places):
        if number < len(steps) and len(steps[number].items) > 1:
            fewer = _without_item(steps, number, place)
            if taken := breaking(fewer):
                steps = fewer[:taken]
    return steps


def _without_item(steps: Steps, number: int, place: int) -> Steps:
    items = steps[number].items
    changed = replace(steps[number], items=items[:place] + items[place + 1 :])
    return (*steps[:number], changed, *steps[number + 1 :])
