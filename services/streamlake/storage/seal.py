"""The seal of a complete day: `_metadata.json` beside its parts, created once and never replaced.

It tells readers "this day is whole", and spares an audit the day's claims.
"""

from typing import Final

import msgspec

from streamlake.storage.claim import FORMAT, Gap, Unreadable


class SealedRange(msgspec.Struct, frozen=True, kw_only=True):
    """What one partition of one chain landed on the day: offsets [start, next), by so many claims."""

    start: int
    next: int
    claims: int = 0
    records: int = 0
    size: int = msgspec.field(name="bytes", default=0)
    dead_letters: int = 0
    control: int = 0
    gaps: tuple[Gap, ...] = ()


class SealedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the day: its name, lines, and the size and checksum of its uncompressed lines."""

    name: str
    records: int
    size: int = msgspec.field(name="bytes")
    sha256: str


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """See the module. `ranges` are by chain, then by partition."""

    format: int = FORMAT
    dataset: str
    topic: str
    zone: str
    date: str
    records: int
    size: int = msgspec.field(name="bytes")
    dead_letters: int
    contract_versions: tuple[int, ...]
    ranges: dict[str, dict[str, SealedRange]]
    parts: tuple[SealedPart, ...]
    sealed_by: str
    sealed_at: str

    def encode(self) -> bytes:
        """The object's bytes."""
        return msgspec.json.encode(self) + b"\n"


_decode: Final = msgspec.json.Decoder(Seal).decode


def decode_seal(name: str, data: bytes) -> Seal:
    """The seal in these bytes; Unreadable names the object."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"{name} is not a seal of format {FORMAT}: {error}.") from error
