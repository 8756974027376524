"""What comes out is what went in, for any cut into pieces; what is damaged, cut short or a bomb is said to be so."""

import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from streamlake.ingest.decompress import decoder
from streamlake.ingest.errors import Malformed
from streamlake.ingest.limits import MAX_COMPRESSED_MEMBERS
from streamlake.ingest.media import Encoding

COMPRESS: dict[Encoding, Callable[[bytes], bytes]] = {
    "gzip": lambda content: gzip.compress(content, 6),
    "zstd": zstandard.ZstdCompressor(level=3).compress,
}
both = pytest.mark.parametrize("encoding", ["gzip", "zstd"])


def unpacked(encoding: Encoding, pieces: Iterable[bytes]) -> bytes:
    content = decoder(encoding)
    found = b"".join(chunk for piece in pieces for chunk in content.feed(piece))
    content.finish()
    return found


@both
@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=4), repeat=st.integers(1, 4000), data=st.data())
def test_round_trip_of_several_members_in_any_pieces(
    encoding: Encoding, contents: list[bytes], repeat: int, data: st.DataObject
) -> None:
    contents = [content * repeat for content in contents]
    wire = b"".join(COMPRESS[encoding](content) for content in contents)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=4)))
    edges = [0, *cuts, len(wire)]
    pieces = [wire[a:b] for a, b in pairwise(edges)]
    assert unpacked(encoding, pieces) == b"".join(contents)


@both
def test_every_truncation_is_noticed(encoding: Encoding) -> None:
    wire = COMPRESS[encoding](os.urandom(300) + b"x" * 3000)
    for length in range(len(wire)):
        with pytest.raises(Malformed):
            unpacked(encoding, [wire[:length]])


@both
def test_damage_and_what_follows_a_member_are_noticed(encoding: Encoding) -> None:
    wire = COMPRESS[encoding](b"content" * 50)
    for damaged in (b"no compression at all", wire + b"more", wire[:10] + b"\0\0\0" + wire[13:]):
        with pytest.raises(Malformed):
            unpacked(encoding, [damaged])


def test_a_wrong_checksum_is_noticed() -> None:
    wire = bytearray(gzip.compress(b"content"))
    wire[-5] ^= 1
    with pytest.raises(Malformed):
        unpacked("gzip", [bytes(wire)])


@both
def test_a_bomb_costs_no_memory(encoding: Encoding) -> None:
    bomb = {"gzip": zlib.compress(bytes(200 << 20), 9, wbits=31), "zstd": COMPRESS["zstd"](bytes(200 << 20))}[encoding]
    content = decoder(encoding)
    tracemalloc.start()
    came = 0
    for chunk in content.feed(bomb):
        came += len(chunk)
        if came > 8 << 20:
            break
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert came > 8 << 20
    assert peak < 40 << 20


def test_a_window_beyond_the_standards_limit_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    wire = writer.compress(b"x" * 1000) + writer.flush()
    with pytest.raises(Malformed):
        unpacked("zstd", [wire])


@both
def test_members_without_end_are_refused(encoding: Encoding) -> None:
    empty = COMPRESS[encoding](b"")
    assert unpacked(encoding, [empty * MAX_COMPRESSED_MEMBERS]) == b""
    with pytest.raises(Malformed):
        unpacked(encoding, [empty * (MAX_COMPRESSED_MEMBERS + 1)])
