"""What each kind of wrong event is told, and what is taken as it is."""

import time
from collections import deque

import pytest

from streamlake.contract import odcs
from streamlake.contract.gate import Gate, compile_gate
from streamlake.contract.model import Contract, Field, TopicSettings
from streamlake.contract.rejection import MAX_DETAIL_BYTES, Rejection
from tests.support.contract_files import document, text

GATE = compile_gate(odcs.parse(text(document())))
GOOD = b'{"id":"1","at":"2026-11-21T09:30:00Z","f":1}'


def gate_of(*fields: Field, key: tuple[str, ...] = (), max_bytes: int = 1_048_576) -> Gate:
    return compile_gate(
        Contract("x", 1, "", "", fields, key, None, "refuse", topic=TopicSettings(max_event_bytes=max_bytes))
    )


@pytest.mark.parametrize(
    ("event", "reason", "place"),
    [
        (b"", "json.syntax", "nothing in it"),
        (b" ", "json.syntax", "line 1, column 2 (byte 1)"),
        (b'{"id":"1"', "json.syntax", "byte 9"),
        (b'{"id":\n"1",}', "json.syntax", "line 2"),
        (GOOD + b"x", "json.syntax", f"byte {len(GOOD)}"),
        (GOOD + b"\n" + GOOD, "json.syntax", "line 2, column 1"),
        (b"{'id':1}", "json.syntax", "byte 1"),
        (b'{"f":NaN}', "json.nan", "byte 5"),
        (b'{"f":-Infinity}', "json.nan", "-Infinity"),
        (b"\xef\xbb\xbf" + GOOD, "json.encoding", "byte order mark"),
        (GOOD.decode().encode("utf-16"), "json.encoding", "0xff"),
        (GOOD.decode().encode("utf-16-le"), "json.encoding", "UTF-16"),
        (GOOD.decode().encode("utf-32-be"), "json.encoding", "UTF-32"),
        (GOOD.replace(b"1", b"\xff", 1), "json.encoding", "byte 7"),
        (b'{"x":"\\ud800"}', "json.surrogate", "byte 6"),
        (b'{"x":"\\ud800 \\udc00"}', "json.surrogate", "byte 6"),
        (b'{"x":"\\udc00\\ud800"}', "json.surrogate", "byte 6"),
        (b'{"x":"\\ud83d\\ude00\\ud83d"}', "json.surrogate", "byte 18"),
        (b'{"x":' + b"[" * 64 + b"]" * 64 + b"}", "json.depth", "64"),
        (b'{"x":' + b"[" * 150 + b"]" * 150 + b"}", "json.depth", "64"),
        (b'{"x":' + b"[{" * 10_000, "json.depth", "64"),
        (b"[" * 1_000_000, "json.depth", "64"),
        (b"[]", "json.top_level", "an array"),
        (b'"x"', "json.top_level", "a string"),
        (b"null", "json.top_level", "null"),
        (b"1", "json.top_level", "a number"),
        (b'{"x":"' + b"x" * 1_048_576 + b'"}', "size", "1048576"),
        (b"{}", "contract.missing", "$.id: is required; $.at: is required; $.f: is required"),
        (GOOD.replace(b'"1"', b"1"), "contract.type", "$.id: input should be a valid string, is a number"),
        (GOOD.replace(b'"1"', b"null"), "contract.null", "$.id: must not be null"),
        (GOOD.replace(b"Z", b""), "contract.format", "2026-11-21T09:30:00Z"),
        (GOOD.replace(b"}", b',"n":18446744073709551616}'), "contract.range", "$.n"),
        (GOOD.replace(b"}", b',"n":1.0}'), "contract.type", "$.n"),
        (GOOD.replace(b"}", b',"n":true}'), "contract.type", "is a boolean"),
        (GOOD.replace(b'"f":1', b'"f":1e999'), "contract.range", "finite"),
        (GOOD.replace(b'"f":1', b'"f":' + b"9" * 5000), "contract.range", "finite"),
        (GOOD.replace(b'{"id"', b'{"id":5,"id"'), "contract.duplicate", "stands twice"),
    ],
)
def test_a_wrong_event_is_told_its_reason_and_place(event: bytes, reason: str, place: str) -> None:
    rejection = GATE.judge(event)
    assert rejection is not None
    assert rejection.reason == reason
    assert place in rejection.detail
    assert len(rejection.detail.encode()) <= MAX_DETAIL_BYTES
    assert GATE.judge_many([GOOD, event, None]) == {1: rejection}


@pytest.mark.parametrize(
    "event",
    [
        None,
        GOOD,
        b" \r\n\t" + GOOD + b"\n",
        GOOD.replace(b",", b",\n"),
        GOOD.replace(b"}", b',"big":18446744073709551616,"far":1e999,"long":' + b"9" * 5000 + b"}"),
        GOOD.replace(b"}", b',"x":"\\u0000\\\\ud800\\ud83d\\ude00"}'),
        GOOD.replace(b"}", b',"x":1,"x":"two"}'),
        GOOD.replace(b"}", b',"n":1,"n":2,"n":null}'),
        GOOD.replace(b'"id"', b'"\\u0069d"'),
        GOOD.replace(b"}", b',"":1,"\xc3\xa4":"\xf0\x9f\x98\x80"}'),
        GOOD.replace(b"}", b',"x":' + b"[" * 63 + b"]" * 63 + b"}"),
        GOOD.replace(b"}", b',"x":"' + b"[{" * 500 + b'"}'),
        GOOD.replace(b"}", b',"x":[' + b"{}," * 500 + b"{}]}"),
        GOOD.replace(b"}", b',"n":9223372036854775807}'),
        GOOD.replace(b"}", b',"n":-9223372036854775808}'),
    ],
)
def test_what_is_odd_but_right_is_taken(event: bytes | None) -> None:
    assert GATE.judge(event) is None
    assert GATE.judge_many([event] * 3) == {}


