"""Procedures in threads: what was cancelled does nothing more, what ended is forgotten."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from streamlake.consumer.effects import Effect, ReadPartitions, Work, ask
from streamlake.consumer.runner import ThreadRunner
from streamlake.errors import Permanent, Retryable, StreamlakeError

KEY = ("orders", 0, 1)


class _Here:
    """A world of one answer."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.asked = 0

    def perform(self, effect: Effect[Any]) -> Any:
        self.asked += 1
        return self.answer()


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def _ask_once() -> Work[int]:
    return (yield from ask(ReadPartitions("orders")))


def _results(runner: ThreadRunner) -> list[Any]:
    results: list[Any] = []

    def some() -> bool:
        results.extend(runner.finished())
        return bool(results)

    _until(some)
    return results


def _landing_threads() -> int:
    return sum(thread.name == "landing" for thread in threading.enumerate())


def _denied() -> int:
    raise Permanent("denied")


def test_what_is_cancelled_while_it_waits_is_not_tried_once_more() -> None:
    """A lost partition's procedure writes nothing: not even the attempt that its sleep would have ended in."""
    world = _Here(_denied)
    runner = ThreadRunner(world, concurrent=1, probe_seconds=60)
    runner.start(KEY, _ask_once())
    _until(lambda: KEY[:2] in runner.waiting())
    runner.cancel(KEY)
    _until(lambda: _landing_threads() == 0)
    assert world.asked == 1
    assert list(runner.finished()) == []


def test_what_is_cancelled_while_it_waits_for_its_turn_does_nothing() -> None:
    inside, leave = threading.Event(), threading.Event()

    def hang() -> int:
        inside.set()
        leave.wait(10)
        return 1

    world = _Here(hang)
    runner = ThreadRunner(world, concurrent=1)
    runner.start(KEY, _ask_once())
    assert inside.wait(10)
    other = ("orders", 1, 2)
    runner.start(other, _ask_once())
    runner.cancel(other)
    leave.set()
    _until(lambda: _landing_threads() == 0)
    assert world.asked == 1
    assert [key for key, _ in runner.finished()] == [KEY]


def test_a_retryable_is_tried_again_until_it_works() -> None:
    """I11: an outage ends by itself."""
    answers: Iterator[Any] = iter([Retryable("later"), Retryable("later"), 5])

    def answer() -> Any:
        found = next(answers)
        if isinstance(found, StreamlakeError):
            raise found
        return found

    runner = ThreadRunner(_Here(answer), concurrent=1)
    runner.start(KEY, _ask_once())
    results = _results(runner)
    assert results == [(KEY, 5)]
    assert runner.waiting() == {}
    assert runner.steps() == {}


def test_an_error_keeps_nothing_of_what_was_under_way() -> None:
    """I12: a stopped partition keeps its error for hours; the frames of its landing hold a whole part."""

    def give_up() -> Work[int]:
        found: int = yield from ask(ReadPartitions("orders"))
        raise Permanent(f"stop at {found}") from OSError("disk")

    runner = ThreadRunner(_Here(lambda: 1), concurrent=1)
    runner.start(KEY, give_up())
    results = _results(runner)
    error = results[0][1]
    assert isinstance(error, Permanent)
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)
