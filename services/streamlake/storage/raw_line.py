"""The raw line taken apart into columns, and put together again byte for byte: a Parquet part keeps the columns.

A part's checksum is that of its lines, whatever the part is stored as. So nothing of a line may get lost: `meta` and
`payload` keep their text, and what a producer chose (key, header names, header values) has one spelling only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

_LINE: Final = (
    b'{"topic":%b,"kafka_partition":%d,"kafka_offset":%%d,"timestamp_ms":%%d,'
    b'"key":%b,"meta":%%b,"headers":%b,"payload":%%b}\n'
)
# Whatever stands in a line: these begin the members that they name and nothing else, for strings escape their quotes.
_META: Final = b',"meta":'
_HEADERS: Final = b',"headers":'
_PAYLOAD: Final = b',"payload":'


class NotRawLines(ValueError):
    """These bytes are not raw lines as StreamLake writes them, or would not come back from columns as they are."""


class _Header(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    name: str
    value: str | None
    value_base64: str | None = None


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    topic: str
    kafka_partition: int
    kafka_offset: int
    timestamp_ms: int
    key: str | None
    key_base64: str | None = None


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_headers = msgspec.json.Decoder(list[_Header]).decode
_encode = msgspec.json.encode

HeaderRow = dict[str, str | None]


@dataclass(slots=True)
class Columns:
    """Column by column, one entry a line. A `meta` or `payload` of JSON's null is None."""

    topic: list[str] = field(default_factory=list)
    kafka_partition: list[int] = field(default_factory=list)
    kafka_offset: list[int] = field(default_factory=list)
    timestamp_ms: list[int] = field(default_factory=list)
    key: list[str | None] = field(default_factory=list)
    key_base64: list[str | None] = field(default_factory=list)
    meta: list[bytes | None] = field(default_factory=list)
    headers: list[list[HeaderRow]] = field(default_factory=list)
    payload: list[bytes | None] = field(default_factory=list)


def template(topic: str, partition: int, *, key: bytes = b"%b", headers: bytes = b"%b") -> bytes:
    """A line of this partition, to be filled with offset, timestamp, and key, meta, headers and payload as JSON.

    What all lines have in common may stand in it: the quotes of a `key`, or `headers` that are none.
    """
    return _LINE % (_encode(topic).replace(b"%", b"%%"), partition, key, headers)


def columns_of(lines: bytes) -> Columns:
    """The columns of whole lines. NotRawLines unless `lines_of` makes the same lines of them again."""
    columns = Columns()
    for number, line in enumerate(lines.split(b"\n")[:-1], 1):
        try:
            _add(columns, line)
        except (ValueError, msgspec.DecodeError) as error:
            raise NotRawLines(f"line {number} is not a raw line: {error}") from error
    # Asked of every line that is written, for what cannot be read back must not be stored: a third of the cost.
    if lines_of(columns) != lines:
        raise NotRawLines("the lines would not come back from their columns as they are")
    return columns


def _add(columns: Columns, line: bytes) -> None:
    before, rest = line.split(_META, 1)
    meta, rest = rest.split(_HEADERS, 1)
    headers, payload = rest.split(_PAYLOAD, 1)
    head = _decode_head(before + b"}")
    columns.topic.append(head.topic)
    columns.kafka_partition.append(head.kafka_partition)
    columns.kafka_offset.append(head.kafka_offset)
    columns.timestamp_ms.append(head.timestamp_ms)
    columns.key.append(head.key)
    columns.key_base64.append(head.key_base64)
    columns.meta.append(None if meta == b"null" else meta)
    columns.headers.append([] if headers == b"[]" else [_row(header) for header in _decode_headers(headers)])
    columns.payload.append(None if payload == b"null}" else payload[:-1])


def _row(header: _Header) -> HeaderRow:
    return {"name": header.name, "value": header.value, "value_base64": header.value_base64}


def lines_of(columns: Columns) -> bytes:
    """The lines. NotRawLines where a column lacks what every line has."""
    places = list(zip(columns.topic, columns.kafka_partition, strict=True))
    rows = zip(
        columns.kafka_offset,
        columns.timestamp_ms,
        [_key(key, coded) for key, coded in zip(columns.key, columns.key_base64, strict=True)],
        [b"null" if meta is None else meta for meta in columns.meta],
        [_headers(headers) if headers else b"[]" for headers in columns.headers],
        [b"null" if payload is None else payload for payload in columns.payload],
        strict=True,
    )
    try:
        templates = {place: template(*place) for place in set(places)}
        return b"".join([templates[place] % row for place, row in zip(places, rows, strict=True)])
    except TypeError as error:
        raise NotRawLines(f"a column lacks a value: {error}") from error


def _key(key: str | None, coded: str | None) -> bytes:
    return _encode(key) if coded is None else b'null,"key_base64":' + _encode(coded)


def _headers(headers: Sequence[HeaderRow]) -> bytes:
    return _encode([_Header(str(h["name"]), h["value"], h["value_base64"]) for h in headers])
