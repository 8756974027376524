"""When an open batch closes. A new rule is one more line in `due` and a word in `CloseReason`."""

from dataclasses import dataclass

from streamlake.storage.claim import CloseReason


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """Limits of one part: the first one that is reached closes it."""

    max_records: int
    max_bytes: int
    max_age_seconds: float
    max_rejected: int = 10_000


@dataclass(frozen=True, slots=True)
class Filled:
    """How full a batch is."""

    records: int
    rejected: int
    size: int
    age_seconds: float


def due(policy: RotationPolicy, filled: Filled) -> CloseReason | None:
    """Why the batch should close now, or None."""
    if filled.records + filled.rejected >= policy.max_records or filled.rejected >= policy.max_rejected:
        return "records"
    if filled.size >= policy.max_bytes:
        return "bytes"
    if filled.age_seconds >= policy.max_age_seconds:
        return "age"
    return None
