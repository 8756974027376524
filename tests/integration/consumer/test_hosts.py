"""Promise: consumers of a dataset on several hosts share it; each host's `status` is true of all of it, and one that is
given no partition stands by and takes over.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from streamlake.cli import canary
from streamlake.settings import load
from tests.support.api import STREAMLAKE, ApiUnderTest
from tests.support.broker import until
from tests.support.consumer import Rig, RigMaker, event, events
from tests.support.landed_check import check
from tests.support.running import Running

pytestmark = pytest.mark.broker


class TwoHosts:
    """Two consumer processes in one group, each with a home of its own: neither can ask the other anything."""

    def __init__(self, rig: Rig, *, second: Mapping[str, Any] | None = None) -> None:
        self.rig = rig
        self.homes = [rig.home / "host-1", rig.home / "host-2"]
        self.members = [self.start(0)]
        until(lambda: len(self.members[0].owns()) == len(rig.bounds(rig.raw)) + 1, 40)
        self.members.append(self.start(1, **(second or {})))

    def start(self, host: int, **settings: Any) -> Running:
        return self.rig.start(str(host + 1), home=self.homes[host], **settings)

    def of(self, host: int) -> dict[str, Any]:
        """What `streamlake status` answers there of the dataset."""
        command = [*STREAMLAKE, "status", self.rig.dataset, "--json"]
        environment = self.rig.environment(home=self.homes[host])
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        (found,) = json.loads(done.stdout)["datasets"]
        return dict(found)


def test_each_host_knows_of_what_the_other_has_landed(new_rig: RigMaker) -> None:
    rig = new_rig(partitions=4)
    hosts = TwoHosts(rig)
    until(lambda: all(member.owns() for member in hosts.members), 40)
    for partition in range(4):
        rig.send(events(50, bad_every=10), partition)
    rig.wait_landed()
    for host, member in enumerate(hosts.members):
        until(lambda host=host: hosts.of(host)["health"] == "healthy", 40)  # type: ignore[misc]  # a default binds it
        said = hosts.of(host)
        assert said["lag_records"] == 0
        told = {(p["topic"], p["partition"]): p for p in said["elsewhere"]}
        assert told.keys() == hosts.members[1 - host].owns()
        assert not told.keys() & member.owns()
        heads = rig.heads(rig.raw)
        assert all(p["head"] == heads[n] for (topic, n), p in told.items() if topic == rig.raw)
        assert {p["member"].split("-")[2].partition(".")[2] for p in told.values()} == {str(2 - host)}


def test_what_another_host_holds_open_is_lag(new_rig: RigMaker) -> None:
    rig = new_rig(partitions=4)
    hosts = TwoHosts(rig, second={"part_max_age_seconds": 600})
    until(lambda: all(member.owns() for member in hosts.members), 40)
    theirs = next(n for topic, n in sorted(hosts.members[1].owns()) if topic == rig.raw)
    rig.send(events(30), theirs)
    until(lambda: hosts.of(0)["lag_records"] == 30, 20)
    assert not hosts.of(1)["elsewhere"][0]["lag_records"]
    assert hosts.members[1].stop() == 0
    until(lambda: hosts.of(0)["lag_records"] == 0, 40)
    check(rig)


def test_a_canary_is_followed_to_the_host_that_lands_it(new_rig: RigMaker, tmp_path: Path) -> None:
    """Wherever its partition is held. A roll sends it after each node, and went no further when it came elsewhere."""
    rig = new_rig(partitions=2)
    hosts = TwoHosts(rig)
    until(lambda: all(member.owns() for member in hosts.members), 40)
    rig.send(events(10), 0)
    rig.send(events(10), 1)
    rig.wait_landed()
    example = rig.contracts / rig.dataset / "examples" / "ok" / "one.json"
    example.parent.mkdir(parents=True)
    example.write_bytes(event(1))
    api = ApiUnderTest(tmp_path / "api", rig.broker.bootstrap)
    api.environment["STREAMLAKE_CONTRACTS_DIR"] = str(rig.contracts)
    api.start()
    try:
        # The event's key decides its partition, so one of the two hosts has it landed by the other.
        for home in hosts.homes:
            settings = rig.environment(home=home, api_port=api.port)
            known = load({n: v for n, v in settings.items() if n.startswith("STREAMLAKE_")})
            hops = canary.follow(known, rig.dataset, "", 40, healthy=True)
            assert [(hop.name, hop.status) for hop in hops] == [
                ("accepted", "ok"),
                ("claimed", "ok"),
                ("landed", "ok"),
                ("line", "ok"),
            ]
    finally:
        api.kill()


def test_a_member_without_a_partition_stands_by_and_takes_over(rig: Rig) -> None:
    """More members than partitions: the third is given none."""
    hosts = TwoHosts(rig)
    hosts.homes.append(rig.home / "host-3")
    hosts.members.append(hosts.start(2))
    until(lambda: sorted(len(m.owns()) for m in hosts.members) == [0, 1, 1], 40)
    host, member = next((n, m) for n, m in enumerate(hosts.members) if not m.owns())
    until(lambda: member.vitals()["stands_by"])
    rig.send(events(60, bad_every=10))
    rig.wait_landed()
    assert member.vitals()["state"] == "running"
    assert not member.owns()
    until(lambda: hosts.of(host)["health"] == "healthy", 40)
    for other, one in enumerate(hosts.members):
        if other != host:
            one.kill()
    until(lambda: len(member.owns()) == 2, 40)
    rig.send(events(40, 60, bad_every=10))
    rig.wait_landed()
    assert not member.vitals()["stands_by"]
    assert hosts.of(host)["elsewhere"] == []
    check(rig)


def test_partitions_that_nobody_holds_are_not_called_well(rig: Rig) -> None:
    """The negative of all this: one host alone that is stopped, and a group without a member."""
    rig.send(events(20))
    hosts = TwoHosts(rig)
    rig.wait_landed()
    for member in hosts.members:
        member.kill()
    assert hosts.of(0)["health"] == "stopped"
    assert hosts.of(0)["lag_records"] is None
