"""Ranges are read to their end and no further, and out of range says on which side."""

import threading
import time

import pytest

from streamlake.errors import Retryable
from streamlake.kafka.admin import Admin
from streamlake.kafka.errors import AboveLogEnd, BelowLogStart, KafkaUnavailable, TopicMissing
from streamlake.kafka.reader import Reader
from tests.support.broker import BrokerUnderTest, free_port, until

pytestmark = pytest.mark.broker


def values(reader: Reader, topic: str, start: int, next: int) -> list[bytes | None]:
    return [message.value() for batch in reader.read_range(topic, 0, start, next) for message in batch]


def test_one_record_or_none_at_the_end(broker: BrokerUnderTest, topic: str) -> None:
    reader = Reader(broker.bootstrap)
    assert reader.fetch_one(topic, 0, 0) is None
    broker.send(topic, [b"0", b"1", None])
    for offset, value in enumerate([b"0", b"1", None]):
        message = reader.fetch_one(topic, 0, offset)
        assert message is not None
        assert (message.offset(), message.value()) == (offset, value)
    began = time.monotonic()
    assert reader.fetch_one(topic, 0, 3) is None
    assert time.monotonic() - began < 2
    reader.close()


def test_a_range_is_read_exactly(broker: BrokerUnderTest, topic: str) -> None:
    reader = Reader(broker.bootstrap)
    sent = [b"%d" % i for i in range(5000)]
    broker.send(topic, sent)
    assert values(reader, topic, 0, 5000) == sent
    assert values(reader, topic, 10, 11) == sent[10:11]
    assert values(reader, topic, 1234, 4321) == sent[1234:4321]
    assert values(reader, topic, 7, 7) == []
    limited = list(reader.read_range(topic, 0, 100, 5000, limit=3))
    assert [message.offset() for batch in limited for message in batch] == [100, 101, 102]


def test_below_the_start_and_above_the_end_are_told_apart(broker: BrokerUnderTest, topic: str) -> None:
    reader = Reader(broker.bootstrap)
    broker.send(topic, [b"x"] * 10)
    broker.delete_records(topic, 0, 4)
    with pytest.raises(BelowLogStart) as below:
        reader.fetch_one(topic, 0, 3)
    assert (below.value.offset, below.value.start, below.value.end) == (3, 4, 10)
    with pytest.raises(AboveLogEnd) as above:
        reader.fetch_one(topic, 0, 11)
    assert (above.value.offset, above.value.start, above.value.end) == (11, 4, 10)
    with pytest.raises(BelowLogStart):
        values(reader, topic, 0, 10)
    with pytest.raises(AboveLogEnd):
        values(reader, topic, 4, 12)
    assert reader.fetch_one(topic, 0, 10) is None
    assert len(values(reader, topic, 4, 10)) == 6


def test_aborted_records_and_markers_are_passed_over_and_an_open_transaction_is_waited_for(
    broker: BrokerUnderTest, topic: str
) -> None:
    reader = Reader(broker.bootstrap)
    producer = broker.producer(transactional_id=topic)
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"aborted")
    producer.flush(10)
    with pytest.raises(KafkaUnavailable, match="open transaction"):
        values(reader, topic, 0, 1)
    assert reader.fetch_one(topic, 0, 0) is None
    producer.abort_transaction(30)
    # The broker writes the marker after it has answered.
    until(lambda: Admin(broker.bootstrap).bounds(topic, 0).stable == 2)
    assert values(reader, topic, 0, 2) == []
    assert reader.fetch_one(topic, 0, 0) is None
    broker.send(topic, [b"kept"])
    found = reader.fetch_one(topic, 0, 0)
    assert found is not None
    assert (found.offset(), found.value()) == (2, b"kept")
    assert values(reader, topic, 0, 2) == []


def test_a_missing_topic_and_a_broker_that_is_gone(broker: BrokerUnderTest) -> None:
    with pytest.raises(TopicMissing):
        Reader(broker.bootstrap).fetch_one("missing", 0, 0)
    with pytest.raises(Retryable):
        Reader(f"127.0.0.1:{free_port()}", seconds=1).fetch_one("t", 0, 0)


def test_it_serves_many_threads_and_reads_that_interleave(broker: BrokerUnderTest, topic: str) -> None:
    reader = Reader(broker.bootstrap)
    sent = [b"%d" % i for i in range(2000)]
    broker.send(topic, sent)
    wrong: list[int] = []

    def read(begin: int) -> None:
        for start in range(begin, 2000, 400):
            right = values(reader, topic, start, start + 50) == sent[start : start + 50]
            wrong.extend([] if right else [start])

    threads = [threading.Thread(target=read, args=(begin,)) for begin in range(0, 200, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    one, two = reader.read_range(topic, 0, 0, 2000), reader.read_range(topic, 0, 1500, 2000)
    assert (next(one)[0].offset(), next(two)[0].offset()) == (0, 1500)
    one.close()  # type: ignore[attr-defined]  # a generator
    assert values(reader, topic, 1999, 2000) == [b"1999"]
    reader.close()
