"""What a process tells of itself, and what it says where it cannot."""

import json
import socket
import threading
from pathlib import Path

import pytest

from streamlake import vitals


def test_what_is_served_is_gathered_by_name(tmp_path: Path) -> None:
    stops = [vitals.serve(tmp_path, name, lambda name=name: {"process": name}) for name in ("api", "api.2", "consumer")]  # type: ignore[misc]
    assert [d["process"] for d in vitals.gather(tmp_path)] == ["api.2", "api", "consumer"]
    assert [d["process"] for d in vitals.gather(tmp_path, "api")] == ["api.2", "api"]
    for stop in stops:
        stop()
    assert vitals.gather(tmp_path) == []


def test_one_that_says_nothing_is_passed_over_in_time(tmp_path: Path) -> None:
    stop = vitals.serve(tmp_path, "lively", dict)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "vitals" / "silent.sock"))
        silent.listen()
        assert vitals.gather(tmp_path, seconds=0.2) == [{}]
    stop()


def test_a_folder_that_cannot_be_used_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "vitals").write_text("a file")
    before = threading.active_count()
    with pytest.raises(vitals.StateUnusable, match=r"SL-0416: STREAMLAKE_STATE_DIR=.*cannot tell its state") as raised:
        vitals.serve(tmp_path, "x", dict)
    assert raised.value.exit_code == 3
    assert threading.active_count() == before


def test_a_dead_process_leaves_a_socket_that_its_successor_takes(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        (tmp_path / "vitals").mkdir()
        dead.bind(str(tmp_path / "vitals" / "x.sock"))
    stop = vitals.serve(tmp_path, "x", lambda: {"pid": 2})
    assert json.dumps(vitals.gather(tmp_path)) == '[{"pid": 2}]'
    stop()
