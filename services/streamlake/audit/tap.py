"""Watch what flows into a dataset, in no group: nothing is committed, and no consumer notices."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Message

from streamlake.consumer.handler import RawHandler
from streamlake.contract.rejection import Rejection
from streamlake.errors import Retryable
from streamlake.kafka.admin import Admin
from streamlake.kafka.errors import BelowLogStart
from streamlake.kafka.names import consumer_group, raw_topic
from streamlake.kafka.reader import Reader
from streamlake.registry.registry import Registry, UnknownVersion

_LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Tapped:
    """A record, and why the gate would refuse it; None where it was not asked or would not."""

    message: Message
    rejection: Rejection | None = None


class Tap:
    """One dataset's raw topic. `at` is where each partition is read from next."""

    def __init__(self, admin: Admin, reader: Reader, dataset: str) -> None:
        self.topic: Final = raw_topic(dataset)
        self._admin, self._reader, self._dataset = admin, reader, dataset
        self.at: dict[int, int] = {}

    def begin_at_end(self, last: int = 0) -> None:
        """From now on, and so many records of each partition before."""
        bounds = self._admin.all_bounds(self.topic, range(self._admin.partitions(self.topic)))
        self.at = {p: max(b.stable - last, b.start) for p, b in bounds.items()}

    def begin_at_consumer(self) -> None:
        """From where the dataset's consumer stands: what it has not landed, the run that tripped a breaker among it."""
        bounds = self._admin.all_bounds(self.topic, range(self._admin.partitions(self.topic)))
        try:
            committed = self._admin.committed(consumer_group(self._dataset), self.topic)
        except Retryable:
            committed = {}  # A cluster that never had a group has nobody to ask.
        self.at = {p: min(max(committed.get(p, 0), b.start), b.stable) for p, b in bounds.items()}

    def waiting(self) -> Iterator[list[Message]]:
        """What is there now, in order within each partition; then `at` is the end that was seen."""
        bounds = self._admin.all_bounds(self.topic, sorted(self.at))
        for partition, bound in sorted(bounds.items()):
            while self.at[partition] < bound.stable:
                try:
                    for batch in self._reader.read_range(self.topic, partition, self.at[partition], bound.stable):
                        self.at[partition] = (batch[-1].offset() or 0) + 1
                        yield batch
                    self.at[partition] = max(self.at[partition], bound.stable)
                except BelowLogStart as overtaken:
                    self.at[partition] = min(overtaken.start, bound.stable)

    def flow(self, until: Callable[[], bool]) -> Iterator[list[Message]]:
        """What is there, then what comes, until it is enough."""
        while not until():
            for batch in self.waiting():
                yield batch
                if until():
                    return
            time.sleep(_LOOK_SECONDS)


def judged(registry: Registry, dataset: str, messages: Sequence[Message]) -> Iterator[Tapped]:
    """Each record as the consumer's gate would judge it: by the contract's version that it names."""
    handler = RawHandler(registry, dataset)
    left = list(messages)
    while left:
        try:
            judgement = handler.judge(left)  # type: ignore[arg-type] # the client's own messages
        except UnknownVersion as error:
            yield Tapped(left.pop(0), Rejection("contract.unknown_version", error.message))
            continue
        for index, message in enumerate(left[: judgement.count]):
            letter = judgement.rejected.get(index)
            yield Tapped(message, letter.rejection if letter else None)
        del left[: judgement.count]
