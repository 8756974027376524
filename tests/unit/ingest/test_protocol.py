"""One connection, over a real socket: whose turn it is, when it is closed, and what of a request the app is told."""

import asyncio

import pytest

from streamlake.ingest.limits import MAX_HEAD_BYTES
from tests.support.one_connection import CHUNKS, CLIENT_SECONDS, HEAD, WHOLE, scenario, serving


@scenario
async def test_rubbish_does_not_overtake_the_answer_before_it() -> None:
    async with serving() as (app, connect):
        app.may.clear()
        connection = await connect()
        await connection.send(WHOLE * 2 + b"\0\r\n\r\n")
        await asyncio.sleep(0)
        app.may.set()
        said = await connection.rest()
        assert [said.index(word) for word in (b"answer 0", b"answer 1", b" 400 ")] == sorted(
            said.index(word) for word in (b"answer 0", b"answer 1", b" 400 ")
        )


@scenario
async def test_a_broken_body_does_not_overtake_the_answer_before_it() -> None:
    async with serving() as (app, connect):
        app.may.clear()
        connection = await connect()
        await connection.send(WHOLE + CHUNKS + b"zz\r\n")
        app.may.set()
        said = await connection.rest()
        assert said.index(b"answer 0") < said.index(b" 400 ")
        assert b"answer 1" not in said


@pytest.mark.parametrize("second", [b"", WHOLE, WHOLE[:-1], HEAD])
def test_who_closes_its_half_is_answered_what_came_whole(second: bytes) -> None:
    @scenario
    async def test() -> None:
        async with serving() as (app, connect):
            app.may.clear()
            connection = await connect()
            await connection.send(WHOLE + second, end=True)
            app.may.set()
            said = await connection.rest()
            assert said.count(b" 202 ") == 1 + (second == WHOLE)

    test()


@scenario
async def test_trailers_are_no_headers() -> None:
    async with serving() as (app, connect):
        connection = await connect()
        await connection.send(CHUNKS + b"2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n", end=True)
        await connection.rest()
        ((headers, body),) = app.told
        assert (b"x-late" in headers, body) == (False, b"ok")


@pytest.mark.parametrize("tail", [b"0\r\na: ", b"0\r\n" + b"a: b\r\n" * 3000, b"5;a="])
def test_trailers_and_extensions_have_a_limit(tail: bytes) -> None:
    @scenario
    async def test() -> None:
        async with serving() as (app, connect):
            connection = await connect()
            await connection.send(CHUNKS)
            while not app.told:
                await asyncio.sleep(0)
            await connection.send(tail)
            for _ in range(20):
                await connection.send(b"b" * (MAX_HEAD_BYTES // 10))
            assert b" 431 " in await connection.rest()

    test()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEAD,
        b"\r\n",
        WHOLE + HEAD,
        b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1",
    ],
)
def test_a_client_that_stops_is_closed(sent: bytes) -> None:
    """With nothing, amid a head, amid a head behind another request, amid a body that nobody reads."""

    @scenario
    async def test() -> None:
        async with serving() as (_, connect):
            connection = await connect()
            await connection.send(sent)
            said = await connection.rest()
            assert said.count(b" 202 ") == (WHOLE in sent or b"unread" in sent)

    test()


@scenario
async def test_a_slow_head_behind_a_request_does_not_cost_its_answer() -> None:
    async with serving() as (app, connect):
        app.may.clear()
        connection = await connect()
        await connection.send(WHOLE + HEAD)
        await asyncio.sleep(2 * CLIENT_SECONDS)
        app.may.set()
        assert b"answer 0" in await connection.rest()


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"])
def test_a_client_that_does_not_read_is_cut_off(more: bytes) -> None:
    @scenario
    async def test() -> None:
        async with serving() as (_, connect):
            connection = await connect()
            connection.writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads
            await connection.send(b"GET /large HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n")
            # `serving` holds the rest: no connection may be left.

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlake.ingest.protocol.CLIENT_BYTES_PER_SECOND", 100 << 20)
        test()


