"""The watchdog is fed by movement or by a named wait, never by a timer of its own."""

import socket
from pathlib import Path

import pytest

from streamlake.consumer.watchdog import Progress, notify


def test_lag_without_movement_or_a_name_starves_it() -> None:
    progress = Progress(patience_seconds=120)
    assert progress.alive(0, (1,), behind=True, waiting=False)
    assert progress.alive(119, (1,), behind=True, waiting=False)
    assert not progress.alive(121, (1,), behind=True, waiting=False)


@pytest.mark.parametrize(
    ("marks", "behind", "waiting"), [((2,), True, False), ((1,), False, False), ((1,), True, True)]
)
def test_movement_or_no_lag_or_a_named_wait_is_life(marks: object, behind: bool, waiting: bool) -> None:
    progress = Progress(patience_seconds=120)
    progress.alive(0, (1,), behind=True, waiting=False)
    assert progress.alive(500, marks, behind=behind, waiting=waiting)


def test_notify_speaks_to_the_service_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
