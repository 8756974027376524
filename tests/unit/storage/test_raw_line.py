"""Lines -> columns -> lines is the identity, and what would not come back is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamlake.storage.raw_line import NotRawLines, columns_of, lines_of
from tests.support import lines as made
from tests.support.lines import ODD_PAYLOADS, Record


@settings(max_examples=120)
@given(made.records())
def test_lines_come_back_from_their_columns_byte_for_byte(records: list[Record]) -> None:
    lines = made.lines_of(records)
    columns = columns_of(lines)
    assert lines_of(columns) == lines
    assert columns.kafka_offset == [record.at for record in records]
    assert columns.payload == [
        None if record.event is None else record.event.replace(b"\n", b" ").replace(b"\r", b" ") for record in records
    ]


def test_every_odd_payload_keeps_its_text() -> None:
    lines = made.lines_of([Record(at, event) for at, event in enumerate(ODD_PAYLOADS)])
    assert len(ODD_PAYLOADS) > 60
    assert lines_of(columns_of(lines)) == lines


GOOD = made.lines_of([Record(7, b'{"a":"x"}', more=(("h", b"v"),))])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"key":"o-1"', b'"key":"\\u006f-1"'),
        (b'"key":"o-1"', b'"key": "o-1"'),
        (b'"kafka_offset":7', b'"kafka_offset":"7"'),
        (b'"kafka_offset":7', b'"kafka_offset":07'),
        (b'"kafka_offset":7,', b""),
        (b'"meta":null,', b""),
        (b'"meta":null', b'"more":1,"meta":null'),
        (b'"value":"v"', b'"value":"v","value_base64":null'),
        (b'"value":"v"', b'"value":"v","other":1'),
        (b'"name":"h",', b""),
        (b"\n", b""),
    ],
)
def test_other_lines_are_refused(old: bytes, new: bytes) -> None:
    assert columns_of(GOOD)
    assert old in GOOD
    with pytest.raises(NotRawLines):
        columns_of(GOOD.replace(old, new))


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_or_come_back(lines: bytes) -> None:
    try:
        columns = columns_of(lines)
    except NotRawLines:
        return
    assert lines_of(columns) == lines


def test_a_column_without_a_value_makes_no_line() -> None:
    columns = columns_of(GOOD)
    columns.kafka_offset = [None]  # type: ignore[list-item] # as a damaged part might say
    with pytest.raises(NotRawLines):
        lines_of(columns)
