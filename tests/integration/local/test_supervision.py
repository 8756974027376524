"""Everything on one machine, in real processes: started, kept alive, told of contracts, stopped, swept up.

Promise: a process that dies is started again; a supervisor that is killed leaves nothing that cannot be ended.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from streamlake.local import processes
from tests.support.broker import free_port

ROOT = Path(__file__).parents[3]
PROGRAM = str(Path(sys.executable).with_name("streamlake"))
pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]


class Machine:
    """One home with one dataset, and what a user does to it."""

    def __init__(self, folder: Path, software: Path) -> None:
        self.home = folder / "home"
        self.contracts = folder / "contracts"
        shutil.copytree(ROOT / "contracts" / "orders", self.contracts / "orders")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLAKE_")} | {
            "STREAMLAKE_HOME": str(self.home),
            "STREAMLAKE_CONTRACTS_DIR": str(self.contracts),
            "STREAMLAKE_API_PORT": str(free_port()),
            "STREAMLAKE_KAFKA_PORT": str(free_port()),
            "STREAMLAKE_KAFKA_SOFTWARE_DIR": str(software),
        }

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [PROGRAM, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
        return done

    def status(self) -> dict[str, Any]:
        done = subprocess.run(
            [PROGRAM, "status", "--json"], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.stdout, f"exit code {done.returncode}\n{done.stderr}"
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def processes(self) -> dict[str, dict[str, Any]]:
        return {p["name"]: p for p in self.status().get("processes", [])}

    def pid(self, name: str) -> int | None:
        """The pid of a process that runs."""
        process = self.processes().get(name, {"state": "absent"})
        return process["pid"] if process["state"] == "running" else None


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)
    return found


@pytest.fixture
def machine(tmp_path: Path, kafka_software: Path) -> Iterator[Machine]:
    made = Machine(tmp_path, kafka_software)
    yield made
    subprocess.run([PROGRAM, "local", "down"], env=made.environment, cwd=ROOT, capture_output=True, check=False)
    assert processes.of_home(made.home) == []


def test_in_the_foreground_it_keeps_everything_alive_and_ctrl_c_ends_all(machine: Machine, tmp_path: Path) -> None:
    log = tmp_path / "said"
    with log.open("wb") as out:
        up = subprocess.Popen(
            [PROGRAM, "local", "up"], cwd=ROOT, env=machine.environment, stdout=out, stderr=out, start_new_session=True
        )
    until(lambda: "StreamLake is up" in log.read_text(), 120)
    assert "consumer@orders" in log.read_text()

    for name in ("streamlake-consumer@orders", "streamlake-api"):
        before = until(lambda name=name: machine.pid(name))  # type: ignore[misc]  # a default binds the loop's variable
        os.kill(before, signal.SIGKILL)
        after = until(lambda name=name, before=before: machine.pid(name) not in (None, before))  # type: ignore[misc]  # the same
        assert after
        assert machine.processes()[name]["restarts"] == 1

    shutil.copytree(ROOT / "contracts" / "clicks", machine.contracts / "clicks")
    until(lambda: machine.pid("streamlake-consumer@clicks"))
    orders, api = machine.pid("streamlake-consumer@orders"), machine.pid("streamlake-api")

    good = (machine.contracts / "clicks" / "contract.yaml").read_text()
    (machine.contracts / "clicks" / "contract.yaml").write_text("kind: [")
    until(lambda: "the contracts are not taken" in log.read_text())
    assert machine.home.exists()
    (machine.contracts / "clicks" / "contract.yaml").write_text(good)
    until(lambda: "the contracts were read again: clicks, orders" in log.read_text())

    contract = machine.contracts / "orders" / "contract.yaml"
    was = contract.read_text()
    contract.write_text(was.replace("cancelled", "lost"))  # and still the same version
    api_log = machine.home / "log" / "streamlake-api.log"
    until(lambda: "the one before is in force" in api_log.read_text())
    until(lambda: "the edit of orders's contract is not taken" in str(machine.status()["advice"]))
    contract.write_text(was)

    shutil.rmtree(machine.contracts / "clicks")
    until(lambda: "streamlake-consumer@clicks" not in machine.processes())
    assert machine.pid("streamlake-consumer@orders") == orders, "another dataset's consumer was disturbed"
    assert machine.pid("streamlake-api") == api, "the API did not live through a changed contract"

    up.send_signal(signal.SIGINT)
    assert up.wait(100) == 0
    assert processes.of_home(machine.home) == []
    said = log.read_text()
    stops = [said.rindex(f"{name} is stopped") for name in ("streamlake-api", "streamlake-consumer@orders", "kafka")]
    assert stops == sorted(stops), "they did not stop from the front to the back"


def test_what_a_killed_supervisor_left_is_said_and_ended_by_up_and_by_down(machine: Machine) -> None:
    for ender in (["local", "up", "--detach"], ["local", "down"]):
        machine.run("local", "up", "--detach")
        supervisor = int((machine.home / "run" / "lock").read_text())
        left = {f.process.pid for f in processes.of_home(machine.home)}
        assert len(left) >= 3
        os.kill(supervisor, signal.SIGKILL)
        until(lambda supervisor=supervisor: not psutil.pid_exists(supervisor) or _is_zombie(supervisor))  # type: ignore[misc]  # a default binds the loop's variable
        assert "the supervisor was killed" in machine.run("status", code=1).stdout
        machine.run(*ender)
        assert not left & {f.process.pid for f in processes.of_home(machine.home)}
    assert processes.of_home(machine.home) == []


def _is_zombie(pid: int) -> bool:
    return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_second_up_says_so_and_harms_nothing(machine: Machine) -> None:
    machine.run("local", "up", "--detach")
    before = machine.processes()
    assert "SL-0701" in machine.run("local", "up", code=4).stderr
    assert "Nothing was started" in machine.run("local", "up", "--detach").stderr
    assert {n: p["pid"] for n, p in machine.processes().items()} == {n: p["pid"] for n, p in before.items()}
    assert "SL-0706" in machine.run("local", "down", "--wipe", code=4).stderr
    assert machine.processes()


def test_a_process_that_is_misconfigured_is_reported_and_nothing_is_left_half_made(machine: Machine) -> None:
    # A keys file that is none: only the API can tell.
    machine.home.mkdir()
    (machine.home / "keys.json").write_text("{")
    done = machine.run("local", "up", "--detach", code=2)
    assert "SL-0707" in done.stderr
    assert "streamlake-api" in done.stderr
    assert processes.of_home(machine.home) == []
