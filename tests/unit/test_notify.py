"""Telling the service manager never blocks, never raises, and is one readable line."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamlake.notify import ALIVE, READY, Manager, status


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        yield manager


def test_it_speaks_to_the_one_that_started_it(listening: socket.socket) -> None:
    Manager.of({"NOTIFY_SOCKET": listening.getsockname()}).tell(READY, status("starting"))
    assert listening.recv(100) == b"READY=1\nSTATUS=starting"


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0streamlake-test-{os.getpid()}")
        manager.settimeout(5)
        Manager(f"@streamlake-test-{os.getpid()}").tell(ALIVE)
        assert manager.recv(100) == b"WATCHDOG=1"


def test_a_full_socket_does_not_block(listening: socket.socket) -> None:
    """A manager that reads nothing must not stop what lands."""
    manager = Manager(listening.getsockname())
    code = f"from streamlake.notify import *\nfor _ in range(5000): Manager({manager.address!r}).tell(ALIVE)"
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
    assert time.monotonic() - began < 15


def test_a_socket_does_get_full(listening: socket.socket) -> None:
    """The test above proves nothing where the queue is endless."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            fill(other, listening.getsockname())


def fill(channel: socket.socket, address: str) -> None:
    for _ in range(5000):
        channel.sendto(b"x", address)


def test_without_a_manager_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    Manager.of({}).tell(READY)
    Manager(str(tmp_path / "nobody")).tell(READY)


def test_a_status_is_one_line_that_fits() -> None:
    assert status("wrong:\n  a\tb\x1b[31m") == "STATUS=wrong:   a b [31m"
    long = status("ä" * 5000)
    assert len(long.encode()) < 4096
    assert long.endswith("…")
