"""A machine is lost: from a backup and what is left of the lake, another takes its place, and every offset is known."""

import time
from collections.abc import Callable

import pytest

from tests.support.host.deployment import Deployment
from tests.support.host.machine import Host
from tests.support.host.operator import audit, caught_up, lake, send
from tests.support.host.traffic import lines

pytestmark = [pytest.mark.timeout(2400), pytest.mark.slow]


def test_backup_wipe_restore_and_a_clean_audit(
    deployment: Deployment, site: Host, record_property: Callable[[str, object], None]
) -> None:
    before = send(site)
    caught_up(site, 90)
    folder = deployment.fleet.folder / "backups"
    deployment.done("backup.yml", "-e", f"backup_to={folder}")
    backup = next(path for path in folder.iterdir() if (path / "manifest.json").exists())
    assert backup.stat().st_mode & 0o077 == 0, "others may read the secrets"
    site.unplug()
    other = deployment.fleet.host("lake-again", data=site.data)[0]
    deployment.write({"lake-1": other})
    begun = time.monotonic()
    deployment.done("restore.yml", "-e", f"backup={backup}", "-e", "confirm=one-node")
    record_property("seconds until restored", round(time.monotonic() - begun))
    after = send(other)
    caught_up(other, 120)
    found = lines(lake(other))
    assert [found[name] for name in (*before, *after)] == [1] * 6
    audit(other)
