"""The producer: a new one after a fatal error, none across a fork, and every delivery told."""

import asyncio
import os
import time

import pytest
from confluent_kafka import KafkaError

from streamlake.errors import StreamlakeError
from streamlake.ingest.log import Delivered, Log, Record
from streamlake.kafka import clients
from streamlake.kafka.errors import OutcomeUnknown, RecordTooLarge
from tests.support.broker import BrokerUnderTest, free_port

pytestmark = pytest.mark.broker


def record(topic: str, number: int, size: int = 0) -> Record:
    return Record(topic, b"%d" % number + b"x" * size, b"k", [("h", b"v")])


def test_a_broken_producer_is_replaced_and_its_last_deliveries_are_told(broker: BrokerUnderTest, topic: str) -> None:
    async def scenario() -> None:
        log = Log(clients.producer(broker.bootstrap))
        await log.start()
        assert log.reachable
        first = asyncio.create_task(log.send([record(topic, n) for n in range(100)]))
        await asyncio.sleep(0)  # queued
        broken = log._producers.current
        log._on_fatal(KafkaError(KafkaError._FATAL, "planted", True))
        second = await log.send([record(topic, n) for n in range(100, 200)])
        assert log._producers.current is not broken
        outcomes = await first + second
        assert all(isinstance(outcome, Delivered) for outcome in outcomes)
        await log.close(5)

    asyncio.run(scenario())
    assert len(broker.read(topic)) == 200


def test_one_that_is_too_large_does_not_stop_the_others(broker: BrokerUnderTest, topic: str) -> None:
    async def scenario() -> list[Delivered | StreamlakeError]:
        log = Log(clients.producer(broker.bootstrap))
        await log.start()
        found = await log.send([record(topic, 0), record(topic, 1, 2 << 20), record(topic, 2)])
        await log.close(5)
        return found

    first, second, third = asyncio.run(scenario())
    assert isinstance(second, RecordTooLarge)
    assert [first, third] == [Delivered(0, 0), Delivered(0, 1)]


def test_a_full_queue_is_said_for_every_event_behind_it(broker: BrokerUnderTest, topic: str) -> None:
    async def scenario() -> list[Delivered | StreamlakeError]:
        log = Log(clients.producer(broker.bootstrap) | {"queue.buffering.max.messages": 5, "linger.ms": 500})
        await log.start()
        found = await log.send([record(topic, n) for n in range(8)])
        await log.close(5)
        return found

    outcomes = asyncio.run(scenario())
    assert [isinstance(outcome, Delivered) for outcome in outcomes] == [True] * 5 + [False] * 3
    assert len(broker.read(topic)) == 5


def test_what_kafka_never_takes_is_given_up_in_time_and_said(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> list[Delivered | StreamlakeError]:
        log = Log(clients.producer(f"127.0.0.1:{free_port()}"), 0.2)
        await log.start()
        assert not log.reachable
        found = await log.send([record("nobody", n) for n in range(3)])
        before = time.monotonic()
        await log.close(0.5)
        assert 0.4 < time.monotonic() - before < 3
        return found

    assert [type(outcome) for outcome in asyncio.run(scenario())] == [OutcomeUnknown] * 3
    assert [r.events for r in caplog.records if "gave up" in r.message] == [3]  # type: ignore[attr-defined]


def test_a_producer_from_before_the_fork_is_refused(broker: BrokerUnderTest, topic: str) -> None:
    async def scenario() -> None:
        log = Log(clients.producer(broker.bootstrap))
        await log.start()
        log._pid = os.getppid()
        with pytest.raises(RuntimeError, match="fork"):
            await log.send([record(topic, 1)])
        await log.close(1)

    asyncio.run(scenario())
