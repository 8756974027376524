"""A part in Parquet back into its lines, a row group at a time: one read of the store for each."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from streamlake.storage.parquet_form import GUARD_BYTES, PROMISE, SCHEMA, TAIL_BYTES, Promise, footer_length
from streamlake.storage.raw_line import Columns, lines_of
from streamlake.storage.store import ObjectStore

_MAX_ROW_GROUP_BYTES: Final = 64 << 20
"""A row group ends with the line that fills it, so ours hold one line more than they should, never this much."""
_MAX_FOOTER_BYTES: Final = 64 << 20
_MAGIC: Final = b"PAR1"
_decode_promise: Final = msgspec.json.Decoder(Promise).decode


class DamagedParquet(ValueError):
    """The part cannot be read, or was not written by StreamLake."""


class _Source:
    """What Arrow reads from: the bytes of one row group, at their place in the part."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._start = 0
        self._data = b""
        self._at = 0
        self.closed = False

    def show(self, start: int, data: bytes) -> None:
        """From now on these."""
        self._start, self._data = start, data

    def read(self, length: int = -1) -> bytes:
        at = self._at - self._start
        found = self._data[at : len(self._data) if length < 0 else at + length] if at >= 0 else b""
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class _Footer:
    """A footer that is as it was written, and where it starts, with what guards it."""

    metadata: Any
    promise: Promise
    start: int
    part_size: int


def lines(store: ObjectStore, name: str) -> Iterator[bytes]:
    """The part's lines, a row group at a time. DamagedParquet where they cannot be had to the end."""
    footer = _footer(store, name)
    source, start = _Source(footer.part_size), 0
    file = pq.ParquetFile(pa.PythonFile(source, mode="r"), metadata=footer.metadata, pre_buffer=False)
    for number, group in enumerate(footer.promise.row_groups):
        if max(group.end - start, footer.metadata.row_group(number).total_byte_size) > _MAX_ROW_GROUP_BYTES:
            raise DamagedParquet(f"its row group {number} is larger than any that is written here")
        data = _range(store, name, start, group.end - start)
        if hashlib.sha256(data).hexdigest() != group.sha256:
            raise DamagedParquet(f"its row group {number} is not as it was written")
        source.show(start, data)
        start = group.end
        try:
            yield lines_of(_columns(file.read_row_group(number, use_threads=False)))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DamagedParquet(f"its row group {number} cannot be read: {error}") from error
    if start == 0 and _range(store, name, 0, len(_MAGIC)) == _MAGIC:
        start = len(_MAGIC)  # a part without a line
    if start != footer.start:
        raise DamagedParquet("something stands between its row groups and its footer")


def _columns(table: Any) -> Columns:
    found = {name: table.column(name) for name in SCHEMA.names}
    for name in ("meta", "payload"):
        found[name] = found[name].cast(pa.binary())  # their bytes, without a way through Python's text
    return Columns(**{name: column.to_pylist() for name, column in found.items()})


def promised(store: ObjectStore, name: str) -> int:
    """How many bytes of lines the footer says that the part holds: two small reads."""
    return _footer(store, name).promise.size


def _footer(store: ObjectStore, name: str) -> _Footer:
    size = store.size(name)
    if size is None:
        raise DamagedParquet("it vanished while it was read")
    tail = _range(store, name, size - TAIL_BYTES, TAIL_BYTES)
    length = footer_length(tail)
    if tail[4:] != _MAGIC or length > min(size - TAIL_BYTES - GUARD_BYTES - len(_MAGIC), _MAX_FOOTER_BYTES):
        raise DamagedParquet("it does not end as Parquet does")
    guarded = _range(store, name, size - TAIL_BYTES - length - GUARD_BYTES, length + GUARD_BYTES)
    guard, footer = guarded[:GUARD_BYTES], guarded[GUARD_BYTES:]
    if hashlib.sha256(footer).digest() != guard:
        raise DamagedParquet("its footer is not as it was written")
    try:
        metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer + tail))
        promise = _decode_promise((metadata.metadata or {}).get(PROMISE, b""))
    except (pa.ArrowException, OSError, msgspec.DecodeError) as error:
        raise DamagedParquet(f"its footer cannot be read: {error}") from error
    if not metadata.schema.to_arrow_schema().equals(SCHEMA) or len(promise.row_groups) != metadata.num_row_groups:
        raise DamagedParquet("its columns are not those of a raw line")
    return _Footer(metadata, promise, size - TAIL_BYTES - length - GUARD_BYTES, size)


def _range(store: ObjectStore, name: str, start: int, length: int) -> bytes:
    found = store.read_range(name, start, length) if start >= 0 else b""
    if found is None or len(found) < length:
        raise DamagedParquet("it is cut off")
    return found
