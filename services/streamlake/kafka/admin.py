"""What Kafka has: topics, their ids, the bounds of their logs, committed offsets. Every call is bounded in time."""

import base64
import concurrent.futures
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec  # type: ignore[attr-defined]  # half typed

from streamlake.kafka import clients
from streamlake.kafka.errors import KafkaUnavailable, OutcomeUnknown, TopicMissing
from streamlake.kafka.faults import error_of, error_of_exception
from streamlake.kafka.group_offsets import GroupOffsets
from streamlake.kafka.refusals import Refusals

T = TypeVar("T")
SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.2
_LAST_MS: Final = 1 << 62
_inherited: Final[list[AdminClient]] = []
_EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the package types it half
_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the same


@dataclass(frozen=True, slots=True)
class Bounds:
    """The offsets of a partition. `start` is the first that Kafka still has, `end` the next that will be written
    (the high watermark), `stable` the next that a read_committed reader may see: it is `end` unless a transaction
    is open.
    """

    start: int
    end: int
    stable: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as Kafka has it. `config` holds all settings in force, `own` the names of those set on it."""

    name: str
    id: UUID
    partitions: int
    config: Mapping[str, str]
    own: frozenset[str]


class Admin:
    """A connection for questions, for as many threads as like. Makes its client when it is first used.

    Raises the errors of `kafka.errors`: Retryable where Kafka could not be asked, Permanent where asking again will
    not help. Nothing here creates or deletes; changes of topics are `topic_changes`.
    """

    def __init__(
        self, bootstrap: str, *, seconds: float = SECONDS, security: Mapping[str, clients.Value] | None = None
    ) -> None:
        self._refusals = Refusals()
        self._config: dict[str, Any] = {
            **clients.admin(bootstrap, security=security),
            "log_level": 2,
            "error_cb": self._refusals,
        }
        self._seconds = seconds
        self._group_offsets = GroupOffsets(bootstrap, seconds=seconds, security=security)
        self._made: AdminClient | None = None
        self._made_at = 0.0
        self._before: AdminClient | None = None
        self._pid = 0
        self._making = threading.Lock()

    @property
    def client(self) -> AdminClient:
        """The client underneath. A reference must be kept until its futures are done."""
        with self._making:
            if self._made is not None and self._pid != os.getpid():
                # One from before a fork never answers, and ending it would wait for threads that are not here.
                _inherited.append(self._made)
                self._made = None
            if self._made is None:
                self._made, self._pid, self._made_at = AdminClient(self._config), os.getpid(), time.monotonic()
            return self._made

    def _renew(self) -> None:
        """After a time-out, begin with a new client: one whose group coordinator came back may never find it again.

        The one before is kept until the next renewal, when whatever was asked of it has ended.
        """
        with self._making:
            if time.monotonic() - self._made_at > self._seconds:
                self._before, self._made = self._made, None

    def cluster_id(self) -> str:
        """The id of the cluster, made when its log was formatted."""
        found = self.wait(self.client.describe_cluster(request_timeout=self._seconds), "reading the cluster's id")
        return str(found.cluster_id)

    def topics(self) -> list[str]:
        """The names of all topics, Kafka's own not among them."""
        began = time.monotonic()
        try:
            found = self.client.list_topics(timeout=self._seconds).topics
        except KafkaException as error:
            self._raise_if_refused(began, "listing topics")
            raise error_of_exception(error, "listing topics", wrote=False) from error
        return sorted(name for name in found if not name.startswith("__"))

    def topic_id(self, topic: str) -> UUID | None:
        """The id of the topic that has this name now; None where there is none."""
        description = self._describe(topic)
        return None if description is None else _uuid(description.topic_id)

    def partitions(self, topic: str) -> int:
        """How many partitions it has. Raises TopicMissing."""
        description = self._describe(topic)
        if description is None:
            raise _missing(topic)
        return len(description.partitions)

    def topic(self, topic: str) -> Topic | None:
        """All that plans need to know of it; None where there is none."""
        description = self._describe(topic)
        if description is None:
            return None
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        future = self.client.describe_configs([resource], request_timeout=self._seconds)[resource]
        try:
            entries = self.wait(future, f"reading the settings of {topic}")
        except TopicMissing:
            return None
        own = frozenset(name for name, entry in entries.items() if not entry.is_default)
        config = {name: entry.value for name, entry in entries.items() if entry.value is not None}
        return Topic(topic, _uuid(description.topic_id), len(description.partitions), config, own)

    def config(self, topic: str) -> Mapping[str, str]:
        """The settings in force. Raises TopicMissing."""
        found = self.topic(topic)
        if found is None:
            raise _missing(topic)
        return found.config

    def bounds(self, topic: str, partition: int) -> Bounds:
        """What Kafka holds of one partition now. Raises TopicMissing."""
        return self.all_bounds(topic, [partition])[partition]

    def all_bounds(self, topic: str, partitions: Sequence[int]) -> dict[int, Bounds]:
        """The same for several partitions, in three requests however many they are."""
        asked = [
            self._ask(topic, partitions, _EARLIEST, IsolationLevel.READ_UNCOMMITTED),
            self._ask(topic, partitions, _LATEST, IsolationLevel.READ_UNCOMMITTED),
            self._ask(topic, partitions, _LATEST, IsolationLevel.READ_COMMITTED),
        ]
        try:
            start, end, stable = (self._offsets(topic, futures) for futures in asked)
        except KafkaUnavailable:
            # "No leader" is also what is said of a topic or a partition that does not exist.
            if self.partitions(topic) <= max(partitions, default=0):
                raise _missing(f"{topic}/{max(partitions)}") from None
            raise
        # Three answers of three moments: held to what one moment may show.
        return {p: Bounds(min(start[p], end[p]), end[p], min(stable[p], end[p])) for p in partitions}

    def offset_for_time(self, topic: str, partition: int, timestamp_ms: int) -> int | None:
        """The first offset whose timestamp is at or after this one; None if all are older."""
        # Below zero librdkafka has special values, as for "latest"; no record is older than that.
        spec = OffsetSpec.for_timestamp(min(max(timestamp_ms, 0), _LAST_MS))
        offset = self._offsets(topic, self._ask(topic, [partition], spec, IsolationLevel.READ_UNCOMMITTED))[partition]
        return None if offset < 0 else offset

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """What the group has committed, by partition; partitions without a commit are left out."""
        try:
            return self._group_offsets.read(group, topic, range(self.partitions(topic)))
        except TopicMissing:
            return {}

    def holders(self, group: str) -> dict[tuple[str, int], str]:
        """Who holds each partition: the member's static name, or else the address that it came from.

        What nobody holds is left out. A member that has died holds its partitions until its session has run out.
        """
        future = self.client.describe_consumer_groups([group], request_timeout=self._seconds)[group]
        return {
            (place.topic, place.partition): str(member.group_instance_id or member.host.removeprefix("/"))
            for member in self.wait(future, f"reading the members of {group}").members
            for place in member.assignment.topic_partitions
        }

    def commit(self, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Set the offsets of a group that has no member. OwnershipLost if it has one: nothing was set then."""
        places = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
        request = [ConsumerGroupTopicPartitions(group, places)]
        future = self.client.alter_consumer_group_offsets(request, request_timeout=self._seconds)[group]
        done = self.wait(future, f"setting the offsets of {group}", wrote=True).topic_partitions
        for place in done:
            # An active group raises nothing: each partition says so for itself.
            if place.error is not None:
                raise error_of(place.error, f"setting the offset of {group} in {place.topic}/{place.partition}")

    def wait(self, future: "concurrent.futures.Future[T]", doing: str, *, wrote: bool = False) -> T:
        """The answer of one of the client's futures, or our own error."""
        began = time.monotonic()
        try:
            return self._result(future, began, doing)
        except KafkaException as error:
            self._raise_if_refused(began, doing)
            if error.args[0].code() == KafkaError._TIMED_OUT:  # noqa: SLF001 - its public name
                self._renew()
            raise error_of_exception(error, doing, wrote=wrote) from error
        except concurrent.futures.TimeoutError as error:
            self._renew()
            kind = OutcomeUnknown if wrote else KafkaUnavailable
            raise kind(f"{doing}: Kafka did not answer within {self._seconds:.0f} s.") from error

    def _result(self, future: "concurrent.futures.Future[T]", began: float, doing: str) -> T:
        """Wait, and leave early where Kafka turns us away: the client would go on until its time is over."""
        while True:
            left = began + self._seconds + 2 - time.monotonic()
            try:
                return future.result(max(0, min(left, _LOOK_SECONDS)))
            except concurrent.futures.TimeoutError:
                if left <= 0:
                    raise
                self._raise_if_refused(began, doing)

    def _raise_if_refused(self, began: float, doing: str) -> None:
        self.client.poll(0)
        denied = self._refusals.since(began, doing)
        if denied is not None:
            raise denied

    def _describe(self, topic: str) -> Any:
        future = self.client.describe_topics(TopicCollection([topic]), request_timeout=self._seconds)[topic]
        try:
            return self.wait(future, f"reading {topic}")
        except TopicMissing:
            return None

    def _ask(
        self, topic: str, partitions: Sequence[int], spec: OffsetSpec, isolation: IsolationLevel
    ) -> Mapping[TopicPartition, "concurrent.futures.Future[Any]"]:
        asked = {TopicPartition(topic, partition): spec for partition in partitions}
        answers: Mapping[TopicPartition, concurrent.futures.Future[Any]] = self.client.list_offsets(
            asked, isolation_level=isolation, request_timeout=self._seconds
        )
        return answers

    def _offsets(
        self, topic: str, answers: Mapping[TopicPartition, "concurrent.futures.Future[Any]"]
    ) -> dict[int, int]:
        doing = f"reading the bounds of {topic}"
        return {place.partition: self.wait(future, doing).offset for place, future in answers.items()}


def _uuid(id: object) -> UUID:
    # Its text is base64 without padding; its parts are signed numbers.
    return UUID(bytes=base64.urlsafe_b64decode(f"{id}=="))


def _missing(name: str) -> TopicMissing:
    return TopicMissing(f"{name} does not exist.", next_step="`streamlake topics apply` creates it.")
