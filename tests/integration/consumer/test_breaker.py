"""Poison: a hundred records are bad data and go to the dead letters, a hundred percent are a bad deploy and stop it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import until
from tests.support.consumer import ROOT, Rig, events, poison
from tests.support.landed_check import check

pytestmark = pytest.mark.broker


def control(rig: Rig, verb: str) -> None:
    """`streamlake consumer pause|resume`, as an operator types it."""
    subprocess.run(
        [Path(sys.executable).with_name("streamlake"), "consumer", verb, rig.dataset],
        env=rig.environment(),
        cwd=ROOT,
        check=True,
        timeout=30,
        stdout=subprocess.DEVNULL,
    )


def test_a_hundred_poisoned_records_are_dead_letters_byte_for_byte(rig: Rig) -> None:
    """I7, and good ones on both sides are landed."""
    rig.send(events(150))
    rig.send([poison(n) for n in range(100)], key=b"\xffkey", headers=[("a", b"\x00\xff"), ("a", None), ("b", b"")])
    rig.send(events(150, 200))
    rig.start()
    rig.wait_landed()
    assert len(check(rig).dead) == 100


def test_a_run_of_poison_trips_the_breaker_and_resume_goes_on(rig: Rig) -> None:
    """Nothing of the run is claimed, dead-lettered or committed until an operator says so."""
    rig.send(events(100, bad_every=10))
    rig.send([poison(n) for n in range(500)])
    consumer = rig.start(breaker_consecutive=50)
    until(lambda: consumer.vitals().get("state") == "tripped")
    until(lambda: rig.heads(rig.raw).get(0) == 100)
    until(lambda: rig.committed().get((rig.raw, 0)) == 100)
    assert "resume" in consumer.vitals()["waiting_for"]
    # Not even a new process passes it.
    assert consumer.stop() == 0
    consumer = rig.start(breaker_consecutive=50)
    until(lambda: consumer.vitals().get("state") == "tripped")
    assert rig.heads(rig.raw)[0] == 100
    assert sum(1 for _ in rig.lines("dead_letters")) == 10
    control(rig, "resume")
    rig.wait_landed()
    assert len(check(rig).dead) == 510
    until(lambda: consumer.vitals()["state"] == "running")
    # What comes after the resumption counts again.
    rig.send([poison(n) for n in range(60)])
    until(lambda: consumer.vitals().get("state") == "tripped")
    assert rig.heads(rig.raw)[0] == 600


def test_poison_that_is_a_share_of_the_stream_trips_it_too(rig: Rig) -> None:
    rig.send(events(100))
    rig.send(events(200, 100, bad_every=2))
    consumer = rig.start(breaker_window=50, breaker_ratio=0.4)
    until(lambda: consumer.vitals().get("state") == "tripped")
    until(lambda: rig.heads(rig.raw).get(0, 0) >= 100)
    assert rig.heads(rig.raw)[0] < 160
    assert rig.committed().get((rig.raw, 0), 0) <= rig.heads(rig.raw)[0]


def test_a_pause_holds_and_a_resume_goes_on(rig: Rig) -> None:
    consumer = rig.start()
    rig.send(events(10))
    rig.wait_landed()
    control(rig, "pause")
    until(lambda: consumer.vitals().get("state") == "paused")
    rig.send(events(50, 10))
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        assert rig.heads(rig.raw)[0] == 10
    control(rig, "resume")
    rig.wait_landed()
    check(rig)


def test_what_waits_behind_a_pause_is_lag_and_still_guarded(rig: Rig) -> None:
    """An alert sees a dataset that was paused and forgotten, and a pause is no way past the breaker."""
    consumer = rig.start(breaker_consecutive=50)
    rig.send(events(10))
    rig.wait_landed()
    control(rig, "pause")
    assert consumer.vitals()["state"] == "paused", "the command ended before it held"
    rig.send([poison(n) for n in range(100)])

    def raw() -> Any:
        return next(p for p in consumer.vitals()["partitions"] if p["topic"] == rig.raw)

    until(lambda: raw()["lag_records"] == 100 and raw()["lag_seconds"] > 1)
    assert raw()["oldest_waiting_ms"] is not None
    control(rig, "resume")
    until(lambda: consumer.vitals().get("state") == "tripped")
    assert rig.heads(rig.raw)[0] == 10
    control(rig, "resume")
    rig.wait_landed()
    assert len(check(rig).dead) == 100


def test_a_damaged_control_file_asks_for_nothing(rig: Rig) -> None:
    folder = rig.home / "state" / "control"
    folder.mkdir(parents=True)
    for content in ("", "{", "[]", json.dumps({"state": "paused", "resumed_at_ms": "x"}), "7"):
        (folder / f"{rig.dataset}.json").write_text(content)
        rig.send(events(5))
        consumer = rig.start() if not rig.processes else rig.processes[0]
        rig.wait_landed()
        os.kill(consumer.process.pid, 0)
    check(rig)
