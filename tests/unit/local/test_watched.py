"""Promise: a process that dies is started again; one that is misconfigured is reported instead."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamlake.local import units
from streamlake.local.errors import UnitMisconfigured
from streamlake.local.home import Home
from streamlake.local.units import Unit
from streamlake.local.watched import Watched

Make = Callable[..., Watched]
UNIT = Unit("streamlake-consumer@orders", "consumer", dataset="orders", stop_seconds=0.3)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Watched] = []

    def of(program: str, unit: Unit = UNIT, *, answers: bool = True) -> Watched:
        home = Home(tmp_path)
        home.logs.mkdir(exist_ok=True)
        made.append(
            Watched(
                unit=unit,
                home=home,
                environment={},
                command=lambda: [sys.executable, "-c", program],
                answers=lambda _: answers,
            )
        )
        return made[-1]

    yield of
    for watched in made:
        watched.kill()
        deadline = time.monotonic() + 20
        while watched.pid is not None and time.monotonic() < deadline:
            watched.look(time.monotonic())


def until(watched: Watched, *states: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while watched.state not in states:
        assert time.monotonic() < deadline, f"{watched.state}, not {states}: {watched.reason}"
        watched.start(time.monotonic())
        watched.look(time.monotonic())


def test_it_runs_once_it_answers(make: Make) -> None:
    watched = make("import time; time.sleep(60)")
    until(watched, "running")
    assert watched.document()["pid"] == watched.pid is not None


def test_it_is_started_again_after_a_crash_and_says_how_often(make: Make) -> None:
    watched = make("raise SystemExit(1)", answers=False)
    until(watched, "backing_off")
    assert "exit code 1" in watched.reason
    until(watched, "starting")
    until(watched, "backing_off")
    assert watched.restarts == 2


def test_a_wrong_configuration_is_reported_and_tried_again_only_when_something_changed(make: Make) -> None:
    watched = make(f"raise SystemExit({UnitMisconfigured.exit_code})", answers=False)
    until(watched, "failed")
    watched.start(time.monotonic() + 1e6)
    assert watched.pid is None
    watched.again()
    until(watched, "waiting")


def test_a_program_that_cannot_be_started_is_a_failure_and_no_crash_of_the_supervisor(make: Make) -> None:
    watched = make("")
    watched.command = lambda: ["/nowhere/to/be/found"]
    until(watched, "backing_off")
    assert "No such file" in watched.reason


def test_what_is_done_once_is_done_and_what_is_refused_holds_nobody_up(make: Make) -> None:
    done = make("", units.TOPICS)
    until(done, "done")
    refused = make("raise SystemExit(4)", units.TOPICS)
    until(refused, "failed")
    assert refused.exit_code == 4
    assert refused.settled


def test_who_does_not_stop_in_time_is_killed(make: Make) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    watched = make(deaf)
    until(watched, "running")
    deadline = time.monotonic() + 20
    while "deaf" not in watched.home.log_of(watched.unit.name).read_text():
        assert time.monotonic() < deadline
    watched.stop(time.monotonic())
    assert watched.state == "stopping"
    until(watched, "stopped")


def test_a_stop_is_no_failure(make: Make) -> None:
    watched = make("import time; time.sleep(60)")
    until(watched, "running")
    watched.stop(time.monotonic())
    until(watched, "stopped")
    assert watched.restarts == 0
