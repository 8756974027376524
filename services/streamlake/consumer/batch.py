"""A range of records on its way to becoming a claim: closed, judged, its accepted lines already written."""

from collections.abc import Sequence
from dataclasses import dataclass

from streamlake.consumer.effects import Letter, Message, PartWriter
from streamlake.storage.claim import CloseReason, JudgedBy

_OVERHEAD = 500
"""A record's headers and the client's own structures, about."""


def held_by(message: Message) -> int:
    """Memory that a record holds, about."""
    return len(message.value() or b"") + len(message.key() or b"") + _OVERHEAD


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
    contracts: Sequence[JudgedBy]
    part: PartWriter | None
    suffix: str
    closed: CloseReason
    rejected_bytes: int = 0

    @property
    def held_bytes(self) -> int:
        """Memory that it holds until it is durable."""
        return self.rejected_bytes + (self.part.held_bytes if self.part else 0)
