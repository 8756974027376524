"""A file becomes requests: each event's bytes as they stand, and the same requests each time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlake.ingest import event_file, framing


@pytest.mark.parametrize(
    ("content", "media", "events"),
    [
        (b'{"a":1}\n{"b":2}\r\n\n{"c":3}', "application/x-ndjson", [b'{"a":1}', b'{"b":2}', b'{"c":3}']),
        (b' [ {"a": 1.0},\n{"b":2} ]\n', "application/json", [b'{"a": 1.0}', b'{"b":2}']),
        (b'{\n "a": 1\n}\n', "application/json", [b'{\n "a": 1\n}']),
        (b'{"a":1}', "application/json", [b'{"a":1}']),
        (b'{"a":NaN}\nbroken\n', "application/x-ndjson", [b'{"a":NaN}', b"broken"]),
        (b"", "", []),
    ],
)
def test_what_a_file_holds(tmp_path: Path, content: bytes, media: str, events: list[bytes]) -> None:
    file = tmp_path / "events"
    file.write_bytes(content)
    found = list(event_file.portions(file, 100))
    assert [event for portion in found for event in portion.events] == events
    assert {portion.media for portion in found} == ({media} if media else set())


@given(st.lists(st.binary(min_size=1, max_size=20).map(lambda noise: b'"%b"' % noise.hex().encode()), max_size=30))
def test_the_api_reads_the_same_events_out_of_the_requests(
    tmp_path_factory: pytest.TempPathFactory, events: list[bytes]
) -> None:
    split = {"application/x-ndjson": framing.lines, "application/json": framing.one_or_many}
    for content in (b"\n".join([*events, b'"end"']), b"[" + b", ".join([*events, b'"end"']) + b"]"):
        file = tmp_path_factory.mktemp("f") / "events"
        file.write_bytes(content)
        portions = list(event_file.portions(file, 7))
        assert [event for portion in portions for event in split[portion.media](portion.body)] == [*events, b'"end"']
        again = list(event_file.portions(file, 7))
        assert [p.attempt("d") for p in portions] == [p.attempt("d") for p in again]
        assert len({p.attempt("d") for p in portions}) == len(portions)
        assert portions[0].attempt("d") != portions[0].attempt("other")
