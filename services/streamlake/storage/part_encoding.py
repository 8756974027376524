"""How lines become a part, by the suffix that stands in its name. The way back is `part_reader.py`.

The same lines need not become the same bytes under another release of a compressor: what a part must hold is said by
the size and checksum of its lines, which do not depend on it.
"""

from typing import Final, Protocol

import zstandard
from isal import isal_zlib

from streamlake.storage.errors import UnknownPartFormat

SUFFIXES: Final = ("json", "json.gz", "json.zst", "parquet")
_GZIP: Final = 31
"""zlib's way to say: with gzip's header and trailer."""
_ZSTD_HEADER: Final = 6
"""Magic number, descriptor, window: what zstd begins with where it is not told the size."""
_EIGHT_BYTE_SIZE: Final = 0xC0
_TELLS_SIZE: Final = 0xE0


class PartEncoder(Protocol):
    """One part on its way to its bytes."""

    @property
    def held_bytes(self) -> int:
        """Memory that it holds now, as near as it knows."""
        ...

    def write(self, lines: bytes) -> None:
        """Take whole lines."""
        ...

    def finish(self) -> list[bytes]:
        """The part's bytes, in pieces. Nothing is written afterwards."""
        ...


def encoder(suffix: str) -> PartEncoder:
    """A new encoder; UnknownPartFormat where this release has none for the suffix."""
    match suffix:
        case "json":
            return _Stored()
        case "json.gz":
            return _Gzip()
        case "json.zst":
            return _Zstd()
        case "parquet":
            from streamlake.storage.parquet_encoder import ParquetEncoder  # Arrow is large: only who writes it has it

            return ParquetEncoder()
    raise UnknownPartFormat(
        f"This release writes no parts that end in .{suffix}, only {', '.join(f'.{known}' for known in SUFFIXES)}.",
        next_step="A newer release claimed that part: install it here too, and it is completed.",
    )


class _Stored:
    """Lines as they are."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.held_bytes = 0

    def write(self, lines: bytes) -> None:
        self._keep(lines)

    def finish(self) -> list[bytes]:
        return self._chunks

    def _keep(self, chunk: bytes) -> None:
        if chunk:
            self._chunks.append(chunk)
            self.held_bytes += len(chunk)


class _Gzip(_Stored):
    """One gzip member."""

    def __init__(self) -> None:
        super().__init__()
        self._compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, _GZIP)

    def write(self, lines: bytes) -> None:
        self._keep(self._compressor.compress(lines))

    def finish(self) -> list[bytes]:
        self._keep(self._compressor.flush())
        return self._chunks


class _Zstd(_Stored):
    """One zstd frame with a checksum, whose header says the size of the lines as gzip's trailer does."""

    def __init__(self) -> None:
        super().__init__()
        parameters = zstandard.ZstdCompressionParameters.from_level(1, write_checksum=True)
        self._compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        self._size = 0

    def write(self, lines: bytes) -> None:
        self._size += len(lines)
        self._keep(self._compressor.compress(lines))

    def finish(self) -> list[bytes]:
        self._keep(self._compressor.flush())
        self._chunks[0] = self._sized(self._chunks[0])
        return self._chunks

    def _sized(self, first: bytes) -> bytes:
        """The header is written before the size is known, but it may be given one: RFC 8878, 3.1.1.1."""
        if first[4] & _TELLS_SIZE:
            return first  # an empty frame: all of it was known when it began
        header, rest = first[:_ZSTD_HEADER], first[_ZSTD_HEADER:]
        self.held_bytes += 8
        flags = bytes([header[4] | _EIGHT_BYTE_SIZE])
        return header[:4] + flags + header[5:] + self._size.to_bytes(8, "little") + rest
