"""The short way of a body and an answer, over a real socket: what is said is the same as on the long one."""

import asyncio
from typing import Any

import pytest

from streamlake.ingest import body
from streamlake.ingest.admission import Admission, Share
from streamlake.ingest.media import Declared
from streamlake.ingest.results import JSON, Answer
from streamlake.ingest.shortcut import respond, whole_body
from tests.support.one_connection import CHUNKS, HEAD, LARGE, WHOLE, scenario, serving

DECLARED = Declared("json", "identity", None, None)
CLOSE = HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok"


class Echo:
    """Says what came back; `short` is how often it came, and how often it went, the short way."""

    def __init__(self, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.headers = headers
        self.taken = self.said = 0
        self.begun = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        whole = whole_body(scope)
        self.taken += whole is not None
        self.begun.set()
        content = await body.read(receive, DECLARED, Share(Admission()), 1, whole)
        long_way: list[Any] = []

        async def noted(message: Any) -> None:
            long_way.append(message)
            await send(message)

        await respond(scope, noted, Answer(202, JSON, b"<" + content + b">", self.headers))
        self.said += not long_way


@scenario
async def test_requests_that_come_together_are_answered_in_turn() -> None:
    app = Echo()
    async with serving(other=app) as (_, connect):
        connection = await connect()
        await connection.send(WHOLE + WHOLE.replace(b"ok", b"no") + WHOLE, end=True)
        said = await connection.rest()
        assert [said.count(b"HTTP/1.1 202 Accepted\r\n"), said.count(b"content-length: 4\r\n\r\n<")] == [3, 3]
        assert said.index(b"<ok>") < said.index(b"<no>") < said.rindex(b"<ok>")
    assert [app.taken, app.said] == [3, 3]


@scenario
async def test_a_body_in_pieces_is_received_and_its_answer_goes_in_one() -> None:
    app = Echo()
    async with serving(other=app) as (_, connect):
        connection = await connect()
        await connection.send(CHUNKS + b"2\r\nok\r\n")
        await app.begun.wait()
        await connection.send(b"2\r\nay\r\n0\r\n\r\n", end=True)
        assert (await connection.rest()).endswith(b"<okay>")
    assert [app.taken, app.said] == [0, 1]


@pytest.mark.parametrize("sent", [CLOSE, WHOLE.replace(b"1.1", b"1.0")])
def test_who_wants_it_closed_is_told_so_and_cut_off(sent: bytes) -> None:
    @scenario
    async def test() -> None:
        app = Echo()
        async with serving(other=app) as (_, connect):
            connection = await connect()
            await connection.send(sent)
            said = await connection.rest()
            assert b"connection: close\r\n" in said
            assert said.endswith(b"<ok>")
        assert app.said == 0

    test()


@scenario
async def test_an_answer_with_headers_has_them() -> None:
    app = Echo(headers=((b"retry-after", b"1"),))
    async with serving(other=app) as (_, connect):
        connection = await connect()
        await connection.send(WHOLE, end=True)
        assert b"retry-after: 1\r\n" in await connection.rest()
    assert app.said == 0


@scenario
async def test_who_waits_for_a_word_before_its_body_gets_it_once() -> None:
    app = Echo()
    async with serving(other=app) as (_, connect):
        connection = await connect()
        await connection.send(HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        await connection.has(b"HTTP/1.1 100 Continue\r\n\r\n")
        await connection.send(b"ok", end=True)
        said = await connection.rest()
        assert (said.count(b" 100 "), said.endswith(b"<ok>")) == (0, True)


@scenario
async def test_a_body_is_taken_once() -> None:
    found: list[bytes | None] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.extend([whole_body(scope), (await receive())["body"]])
        await respond(scope, send, Answer(202, JSON, b""))

    async with serving(other=app) as (_, connect):
        connection = await connect()
        await connection.send(WHOLE, end=True)
        await connection.rest()
    assert found == [b"ok", b""]


@pytest.mark.parametrize("headers", [(), ((b"retry-after", b"1"),)])
def test_who_answers_holds_it_until_it_is_read(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """A few bytes ask for a MB. Were it forgotten once it is written, clients that do not read would fill a worker."""

    @scenario
    async def test() -> None:
        given_back = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await respond(scope, send, Answer(202, JSON, bytes(LARGE), headers))
            given_back.set()

        async with serving(other=app) as (_, connect):
            connection = await connect()
            await connection.send(WHOLE)
            await connection.has(b"\r\n\r\n")
            await asyncio.sleep(0.1)  # in which it must not happen
            assert not given_back.is_set()
            await connection.reader.readexactly(LARGE)
            await given_back.wait()

    test()


@scenario
async def test_who_goes_away_is_waited_for_no_more() -> None:
    gone = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await respond(scope, send, Answer(202, JSON, bytes(LARGE)))
        gone.set()

    async with serving(other=app) as (_, connect):
        connection = await connect()
        await connection.send(WHOLE)
        await connection.has(b"\r\n\r\n")
        connection.writer.transport.abort()
        await gone.wait()


@scenario
async def test_elsewhere_than_on_our_protocol_there_is_the_long_way_only() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    assert whole_body({}) is None
    await respond({}, send, Answer(202, JSON, b"x"))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[1]["body"], sent[1]["more_body"]) == (b"x", False)
