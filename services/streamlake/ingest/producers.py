"""The producer in use, and those it replaced until they are empty: polled by the event loop itself.

librdkafka's word on a record takes Python's lock, record by record. From a thread of its own each one would be handed
over between two threads that both want to run, and wake the loop besides (decision 24 says what that costs). Here
nobody else wants the lock. While a delivery is waited for, the loop polls every millisecond, which is as long as a
producer lingers, else ten times a second. The same timer gives up what has waited too long: one of its own for each
request would cost as much as to judge its event.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from confluent_kafka import KafkaError, Producer

from streamlake.kafka.refusals import Refusals

_logger: Final = logging.getLogger(__name__)

_WAITING_SECONDS: Final = 0.001
_IDLE_SECONDS: Final = 0.1
_RETIRE_SECONDS: Final = 30.0
_POLLED_AFTER: Final = 8
"""Requests that begin to wait before the producer is polled between two ticks of the timer."""


class Waiting(Protocol):
    """What waits for Kafka's word."""

    def give_up(self) -> None:
        """Wait no longer. May be called again."""
        ...


class Line:
    """One producer, and what Kafka says of its credentials."""

    def __init__(self, config: dict[str, Any], on_fatal: Callable[[KafkaError], None]) -> None:
        def on_error(error: KafkaError) -> None:
            if error.fatal():
                on_fatal(error)

        self.refusals = Refusals(on_error)
        # Its own lines come three a second while it is refused; what matters is told as errors.
        self.producer = Producer({**config, "error_cb": self.refusals, "logger": _logger, "log_level": 2})
        self.give_up_at = float("inf")

    def retire(self, seconds: float) -> None:
        """Go on until everything is delivered, but no longer than this."""
        self.give_up_at = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.give_up_at < float("inf") and (not len(self.producer) or time.monotonic() >= self.give_up_at)


class Producers:
    """See the module. Belongs to the event loop that it is made in."""

    def __init__(self, config: dict[str, Any], on_fatal: Callable[[KafkaError], None], seconds: float) -> None:
        self._config = config
        self._on_fatal = on_fatal
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Waiting, float] = {}
        """Until when each may wait, the first one first: all may wait equally long."""
        self._since_poll = 0
        self._closing = False
        self.current = Line(config, on_fatal)
        self._retired: list[Line] = []
        self._next = self._loop.call_later(_IDLE_SECONDS, self._poll)

    def wait(self, one: Waiting) -> None:
        """A delivery is waited for. Where many requests come at once, those that are here are told at once."""
        self._waiting[one] = self._loop.time() + self._seconds
        self._since_poll += 1
        if self._since_poll >= _POLLED_AFTER:
            self._since_poll = 0
            self.current.producer.poll(0)
        if len(self._waiting) == 1:
            self._poll_soon()

    def waited(self, one: Waiting) -> None:
        """It is waited for no more."""
        del self._waiting[one]

    def renew(self) -> None:
        """Go on with another producer; what this one has taken is delivered, or given up some time later."""
        self.current.retire(_RETIRE_SECONDS)
        self._retired.append(self.current)
        self.current = Line(self._config, self._on_fatal)

    async def close(self, seconds: float) -> None:
        """Deliver what was taken, no longer than this."""
        self.current.retire(seconds)
        self._closing = True
        self._poll_soon()
        while not self.current.over or self._retired:
            await asyncio.sleep(_WAITING_SECONDS)
        self._next.cancel()
        _say_given_up(self.current)

    def _poll_soon(self) -> None:
        self._next.cancel()
        self._next = self._loop.call_later(_WAITING_SECONDS, self._poll)

    def _poll(self) -> None:
        wanted = self._waiting or self._closing
        self._next = self._loop.call_later(_WAITING_SECONDS if wanted else _IDLE_SECONDS, self._poll)
        self._since_poll = 0
        self.current.producer.poll(0)
        self._give_up_late_ones()
        for line in self._retired:
            line.producer.poll(0)
        over = [line for line in self._retired if line.over]
        if over:
            self._retired = [line for line in self._retired if line not in over]
            for line in over:
                _say_given_up(line)
            # The end of a producer's own threads takes a while, which the loop has not.
            self._loop.run_in_executor(None, over.clear)

    def _give_up_late_ones(self) -> None:
        now = self._loop.time()
        for one, until in self._waiting.items():
            if until > now:
                return
            one.give_up()


def _say_given_up(line: Line) -> None:
    if len(line.producer):
        _logger.error("gave up on events that Kafka did not take", extra={"events": len(line.producer)})
