"""The watchdog is fed by movement or by a named wait, never by a timer of its own."""

import socket
from pathlib import Path

import pytest

from streamlake.consumer.watchdog import Progress, Standing, notify

HERE, THERE = ("orders", 0), ("orders", 1)
STILL = Standing((1,), owes=True)


def test_lag_without_movement_or_a_name_starves_it() -> None:
    progress = Progress(patience_seconds=120)
    assert progress.alive(0, {HERE: STILL})
    assert progress.alive(119, {HERE: STILL})
    assert not progress.alive(121, {HERE: STILL})


@pytest.mark.parametrize(
    "standing", [Standing((2,), owes=True), Standing((1,), owes=False), Standing((1,), owes=True, named=True)]
)
def test_movement_or_no_lag_or_a_named_wait_is_life(standing: Standing) -> None:
    progress = Progress(patience_seconds=120)
    progress.alive(0, {HERE: STILL})
    assert progress.alive(500, {HERE: standing})


def test_a_lively_neighbour_does_not_hide_a_stuck_partition() -> None:
    progress = Progress(patience_seconds=120)
    for now in range(0, 120, 10):
        assert progress.alive(now, {HERE: STILL, THERE: Standing((now,), owes=True, named=now % 20 == 0)})
    assert not progress.alive(121, {HERE: STILL, THERE: Standing((121,), owes=True)})
    assert progress.alive(122, {THERE: Standing((122,), owes=True)})


def test_a_service_manager_that_went_away_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("WATCHDOG=1")


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
