"""Whether Kafka turned this client away. librdkafka tells it beside the calls, which themselves just time out.

A single refusal may be the end of an old login's time while a new one is on its way; the client tries again within a
second, so a second one is an answer.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from confluent_kafka import KafkaError

from streamlake.kafka.errors import Denied
from streamlake.kafka.faults import error_of

_NAMES: Final = ("_AUTHENTICATION", "_SSL")
_ENOUGH: Final = 2


class Refusals:
    """A client's `error_cb`. What else the client says there goes on to `otherwise`."""

    def __init__(self, otherwise: Callable[[KafkaError], None] | None = None) -> None:
        self._otherwise = otherwise
        self._lock = threading.Lock()
        self._found: deque[tuple[float, KafkaError]] = deque(maxlen=_ENOUGH)

    def __call__(self, error: KafkaError) -> None:
        """Hear of an error, from any thread."""
        if error.name() in _NAMES:
            with self._lock:
                self._found.append((time.monotonic(), error))
        if self._otherwise is not None:
            self._otherwise(error)

    def since(self, began: float, doing: str) -> Denied | None:
        """What to raise if Kafka has refused this client again and again since this moment (monotonic seconds)."""
        with self._lock:
            if len(self._found) < _ENOUGH or self._found[0][0] < began:
                return None
            error = self._found[-1][1]
        denied = error_of(error, doing)
        return denied if isinstance(denied, Denied) else None
