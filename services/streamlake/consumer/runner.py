"""Drives the core's procedures in threads: perform an effect, repeat it while that may help, send the answer.

An effect that is Retryable or Unknown is repeated with back-off for as long as its partition is ours; a Permanent one
is probed once a minute. So a procedure only ever sees answers, and an outage ends by itself. What it waits for has a
name, which `status` shows and which the watchdog takes for life.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Protocol

import tenacity

from streamlake.consumer.consumer import Key
from streamlake.consumer.effects import Effect, Work
from streamlake.errors import Permanent, Retryable, StreamlakeError, Unknown
from streamlake.logs import error_fields

log = logging.getLogger(__name__)
_REPEATED = (Retryable, Unknown, Permanent)


class World(Protocol):
    """Performs effects: the adapters behind the core's ports."""

    def perform(self, effect: Effect[Any]) -> Any:
        """The effect's answer. Raises what the ports raise."""
        ...


@dataclass(slots=True)
class _Task:
    key: Key
    cancelled: threading.Event = field(default_factory=threading.Event)
    waiting_for: str = ""
    steps: int = 0


class _Cancelled(Exception):
    """The partition went while the procedure waited: nothing more may be done for it."""


class ThreadRunner:
    """See the module, and `consumer.Runner`. At most `concurrent` effects are under way at the same time."""

    def __init__(self, world: World, *, concurrent: int, probe_seconds: float = 60.0) -> None:
        self._world = world
        self._turns = threading.Semaphore(concurrent)
        self._probe_seconds = probe_seconds
        self._finished: SimpleQueue[tuple[Key, Any]] = SimpleQueue()
        self._tasks: dict[Key, _Task] = {}
        # Once, for it refers to itself, and in a process without the collector each one would stay for ever.
        self._worth_repeating = tenacity.retry_if_exception_type(_REPEATED)
        self.retries = 0

    def start(self, key: Key, work: Work[Any]) -> None:
        """See Runner."""
        task = self._tasks[key] = _Task(key)
        # A thread of its own: one that waits for an outage to end must not keep others from theirs, and one that
        # hangs in a call must not keep the process from its end, as a pool's threads would.
        threading.Thread(target=self._drive, args=(task, work), name="landing", daemon=True).start()

    def cancel(self, key: Key) -> None:
        """See Runner."""
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancelled.set()

    def finished(self) -> Iterable[tuple[Key, Any]]:
        """See Runner."""
        while not self._finished.empty():
            key, result = self._finished.get()
            self._tasks.pop(key, None)
            yield key, result

    def waiting(self) -> dict[tuple[str, int], str]:
        """What procedures wait for now, by topic and partition."""
        return {t.key[:2]: t.waiting_for for t in list(self._tasks.values()) if t.waiting_for}

    def steps(self) -> dict[tuple[str, int], int]:
        """How many effects the procedures under way have seen through, by topic and partition."""
        return {t.key[:2]: t.steps for t in list(self._tasks.values())}

    def close(self) -> None:
        """Abandon everything; threads end when the call that they are in ends, or with the process."""
        for task in list(self._tasks.values()):
            task.cancelled.set()

    def _drive(self, task: _Task, work: Work[Any]) -> None:
        try:
            effect = next(work)
            while not task.cancelled.is_set():
                answer = self._perform(task, effect)
                task.steps += 1
                effect = work.send(answer)
        except StopIteration as end:
            self._finish(task, end.value)
        except _Cancelled:
            pass
        except StreamlakeError as error:
            # Its frames hold the batch and the part; who keeps the error must not keep those.
            error.__cause__ = error.__context__ = None
            self._finish(task, error.with_traceback(None))
        except Exception as error:  # a bug in one thread must end the process, not the thread alone
            log.exception("a landing procedure failed", extra=error_fields(error))
            self._finish(task, error)
        finally:
            work.close()

    def _finish(self, task: _Task, result: Any) -> None:
        if not task.cancelled.is_set():
            self._finished.put((task.key, result))

    def _perform(self, task: _Task, effect: Effect[Any]) -> Any:
        attempts = tenacity.Retrying(
            retry=self._worth_repeating,
            wait=self._wait(),
            stop=tenacity.stop_when_event_set(task.cancelled),
            sleep=tenacity.sleep_using_event(task.cancelled),
            before_sleep=self._say(task, effect),
            reraise=True,
        )
        try:
            return attempts(self._once, task, effect)
        finally:
            task.waiting_for = ""

    def _once(self, task: _Task, effect: Effect[Any]) -> Any:
        with self._turns:
            # Asked again here: it may have been cancelled while it slept between attempts, or waited for its turn.
            if task.cancelled.is_set():
                raise _Cancelled
            return self._world.perform(effect)

    def _wait(self) -> Callable[[tenacity.RetryCallState], float]:
        soon = tenacity.wait_random_exponential(multiplier=0.2, max=5)

        def seconds(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return self._probe_seconds if isinstance(error, Permanent) else soon(state)

        return seconds

    def _say(self, task: _Task, effect: Effect[Any]) -> Callable[[tenacity.RetryCallState], None]:
        topic, partition, _ = task.key

        def say(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            if error is None:
                return
            self.retries += 1
            task.waiting_for = str(error)
            level = logging.ERROR if isinstance(error, Permanent) else logging.WARNING
            fields = {"topic": topic, "partition": partition, "effect": type(effect).__name__}
            log.log(level, "waiting: %s", error, extra=fields | error_fields(error))

        return say
