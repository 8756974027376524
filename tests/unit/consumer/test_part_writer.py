"""A part holds its lines in order, whatever they are compressed with, and its checksum is that of the lines."""

import gzip
import hashlib

import pytest

from streamlake.consumer.part_writer import PartThread
from streamlake.storage import parquet_encoder
from streamlake.storage.errors import UnknownPartFormat
from streamlake.storage.raw_line import NotRawLines
from tests.oracle.parts import unpacked
from tests.support import lines as made
from tests.support.lines import Record


@pytest.mark.parametrize("suffix", ["json", "json.gz", "json.zst"])
def test_what_was_written_comes_out(suffix: str) -> None:
    part = PartThread()(suffix)
    lines = [b"line %d %s\n" % (i, b"x" * (i % 97)) for i in range(5000)]
    for line in lines:
        part.write(line)
    encoded = part.finish()
    stored = b"".join(encoded.chunks)
    text = unpacked(f"part.{suffix}", stored)
    assert text == b"".join(lines)
    assert (encoded.size, encoded.sha256) == (len(text), hashlib.sha256(text).hexdigest())
    assert part.held_bytes == len(stored)


def test_finish_may_be_asked_again() -> None:
    part = PartThread()("json.gz")
    part.write(b"a\n")
    assert part.finish() == part.finish()


def test_an_empty_part_is_a_valid_file() -> None:
    assert gzip.decompress(b"".join(PartThread()("json.gz").finish().chunks)) == b""


def test_a_parquet_part_counts_the_lines_that_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """I12: the budget of open parts sees an open row group."""
    monkeypatch.setattr(parquet_encoder, "ROW_GROUP_BYTES", 50_000)
    part = PartThread()("parquet")
    lines = [made.lines_of([Record(at, b'{"a":"x","n":%d}' % at)]) for at in range(1000)]
    most = 0
    for number, line in enumerate(lines, 1):
        part.write(line)
        most = max(most, part.held_bytes)
        if number == 100:
            assert part.held_bytes >= sum(map(len, lines[:100]))
    encoded = part.finish()
    assert unpacked("part.parquet", b"".join(encoded.chunks)) == b"".join(lines)
    assert (encoded.size, encoded.sha256) == (
        sum(map(len, lines)), hashlib.sha256(b"".join(lines)).hexdigest()
    )  # fmt: skip
    assert part.held_bytes < most


def test_what_cannot_be_kept_is_told_by_finish_and_spares_the_others() -> None:
    parts = PartThread()
    wrong, right = parts("parquet"), parts("parquet")
    wrong.write(b"no line\n")
    right.write(made.lines_of([Record(0, b"{}")]))
    with pytest.raises(NotRawLines):
        wrong.finish()
    assert right.finish().size > 0


def test_a_format_of_a_newer_release_is_refused() -> None:
    """A completer that cannot write the claim's format stops."""
    with pytest.raises(UnknownPartFormat):
        PartThread()("json.br")
