"""What a stored part holds, read piece by piece so that its size does not matter."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from streamlake.storage.claim import Unreadable
from streamlake.storage.part_reader import DamagedPart, blocks
from streamlake.storage.store import ObjectStore


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
    """The part's lines as bytes, cut anywhere. Unreadable where they cannot be had to the end."""
    try:
        yield from blocks(store, name)
    except DamagedPart as error:
        raise Unreadable(f"{name} cannot be unpacked: {error}.") from error
