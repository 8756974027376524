"""A part in each format: its lines come out as they went in, it tells their size, and its damage is noticed."""

import gzip
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from streamlake.storage import parquet_encoder, parquet_reader
from streamlake.storage.claim import Unreadable
from streamlake.storage.errors import UnknownPartFormat
from streamlake.storage.memory import MemoryStore
from streamlake.storage.part_content import measure
from streamlake.storage.part_encoding import SUFFIXES, encoder
from streamlake.storage.part_reader import DamagedPart, blocks, promised
from tests.oracle.parts import unpacked
from tests.support import lines as made
from tests.support.lines import Record

LINES = made.lines_of([Record(at, b'{"a":"x","n":%d}' % at, more=(("h", b"\xff"),)) for at in range(3000)])
every_format = pytest.mark.parametrize("suffix", SUFFIXES)


def packed(suffix: str, pieces: Sequence[bytes]) -> bytes:
    part = encoder(suffix)
    for piece in pieces:
        part.write(piece)
    return b"".join(part.finish())


def stored(suffix: str, content: bytes) -> tuple[MemoryStore, str]:
    store = MemoryStore()
    store.create(f"part.{suffix}", [content])
    return store, f"part.{suffix}"


def by_line(lines: bytes) -> list[bytes]:
    return lines.splitlines(keepends=True)


@every_format
@pytest.mark.parametrize("lines", [LINES, b""], ids=["some", "none"])
def test_the_lines_come_out_and_their_size_is_told(suffix: str, lines: bytes) -> None:
    content = packed(suffix, by_line(lines))
    store, name = stored(suffix, content)
    found = measure(store, name)
    assert found is not None
    assert (found.records, found.size, found.sha256) == (
        lines.count(b"\n"), len(lines), hashlib.sha256(lines).hexdigest()
    )  # fmt: skip
    assert b"".join(blocks(store, name)) == lines
    assert promised(store, name, len(content)) == len(lines)
    assert unpacked(name, content) == lines, "the oracle reads it too"


def test_the_usual_tools_read_each_format(tmp_path: Path) -> None:
    assert gzip.decompress(packed("json.gz", [LINES])) == LINES
    assert zstandard.ZstdDecompressor().decompress(packed("json.zst", [LINES])) == LINES
    assert packed("json", [LINES]) == LINES
    file = tmp_path / "part.parquet"
    file.write_bytes(packed("parquet", [LINES]))
    read = duckdb.execute(f"SELECT kafka_offset, payload, headers[1].value_base64 FROM '{file}'").fetchall()
    assert read == [(at, f'{{"a":"x","n":{at}}}', "/w==") for at in range(3000)]


@settings(max_examples=60)
@given(made.records(), st.data())
def test_odd_lines_come_out_of_parquet_whatever_the_row_groups(records: list[Record], data: st.DataObject) -> None:
    lines = made.lines_of(records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_encoder, "ROW_GROUP_BYTES", data.draw(st.integers(1, 2000)))
        content = packed("parquet", by_line(lines))
        assert packed("parquet", [lines]) == content, "however they are handed in, the same lines are the same bytes"
    store, name = stored("parquet", content)
    assert b"".join(blocks(store, name)) == lines


def test_row_groups_are_bounded_and_what_is_held_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """I12: lines are held until a row group is full, and no longer."""
    monkeypatch.setattr(parquet_encoder, "ROW_GROUP_BYTES", 100_000)
    part = encoder("parquet")
    for line in by_line(LINES):
        part.write(line)
        assert part.held_bytes < 200_000
    store, name = stored("parquet", b"".join(part.finish()))
    groups = [len(block) for block in blocks(store, name)]
    assert len(groups) > 3
    assert all(100_000 <= size < 101_000 for size in groups[:-1])


def test_a_row_group_that_no_memory_is_meant_for_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    store, name = stored("parquet", packed("parquet", [LINES]))
    monkeypatch.setattr(parquet_reader, "_MAX_ROW_GROUP_BYTES", 1000)
    with pytest.raises(DamagedPart, match="larger than any"):
        list(blocks(store, name))


@every_format
def test_a_part_that_ends_early_is_damaged_wherever_it_ends(suffix: str) -> None:
    lines = b"".join(by_line(LINES)[:3])
    content = packed(suffix, [lines])
    for length in range(len(content)):
        store, name = stored(suffix, content[:length])
        try:
            assert b"".join(blocks(store, name)) != lines
        except DamagedPart:
            with pytest.raises(Unreadable, match="cannot be unpacked"):
                measure(store, name)


@pytest.mark.parametrize(("suffix", "idle"), [("json.zst", 8), ("parquet", 0)])
def test_no_byte_can_change_unnoticed(suffix: str, idle: int) -> None:
    """Neither where Arrow reads nor where only others do: in headers of pages, in statistics, in the footer.

    A few bits of zstd mean nothing: whoever reads it gets the lines as they were.
    """
    lines = b"".join(by_line(LINES)[:40])
    content = packed(suffix, [lines])
    unnoticed = 0
    for at in range(len(content)):
        store, name = stored(suffix, content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        try:
            unnoticed += b"".join(blocks(store, name)) == lines
        except DamagedPart:
            continue
    assert unnoticed <= idle


def test_the_only_bytes_of_an_empty_parquet_part_are_guarded_too() -> None:
    content = packed("parquet", [])
    for at in range(len(content)):
        store, name = stored("parquet", content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(DamagedPart):
            list(blocks(store, name))


def test_parquet_of_somebody_else_is_not_taken_for_a_part(tmp_path: Path) -> None:
    file = tmp_path / "other.parquet"
    with duckdb.connect() as own:
        own.execute(f"COPY (SELECT 1 AS a) TO '{file}'")
    store, name = stored("parquet", file.read_bytes())
    with pytest.raises(DamagedPart):
        list(blocks(store, name))


@pytest.mark.parametrize("suffix", ["json.br", "orc", "json.gz.zst", "txt"])
def test_a_format_that_is_not_known_is_neither_written_nor_read(suffix: str) -> None:
    with pytest.raises(UnknownPartFormat, match=f"[.]{suffix}"):
        encoder(suffix)
    with pytest.raises(DamagedPart, match="cannot read"):
        list(blocks(*stored(suffix, b"{}\n")))


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s != "parquet"])
def test_arrow_is_loaded_by_those_who_need_it_only(suffix: str) -> None:
    """It takes 40 MB."""
    program = f"""
import sys
from streamlake.storage.memory import MemoryStore
from streamlake.storage.part_content import measure
from streamlake.storage.part_encoding import encoder
import streamlake.consumer.main, streamlake.cli.main
store = MemoryStore()
for suffix in ({suffix!r}, 'parquet'):
    part = encoder(suffix)
    store.create('part.' + suffix, part.finish())
    assert measure(store, 'part.' + suffix).records == 0
    assert ('pyarrow' in sys.modules) == (suffix == 'parquet'), suffix
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=110)
