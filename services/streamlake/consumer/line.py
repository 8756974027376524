"""The raw line: a template around the payload's own bytes. The same record gives the same line, whoever writes it."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from streamlake.consumer.effects import Message
from streamlake.consumer.place import Place
from streamlake.kafka.headers import Header, Metas, metas_of
from streamlake.storage.raw_line import template

_encode = msgspec.json.encode
_PLAIN: Final = bytes(byte for byte in range(0x20, 0x7F) if byte not in b'"\\')
"""What stands in a JSON string as it is."""


class LineFormat(Protocol):
    """How the records of a zone become lines."""

    def encode(self, place: Place, messages: Sequence[Message], metas: Metas | None = None) -> bytes:
        """One line for each message, in order. `metas` is what their headers say, where that is known already."""
        ...


class RawLines:
    """`{"topic", …, "payload": <the event's own bytes>}`: for records whose value the gate has accepted as JSON."""

    def encode(self, place: Place, messages: Sequence[Message], metas: Metas | None = None) -> bytes:
        """See LineFormat. Column by column: half of the time that a loop over the records takes."""
        if metas is None:
            metas = metas_of([message.headers() for message in messages])
        fields = zip(
            [message.offset() for message in messages],
            [message.timestamp()[1] for message in messages],
            _keys([message.key() for message in messages]),
            [b"null" if meta is None else meta for meta in metas.values],
            [_headers(others) if others else b"[]" for others in metas.others],
            _payloads([message.value() for message in messages]),
            strict=True,
        )
        line = template(place.topic, place.partition)
        return b"".join([line % record for record in fields])


class DeadLetterLines:
    """For the dead letter topic, whose values may be any bytes: `value` as text, or `value_base64` beside a null."""

    def encode(self, place: Place, messages: Sequence[Message], metas: Metas | None = None) -> bytes:
        """See LineFormat."""
        line = (
            b'{"topic":%b,"kafka_partition":%d,"kafka_offset":%%d,"timestamp_ms":%%d,'
            b'"key":%%b,"headers":%%b,%%b}\n' % (_encode(place.topic), place.partition)
        )
        return b"".join(
            line
            % (
                message.offset(),
                message.timestamp()[1],
                _key(message.key()),
                _headers(message.headers() or []),
                _named(b"value", message.value()),
            )
            for message in messages
        )


def _keys(keys: Sequence[bytes | None]) -> Sequence[bytes]:
    """Each as JSON; plain ones, which most are, only want their quotes."""
    try:
        plain = not b"".join(keys).translate(None, _PLAIN)  # type: ignore[arg-type] # None raises
    except TypeError:
        plain = False
    return [b'"%b"' % key if plain and key is not None else _key(key) for key in keys]


def _payloads(values: Sequence[bytes | None]) -> Sequence[bytes]:
    """Tombstones are null. Line breaks become spaces.

    They are white space between tokens, for JSON forbids both inside a string; a line may hold neither, since some
    engines end a line at a carriage return too.
    """
    try:
        joined = b"".join(values)  # type: ignore[arg-type] # None raises, so that finding tombstones is free
    except TypeError:
        return _payloads([b"null" if value is None else value for value in values])
    if b"\n" in joined or b"\r" in joined:
        return [value.replace(b"\n", b" ").replace(b"\r", b" ") for value in values if value is not None]
    return values  # type: ignore[return-value] # none of them is None, or join had raised


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
