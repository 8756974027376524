"""Wrong input stops the play before it changes anything, with everything that must be mended, and what to do."""

from collections.abc import Iterator

import pytest
import yaml

from tests.support.host import states
from tests.support.host.deployment import Deployment
from tests.support.host.fleet import Fleet
from tests.support.host.machine import Host

pytestmark = pytest.mark.timeout(400)
_FOLDERS = ("/etc", "/opt", "/usr/local", "/var/lib")

_SAID = (
    "debian 11",
    "memory",
    "disk",
    "8080",
    "config_api_workers",
    "lake-2",
    "missing required arguments: key",
    "TLS",
    "STREAMLAKE_PART_MAX_AGE",
    "oders",
    "config_api_prot",
    "Did you mean config_api_port",
)


@pytest.fixture
def unchanged(bare: Host) -> Iterator[None]:
    """The host's files are the same before and after."""
    before = states.files(bare, *_FOLDERS)
    yield
    assert states.files(bare, *_FOLDERS) == before, "the play changed the host"


@pytest.fixture
def wrong(fleet: Fleet, bare: Host) -> Deployment:
    """An inventory of the test's own to make mistakes in; the real one stays as it is."""
    made = Deployment(fleet, "one-node", name="wrong")
    made.write({"lake-1": bare})
    return made


@pytest.mark.usefixtures("unchanged")
def test_all_that_is_wrong_is_told_at_once(wrong: Deployment, bare: Host, fleet: Fleet) -> None:
    """A dozen mistakes of all kinds in one run, and as many sentences."""
    bare.run("cp --remove-destination /usr/lib/os-release /etc/os-release && sed -i s/12/11/ /etc/os-release")
    bare.run("systemd-run -q --collect --unit=squatter python3 -m http.server 8080 --bind 127.0.0.1")
    wrong.set(
        operators_keys=[{"from": ["127.0.0.1"]}],
        preflight_memory_mb=9_999_999,
        preflight_disk_mb=99_999_999,
        config_api_host="0.0.0.0",
        config_api_workers="many",
        config_settings={"STREAMLAKE_PART_MAX_AGE": "2"},
        streamlake_consumer_datasets=["orders", "oders"],
        config_api_prot=8081,
    )
    hosts = yaml.safe_load((wrong.inventory / "hosts.yml").read_text())
    away = str(fleet.net.subnet[250])
    hosts["all"]["hosts"]["lake-2"] = {"ansible_host": away, "ansible_user": "debian", "ansible_become": True}
    hosts["consumers"]["hosts"]["lake-2"] = None
    (wrong.inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
    try:
        played = wrong.play()
    finally:
        bare.run("ln -sf ../usr/lib/os-release /etc/os-release; systemctl stop squatter")
    assert played.code != 0
    unsaid = [words for words in _SAID if words.lower() not in played.words.lower()]
    assert unsaid == [], played.tail()
    assert played.changed == 0


@pytest.mark.usefixtures("unchanged")
def test_a_lock_that_a_living_run_holds_is_respected(wrong: Deployment, bare: Host) -> None:
    """A play that waits in its first task holds the lock; the second is told who has it."""
    other = '{"user": "ann", "machine": "elsewhere", "pid": 1, "started": "today", "since": "09:00"}'
    bare.run("cat > /run/streamlake-deploy.lock", stdin=other)
    try:
        played = wrong.play()
    finally:
        bare.run("rm -f /run/streamlake-deploy.lock")
    assert played.code != 0
    assert "lock held by another run: ann on elsewhere" in played.words, played.tail()
