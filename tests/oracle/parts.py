"""The lines of a stored part, whatever its format: by gzip, zstandard and pyarrow, and json to spell what is text."""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from typing import Any

import zstandard

BROKEN = (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, zstandard.ZstdError)
"""What `unpacked` raises of a part that cannot be read; Arrow's errors are among the first two."""


def unpacked(name: str, stored: bytes) -> bytes:
    """The lines of a part of that name. ValueError where its format is not known."""
    if name.endswith(".json.gz"):
        return gzip.decompress(stored)
    if name.endswith(".json.zst"):
        return zstandard.ZstdDecompressor().stream_reader(stored, read_across_frames=True).readall()
    if name.endswith(".parquet"):
        return b"".join(_rows(stored))
    if name.endswith(".json"):
        return stored
    raise ValueError(f"no format is known that ends as {name}")


def _rows(stored: bytes) -> Iterator[bytes]:
    import pyarrow.parquet as pq  # large, and few lakes need it

    length = int.from_bytes(stored[-8:-4], "little")
    footer = stored[-8 - length : -8]
    if hashlib.sha256(footer).digest() != stored[-40 - length : -8 - length]:
        raise ValueError("the footer is not what the bytes before it say")
    file = pq.ParquetFile(io.BytesIO(stored))
    promise = json.loads(file.metadata.metadata[b"streamlake"])
    start = 0 if promise["row_groups"] else stored.startswith(b"PAR1") * 4
    for group in promise["row_groups"]:
        if hashlib.sha256(stored[start : group["end"]]).hexdigest() != group["sha256"]:
            raise ValueError(f"the row group that ends at {group['end']} is not what the footer says")
        start = group["end"]
    if start != len(stored) - 40 - length:
        raise ValueError("something stands between the row groups and the footer")
    for row in file.read().to_pylist():
        yield _line(row)


def _line(row: dict[str, Any]) -> bytes:
    members = [
        f'"topic":{_text(row["topic"])}',
        f'"kafka_partition":{row["kafka_partition"]:d}',
        f'"kafka_offset":{row["kafka_offset"]:d}',
        f'"timestamp_ms":{row["timestamp_ms"]:d}',
        *_named("key", row["key"], row["key_base64"]),
        f'"meta":{"null" if row["meta"] is None else row["meta"]}',
        f'"headers":[{",".join(_header(header) for header in row["headers"])}]',
        f'"payload":{"null" if row["payload"] is None else row["payload"]}',
    ]
    return ("{" + ",".join(members) + "}\n").encode()


def _header(header: dict[str, str | None]) -> str:
    members = [f'"name":{_text(header["name"])}', *_named("value", header["value"], header["value_base64"])]
    return "{" + ",".join(members) + "}"


def _named(name: str, value: str | None, coded: str | None) -> list[str]:
    return [f'"{name}":{_text(value)}', *([] if coded is None else [f'"{name}_base64":{_text(coded)}'])]


def _text(value: str | None) -> str:
    return json.dumps(value, ensure_ascii=False)
