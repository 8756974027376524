"""The body of an upload: what is stored and its checksum in one request, sent from the chunks as they lie in memory."""

import base64
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import google_crc32c
import msgspec

_JOINED: Final = 1 << 16
"""What is smaller goes out in one piece; what is larger is not worth a copy."""
_PIECE: Final = 1 << 18
"""Sent by one call of the socket, which has a few seconds for it: a slow line is no dead one."""


class Multipart:
    """See the module. Each iteration begins anew, so the same body can be sent again."""

    def __init__(self, name: str, chunks: Sequence[bytes]) -> None:
        self.crc32c = crc32c(chunks)
        self.size = sum(map(len, chunks))
        boundary = uuid.uuid4().hex
        about = msgspec.json.encode({"name": name, "crc32c": self.crc32c})
        kind = b"Content-Type: application/json; charset=UTF-8"
        content = b"Content-Type: application/octet-stream"
        mark = b"--" + boundary.encode()
        head = b"%b\r\n%b\r\n\r\n%b\r\n%b\r\n%b\r\n\r\n" % (mark, kind, about, mark, content)
        self._pieces: Sequence[bytes] = [head, *chunks, b"\r\n" + mark + b"--\r\n"]
        self._length = sum(map(len, self._pieces))
        if self._length <= _JOINED:
            self._pieces = [b"".join(self._pieces)]
        self.content_type = f'multipart/related; boundary="{boundary}"'

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes | memoryview]:
        for piece in self._pieces:
            whole = memoryview(piece)
            for at in range(0, len(whole), _PIECE):
                yield whole[at : at + _PIECE]


def crc32c(chunks: Iterable[bytes]) -> str:
    """The CRC32C of all chunks together, as the API writes it."""
    value = 0
    for chunk in chunks:
        value = google_crc32c.extend(value, chunk)
    return base64.b64encode(value.to_bytes(4, "big")).decode()
