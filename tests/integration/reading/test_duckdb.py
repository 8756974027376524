"""Nothing that the gate accepts is unreadable for DuckDB with the documented queries, nor comes out changed."""

import json
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamlake.contract.gate import compile_gate
from streamlake.contract.model import Contract, Field
from streamlake.contract.strict_json import MAX_DEPTH
from streamlake.registry.files import FileRegistry
from streamlake.storage.part_encoding import SUFFIXES
from tests.support.events import ODD_VALUES, contracts, events
from tests.support.lines import Record
from tests.support.reading import land, query, rows

ANYTHING = compile_gate(Contract("orders", 1, "", "", (Field("a", "string"),), (), None, "refuse"))
ODD_EVENTS = [
    *(b'{"a":"x","z":%b}' % value for value in ODD_VALUES),
    *(b'{"z":{"a":[%b]},"a":null}' % value for value in ODD_VALUES),
    *(b'{"z":%b,"z":%b}' % (value, value) for value in ODD_VALUES),
    *(b"{%b:1}" % value for value in ODD_VALUES),
    b"{}",
    b' \t\r\n {\r"a"\n:\r\n"b" } \n\r ',
    b'{"a":"x","a":"y","a":null}',
    b'{"A":1,"a":"x","\xc3\x84":2,"\xc3\xa4":3}',
    b'{"a":"' + b"x" * 1_000_000 + b'"}',
    b'{"z":"' + b"\\u0000" * 100_000 + b'"}',
    b'{"z":[' + b"{}," * 20_000 + b"{}]}",
    b'{"a":"' + ',\\"payload\\":{\'\u2028\u2029\u0085\ufeff\uffff\U0010ffff'.encode() + b'"}',
    b'{"payload":{"payload":1},"topic":2,"kafka_offset":"x"}',
    b'{"z":-0.0,"y":1E5,"x":1e-400,"w":123456789012345678901234567890.5}',
]


def pairs(text: str | bytes) -> Any:
    """The JSON value with repeated keys kept, long integers kept, and other numbers as the doubles that readers see."""
    return json.loads(text, object_pairs_hook=tuple, parse_int=lambda digits: digits.removeprefix("-0") or "0")


def read_back(lake: Path, accepted: list[bytes | None], suffix: str) -> None:
    """Land the events, each followed by a plain one, and ask both queries for all of them."""
    records = []
    for at, event in enumerate(accepted):
        records += [Record(2 * at, event), Record(2 * at + 1, b'{"a":"next"}')]
    land(lake, records, suffix)
    read = rows(f"SELECT kafka_offset, payload FROM ({query('records', lake)})", lake)
    texts = rows(query("bytes", lake))
    assert [row[0] for row in read] == list(range(len(records)))
    for record, (_, payload), (text,) in zip(records, read, texts, strict=True):
        if record.event is None:
            assert (payload, text) == (None, "null")
        else:
            assert pairs(payload) == pairs(record.event)
            assert text.encode() == record.event.replace(b"\n", b" ").replace(b"\r", b" ")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_odd_event_that_is_accepted_comes_out_as_it_was(tmp_path: Path, suffix: str) -> None:
    rejected = ANYTHING.judge_many(ODD_EVENTS)
    accepted: list[bytes | None] = [event for i, event in enumerate(ODD_EVENTS) if i not in rejected]
    assert len(accepted) > 100
    read_back(tmp_path, [*accepted, None], suffix)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_accepted_events_come_out_as_they_were(data: st.DataObject) -> None:
    gate = compile_gate(data.draw(contracts()))
    chunk = [data.draw(events(gate.contract)) for _ in range(8)]
    rejected = gate.judge_many(chunk)
    accepted: list[bytes | None] = [event for i, event in enumerate(chunk) if i not in rejected]
    if accepted:
        with tempfile.TemporaryDirectory() as folder:
            read_back(Path(folder), accepted, data.draw(st.sampled_from(["json.gz", "parquet"])))


@pytest.mark.parametrize("chosen", [c for n in range(5) for c in combinations(SUFFIXES, n)], ids="+".join)
def test_whichever_formats_a_dataset_has_keys_and_headers_are_read_by_one_query(
    tmp_path: Path, chosen: tuple[str, ...]
) -> None:
    other = (("ce_id", b"1"), ("trace", b"\xff"), ("empty", None), ("q", b'"],"payload":{}'))
    beside(tmp_path)
    for number, suffix in enumerate(chosen):
        records = [Record(10 * number, b"{}", None), Record(10 * number + 1, b"{}", b"\xff", other)]
        land(tmp_path, records, suffix, f"2026-11-2{number}")
    select = "SELECT key, key_base64, headers, ingestion_date::VARCHAR, kafka_offset, meta, payload"
    read = rows(f"{select} FROM ({query('records', tmp_path)})", tmp_path)
    assert len(rows(query("bytes", tmp_path))) == len(read) == 2 * len(chosen)
    for number, (first, second) in enumerate(zip(read[::2], read[1::2], strict=True)):
        assert first == (None, None, [], f"2026-11-2{number}", 10 * number, None, "{}")
        assert (second[:2], second[3:]) == ((None, "/w=="), (f"2026-11-2{number}", 10 * number + 1, None, "{}"))
        assert [(h["name"], h["value"], h["value_base64"]) for h in second[2]] == [
            ("ce_id", "1", None),
            ("trace", None, "/w=="),
            ("empty", None, None),
            ("q", '"],"payload":{}', None),
        ]


