"""The process: a clean stop, what it tells the service manager, and what it refuses."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.broker import until
from tests.support.consumer import Rig, RigMaker, events
from tests.support.landed_check import check

pytestmark = pytest.mark.broker


def test_a_clean_stop_lands_what_is_held_and_commits_it(new_rig: RigMaker) -> None:
    rig = new_rig(partitions=3)
    for partition in range(3):
        rig.send(events(30, bad_every=10), partition)
    consumer = rig.start(part_max_age_seconds=600)
    until(lambda: sum(p["position"] or 0 for p in consumer.vitals().get("partitions") or []) == 90)
    assert not rig.claims()
    assert consumer.stop() == 0
    assert rig.heads(rig.raw) == {0: 30, 1: 30, 2: 30}
    assert {w: o for w, o in rig.committed().items() if w[0] == rig.raw} == {(rig.raw, p): 30 for p in range(3)}
    assert {claim["closed"] for claim in rig.claims(rig.raw)} == {"stop"}
    rig.start()
    rig.wait_landed()
    check(rig)


@contextmanager
def service_manager(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(20)
        yield server


def wait_told(server: socket.socket, text: str) -> str:
    """The first message that holds this; TimeoutError if none comes."""
    while True:
        message = server.recv(4096).decode()
        if text in message:
            return message


def test_the_service_manager_is_told_of_readiness_life_and_the_end(rig: Rig) -> None:
    rig.send(events(20, bad_every=10))
    path = Path(f"/tmp/{rig.dataset}.sock")  # a socket's name is short
    with service_manager(path) as server:
        consumer = rig.start(NOTIFY_SOCKET=path)
        wait_told(server, "READY=1")
        message = wait_told(server, "landed 18, dead letters 2")
        assert "WATCHDOG=1" in message
        assert "STATUS=running" in message
        assert "lag" in message
        consumer.process.terminate()
        wait_told(server, "STOPPING=1")
        assert consumer.process.wait(20) == 0
    path.unlink()


def test_a_lake_of_another_deployment_is_refused(rig: Rig) -> None:
    rig.send(events(10))
    first = rig.start()
    rig.wait_landed()
    assert first.stop() == 0
    other = rig.start(deployment="other")
    assert other.process.wait(20) != 0
    assert "belongs to the deployment" in other.log.read_text()
    assert len(rig.claims(rig.raw)) == 1


def test_a_topic_with_producers_timestamps_is_refused(rig: Rig) -> None:
    rig.broker.delete_topic(rig.raw)
    rig.broker.create_topic(rig.raw, 1, message_timestamp_type="CreateTime")
    consumer = rig.start()
    assert consumer.process.wait(20) != 0
    assert "SL-0412" in consumer.log.read_text()
    assert not rig.claims()
