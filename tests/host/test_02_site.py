"""From a bare host to an event that is landed and audited, with the documented command only."""

import base64
from collections.abc import Callable

import pytest

from tests.support.host import states
from tests.support.host.deployment import Deployment, Played
from tests.support.host.machine import Host
from tests.support.host.operator import lake
from tests.support.host.secret_manager import SecretManager
from tests.support.host.traffic import lines_of

pytestmark = pytest.mark.timeout(3000)
SIX_MINUTES = 360.0
# What changes by itself, or tells of runs: caches, and the play's own notes.
_OWN_LIFE = ("/etc/.pwd.lock", "/etc/ld.so.cache", "__pycache__")


def test_a_bare_host_is_deployed_in_less_than_six_minutes(
    first: Played, site: Host, record_property: Callable[[str, object], None], pytestconfig: pytest.Config
) -> None:
    """Six minutes of a machine to itself, which is three times as many where two workers of other tests share it."""
    record_property("seconds of play", round(first.seconds))
    shares = 3 if pytestconfig.getoption("--beside") else 1
    assert first.seconds < SIX_MINUTES * shares, first.tail()
    landed = [part for part in lake(site).glob("raw/dataset=*/ingestion_date=*/part-*") if lines_of(part)]
    assert landed, "the play said that an event landed, and none is in the lake"


def test_what_the_host_made_is_kept_in_secret_manager(first: Played, site: Host, secret_manager: SecretManager) -> None:
    """A host that is lost must not take its secrets with it: Kafka's and Airflow's, byte for byte, and none printed."""
    users = ["broker", "admin", "api", *(f"consumer-{name}" for name in ("clicks", "orders", "payments"))]
    files = {f"kafka-{user}": f"/etc/kafka/principals/kafka-{user}" for user in users}
    files |= {"airflow-jwt": "/etc/airflow/credentials/jwt", "airflow-fernet": "/etc/airflow/credentials/fernet"}
    files |= {"airflow-api-secret": "/etc/airflow/credentials/secret-key"}
    assert secret_manager.stored.keys() == files.keys()
    for name, content in secret_manager.stored.items():
        assert base64.b64encode(content).decode() == site.run(f"base64 -w0 {files[name]}")
        assert len(content) > 15
        assert content.decode().strip() not in first.text


def test_a_second_run_changes_nothing(deployment: Deployment, site: Host) -> None:
    """No task reports a change, no file differs, and no unit began anew."""
    files, begun = states.files(site, "/etc", "/opt", "/usr/local"), states.begun(site)
    again = deployment.done()
    differing = set(files.splitlines()) ^ set(states.files(site, "/etc", "/opt", "/usr/local").splitlines())
    assert not [line for line in differing if not any(part in line for part in _OWN_LIFE)]
    after = states.begun(site, *begun)
    assert {name for name in begun if after.get(name) != begun[name] and not _of_a_session(name)} == set()
    assert again.changed == 0, again.tail()


def _of_a_session(name: str) -> bool:
    """Units that come and go with who is logged in, or by the clock."""
    return name.startswith(("session-", "user@", "user-runtime-dir@", "user-", "systemd-tmpfiles", "run-"))


def test_a_dry_run_of_a_deployed_host_finds_no_drift(deployment: Deployment, site: Host) -> None:
    """`--check --diff` is the drift report: it is empty, and tells of a file that somebody changed."""
    site.run("echo '# by hand' >> /etc/streamlake/streamlake.env")
    drifted = deployment.play("--check", "--diff")
    assert drifted.code == 0, drifted.tail()
    assert "by hand" in drifted.text
    assert "by hand" in site.run("cat /etc/streamlake/streamlake.env"), "a dry run changed the host"
    site.run("sed -i '/# by hand/d' /etc/streamlake/streamlake.env")
