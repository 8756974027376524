"""Lines into a part in Parquet, row group by row group."""

import hashlib
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from streamlake.storage.parquet_form import PROMISE, SCHEMA, TAIL_BYTES, Promise, RowGroup, footer_length
from streamlake.storage.raw_line import columns_of

ROW_GROUP_BYTES: Final = 2 << 20
"""Lines of a row group. They are held until it is full, and take some five times as much while it is made."""


class ParquetEncoder:
    """See part_encoding.PartEncoder. Row groups end where the lines say, however they were handed in."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._lines: list[bytes] = []
        self._waiting = 0
        self._size = 0
        self._row_groups: list[RowGroup] = []
        self._guarded = 0
        self._writer = pq.ParquetWriter(
            self._sink,
            SCHEMA,
            version="2.6",
            compression="zstd",
            compression_level=1,
            # Elsewhere a dictionary costs more than zstd saves by it.
            use_dictionary=["topic", "headers.list.element.name"],
            # So that a reader who wants some offsets or an hour skips the rest.
            write_statistics=["kafka_offset", "timestamp_ms"],
            store_schema=False,
        )

    @property
    def held_bytes(self) -> int:
        """The lines of the open row group, and what was made of those before."""
        return self._waiting + self._sink.size

    def write(self, lines: bytes) -> None:
        """Take whole lines."""
        self._lines.append(lines)
        self._waiting += len(lines)
        self._size += len(lines)
        while self._waiting >= ROW_GROUP_BYTES:
            held = b"".join(self._lines)
            end = held.index(b"\n", ROW_GROUP_BYTES - 1) + 1
            self._row_group(held[:end])
            self._lines = [held[end:]]
            self._waiting = len(held) - end

    def finish(self) -> list[bytes]:
        """The whole part."""
        if self._waiting:
            self._row_group(b"".join(self._lines))
        self._lines.clear()
        self._waiting = 0
        promise = Promise(self._size, tuple(self._row_groups))
        self._writer.add_key_value_metadata({PROMISE: msgspec.json.encode(promise)})
        self._writer.close()
        chunks, end = self._sink.chunks, b""
        while len(end) < TAIL_BYTES or len(end) < footer_length(end) + TAIL_BYTES:
            end = chunks.pop() + end
        data, footer = end[: -TAIL_BYTES - footer_length(end)], end[-TAIL_BYTES - footer_length(end) : -TAIL_BYTES]
        return [*chunks, data, hashlib.sha256(footer).digest(), footer, end[-TAIL_BYTES:]]

    def _row_group(self, lines: bytes) -> None:
        columns = columns_of(lines)
        arrays = [pa.array(getattr(columns, column.name), column.type) for column in SCHEMA]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), row_group_size=len(columns.topic))
        new = b"".join(self._sink.chunks[self._guarded :])
        self._guarded = len(self._sink.chunks)
        self._row_groups.append(RowGroup(self._sink.size, hashlib.sha256(new).hexdigest()))


class _Sink:
    """What Arrow writes to: a list of its writes."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        chunk = bytes(data)
        self.chunks.append(chunk)
        self.size += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False
