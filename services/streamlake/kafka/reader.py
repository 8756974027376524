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
from streamlake.kafka.header_names import make_readable

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
            for messages in self._batches(consumer, _Waiting(self._admin, topic, partition, offset, self._seconds), 1):
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
            waiting = _Waiting(self._admin, topic, partition, start, self._seconds)
            left = next - start if limit is None else limit
            for messages in self._batches(consumer, waiting, min(left, _BATCH)):
                inside = [message for message in messages if (message.offset() or 0) < next][:left]
                if inside:
                    yield inside
                left -= len(inside)
                if len(inside) < len(messages) or waiting.at >= next or left <= 0:
                    return
            if waiting.at < next:
                self._raise_ended_early(topic, partition, waiting.at, next)

    def close(self) -> None:
        """Let go of all connections. A read that is under way ends first."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for consumer in idle:
            consumer.close()

    def _raise_ended_early(self, topic: str, partition: int, at: int, next: int) -> None:
        bounds = self._admin.bounds(topic, partition)
        if bounds.end < next:
            raise AboveLogEnd(topic, partition, next, bounds.start, bounds.end)
        raise KafkaUnavailable(f"{topic}/{partition}: what follows {at} was hidden by an open transaction.")

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

    def _batches(self, consumer: Consumer, waiting: "_Waiting", limit: int) -> Iterator[list[Message]]:
        """Non-empty batches until the partition's end."""
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
                    # Markers and aborted records at the end are passed over in silence: this is where they end.
                    end = message.offset() or 0
                else:
                    waiting.raise_if_final(error)
            if good:
                make_readable(good)
                waiting.came((good[-1].offset() or 0) + 1)
                yield good
                waiting.came(waiting.at)
            if ended:
                waiting.came(max(waiting.at, end))
            elif not good:
                waiting.look()


class _Waiting:
    """Where a read stands, how long nothing has come, and what to say of it."""

    def __init__(self, admin: Admin, topic: str, partition: int, at: int, seconds: float) -> None:
        self._admin, self._topic, self._partition, self._seconds = admin, topic, partition, seconds
        self.came(at)

    def came(self, at: int) -> None:
        """Everything below `at` has come."""
        self.at = at
        self._began = time.monotonic()
        self._asked = self._refused = False

    @property
    def _doing(self) -> str:
        return f"reading {self._topic}/{self._partition} at {self.at}"

    def look(self) -> None:
        """Nothing came: raise if it has been too long, or if there is nothing that could come."""
        quiet = time.monotonic() - self._began
        if quiet > min(_ASK_AFTER_SECONDS, self._seconds) and not self._asked:
            # The client says nothing for half a minute when a topic does not exist.
            self._asked = True
            if self._admin.partitions(self._topic) <= self._partition:
                raise TopicMissing(f"{self._topic}/{self._partition} does not exist.")
        if quiet > self._seconds:
            raise KafkaUnavailable(f"{self._doing}: Kafka did not answer within {self._seconds:.0f} s.")

    def raise_if_final(self, error: KafkaError) -> None:
        """Raise what will not pass by itself: the client goes on trying after the rest."""
        if error.code() in _OUT_OF_RANGE:
            bounds = self._admin.bounds(self._topic, self._partition)
            if self.at < bounds.start:
                raise BelowLogStart(self._topic, self._partition, self.at, bounds.start, bounds.end)
            if self.at > bounds.end:
                raise AboveLogEnd(self._topic, self._partition, self.at, bounds.start, bounds.end)
            raise KafkaUnavailable(f"{self._doing}: {error.str()}, though it is there by now.")
        if error.name() == "_AUTHENTICATION" and not self._refused:
            self._refused = True  # an old login may have run out just now: the next one is on its way
            return
        fault = error_of(error, self._doing, wrote=False)
        if not isinstance(fault, KafkaUnavailable):
            raise fault
