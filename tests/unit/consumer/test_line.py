"""The raw line keeps the payload's bytes, is one line of valid JSON, and is the same whoever writes it."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from streamlake.consumer.line import DeadLetterLines, RawLines
from streamlake.consumer.place import Place
from tests.unit.consumer.messages import Record

PLACE = Place("orders", "streamlake.orders.raw", 3, "raw")
META = (
    b'{"ingestion_id":"0190c0de-0000-7000-8000-000000000001","schema_version":1,'
    b'"producer":"checkout","ingested_at":"2026-11-21T00:00:00Z"}'
)
headers = st.lists(st.tuples(st.text(max_size=8), st.none() | st.binary(max_size=12)), max_size=4).map(tuple)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _one(record: Record) -> dict[str, object]:
    line = RawLines().encode(PLACE, [record])
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert b"\r" not in line
    decoded: dict[str, object] = json.loads(line)
    return decoded


@given(payload=values, name=st.none() | st.binary(max_size=20), extra=headers, indent=st.none() | st.integers(0, 3))
def test_every_record_becomes_one_line_that_says_it_all(
    payload: object, name: bytes | None, extra: tuple[tuple[str, bytes | None], ...], indent: int | None
) -> None:
    body = json.dumps(payload, indent=indent).encode()
    line = _one(Record(41, body, name, extra))
    assert line["payload"] == payload
    assert (line["topic"], line["kafka_partition"], line["kafka_offset"]) == (PLACE.topic, 3, 41)
    key = line["key"]
    said = base64.b64decode(str(line["key_base64"])) if "key_base64" in line else key
    assert said == (name.decode() if isinstance(key, str) and name is not None else name)
    found = [
        (h["name"], base64.b64decode(h["value_base64"]) if "value_base64" in h else h["value"])
        for h in line["headers"]  # type: ignore[attr-defined] # a list of objects, as the line says
    ]
    expected = [
        (n, v.decode() if v is not None and isinstance(f[1], str) else v)
        for (n, v), f in zip(extra, found, strict=False)
    ]
    assert found == expected
    assert len(found) == len(extra)


def test_the_payload_is_untouched_but_for_line_breaks_between_tokens() -> None:
    body = b'{"a" :1.10,"b":18446744073709551616,\r\n "a":2}'
    assert b'"payload":{"a" :1.10,"b":18446744073709551616,   "a":2}' in RawLines().encode(PLACE, [Record(0, body)])


def test_a_tombstone_has_a_null_payload() -> None:
    assert _one(Record(0, None))["payload"] is None


def test_our_own_header_becomes_meta_and_others_stay_headers() -> None:
    line = _one(Record(0, extra=(("streamlake", META),)))
    assert line["meta"] == json.loads(META)
    assert line["headers"] == []


def test_a_header_of_our_name_that_is_not_ours_stays_a_header() -> None:
    line = _one(Record(0, extra=(("streamlake", b'{"ingestion_id":1}'),)))
    assert line["meta"] is None
    assert line["headers"] == [{"name": "streamlake", "value": '{"ingestion_id":1}'}]


def test_a_dead_letter_line_keeps_any_bytes() -> None:
    for body in (b"\xff\x00", b"not json", None):
        line = json.loads(DeadLetterLines().encode(PLACE, [Record(0, body)]))
        kept = base64.b64decode(line["value_base64"]) if "value_base64" in line else line["value"]
        assert kept == (body.decode() if isinstance(kept, str) and body is not None else body)


records = st.builds(
    Record,
    at=st.integers(0, 2**62),
    body=st.sampled_from([b"{}", b'{"a":1}', b'{"p":"100%d %b"}', b'{\n"a":1}', None]),
    name=st.none() | st.sampled_from([b"o-1", b'a"b', b"%s", b"\xff", "\u00e9".encode()]),
    extra=st.sampled_from([(), (("streamlake", META),), (("a", b"%d"),), (("streamlake", META), ("a", None))]),
)


@given(st.lists(records, max_size=6))
def test_a_line_does_not_depend_on_its_neighbours(batch: list[Record]) -> None:
    """One template serves a whole chunk: what one record needs must not change another's line."""
    together = RawLines().encode(PLACE, batch)
    assert together == b"".join(RawLines().encode(PLACE, [record]) for record in batch)
