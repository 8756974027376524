"""The steps on a real host: in the order of the files, each on the state that the last one left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.support.host.deployment import Deployment, Played
from tests.support.host.fleet import Fleet
from tests.support.host.machine import Host
from tests.support.host.needs import why_not
from tests.support.host.secret_manager import SecretManager

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests keep their order, after all others: a step needs the one before it."""
    steps = [item for item in items if item.path.is_relative_to(HERE)]
    for item in steps:
        item.add_marker(pytest.mark.host)
        item.add_marker(pytest.mark.root)
    others = [item for item in items if not item.path.is_relative_to(HERE)]
    items[:] = others + sorted(steps, key=lambda item: (item.path.name, item.reportinfo()[1] or 0))


@pytest.fixture(scope="session")
def fleet(pytestconfig: pytest.Config) -> Iterator[Fleet]:
    """The run's network, on which hosts are booted; nothing of it is left afterwards."""
    reason = why_not()
    if reason:
        missing(pytestconfig, "host", reason)
    made = Fleet()
    yield made
    made.close()


@pytest.fixture(scope="session")
def bare(fleet: Fleet) -> Host:
    """A bare machine: Debian, SSH and Python, nothing of ours. Later steps find it deployed."""
    return fleet.host("lake-1")[0]


@pytest.fixture(scope="session")
def secret_manager(fleet: Fleet) -> Iterator[SecretManager]:
    """Google's Secret Manager, as the host meets it: empty at first."""
    with SecretManager(fleet.net.gateway) as served:
        yield served


@pytest.fixture(scope="session")
def deployment(fleet: Fleet, bare: Host, secret_manager: SecretManager) -> Deployment:
    """The one-node example with this host's address. Its secrets are kept in Secret Manager."""
    made = Deployment(fleet, "one-node")
    made.write({"lake-1": bare})
    test_key = fleet.key.with_suffix(".pub").read_text().strip()
    made.set(
        config_settings={"STREAMLAKE_PART_MAX_AGE_SECONDS": "2"},
        operators_keys=[{"key": test_key, "from": [fleet.net.gateway]}],
        streamlake_secrets="google",
        streamlake_google={"project": "shop"},
        secrets_metadata=secret_manager.url,
        secrets_api=secret_manager.url,
        secrets_add_command=secret_manager.add(fleet.folder),
    )
    return made


@pytest.fixture(scope="session")
def first(deployment: Deployment) -> Played:
    """The first run of the documented command, from a bare host."""
    return deployment.done()


@pytest.fixture
def site(first: Played, bare: Host) -> Host:
    """The host, deployed."""
    return bare
