"""The units: they run, they are shut in, and their sandboxes hold from inside."""

import json

import pytest

from tests.support.host import sandbox, states
from tests.support.host.machine import Host
from tests.support.host.operator import UNITS, wait_active

pytestmark = pytest.mark.timeout(300)
_MOST = {name: 2.0 if name.startswith("airflow@") else 1.5 for name in UNITS}
_SECRETS = {
    "kafka.service": ["/etc/kafka/credentials"],
    "streamlake-api.service": ["/etc/streamlake/credentials"],
    "streamlake-consumer@orders.service": ["/etc/streamlake/credentials"],
    "airflow@api-server.service": ["/etc/airflow/credentials"],
    "airflow@scheduler.service": ["/etc/airflow/credentials"],
    "airflow@dag-processor.service": ["/etc/airflow/credentials"],
    "airflow@triggerer.service": ["/etc/airflow/credentials"],
}
UNITS_OF_ONE_USER = ("streamlake-consumer@orders.service", "streamlake-consumer@clicks.service")
_NOBODYS = ["/etc/shadow", "/etc/ssh/ssh_host_ed25519_key", "/var/lib/postgresql"]


def _others_business(host: Host) -> list[str]:
    """Every folder and file with a secret of somebody, also those that systemd has handed to units that run."""
    folders = sorted({folder for folders in _SECRETS.values() for folder in folders})
    found = host.run(f"find {' '.join(folders)} -type f; ls -d /run/credentials/*/").split()
    return [*folders, *found, *_NOBODYS]


def test_all_units_are_active_and_enabled(site: Host) -> None:
    wait_active(site, *UNITS)
    found = states.units(site)
    assert {name: found[name]["NRestarts"] for name in UNITS} == dict.fromkeys(UNITS, "0")
    assert site.run("systemctl is-system-running").strip() == "running"
    assert states.unit(site, "streamlake.target")["ActiveState"] == "active"


@pytest.mark.parametrize("unit", UNITS)
def test_its_exposure_is_low(site: Host, unit: str) -> None:
    text = site.attempt(f"systemd-analyze security {unit} --json=short --no-pager").stdout
    assert json.loads(text)
    said = site.attempt(f"systemd-analyze security {unit} --no-pager | tail -n 1").stdout
    exposure = float(said.split(":")[1].split()[0])
    assert exposure <= _MOST[unit], said


@pytest.mark.parametrize("unit", UNITS)
def test_from_inside_it_can_write_no_settings_read_no_others_secret_and_gain_nothing(site: Host, unit: str) -> None:
    found = sandbox.probe(site, unit, _others_business(site))
    assert found["managed"] == []
    assert found["tried"] > 20
    assert found["uid"] != 0
    assert found["no_new_privileges"]
    assert found["filter"]
    assert int(found["capabilities"], 16) == int(found["bounding"], 16) == 0


def test_a_consumer_does_not_even_see_another_of_the_same_user(site: Host) -> None:
    """They share an account, so only what lies between the units keeps one from the other's credential."""
    one, other = UNITS_OF_ONE_USER
    pid = states.unit(site, other)["MainPID"]
    inside = f"/proc/{pid}/" + "root" + "/run/credentials"
    theirs = [inside, *(f"/proc/{pid}/{name}" for name in ("environ", "status", "fd", "mem"))]
    assert sandbox.probe(site, one, theirs)["managed"] == []
    bare = sandbox.bare(site, theirs)["managed"]
    assert {f"read /proc/{pid}/environ", f"list {inside}"} <= set(bare)


def test_the_probe_finds_what_there_is_to_find(site: Host) -> None:
    """Without a sandbox and as root it manages nearly all of it, so an empty answer means something."""
    found = sandbox.bare(site, _others_business(site))
    missed = found["tried"] - len(found["managed"])
    assert {"write /etc", "become root by setuid", "mount", "manage units", "read /etc/shadow"} <= set(found["managed"])
    assert missed < found["tried"] / 2
