"""A connection may wait for its next request for so long, whatever it did before."""

import asyncio
import time

from tests.support.one_connection import WHOLE, scenario, serving


@scenario
async def test_who_sends_nothing_for_too_long_is_cut_off() -> None:
    async with serving(idle_seconds=1) as (_, connect):
        connection = await connect()
        await connection.send(WHOLE)
        await connection.has(b"answer 0;")
        began = time.monotonic()
        assert await connection.rest() == b""
        assert 0.9 < time.monotonic() - began < 3


@scenario
async def test_the_time_counts_from_the_last_answer() -> None:
    async with serving(idle_seconds=1) as (_, connect):
        connection = await connect()
        began = time.monotonic()
        for number in range(4):
            await connection.send(WHOLE)
            await connection.has(b"answer %d;" % number)
            await asyncio.sleep(0.5)
        assert await connection.rest() == b""
        assert 2.4 < time.monotonic() - began < 4


@scenario
async def test_who_waits_for_its_answer_is_not_idle() -> None:
    async with serving(idle_seconds=1) as (app, connect):
        connection = await connect()
        await connection.send(WHOLE)
        await connection.has(b"answer 0;")
        app.may.clear()
        await connection.send(WHOLE)
        await asyncio.sleep(1.5)
        app.may.set()
        await connection.has(b"answer 1;")
