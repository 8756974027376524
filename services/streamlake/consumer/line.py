"""The raw line: a template around the payload's own bytes. The same record gives the same line, whoever writes it."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from streamlake.consumer.effects import Message
from streamlake.consumer.place import Place
from streamlake.kafka.header import is_meta
from streamlake.kafka.names import HEADER

_encode = msgspec.json.encode
Header = tuple[str, bytes | None]


class LineFormat(Protocol):
    """How the records of a zone become lines."""

    def encode(self, place: Place, messages: Sequence[Message]) -> bytes:
        """One line for each message, in order."""
        ...


class RawLines:
    """`{"topic", …, "payload": <the event's own bytes>}`: for records whose value the gate has accepted as JSON."""

    def encode(self, place: Place, messages: Sequence[Message]) -> bytes:
        """See LineFormat."""
        template = (
            b'{"topic":%b,"kafka_partition":%d,"kafka_offset":%%d,"timestamp_ms":%%d,'
            b'"key":%%b,"meta":%%b,"headers":%%b,"payload":%%b}\n' % (_encode(place.topic), place.partition)
        )
        lines = []
        for message in messages:
            headers = message.headers()
            if headers is not None and len(headers) == 1 and headers[0][0] == HEADER and is_meta(headers[0][1]):
                meta, others = headers[0][1], b"[]"
            else:
                meta, others = split_meta(headers or [])
            value = message.value()
            if value is None:
                value = b"null"
            elif b"\n" in value or b"\r" in value:
                # White space between tokens, for JSON forbids both inside a string; a line may hold neither, since
                # some engines end a line at a carriage return too.
                value = value.replace(b"\n", b" ").replace(b"\r", b" ")
            fields = (message.offset(), message.timestamp()[1], _key(message.key()), meta, others, value)
            lines.append(template % fields)
        return b"".join(lines)


class DeadLetterLines:
    """For the dead letter topic, whose values may be any bytes: `value` as text, or `value_base64` beside a null."""

    def encode(self, place: Place, messages: Sequence[Message]) -> bytes:
        """See LineFormat."""
        template = (
            b'{"topic":%b,"kafka_partition":%d,"kafka_offset":%%d,"timestamp_ms":%%d,'
            b'"key":%%b,"headers":%%b,%%b}\n' % (_encode(place.topic), place.partition)
        )
        return b"".join(
            template
            % (
                message.offset(),
                message.timestamp()[1],
                _key(message.key()),
                _headers(message.headers() or []),
                _named(b"value", message.value()),
            )
            for message in messages
        )


def split_meta(headers: Sequence[Header]) -> tuple[bytes, bytes]:
    """The one well-formed `streamlake` header, or null, and all others as JSON in their order."""
    found = [i for i, (name, value) in enumerate(headers) if name == HEADER and is_meta(value)]
    if not found:
        return b"null", _headers(headers)
    meta = headers[found[0]][1] or b"null"
    return meta, _headers([h for i, h in enumerate(headers) if i != found[0]])


def _headers(headers: Sequence[Header]) -> bytes:
    return b"[%b]" % b",".join(b'{"name":%b,%b}' % (_encode(name), _named(b"value", value)) for name, value in headers)


def _key(key: bytes | None) -> bytes:
    """The key's value in the line; one that is not UTF-8 adds a member of its own behind it."""
    if key is None:
        return b"null"
    try:
        return _encode(str(key, "utf-8"))
    except UnicodeDecodeError:
        return b'null,"key_base64":' + _encode(key)


def _named(name: bytes, value: bytes | None) -> bytes:
    if value is None:
        return b'"%b":null' % name
    try:
        return b'"%b":%b' % (name, _encode(str(value, "utf-8")))
    except UnicodeDecodeError:
        return b'"%b":null,"%b_base64":%b' % (name, name, _encode(value))
