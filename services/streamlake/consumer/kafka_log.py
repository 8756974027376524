"""The Kafka client as the loop sees it: records by partition, and the group's comings and goings as calls."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from streamlake.consumer.commit_manager import CommitManager
from streamlake.consumer.consumer import Consumer
from streamlake.consumer.effects import Message
from streamlake.consumer.faults import MemberReplaced
from streamlake.consumer.log_ends import LogEnds, Where
from streamlake.errors import Retryable, StreamlakeError
from streamlake.kafka.errors import Denied, OwnershipLost
from streamlake.kafka.faults import error_of, error_of_exception
from streamlake.kafka.header_names import make_readable
from streamlake.kafka.refusals import Refusals
from streamlake.logs import error_fields

log = logging.getLogger(__name__)
_BATCH: Final = 500
"""Measured: fewer cost more calls, more cost cache misses."""
_OUT_OF_RANGE: Final = {"_AUTO_OFFSET_RESET", "OFFSET_OUT_OF_RANGE", "_LOG_TRUNCATION"}
_RECENT_SECONDS: Final = 5.0
_SAY_SECONDS: Final = 60.0
# Mapped over a batch these cost a third of a call in a loop.
_error: Final[Any] = Record.error
_topic: Final[Any] = Record.topic
_partition: Final[Any] = Record.partition


class KafkaLog:
    """See the module, and `consumer.Log`. All calls from the loop's thread; callbacks run inside `poll`."""

    def __init__(self, config: dict[str, Any], topics: Sequence[str], commits: CommitManager) -> None:
        self._topics = list(topics)
        self._commits = commits
        self._refusals = Refusals(self._client_failed)
        self._said: dict[str, float] = {}
        config = config | {"error_cb": self._refusals}
        # Its own log lines come twenty a second while a broker is away; what matters is told as errors and waits.
        self._client = Client(config | {"log_level": 2}, logger=logging.getLogger("streamlake.kafka.client"))
        self._unreadable: set[Where] = set()
        self._halted: set[Where] = set()
        self._paused: set[Where] = set()
        self._error: BaseException | None = None
        self._consumer: Consumer | None = None
        self._drain_seconds = 10.0
        self._joined: bool | None = None
        self.ends = LogEnds(self._client)
        self.unreachable = ""

    def attach(self, consumer: Consumer, drain_seconds: float) -> None:
        """Join the group; from now on its assignments are told to `consumer`."""
        self._consumer, self._drain_seconds = consumer, drain_seconds
        self._client.subscribe(
            self._topics,
            on_assign=self._guarded(self._assigned),
            on_revoke=self._guarded(self._revoked),
            on_lost=self._guarded(self._lost),
        )

    def poll(self) -> Iterable[tuple[Where, Sequence[Message]]]:
        """See Log. Waits a tenth of a second at most."""
        polled: list[Any] = self._client.consume(_BATCH, 0.1)  # the client types what may be None for errors alone
        if any(map(_error, polled)):
            for message in polled:
                error = message.error()
                if error is not None:
                    self._note(message, error)
            polled = [message for message in polled if message.error() is None]
        by_partition = _by_partition(polled)
        if self._error is not None:
            raise self._error
        for messages in by_partition.values():
            make_readable(messages)
        return by_partition.items()

    def out_of_range(self) -> Iterable[Where]:
        """See Log."""
        found, self._unreadable = self._unreadable, set()
        return found

    def seek(self, where: Where, offset: int) -> None:
        """See Log. The client refuses while an assignment is still on its way to its own thread: ask again.

        It refuses for good once the topic was deleted and created again under it, or once it found its position out
        of range: then the partition is assigned anew.
        """
        self.ends.moved(where)
        if where in self._halted:
            self._assign_anew(where, offset)
            return
        deadline = time.monotonic() + 1
        while True:
            try:
                self._client.seek(TopicPartition(*where, offset))
            except KafkaException:
                if time.monotonic() > deadline:
                    self._assign_anew(where, offset)
                    return
                time.sleep(0.01)
            else:
                return

    def pause(self, where: Sequence[Where]) -> None:
        """See Log."""
        self._paused.update(where)
        self._client.pause([TopicPartition(*w) for w in where])

    def resume(self, where: Sequence[Where]) -> None:
        """See Log."""
        self._paused.difference_update(where)
        self.ends.fetched(where)
        self._client.resume([TopicPartition(*w) for w in where])

    def _assign_anew(self, where: Where, offset: int) -> None:
        self._halted.discard(where)
        there = TopicPartition(*where, offset)
        try:
            self._client.incremental_unassign([there])
            self._client.incremental_assign([there])
            if where in self._paused:
                self._client.pause([there])
        except KafkaException as error:
            raise error_of_exception(error, f"seeking {where[0]}/{where[1]}", wrote=False) from error

    def commit(self, *, wait: bool = False) -> None:
        """Commit what is durable. It is a hint, so a failure is logged and the next one brings it.

        Who waits has the last word, and repeats what was sent before: its answer may never have come.
        """
        due = self._commits.durable() if wait else self._commits.due()
        if not due:
            return
        offsets = [TopicPartition(*where, next_offset) for where, next_offset in due.items()]
        try:
            if wait:
                self._client.commit(offsets=offsets, asynchronous=False)
            else:
                self._client.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.warning("offsets were not committed: %s", error)
            return
        self._commits.done(due)

    @property
    def stands_by(self) -> bool:
        """A member that was given nothing, for others hold all there is: it takes over when one of them goes."""
        return bool(self._joined) and self._consumer is not None and not self._consumer.partitions

    @property
    def outside(self) -> bool:
        """It was a member, the group took it for dead, and it has not been let in again."""
        return self._joined is False

    def trouble(self) -> str:
        """Ask Kafka whether it is there, for a second at most: "" if it is. The client itself waits in silence."""
        began = time.monotonic()
        try:
            found = self._client.list_topics(self._topics[0], timeout=1.0).topics.get(self._topics[0])
        except KafkaException as error:
            refused = self._refusals.since(began - _RECENT_SECONDS, "asking Kafka")
            return str(refused or error_of_exception(error, "asking Kafka", wrote=False))
        denied = found.error if found is not None else None
        return str(error_of(denied, "asking Kafka", wrote=False)) if denied is not None else ""

    def close(self) -> None:
        """Leave the group."""
        self._client.close()

    def _client_failed(self, error: KafkaError) -> None:
        """What concerns no partition: after a while without any broker we own none, and must say why."""
        refused = self._refusals.since(time.monotonic() - _RECENT_SECONDS, "consuming")
        if refused is not None:
            self.unreachable = str(refused)
            self._say(refused, {})
        elif error.name() == "_ALL_BROKERS_DOWN":
            away = error_of(error, "consuming", wrote=False)
            self.unreachable = str(away)
            # Also to an idle one: no effect of its own would run into it.
            self._say(away, {})

    def _note(self, message: Any, error: KafkaError) -> None:
        where = message.topic(), message.partition()
        if error.name() == "_PARTITION_EOF":
            self.ends.reach(where, message.offset())
        elif error.name() in _OUT_OF_RANGE:
            self._unreadable.add(where)
            self._halted.add(where)
        elif error.name() == "FENCED_INSTANCE_ID" or (
            error.name() == "_FATAL" and "Static consumer fenced" in error.str()
        ):
            raise MemberReplaced(
                "Another process of this name has taken this one's place in the group, or Kafka took it for another.",
                next_step="Start it again; a second process needs a name of its own: `streamlake consume DATASET.2`.",
            )
        elif error.fatal() or error.name() == "_FATAL":
            raise error_of(error, "consuming", wrote=False)
        else:
            fault = error_of(error, "consuming", wrote=False)
            if isinstance(fault, Denied):
                self.unreachable = str(fault)
            self._say(fault, {"topic": where[0], "partition": where[1]})

    def _say(self, fault: StreamlakeError, fields: dict[str, Any]) -> None:
        """Once a minute for each reason: the client tries several times a second."""
        now = time.monotonic()
        if now - self._said.get(f"{fault.code}{fields}", -_SAY_SECONDS) >= _SAY_SECONDS:
            self._said[f"{fault.code}{fields}"] = now
            level = logging.WARNING if isinstance(fault, Retryable) else logging.ERROR
            log.log(level, "Kafka: %s", fault, extra=fields | error_fields(fault))

    def _guarded(
        self, callback: Callable[[list[TopicPartition]], None]
    ) -> Callable[[Client, list[TopicPartition]], None]:
        """Exceptions in callbacks surface in odd places: keep the first and raise it from `poll`."""

        def call(_client: Client, partitions: list[TopicPartition]) -> None:
            try:
                callback(partitions)
            except BaseException as error:  # noqa: BLE001 -- raised again from poll
                self._error = self._error or error

        return call

    def _assigned(self, partitions: list[TopicPartition]) -> None:
        # From 0 and paused at once: the true position is set when the opening has found it, and what an earlier
        # fetch may bring lies below it and is dropped.
        added = [TopicPartition(p.topic, p.partition, 0) for p in partitions]
        self._client.incremental_assign(added)
        if added:
            self._client.pause(added)
            self._paused.update((p.topic, p.partition) for p in added)
        where = [(p.topic, p.partition) for p in partitions]
        log.info("assigned %s", where)
        self._joined = True
        self.unreachable = ""
        for w in where:
            self._commits.assigned(w)
        if self._consumer is not None:
            self._consumer.assigned(where)

    def _revoked(self, partitions: list[TopicPartition]) -> None:
        where = [(p.topic, p.partition) for p in partitions]
        log.info("revoked %s", where)
        if self._consumer is not None:
            self._consumer.revoked(where, time.monotonic(), patience(self._drain_seconds))
        self.commit(wait=True)
        self._let_go(where)
        self._client.incremental_unassign(partitions)

    def _lost(self, partitions: list[TopicPartition]) -> None:
        where = [(p.topic, p.partition) for p in partitions]
        log.warning("lost %s", where)
        self._joined = False
        self.unreachable = str(OwnershipLost("The group took this process for dead; it joins again."))
        if self._consumer is not None:
            self._consumer.lost(where)
        self._let_go(where)
        self._client.incremental_unassign(partitions)

    def _let_go(self, where: list[Where]) -> None:
        for w in where:
            self._commits.revoked(w)
            self._paused.discard(w)
            self._halted.discard(w)
            self.ends.forget(w)


def _by_partition(polled: list[Any]) -> dict[Where, list[Any]]:
    """In their order. Most often all are of one partition, and to look each one up would cost as much as to get it."""
    topics, numbers = list(map(_topic, polled)), list(map(_partition, polled))
    if not polled or numbers.count(numbers[0]) == topics.count(topics[0]) == len(polled):
        return {(topics[0], numbers[0]): polled} if polled else {}
    found: dict[Where, list[Any]] = {}
    for at, message in zip(zip(topics, numbers, strict=True), polled, strict=True):
        found.setdefault(at, []).append(message)
    return found


def patience(seconds: float) -> Callable[[], bool]:
    """True, after a short wait, for so many seconds."""
    deadline = time.monotonic() + seconds

    def keep_on() -> bool:
        time.sleep(0.01)
        return time.monotonic() < deadline

    return keep_on
