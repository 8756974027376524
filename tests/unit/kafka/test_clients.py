"""The settings that keep data: librdkafka's defaults lose it."""

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from streamlake.kafka import clients

AT = "127.0.0.1:1"


def test_a_consumer_commits_nothing_by_itself_and_resets_nothing() -> None:
    for config in (clients.consumer(AT, "g"), clients.reader(AT)):
        assert config["enable.auto.commit"] is False
        assert config["enable.auto.offset.store"] is False
        assert config["auto.offset.reset"] == "error"
        assert config["check.crcs"] is True
        assert config["isolation.level"] == "read_committed"
    assert clients.consumer(AT, "g")["partition.assignment.strategy"] == "cooperative-sticky"


def test_a_producer_is_acknowledged_by_all_and_partitions_as_java_does() -> None:
    config = clients.producer(AT)
    assert config["acks"] == "all"
    assert config["enable.idempotence"] is True
    assert config["partitioner"] == "murmur2_random"
    assert config["delivery.timeout.ms"] == 10_000


@pytest.mark.parametrize("event", [1, 1000, 1 << 20, 5 << 20])
def test_sizes_are_a_ladder(event: int) -> None:
    sizes = [event, clients.raw_bytes(event), clients.dead_letter_bytes(event), clients.fetch_bytes(event)]
    assert sizes == sorted(set(sizes))
    assert clients.raw_bytes(event) > clients.BATCH_BYTES


def test_librdkafka_takes_every_setting() -> None:
    security: dict[str, clients.Value] = {"security.protocol": "ssl", "log_level": 0}
    Producer(clients.producer(AT, security=security))
    Producer(clients.dead_letter_producer(AT, security=security))
    Consumer(clients.consumer(AT, "g", session_timeout_seconds=1, instance="i", security=security)).close()
    Consumer(clients.reader(AT, prefetch_bytes=1, security=security)).close()
    AdminClient(clients.admin(AT, security=security))
    assert clients.consumer(AT, "g", security=security)["security.protocol"] == "ssl"