def test_one_byte_decides_about_the_size() -> None:
    gate = gate_of(max_bytes=100)
    fits = b'{"x":"' + b"x" * 92 + b'"}'
    assert len(fits) == 100
    for chunk in ([fits], [fits] * 50):
        assert gate.judge_many(chunk) == {}
    assert gate.judge(fits) is None
    rejection = gate.judge(fits + b" ")
    assert rejection is not None
    assert rejection.reason == "size"
    assert gate.judge_many([fits, fits + b" ", fits]) == {1: rejection}


def test_extra_fields_are_refused_at_every_level_but_in_free_form() -> None:
    inner = Field("o", "object", fields=(Field("a", "string"), Field("free", "object")))
    contract = Contract("x", 1, "", "", (inner,), (), None, "refuse", extra_fields="refuse")
    gate = compile_gate(contract)
    assert gate.judge(b'{"o":{"a":"x","free":{"any":[1]}}}') is None
    for event, field in ((b'{"z":1}', "z"), (b'{"o":{"a":"x","z":1}}', "o.z")):
        rejection = gate.judge(event)
        assert rejection is not None
        assert (rejection.reason, rejection.field) == ("contract.extra", field)


def test_a_nested_place_is_named_and_no_value_is_told() -> None:
    items = Field("i", "array", items=Field("item", "object", fields=(Field("s", "string", required=True),)))
    rejection = gate_of(items).judge(b'{"i":[{"s":"a"},{"s":4242}]}')
    assert rejection == Rejection("contract.type", "$.i[1].s: input should be a valid string, is a number", "i[1].s")


def test_a_detail_is_cut_on_a_character() -> None:
    names = "".join(f',"ä{number}":1' for number in range(500))
    contract = Contract(
        "x", 1, "", "", (Field("a", "string", required=True),), (), None, "refuse", extra_fields="refuse"
    )
    rejection = compile_gate(contract).judge(("{" + names[1:] + "}").encode())
    assert rejection is not None
    assert "and 491 more" in rejection.detail
    long = Rejection("x", "ä" * 2000)
    assert len(long.detail.encode()) <= MAX_DETAIL_BYTES
    assert long.detail.endswith("…")
    assert Rejection("x", "\ud800").detail == "\\ud800"


@pytest.mark.parametrize(
    ("kinds", "event", "key"),
    [
        ({"a": "string"}, '{"a":"Größe"}', "Größe".encode()),
        ({"a": "string"}, '{"a":""}', b""),
        ({"a": "string"}, '{"a":"x","a":"y"}', b"y"),
        ({"a": "string"}, '{"a":"x","a":1,"a":"z"}', b"z"),
        ({"a": "integer"}, '{"a":-9223372036854775808}', b"-9223372036854775808"),
        ({"a": "integer"}, '{"a":-0}', b"0"),
        ({"a": "timestamp"}, '{"a":"2026-11-21t09:30:00z"}', b"2026-11-21t09:30:00z"),
        ({"a": "string", "b": "integer"}, '{"b":7,"x":0,"a":"ü\\"\\u0000"}', b'["\xc3\xbc\\"\\u0000",7]'),
        ({}, '{"a":1}', None),
    ],
)
def test_the_business_key(kinds: dict[str, str], event: str, key: bytes | None) -> None:
    fields = tuple(Field(name, kind, required=True) for name, kind in kinds.items())  # type: ignore[arg-type]
    gate = gate_of(*fields, key=tuple(kinds))
    assert gate.judge(event.encode()) is None
    assert gate.key(event.encode()) == key
    assert gate.keys([event.encode()] * 2) == [key, key]
    assert gate.keys([event.encode(), b"[]", event.encode()]) == [key, None, key]


@pytest.mark.parametrize("event", [b"", b"{}", b'{"a":1}', b"[]", b'{"a":"\\ud800"}'])
def test_what_is_refused_has_no_key(event: bytes) -> None:
    assert gate_of(Field("a", "string", required=True), key=("a",)).key(event) is None


def test_integers_of_an_enum_are_not_floats_or_booleans() -> None:
    gate = gate_of(Field("a", "integer", enum=(0, 1)))
    assert [gate.judge(b'{"a":%b}' % value) is None for value in (b"1", b"1.0", b"true", b"2", b"null")] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_every_sequence_is_taken() -> None:
    chunk = deque([GOOD, b"x", GOOD])
    assert list(GATE.judge_many(chunk)) == [1]
    assert GATE.judge_many([]) == {}


@pytest.mark.parametrize(
    "event",
    [
        b'{"x":"' + b"\\u0041" * 170_000 + b'"',
        b'{"x":[' + b"[]," * 300_000,
        b'{"x":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b'"' + b"\\" * 1_000_000,
        b"{" + b'"a":1,' * 150_000,
        b'{"x":"' + b"\\ud83d\\ude00" * 80_000 + b'"',
        b'"' * 1_000_000,
    ],
)
def test_a_hostile_event_costs_no_more_than_its_size(event: bytes) -> None:
    """A refusal of a megabyte must not stop a worker: no step is worse than linear."""
    begin = time.process_time()
    assert GATE.judge(event) is not None
    assert time.process_time() - begin < 2


def test_the_gate_forgets_events() -> None:
    """The same bytes get the same answer, whatever came between."""
    before = GATE.judge(b"{}")
    GATE.judge_many([GOOD, b"[", None, b"{}"] * 10)
    assert GATE.judge(b"{}") == before
