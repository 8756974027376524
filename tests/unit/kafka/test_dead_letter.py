"""I7: a dead letter holds the original key, value and headers, byte for byte."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streamlake.kafka.dead_letter import KEY_HEADER, WHY_HEADER, DeadLetter, decode, encode, headers_of
from streamlake.kafka.errors import NotADeadLetter

ID = UUID("11111111-2222-4333-8444-555555555555")
LETTER = DeadLetter(
    key=b"k",
    value=b"{",
    headers=(("ce_id", b"1"),),
    reason="not_json",
    detail="it ends too early",
    at="2026-11-21T07:00:00Z",
    topic="streamlake.orders.raw",
    topic_id=ID,
    partition=2,
    offset=41,
    timestamp_ms=1795226400123,
)
WHY = dict(headers_of(encode(LETTER).headers))[WHY_HEADER] or b""
anything = st.none() | st.binary(max_size=200)
names = st.sampled_from(["", "a", KEY_HEADER, WHY_HEADER, "streamlake"]) | st.text(max_size=20)
coordinates = st.tuples(st.uuids(), st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1))
letters = st.builds(
    DeadLetter,
    key=anything,
    value=anything,
    headers=st.lists(st.tuples(names, anything), max_size=6).map(tuple),
    reason=st.text(max_size=20),
    detail=st.text(max_size=200),
    at=st.just("2026-11-21T07:00:00Z"),
    topic=st.text(max_size=20),
    field=st.none() | st.text(max_size=60),
    timestamp_ms=st.none() | st.integers(0, 2**62),
    contract_version=st.none() | st.integers(1, 1000),
    ingestion_id=st.uuids().map(str),
    attempts=st.integers(1, 100),
    overflow=st.none() | st.text(max_size=20),
)


@given(letters, st.none() | coordinates)
def test_what_is_encoded_comes_back_byte_for_byte(letter: DeadLetter, place: tuple[UUID, int, int] | None) -> None:
    if place is not None:
        letter = replace(letter, topic_id=place[0], partition=place[1], offset=place[2])
    record = encode(letter)
    assert record.value == letter.value
    assert tuple(record.headers[:-2]) == letter.headers
    assert decode(record.value, record.headers) == letter
    # A dead letter that is dead-lettered again keeps the first one's headers as any others.
    again = replace(letter, headers=headers_of(record.headers))
    assert decode(again.value, encode(again).headers) == again


def test_the_key_is_the_coordinates_else_the_ingestion_id() -> None:
    assert encode(LETTER).key == b"11111111-2222-4333-8444-555555555555/2/41"
    assert encode(replace(LETTER, topic_id=None, partition=None, offset=None, ingestion_id="i")).key == b"i"
    with pytest.raises(ValueError, match="ingestion_id"):
        encode(replace(LETTER, offset=None))


@given(st.text() | st.text(min_size=1000, alphabet="é€\ud800\x00"))
def test_words_are_cut_at_a_kilobyte_and_nothing_breaks(words: str) -> None:
    letter = decode(None, encode(replace(LETTER, detail=words, field=words)).headers)
    assert len(letter.detail.encode()) <= 1024
    assert len((letter.field or "").encode()) <= 256
    if len(words.encode(errors="replace")) <= 256:
        assert letter.detail == letter.field == words.encode(errors="replace").decode()


def test_the_reason_is_one_json_object_that_others_can_read() -> None:
    said = json.loads(WHY)
    assert (said["reason"], said["topic_id"], said["partition"], said["offset"]) == ("not_json", str(ID), 2, 41)
    assert said["format"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        None,
        [],
        [(WHY_HEADER, b"{}")],
        [(WHY_HEADER, b"{}"), (KEY_HEADER, None)],
        [(KEY_HEADER, None), (WHY_HEADER, None)],
        [(KEY_HEADER, None), (WHY_HEADER, b"{}")],
        [(KEY_HEADER, None), (WHY_HEADER, b"\xff")],
        [*encode(LETTER).headers, ("later", b"x")],
        [(KEY_HEADER, None), (WHY_HEADER, WHY.replace(b'"offset":41', b'"offset":null'))],
    ],
)
def test_what_others_put_into_the_topic_is_no_dead_letter(headers: list[tuple[str, str | bytes | None]] | None) -> None:
    with pytest.raises(NotADeadLetter):
        decode(b"x", headers)


def test_a_later_version_may_say_more() -> None:
    headers = [*encode(LETTER).headers[:-1], (WHY_HEADER, WHY[:-1] + b',"more":[1]}')]
    assert decode(LETTER.value, headers) == LETTER
