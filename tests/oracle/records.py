"""One record, from Kafka or from a line of the lake, in a form in which both can be compared."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.oracle.members import bytes_of, members

Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Line:
    """A line of the lake: where its record was, the digest of what it says, and of the event alone as it was sent."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    digest: bytes
    event: str


def digest(timestamp_ms: int, key: bytes | None, meta: bytes | None, headers: Sequence[Header], value: bytes) -> bytes:
    """Short, for a million of them are kept."""
    parts: list[bytes | None] = [b"%d" % timestamp_ms, key, meta, value]
    for name, content in headers:
        parts += [name.encode(), content]
    hashed = hashlib.blake2b(digest_size=12)
    for part in parts:
        hashed.update(b"-" if part is None else b"%d:" % len(part) + part)
    return hashed.digest()


def raw_digests(timestamp_ms: int, key: bytes | None, headers: Sequence[Header], value: bytes | None) -> set[bytes]:
    """What a raw line of this record may say: one `streamlake` header may have become its meta."""
    payload = b"null" if value is None else value.replace(b"\n", b" ").replace(b"\r", b" ").strip(b" \t")
    found = {digest(timestamp_ms, key, None, headers, payload)}
    for at, (name, content) in enumerate(headers):
        if name == "streamlake" and content is not None:
            others = [*headers[:at], *headers[at + 1 :]]
            found.add(digest(timestamp_ms, key, content.strip(b" \t"), others, payload))
    return found


def dead_digests(timestamp_ms: int, key: bytes | None, headers: Sequence[Header], value: bytes | None) -> set[bytes]:
    """What a line of the dead letters' zone says of this record of the dead letter topic."""
    return {digest(timestamp_ms, key, None, headers, _nullable(value))}


def raw_line(text: bytes) -> Line:
    """A line of the raw zone; ValueError, KeyError or TypeError where it is none."""
    found = members(text)
    plain = _plain(found, {"meta", "payload"})
    meta = None if found["meta"] == "null" else found["meta"].encode()
    said = digest(
        int(str(plain["timestamp_ms"])), bytes_of(plain, "key"), meta, _headers(plain), found["payload"].encode()
    )
    value = None if found["payload"] == "null" else found["payload"].encode()
    return _line(plain, said, event_digest(bytes_of(plain, "key"), value))


def dead_line(text: bytes) -> Line:
    """A line of the dead letters' zone; ValueError, KeyError or TypeError where it is none."""
    plain = _plain(members(text), set())
    value, headers = bytes_of(plain, "value"), _headers(plain)
    said = digest(int(str(plain["timestamp_ms"])), bytes_of(plain, "key"), None, headers, _nullable(value))
    original_key = headers[-2][1] if len(headers) > 1 else None
    return _line(plain, said, event_digest(original_key, value))


def event_digest(key: bytes | None, value: bytes | None) -> str:
    """The event by its own bytes, but for what landing may change: line breaks between tokens, and space around it.

    A tombstone has none, so its key stands for it.
    """
    said = b"tombstone:" + (key or b"") if value is None else value
    said = said.replace(b"\n", b" ").replace(b"\r", b" ").strip(b" \t")
    return hashlib.blake2b(said, digest_size=12).hexdigest()


def _line(plain: dict[str, object], said: bytes, event: str) -> Line:
    partition, offset = plain["kafka_partition"], plain["kafka_offset"]
    if not isinstance(partition, int) or not isinstance(offset, int):
        raise TypeError("coordinates are no numbers")
    return Line(str(plain["topic"]), partition, offset, bytes_of(plain, "key"), said, event)


def _plain(found: dict[str, str], but: set[str]) -> dict[str, object]:
    missing = ({"topic", "kafka_partition", "kafka_offset", "timestamp_ms", "key", "headers"} | but) - found.keys()
    if missing:
        raise ValueError(f"it has no {', '.join(sorted(missing))}")
    return {name: json.loads(text) for name, text in found.items() if name not in but}


def _headers(plain: dict[str, object]) -> list[Header]:
    headers = plain["headers"]
    if not isinstance(headers, list):
        raise TypeError("headers are no list")
    return [(header["name"], bytes_of(header, "value")) for header in headers]


def _nullable(value: bytes | None) -> bytes:
    """A null and an empty value differ, and so must their digests."""
    return b"null" if value is None else b"=" + value
