"""Many large bodies at once: the worker's memory is bounded, and who is refused makes room for the others."""

import socket
from contextlib import ExitStack

import pytest

from streamlake.ingest.limits import MAX_BODY_BYTES, MAX_HELD_BYTES
from streamlake.vitals import gather
from tests.integration.ingest.conftest import MakeApi
from tests.support.api import ApiUnderTest
from tests.support.broker import until

pytestmark = pytest.mark.broker

MIB = 1 << 20
LONGEST_ANSWER = 1024


def begin(api: ApiUnderTest, sent: int) -> socket.socket:
    """A request with a large body of which so many bytes have come."""
    connection = socket.create_connection(("127.0.0.1", api.port), timeout=20)
    head = (
        "POST /v1/datasets/first/events HTTP/1.1\r\nHost: x\r\n"
        f"Content-Type: application/json\r\nContent-Length: {MAX_BODY_BYTES}\r\n\r\n"
    )
    connection.sendall(head.encode() + b" " * sent)
    return connection


def held(api: ApiUnderTest) -> int:
    """Bytes of bodies that the worker holds."""
    return sum(process["held_bytes"] for process in gather(api.state_dir))


def test_a_refused_body_makes_room_at_once(make_api: MakeApi) -> None:
    """Else bodies that come together would each hold a half, and all of them would be refused."""

    api = make_api()
    api.start()
    nearly = 7 * MIB
    count = MAX_HELD_BYTES // nearly
    with ExitStack() as connections:
        others = [connections.enter_context(begin(api, nearly)) for _ in range(count)]
        until(lambda: held(api) == count * nearly, 20)
        refused = connections.enter_context(begin(api, 0))
        refused.sendall(b" " * (MAX_HELD_BYTES - count * nearly + 1))
        assert refused.recv(4096).startswith(b"HTTP/1.1 429")
        # The worker still reads what may come of it, and counts its own answer until that is over.
        assert count * nearly <= held(api) <= count * nearly + LONGEST_ANSWER
        others[0].sendall(b" " * (MAX_BODY_BYTES - nearly))
        assert others[0].recv(4096).startswith(b"HTTP/1.1 400")
