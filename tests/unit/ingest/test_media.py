"""What the headers say of a body, and which of them are refused by name."""

import pytest

from streamlake.ingest.errors import Malformed, Refusal, UnknownMediaType
from streamlake.ingest.media import declared

JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("content_type", "shape"),
    [
        (b"application/json", "json"),
        (b"Application/JSON; charset=UTF-8", "json"),
        (b'application/json;charset="utf-8"', "json"),
        (b"application/x-ndjson", "ndjson"),
        (b"application/cloudevents+json; charset=utf-8", "cloudevent"),
        (b"application/cloudevents-batch+json", "cloudevents"),
    ],
)
def test_what_is_taken(content_type: bytes, shape: str) -> None:
    assert declared([(b"content-type", content_type)]).shape == shape


@pytest.mark.parametrize(
    ("headers", "kind", "place"),
    [
        ([], UnknownMediaType, "Content-Type"),
        ([(b"content-type", b"text/plain")], UnknownMediaType, "text/plain"),
        ([(b"content-type", b"application/json; charset=utf-16")], Malformed, "charset utf-16"),
        ([(b"content-type", b"application/json; charset=latin1")], Malformed, "charset latin1"),
        ([JSON, (b"content-encoding", b"br")], UnknownMediaType, "br"),
        ([JSON, (b"content-encoding", b"gzip, gzip")], UnknownMediaType, "gzip, gzip"),
        ([JSON, (b"content-encoding", b"gzip"), (b"content-encoding", b"zstd")], UnknownMediaType, "gzip"),
        ([JSON, (b"idempotency-key", b"")], Malformed, "Idempotency-Key"),
        ([JSON, (b"idempotency-key", b"x" * 256)], Malformed, "Idempotency-Key"),
        ([JSON, (b"idempotency-key", b"a\xff")], Malformed, "Idempotency-Key"),
        ([(b"content-type", b"application/cloudevents+json"), (b"ce-id", b"1")], Malformed, "ce-"),
        ([JSON, (b"ce-id", b"%ff")], Malformed, "ce-id"),
        ([(b"content-type", b""), JSON], Malformed, "content-type: it stands twice"),
    ],
)
def test_what_is_refused_names_the_header(headers: list[tuple[bytes, bytes]], kind: type[Refusal], place: str) -> None:
    with pytest.raises(kind) as refused:
        declared(headers)
    assert place in refused.value.message


def test_the_rest_of_the_headers() -> None:
    found = declared([JSON, (b"content-encoding", b"GZip"), (b"content-length", b"12"), (b"idempotency-key", b"k 1")])
    assert (found.encoding, found.length, found.idempotency_key) == ("gzip", 12, "k 1")
    binary = declared([JSON, (b"ce-id", b"1"), (b"ce-subject", b"%E2%82%AC")])
    assert binary.shape == "cloudevent_binary"
    assert ("subject", "€") in binary.ce_attributes


@pytest.mark.parametrize("name", [b"content-type", b"idempotency-key"])
def test_a_header_that_counts_once_may_not_stand_twice(name: bytes) -> None:
    with pytest.raises(Malformed, match="twice"):
        declared([(b"content-type", b"application/json"), (name, b"application/json"), (name, b"application/json")])
