"""The hosts themselves: apart from each other and from the machine, and gone when their run is."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.host import cgroups
from tests.support.host.command import attempt
from tests.support.host.fleet import Fleet, sweep
from tests.support.host.image import DEPLOYER, cache
from tests.support.host.machine import ROOT

pytestmark = pytest.mark.timeout(900)
_A_RUN = """
from tests.support.host.fleet import Fleet
fleet = Fleet()
host = fleet.host("orphan")[0]
print(fleet.folder, flush=True)
input()
"""


def test_a_host_is_a_machine_of_its_own(fleet: Fleet) -> None:
    host = fleet.host("trial")[0]
    assert host.run("systemctl is-system-running").strip() == "running"
    assert host.run("hostname").strip() == "trial"
    assert host.run("systemctl list-units 'slh*' 'ssh.service' --no-legend --plain").split()[0] == "ssh.service"
    assert host.run("sudo id -un", user=DEPLOYER).strip() == "root"
    first = host.boot_id()
    host.run("touch /kept")
    host.reboot()
    assert host.boot_id() != first
    host.run("test -e /kept")
    host.unplug()


def test_a_run_that_was_killed_leaves_nothing_once_another_begins() -> None:
    """SIGKILL runs no cleanup: the next run does it."""
    with subprocess.Popen(
        [sys.executable, "-c", _A_RUN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert folder.name.startswith("slh")
        # What others that were killed have left may go, too.
        assert folder.name not in sweep(cache() / "runs"), "a run that lives was swept"
        assert list(cgroups.processes(f"{folder.name}-orphan"))
        os.kill(run.pid, signal.SIGKILL)
    assert folder.name in sweep(cache() / "runs")
    assert not cgroups.branches(f"{folder.name}-")
    assert attempt(["ip", "link", "show", folder.name]).returncode != 0
    assert folder.name not in attempt(["ip", "netns", "list"]).stdout
    assert str(folder) not in Path("/proc/mounts").read_text()
    assert folder.name not in attempt(["nft", "list", "tables"]).stdout
