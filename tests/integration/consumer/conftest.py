"""Rigs: a dataset with its lake and its consumer processes, which end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.broker import BrokerUnderTest
from tests.support.consumer import Rig, RigMaker


@pytest.fixture
def new_rig(broker: BrokerUnderTest, new_dataset: Callable[..., str], tmp_path: Path) -> Iterator[RigMaker]:
    """Makes rigs on the shared broker: `new_rig(partitions=3)`."""
    rigs: list[Rig] = []

    def make(partitions: int = 1) -> Rig:
        rigs.append(Rig(broker, new_dataset(partitions), tmp_path / f"rig{len(rigs)}"))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(new_rig: RigMaker) -> Rig:
    """A dataset with one raw partition."""
    return new_rig()


@pytest.fixture
def own_rig(own_broker: BrokerUnderTest, tmp_path: Path) -> Iterator[Rig]:
    """A dataset with one raw partition on a broker of its own, which the test may stop."""
    own = Rig(own_broker, "own", tmp_path / "rig")
    own_broker.create_topic(own.raw, 1)
    own_broker.create_topic(own.dlq, 1)
    yield own
    own.close()
