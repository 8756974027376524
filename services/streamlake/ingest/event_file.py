"""A file of events becomes requests: an array, NDJSON, or one event. Each event's bytes stay as they are."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from streamlake.ingest import framing

_MANY_BYTES: Final = 4 * 1024 * 1024
_LOOK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Portion:
    """The events of one request. `first` is the number of the first one in the file, from 0."""

    first: int
    events: tuple[bytes, ...]
    media: str

    @property
    def body(self) -> bytes:
        """The request's body. Lines stay lines, so that one that is no JSON spoils no other."""
        if self.media == "application/x-ndjson":
            return b"\n".join(self.events) + b"\n"
        return b"[" + b",".join(self.events) + b"]"

    def attempt(self, salt: str) -> str:
        """The Idempotency-Key: the same events at the same place of a file have the same, so a run that stopped
        half-way can simply be run again."""
        digest = hashlib.sha256(f"{salt}\0{self.first}\0".encode() + b"\0".join(self.events))
        return f"send-{digest.hexdigest()[:32]}"


def portions(path: Path, events_at_once: int) -> Iterator[Portion]:
    """Read the file, request by request. NDJSON is never held as a whole; an array is. Raises OSError, Malformed."""
    with path.open("rb") as file:
        head = file.read(_LOOK_BYTES)
        file.seek(0)
        if head.lstrip().startswith(b"["):
            yield from _grouped(framing.one_or_many(file.read(), limit=None), events_at_once, "application/json")
        elif len(head) < _LOOK_BYTES and _is_one(head):
            yield Portion(0, (head.strip(),), "application/json")
        else:
            events = (line.rstrip(b"\r\n") for line in file if line.strip())
            yield from _grouped(events, events_at_once, "application/x-ndjson")


def _grouped(events: Iterable[bytes], at_once: int, media: str) -> Iterator[Portion]:
    first = size = 0
    group: list[bytes] = []
    for event in events:
        if group and (len(group) == at_once or size + len(event) > _MANY_BYTES):
            yield Portion(first, tuple(group), media)
            first += len(group)
            group, size = [], 0
        group.append(event)
        size += len(event) + 1
    if group:
        yield Portion(first, tuple(group), media)


def _is_one(content: bytes) -> bool:
    """One JSON document, perhaps over several lines."""
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
