"""The lake's bad days: full, read-only, gone, slow. No commit, no dead letter, a clear word, and it heals by itself."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.broker import until
from tests.support.consumer import Rig, event, events
from tests.support.landed_check import check
from tests.support.running import Running

pytestmark = [pytest.mark.broker, pytest.mark.root]


def run(*arguments: object) -> None:
    subprocess.run([str(argument) for argument in arguments], check=True, timeout=20)


@pytest.fixture
def small(rig: Rig) -> Iterator[Rig]:
    """A rig whose lake is a mount of 4 MiB."""
    run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", rig.lake)
    yield rig
    rig.close()
    run("umount", "-l", rig.lake)


def waits(rig: Rig, consumer: Running, word: str, head: int) -> None:
    """It says what it waits for, in its vitals and its log; nothing is committed, nothing dead-lettered."""
    until(lambda: word in (consumer.vitals().get("waiting_for") or ""), 30)
    assert consumer.said(word)
    assert rig.committed().get((rig.raw, 0), 0) <= head
    assert rig.bounds(rig.dlq)[0][1] == 0
    assert consumer.alive
    assert consumer.vitals()["state"] == "waiting"


def begun(rig: Rig) -> Running:
    consumer = rig.start()
    rig.send(events(20))
    rig.wait_landed()
    return consumer


def fill(rig: Rig) -> Path:
    ballast = rig.lake / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    assert not os.statvfs(rig.lake).f_bavail
    return ballast


def test_a_full_lake_is_waited_out(small: Rig) -> None:
    consumer = begun(small)
    ballast = fill(small)
    small.send([event(n, 2000) for n in range(20, 120)])
    waits(small, consumer, "No space left", 20)
    ballast.unlink()
    small.wait_landed()
    check(small)
    until(lambda: consumer.vitals()["state"] == "running")


def read_only(rig: Rig) -> Callable[[], None]:
    run("mount", "-o", "remount,ro", rig.lake)
    return lambda: run("mount", "-o", "remount,rw", rig.lake)


def away(rig: Rig) -> Callable[[], None]:
    """As a disk that is not mounted: an empty folder that takes everything, which is the danger."""
    run("mount", "--bind", "-o", "ro", rig.contracts, rig.lake)
    return lambda: run("umount", rig.lake)


@pytest.mark.parametrize(("fault", "word"), [(read_only, "Read-only"), (away, "Could not")])
def test_a_lake_that_denies_is_waited_out(small: Rig, fault: Callable[[Rig], Callable[[], None]], word: str) -> None:
    consumer = begun(small)
    heal = fault(small)
    try:
        small.send(events(50, 20, bad_every=10))
        waits(small, consumer, word, 20)
    finally:
        heal()
    small.wait_landed()
    assert len(check(small).dead) == 5


def test_a_lake_that_is_read_only_at_the_start_is_waited_for(small: Rig) -> None:
    first = begun(small)
    assert first.stop() == 0
    heal = read_only(small)
    small.send(events(50, 20))
    consumer = small.start()
    try:
        until(lambda: consumer.said("Read-only") or not consumer.alive)
    finally:
        heal()
    if not consumer.alive:  # then it says why, and the service manager starts it again
        assert consumer.process.returncode != 0
        small.start()
    small.wait_landed()
    check(small)


def test_a_slow_lake_delays_and_nothing_else(rig: Rig) -> None:
    """Longer than the session time-out: the loop goes on polling, so the group keeps the member."""
    consumer = rig.start(fault={"at": "raw:Create:claim#*", "do": "slow", "seconds": 3, "times": 2})
    rig.send(events(50, bad_every=10))
    rig.wait_landed()
    rig.send(events(50, 50, bad_every=10))
    rig.wait_landed()
    assert not consumer.said("lost ")
    assert not consumer.said("revoked ")
    assert len(check(rig).dead) == 10
