"""The lines of a stored part, a few megabytes at a time, whatever its size (I12)."""

import zlib
from collections.abc import Iterator
from typing import Final

import zstandard

from streamlake.storage.store import ObjectStore

_CHUNK: Final = 4 << 20
_ZSTD_HEADER: Final = 18
"""The longest that it may be."""
_ZSTD_SLICE: Final = 4096
"""Unlike gzip it cannot be told to stop: so much at a time, and out comes what memory can hold."""


class DamagedPart(ValueError):
    """The part cannot be read to its end."""


def blocks(store: ObjectStore, name: str) -> Iterator[bytes]:
    """The lines of a part as bytes, in pieces. DamagedPart where it ends early or is not what its suffix says."""
    match name.split(".", 1)[1]:
        case "json":
            yield from _stored(store, name)
        case "json.gz":
            yield from _gzip(store, name)
        case "json.zst":
            yield from _zstd(store, name)
        case "parquet":
            yield from _parquet(store, name)
        case suffix:
            raise DamagedPart(f"this release cannot read .{suffix}")


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
    for piece in _slices(_stored(store, name)):
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


def _slices(found: Iterator[bytes]) -> Iterator[bytes]:
    for piece in found:
        for start in range(0, len(piece), _ZSTD_SLICE):
            yield piece[start : start + _ZSTD_SLICE]


def _parquet(store: ObjectStore, name: str) -> Iterator[bytes]:
    from streamlake.storage import parquet_reader  # Arrow is large: only who reads such a part has it

    try:
        yield from parquet_reader.lines(store, name)
    except parquet_reader.DamagedParquet as error:
        raise DamagedPart(str(error)) from error


def promised(store: ObjectStore, name: str, stored: int) -> int | None:
    """The size of its lines that a part of `stored` bytes tells without being read; None where it tells none.

    Modulo 2^32 for gzip, which may also consist of several members: what differs must be read before it is called
    wrong. DamagedPart where the place that should tell it is broken.
    """
    match name.split(".", 1)[1]:
        case "json":
            return stored
        case "json.gz":
            return int.from_bytes(store.read_range(name, max(stored - 4, 0), 4) or b"", "little")
        case "json.zst":
            return _zstd_promise(store.read_range(name, 0, _ZSTD_HEADER) or b"")
        case "parquet":
            from streamlake.storage import parquet_reader  # Arrow is large: only who reads such a part has it

            try:
                return parquet_reader.promised(store, name)
            except parquet_reader.DamagedParquet as error:
                raise DamagedPart(str(error)) from error
    return None


def _zstd_promise(header: bytes) -> int | None:
    try:
        size = zstandard.frame_content_size(header)
    except zstandard.ZstdError as error:
        raise DamagedPart(f"it does not begin as zstd does: {error}") from error
    return size if size >= 0 else None


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
