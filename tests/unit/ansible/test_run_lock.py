"""One run at a time on a host: a living run's lock is respected, a dead one's is taken, nobody else's is given back."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.host_programs import ROLES, program

run_lock = program("run_lock", "run_lock")
PROGRAM = ROLES / "run_lock" / "files" / "run_lock.py"


def run(pid: int, machine: str = "here") -> dict[str, Any]:
    return {"user": "ann", "machine": machine, "pid": pid, "started": f"at {pid}", "since": "2026-11-21T10:00:00Z"}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "deploy.lock"


def test_a_second_run_is_told_who_has_it_and_since_when(lock: Path) -> None:
    assert run_lock.take(lock, run(1), over=False)["state"] == "taken"
    assert run_lock.take(lock, run(2), over=False) == {"state": "held", "holder": run(1)}
    assert run_lock.read(lock) == run(1)


def test_the_same_run_may_take_it_again(lock: Path) -> None:
    run_lock.take(lock, run(1), over=False)
    assert run_lock.take(lock, {**run(1), "since": "later"}, over=False)["state"] == "renewed"


def test_the_same_number_on_another_machine_is_another_run(lock: Path) -> None:
    run_lock.take(lock, run(1), over=False)
    assert run_lock.take(lock, run(1, "there"), over=False)["state"] == "held"


def test_a_dead_runs_lock_can_be_taken(lock: Path) -> None:
    run_lock.take(lock, run(1), over=False)
    assert run_lock.take(lock, run(2), over=True)["state"] == "taken"
    assert run_lock.read(lock) == run(2)


def test_of_many_at_once_one_has_it(lock: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: run_lock.take(lock, run(n), over=False)["state"], range(64)))
    assert answers.count("taken") == 1
    assert answers.count("held") == 63
    assert [path.name for path in lock.parent.iterdir()] == [lock.name], "something was left behind"


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"user": "ann"}'])
def test_a_lock_that_cannot_be_read_is_held_by_somebody(lock: Path, text: str) -> None:
    lock.write_text(text)
    assert run_lock.take(lock, run(1), over=False)["state"] == "held"
    assert lock.read_text() == text


def test_only_its_own_run_gives_it_back(lock: Path) -> None:
    run_lock.take(lock, run(1), over=False)
    assert run_lock.release(lock, run(2))["state"] == "not ours"
    assert lock.exists()
    assert run_lock.release(lock, run(1))["state"] == "released"
    assert not lock.exists()
    assert run_lock.release(lock, run(1))["state"] == "not ours"


def test_a_run_is_the_eldest_of_the_programs_that_are_ansible() -> None:
    living = {
        1: (0, "t1", "/sbin/init"),
        2: (1, "t2", "bash -c ansible-playbook site.yml"),
        3: (2, "t3", "/venv/bin/python /venv/bin/ansible-playbook site.yml"),
        4: (3, "t4", "/venv/bin/python /venv/bin/ansible-playbook site.yml"),
        5: (4, "t5", "python3 -I - owner"),
    }
    assert (run_lock.owner(5, living)["pid"], run_lock.owner(5, living)["started"]) == (3, "t3")


def test_a_number_that_was_given_to_another_process_is_not_the_run() -> None:
    holder = {"pid": 7, "started": "t7", "machine": "here"}
    assert run_lock.is_living(holder, {7: (1, "t7", "x")})
    assert not run_lock.is_living(holder, {7: (1, "later", "x")})
    assert not run_lock.is_living(holder, {8: (1, "t7", "x")})


def test_the_program_knows_this_very_process(lock: Path) -> None:
    """As the play runs it: read from standard input, without the environment's Python settings."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-", *arguments]
        return subprocess.run(command, input=PROGRAM.read_text(), capture_output=True, text=True, timeout=30)

    owner = call("owner").stdout
    assert call("living", owner).returncode == 0
    dead = json.dumps({**json.loads(owner), "started": "long ago"})
    assert call("living", dead).returncode == 1
    assert json.loads(call("take", str(lock), dead).stdout)["state"] == "taken"
    assert json.loads(call("take", str(lock), owner).stdout)["state"] == "held"
    assert json.loads(call("take", str(lock), owner, "--over").stdout)["state"] == "taken"
    assert json.loads(call("release", str(lock), owner).stdout)["state"] == "released"
