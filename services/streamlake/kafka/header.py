"""The `streamlake` header: a compact JSON object that the ingest API puts beside each event.

Its bytes are spliced into the raw line as they came, so what is accepted here must be safe inside any line, for any
reader that guesses types from a sample: anything else in a header of that name is another producer's, and stays
among the other headers.
"""

import functools
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, TypeGuard

import msgspec

MAX_BYTES: Final = 2048
"""A header is small; what is larger is not ours."""


class Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the header says. `ingestion_id` is a UUID in its usual spelling, `ingested_at` RFC 3339 with an offset."""

    ingestion_id: Annotated[
        str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\Z", max_length=36)
    ]
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    producer: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    ingested_at: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})\Z",
            max_length=32,
        ),
    ]


_decode: Final = msgspec.json.Decoder(Meta, strict=True).decode
_encode: Final = msgspec.json.Encoder().encode
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
# What `encode` makes, near enough always: whatever this does not match is looked at closely.
_ours: Final = re.compile(
    rb'\{"ingestion_id":"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"'
    rb',"schema_version":([1-9][0-9]{0,8}),"producer":"[A-Za-z0-9_.:@/ -]{1,256}"'
    rb',"ingested_at":"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])'
    rb'T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z"\}'
).fullmatch


def encode(meta: Meta) -> bytes:
    """The header's value: one line of compact JSON."""
    return _encode(meta)


@functools.lru_cache(maxsize=16)
def encoder(schema_version: int, producer: str, ingested_at: str) -> Callable[[str], bytes]:
    """`encode` for events that differ in their ids only, in half the time. The ids must be UUIDs.

    Many requests come in one millisecond, and share it.
    """
    before, after = encode(Meta(_NO_ID, schema_version, producer, ingested_at)).split(_NO_ID.encode(), 1)
    return lambda ingestion_id: before + ingestion_id.encode() + after


def meta_of(value: bytes | str | None) -> Meta | None:
    """What a header's value says; None unless it may be spliced into a line.

    It may if it has the four fields, each once and well formed, in valid UTF-8 without a line break.
    """
    if not isinstance(value, bytes) or len(value) > MAX_BYTES or b"\n" in value or b"\r" in value:
        return None
    try:
        # Refuses what is not UTF-8, lone surrogates, unknown fields, and any depth, for no field can nest.
        meta = _decode(value)
        datetime.fromisoformat(meta.ingested_at)
    except (msgspec.DecodeError, ValueError):
        return None
    return meta if _encode(meta) == value or _each_once(value) else None


def is_meta(value: bytes | str | None) -> TypeGuard[bytes]:
    """Whether these bytes may stand in a raw line as its `meta`."""
    return version_of(value) is not None


def version_of(value: bytes | str | None) -> int | None:
    """The schema version that a header names; None unless it may stand in a raw line as its `meta`."""
    match = _ours(value) if isinstance(value, bytes) else None
    if match is not None:
        return int(match[1])
    meta = meta_of(value)
    return meta.schema_version if meta is not None else None


def _each_once(value: bytes) -> bool:
    """Readers disagree about a member that stands twice."""
    members: list[tuple[str, object]] = []
    json.loads(value, object_pairs_hook=members.extend)
    return len(members) == len(Meta.__struct_fields__)
