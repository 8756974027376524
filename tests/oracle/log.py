"""Kafka through a bare client: read_committed, in no group that matters, from the first offset to the end."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.oracle.records import Header


@dataclass(frozen=True)
class Record:
    """A record as Kafka has it."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


def topic_id(bootstrap: str, topic: str) -> bytes | None:
    """The 16 bytes of the topic's id; None where there is no topic."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    try:
        found = admin.describe_topics(TopicCollection([topic]))[topic].result(20)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise
    return base64.urlsafe_b64decode(f"{found.topic_id}==")


def starts(bootstrap: str, topic: str) -> dict[int, int]:
    """The first offset that Kafka still has, by partition."""
    consumer = _consumer(bootstrap)
    try:
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20)[0] for p in partitions}
    finally:
        consumer.close()


def records(bootstrap: str, topic: str) -> Iterator[Record]:
    """Every committed record that is there now, in offset order within each partition."""
    consumer = _consumer(bootstrap)
    try:
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        for partition in sorted(partitions):
            yield from _partition(consumer, topic, partition)
    finally:
        consumer.close()


def _partition(consumer: Consumer, topic: str, partition: int) -> Iterator[Record]:
    consumer.assign([TopicPartition(topic, partition, 0)])
    silent = 0
    while silent < 30:
        message = consumer.poll(1.0)
        if message is None:
            silent += 1
            continue
        silent = 0
        error = message.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                consumer.unassign()
                return
            raise KafkaException(error)
        # The client's types say text or a mapping in places where bytes and a list of pairs come.
        headers = cast("list[Header]", message.headers() or [])
        key = message.key()
        at = cast("int", message.offset())
        yield Record(partition, at, message.timestamp()[1], key, message.value(), tuple(headers))
    raise TimeoutError(f"{topic}/{partition} was not read to its end")


def _consumer(bootstrap: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "oracle",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "check.crcs": True,
            # Else the end of a partition is told half a second late.
            "fetch.wait.max.ms": 20,
            "log_level": 2,
        }
    )
