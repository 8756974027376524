"""A body is read under the limits of pace and size, and a refusal says whether more of it may come."""

import asyncio
import gzip
from collections.abc import MutableMapping
from typing import Any

import pytest

from streamlake.ingest import body
from streamlake.ingest.admission import Admission, Share
from streamlake.ingest.errors import Malformed, TooSlow
from streamlake.ingest.limits import CLIENT_BYTES_PER_SECOND
from streamlake.ingest.media import Declared, Encoding

CLIENT_SECONDS = 0.05


class Client:
    """Sends these pieces, each after so many seconds, and then nothing; the last one ends the body if it is told to."""

    def __init__(self, *pieces: tuple[float, bytes], ends: bool) -> None:
        self._pieces = list(pieces)
        self._ends = ends

    async def receive(self) -> MutableMapping[str, Any]:
        if not self._pieces:
            await asyncio.Event().wait()
        seconds, piece = self._pieces[0]
        await asyncio.sleep(seconds)
        del self._pieces[0]
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces) or not self._ends}


def read(client: Client, encoding: Encoding = "identity", client_seconds: float = CLIENT_SECONDS) -> bytes:
    async def within_reason() -> bytes:
        with Share(Admission()) as share:
            declared = Declared("json", encoding, None, None)
            return await asyncio.wait_for(body.read(client.receive, declared, share, client_seconds), 30)

    return asyncio.run(within_reason())


def test_pieces_become_one() -> None:
    assert read(Client((0, b"a"), (0, b""), (0, b"b"), ends=True)) == b"ab"


@pytest.mark.parametrize("first", [b"", b"a", bytes(4 << 20)])
def test_who_stops_is_too_slow_however_much_came_before(first: bytes) -> None:
    """At 64 KiB a second on average, four MiB would buy a minute."""
    with pytest.raises(TooSlow):
        read(Client((0, first), ends=False))


def test_who_keeps_the_pace_may_take_long() -> None:
    seconds = 2.0  # so long that a busy machine keeps the pace, too
    piece = bytes(int(CLIENT_BYTES_PER_SECOND * seconds))
    assert len(read(Client(*[(seconds / 4, piece)] * 6, ends=True), client_seconds=seconds)) == 6 * len(piece)


@pytest.mark.parametrize("ended", [True, False])
def test_a_refusal_says_whether_more_may_come(ended: bool) -> None:
    broken = gzip.compress(b"x")[:-8] + bytes(8)
    pieces = [(0.0, broken)] if ended else [(0.0, broken), (0.0, b"more")]
    with pytest.raises(Malformed) as caught:
        read(Client(*pieces, ends=True), "gzip")
    assert caught.value.body_ended is ended
