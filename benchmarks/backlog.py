"""A real broker, and a topic that is filled once with records whose places and bytes are known."""

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.bag import Bag
from benchmarks.events import DATASET, FLAT_BYTES, Event, events
from streamlake.kafka import broker
from streamlake.kafka.names import HEADER, consumer_group, dlq_topic, raw_topic
from streamlake.kafka.ports import first_free

SOFTWARE = Path(__file__).parents[1] / ".streamlake" / "kafka"
_PASSING = {"NON_EMPTY_GROUP", "NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS"}
"""What a group that is just left, or a broker that has just started, says for a while."""
FAST_END = {"log.retention.check.interval.ms": "600000", "group.min.session.timeout.ms": "1000"}


class Checksum:
    """Of payloads in their order; each is followed by a byte that no accepted payload holds."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, payload: bytes) -> None:
        self._hash.update(payload)
        self._hash.update(b"\n")
        self.count += 1

    def __str__(self) -> str:
        return f"{self.count}:{self._hash.hexdigest()}"


@dataclass(slots=True)
class Sent:
    """What one partition holds: offsets [0, records), the bad ones with their values, the others' checksum."""

    records: int = 0
    bad: dict[int, bytes] = field(default_factory=dict)
    good: Checksum = field(default_factory=Checksum)


@dataclass(slots=True)
class Backlog:
    """A filled topic."""

    bootstrap: str
    dataset: str
    partitions: list[Sent]
    size: int = 0
    records: int = 0
    all: Bag = field(default_factory=Bag)
    good: Bag = field(default_factory=Bag)


@contextlib.contextmanager
def running_broker() -> Iterator[tuple[str, Path]]:
    """Its address, and a folder for what else a benchmark writes; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="streamlake-bench-") as folder:
        place = broker.Place(
            home=Path(folder), port=first_free(range(21000, 32000)), software=SOFTWARE, extra=dict(FAST_END)
        )
        kafka = broker.Broker(place)
        kafka.start()
        try:
            yield kafka.bootstrap, Path(folder)
        finally:
            kafka.stop()


def create_topics(bootstrap: str, dataset: str, partitions: int) -> None:
    """Both topics of a dataset, as `topics apply` makes them."""
    config = {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete", "max.message.bytes": "1310720"}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topics = [
        NewTopic(raw_topic(dataset), partitions, 1, config=config),
        NewTopic(dlq_topic(dataset), 1, 1, config=config),
    ]
    for future in admin.create_topics(topics).values():
        future.result(20)


def fill(
    bootstrap: str, kind: str, records: int, partitions: int, bad_share: float, event_bytes: int = FLAT_BYTES
) -> Backlog:
    """Send so many events round the partitions, each in the order of its offsets."""
    dataset = DATASET[kind]
    create_topics(bootstrap, dataset, partitions)
    backlog = Backlog(bootstrap, dataset, [Sent() for _ in range(partitions)])
    sender = Sender(backlog)
    for event in events(kind, records, bad_share, event_bytes=event_bytes):
        sender.send(event)
    sender.finish()
    return backlog


class Sender:
    """Sends events round a backlog's partitions, and notes where each went."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._topic = raw_topic(backlog.dataset)
        self._producer = Producer(
            {
                "bootstrap.servers": backlog.bootstrap,
                "acks": "all",
                "enable.idempotence": True,  # keeps the order, so that the n-th record of a partition has offset n
                "compression.type": "lz4",
                "linger.ms": 20,
                "queue.buffering.max.messages": 200_000,
            }
        )

    def send(self, event: Event) -> None:
        backlog = self._backlog
        number = backlog.records % len(backlog.partitions)
        sent = backlog.partitions[number]
        backlog.all.add(event.value)
        if event.ok:
            sent.good.add(event.value)
            backlog.good.add(event.value)
        else:
            sent.bad[sent.records] = event.value
        sent.records += 1
        backlog.records += 1
        backlog.size += len(event.value)
        headers: list[tuple[str, str | bytes | None]] = [(HEADER, event.header)]
        while True:
            try:
                self._producer.produce(self._topic, event.value, event.key, number, headers=headers)
            except BufferError:
                self._producer.poll(0.1)
            else:
                break
        if backlog.records % 1000 == 0:
            self._producer.poll(0)

    def finish(self) -> None:
        """Wait until the broker has all of them."""
        if self._producer.flush(120):
            raise RuntimeError("the broker did not take all records")
        _require_ends(self._backlog)


def forget(backlog: Backlog) -> None:
    """Let the next run begin where the first one did: no dead letters, no group offsets."""
    admin = AdminClient({"bootstrap.servers": backlog.bootstrap})
    for group in (consumer_group(backlog.dataset), "naive", "quix"):
        _delete_group(admin, group)
    name = dlq_topic(backlog.dataset)
    admin.delete_records([TopicPartition(name, 0, -1)])[TopicPartition(name, 0)].result(10)


def _delete_group(admin: AdminClient, group: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            admin.delete_consumer_groups([group])[group].result(10)
        except KafkaException as error:
            name = error.args[0].name()
            if name == "GROUP_ID_NOT_FOUND":
                return
            if name not in _PASSING or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _require_ends(backlog: Backlog) -> None:
    consumer = Consumer({"bootstrap.servers": backlog.bootstrap, "group.id": "ends"})
    try:
        for number, sent in enumerate(backlog.partitions):
            found = consumer.get_watermark_offsets(TopicPartition(raw_topic(backlog.dataset), number), timeout=10)
            if found != (0, sent.records):
                raise RuntimeError(f"partition {number} has {found}, {sent.records} records were sent")
    finally:
        consumer.close()
