"""A part holds its lines in order, whatever they are compressed with, and its checksum is that of the lines."""

import gzip
import hashlib

import pytest

from streamlake.consumer.part_writer import PartThread


@pytest.mark.parametrize("suffix", ["json", "json.gz"])
def test_what_was_written_comes_out(suffix: str) -> None:
    part = PartThread()(suffix)
    lines = [b"line %d %s\n" % (i, b"x" * (i % 97)) for i in range(5000)]
    for line in lines:
        part.write(line)
    encoded = part.finish()
    stored = b"".join(encoded.chunks)
    text = gzip.decompress(stored) if suffix == "json.gz" else stored
    assert text == b"".join(lines)
    assert (encoded.size, encoded.sha256) == (len(text), hashlib.sha256(text).hexdigest())
    assert part.held_bytes == len(stored)


def test_finish_may_be_asked_again() -> None:
    part = PartThread()("json.gz")
    part.write(b"a\n")
    assert part.finish() == part.finish()


def test_an_empty_part_is_a_valid_file() -> None:
    assert gzip.decompress(b"".join(PartThread()("json.gz").finish().chunks)) == b""
