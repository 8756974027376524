"""I7 on a real broker, and: a dead letter counts as sent only when the broker has acknowledged it."""

import contextlib
import os
import threading
import time
from uuid import UUID

import pytest
from msgspec.structs import replace

from streamlake.errors import Permanent, Retryable, Unknown
from streamlake.kafka import clients
from streamlake.kafka.dead_letter import DeadLetter, decode
from streamlake.kafka.dead_letter_writer import DeadLetterWriter, TooLarge
from streamlake.kafka.names import dlq_topic
from tests.support.broker import BrokerUnderTest, until

pytestmark = pytest.mark.broker
LETTER = DeadLetter(
    key=None,
    value=b"\xff\x00{",
    headers=(("a", None), ("a", b""), ("a", b"\xff"), ("é", b"x"), ("", b"y")),
    reason="not_json",
    detail="no",
    at="2026-11-21T07:00:00Z",
    topic="streamlake.orders.raw",
    topic_id=UUID(int=1 << 100),
    partition=0,
    offset=0,
)


def writer(broker: BrokerUnderTest, seconds: float = 12) -> DeadLetterWriter:
    return DeadLetterWriter(clients.dead_letter_producer(broker.bootstrap), seconds=seconds)


def stored(broker: BrokerUnderTest, topic: str) -> list[DeadLetter]:
    return [decode(message.value(), message.headers()) for message in broker.read(topic)]


def test_bytes_arrive_as_they_were_and_in_order(broker: BrokerUnderTest, dataset: str) -> None:
    topic = dlq_topic(dataset)
    sent = [
        replace(LETTER, offset=offset, key=key, value=value)
        for offset, (key, value) in enumerate([(None, None), (b"", b""), (b"\xff", b"x" * 100_000), (b"k", None)])
    ]
    writer(broker).send(topic, sent)
    assert stored(broker, topic) == sent
    assert [message.key() for message in broker.read(topic)] == [letter.id.encode() for letter in sent]


def test_those_that_do_not_fit_are_named_and_the_others_are_there(broker: BrokerUnderTest, dataset: str) -> None:
    topic = dlq_topic(dataset)
    small = [replace(LETTER, offset=offset) for offset in range(50)]
    big = replace(LETTER, offset=50, value=os.urandom(3 << 20))
    packs_well = replace(LETTER, offset=51, value=b" " * (20 << 20))
    with pytest.raises(TooLarge) as refused:
        writer(broker).send(topic, [*small[:25], big, packs_well, *small[25:]])
    assert refused.value.letters == (big,)
    assert {letter.offset for letter in stored(broker, topic)} == {*range(50), 51}


@pytest.mark.parametrize("extra", [-1, 0])
def test_the_largest_event_that_kafka_took_fits(broker: BrokerUnderTest, dataset: str, extra: int) -> None:
    name = broker.create_topic(f"test.{dataset}.large", max_message_bytes=str(clients.dead_letter_bytes()))
    value = os.urandom(clients.raw_bytes() - 200 + extra)
    letter = replace(LETTER, value=value, detail="\x00" * 5000, field="f" * 5000)
    writer(broker).send(name, [letter, replace(letter, offset=1)])
    assert [message.value() for message in broker.read(name)] == [value, value]


def test_a_topic_that_is_missing_is_permanent(broker: BrokerUnderTest) -> None:
    with pytest.raises(Permanent, match="SL-0205"):
        writer(broker).send("streamlake.missing.dlq", [LETTER])


def test_many_threads_share_it(broker: BrokerUnderTest, dataset: str) -> None:
    topic, shared = dlq_topic(dataset), writer(broker)
    threads = [
        threading.Thread(target=shared.send, args=(topic, [replace(LETTER, partition=p, offset=o) for o in range(200)]))
        for p in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [letter.id for letter in stored(broker, topic)]
    assert len(found) == len(set(found)) == 1200
    shared.close()


def test_nothing_is_taken_for_sent_while_the_broker_is_silent_and_it_recovers(own_broker: BrokerUnderTest) -> None:
    topic = own_broker.create_topic("dlq")
    ours = writer(own_broker, seconds=1.5)
    again(ours, topic, LETTER)  # the first one that a fresh broker takes may need longer than that
    own_broker.pause()
    began = time.monotonic()
    with pytest.raises((Unknown, Retryable)):
        ours.send(topic, [replace(LETTER, offset=1)])
    assert time.monotonic() - began < 4
    own_broker.resume()
    own_broker.stop()
    with pytest.raises((Unknown, Retryable)):
        ours.send(topic, [replace(LETTER, offset=1)])
    own_broker.start()
    again(ours, topic, replace(LETTER, offset=1))
    assert {letter.offset for letter in stored(own_broker, topic)} == {0, 1}


def again(ours: DeadLetterWriter, topic: str, letter: DeadLetter) -> None:
    def sent() -> bool:
        with contextlib.suppress(Unknown, Retryable):
            ours.send(topic, [letter])
            return True
        return False

    until(sent, 30)


def test_it_works_in_a_child_after_a_fork(broker: BrokerUnderTest, dataset: str) -> None:
    topic, ours = dlq_topic(dataset), writer(broker)
    ours.send(topic, [LETTER])
    child = os.fork()
    if child == 0:
        try:
            ours.send(topic, [replace(LETTER, offset=1)])
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(stored(broker, topic)) == 2
