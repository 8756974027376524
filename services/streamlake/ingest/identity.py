"""Ingestion ids: one for every event that is taken, the same for every attempt where the client names its attempt."""

import json
import uuid
from collections.abc import Callable
from typing import Final

_NAMESPACE: Final = uuid.UUID("2b0c8a4e-6d0f-5c38-9f7e-4f1b6a5f0d11")
_HEX: Final = "%08x-%04x-%04x-%04x-%012x"


def uuid7(milliseconds: int, sequence: int, randomness: int) -> str:
    """A UUIDv7 (RFC 9562): 48 bits of time, 12 of sequence, 62 of randomness. Larger arguments are cut to size."""
    low = 0x8000_0000_0000_0000 | (randomness & 0x3FFF_FFFF_FFFF_FFFF)
    return _HEX % (
        milliseconds >> 16 & 0xFFFF_FFFF,
        milliseconds & 0xFFFF,
        0x7000 | sequence & 0xFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF,
    )


class Minting:
    """New ids in ascending order within this process, also where the clock stands still or steps back."""

    def __init__(self, now_ms: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._now_ms = now_ms
        self._random_bits = random_bits
        self._last = 0

    def take(self, count: int) -> list[str]:
        """So many ids, ascending. The sequence counts on inside a millisecond and borrows from the next one."""
        first = self._now_ms() << 12
        if first <= self._last:
            first = self._last + 1
        self._last = first + count - 1
        return [uuid7(tick >> 12, tick, self._random_bits(62)) for tick in range(first, first + count)]


def of_attempt(dataset: str, producer: str, key: str, count: int) -> list[str]:
    """The ids of a request with an `Idempotency-Key`: a resent request has the same."""
    return [_derived(dataset, producer, "key", key, index) for index in range(count)]


def of_cloudevent(dataset: str, producer: str, source: str, id: str) -> str:
    """The id of a CloudEvent, whose `source` and `id` already name it: no header is needed."""
    return _derived(dataset, producer, "cloudevent", source, id)


def _derived(*parts: str | int) -> str:
    # JSON keeps the parts apart: no two lists of parts are written alike.
    return str(uuid.uuid5(_NAMESPACE, json.dumps(parts)))
