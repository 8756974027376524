"""Several processes in one group: whoever holds a partition, each record lands once (I1 to I5)."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.broker import until
from tests.support.consumer import Rig, RigMaker, events
from tests.support.landed_check import check
from tests.support.running import Running

pytestmark = pytest.mark.broker


@contextmanager
def load(rig: Rig, partitions: int) -> Iterator[None]:
    """Records come all the time, on every partition."""
    ended = threading.Event()

    def send() -> None:
        number = 0
        while not ended.wait(0.05):
            rig.send(events(40, number, bad_every=37), number // 40 % partitions)
            number += 40

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        ended.set()
        sender.join()


def shared(*members: Running) -> bool:
    """Whether every member owns something, and together all of it. None may have died meanwhile."""
    assert [member.process.poll() for member in members] == [None] * len(members)
    owned = [member.owns() for member in members]
    return all(owned) and sum(map(len, owned)) == 7


def test_three_processes_come_and_go_under_load(new_rig: RigMaker) -> None:
    rig = new_rig(partitions=6)
    with load(rig, 6):
        one = rig.start("1")
        until(lambda: len(one.owns()) == 7)
        two, three = rig.start("2"), rig.start("3")
        until(lambda: shared(one, two, three), 40)
        assert two.stop() == 0
        three.kill()
        until(lambda: len(one.owns()) == 7, 40)
        four = rig.start("4")
        until(lambda: shared(one, four), 40)
        one.kill()
        one = rig.start("1")
        until(lambda: shared(one, four), 40)
    rig.wait_landed()
    found = check(rig)
    assert len(found.raw) + len(found.dead) == len(rig.sent)
    assert one.stop() == four.stop() == 0
    assert rig.committed() == {(t, p): end for t in (rig.raw, rig.dlq) for p, (_, end) in rig.bounds(t).items() if end}


@pytest.mark.parametrize("at", ["raw:Create:claim#1", "raw:Create:raw-part#1", "raw:SendDeadLetters#1"])
def test_a_zombie_that_wakes_after_its_partitions_moved_changes_nothing(rig: Rig, at: str) -> None:
    """It sleeps in the middle of a landing: before its claim, before its dead letters, before its part."""
    rig.send(events(60, bad_every=10))
    zombie = rig.start("1", fault={"at": at, "do": "slow", "seconds": 1.0})
    until(lambda: any(p["position"] == 60 for p in zombie.vitals().get("partitions") or []))
    time.sleep(0.4)  # into the slow call, which has no other sign
    zombie.pause()
    heir = rig.start("2")
    rig.wait_landed()
    zombie.resume()
    rig.send(events(40, 60, bad_every=10))
    until(lambda: len(zombie.owns() | heir.owns()) == 2, 40)
    rig.wait_landed()
    assert heir.stop() == 0
    assert zombie.stop() == 0
    found = check(rig)
    assert len(found.dead) == 10


def test_killed_twice_in_a_row(rig: Rig) -> None:
    rig.send(events(3000, bad_every=100))
    for _ in range(2):
        consumer = rig.start(part_max_records=100)
        until(rig.parts)
        before = len(rig.parts())
        until(lambda: len(rig.parts()) > before, 20)  # noqa: B023 - asked at once
        consumer.kill()
    rig.start()
    rig.wait_landed()
    assert len(check(rig).dead) == 30


def test_the_same_unit_started_twice_lands_everything_once(rig: Rig) -> None:
    """The younger one takes over as the same member; the older one is told and ends, or both would fight."""
    rig.send(events(500, bad_every=50))
    older = rig.start()
    until(rig.parts)
    younger = rig.start()
    until(lambda: not older.alive, 40)
    assert older.process.returncode != 0
    assert "SL-0414" in older.log.read_text()
    rig.send(events(500, 500, bad_every=50))
    rig.wait_landed()
    assert younger.alive
    check(rig)
