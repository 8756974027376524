"""Reboots: in good order, and as a power cut."""

import pytest

from tests.support.host.machine import Host
from tests.support.host.operator import UNITS, audit, caught_up, lake, send, wait_active
from tests.support.host.traffic import Traffic, lines

pytestmark = pytest.mark.timeout(600)


def test_a_reboot_heals_and_loses_nothing(site: Host) -> None:
    before = send(site)
    traffic = Traffic(site, "reboot", rate=20)
    accepted = traffic.accepted()
    site.reboot()
    wait_active(site, *UNITS, seconds=180)
    after = send(site)
    caught_up(site, 120)
    found = lines(lake(site))
    assert [found[name] for name in (*before, *after)] == [1] * 6
    assert accepted - found.keys() == set()
    audit(site)
    assert site.run("systemctl is-system-running --wait", seconds=120).strip() == "running"
