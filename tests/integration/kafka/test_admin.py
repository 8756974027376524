"""What Kafka has, asked of a real one."""

import socket
import threading
import time
from uuid import UUID

import pytest
from confluent_kafka import Consumer

from streamlake.errors import Retryable
from streamlake.kafka.admin import Admin, Bounds
from streamlake.kafka.errors import OwnershipLost, TopicMissing
from tests.support.broker import BrokerUnderTest, free_port, until

pytestmark = pytest.mark.broker


def test_a_topics_id_is_known_and_another_after_it_was_made_again(broker: BrokerUnderTest, topic: str) -> None:
    admin = Admin(broker.bootstrap)
    first = admin.topic_id(topic)
    assert isinstance(first, UUID)
    assert admin.topic_id(topic) == first
    broker.delete_topic(topic)
    assert admin.topic_id(topic) is None
    broker.create_topic(topic)
    assert admin.topic_id(topic) not in (None, first)


def test_a_topic_that_is_not_there_is_told_apart_from_a_broker_that_is_not(broker: BrokerUnderTest) -> None:
    admin = Admin(broker.bootstrap)
    assert admin.topic_id("missing") is None
    assert admin.topic("missing") is None
    for ask in (
        lambda: admin.partitions("missing"),
        lambda: admin.bounds("missing", 0),
        lambda: admin.config("missing"),
    ):
        with pytest.raises(TopicMissing):
            ask()


@pytest.mark.parametrize("listening", [True, False])
def test_a_broker_that_does_not_answer_is_retryable_within_the_bound(listening: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1] if listening else free_port()
        admin = Admin(f"127.0.0.1:{port}", seconds=1)
        for ask in (
            admin.cluster_id,
            admin.topics,
            lambda: admin.topic_id("t"),
            lambda: admin.bounds("t", 0),
            lambda: admin.committed("g", "t"),
        ):
            began = time.monotonic()
            with pytest.raises(Retryable):
                ask()
            assert time.monotonic() - began < 5


def test_bounds_name_start_end_and_what_an_open_transaction_hides(broker: BrokerUnderTest, topic: str) -> None:
    admin = Admin(broker.bootstrap)
    assert admin.bounds(topic, 0) == Bounds(0, 0, 0)
    broker.send(topic, [b"x"] * 5)
    broker.delete_records(topic, 0, 2)
    assert admin.bounds(topic, 0) == Bounds(2, 5, 5)
    producer = broker.producer(transactional_id=topic)
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"y")
    producer.flush(10)
    assert admin.bounds(topic, 0) == Bounds(2, 6, 5)
    producer.abort_transaction(30)
    until(lambda: admin.bounds(topic, 0) == Bounds(2, 7, 7))


def test_a_partition_that_is_not_there_is_missing(broker: BrokerUnderTest, topic: str) -> None:
    with pytest.raises(TopicMissing):
        Admin(broker.bootstrap).bounds(topic, 7)


def test_the_first_offset_at_a_time(broker: BrokerUnderTest, topic: str) -> None:
    admin = Admin(broker.bootstrap)
    broker.send(topic, [b"x"])
    first = broker.read(topic)[0].timestamp()[1]
    assert admin.offset_for_time(topic, 0, first) == 0
    assert admin.offset_for_time(topic, 0, first + 3_600_000) is None


def test_settings_tell_those_set_on_the_topic(broker: BrokerUnderTest) -> None:
    name = broker.create_topic("test.settings", 2, retention_ms="3600000")
    found = Admin(broker.bootstrap).topic(name)
    assert found is not None
    assert found.partitions == 2
    assert found.config["retention.ms"] == "3600000"
    assert found.config["message.timestamp.type"] == "LogAppendTime"
    assert "retention.ms" in found.own
    assert "max.message.bytes" not in found.own


def test_offsets_are_set_for_a_group_without_members_and_for_no_other(broker: BrokerUnderTest, topic: str) -> None:
    admin = Admin(broker.bootstrap)
    group = f"group-{topic}"
    assert admin.committed(group, topic) == {}
    admin.commit(group, {(topic, 0): 3})
    assert admin.committed(group, topic) == {0: 3}
    assert admin.committed(group, "other") == {}
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": group, "enable.auto.commit": False})
    consumer.subscribe([topic])
    until(lambda: consumer.poll(0.05) is None and consumer.assignment() != [])
    with pytest.raises(OwnershipLost):
        admin.commit(group, {(topic, 0): 1})
    consumer.close()
    assert admin.committed(group, topic) == {0: 3}


def test_it_serves_many_threads_at_once(broker: BrokerUnderTest, topic: str) -> None:
    admin = Admin(broker.bootstrap)
    wrong: list[str] = []

    def ask() -> None:
        for _ in range(20):
            right = admin.topic_id(topic) is not None and admin.bounds(topic, 0) == Bounds(0, 0, 0)
            wrong.extend([] if right else ["wrong"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_finds_the_broker_again_after_a_kill(own_broker: BrokerUnderTest) -> None:
    admin = Admin(own_broker.bootstrap, seconds=2)
    cluster = admin.cluster_id()
    own_broker.kill()
    with pytest.raises(Retryable):
        admin.cluster_id()
    own_broker.start()
    assert admin.cluster_id() == cluster
