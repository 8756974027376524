"""Has days sealed, once in a while, by the process that reads partition 0 of a topic."""

import datetime
import logging
from collections.abc import Callable

from streamlake.consumer.consumer import Consumer, Key
from streamlake.consumer.place import Place, Writer
from streamlake.consumer.runner import ThreadRunner
from streamlake.consumer.sealing import Sealed, seal_days
from streamlake.logs import error_fields

log = logging.getLogger(__name__)


class Sealer:
    """One procedure a topic at a time, on a runner of its own, so that landings never wait for it."""

    def __init__(self, runner: ThreadRunner, writer: Callable[[], Writer], *, grace_seconds: float) -> None:
        self._runner = runner
        self._writer = writer
        self._grace = datetime.timedelta(seconds=grace_seconds)
        self._sealed: dict[str, Sealed] = {}
        self._running: set[str] = set()
        self._next = 0.0
        self.last_sealed: dict[str, str] = {}

    def tick(self, consumer: Consumer, now: float, utc: datetime.datetime) -> None:
        """Collect what ended; start again where we are in charge and half a minute has passed."""
        for (topic, _, _), result in self._runner.finished():
            self._running.discard(topic)
            if isinstance(result, Exception):
                # It is tried again in half a minute, from the lake's own word.
                log.warning("sealing: %s", result, extra={"topic": topic} | error_fields(result))
                self._sealed.pop(topic, None)
                continue
            self._sealed[topic] = result
            if result.date:
                self.last_sealed[topic] = result.date
            for date in result.new:
                log.info("sealed", extra={"topic": topic, "date": date})
        if now < self._next:
            return
        self._next = now + 30.0
        before = (utc - self._grace).date().isoformat()
        for (topic, partition), owned in consumer.partitions.items():
            if partition == 0 and owned.state == "reading" and topic not in self._running:
                self._running.add(topic)
                place = Place(owned.place.dataset, topic, 0, owned.place.zone)
                work = seal_days(place, before, self._sealed.pop(topic, Sealed()), self._writer())
                key: Key = (topic, -1, 0)
                self._runner.start(key, work)

    def close(self) -> None:
        """Let go."""
        self._runner.close()
