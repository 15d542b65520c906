"""The verdict on a single event: the rule of `event_verdict` without arrays.

NumPy earns its keep from a dozen events on; requests with one event are common, and ten times cheaper this way. The
keys are the same, so that events appended alone and in batches find each other.
"""

from typing import NamedTuple

from mockserver.domain.identity import Dedup
from mockserver.engine.event_batch import ConflictKind
from mockserver.engine.event_codes import DimensionSets
from mockserver.engine.event_index import ABSENT, mix_one
from mockserver.engine.event_log import MeterLog, Row
from mockserver.engine.event_verdict import Indexes


class Single(NamedTuple):
    """One event: meter and unique id as they are, the rest in codes; `value_bits` is the value's double as int64."""

    meter: str
    unique_id: str | None
    row: Row
    value_bits: int


class SingleVerdict(NamedTuple):
    """What is to be done with an event: `row` is the one it repeats, ABSENT when it is to be stored under `key`."""

    row: int
    key: int
    is_anchor: bool
    conflict: ConflictKind | None


def judge_one(event: Single, dedup: Dedup, indexes: Indexes, log: MeterLog, sets: DimensionSets) -> SingleVerdict:
    """Compare an event with the stored ones of its meter."""
    identity_set = sets.identity(event.row.dimension_set)
    anchor_key = mix_one(int(event.unique_id is not None), hash(event.meter))
    anchor_key = mix_one(anchor_key, 0 if event.unique_id is None else hash(event.unique_id))
    if event.unique_id is None:
        anchor_key = _content_key(anchor_key, event, identity_set, with_value=True)
    anchor = indexes.anchors.find_one(anchor_key)
    if anchor == ABSENT:
        return SingleVerdict(ABSENT, anchor_key, is_anchor=True, conflict=None)
    held = log.row(anchor)
    same_content = _same_content(held, event.row, sets)
    same_record = same_content and (dedup is not Dedup.RECORD or held.value == event.row.value)
    if same_record or event.unique_id is None or dedup is Dedup.UNIQUE_ID:
        conflict = _contradiction(held, event.row, same_content=same_content)
        return SingleVerdict(anchor, anchor_key, is_anchor=True, conflict=conflict)
    key = _content_key(anchor_key, event, identity_set, with_value=dedup is Dedup.RECORD)
    row = indexes.identities.find_one(key)
    if row == ABSENT:
        return SingleVerdict(ABSENT, key, is_anchor=False, conflict=None if same_content else "reused-unique-id")
    conflict = _contradiction(log.row(row), event.row, same_content=True)
    return SingleVerdict(row, key, is_anchor=False, conflict=conflict)


def _content_key(key: int, event: Single, identity_set: int, *, with_value: bool) -> int:
    key = mix_one(mix_one(key, event.row.time_ms), (event.row.customer << 32) | identity_set)
    return mix_one(key, event.value_bits) if with_value else key


def _same_content(held: Row, row: Row, sets: DimensionSets) -> bool:
    same_sets = sets.identity(held.dimension_set) == sets.identity(row.dimension_set)
    return same_sets and (held.time_ms, held.customer) == (row.time_ms, row.customer)


def _contradiction(held: Row, row: Row, *, same_content: bool) -> ConflictKind | None:
    if not same_content:
        return "reused-unique-id"
    return None if held.value == row.value else "other-value"
