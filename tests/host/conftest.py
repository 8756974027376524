"""The steps on a real host: in the order of the files, each on the state that the last one left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.support.host.fleet import Fleet
from tests.support.host.needs import why_not

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
