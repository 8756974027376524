"""Compressed bodies, piece by piece, never more at once than the caller has room for. Pure.

A hundred MiB of zeros are a hundred KB of gzip, and three KB of zstd: the limit is on what comes out, and it is looked
at while it comes out.
"""

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import zstandard

from streamlake.ingest.errors import Malformed
from streamlake.ingest.limits import MAX_COMPRESSED_MEMBERS
from streamlake.ingest.media import Encoding

_GZIP: Final = 31  # zlib's window bits for gzip with its header
_OUT_BYTES: Final = 256 * 1024
_ZSTD_WINDOW: Final = 8 * 1024 * 1024  # RFC 9659: the most that a content encoding may ask for
_ZSTD_SLICE: Final = 256  # a zstd block of 4 bytes can hold 128 KiB: so many bytes unpack to 8 MiB at most


class Decoder(Protocol):
    """Turns a body's pieces into its content."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The content of one more piece, in small chunks: stop asking when it is too much. Malformed if it is none."""
        ...

    def finish(self) -> None:
        """The body is over; Malformed if it stops amid a member."""
        ...


def decoder(encoding: Encoding) -> Decoder:
    """A fresh decoder for one body."""
    kinds: dict[Encoding, type[Decoder]] = {"identity": Plain, "gzip": Gzip, "zstd": Zstd}
    return kinds[encoding]()


class Plain:
    """No compression."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """See Decoder."""
        yield piece

    def finish(self) -> None:
        """See Decoder."""


class _Members:
    """What gzip members and zstd frames have in common: a body is one or several, one behind the other."""

    name = ""

    def __init__(self) -> None:
        self._read = 0
        self._members = 0
        self._amid = False

    def _next_member(self) -> None:
        self._members += 1
        if self._members > MAX_COMPRESSED_MEMBERS:
            raise Malformed(f"byte {self._read}: more than {MAX_COMPRESSED_MEMBERS} {self.name} members in one body.")

    def _damaged(self, error: Exception) -> Malformed:
        return Malformed(f"the {self.name} body is damaged before byte {self._read}: {error}.")

    def finish(self) -> None:
        """See Decoder."""
        if self._amid or not self._members:
            raise Malformed(f"byte {self._read}: the {self.name} body stops before its end.")


class Gzip(_Members):
    """gzip, also of several members."""

    name = "gzip"
    _more = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """See Decoder."""
        self._read += len(piece)
        while piece or self._more:
            if not self._amid:
                self._next_member()
                self._gzip = zlib.decompressobj(wbits=_GZIP)
                self._amid = True
            try:
                chunk = self._gzip.decompress(piece, _OUT_BYTES)
            except zlib.error as error:
                raise self._damaged(error) from error
            if chunk:
                yield chunk
            self._amid = not self._gzip.eof
            piece = self._gzip.unconsumed_tail if self._amid else self._gzip.unused_data
            # A full chunk may mean that more is held back, with nothing left to feed.
            self._more = self._amid and len(chunk) == _OUT_BYTES


class Zstd(_Members):
    """zstd, also of several frames."""

    name = "zstd"

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """See Decoder."""
        for start in range(0, len(piece), _ZSTD_SLICE):
            yield from self._slice(piece[start : start + _ZSTD_SLICE])

    def _slice(self, piece: bytes) -> Iterator[bytes]:
        self._read += len(piece)
        while piece:
            if not self._amid:
                self._next_member()
                self._zstd = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
                self._amid = True
            try:
                chunk = self._zstd.decompress(piece)
            except zstandard.ZstdError as error:
                raise self._damaged(error) from error
            if chunk:
                yield chunk
            if not self._zstd.eof:
                return
            self._amid = False
            piece = self._zstd.unused_data