@scenario
async def test_one_connection_too_many_is_told_to_come_later() -> None:
    async with serving(max_connections=1) as (_, connect):
        first, second = await connect(), await connect()
        assert b" 429 " in await second.rest()
        await first.send(WHOLE, end=True)
        assert b" 202 " in await first.rest()


@pytest.mark.parametrize("cut", [0, 20, 47])
def test_an_offer_to_switch_is_ignored(cut: int) -> None:
    """Also where it comes in pieces, and where another request stands behind it."""
    offer = b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"

    @scenario
    async def test() -> None:
        async with serving() as (_, connect):
            connection = await connect()
            await connection.send(offer[:cut])
            await connection.send(offer[cut:] + WHOLE, end=True)
            said = await connection.rest()
            assert said.count(b" 202 ") == 2

    test()


@scenario
async def test_a_body_with_an_offer_behind_another_request_is_not_taken_for_a_request() -> None:
    async with serving() as (app, connect):
        connection = await connect()
        hidden = b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n" % len(WHOLE) + WHOLE
        await connection.send(WHOLE + HEAD + hidden, end=True)
        said = await connection.rest()
        assert (said.count(b" 202 "), said.count(b" 400 "), len(app.told)) == (1, 1, 1)


@pytest.mark.parametrize(
    "pieces",
    [
        [WHOLE, HEAD],
        [WHOLE, b"\r\n"],
        [WHOLE + HEAD],
        [WHOLE[:-2], WHOLE[-2:] + HEAD],
        [CHUNKS, b"0\r\n\r\n" + HEAD[:1]],
    ],
)
def test_a_later_head_that_never_ends_is_cut_off_in_time(pieces: list[bytes]) -> None:
    """However it begins: by itself, with the request before it, or with the end of that one's body."""

    @scenario
    async def test() -> None:
        async with serving() as (app, connect):
            connection = await connect()
            for piece in pieces[:-1]:
                await connection.send(piece)
                while not app.told:
                    await asyncio.sleep(0.01)
            await connection.send(pieces[-1])
            said = await asyncio.wait_for(connection.rest(), 6 * CLIENT_SECONDS)
            assert said.count(b"answer") == len(app.told) == 1

    test()


def test_who_is_cut_off_amid_several_requests_is_answered_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """uvicorn tells only the newest request that the client is gone: the one in turn wrote on, into an error."""

    @scenario
    async def test() -> None:
        async with serving() as (app, connect):
            connection = await connect()
            await connection.send(WHOLE.replace(b"/x", b"/large") + WHOLE * 3)
            while len(app.told) < 2:
                await asyncio.sleep(0.01)
            connection.reader._transport.pause_reading()  # type: ignore[attr-defined] # it never reads
            await asyncio.sleep(3 * CLIENT_SECONDS)
            assert len(app.told) == 2

    test()
    assert not caplog.records


@scenario
async def test_a_head_that_is_too_large_is_refused_behind_another_request_too() -> None:
    async with serving() as (app, connect):
        connection = await connect()
        await connection.send(WHOLE + HEAD + b"X-Large: " + b"x" * (MAX_HEAD_BYTES + 1000) + b"\r\n\r\n")
        said = await connection.rest()
        assert (said.count(b" 202 "), said.count(b" 431 "), len(app.told)) == (1, 1, 1)


@scenario
async def test_a_body_that_looks_like_an_offer_is_left_alone() -> None:
    """The end of the head lies across two pieces, and the body begins as the offer of another protocol does."""
    async with serving() as (app, connect):
        connection = await connect()
        body = b"upgrade: x"
        await connection.send(HEAD + b"Content-Length: %d\r\n" % len(body))
        await asyncio.sleep(0.05)
        await connection.send(b"\r\n" + body, end=True)
        await connection.rest()
        assert [told for _, told in app.told] == [body]


@scenario
async def test_one_connection_too_many_is_told_when_to_come_again() -> None:
    async with serving(max_connections=1) as (_, connect):
        first = await connect()
        await first.send(WHOLE)
        await first.has(b"answer 0;")
        second = await connect()
        said = await second.rest()
        assert b" 429 " in said
        assert b"retry-after: 1\r\n" in said
