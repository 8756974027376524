"""What the engines answer of a lake with every format is what the log has: row by row, byte for byte.

The dataset changed its format four times, Kafka lost a range of it, some events were rejected, and a replay, dead
letters and another dataset stand beside it.
"""

import base64
import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.consumer.test_formats import FORMATS, send_odd
from tests.integration.reading.test_duckdb import beside, pairs
from tests.support.consumer import Rig
from tests.support.landed_check import check
from tests.support.lines import meta
from tests.support.reading import query, rows

ROOT = Path(__file__).parents[3]
METAS = {meta(), meta(2)}
pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Row:
    """A record as the documented columns have it; `payload` is the event's own text."""

    offset: int
    timestamp_ms: int
    key: tuple[str | None, str | None]
    meta: str | None
    headers: tuple[tuple[str, str | None, str | None], ...]
    payload: str | None


def in_all_formats(rig: Rig) -> dict[int, Row]:
    """Land a dataset as the module says, into a folder that is named as in the page; the log's records, as rows."""
    log: dict[int, Row] = {}
    for suffix, properties in FORMATS.items():
        rig.write_contract(**properties)
        if suffix == "parquet":
            lost_from = rig.bounds(rig.raw)[0][1]
            send_odd(rig)
            rig.broker.delete_records(rig.raw, 0, lost_from + 20)
        else:
            send_odd(rig)
        log |= {row.offset: row for row in map(row_of, rig.broker.read(rig.raw))}
        consumer = rig.start()
        rig.wait_landed(180)
        assert consumer.stop() == 0
    gone = {o for c in rig.claims(rig.raw) for g in c["gaps"] for o in range(g["start"], g["next"])}
    assert len(gone) == 20
    check(rig, lost={where for where in rig.sent if where[2] in gone}, oracle=True)
    rejected = {o for c in rig.claims(rig.raw) for r in c["rejected"] for o in range(r["start"], r["next"])}
    assert len(rejected) > 50
    folder = rig.lake / "raw/dataset=orders"
    (rig.lake / f"raw/dataset={rig.dataset}").rename(folder)
    for zone in ("dead_letters", "ledger"):
        (rig.lake / f"{zone}/dataset={rig.dataset}").rename(rig.lake / f"{zone}/dataset=orders")
    beside(rig.lake)
    return {offset: row for offset, row in log.items() if offset not in rejected | gone}


def row_of(message: Any) -> Row:
    headers = message.headers() or []
    ours = next((at for at, (name, value) in enumerate(headers) if name == "streamlake" and value in METAS), None)
    value = message.value()
    return Row(
        message.offset(),
        message.timestamp()[1],
        _text(message.key()),
        None if ours is None else headers[ours][1].decode(),
        tuple((name, *_text(v)) for at, (name, v) in enumerate(headers) if at != ours),
        # What is not UTF-8 was rejected.
        None if value is None else value.replace(b"\n", b" ").replace(b"\r", b" ").decode(errors="replace"),
    )


def _text(value: bytes | None) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(value).decode()


def read_row(found: dict[str, Any]) -> Row:
    return Row(
        found["kafka_offset"],
        found["timestamp_ms"],
        (found["key"], found["key_base64"]),
        found["meta"],
        tuple((h["name"], h["value"], h["value_base64"]) for h in found["headers"]),
        found["payload"],
    )


COLUMNS = ("kafka_offset", "timestamp_ms", "key", "key_base64", "meta", "headers", "payload")


def test_duckdb_answers_what_the_log_has(rig: Rig) -> None:
    log = in_all_formats(rig)
    read = rows(f"SELECT {', '.join(COLUMNS)} FROM ({query('records', rig.lake)})", rig.lake)
    found = [read_row(dict(zip(COLUMNS, row, strict=True))) for row in read]
    assert [row.offset for row in found] == sorted(log)
    for row in found:
        expected = log[row.offset]
        assert (row.timestamp_ms, row.key, row.headers) == (expected.timestamp_ms, expected.key, expected.headers)
        for said, kept in ((row.meta, expected.meta), (row.payload, expected.payload)):
            assert (said is None) == (kept is None)
            assert said is None or kept is None or pairs(said) == pairs(kept)
    texts = sorted(text for (text,) in rows(query("bytes", rig.lake)))
    assert texts == sorted("null" if row.payload is None else row.payload for row in log.values())


@pytest.mark.slow
def test_spark_answers_what_the_log_has(rig: Rig) -> None:
    log = in_all_formats(rig)
    subprocess.run([ROOT / "scripts/tool-venv", "spark"], check=True, timeout=500)
    program = [ROOT / ".venv-spark/bin/python", ROOT / "tests/spark/read_lake.py"]
    block = query("spark", rig.lake, "python")
    done = subprocess.run(program, input=block, capture_output=True, text=True, timeout=500, cwd=rig.home)
    assert done.returncode == 0, done.stderr[-3000:]
    found = [read_row(json.loads(line)) for line in done.stdout.splitlines()]
    assert [row.offset for row in found] == sorted(log)
    for row in found:
        expected = log[row.offset]
        # The reader of JSON lines leaves out what stands around an event; that of Parquet keeps it.
        assert replace(row, payload=_bare(row.payload)) == replace(expected, payload=_bare(expected.payload))


def _bare(payload: str | None) -> str | None:
    return payload and payload.strip(" \t")
