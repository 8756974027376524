"""The core's effects, performed on the real thing: one function an effect, and nothing decided here."""

import contextlib
import logging
from collections.abc import Sequence
from functools import singledispatchmethod
from typing import Any, Final, Protocol
from uuid import UUID

from streamlake.consumer import effects
from streamlake.consumer.commit_manager import CommitManager
from streamlake.consumer.effects import Above, Below, Content, Effect, Encoded, Letter, LogBounds, Message
from streamlake.consumer.faults import TopicMissing
from streamlake.kafka import errors as kafka_errors
from streamlake.kafka.admin import Admin
from streamlake.kafka.reader import Reader
from streamlake.storage.part_content import measure
from streamlake.storage.store import ObjectStore

log = logging.getLogger(__name__)
_FETCH: Final = 500
_FETCH_BYTES: Final = 16 << 20
"""Who asks gets what was read up to here and asks again, so that large records do not fill the memory."""


class DeadLetters(Protocol):
    """Sends a partition's letters and answers when each has its delivery report."""

    def __call__(self, source_topic: str, topic_id: UUID, partition: int, letters: Sequence[Letter]) -> None:
        """See the class."""
        ...


class RealWorld:
    """See the module; `runner.World` is what it is to the runner."""

    def __init__(
        self,
        store: ObjectStore,
        admin: Admin,
        reader: Reader,
        dead_letters: DeadLetters,
        commits: CommitManager,
        group: str,
    ) -> None:
        self._store = store
        self._admin = admin
        self._reader = reader
        self._dead_letters = dead_letters
        self._commits = commits
        self._group = group
        self.alarms = 0

    def perform(self, effect: Effect[Any]) -> Any:
        """See World. A topic that is missing may be on its way back: that is worth waiting for."""
        try:
            return self._perform(effect)
        except kafka_errors.TopicMissing as error:
            raise TopicMissing(error.message, next_step=error.next_step) from error

    @singledispatchmethod
    def _perform(self, effect: Effect[Any]) -> Any:
        raise NotImplementedError(type(effect).__name__)

    @_perform.register
    def _(self, effect: effects.ReadTopicId) -> UUID | None:
        return self._admin.topic_id(effect.topic)

    @_perform.register
    def _(self, effect: effects.ReadPartitions) -> int:
        return self._admin.partitions(effect.topic)

    @_perform.register
    def _(self, effect: effects.ReadBounds) -> LogBounds:
        bounds = self._admin.bounds(effect.topic, effect.partition)
        return LogBounds(bounds.start, bounds.end)

    @_perform.register
    def _(self, effect: effects.ReadCommitted) -> int | None:
        return self._admin.committed(self._group, effect.topic).get(effect.partition)

    @_perform.register
    def _(self, effect: effects.Fetch) -> Sequence[Message] | Below | Above:
        found = self._reader.read_range(effect.topic, effect.partition, effect.start, effect.next, limit=_FETCH)
        messages: list[Any] = []  # the client types what may be None for its error messages alone
        size = 0
        try:
            with contextlib.closing(found):  # type: ignore[type-var]  # a generator, typed as an iterator
                for batch in found:
                    messages += batch
                    size += sum(len(message.value() or b"") for message in batch)
                    if size >= _FETCH_BYTES:
                        break
        except kafka_errors.BelowLogStart as error:
            return Below(error.start)
        except kafka_errors.AboveLogEnd as error:
            return Above(error.end)
        return messages

    @_perform.register
    def _(self, effect: effects.Create) -> bool:
        return self._store.create(effect.name, effect.chunks)

    @_perform.register
    def _(self, effect: effects.Read) -> bytes | None:
        return self._store.read(effect.name)

    @_perform.register
    def _(self, effect: effects.Size) -> int | None:
        return self._store.size(effect.name)

    @_perform.register
    def _(self, effect: effects.ListFrom) -> Sequence[str]:
        return list(self._store.list_from(effect.prefix, effect.start, effect.limit))

    @_perform.register
    def _(self, effect: effects.Measure) -> Content | None:
        found = measure(self._store, effect.name)
        return None if found is None else Content(found.records, found.size, found.sha256)

    @_perform.register
    def _(self, effect: effects.FinishPart) -> Encoded:
        return effect.writer.finish()

    @_perform.register
    def _(self, effect: effects.SendDeadLetters) -> None:
        self._dead_letters(effect.source_topic, effect.topic_id, effect.partition, effect.letters)

    @_perform.register
    def _(self, effect: effects.Commit) -> None:
        self._commits.note((effect.topic, effect.partition), effect.next)

    @_perform.register
    def _(self, effect: effects.Alarm) -> None:
        self.alarms += 1
        fields = {"error_id": effect.code, "offset_start": effect.start, "offset_next": effect.next}
        log.error(effect.sentence, extra=fields)