@pytest.mark.parametrize("suffix", ["json.gz", "parquet"])
def test_an_event_that_was_sent_twice_is_counted_once(tmp_path: Path, suffix: str) -> None:
    meta = b'{"ingestion_id":"019b0000-0000-7000-8000-00000000000%d","schema_version":1,"producer":"p",'
    meta += b'"ingested_at":"2026-11-21T00:00:00Z"}'
    ids = [1, 2, 1, None, None, 2, 1]
    sent = [Record(at, b"{}", more=(("streamlake", meta % one),) if one else ()) for at, one in enumerate(ids)]
    land(tmp_path, sent[:4], suffix)
    land(tmp_path, sent[4:], suffix)
    once = rows(query("once", tmp_path), tmp_path)
    assert [row[2] for row in once] == [0, 1, 3, 4]


def beside(lake: Path) -> None:
    """What stands in a lake and is no live part: a replay, dead letters, a rescued part, another dataset."""
    for other in ("replays/run=r1/raw", "replays", "dead_letters", "rescue"):
        land(lake / other, [Record(900, b"{}")])
        land(lake / other, [Record(901, b"{}")], "parquet")
    (lake / "replays/dataset=orders/run=r1").mkdir(parents=True)
    (lake / "raw/dataset=orders_eu/ingestion_date=2026-11-21").mkdir(parents=True)
    for suffix in SUFFIXES:
        part = land(lake / "other", [Record(902, b"{}")], suffix)
        (lake / "replays/dataset=orders/run=r1" / part.name).write_bytes(part.read_bytes())
        (lake / "raw/dataset=orders_eu/ingestion_date=2026-11-21" / part.name).write_bytes(part.read_bytes())


ORDER = b'{"order_id":"o","customer_id":"c","status":"paid","quantity":1,"amount":2,"currency":"EUR","ordered_at":"@"}'


def test_typed_fields_of_whatever_the_contract_accepts_can_be_cast(tmp_path: Path) -> None:
    """Each way to write a timestamp and a number that the contract takes, and a key that stands twice."""
    gate = compile_gate(FileRegistry(Path("contracts")).current("orders"))
    times = [v for v in ODD_VALUES if v.startswith(b'"2026')]
    chunk = [
        *(ORDER.replace(b'"@"', time) for time in times),
        *(ORDER.replace(b"@", b"2026-11-21T09:30:00Z").replace(b":2,", b":%b," % v) for v in ODD_VALUES),
        *(ORDER.replace(b"@", b"2026-11-21T09:30:00Z").replace(b"{", b'{"quantity":%b,' % v) for v in ODD_VALUES),
        ORDER.replace(b"@", b"0001-01-01T00:00:00+23:59"),
        ORDER.replace(b"@", b"9999-12-31T23:59:59.123456789-23:59"),
    ]
    rejected = gate.judge_many(chunk)
    accepted = [event for i, event in enumerate(chunk) if i not in rejected]
    assert len(accepted) > 10
    land(tmp_path, [Record(at, event) for at, event in enumerate(accepted)])
    typed = f"SELECT order_id, quantity, amount, epoch_us(ordered_at) FROM ({query('fields', tmp_path)})"
    read = rows(typed, tmp_path)
    assert [row[1] for row in read] == [json.loads(e, object_pairs_hook=_first)["quantity"] for e in accepted]
    assert all(None not in row for row in read)


def _first(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(members))


def test_every_decimal_that_is_accepted_fits_the_type_that_the_page_names() -> None:
    field = Field("a", "string", format="decimal")
    gate = compile_gate(Contract("orders", 1, "", "", (field,), (), None, "refuse"))
    for text in ("0", "-0.0", "9" * 29 + "." + "9" * 9, "-" + "9" * 29, "0.000000001"):
        assert gate.judge(b'{"a":"%b"}' % text.encode()) is None
        assert rows(f"SELECT CAST('{text}' AS DECIMAL(38, 9))")
    for text in ("9" * 30, "0.0000000001", "1e5", "+1", "007", ".5", "5.", "", " 1", "1\n", "NaN"):
        rejection = gate.judge(json.dumps({"a": text}).encode())
        assert rejection is not None
        assert rejection.reason == "contract.format"


def test_a_reader_that_takes_the_last_of_two_keys_finds_the_documented_one() -> None:
    assert rows("""SELECT ('{"a":1,"a":2}'::JSON::VARIANT).a""") == [(2,)]
    assert rows("""SELECT '{"a":1,"a":2}'::JSON->>'a'""") == [("1",)]


@pytest.mark.parametrize("value", [b'"\xff"', b'"\\ud800"', b"01", b'"a', b"tru"])
def test_the_reader_does_fail_on_what_the_gate_keeps_out(tmp_path: Path, value: bytes) -> None:
    """Otherwise the tests above would prove nothing."""
    event = b'{"z":%b}' % value
    assert ANYTHING.judge(event) is not None
    land(tmp_path, [Record(0, event)])
    with pytest.raises(duckdb.Error):
        rows(query("records", tmp_path), tmp_path)


def test_depth_that_the_gate_allows_stays_below_what_the_engine_refuses(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    read = f"SELECT payload FROM read_json('{file}', format = 'newline_delimited', columns = {{payload: 'JSON'}})"
    file.write_bytes(b'{"payload":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}\n")
    rows(read)
    file.write_bytes(b'{"payload":' + b"[" * 128 + b"]" * 128 + b"}\n")
    with pytest.raises(duckdb.Error, match="depth"):
        rows(read)
