"""What a stored part holds, read piece by piece so that its size does not matter."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from isal import isal_zlib

from streamlake.storage.claim import Unreadable
from streamlake.storage.store import ObjectStore

_PIECE: Final = 1 << 22
_GZIP: Final = 31


@dataclass(frozen=True, slots=True)
class PartContent:
    """Lines, uncompressed bytes and their checksum: what a claim says of its part."""

    records: int
    size: int
    sha256: str


def measure(store: ObjectStore, name: str) -> PartContent | None:
    """What the part holds; None where there is none. Unreadable where it cannot be unpacked."""
    if store.size(name) is None:
        return None
    records, size, sha256 = 0, 0, hashlib.sha256()
    for piece in unpacked(store, name):
        records += piece.count(b"\n")
        size += len(piece)
        sha256.update(piece)
    return PartContent(records, size, sha256.hexdigest())


def unpacked(store: ObjectStore, name: str) -> Iterator[bytes]:
    """The part's lines as bytes, cut anywhere."""
    unpack = isal_zlib.decompressobj(_GZIP) if name.endswith(".gz") else None
    position = 0
    while piece := store.read_range(name, position, _PIECE):
        position += len(piece)
        try:
            yield piece if unpack is None else unpack.decompress(piece)
        except isal_zlib.error as error:  # type: ignore[misc] # its stub calls the class an instance
            raise Unreadable(f"{name} cannot be unpacked: {error}.") from error
    if unpack is not None and not unpack.eof:
        raise Unreadable(f"{name} is cut off after {position} bytes.")
