"""The dead letter's codec: a record that could not be landed, byte for byte, and why. Pure.

In Kafka, a dead letter has
- the original value, untouched (None stays None);
- as key its coordinates, `<topic id>/<partition>/<offset>`, or the `ingestion_id` where the record never was in Kafka,
  so that one that is sent twice is folded;
- the original headers, in order, and behind them always these two: `streamlake.original_key` and
  `streamlake.dead_letter`, a JSON object. Only the last two count: an original may have headers of these names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from streamlake.kafka.errors import NotADeadLetter

KEY_HEADER: Final = "streamlake.original_key"
WHY_HEADER: Final = "streamlake.dead_letter"
MAX_DETAIL_BYTES: Final = 1024
MAX_FIELD_BYTES: Final = 256

Header = tuple[str, bytes | None]
ClientHeaders = Mapping[str, str | bytes | None] | Sequence[tuple[str, str | bytes | None]] | None
"""What the client's types say of `Message.headers()`; in truth it is a list of pairs, or None."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A record and why it is here. `topic_id`, `partition` and `offset` are all there, or none of them is and
    `ingestion_id` is. `attempts` counts how often it was dead-lettered; `at` is RFC 3339.

    `overflow` names the object in the lake that holds the value, where that is too large for the topic.
    A Struct, for a frozen dataclass of so many fields takes ten times as long to make.
    """

    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    reason: str
    detail: str
    at: str
    topic: str
    field: str | None = None
    topic_id: UUID | None = None
    partition: int | None = None
    offset: int | None = None
    timestamp_ms: int | None = None
    contract_version: int | None = None
    ingestion_id: str | None = None
    attempts: int = 1
    overflow: str | None = None

    @property
    def id(self) -> str:
        """Its key in the dead letter topic: the same record has the same, however often it is sent."""
        if self.topic_id is not None and self.partition is not None and self.offset is not None:
            return f"{self.topic_id}/{self.partition}/{self.offset}"
        if self.ingestion_id is None:
            raise ValueError("a dead letter has coordinates or an ingestion_id")
        return self.ingestion_id


@dataclass(frozen=True, slots=True)
class Encoded:
    """What goes into the dead letter topic."""

    key: bytes
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]]


class Judged(NamedTuple):
    """In short, why a record is here: the reason's code, and the version of the contract that said so."""

    reason: str
    version: int | None

    def __str__(self) -> str:
        return f"{self.reason} (version {self.version})"


class _Why(msgspec.Struct, frozen=True, kw_only=True):
    # Unknown members are passed over: a later version may say more.
    reason: str
    detail: str
    field: str | None
    topic: str
    topic_id: UUID | None
    partition: int | None
    offset: int | None
    timestamp_ms: int | None
    contract_version: int | None
    ingestion_id: str | None
    attempts: int
    at: str
    overflow: str | None = None
    format: int = 1


_encode_why: Final = msgspec.json.Encoder().encode
_decode_why: Final = msgspec.json.Decoder(_Why).decode


def encode(letter: DeadLetter) -> Encoded:
    """The record that says it. `detail` is cut at 1 KiB, `field` at 256 bytes; nothing else is changed."""
    why = _Why(
        reason=letter.reason,
        detail=_cut(letter.detail, MAX_DETAIL_BYTES),
        field=None if letter.field is None else _cut(letter.field, MAX_FIELD_BYTES),
        topic=letter.topic,
        topic_id=letter.topic_id,
        partition=letter.partition,
        offset=letter.offset,
        timestamp_ms=letter.timestamp_ms,
        contract_version=letter.contract_version,
        ingestion_id=letter.ingestion_id,
        attempts=letter.attempts,
        at=letter.at,
        overflow=letter.overflow,
    )
    added: list[Header] = [(KEY_HEADER, letter.key), (WHY_HEADER, _encode_why(why))]
    return Encoded(letter.id.encode(), letter.value, [*letter.headers, *added])


def decode(value: bytes | None, headers: ClientHeaders) -> DeadLetter:
    """The dead letter that this record of a dead letter topic is. Raises NotADeadLetter for anything else."""
    original = headers_of(headers)
    if [name for name, _ in original[-2:]] != [KEY_HEADER, WHY_HEADER]:
        raise NotADeadLetter("its last two headers are not those of a dead letter.")
    said = original[-1][1]
    try:
        why = _decode_why(said or b"")
    except (msgspec.DecodeError, ValueError) as error:
        raise NotADeadLetter(f"its {WHY_HEADER} header cannot be read: {error}.") from error
    if why.ingestion_id is None and None in (why.topic_id, why.partition, why.offset):
        raise NotADeadLetter("it has neither coordinates nor an ingestion_id.")
    return DeadLetter(
        key=original[-2][1],
        value=value,
        headers=original[:-2],
        reason=why.reason,
        detail=why.detail,
        at=why.at,
        topic=why.topic,
        field=why.field,
        topic_id=why.topic_id,
        partition=why.partition,
        offset=why.offset,
        timestamp_ms=why.timestamp_ms,
        contract_version=why.contract_version,
        ingestion_id=why.ingestion_id,
        attempts=why.attempts,
        overflow=why.overflow,
    )


def judged(why: bytes | str | None) -> Judged | None:
    """What the content of a WHY_HEADER says in short; None where it cannot be read."""
    try:
        said = _decode_why(why or b"")
    except (msgspec.DecodeError, ValueError):
        return None
    return Judged(said.reason, said.contract_version)


def headers_of(headers: ClientHeaders) -> tuple[Header, ...]:
    """A message's headers in order, as bytes, whatever the client's types allow for."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    return tuple((name, content.encode() if isinstance(content, str) else content) for name, content in pairs)


def _cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, no character cut in half, half surrogates made readable."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore")
