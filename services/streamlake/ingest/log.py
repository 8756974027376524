"""Events into Kafka, and the broker's word back to who waits for it.

All of it happens in the event loop, which polls the producer itself (`producers`): nothing here needs a lock.

A producer made before `fork` is dead (no callback ever comes): it is made in `start`, and its process is checked at
each use. One that librdkafka calls fatally broken is replaced; its last deliveries are still waited for.
"""

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message

from streamlake.errors import StreamlakeError
from streamlake.ingest.limits import HANDLER_SECONDS
from streamlake.ingest.producers import Producers
from streamlake.kafka.errors import ClientBroken, KafkaUnavailable, OutcomeUnknown, SendQueueFull
from streamlake.kafka.faults import error_of, error_of_exception
from streamlake.logs import error_fields

_logger: Final = logging.getLogger(__name__)

_PROBE_EVERY_SECONDS: Final = 1.0
_PROBE_SECONDS: Final = 2.0
_FAILURES_UNTIL_DOWN: Final = 2


class Record(msgspec.Struct, frozen=True, gc=False):
    """What goes into the log."""

    topic: str
    value: bytes
    key: bytes | None
    headers: Sequence[tuple[str, str | bytes | None]]


class Delivered(msgspec.Struct, frozen=True, gc=False):
    """The broker has it."""

    partition: int
    offset: int


Outcome = Delivered | StreamlakeError
"""A StreamlakeError says whether it may have been written (Unknown) or was not (everything else)."""


class _Sending:
    """One `send` that waits. Touched by the event loop only."""

    __slots__ = ("done", "left", "outcomes")

    def __init__(self, count: int, done: asyncio.Future[None]) -> None:
        self.outcomes: list[Outcome | None] = [None] * count
        self.left = count
        self.done = done

    def give_up(self) -> None:
        """What is not known by now is not waited for."""
        if not self.done.done():
            self.done.set_result(None)


class Log:
    """See the module. Made anywhere; `start` belongs to the worker's event loop, and so does every other call."""

    def __init__(self, config: dict[str, Any], seconds: float = HANDLER_SECONDS) -> None:
        self._config = config
        self._seconds = seconds
        self._fatal = False
        self._pid = 0
        self._failed_probes = 0
        self._last_delivery = float("-inf")
        self.reachable = False
        self.refused = False

    async def start(self) -> None:
        """Make the producer, and ask Kafka once whether it is there."""
        self._pid = os.getpid()
        self._loop = asyncio.get_running_loop()
        self._producers = Producers(self._config, self._on_fatal, self._seconds)
        await self.probe()

    async def watch(self) -> None:
        """Ask Kafka again and again while nothing else shows that it is there. Runs until it is cancelled."""
        while True:
            await asyncio.sleep(_PROBE_EVERY_SECONDS)
            if not self.reachable or time.monotonic() - self._last_delivery > _PROBE_EVERY_SECONDS:
                await self.probe()

    async def probe(self) -> None:
        """Ask Kafka for its topics, and set `reachable` by the answer; one lost answer is not believed."""
        line, began = self._producers.current, time.monotonic()
        try:
            await asyncio.to_thread(line.producer.list_topics, timeout=_PROBE_SECONDS)
        except KafkaException as error:
            self._failed_probes += 1
            denied = line.refusals.since(began - _PROBE_SECONDS, "asking Kafka")
            if denied is not None and not self.refused:
                _logger.error("refused: %s", denied, extra=error_fields(denied))  # noqa: TRY400 - no trace helps
            self.refused = denied is not None
            if self._failed_probes >= _FAILURES_UNTIL_DOWN and self.reachable:
                self.reachable = False
                _logger.warning("Kafka cannot be reached", extra=error_fields(error_of_exception(error, wrote=False)))
            return
        if not self.reachable:
            _logger.info("Kafka answers")
        self._failed_probes = 0
        self.reachable = True
        self.refused = False

    async def close(self, seconds: float) -> None:
        """Deliver what is queued, no longer than this."""
        await self._producers.close(seconds)

    async def send(self, records: Sequence[Record]) -> list[Outcome]:
        """Send all, wait for the broker's word on each; what has none in time is OutcomeUnknown."""
        if os.getpid() != self._pid:
            raise RuntimeError("the producer belongs to another process: it must be made after fork")
        if self._fatal:
            self._fatal = False
            self._producers.renew()
        sending = _Sending(len(records), self._loop.create_future())
        self._produce(sending, records)
        if sending.left:
            self._producers.wait(sending)
            try:
                await sending.done
            finally:
                self._producers.waited(sending)
            if sending.left:
                self._suspect()
        return [
            OutcomeUnknown("no answer from Kafka in time.") if outcome is None else outcome
            for outcome in sending.outcomes
        ]

    def _produce(self, sending: _Sending, records: Sequence[Record]) -> None:
        produce = self._producers.current.producer.produce
        for index, record in enumerate(records):
            try:
                produce(
                    record.topic,
                    record.value,
                    record.key,
                    headers=record.headers,  # type: ignore[arg-type] # the stub asks for a list it may change
                    on_delivery=partial(self._delivered, sending, index),
                )
            except BufferError:
                self._not_sent(sending, index, SendQueueFull("the producer's queue is full."))
                return
            except KafkaException as error:
                why = error_of_exception(error, record.topic)
                if isinstance(why, ClientBroken):
                    self._fatal = True
                    self._not_sent(sending, index, KafkaUnavailable("the producer broke and is made anew."))
                    return
                sending.outcomes[index] = why
                sending.left -= 1

    def _not_sent(self, sending: _Sending, start: int, why: StreamlakeError) -> None:
        """Order holds: where one cannot be sent, those behind it are not tried either."""
        sending.left -= len(sending.outcomes) - start
        sending.outcomes[start:] = [why] * (len(sending.outcomes) - start)

    def _delivered(self, sending: _Sending, index: int, error: KafkaError | None, message: Message) -> None:
        if error is None:
            sending.outcomes[index] = Delivered(message.partition() or 0, message.offset() or 0)
        else:
            sending.outcomes[index] = self._failed(error)
        sending.left -= 1
        if not sending.left:
            if error is None:
                self._last_delivery = time.monotonic()
            sending.give_up()

    def _failed(self, error: KafkaError) -> StreamlakeError:
        why = error_of(error)
        if isinstance(why, ClientBroken):
            self._fatal = True
        if isinstance(why, OutcomeUnknown | ClientBroken):
            self._suspect()
            return why if isinstance(why, OutcomeUnknown) else OutcomeUnknown(why.message)
        return why

    def _suspect(self) -> None:
        """A delivery was lost: refuse at once, without sending, until Kafka answers a question again."""
        if self.reachable:
            _logger.error("Kafka did not answer in time", extra={"error_id": OutcomeUnknown.code})
        self.reachable = False

    def _on_fatal(self, error: KafkaError) -> None:
        _logger.error("the producer broke and is made anew", extra=error_fields(error_of(error)))
        self._fatal = True
