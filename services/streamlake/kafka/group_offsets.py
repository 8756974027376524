"""What a group has committed, asked through a consumer that joins nothing.

Not through the admin client: where the broker that it asks has just lost the group's coordinator, as any does that
restarts, librdkafka 2.16 looks for a group that an admin client does not have and ends the process (SIGSEGV,
https://github.com/confluentinc/librdkafka/issues/5040). A consumer has one, and asks again.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streamlake.kafka import clients
from streamlake.kafka.errors import KafkaUnavailable
from streamlake.kafka.faults import error_of, error_of_exception
from streamlake.kafka.refusals import Refusals

_SLICE_SECONDS: Final = 2.0
"""How long one call waits, so that a refusal is seen before the time is over."""
_inherited: Final[list[Consumer]] = []


class GroupOffsets:
    """Asks for as many threads as like, one after the other. Makes a client for each group when it is first asked."""

    def __init__(self, bootstrap: str, *, seconds: float, security: Mapping[str, clients.Value] | None = None) -> None:
        self._bootstrap = bootstrap
        self._seconds = seconds
        self._security = security
        self._asking = threading.Lock()
        self._made: dict[str, tuple[Consumer, Refusals]] = {}
        self._pid = os.getpid()

    def read(self, group: str, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """By partition; those without a commit are left out. Raises the errors of `kafka.errors`."""
        doing = f"reading the offsets of {group}"
        asked = [TopicPartition(topic, partition) for partition in partitions]
        if not asked:
            return {}
        with self._asking:
            consumer, refusals = self._client(group)
            found = self._ask(consumer, refusals, asked, doing)
        for place in found:
            if place.error is not None:
                raise error_of(place.error, f"{doing} in {topic}", wrote=False)
        return {place.partition: place.offset for place in found if place.offset >= 0}

    def _ask(self, consumer: Consumer, refusals: Refusals, asked: list[TopicPartition], doing: str) -> Any:
        began = time.monotonic()
        while True:
            left = began + self._seconds - time.monotonic()
            if left <= 0:
                raise KafkaUnavailable(f"{doing}: Kafka did not answer within {self._seconds:.0f} s.")
            try:
                return consumer.committed(asked, timeout=min(left, _SLICE_SECONDS))
            except KafkaException as error:
                consumer.poll(0)  # tells of refusals; it is subscribed to nothing
                denied = refusals.since(began, doing)
                if denied is not None:
                    raise denied from error
                if error.args[0].code() != KafkaError._TIMED_OUT:  # noqa: SLF001 - its public name
                    raise error_of_exception(error, doing, wrote=False) from error

    def _client(self, group: str) -> tuple[Consumer, Refusals]:
        if self._pid != os.getpid():
            # From before a fork: they never answer, and ending them would wait for threads that are not here.
            _inherited.extend(consumer for consumer, _ in self._made.values())
            self._made, self._pid = {}, os.getpid()
        if group not in self._made:
            refusals = Refusals()
            config: dict[str, Any] = dict(clients.observer(self._bootstrap, group, security=self._security))
            self._made[group] = Consumer(config | {"log_level": 2, "error_cb": refusals}), refusals
        return self._made[group]
