"""Promise: a supervisor that is killed leaves nothing that cannot be found and ended, and nobody else's is touched."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from streamlake.local import processes
from streamlake.local.errors import HomeUnusable, RunsAlready
from streamlake.local.home import Home, Lock, holder, read_state, write_state

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_children_are_found_by_their_home_and_ended(tmp_path: Path) -> None:
    mine = processes.start(SLEEP, {}, tmp_path / "mine", "streamlake-api", tmp_path / "a.log")
    other = processes.start(SLEEP, {}, tmp_path / "other", "streamlake-api", tmp_path / "b.log")
    try:
        found = processes.of_home(tmp_path / "mine")
        assert [(f.unit, f.process.pid) for f in found] == [("streamlake-api", mine.pid)]
        assert processes.stop([f.process for f in found], seconds=10) == []
        assert processes.of_home(tmp_path / "mine") == []
        assert other.poll() is None
    finally:
        for child in (mine, other):
            child.kill()
            child.wait()


def test_who_is_deaf_is_killed(tmp_path: Path) -> None:
    deaf = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(60)"]
    with subprocess.Popen([deaf[0], "-u", *deaf[1:]], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert processes.stop([psutil.Process(child.pid)], seconds=0.2) == [child.pid]


def test_a_lock_is_held_by_one_and_freed_by_a_kill(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from streamlake.local.home import Home, Lock\n"
        "Lock(Home(Path(sys.argv[1]))).take(); print('held', flush=True); time.sleep(60)"
    )
    home = Home(tmp_path)
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert holder(home) == child.pid
        with pytest.raises(RunsAlready, match=str(child.pid)):
            Lock(home).take()
        os.kill(child.pid, signal.SIGKILL)
    assert holder(home) is None
    lock = Lock(home)
    lock.take()  # the file that the killed one left is no obstacle
    assert holder(home) == os.getpid()
    lock.release()
    assert holder(home) is None


def test_a_home_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeUnusable):
        Lock(Home(tmp_path / "home")).take()


def test_a_state_document_is_whole_or_not_there(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.run.mkdir()
    assert read_state(home) is None
    home.state.write_text('{"half')
    assert read_state(home) is None
    write_state(home, {"processes": []})
    state = read_state(home)
    assert state is not None
    assert state["processes"] == []
