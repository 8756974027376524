"""A real Kafka for tests, and a bare client to look at it with: nothing here goes through what is tested."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streamlake.kafka.broker import Broker, Place, wait_until_ready
from streamlake.kafka.ports import is_free

Headers = list[tuple[str, str | bytes | None]]

# What a test waits for, and production does not: rebalances in seconds, retention at once.
QUICK = {
    "group.min.session.timeout.ms": "1000",
    "log.retention.check.interval.ms": "500",
    "log.initial.task.delay.ms": "500",
    "log.segment.delete.delay.ms": "100",
    "offsets.topic.segment.bytes": "1048576",
}
# The broker ends with the test run, however that ends.
_END_WITH_PARENT = (
    "import ctypes,os,signal,sys; ctypes.CDLL(None).prctl(1, signal.SIGTERM); os.execv(sys.argv[1], sys.argv[1:])"
)


def software_folder() -> Path:
    """Where jars and Java are kept between runs: named by content, so never stale."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return Path(cache) / "streamlake" / "kafka" if cache else Path(__file__).parents[2] / ".streamlake" / "kafka"


def free_port() -> int:
    """A port that is free, below those of outgoing connections. No seed has a say: runs beside would draw the same."""
    drawn = random.SystemRandom()
    return next(port for port in (drawn.randrange(21000, 32000) for _ in range(1000)) if is_free(port))


class BrokerUnderTest(Broker):
    """A broker that tests may stop, kill, pause and start again; its data stays."""

    def __init__(
        self, home: Path, *, durable: bool = False, extra: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        settings = {**QUICK, **(extra or {})}
        super().__init__(
            Place(home=home, port=port or free_port(), software=software_folder(), durable=durable, extra=settings)
        )

    def _argv(self) -> list[str]:
        return [sys.executable, "-c", _END_WITH_PARENT, *super()._argv()]

    def pause(self) -> None:
        """It stops answering and keeps its connections, as in a long stall."""
        freeze(self._running())

    def resume(self) -> None:
        """It goes on after `pause`."""
        os.kill(self._running(), signal.SIGCONT)

    def _running(self) -> int:
        assert self.pid is not None
        return self.pid

    def admin(self) -> AdminClient:
        """A bare admin client; keep it until its futures are done."""
        return AdminClient({"bootstrap.servers": self.bootstrap})

    def create_topic(self, name: str, partitions: int = 1, **config: str) -> str:
        """A topic as raw topics are; `config` with underscores for dots."""
        settings = {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete"}
        settings |= {key.replace("_", "."): value for key, value in config.items()}
        admin = self.admin()
        admin.create_topics([NewTopic(name, partitions, 1, config=settings)])[name].result(20)
        until(lambda: name in admin.list_topics(timeout=5).topics)
        return name

    def delete_topic(self, name: str) -> None:
        """Delete it, and wait until it is gone."""
        admin = self.admin()
        admin.delete_topics([name])[name].result(20)
        until(lambda: name not in admin.list_topics(timeout=5).topics)

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Move the log start forward, as retention does."""
        admin = self.admin()
        for future in admin.delete_records([TopicPartition(topic, partition, before)]).values():
            future.result(20)

    def producer(self, **config: str | int) -> Producer:
        """A bare producer; `config` with underscores for dots."""
        settings = {key.replace("_", "."): value for key, value in config.items()}
        return Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 1, **settings})

    def send(
        self,
        topic: str,
        values: Iterable[bytes | None],
        *,
        partition: int = 0,
        key: bytes | None = None,
        headers: Headers | None = None,
    ) -> list[int]:
        """Put these values into the log; the offsets that they got."""
        offsets: list[int] = []

        def delivered(error: object, message: Message) -> None:
            assert error is None, error
            offset = message.offset()
            assert offset is not None
            offsets.append(offset)

        producer = self.producer()
        for value in values:
            producer.produce(topic, value, key, partition, headers=headers or [], on_delivery=delivered)
            producer.poll(0)
        assert producer.flush(30) == 0
        return offsets

    def read(self, topic: str, *, seconds: float = 20) -> list[Message]:
        """Everything that is committed in a topic now, in offset order per partition."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "bare-reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        partitions = sorted(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        waiting, found = set(partitions), []
        deadline = time.monotonic() + seconds
        while waiting and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error() is None:
                found.append(message)
            else:
                waiting.discard(message.partition() or 0)
        consumer.close()
        assert not waiting, f"{topic} was not read to its end: {waiting}"
        return found

    def wait(self, seconds: float = 60) -> None:
        """Until it serves requests."""
        wait_until_ready(self.place.port, seconds=seconds)


def freeze(pid: int) -> None:
    """SIGSTOP, and wait: on a busy machine threads run on until one of them is there to take the signal."""
    os.kill(pid, signal.SIGSTOP)
    threads = Path(f"/proc/{pid}/task")
    until(lambda: all(stat.read_text().rpartition(") ")[2][0] in "TZX" for stat in threads.glob("*/stat")))


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
