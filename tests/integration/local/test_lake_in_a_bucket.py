"""Promise: `scripts/up --lake gs` runs the whole platform on a bucket of this machine, and every command finds it."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from streamlake.local import processes
from tests.integration.local.test_supervision import PROGRAM, ROOT, Machine, until
from tests.support.broker import free_port

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(400)]


def test_the_whole_platform_on_a_bucket_over_a_stop_a_crash_and_a_wipe(tmp_path: Path, kafka_software: Path) -> None:
    machine = Machine(tmp_path, kafka_software)
    machine.environment["STREAMLAKE_BUCKET_PORT"] = str(free_port())
    event = next((machine.contracts / "orders" / "examples" / "ok").glob("*.json"))
    try:
        machine.run("local", "up", "--lake", "gs", "--detach")
        send_and_find(machine, event)
        machine.run("local", "down")
        machine.run("local", "up", "--detach")  # the home remembers
        send_and_find(machine, event)

        before = machine.pid("bucket")
        assert before is not None
        os.kill(before, signal.SIGKILL)
        send_and_find(machine, event)
        assert until(lambda: machine.pid("bucket") not in (None, before))

        audit = json.loads(machine.run("audit", "orders", "--deep", "--json").stdout)
        assert audit["verdict"] == "OK"
        assert audit["checked"]["lines_read"] >= 3
        assert not (machine.home / "lake").exists(), "something landed beside the bucket"
        assert list(machine.home.glob("bucket/lake/raw/dataset=orders/*/part-*"))
    finally:
        done = subprocess.run([PROGRAM, "local", "down", "--wipe", "--yes"], env=machine.environment, cwd=ROOT)
    assert done.returncode == 0
    assert not (machine.home / "bucket").exists()
    assert processes.of_home(machine.home) == []


def send_and_find(machine: Machine, event: Path) -> None:
    """An event goes in by HTTP and is a line in the bucket when everything has caught up."""
    before = len(list(machine.home.glob("bucket/lake/raw/dataset=orders/*/part-*")))
    machine.run("send", "orders", str(event))
    machine.run("status", "orders", "--exit-when", "caught-up", "--timeout", "60")
    until(lambda: len(list(machine.home.glob("bucket/lake/raw/dataset=orders/*/part-*"))) > before)
    lake = json.loads(machine.run("settings", "--json").stdout)
    assert "gs://streamlake-local/lake" in [row["value"] for row in lake["settings"]]
