"""What a part in Parquet looks like: the columns of the raw line, and what guards every byte of it.

Import this, and the encoder and the reader, only where such a part is written or read: Arrow takes 40 MB and a quarter
of a second.

Every byte is guarded, for a checksum of the lines would not tell that other readers stumble over a header which Arrow
skips, or leave out rows by a minimum that is wrong. The footer holds each row group's SHA-256. Its own stands in the 32
bytes right before it, where readers, who find everything by its offset, never look.
"""

from typing import Final

import msgspec
import pyarrow as pa

PROMISE: Final = b"streamlake"
"""The key of our own words in the footer."""
GUARD_BYTES: Final = 32
TAIL_BYTES: Final = 8
"""The footer's length and Parquet's magic word."""

_TEXT: Final = ("name", "value", "value_base64")
SCHEMA: Final = pa.schema(
    [
        pa.field("topic", pa.string(), nullable=False),
        pa.field("kafka_partition", pa.int32(), nullable=False),
        pa.field("kafka_offset", pa.int64(), nullable=False),
        pa.field("timestamp_ms", pa.int64(), nullable=False),
        pa.field("key", pa.string()),
        pa.field("key_base64", pa.string()),
        pa.field("meta", pa.string()),
        pa.field("headers", pa.list_(pa.struct([pa.field(name, pa.string()) for name in _TEXT])), nullable=False),
        pa.field("payload", pa.string()),
    ]
)


class RowGroup(msgspec.Struct, frozen=True):
    """Where its bytes end (they begin where those before it do), and their checksum."""

    end: int
    sha256: str


class Promise(msgspec.Struct, frozen=True):
    """What the footer says in our own words: the size of the lines, and what guards each row group."""

    size: int = msgspec.field(name="bytes")
    row_groups: tuple[RowGroup, ...]


def footer_length(end: bytes) -> int:
    """How long the footer is, by the part's last bytes."""
    return int.from_bytes(end[-TAIL_BYTES:-4], "little")
