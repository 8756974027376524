"""Read a range of a partition by assignment: in no group, read_committed, bounded in time."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streamlake.kafka import clients
from streamlake.kafka.admin import Admin
from streamlake.kafka.errors import AboveLogEnd, BelowLogStart, KafkaUnavailable, TopicMissing
from streamlake.kafka.faults import error_of, error_of_exception

SECONDS: Final = 20.0
_ASK_AFTER_SECONDS: Final = 1.0
_BATCH: Final = 1000
_OUT_OF_RANGE: Final = (
    KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001 - its public name
    KafkaError.OFFSET_OUT_OF_RANGE,
    KafkaError._LOG_TRUNCATION,  # noqa: SLF001 - its public name
)


class Reader:
    """Reads for as many threads as like: each call has a client of its own, kept for the next one.

    Every read raises BelowLogStart where retention removed `offset`, AboveLogEnd where the log ends before it,
    Retryable where Kafka does not answer within `seconds` (for each batch anew), TopicMissing and other Permanents.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        admin: Admin | None = None,
        seconds: float = SECONDS,
        prefetch_bytes: int = 8 << 20,
        security: Mapping[str, clients.Value] | None = None,
    ) -> None:
        self._config = clients.reader(bootstrap, prefetch_bytes=prefetch_bytes, security=security) | {"log_level": 2}
        self._admin = admin or Admin(bootstrap, seconds=min(10, seconds), security=security)
        self._seconds = seconds
        self._idle: list[Consumer] = []
        self._lock = threading.Lock()
        self._closed = False

    def fetch_one(self, topic: str, partition: int, offset: int) -> Message | None:
        """The first record at or after `offset` that a read_committed reader sees; None if there is none yet."""
        with self._reading(topic, partition, offset) as consumer:
            for messages in self._batches(consumer, topic, partition, offset, limit=1):
                return messages[0]
        return None

    def read_range(
        self, topic: str, partition: int, start: int, next: int, *, limit: int | None = None
    ) -> Iterator[list[Message]]:
        """All records in [start, next), in order, in batches; at most `limit` of them.

        Ends early only where nothing is left before `next`: AboveLogEnd if the log ends before it, Retryable if an
        open transaction hides what comes. Close the iterator if it is left before its end.
        """
        if start >= next:
            return
        with self._reading(topic, partition, start) as consumer:
            left = next - start if limit is None else limit
            reached = start
            for messages in self._batches(consumer, topic, partition, start, limit=min(left, _BATCH)):
                inside = [message for message in messages if (message.offset() or 0) < next][:left]
                if inside:
                    yield inside
                left -= len(inside)
                reached = (messages[-1].offset() or 0) + 1
                if len(inside) < len(messages) or reached >= next or left <= 0:
                    return
            self._require_end(topic, partition, next)

    def close(self) -> None:
        """Let go of all connections. A read that is under way ends first."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for consumer in idle:
            consumer.close()

    def _require_end(self, topic: str, partition: int, next: int) -> None:
        """The partition's end came before `next`: it may, where only markers and aborted records are left."""
        bounds = self._admin.bounds(topic, partition)
        if bounds.end < next:
            raise AboveLogEnd(topic, partition, next, bounds.start, bounds.end)
        if bounds.stable < next:
            raise KafkaUnavailable(f"{topic}/{partition}: an open transaction hides offsets from {bounds.stable} on.")

    @contextmanager
    def _reading(self, topic: str, partition: int, offset: int) -> Iterator[Consumer]:
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        consumer = idle or Consumer(self._config)
        try:
            consumer.assign([TopicPartition(topic, partition, offset)])
            yield consumer
            # Stops fetching, and throws away what was fetched ahead.
            consumer.unassign()
        except KafkaException as error:
            consumer.close()
            raise error_of_exception(error, f"reading {topic}/{partition} at {offset}", wrote=False) from error
        except BaseException:
            consumer.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(consumer)
                return
        consumer.close()

    def _batches(
        self, consumer: Consumer, topic: str, partition: int, offset: int, *, limit: int
    ) -> Iterator[list[Message]]:
        """Non-empty batches until the partition's end."""
        at = offset
        waiting = _Waiting(self._admin, topic, partition, self._seconds)
        ended = False
        while not ended:
            # consume waits until it has as many as it was asked for: for the first, then for none.
            polled = consumer.consume(1, 0.1)
            if polled and polled[0].error() is None and limit > 1:
                polled += consumer.consume(limit - 1, 0)
            good = []
            for message in polled:
                error = message.error()
                if error is None:
                    good.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    ended = True
                else:
                    self._raise_if_final(topic, partition, at, error)
            if good:
                at = (good[-1].offset() or 0) + 1
                yield good
                waiting.begin()
            elif not ended:
                waiting.look()

    def _raise_if_final(self, topic: str, partition: int, at: int, error: KafkaError) -> None:
        """Raise what will not pass by itself: the client goes on trying after the rest."""
        doing = f"reading {topic}/{partition} at {at}"
        if error.code() in _OUT_OF_RANGE:
            bounds = self._admin.bounds(topic, partition)
            if at < bounds.start:
                raise BelowLogStart(topic, partition, at, bounds.start, bounds.end)
            if at > bounds.end:
                raise AboveLogEnd(topic, partition, at, bounds.start, bounds.end)
            raise KafkaUnavailable(f"{doing}: {error.str()}, though it is there by now.")
        fault = error_of(error, doing, wrote=False)
        if not isinstance(fault, KafkaUnavailable):
            raise fault


class _Waiting:
    """How long nothing has come, and what to say of it."""

    def __init__(self, admin: Admin, topic: str, partition: int, seconds: float) -> None:
        self._admin, self._topic, self._partition, self._seconds = admin, topic, partition, seconds
        self.begin()

    def begin(self) -> None:
        """Something came."""
        self._began = time.monotonic()
        self._asked = False

    def look(self) -> None:
        """Nothing came: raise if it has been too long, or if there is nothing that could come."""
        quiet = time.monotonic() - self._began
        if quiet > min(_ASK_AFTER_SECONDS, self._seconds) and not self._asked:
            # The client says nothing for half a minute when a topic does not exist.
            self._asked = True
            if self._admin.partitions(self._topic) <= self._partition:
                raise TopicMissing(f"{self._topic}/{self._partition} does not exist.")
        if quiet > self._seconds:
            where = f"{self._topic}/{self._partition}"
            raise KafkaUnavailable(f"reading {where}: Kafka did not answer within {self._seconds:.0f} s.")
