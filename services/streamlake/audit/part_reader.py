"""The lines of a stored part, a few megabytes at a time, whatever its size (I12)."""

import zlib
from collections.abc import Iterator
from typing import Final

import zstandard

from streamlake.storage.store import ObjectStore

_CHUNK: Final = 4 << 20


class DamagedPart(ValueError):
    """The part cannot be read to its end."""


def blocks(store: ObjectStore, name: str) -> Iterator[bytes]:
    """The uncompressed bytes of a part, in pieces. DamagedPart where it ends early or is not what its suffix says."""
    suffix = name.split(".", 1)[1]
    if suffix.endswith("gz"):
        yield from _gzip(store, name)
    elif suffix.endswith("zst"):
        yield from _zstd(store, name)
    else:
        yield from _stored(store, name)


def _stored(store: ObjectStore, name: str) -> Iterator[bytes]:
    start = 0
    while True:
        piece = store.read_range(name, start, _CHUNK)
        if piece is None:
            raise DamagedPart("it vanished while it was read")
        if not piece:
            return
        yield piece
        start += len(piece)


def _gzip(store: ObjectStore, name: str) -> Iterator[bytes]:
    member = None
    for piece in _stored(store, name):
        rest = piece
        while rest:
            if member is None:
                member = zlib.decompressobj(wbits=31)
            try:
                block = member.decompress(rest, _CHUNK)
            except zlib.error as error:
                raise DamagedPart(f"it is not whole gzip: {error}") from error
            rest = member.unconsumed_tail
            if block:
                yield block
            if member.eof:
                # Writers may have compressed in several members; the file is their concatenation.
                rest, member = member.unused_data, None
    if member is not None:
        raise DamagedPart("its compressed data end early")


def _zstd(store: ObjectStore, name: str) -> Iterator[bytes]:
    frame: zstandard.ZstdDecompressionObj | None = None
    for piece in _stored(store, name):
        rest = piece
        while rest:
            if frame is None:
                frame = zstandard.ZstdDecompressor().decompressobj()
            try:
                block = frame.decompress(rest)
            except zstandard.ZstdError as error:
                raise DamagedPart(f"it is not whole zstd: {error}") from error
            rest = b""
            if block:
                yield block
            if frame.eof:
                rest, frame = frame.unused_data, None
    if frame is not None:
        raise DamagedPart("its compressed data end early")


def lines(found: Iterator[bytes]) -> Iterator[bytes]:
    """Split blocks into lines, each with its newline; the last one may lack it."""
    tail: list[bytes] = []
    for block in found:
        first, *others = block.split(b"\n")
        tail.append(first)
        for other in others:
            yield b"".join(tail) + b"\n"
            tail = [other]
    rest = b"".join(tail)
    if rest:
        yield rest
