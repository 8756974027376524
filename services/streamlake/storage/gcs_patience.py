"""How long a call to the bucket may take, and how often it is tried within that time."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from streamlake.errors import Retryable
from streamlake.storage.gcs_errors import NoAnswer

T = TypeVar("T")
log = logging.getLogger(__name__)
_LEAST_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one call may take: the first figures without its bytes, which come on top at the slowest speed."""

    attempt_seconds: float = 8.0
    total_seconds: float = 20.0
    silence_seconds: float = 8.0
    bytes_per_second: int = 1 << 20


def patiently(limits: Limits, attempt: Callable[[float], T], size: int = 0) -> T:
    """Try until it works, is refused, or time is up; each attempt gets a deadline (monotonic) of its own.

    `size` is what is sent. Who calls tries again for as long as it likes: this only hides what passes in seconds.
    """
    transfer = size / limits.bytes_per_second
    seconds = limits.total_seconds + 2 * transfer
    give_up = time.monotonic() + seconds

    def once() -> T:
        deadline = min(time.monotonic() + limits.attempt_seconds + transfer, give_up)
        try:
            return attempt(deadline)
        except NoAnswer as silence:
            raise silence.error from silence

    def say(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Retryable):
            log.info("trying again: %s", error.message)

    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Retryable),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=3),
        # One that begins with the time nearly up could only hide what the one before was told.
        stop=tenacity.stop_before_delay(seconds - min(_LEAST_SECONDS, seconds / 4)),
        before_sleep=say,
        reraise=True,
    )
    return attempts(once)
