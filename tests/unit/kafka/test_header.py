"""The header is spliced into lines as it came: whatever is accepted must be safe there for every reader."""

import json
import uuid

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlake.kafka.header import Meta, _ours, encode, encoder, is_meta, meta_of

ID = "0193e7a0-0000-7000-8000-000000000001"
GOOD = Meta(ID, 1, "checkout", "2026-11-21T07:00:00.123456Z")


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(encode(GOOD)), **fields}, separators=(",", ":")).encode()


@given(st.uuids(), st.integers(1, 2**31 - 1), st.text(min_size=1, max_size=256).filter(lambda t: t.isprintable()))
def test_what_encode_makes_comes_back(id: uuid.UUID, version: int, producer: str) -> None:
    meta = Meta(str(id), version, producer, "2026-02-28T23:59:59Z")
    value = encode(meta)
    assert meta_of(value) == meta
    assert is_meta(value)
    assert encoder(version, producer, meta.ingested_at)(meta.ingestion_id) == value


@pytest.mark.parametrize("value", [GOOD.ingested_at, "2026-11-21T07:00:00+01:00", "2028-02-29T00:00:00.1Z"])
def test_times_that_are_accepted(value: str) -> None:
    assert is_meta(changed(ingested_at=value))


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"x"',
        encode(GOOD)[:-1],
        encode(GOOD) + b"x",
        encode(GOOD) + b"\n",
        b"\xef\xbb\xbf" + encode(GOOD),
        encode(GOOD).decode().encode("utf-16"),
        encode(GOOD).replace(b",", b",\n"),
        encode(GOOD).replace(b",", b",\r"),
        encode(GOOD).replace(b"checkout", b"check\xff"),
        encode(GOOD).replace(b"checkout", b"\xed\xa0\x80"),
        encode(GOOD).replace(b"checkout", rb"\ud800"),
        encode(GOOD).replace(b"checkout", b"check\x00"),
        encode(GOOD).replace(b'"schema_version":1', b'"schema_version":1,"schema_version":2'),
        encode(GOOD).replace(b'"schema_version":1', rb'"schema_version":1,"schema_v\u0065rsion":2'),
        encode(GOOD).replace(b'"schema_version":1', b'"schema_version":NaN'),
        changed(schema_version=0),
        changed(schema_version=2**31),
        changed(schema_version=10**400),
        changed(schema_version=1.0),
        changed(schema_version="1"),
        changed(schema_version=True),
        changed(producer=""),
        changed(producer={"a": [1]}),
        changed(producer="p" * 5000),
        changed(ingestion_id="x"),
        changed(ingestion_id=ID + "\n"),
        changed(ingested_at="2026-02-30T00:00:00Z"),
        changed(ingested_at="2026-11-21"),
        changed(ingested_at="yesterday"),
        changed(ingested_at="\u0662026-11-21T07:00:00Z"),
        changed(ingested_at=GOOD.ingested_at + "\n"),
        changed(more=1),
        b'{"a":' * 3000,
    ],
)
def test_what_is_not_safe_in_a_line_is_not_meta(value: bytes | str | None) -> None:
    assert meta_of(value) is None
    assert not is_meta(value)


@given(st.binary(max_size=3), st.integers(0, 140), st.integers(0, 3))
def test_any_change_of_bytes_that_is_accepted_is_a_line_that_duckdb_reads(insert: bytes, at: int, drop: int) -> None:
    value = encode(GOOD)[:at] + insert + encode(GOOD)[at + drop :]
    fast = _ours(value) is not None
    assert not fast or meta_of(value) is not None
    if is_meta(value):
        assert b"\n" not in value
        found = duckdb.execute("select json_extract_string(?::json, '$.producer')", [value.decode()]).fetchone()
        assert found is not None
        meta = meta_of(value)
        assert meta is not None
        assert found[0] == meta.producer
