"""A range of records on its way to becoming a claim: closed, judged, its accepted lines already written."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamlake.consumer.effects import Letter, Message, PartWriter
from streamlake.storage.claim import CloseReason


@dataclass(frozen=True, slots=True)
class Hole:
    """Offsets [start, next) that were never delivered: retention, or nothing but control records."""

    start: int
    next: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Offsets [start, next), closed. `last` is the newest record in it, None where it is but a hole."""

    start: int
    next: int
    date: str
    records: int
    rejected: Sequence[Letter]
    holes: Sequence[Hole]
    min_timestamp_ms: int | None
    max_timestamp_ms: int | None
    last: Message | None
    contract_version: int
    contract_sha256: str
    part: PartWriter | None
    suffix: str
    closed: CloseReason
