"""How a fault shows that it happened: what it waits for, and for how long."""

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaException

T = TypeVar("T")
PATIENCE_SECONDS = 240.0


class NotProven(Exception):
    """A fault was scheduled, and nothing shows that it happened."""


def hold(seconds: float, happened: Callable[[], int], what: str) -> str:
    """Let a fault last for its time, and longer where it has had no effect yet; how often it struck."""
    began = time.monotonic()
    while True:
        passed = time.monotonic() - began
        if passed >= seconds and happened():
            return f"{happened()} times {what}"
        if passed > seconds + PATIENCE_SECONDS:
            raise NotProven(f"nothing was {what} within {passed:.0f} s")
        time.sleep(0.1)


def insist(action: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Ask Kafka again while it is away: other faults go on meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except (KafkaException, TimeoutError, NotProven) as error:
            if time.monotonic() > deadline:
                raise NotProven(f"Kafka never let it happen: {error}") from error
            time.sleep(0.5)


def within(seconds: float, condition: Callable[[], object], what: str) -> None:
    """NotProven unless the condition holds in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotProven(f"not seen within {seconds:.0f} s: {what}")
        time.sleep(0.05)
