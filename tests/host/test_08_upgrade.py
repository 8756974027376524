"""A new release under load, a run that is killed half-way, a wrong checksum, and the way back."""

import os
import re
import signal
import subprocess
import threading

import pytest

from tests.support.broker import until
from tests.support.host import states
from tests.support.host.deployment import Deployment
from tests.support.host.machine import ROOT, Host
from tests.support.host.operator import API, CONSUMER, audit, caught_up, lake, wait_active
from tests.support.host.traffic import Traffic, lines

pytestmark = pytest.mark.timeout(900)
_ROOM = "services/streamlake/__init__.py"
_LOCK = "requirements.lock"


def current(host: Host) -> str:
    """The release in force."""
    return host.run("readlink -f /opt/streamlake/current").strip()


def test_a_wrong_checksum_stops_the_release_and_leaves_the_old_one(deployment: Deployment, site: Host) -> None:
    before, begun = current(site), states.begun(site, API, CONSUMER)
    wrong = re.sub("sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, (ROOT / _LOCK).read_text())
    played = deployment.play(release={_LOCK: wrong})
    assert played.code != 0
    assert "hash" in played.words.lower(), played.tail()
    assert current(site) == before
    assert states.begun(site, API, CONSUMER) == begun


def test_an_upgrade_under_load_loses_nothing_and_so_does_the_way_back(deployment: Deployment, site: Host) -> None:
    """The first run is killed half-way: its lock is stale, its folder half made. The next goes on from there."""
    old, before = current(site), set(site.run("ls /opt/streamlake/releases").split())
    release = {_ROOM: (ROOT / _ROOM).read_text() + "\n# Another release.\n"}
    traffic = Traffic(site, "upgrade", rate=10)
    _killed_half_way(deployment, site, release)
    assert current(site) == old

    deployment.done(release=release)
    assert current(site).split("/")[-1] not in before
    between = traffic.accepted()
    deployment.done("rollback.yml")
    assert current(site) == old
    until(lambda: len(traffic.accepted()) > len(between) + 20, 60)
    sent = traffic.stop()
    assert sent.failed == 0
    wait_active(site, API, CONSUMER)
    caught_up(site, 90)
    missing = sent.accepted - lines(lake(site)).keys()
    assert missing == set()
    audit(site)


def _killed_half_way(deployment: Deployment, site: Host, release: dict[str, str]) -> None:
    """SIGKILL to Ansible while the release is being installed."""
    before = set(site.run("ls /opt/streamlake/releases").split())
    run = threading.Thread(target=deployment.play, kwargs={"release": release}, daemon=True)
    run.start()
    try:
        until(lambda: set(site.run("ls /opt/streamlake/releases").split()) - before, 900)
    finally:  # whatever comes, for a run that goes on holds the lock of all that follow
        for process in _ansible(str(deployment.inventory)):
            os.kill(process, signal.SIGKILL)
    run.join(60)
    assert not run.is_alive()


def _ansible(inventory: str) -> list[int]:
    """The processes of the run on this inventory, and of no other."""
    listed = subprocess.run(["pgrep", "-f", f"ansible-playbook.*{inventory}"], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]
